"""``specs/traceability.md``: from each rule to its rows, its code, its tests and its properties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from .cells import BREAK, anchor, link, table
from .charts import CHARTS
from .citations import cited_by_code, cited_by_tests
from .markers import page
from .properties import properties
from .reasons import CODE, COLUMNS, CONFORMANCE, REASONS, ROWS, TESTS, TLA
from .rules import Rule, page_of, written_rules
from .values import Made

PAGE = "specs/traceability.md"

Column: TypeAlias = Mapping[str, tuple[str, ...]]
"""The entries of one column, by rule, as Markdown."""


def traceability_page(root: Path) -> Made:
    """The page with its table, and every rule that something is missing behind."""
    rules, written_badly = written_rules(root)
    columns = gather(root)
    made = page(root, PAGE, {"traceability": lambda: trace_table(rules, columns)})
    return Made(
        files=made.files,
        problems=(*written_badly, *made.problems, *unwritten(rules, columns), *gaps(rules, columns)),
    )


def gather(root: Path) -> dict[str, Column]:
    """The entries of every column, from the charts and the files of the checkout."""
    rows: dict[str, tuple[str, ...]] = {}
    for chart in CHARTS:
        for row in chart.rows:
            for rule in row.rules:
                rows[rule] = (*rows.get(rule, ()), link(row.id, f"{chart.name}.md", row.id))
    stated = {
        rule: tuple(link(name, f"tla/{module}.tla") for name, module in found) for rule, found in properties().items()
    }
    return {
        ROWS: rows,
        CODE: _files(cited_by_code(root)),
        TESTS: _files(cited_by_tests(root)),
        TLA: stated,
        CONFORMANCE: _judged(),
    }


def _judged() -> Column:
    """Links to what makes the conformance kit's cases, under the names of the cases."""
    from sessioncore.conformance.exercising import exercising

    return {
        rule: tuple(link(name, f"../sessioncore/conformance/{module}.py") for name, module in cases)
        for rule, cases in exercising().items()
    }


def _files(citations: Mapping[str, tuple[str, ...]]) -> Column:
    """Links to modules, named without their room's folder."""
    return {
        rule: tuple(link(path.partition("/")[2].removesuffix(".py"), f"../{path}") for path in paths)
        for rule, paths in citations.items()
    }


def trace_table(rules: Iterable[Rule], columns: Mapping[str, Column]) -> str:
    """The table, with the reason where a cell is empty."""
    lines = []
    for rule in rules:
        cells = [_cell(rule.id, column, columns) for column in COLUMNS]
        lines.append((f"{anchor(rule.id)}{link(rule.id, rule.page, rule.id)}", *cells))
    return table(("rule", *COLUMNS), lines)


def _cell(rule: str, column: str, columns: Mapping[str, Column]) -> str:
    entries = columns[column].get(rule, ())
    if entries:
        return BREAK.join(entries)
    return f"*{REASONS[rule, column]}*" if (rule, column) in REASONS else ""


def unwritten(rules: Sequence[Rule], columns: Mapping[str, Column]) -> list[str]:
    """Rules that rows, code, tests or properties name and no page writes down."""
    written = {rule.id for rule in rules}
    named: dict[str, str] = {}
    for column, entries in columns.items():
        for rule in entries:
            if rule not in written:
                named.setdefault(rule, column)
    return [
        f"{rule} is named ({named[rule]}) but written nowhere: write it in specs/{page_of(rule)}, or name another"
        for rule in sorted(named)
    ]


def gaps(rules: Sequence[Rule], columns: Mapping[str, Column]) -> list[str]:
    """Empty cells without a reason, and reasons without an empty cell."""
    written = {rule.id for rule in rules}
    problems = [
        f"{rule.id} has nothing under '{column}': add it, or say why not in sessioncore/checks/reasons.py"
        for rule in rules
        for column in COLUMNS
        if not columns[column].get(rule.id) and (rule.id, column) not in REASONS
    ]
    problems += [
        f"{rule} has something under '{column}' now: remove the reason from sessioncore/checks/reasons.py"
        for rule, column in REASONS
        if rule in written and columns.get(column, {}).get(rule)
    ]
    return problems

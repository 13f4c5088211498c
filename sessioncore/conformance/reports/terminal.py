"""A report for the terminal: every rule on a line, then every finding in a block.

With ``rich`` and a terminal there are colours; into a pipe or a file goes plain text. Signs tell the verdicts in both.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from shutil import get_terminal_size
from textwrap import wrap
from typing import Final, TextIO

from sessioncore.conformance.results import Finding, Kind, Report, RuleVerdict, Verdict
from sessioncore.conformance.rules import RULES

from . import words
from .coverage import KINDS, told

COLUMNS: Final = ("rule", "mark", "verdict", "exercised", "why")
FINDINGS_MAX: Final = 12
"""How many findings are told at length; the page holds all of them."""

SKIPPED_MAX: Final = 4
"""How many reasons why a tier skipped cases are told; the page holds all of them."""

_STYLES: Final = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.NON_STRICT: "yellow",
    Verdict.INCONCLUSIVE: "magenta",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.UNTESTED: "cyan",
}
_WIDTH: Final = 120
_WHY_LEAST: Final = 20


def summary(report: Report, folder: Path | None = None, *, width: int = _WIDTH, style: bool = False) -> str:
    """The report as text with line ends. ``folder`` is where :func:`~sessioncore.conformance.reports.write_all` put
    its files, if anywhere; ``width`` is in columns; ``style`` adds the colours of a terminal, where rich is installed.
    """
    blocks = [_rules(report, width, style and find_spec("rich") is not None), _tiers(report), _coverage(report)]
    findings = words.numbered(report)
    new = [number for number in range(1, len(findings) + 1) if words.first_like(number, findings) is None]
    blocks += [_finding(number, findings[number - 1], width) for number in new[:FINDINGS_MAX]]
    blocks.append(_untold(len(new) - FINDINGS_MAX, len(findings) - len(new)))
    # What matters most comes last: there a terminal's reader is.
    blocks += [_diagnosis(report), _verdict(report)]
    blocks.append(f"Report: {folder}" if folder is not None else "")
    return "\n\n".join(block for block in blocks if block) + "\n"


def show(report: Report, folder: Path | None = None, file: TextIO | None = None) -> None:
    """Print the summary, to stdout if nothing else is given: with colours on a terminal, plain anywhere else."""
    file = sys.stdout if file is None else file
    terminal = file.isatty()
    width = get_terminal_size().columns if terminal else 240  # a pipe has no width: never cut there
    text = summary(report, folder, width=width, style=terminal)
    encoding = getattr(file, "encoding", None) or "utf-8"
    # A terminal that knows no such signs gets question marks, and no traceback.
    file.write(text.encode(encoding, "replace").decode(encoding))
    file.flush()


def counts(report: Report) -> str:
    """How many rules have which verdict: ``✓ 44 pass, ✗ 2 fail``."""
    found = Counter(one.verdict for one in report.verdicts)
    told = (f"{words.SIGNS[verdict]} {found[verdict]} {verdict.value}" for verdict in Verdict if found[verdict])
    return ", ".join(told)


def _verdict(report: Report) -> str:
    word = words.outcome(report)
    versions = ", ".join(f"{name} {version}" for name, version in report.versions)
    lines = [
        f"{words.cut(report.target)} {word} to {report.profile}: {counts(report)}",
        f"seed {report.seed}; {versions}" + ("; strict" if report.strict else ""),
    ]
    if report.unsupported:
        lines.append(f"Unsupported: {', '.join(map(words.cut, report.unsupported))}")
    if report.expected:
        lines.append(f"Expected to fail: {', '.join(map(words.cut, report.expected))}")
    if report.surprising:
        lines.append(f"Expected to fail, and passed: {', '.join(report.surprising)}: take them off that list")
    return "\n".join(lines)


# --- the table ---------------------------------------------------------------------------------------------------


def _rules(report: Report, width: int, rich: bool) -> str:
    rows = [_row(one) for one in report.verdicts]
    if rich:
        return _rich_table(report, rows, width)
    return table(COLUMNS, rows, width)


def _row(found: RuleVerdict) -> tuple[str, ...]:
    rule = found.rule
    sign = words.SIGNS[found.verdict]
    why = words.cut(found.why) or rule.title
    return f"{rule.id}", rule.mark, f"{sign} {found.verdict.value}", str(found.exercised), why.replace("\n", " ")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    """A table in plain text whose last column is wrapped into what is left of the width."""
    lengths = [max(len(row[place]) for row in (columns, *rows)) for place in range(len(columns))]
    left = sum(lengths[:-1]) + 2 * (len(columns) - 1)
    last = max(_WHY_LEAST, width - left)
    lines = []
    for row in (columns, ["-" * length for length in (*lengths[:-1], min(last, lengths[-1]))], *rows):
        first, *more = wrap(row[-1], last) or [""]
        cells = [cell.ljust(length) for cell, length in zip(row[:-1], lengths, strict=False)]
        lines.append("  ".join([*cells, first]).rstrip())
        lines += [" " * left + line for line in more]
    return "\n".join(lines)


def _rich_table(report: Report, rows: Sequence[Sequence[str]], width: int) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(COLUMNS):
        drawn.add_column(column, no_wrap=place < len(COLUMNS) - 1, overflow="fold")
    for found, row in zip(report.verdicts, rows, strict=True):
        # Text, not markup: a target may send brackets.
        colours = ("", "", _STYLES[found.verdict], "", "")
        drawn.add_row(*(Text(cell, style=colour) for cell, colour in zip(row, colours, strict=True)))
    kept = StringIO()
    Console(width=width, force_terminal=True, file=kept).print(drawn)
    return kept.getvalue().rstrip()


# --- the blocks --------------------------------------------------------------------------------------------------


def _finding(number: int, finding: Finding, width: int) -> str:
    rule = RULES.get(finding.rules[0]) if finding.rules else None
    name = f"{rule.id} · {rule.title}" if rule else f"The target fell short: {finding.kind.value}"
    others = f" (and {', '.join(finding.rules[1:])})" if len(finding.rules) > 1 else ""
    lines = [f"✗ Finding {number}: {name}{others}"]
    for one in finding.differences:
        lines += _wrapped(f"{words.cut(one.what)}: expected {words.wanted(one)}; seen {words.seen(one)}", width)
    if finding.said:
        lines += _wrapped(words.cut(finding.said, 1000), width)
    why = "No order explains it" if finding.kind is Kind.RACE else "Where it could have been"
    for place in finding.possible:
        lines += _wrapped(f"{why}: {words.cut(place)}", width)
    where = f"tier {finding.tier}, case {words.cut(finding.case, 80)}"
    if finding.trace:
        shrunk = "as short as it could be made" if finding.shrunk else "not shrunk"
        where = f"{words.count(len(words.telling(finding.trace)), 'step')}, {shrunk}; {where}:"
    lines.append(f"    {where}")
    lines += [f"    {line}" for line in words.steps(finding)]
    return "\n".join(lines)


def _untold(more: int, again: int) -> str:
    """What is found and not told here."""
    told = [f"{words.count(more, 'more finding')}"] if more > 0 else []
    told += [f"{words.count(again, 'finding')} in which another tier found the same again"] if again else []
    return f"… and {', and '.join(told)}: the report has them (--report DIR)." if told else ""


def _wrapped(text: str, width: int) -> list[str]:
    return wrap(text.replace("\n", " "), max(40, width), initial_indent="    ", subsequent_indent="      ")


def _diagnosis(report: Report) -> str:
    found = report.diagnosis
    if found is None:
        return ""
    tests = words.count(found.tried, "test")
    lines = [f"It cannot be told from this fault, on {tests}: {words.fault_named(name)}" for name in found.same]
    for name, steps, parts in found.near:
        agree = "1 step agrees" if steps == 1 else f"{steps} steps agree"
        lines.append(f"It is near to {words.fault_named(name)}: {agree}, until {words.cut(parts)}")
    return "\n".join(lines or [f"It behaves like no known fault ({tests})."])


def _tiers(report: Report) -> str:
    rows = [
        (one.name, str(one.cases), str(one.steps), f"{one.seconds:.2f} s", str(len(one.findings)))
        for one in report.tiers
    ]
    if not rows:
        return ""
    lines = [table(("tier", "cases", "steps", "time", "findings"), rows, _WIDTH)]
    for tier in report.tiers:
        lines += [f"{tier.name}: {words.cut(note, 600)}" for note in (tier.guarantee, *tier.notes) if note]
        lines += [f"{tier.name}: skipped: {words.cut(why)}" for why in tier.skipped[:SKIPPED_MAX]]
        if len(tier.skipped) > SKIPPED_MAX:
            more = words.count(len(tier.skipped) - SKIPPED_MAX, "more reason")
            lines.append(f"{tier.name}: skipped: … for {more}: the report has them (--report DIR)")
    return "\n".join(lines)


def _coverage(report: Report) -> str:
    every = [f"{KINDS[one.kind]} {one.met}/{one.total}" for one in told(report)]
    return f"Covered: {', '.join(every)}" if every else ""

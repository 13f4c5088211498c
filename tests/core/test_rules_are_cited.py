"""Every rule is cited by a row of a chart or by a named function, and by a test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from sessioncore.checks.citations import cited
from sessioncore.core import DEVICE_CHART, JOB_CHART, SESSION_CHART

ROOT = Path(__file__).resolve().parents[2]

RULES = (
    *(f"S-{number:02}" for number in range(1, 26)),
    *(f"J-{number:02}" for number in range(1, 10)),
    *(f"D-{number:02}" for number in range(1, 7)),
    "U-01",
    "U-02",
    *(f"T-{number:02}" for number in range(1, 7)),
    *(f"V-{number:02}" for number in range(1, 4)),
)
"""The rules of the semantics. A new rule is added here, and then nothing passes until it is made and tested."""

def _trees(folder: str) -> Iterator[ast.Module]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        yield ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@cache
def cited_by_code() -> set[str]:
    """What rows of charts and docstrings of functions name."""
    found = {rule for chart in (SESSION_CHART, JOB_CHART, DEVICE_CHART) for row in chart.rows for rule in row.rules}
    for tree in _trees("sessioncore"):
        for function in _functions(tree):
            found |= cited(ast.get_docstring(function) or "")
    return found


@cache
def cited_by_tests() -> set[str]:
    """What marks (on a test or a whole module) and docstrings of tests name."""
    found: set[str] = set()
    for tree in _trees("tests"):
        for function in _functions(tree):
            if function.name.startswith("test_"):
                found |= cited(ast.get_docstring(function) or "")
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.rule":
                found |= {str(ast.literal_eval(argument)) for argument in node.args}
    return found


def test_there_are_51_rules() -> None:
    assert len(RULES) == len(set(RULES)) == 51


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_cited_by_a_row_or_a_named_function(rule: str) -> None:
    assert rule in cited_by_code()


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_cited_by_a_test(rule: str) -> None:
    assert rule in cited_by_tests()


def test_no_row_and_no_mark_cites_a_rule_that_is_none() -> None:
    rows = {rule for chart in (SESSION_CHART, JOB_CHART, DEVICE_CHART) for row in chart.rows for rule in row.rules}
    assert rows <= set(RULES)
    assert cited_by_tests() <= set(RULES)


def test_a_range_of_rules_names_all_of_them() -> None:
    assert cited("see S-09 to S-12, T-03.") == {"S-09", "S-10", "S-11", "S-12", "T-03"}

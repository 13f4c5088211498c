"""Who names a rule: the code that carries it out, and the tests.

Code names a rule in a docstring, a comment or the text of a refusal. A test names it with ``pytest.mark.rule`` (on
itself or on its module) or in its docstring. "S-09 to S-12" names four rules.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

Citations: TypeAlias = Mapping[str, tuple[str, ...]]
"""The files that name each rule, as sorted paths in the repository."""

READERS = ("checks", "conformance", "diagrams", "explore", "simulate")
"""Rooms that read, judge or draw the rules; what they name they do not carry out."""

CHART_FILES = "*_chart.py"
"""The rows of charts have a column of their own."""

_RULE = re.compile(r"\b([SJDUTV]-\d\d)\b")
_RANGE = re.compile(r"\b([SJDUTV])-(\d\d) to \1-(\d\d)\b")


def cited(text: str) -> set[str]:
    """The rules that a text names."""
    found = set(_RULE.findall(text))
    for letter, first, last in _RANGE.findall(text):
        found |= {f"{letter}-{number:02}" for number in range(int(first), int(last) + 1)}
    return found


def cited_by_code(root: Path) -> Citations:
    """The modules that carry each rule out, charts left out."""
    folder = root / "sessioncore"
    found: dict[str, set[str]] = {}
    for path in _modules(folder):
        if path.relative_to(folder).parts[0] in READERS or path.match(CHART_FILES):
            continue
        for rule in cited(path.read_text(encoding="utf-8")):
            found.setdefault(rule, set()).add(path.relative_to(root).as_posix())
    return _sorted(found)


def cited_by_tests(root: Path) -> Citations:
    """The modules with tests that cite each rule."""
    found: dict[str, set[str]] = {}
    for path in _modules(root / "tests"):
        text = path.read_text(encoding="utf-8")
        if not _RULE.search(text):
            continue
        for rule in _cited_by_test(ast.parse(text, filename=path.name)):
            found.setdefault(rule, set()).add(path.relative_to(root).as_posix())
    return _sorted(found)


def _cited_by_test(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            found |= cited(ast.get_docstring(node) or "")
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.rule":
            found |= {str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)}
    return found


def _modules(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*.py")) if "__pycache__" not in path.parts)


def _sorted(found: Mapping[str, set[str]]) -> Citations:
    return {rule: tuple(sorted(paths)) for rule, paths in found.items()}

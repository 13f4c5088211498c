"""The properties of the second statement, in TLA+, and the rules that each states."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

from .citations import cited

Properties: TypeAlias = Mapping[str, tuple[tuple[str, str], ...]]
"""For each rule the properties that state it, as (name, module), sorted."""

REGISTER = "sessioncore.explore.tlc"
"""The module whose ``PROPERTIES`` says of each property: its module, the rules, the fault that must break it."""

_COMMENT = re.compile(r"\\\*(.*)|\(\*(.*?)\*\)")
_DEFINITION = re.compile(r"^([A-Z]\w*)\s*==")


def properties(root: Path) -> Properties:
    """What is stated about each rule; nothing where there is no statement in TLA+ yet."""
    found: dict[str, set[tuple[str, str]]] = {}
    register = _register()
    for name, module, rules in _commented(root) if register is None else _listed(register):
        for rule in rules:
            found.setdefault(rule, set()).add((name, module))
    return {rule: tuple(sorted(names)) for rule, names in found.items()}


def _register() -> Mapping[str, Any] | None:
    """``PROPERTIES`` of the register, or None where there is none yet."""
    if find_spec(REGISTER) is None:
        return None
    return getattr(import_module(REGISTER), "PROPERTIES", None)


def _listed(register: Mapping[str, Any]) -> Iterable[tuple[str, str, set[str]]]:
    """What the register says."""
    for name, (module, rules, *_) in register.items():
        yield name, Path(str(module)).stem, cited(rules if isinstance(rules, str) else " ".join(rules))


def _commented(root: Path) -> Iterable[tuple[str, str, set[str]]]:
    """Definitions of ``specs/tla/*Properties.tla`` whose own line, or the comment right above, names a rule."""
    for path in sorted((root / "specs" / "tla").glob("*Properties.tla")):
        above: set[str] = set()
        for line in path.read_text(encoding="utf-8").splitlines():
            comment = cited(" ".join(a or b for a, b in _COMMENT.findall(line)))
            definition = _DEFINITION.match(line)
            if definition is not None:
                if above | comment:
                    yield definition[1], path.stem, above | comment
                above = set()
            elif line.lstrip().startswith(("\\*", "(*")):
                above |= comment
            else:
                above = set()

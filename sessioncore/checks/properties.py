"""The properties of the second statement, in TLA+, and the rules that each states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from sessioncore.explore.tlc import PROPERTIES

from .citations import cited

Properties: TypeAlias = Mapping[str, tuple[tuple[str, str], ...]]
"""For each rule the properties that state it, as (name, module), sorted."""


def properties() -> Properties:
    """What is stated about each rule."""
    found: dict[str, set[tuple[str, str]]] = {}
    for name, claim in PROPERTIES.items():
        for rule in cited(claim.rules):
            found.setdefault(rule, set()).add((name, claim.module))
    return {rule: tuple(sorted(names)) for rule, names in found.items()}

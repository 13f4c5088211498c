"""How a value is made: frozen, slotted, keyword-only, hashable, with a repr that is runnable Python."""

from __future__ import annotations

from typing import Any, TypeVar, cast, dataclass_transform

import attrs

_T = TypeVar("_T")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(attrs.field,))
def value(cls: type[_T]) -> type[_T]:
    """Make ``cls`` a frozen, slotted, keyword-only attrs class."""
    return attrs.frozen(kw_only=True)(cls)


def replaced(old: _T, **changes: Any) -> _T:
    """A copy of a value with some fields changed. Slow: not for the hot path."""
    return cast("_T", attrs.evolve(cast("Any", old), **changes))

"""How a value is made: frozen, slotted, keyword-only, hashable, with a repr that is runnable Python.

An attrs class that is frozen fills its slots through ``object.__setattr__``, one call a field, and most of the time
of a step is spent making values. So a value is born as a *draft*: an open class with the same slots, whose ``__init__``
assigns plainly and ends by turning the object into the frozen class. Nobody ever holds a draft.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast, dataclass_transform

import attrs

_T = TypeVar("_T")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(attrs.field,))
def value(cls: type[_T]) -> type[_T]:
    """Make ``cls`` a frozen, slotted, keyword-only attrs class."""
    # Two classes can swap an object only if neither has a slot for weak references, which nobody needs here.
    frozen = attrs.frozen(kw_only=True, weakref_slot=False)(cls)
    if not hasattr(frozen, "__attrs_post_init__"):
        _born_as_draft(frozen)
    return frozen


def _born_as_draft(frozen: Any) -> None:
    """Give ``frozen`` the quicker ``__init__`` of its draft. attrs writes it, between the two hooks given here."""
    become = object.__dict__["__class__"].__set__

    def open_up(self: Any) -> None:
        become(self, draft)

    def freeze(self: Any) -> None:
        self.__class__ = frozen

    body = {
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
        "__attrs_pre_init__": open_up,
        "__attrs_post_init__": freeze,
    }
    own = {field.name: attrs.field(default=field.default) for field in attrs.fields(frozen) if not field.inherited}
    bare = type(frozen.__name__, frozen.__bases__, body)
    draft = attrs.define(bare, these=own, kw_only=True, weakref_slot=False, eq=False, repr=False)
    frozen.__attrs_pre_init__ = open_up
    frozen.__init__ = draft.__init__


def replaced(old: _T, **changes: Any) -> _T:
    """A copy of a value with some fields changed. Slow: not for the hot path."""
    return cast("_T", attrs.evolve(cast("Any", old), **changes))

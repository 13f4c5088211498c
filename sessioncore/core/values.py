"""How a value is made: frozen, slotted, keyword-only, hashable, with a repr that is runnable Python.

Most of the time of a step is spent making values, and most of that on the way in: a frozen attrs class fills its slots
through ``object.__setattr__``, and calling a class with keywords packs and unpacks a dict. So every value has a
**draft**, an open subclass without slots of its own, and an object becomes the one or the other by changing its class:

- the ``__init__`` of a value assigns plainly to the draft and freezes it at the end;
- :func:`maker` gives a plain function that does the same without calling a class;
- :func:`opener` gives one that leaves the draft open, and :func:`drafter` one that makes an open copy of a value;
  :func:`freeze` ends a draft.

Nobody ever holds a draft that is not his own: who looks at what a core has freezes it, and what is frozen is copied
before it changes.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import update_wrapper
from typing import Any, ParamSpec, TypeVar, cast, dataclass_transform

import attrs

_T = TypeVar("_T")
_P = ParamSpec("_P")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(attrs.field,))
def value(cls: type[_T]) -> type[_T]:
    """Make ``cls`` a frozen, slotted, keyword-only attrs class, with a draft unless it has ``__attrs_post_init__``.

    Fields have a default or none; validators, converters and factories are not supported.
    """
    # Two classes can take over each other's objects only if neither has a slot for weak references.
    frozen = attrs.frozen(kw_only=True, weakref_slot=False)(cls)
    if not hasattr(frozen, "__attrs_post_init__"):
        _add_draft(frozen)
    return frozen


def maker(cls: Callable[_P, _T]) -> Callable[_P, _T]:
    """A function that makes values of this class, called just as the class is, in less than half the time."""
    made: Callable[_P, _T] = cast("Any", cls).__make__
    return made


def opener(cls: Callable[_P, object]) -> Callable[_P, Any]:
    """A function that makes drafts of values of this class, called just as the class is."""
    made: Callable[_P, Any] = cast("Any", cls).__open__
    return made


def drafter(cls: type[_T]) -> Callable[[_T], Any]:
    """A function that copies a value of this class into a draft, whose fields can be assigned to until it is frozen."""
    made: Callable[[_T], Any] = cast("Any", cls).__draft__
    return made


def freeze(draft: Any, cls: type[_T]) -> _T:
    """Make a draft a value of this class, for others to see; what is frozen already stays as it is."""
    if draft.__class__ is not cls:
        draft.__class__ = cls
    value: _T = draft
    return value


def replaced(old: _T, **changes: Any) -> _T:
    """A copy of a value with some fields changed. Slow: not for the hot path."""
    return cast("_T", attrs.evolve(cast("Any", old), **changes))


class Word(StrEnum):
    """A word of the machine. Its ``repr`` is runnable Python, so that the values which hold it have one too."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"


def _add_draft(frozen: Any) -> None:
    """Give a class its draft, and the four functions that use it.

    They are written as text, as attrs writes its own: loops over the fields would cost more than they save.
    """
    body = {
        "__slots__": (),
        "__init__": object.__init__,
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
    }
    fields = attrs.fields(frozen)
    scope: dict[str, Any] = {
        "frozen": frozen,
        "opened": type(f"{frozen.__name__}Draft", (frozen,), body),
        "become": object.__dict__["__class__"].__set__,
        **{f"default_{field.name}": field.default for field in fields},
    }
    given = ", ".join(
        field.name if field.default is attrs.NOTHING else f"{field.name}=default_{field.name}" for field in fields
    )
    assign = "; ".join(f"self.{field.name} = {field.name}" for field in fields)
    copy = "; ".join(f"new.{field.name} = self.{field.name}" for field in fields)
    exec(  # noqa: S102 - the text is made of the names of fields
        f"def init(self, *, {given}): become(self, opened); {assign}; self.__class__ = frozen\n"
        f"def make(*, {given}): self = opened(); {assign}; self.__class__ = frozen; return self\n"
        f"def open(*, {given}): self = opened(); {assign}; return self\n"
        f"def draft(self): new = opened(); {copy}; return new\n",
        scope,
    )
    written = frozen.__init__
    frozen.__init__ = update_wrapper(scope["init"], written)
    frozen.__make__ = staticmethod(update_wrapper(scope["make"], written))
    frozen.__open__ = staticmethod(update_wrapper(scope["open"], written))
    frozen.__draft__ = scope["draft"]

"""A case: what is done to a target, as events with times, in the kit's own names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast, final

import attrs

from sessioncore.core.events import (
    Advanced,
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    OpenRequested,
    SubmitRequested,
)
from sessioncore.core.values import drafter, freeze

_HOW: dict[type[Event], tuple[Callable[[Any], Any], tuple[str, ...]]] = {}
"""For each kind of event, what makes an open copy of it, and which ids it has."""


@final
@attrs.frozen(kw_only=True)
class Case:
    """Events in order of time (microseconds from 0), on a fresh target. ``goals`` says what it is there for."""

    name: str
    events: tuple[Event, ...]
    goals: tuple[str, ...] = ()

    @property
    def kinds(self) -> frozenset[str]:
        """The names of the events that it hands in."""
        return frozenset(type(event).__name__ for event in self.events)


def so_many(number: int, what: str = "case") -> str:
    """``1 case``, ``2 cases``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def translated(event: Event, at: int, names: Mapping[str, str]) -> Event:
    """The event at another time, with the target's ids in place of the kit's. An id that was never given stays."""
    kind = type(event)
    known = _HOW.get(kind)
    if known is None:
        has = {field.name for field in attrs.fields(cast("Any", kind))}
        known = _HOW[kind] = drafter(kind), tuple(name for name in ("session_id", "job_id") if name in has)
    copied, ids = known
    made = copied(event)
    made.at = at
    for name in ids:
        given = names.get(getattr(made, name))
        if given is not None:
            setattr(made, name, given)
    return freeze(made, kind)


def in_words(event: Event) -> str:
    """The event for people, without its time: ``submit j1 to a``, ``close a``, ``j1 succeeds``."""
    job, session = getattr(event, "job_id", ""), getattr(event, "session_id", "")
    match event:
        case OpenRequested():
            length = "" if event.max_ttl is None else f" for {event.max_ttl / 1e6:g} s"
            return f"open {session} ({event.mode.value}){length}"
        case SubmitRequested():
            limit = "" if event.max_execution is None else f" (at most {event.max_execution / 1e6:g} s)"
            return f"submit {job}{limit} " + (f"to {session}" if session else "in job mode")
        case CloseRequested() | CancelRequested():
            return f"{'close' if isinstance(event, CloseRequested) else 'cancel'} {session}"
        case JobCancelRequested():
            return f"cancel job {job}"
        case Advanced():
            return "time passes"
    word = type(event).__name__.removeprefix("Job").removesuffix("Requested").lower()
    return f"{job} {word}" if job else f"{word} the device"

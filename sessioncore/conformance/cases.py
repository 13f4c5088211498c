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

_HOW: dict[type[Event], tuple[Callable[[Any], Any], tuple[str, ...], str]] = {}
"""For each kind of event, what makes an open copy of it, which ids it has, and which of them is the name of something
new."""

_NEW: dict[type[Event], str] = {OpenRequested: "session_id", SubmitRequested: "job_id"}


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


@final
class Names(dict[str, str]):
    """The ids that a target gave, by the kit's names. A session and a job may have the same id."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions: dict[str, str] = {}
        self.jobs: dict[str, str] = {}

    def give(self, event: Event, given: str) -> None:
        """What the event opened or submitted has got this id."""
        if isinstance(event, OpenRequested):
            self[event.session_id], self.sessions[given] = given, event.session_id
        elif isinstance(event, SubmitRequested):
            self[event.job_id], self.jobs[given] = given, event.job_id

    def unknown(self, name: str) -> str:
        """An id that the target has not given to anything. The kit's own name could be one that it has given."""
        stranger = f"unknown-{name}"
        while stranger in self.sessions or stranger in self.jobs:
            stranger += "-"
        return stranger


def translated(event: Event, at: int, names: Mapping[str, str]) -> Event:
    """The event at another time, with the target's ids in place of the kit's.

    What never got an id has one that the target does not know where ``names`` are :class:`Names`; else it stays. The
    name of something new is for the target to take or to leave.
    """
    kind = type(event)
    known = _HOW.get(kind)
    if known is None:
        has = {field.name for field in attrs.fields(cast("Any", kind))}
        ids = tuple(name for name in ("session_id", "job_id") if name in has)
        known = _HOW[kind] = drafter(kind), ids, _NEW.get(kind, "")
    copied, ids, new = known
    made = copied(event)
    made.at = at
    for name in ids:
        ours = getattr(made, name)
        given = names.get(ours)
        if given is not None:
            setattr(made, name, given)
        elif ours is not None and name != new and isinstance(names, Names):
            setattr(made, name, names.unknown(ours))
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

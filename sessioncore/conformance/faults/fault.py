"""What is known about one faulty implementation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, final

import attrs

from sessioncore.core.events import Event
from sessioncore.core.profiles import IBM_GUIDE, Profile

from ..protocol import Factory
from .plain import PlainDevice
from .witnesses import witnesses


@final
@attrs.frozen(kw_only=True)
class Fault:
    """An implementation that is wrong in one known way.

    ``number`` is its number in the published catalogue of 45 faults, None for one that is not in it. ``rules`` are the
    rules that it breaks, the first one foremost. ``kind`` is one of :data:`KINDS`, ``level`` where it lives (``object``
    here). ``sequential`` says whether a test that does one thing after another can show it. ``needs`` names what a
    test must have to show it, from :data:`NEEDS`. It shows under ``profile`` on a device with ``lanes`` lanes.
    The search for its shortest trace knows the events of its needs, or ``events`` alone where these are named.
    ``held_out`` faults were written without a look at the suites that are to find them. ``parts`` are the faults of
    which a fault of second order is made. ``outside`` names what the tier ``complete`` assumes and this fault does not
    keep to, from :data:`OUTSIDE`; nothing where it must be found.
    """

    id: str
    title: str
    rules: tuple[str, ...]
    kind: str
    target: type[PlainDevice]
    number: int | None = None
    level: str = "object"
    sequential: bool = True
    needs: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    profile: Profile = IBM_GUIDE
    lanes: int = 1
    held_out: bool = False
    parts: tuple[str, ...] = ()
    outside: str = ""

    def make(self, profile: Profile | None = None) -> PlainDevice:
        """A fresh one, under the profile that is given, else under its own."""
        return self.target(profile or self.profile, lanes=self.lanes)

    @property
    def trace(self) -> tuple[Event, ...] | None:
        """The shortest trace known that tells it from a correct implementation, with times from 0; None for one that
        needs threads. See :mod:`.shortest` for the events over which none is shorter."""
        return witnesses().get(self.id)

    @property
    def shortest(self) -> int | None:
        """How many events that trace has."""
        return None if self.trace is None else len(self.trace)

    def factory(self, profile: Profile | None = None) -> Factory:
        """What makes fresh ones."""
        return lambda: self.make(profile)


KINDS = ("answer", "timer", "state", "job", "dispatch", "usage", "view", "clock", "race", "pair")
"""Kinds of faults: a wrong answer, a timer, a session's state, a job's, the order of starts, usage, what is shown, the
laws of time, a race between threads, and two faults at once."""

NEEDS = ("two", "batch", "solo", "pause", "lengths", "strangers", "later", "back", "threads")
"""What a test may need besides one dedicated session: a second session, a batch, job mode, a pause, lengths of time
that are asked for, ids that nobody has, a moment far from every deadline, a clock that goes back, threads."""

OUTSIDE: Mapping[str, str] = {
    "clock": "no input takes the clock back",
    "values": "no input carries a length of time or the reason of a failure",
    "ids": "no input names what was never made",
    "far": "timers beyond the horizon of a scope are left out",
    "ticks": "every input falls on a tick, after the timers of that instant, and a silence lasts one tick",
    "company": "no scope has all these sessions and jobs, the pause and the time together",
}
"""What ``complete`` assumes of its alphabets, and a fault may need otherwise."""

_Target = TypeVar("_Target", bound=type[PlainDevice])
_FOUND: list[Fault] = []


def fault(fault_id: str, title: str, *rules: str, kind: str, **more: Any) -> Callable[[_Target], _Target]:
    """Enter the class in the catalogue. ``F-07`` takes its number from its id; other letters have none."""

    def enter(target: _Target) -> _Target:
        target.__doc__ = target.__doc__ or title
        number = int(fault_id[2:4]) if fault_id.startswith("F-") else None
        _FOUND.append(Fault(id=fault_id, title=title, rules=rules, kind=kind, target=target, number=number, **more))
        return target

    return enter


def entered() -> tuple[Fault, ...]:
    """Every fault that was entered so far, by id."""
    return tuple(sorted(_FOUND, key=lambda found: found.id))

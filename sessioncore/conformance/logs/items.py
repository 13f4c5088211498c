"""What a log says, whatever its format: things that were done, things that were seen, and how sure their times are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import final

import attrs

from sessioncore.core.errors import SessionCoreError
from sessioncore.core.events import REPORTS, REQUESTS, TIMERS, Event, JobStarted, SubmitRequested
from sessioncore.core.profiles import IBM_GUIDE, Profile

from ..protocol import JobView, Outcome, SessionView


class LogError(SessionCoreError):
    """A log or a mapping that cannot be read. The message says where, what is wrong, and what to do."""


KINDS: Mapping[str, type[Event]] = {kind.__name__: kind for kind in (*REQUESTS, JobStarted, *REPORTS[1:], *TIMERS)}
"""The events that a log can tell, by name."""


@final
@attrs.frozen(kw_only=True)
class Did:
    """A request, a report, a start or a timer. ``outcome`` is None where the log does not tell what was answered.

    ``vague`` names fields of the event that the log does not tell, so that any value of them is possible.
    """

    event: Event
    outcome: Outcome | None = None
    vague: frozenset[str] = frozenset()


@final
@attrs.frozen(kw_only=True)
class Saw:
    """What was seen of a session and of jobs. Fields that were not seen are ``UNSEEN``; times are the log's.

    ``changed`` says that the line was written because the session came to be so, at the time of the line.
    """

    session: SessionView | None = None
    jobs: tuple[JobView, ...] = ()
    changed: bool = False


@final
@attrs.frozen(kw_only=True)
class Item:
    """One thing that a log says.

    ``at`` is the time that it gives (microseconds, counted as the log counts); it happened in ``[least, most]``.
    ``first`` and ``last`` bound its place: it came after everything whose ``last`` is below its ``first``. ``missing``
    is how many lines may have been lost just before it.
    """

    line: int
    at: int
    least: int
    most: int
    first: int
    last: int
    what: Did | Saw
    missing: int = 0


@final
@attrs.frozen(kw_only=True)
class Log:
    """A log, divided by what it is about: each session for itself, and each job of no session.

    ``lanes`` is how many jobs the device runs at once, None where nobody knows. ``free`` names the events of which any
    number may be missing anywhere. ``tolerance`` is how far a time that is shown may be off, in microseconds.
    """

    source: str
    subjects: Mapping[str, tuple[Item, ...]]
    profile: Profile = IBM_GUIDE
    lanes: int | None = None
    free: frozenset[str] = frozenset()
    tolerance: int = 0
    counts: Counter[str] = attrs.Factory(Counter)
    """Lines read, ignored, reordered, missing."""
    notes: tuple[str, ...] = ()

    orphans: bool = attrs.field(init=False)
    """Whether there are lines about jobs of which nothing says to whom they belong."""

    @orphans.default
    def _has_orphans(self) -> bool:
        return any(
            name.startswith("job ")
            and not any(isinstance(item.what, Did) and isinstance(item.what.event, SubmitRequested) for item in items)
            for name, items in self.subjects.items()
        )

    @property
    def begins(self) -> int:
        """The earliest time in it, in microseconds; 0 for an empty log."""
        return min((item.at for items in self.subjects.values() for item in items), default=0)

"""What a search for possible histories is told, and what it tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import attrs

from sessioncore.core.events import Event

from .possible_world import World
from .protocol import TIMES, UNSEEN, Outcome, SessionView, View
from .results import Difference


@final
@attrs.frozen(kw_only=True)
class Step:
    """Something that is known to have happened, and what was answered; None where nobody knows."""

    event: Event
    outcome: Outcome | None = None
    hints: tuple[int, ...] = ()
    """Other times at which it may have happened."""


@final
@attrs.frozen(kw_only=True)
class Look:
    """What was shown; ``whole`` if everything that exists had to be shown."""

    view: View
    whole: bool = True


class TooManyError(Exception):
    """There are more possibilities than are looked at; the message says how many."""


@final
@attrs.frozen
class Missed:
    """A world that got so far, and what was seen instead of what it says. ``at`` is the number of steps it passed."""

    world: World
    at: int
    differences: tuple[Difference, ...]

    @property
    def distance(self) -> tuple[int, int, int, int]:
        """How far it is from what was seen: how late they part, in how much, and with how much supposed. That a job
        stands elsewhere is further off than that a field of its session says something else: jobs are seen apart."""
        jobs = sum(one.what.startswith("job ") for one in self.differences)
        return (-self.at, len(self.differences), jobs, len(self.world.told))


@final
@attrs.frozen(kw_only=True)
class Bounds:
    """What the search may suppose, and for how long it goes on.

    ``missing`` names the events that may have happened without being told, ``failing`` the jobs that may fail of
    themselves (None: any). ``eager`` supposes inner steps also where nothing that is shown asks for them.
    """

    tolerance: int = 0
    missing: frozenset[str] = frozenset()
    failing: frozenset[str] | None = None
    nodes_max: int = 10_000
    eager: bool = False
    lenient: bool = False
    """Go on where what is shown of a session is contradicted already, to see how near one can come."""


def may_become(session: SessionView, shown: SessionView, slack: int) -> bool:
    """Whether a session that is so now may be shown so later."""
    closed = session.state == "closed"
    if closed and (shown.state not in ("closed", UNSEEN) or shown.state_reason not in (session.state_reason, UNSEEN)):
        return False
    if not session.accepting_jobs and shown.accepting_jobs is True:
        return False
    for field in TIMES:
        now, then = getattr(session, field), getattr(shown, field)
        if now is None or then is UNSEEN:
            continue
        if then is None or now > then + slack:
            return False
        if field in ("started_at", "created_at", "closed_at") and now < then - slack:
            return False
    return True


def shown_times(look: Look | None) -> Iterator[int]:
    """Every time that a look tells."""
    if look is None:
        return
    yield look.view.at
    for session in look.view.sessions.values():
        for field in TIMES:
            shown = getattr(session, field)
            if shown is not None and shown is not UNSEEN:
                yield shown

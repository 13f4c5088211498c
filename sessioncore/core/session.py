"""One session as a value: what was agreed at creation, and where it stands now. O(1), whatever its number of jobs."""

from __future__ import annotations

from typing import final

from attrs import field

from .chart import Cells
from .parameters import Parameters
from .session_chart import ACTIVE, ACTIVE_DRAINING, CLOSED, INACTIVE, NONE, OPEN, session_chart
from .states import Configuration, Mode, SessionState, StateReason
from .values import value

STATE_OF = {one: SessionState(one.removesuffix("_draining")) for one in Configuration if one is not NONE}
"""The wire's state of every configuration."""

ACCEPTING = frozenset((OPEN, ACTIVE, INACTIVE))
"""The configurations that take new jobs."""

STARTED = frozenset((ACTIVE, ACTIVE_DRAINING))
"""The configurations whose state is active."""


@final
@value
class Terms:
    """What is agreed when a session is created and never changes.

    ``max_ttl`` and ``interactive_ttl`` are this session's own, in microseconds, None for off (S-03).
    """

    id: str
    mode: Mode
    parameters: Parameters
    created_at: int
    max_ttl: int | None
    interactive_ttl: int | None
    instance: str
    cells: Cells = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Look up the chart of this session's profile once."""
        object.__setattr__(self, "cells", session_chart(self.parameters.switches).cells)


@final
@value
class Session:
    """Where one session stands. Times are microseconds, None while they have not happened.

    ``queued`` and ``on_device`` count its work, ``completed``, ``failed`` and ``cancelled`` the jobs that ended.
    ``work_ran_out_at`` is when it last had no work left, None while it has some. Usage was ``metered_us`` at
    ``metered_at``; :meth:`usage` continues it.
    """

    terms: Terms
    configuration: Configuration
    queued: int = 0
    on_device: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    work_ran_out_at: int | None = None
    last_submission: int | None = None
    started_at: int | None = None
    activated_at: int | None = None
    closed_at: int | None = None
    state_reason: StateReason | None = None
    last_job_started: int | None = None
    last_job_completed: int | None = None
    metered_us: int = 0
    metered_at: int

    @property
    def id(self) -> str:
        """The session's id, given by the host."""
        return self.terms.id

    @property
    def mode(self) -> Mode:
        """Dedicated or batch."""
        return self.terms.mode

    @property
    def instance(self) -> str:
        """The instance that pays."""
        return self.terms.instance

    @property
    def created_at(self) -> int:
        """When it was created (S-01)."""
        return self.terms.created_at

    @property
    def max_ttl(self) -> int | None:
        """Its maximum lifetime from its start, in microseconds (S-10)."""
        return self.terms.max_ttl

    @property
    def interactive_ttl(self) -> int | None:
        """How long it may be active without work, in microseconds (S-13)."""
        return self.terms.interactive_ttl

    @property
    def active_ttl(self) -> int | None:
        """Reported only; no rule depends on it (S-03)."""
        return self.terms.max_ttl

    @property
    def state(self) -> SessionState:
        """The state as the wire names it."""
        return STATE_OF[self.configuration]

    @property
    def accepting_jobs(self) -> bool:
        """Whether a submission would be taken."""
        return self.configuration in ACCEPTING

    @property
    def accepted(self) -> int:
        """How many jobs it ever accepted: those that ended and those still open."""
        return self.completed + self.failed + self.cancelled + self.queued + self.on_device

    @property
    def rate(self) -> int:
        """Microseconds of usage per microsecond, from now on (U-01, U-02)."""
        if self.terms.parameters.usage == "lanes":
            return self.on_device
        if self.configuration in STARTED or (self.configuration is CLOSED and self.on_device):
            return 1
        return 0

    def usage(self, at: int) -> int:
        """Usage up to ``at``, in microseconds: U-01 for windows, U-02 for lanes."""
        return self.metered_us + self.rate * (at - self.metered_at)

    @property
    def max_ttl_due(self) -> int | None:
        """The deadline of S-10, fixed once the session has started."""
        if self.started_at is None or self.terms.max_ttl is None:
            return None
        return self.started_at + self.terms.max_ttl

    @property
    def usage_limit_due(self) -> int | None:
        """The first microsecond at which the usage is the limit or more, as things stand (S-25)."""
        limit = self.terms.parameters.usage_limit
        if limit is None:
            return None
        left = limit - self.metered_us
        if left <= 0:
            return self.metered_at
        rate = self.rate
        return self.metered_at + -(-left // rate) if rate else None

    @property
    def interactive_due(self) -> int | None:
        """The deadline of S-13, while it is armed."""
        ran_out = self.work_ran_out_at
        length = self.terms.interactive_ttl
        if self.configuration is not ACTIVE or ran_out is None or length is None:
            return None
        if self.terms.parameters.idle_action == "none":
            return None
        if self.terms.parameters.idle_from == "last_submission" and self.last_submission is not None:
            return max(ran_out, self.last_submission + length)
        return ran_out + length

    @property
    def no_submission_due(self) -> int | None:
        """The deadline of S-16, while it is armed."""
        length = self.terms.parameters.no_submission
        if self.configuration is not OPEN or self.work_ran_out_at is None or length is None:
            return None
        return self.work_ran_out_at + length

    def may_start(self, at: int) -> bool:
        """Whether S-15 and S-25 let a job of this session start at ``at``."""
        limit, due = self.terms.parameters.usage_limit, self.max_ttl_due
        return (due is None or at < due) and (limit is None or self.usage(at) < limit)

    def deadlines(self) -> tuple[tuple[int, int], ...]:
        """The armed timers as (due, rank); the rank is the place of its event in ``events.TIMERS`` (T-02)."""
        if self.configuration is CLOSED:
            return ()
        found = []
        if (due := self.max_ttl_due) is not None:
            found.append((due, 0))
        if (due := self.usage_limit_due) is not None:
            found.append((due, 1))
        if (due := self.interactive_due) is not None:
            found.append((due, 2))
        if (due := self.no_submission_due) is not None:
            found.append((due, 3))
        return tuple(found)

    def next_timer(self) -> tuple[int, int] | None:
        """The timer that fires first, as (due, rank)."""
        return min(self.deadlines(), default=None)

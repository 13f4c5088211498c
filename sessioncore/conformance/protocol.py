"""What an implementation under test is: five methods, and words for what it answers.

An adapter to an implementation translates and decides nothing. Times are integer microseconds on the target's own
clock; durations are microseconds. Ids are those that the target gave: the kit opens a session under a name of its
own, and from then on uses the id that :class:`Accepted` carries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias, final

from sessioncore.core.events import Event
from sessioncore.core.values import value


@final
class Unseen:
    """A field that the target does not show. There is one such value, :data:`UNSEEN`."""

    _only: Unseen | None = None

    def __new__(cls) -> Unseen:
        """The one value."""
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "UNSEEN"

    def __bool__(self) -> bool:
        return False


UNSEEN: Final[Any] = Unseen()


@final
@value
class Capabilities:
    """What the kit can do with a target, and how exact the target is.

    ``clock``: ``advance`` moves its time; without, time is the real one and the kit waits. ``reports``: jobs end when
    the kit says so (``JobSucceeded``, ``JobFailed``, ``JobReleased``); without, they end by themselves. ``dispatch``:
    jobs start when the kit says so (``JobStarted``); without, the target starts them (T-05). ``tolerance_us`` is how
    far a time that it shows may be off, and how late it may act. ``lanes`` is how many jobs its device runs at once.
    ``unsupported`` names events that it does not know, for example ``("PauseRequested", "ResumeRequested")``; what
    needs them is not applicable. ``patience_s`` is how many real seconds one answer may take before the target counts
    as hanging. ``fresh``: the factory can make a target that has never been used.
    """

    clock: bool = True
    reports: bool = True
    dispatch: bool = False
    tolerance_us: int = 0
    lanes: int = 1
    unsupported: tuple[str, ...] = ()
    patience_s: float = 10.0
    fresh: bool = True


# --- what it answers -------------------------------------------------------------------------------------------


@final
@value
class Accepted:
    """It did what was asked for. ``id`` is the id that it gave to a new session or job; None for anything else."""

    id: str | None = None


@final
@value
class Rejected:
    """It refused. ``code`` is the vendor's number, ``http_status`` the status over HTTP; None where it has none."""

    code: int | None = None
    http_status: int | None = None
    message: str = ""


@final
@value
class Unsupported:
    """It cannot be asked that; ``why`` for people. What needs it is not applicable."""

    why: str


Outcome: TypeAlias = Accepted | Rejected | Unsupported


# --- what it shows ---------------------------------------------------------------------------------------------


@final
@value
class SessionView:
    """What a client sees of one session (V-01, V-02, and the wire's ``state_reason`` and ``created_at``).

    Times are microseconds on the target's clock, None while they have not happened; durations and ``usage_time`` are
    microseconds. A field that the target does not show stays :data:`UNSEEN`.
    """

    id: str
    state: str = UNSEEN
    accepting_jobs: bool = UNSEEN
    status: str = UNSEEN
    mode: str = UNSEEN
    state_reason: str | None = UNSEEN
    max_time: int | None = UNSEEN
    interactive_timeout: int | None = UNSEEN
    active_timeout: int | None = UNSEEN
    usage_time: int = UNSEEN
    created_at: int | None = UNSEEN
    started_at: int | None = UNSEEN
    activated_at: int | None = UNSEEN
    closed_at: int | None = UNSEEN
    last_job_started: int | None = UNSEEN
    last_job_completed: int | None = UNSEEN


@final
@value
class JobView:
    """What a client sees of one job: ``queued``, ``running``, ``completed``, ``failed`` or ``cancelled``, and the
    vendor's number of the reason, if one. A job that is being stopped is ``cancelled`` already (J-03)."""

    id: str
    status: str
    reason_code: int | None = UNSEEN


@final
@value
class View:
    """Everything a client sees at the instant ``at`` of the target's clock (microseconds), by the target's ids."""

    at: int
    sessions: Mapping[str, SessionView]
    jobs: Mapping[str, JobView]


TIMES = ("created_at", "started_at", "activated_at", "closed_at", "last_job_started", "last_job_completed")
"""The fields of :class:`SessionView` that are instants."""

DURATIONS = ("max_time", "interactive_timeout", "active_timeout")
"""Those that are lengths of time that never change."""

WORDS = ("state", "accepting_jobs", "status", "mode", "state_reason")
"""Those that are words or flags."""

FIELDS = (*WORDS, *DURATIONS, "usage_time", *TIMES)
"""Every field but the id, in the order in which differences are told."""


class SystemUnderTest(Protocol):
    """An implementation, as the kit drives it.

    A target whose jobs cannot be started and ended at will (``reports=False``) may also have ``plan(lengths)``: before
    a case it is told of each job, by the kit's name, whether it is to be ``short`` (ends by itself at once), ``medium``
    (runs for a moment), ``long`` (runs until it is cancelled) or ``failing``, and submits a payload of that kind.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What the kit can do with it. The same for every target of one factory."""
        ...

    def apply(self, event: Event) -> Outcome:
        """One request or report at ``event.at`` of its clock.

        Requests come after the timers due at their instant, reports before them (T-01): a report is handed in while
        the clock still stands a microsecond earlier. A target without that order may fire the timers first.
        """
        ...

    def advance(self, microseconds: int) -> None:
        """Let time pass; every timer due by the end of it has fired when this returns."""
        ...

    def observe(self) -> View:
        """What a client sees now. Changes nothing."""
        ...

    def close(self) -> None:
        """Free what it holds. Called once."""
        ...


Factory: TypeAlias = Callable[[], SystemUnderTest]
"""Makes a fresh target: no sessions, no jobs, device online and idle."""

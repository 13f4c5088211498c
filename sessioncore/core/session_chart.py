"""The chart of one session.

Laws of this chart, before any row:

- A session is in one of seven configurations: open, active or inactive, each accepting or draining, or closed.
- From accepting to draining there is no way back, and from closed no way at all.
- It starts only because one of its jobs starts (or, under ``start_event=create``, because it was created).
- It is draining only while work is left: the step that takes the last work closes it (S-19).
- Closing is one step with one reason. What happens to its jobs then is said by the chart of jobs.
- A timer fires only where it is armed; anywhere else the host invented it.

The counts are not in the picture: rows ask whether work is left *after* the trigger has taken its own job away.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from .chart import Atom, Chart, Guard, Row, SpecialisedChart, TimerLaw
from .events import (
    CancelRequested,
    CloseRequested,
    Event,
    InteractiveTtlExpired,
    JobStarted,
    MaxTtlExpired,
    NoSubmissionExpired,
    OpenRequested,
    SubmitRequested,
    UsageLimitReached,
)
from .parameters import SWITCHES
from .rows import SESSION_CLOSED, SESSION_NOT_FOUND, VALIDATION_FAILED, allow, never, refuse
from .signals import JobLeftDevice, JobLeftQueue, JobOverran
from .states import Configuration, JobStatus, StateReason

if TYPE_CHECKING:
    from .session import Session

NONE = Configuration.NONE
OPEN = Configuration.OPEN
ACTIVE = Configuration.ACTIVE
INACTIVE = Configuration.INACTIVE
OPEN_DRAINING = Configuration.OPEN_DRAINING
ACTIVE_DRAINING = Configuration.ACTIVE_DRAINING
INACTIVE_DRAINING = Configuration.INACTIVE_DRAINING
CLOSED = Configuration.CLOSED
FAILED = JobStatus.FAILED

ACCEPTING = (OPEN, ACTIVE, INACTIVE)
DRAINING = (OPEN_DRAINING, ACTIVE_DRAINING, INACTIVE_DRAINING)
LIVE = ACCEPTING + DRAINING


# --- atoms -------------------------------------------------------------------------------------------------


def _work_left(session: Session, event: Event) -> str:
    taken = 1 if event.__class__ in (JobLeftQueue, JobLeftDevice) else 0
    return "some" if session.queued + session.on_device > taken else "none"


def _failure(_session: Session, event: JobLeftDevice) -> str:
    return "yes" if event.status is FAILED else "no"


def _in_time(session: Session, event: JobStarted) -> str:
    return "yes" if session.may_start(event.at) else "no"


def _budget(session: Session, _event: SubmitRequested) -> str:
    limit = session.terms.parameters.job_limit
    return "last" if limit is not None and session.accepted + 1 >= limit else "more"


def _fits(session: Session, event: SubmitRequested) -> str:
    length = event.max_execution
    ceiling = session.terms.max_ttl
    if length is None:
        return "yes"
    return "yes" if length > 0 and (ceiling is None or length <= ceiling) else "no"


ATOMS = (
    Atom(name="work_left", values=("none", "some"), read=_work_left, meaning="work left once the trigger took its own"),
    Atom(name="failure", values=("no", "yes"), read=_failure, meaning="the job failed (S-24)"),
    Atom(name="in_time", values=("yes", "no"), read=_in_time, meaning="before max TTL deadline and usage limit"),
    Atom(name="budget", values=("more", "last"), read=_budget, meaning="whether the job limit allows more after this"),
    Atom(name="fits", values=("yes", "no"), read=_fits, meaning="max_execution is above zero and within the max TTL"),
    Atom(name="start_event", values=SWITCHES["start_event"]),
    Atom(name="idle_action", values=SWITCHES["idle_action"]),
    Atom(name="failure_policy", values=SWITCHES["failure_policy"]),
)

# --- guards --------------------------------------------------------------------------------------------------

NO_WORK: Guard = (("work_left", "none"),)
WORK: Guard = (("work_left", "some"),)
MORE: Guard = (("fits", "yes"), ("budget", "more"))
LAST: Guard = (("fits", "yes"), ("budget", "last"))
IN_TIME: Guard = (("in_time", "yes"),)
LATE: Guard = (("in_time", "no"),)
ENDED_WELL: Guard = (("failure", "no"),)
FAILED_GO_ON: Guard = (("failure", "yes"), ("failure_policy", "continue"))
FAILED_ABORT: Guard = (("failure", "yes"), ("failure_policy", "abort"))

_CLOSED_REMEDY = "Open a new session and submit the job there."
_UNKNOWN_REMEDY = "Check the session id and the instance; list your sessions to see which there are."
_LENGTH_REMEDY = "Give a max_execution_time above zero and within the session's max_ttl, or none."


def _rows() -> tuple[Row, ...]:
    return (*_opening_rows(), *_submitting_rows(), *_running_rows(), *_timer_rows(), *_closing_rows())


def _opening_rows() -> tuple[Row, ...]:
    twice = "An id is used once: a session with this id exists."
    return (
        allow("S-01.open", "S-01", NONE, OpenRequested, "A new session is open and accepting, and has not started.",
              to=OPEN, guard=(("start_event", "first_dispatch"),), effect="open"),
        allow("S-01.start", "S-01 S-09 S-10", NONE, OpenRequested, "A new session starts at its creation.",
              to=ACTIVE, guard=(("start_event", "create"),), effect="open"),
        never("J-09.session-twice", "J-09", (*LIVE, CLOSED), OpenRequested, twice),
    )  # fmt: skip


def _submitting_rows() -> tuple[Row, ...]:
    closed = "Session has been closed."
    unknown = "Session not found."
    return (
        refuse("J-09.submit-unknown", "J-09", (NONE,), SubmitRequested, unknown, _UNKNOWN_REMEDY,
               code=SESSION_NOT_FOUND, http_status=404),
        refuse("S-06.draining", "S-06", DRAINING, SubmitRequested, closed, _CLOSED_REMEDY,
               code=SESSION_CLOSED, http_status=400),
        refuse("S-06.closed", "S-06", (CLOSED,), SubmitRequested, closed, _CLOSED_REMEDY,
               code=SESSION_CLOSED, http_status=400),
        refuse("S-07.session", "S-07", ACCEPTING, SubmitRequested,
               "The job's max_execution_time is not possible in this session.", _LENGTH_REMEDY,
               code=VALIDATION_FAILED, http_status=400, guard=(("fits", "no"),)),
        allow("S-05.submit", "S-05", (OPEN, ACTIVE), SubmitRequested, "The job is queued behind those before it.",
              guard=MORE, effect="enqueue"),
        allow("S-08.submit", "S-08", INACTIVE, SubmitRequested,
              "The job waits in the device's queue; the session stays inactive until it is dispatched.",
              guard=MORE, effect="enqueue"),
        allow("S-25.last-open", "S-25 S-17", OPEN, SubmitRequested,
              "The last job that the limit allows ends acceptance.",
              to=OPEN_DRAINING, guard=LAST, effect="enqueue"),
        allow("S-25.last-active", "S-25 S-17", ACTIVE, SubmitRequested,
              "The last job that the limit allows ends acceptance.", to=ACTIVE_DRAINING, guard=LAST, effect="enqueue"),
        allow("S-25.last-inactive", "S-25 S-17", INACTIVE, SubmitRequested,
              "The last job that the limit allows ends acceptance.",
              to=INACTIVE_DRAINING, guard=LAST, effect="enqueue"),
    )  # fmt: skip


def _running_rows() -> tuple[Row, ...]:
    started = (ACTIVE, ACTIVE_DRAINING)
    waiting = (OPEN, INACTIVE, OPEN_DRAINING, INACTIVE_DRAINING)
    return (
        allow("S-09.start", "S-09 S-10", OPEN, JobStarted,
              "The first job begins: the session starts and its max TTL is armed.",
              to=ACTIVE, guard=IN_TIME, effect="start"),
        allow("S-09.start-draining", "S-09 S-10 S-17", OPEN_DRAINING, JobStarted,
              "The first job begins: the session starts, still not accepting.",
              to=ACTIVE_DRAINING, guard=IN_TIME, effect="start"),
        allow("S-11.resume", "S-11", INACTIVE, JobStarted, "A job begins: the session is active again.",
              to=ACTIVE, guard=IN_TIME, effect="start"),
        allow("S-11.resume-draining", "S-11 S-17", INACTIVE_DRAINING, JobStarted,
              "A job begins: the session is active again, still not accepting.",
              to=ACTIVE_DRAINING, guard=IN_TIME, effect="start"),
        allow("S-12.start", "S-12", started, JobStarted, "Another job of the active session begins.",
              guard=IN_TIME, effect="start"),
        never("S-15.late", "S-15 S-25", LIVE, JobStarted,
              "No job starts at or after the session's max TTL deadline or with its usage limit reached.", guard=LATE),
        never("J-01.start-nothing", "J-01", (NONE, CLOSED), JobStarted, "There is no queued job that could start."),
        allow("J-02.leave", "J-02", ACCEPTING, JobLeftQueue, "A queued job was cancelled; the session goes on.",
              effect="leave_queue"),
        allow("J-02.leave-draining", "J-02", DRAINING, JobLeftQueue, "A queued job was cancelled; work is left.",
              guard=WORK, effect="leave_queue"),
        allow("S-19.queue-empty", "S-19 J-02", DRAINING, JobLeftQueue, "The last work was cancelled: closed at once.",
              to=CLOSED, guard=NO_WORK, effect="leave_queue", reason=StateReason.CLOSED),
        never("J-02.leave-nothing", "J-02", (NONE, CLOSED), JobLeftQueue, "There is no queued job that could leave."),
        allow("J-01.end", "J-01", ACTIVE, JobLeftDevice, "A job left the device; the session goes on.",
              guard=ENDED_WELL, effect="leave_device"),
        allow("S-24.continue", "S-24", ACTIVE, JobLeftDevice, "A job failed; the session goes on.",
              guard=FAILED_GO_ON, effect="leave_device"),
        allow("S-24.abort", "S-24 S-20", started, JobLeftDevice, "A job failed and takes the session with it.",
              to=CLOSED, guard=FAILED_ABORT, effect="leave_device", reason=StateReason.JOB_FAILED),
        allow("J-01.end-draining", "J-01", ACTIVE_DRAINING, JobLeftDevice, "A job left the device; work is left.",
              guard=WORK + ENDED_WELL, effect="leave_device"),
        allow("S-24.continue-draining", "S-24", ACTIVE_DRAINING, JobLeftDevice, "A job failed; work is left.",
              guard=WORK + FAILED_GO_ON, effect="leave_device"),
        allow("S-19.done", "S-19", ACTIVE_DRAINING, JobLeftDevice, "The last work ended: closed in that step.",
              to=CLOSED, guard=NO_WORK + ENDED_WELL, effect="leave_device", reason=StateReason.CLOSED),
        allow("S-19.failed", "S-19 S-24", ACTIVE_DRAINING, JobLeftDevice, "The last work failed: closed in that step.",
              to=CLOSED, guard=NO_WORK + FAILED_GO_ON, effect="leave_device", reason=StateReason.CLOSED),
        allow("S-23.end", "S-23", CLOSED, JobLeftDevice, "A job outlived its session and keeps its own result.",
              effect="leave_device"),
        never("J-01.end-nothing", "J-01", (NONE, *waiting), JobLeftDevice, "None of its jobs is on the device."),
        allow("J-05.continue", "J-05 S-24", started, JobOverran,
              "A job ran too long and is being stopped; the session goes on.",
              guard=(("failure_policy", "continue"),)),
        allow("J-05.abort", "J-05 S-24 S-20", started, JobOverran, "A job ran too long and takes the session with it.",
              to=CLOSED, guard=(("failure_policy", "abort"),), reason=StateReason.JOB_FAILED),
        allow("S-23.overrun", "S-23 J-05", CLOSED, JobOverran, "A job that outlived its session ran too long."),
        never("J-05.nothing", "J-05", (NONE, *waiting), JobOverran, "None of its jobs is running."),
    )  # fmt: skip


def _timer_rows() -> tuple[Row, ...]:
    started = (ACTIVE, ACTIVE_DRAINING)
    ever = (ACTIVE, INACTIVE, ACTIVE_DRAINING, INACTIVE_DRAINING)
    off = "This timer is not armed here."
    return (
        allow("S-15.max-ttl", "S-15 S-10", ever, MaxTtlExpired, "The maximum lifetime is over: closed at once.",
              to=CLOSED, reason=StateReason.MAX_TTL),
        never("S-10.not-armed", "S-10", (NONE, OPEN, OPEN_DRAINING, CLOSED), MaxTtlExpired, off),
        allow("S-25.usage-limit", "S-25", started, UsageLimitReached, "The usage reached its limit: closed at once.",
              to=CLOSED, reason=StateReason.USAGE_LIMIT),
        never("S-25.not-armed", "S-25", (NONE, OPEN, OPEN_DRAINING, INACTIVE, INACTIVE_DRAINING, CLOSED),
              UsageLimitReached, off),
        allow("S-14.deactivate", "S-14", ACTIVE, InteractiveTtlExpired,
              "No work for the interactive TTL: the device is released until the next job.",
              to=INACTIVE, guard=(("idle_action", "deactivate"),)),
        allow("S-14.end", "S-14", ACTIVE, InteractiveTtlExpired, "No work for the idle time: closed at once.",
              to=CLOSED, guard=(("idle_action", "end"),), reason=StateReason.INTERACTIVE_TTL),
        never("S-13.switched-off", "S-13", ACTIVE, InteractiveTtlExpired, off, guard=(("idle_action", "none"),)),
        never("S-13.not-armed", "S-13", (NONE, OPEN, INACTIVE, *DRAINING, CLOSED), InteractiveTtlExpired, off),
        allow("S-16.no-submission", "S-16", OPEN, NoSubmissionExpired,
              "Nothing was submitted for too long: closed at once.",
              to=CLOSED, reason=StateReason.NO_SUBMISSION),
        never("S-16.not-armed", "S-16", (NONE, ACTIVE, INACTIVE, *DRAINING, CLOSED), NoSubmissionExpired, off),
    )  # fmt: skip


def _closing_rows() -> tuple[Row, ...]:
    unknown = "Session not found."
    drains = "No new jobs; what is queued or running goes on to its end."
    return (
        allow("S-17.open", "S-17", OPEN, CloseRequested, drains, to=OPEN_DRAINING, guard=WORK),
        allow("S-17.active", "S-17", ACTIVE, CloseRequested, drains, to=ACTIVE_DRAINING, guard=WORK),
        allow("S-17.inactive", "S-17", INACTIVE, CloseRequested, drains, to=INACTIVE_DRAINING, guard=WORK),
        allow("S-18.close", "S-18", ACCEPTING, CloseRequested, "Nothing is left to do: closed at once.",
              to=CLOSED, guard=NO_WORK, reason=StateReason.CLOSED),
        allow("S-21.close-draining", "S-21", DRAINING, CloseRequested, "It is closing already; nothing changes."),
        allow("S-21.close-closed", "S-21", CLOSED, CloseRequested, "It is closed already; nothing changes."),
        refuse("J-09.close-unknown", "J-09", (NONE,), CloseRequested, unknown, _UNKNOWN_REMEDY,
               code=SESSION_NOT_FOUND, http_status=404),
        allow("S-20.cancel", "S-20", LIVE, CancelRequested,
              "Closed at once: queued jobs fail, jobs on the device go on.", to=CLOSED, reason=StateReason.CANCELLED),
        allow("S-21.cancel-closed", "S-21", CLOSED, CancelRequested, "It is closed already; nothing changes."),
        refuse("J-09.cancel-unknown", "J-09", (NONE,), CancelRequested, unknown, _UNKNOWN_REMEDY,
               code=SESSION_NOT_FOUND, http_status=404),
    )  # fmt: skip


TIMER_LAWS = (
    TimerLaw(trigger=MaxTtlExpired, rules=("S-10", "S-15"), when="it has started and is not closed",
             armed_in=(ACTIVE, INACTIVE, ACTIVE_DRAINING, INACTIVE_DRAINING), due="started_at + max_ttl"),
    TimerLaw(trigger=UsageLimitReached, rules=("S-25",), when="a limit is set and usage is running or has reached it",
             armed_in=(ACTIVE, ACTIVE_DRAINING), due="the first microsecond with usage >= usage_limit"),
    TimerLaw(trigger=InteractiveTtlExpired, rules=("S-13", "S-14"), when="it has no work",
             armed_in=(ACTIVE,), due="work_ran_out_at + interactive_ttl"),
    TimerLaw(trigger=NoSubmissionExpired, rules=("S-16",), when="it has no work",
             armed_in=(OPEN,), due="work_ran_out_at + no_submission"),
)  # fmt: skip

SESSION_CHART = Chart(
    name="session",
    states=tuple(Configuration),
    initial=NONE,
    finals=(CLOSED,),
    triggers=(
        OpenRequested,
        SubmitRequested,
        JobStarted,
        JobLeftQueue,
        JobLeftDevice,
        JobOverran,
        MaxTtlExpired,
        UsageLimitReached,
        InteractiveTtlExpired,
        NoSubmissionExpired,
        CloseRequested,
        CancelRequested,
    ),
    atoms=ATOMS,
    rows=_rows(),
    timers=TIMER_LAWS,
)
"""The chart of a session, switches and all."""


@lru_cache(maxsize=256)
def session_chart(switches: tuple[tuple[str, str], ...]) -> SpecialisedChart:
    """The session's chart under the switches of one half of a profile, for example ``IBM_GUIDE.dedicated.switches``."""
    return SESSION_CHART.specialise(dict(switches))

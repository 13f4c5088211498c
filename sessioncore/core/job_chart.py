"""The chart of one job.

Laws of this chart, before any row:

- Every accepted job reaches exactly one final status, and a final status never changes (J-01).
- A job holds a lane exactly while it is running or cancelling; only a report takes the lane away.
- A client that cancels sees *Cancelled* at once; what the device answers afterwards is discarded and counted (J-03).
- A report that comes too late, twice or for nobody is a row and changes nothing (J-06).
- When a session ends, its end reaches each of its jobs as one trigger; what follows is a switch (S-22, S-23).

``signal`` is what the session of the job hears.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from .chart import Atom, Chart, Row, SpecialisedChart, TimerLaw
from .events import (
    ExecutionLimitExpired,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobStarted,
    JobSucceeded,
    SubmitRequested,
)
from .parameters import SWITCHES
from .rows import (
    JOB_NOT_CANCELLABLE,
    JOB_NOT_FOUND,
    RAN_TOO_LONG,
    SESSION_CLOSED,
    VALIDATION_FAILED,
    allow,
    never,
    refuse,
)
from .signals import JobLeftDevice, JobLeftQueue, JobOverran, SessionEnded
from .states import JobStatus

if TYPE_CHECKING:
    from .job import Job

NONE = JobStatus.NONE
QUEUED = JobStatus.QUEUED
RUNNING = JobStatus.RUNNING
CANCELLING = JobStatus.CANCELLING
COMPLETED = JobStatus.COMPLETED
FAILED = JobStatus.FAILED
CANCELLED = JobStatus.CANCELLED
FINALS = (COMPLETED, FAILED, CANCELLED)


def _positive(_job: Job | None, event: SubmitRequested) -> str:
    return "no" if event.max_execution is not None and event.max_execution <= 0 else "yes"


ATOMS = (
    Atom(name="positive", values=("yes", "no"), read=_positive, meaning="max_execution is above zero, or not given"),
    Atom(name="queued_at_end", values=SWITCHES["queued_at_end"]),
    Atom(name="on_device_at_end", values=SWITCHES["on_device_at_end"]),
)


def _rows() -> tuple[Row, ...]:
    return (*_submit_rows(), *_report_rows(), *_cancel_rows(), *_limit_rows(), *_session_end_rows())


def _submit_rows() -> tuple[Row, ...]:
    every = (QUEUED, RUNNING, CANCELLING, *FINALS)
    return (
        allow("J-01.submit", "J-01 S-05", NONE, SubmitRequested, "The job is queued.",
              to=QUEUED, guard=(("positive", "yes"),)),
        refuse("S-07.job", "S-07", NONE, SubmitRequested, "The job's max_execution_time must be above zero.",
               "Give a max_execution_time above zero, or none.", code=VALIDATION_FAILED, http_status=400,
               guard=(("positive", "no"),)),
        never("J-09.job-twice", "J-09", every, SubmitRequested, "An id is used once: a job with this id exists."),
    )  # fmt: skip


def _report_rows() -> tuple[Row, ...]:
    late = "The job has ended; the report is counted and changes nothing."
    early = "The job has not been started; the report is counted and changes nothing."
    unknown = "There is no such job; the report is counted and changes nothing."
    dropped = "The lane is free; what the device still brought is discarded and counted."
    rows = [
        allow("J-01.start", "J-01 T-05", QUEUED, JobStarted, "The job takes a lane and runs.",
              to=RUNNING, signal=JobStarted),
        allow("J-06.start-again", "J-06", (RUNNING, CANCELLING), JobStarted, "It has started; counted, no change."),
        allow("J-06.start-ended", "J-06", FINALS, JobStarted, late),
        allow("J-06.start-unknown", "J-06", NONE, JobStarted, unknown),
        allow("J-01.complete", "J-01", RUNNING, JobSucceeded, "The job has its result.",
              to=COMPLETED, signal=JobLeftDevice),
        allow("J-01.fail", "J-01 S-24", RUNNING, JobFailed, "The job ended with an error.",
              to=FAILED, signal=JobLeftDevice),
        allow("J-06.lost", "J-06", RUNNING, JobReleased, "The device let a running job go: it is lost.",
              to=FAILED, signal=JobLeftDevice, why="lost"),
    ]  # fmt: skip
    for name, trigger in (("succeeded", JobSucceeded), ("failed", JobFailed), ("released", JobReleased)):
        rows += [
            allow(f"J-03.{name}", "J-03 J-01", CANCELLING, trigger, dropped, to=CANCELLED, signal=JobLeftDevice),
            allow(f"J-06.{name}-queued", "J-06", QUEUED, trigger, early),
            allow(f"J-06.{name}-ended", "J-06", FINALS, trigger, late),
            allow(f"J-06.{name}-unknown", "J-06", NONE, trigger, unknown),
        ]
    return tuple(rows)


def _cancel_rows() -> tuple[Row, ...]:
    final = "The job is final and cannot be cancelled."
    return (
        allow("J-02.cancel", "J-02", QUEUED, JobCancelRequested, "Cancelled in the queue, at once.",
              to=CANCELLED, signal=JobLeftQueue, why="cancelled by its client"),
        allow("J-03.cancel", "J-03", RUNNING, JobCancelRequested,
              "The client sees Cancelled; the device is told to stop.",
              to=CANCELLING, effect="stop", why="cancelled by its client"),
        refuse("J-04.cancel", "J-04", (CANCELLING, *FINALS), JobCancelRequested, final,
               "Nothing is left to cancel; read its status or its result.", code=JOB_NOT_CANCELLABLE, http_status=409),
        refuse("J-09.job-unknown", "J-09", NONE, JobCancelRequested, "Job not found.",
               "Check the job id and the instance; list your jobs to see which there are.",
               code=JOB_NOT_FOUND, http_status=404),
    )  # fmt: skip


def _limit_rows() -> tuple[Row, ...]:
    return (
        allow("J-05.limit", "J-05", RUNNING, ExecutionLimitExpired,
              "It has run as long as it may: the client sees it ended, the device is told to stop.",
              to=CANCELLING, effect="stop", signal=JobOverran, why="ran too long", code=RAN_TOO_LONG),
        never("J-05.not-armed", "J-05", (NONE, QUEUED, CANCELLING, *FINALS), ExecutionLimitExpired,
              "This timer is armed only while the job is running."),
    )  # fmt: skip


def _session_end_rows() -> tuple[Row, ...]:
    why = "its session has been closed"
    return (
        allow("S-22.fail", "S-22 S-15 S-20", QUEUED, SessionEnded, "The session's end takes a queued job with it.",
              to=FAILED, guard=(("queued_at_end", "fail"),), why=why, code=SESSION_CLOSED),
        allow("S-22.cancel", "S-22", QUEUED, SessionEnded, "The session's end cancels a queued job.",
              to=CANCELLED, guard=(("queued_at_end", "cancel"),), why=why, code=SESSION_CLOSED),
        allow("S-23.finish", "S-23 S-15 S-20", RUNNING, SessionEnded, "A job on the device goes on to its own end.",
              guard=(("on_device_at_end", "finish"),)),
        allow("S-23.stop", "S-23", RUNNING, SessionEnded, "The device is told to stop a job whose session ended.",
              to=CANCELLING, guard=(("on_device_at_end", "stop"),), effect="stop", why=why, code=SESSION_CLOSED),
        allow("S-23.cancelling", "S-23 J-03", CANCELLING, SessionEnded, "It is being stopped already."),
        never("S-22.nothing", "S-22", (NONE, *FINALS), SessionEnded, "A session's end reaches only its open jobs."),
    )  # fmt: skip


JOB_CHART = Chart(
    name="job",
    states=tuple(JobStatus),
    initial=NONE,
    finals=FINALS,
    triggers=(
        SubmitRequested,
        JobStarted,
        JobSucceeded,
        JobFailed,
        JobReleased,
        JobCancelRequested,
        ExecutionLimitExpired,
        SessionEnded,
    ),
    atoms=ATOMS,
    rows=_rows(),
    timers=(
        TimerLaw(
            trigger=ExecutionLimitExpired,
            rules=("J-05",),
            armed_in=(RUNNING,),
            when="it has an execution limit",
            due="started_at + execution_limit",
        ),
    ),
)
"""The chart of a job, switches and all."""


@lru_cache(maxsize=256)
def job_chart(switches: tuple[tuple[str, str], ...]) -> SpecialisedChart:
    """The job's chart under the switches of one half of a profile; the empty tuple stands for the guide's."""
    return JOB_CHART.specialise(dict(switches) if switches else {name: all_[0] for name, all_ in SWITCHES.items()})

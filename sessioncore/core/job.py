"""One job as a value, and its pure step."""

from __future__ import annotations

from typing import Any, final

from .chart import Cells, Row, select
from .effects import AnyEffect, NotifyJob, StopJob
from .errors import Story
from .events import JobFailed, SubmitRequested
from .job_chart import job_chart
from .parameters import Parameters
from .states import JobStatus
from .step import refuse
from .values import drafter, freeze, maker, opener, value

NONE = JobStatus.NONE
QUEUED = JobStatus.QUEUED
RUNNING = JobStatus.RUNNING
CANCELLING = JobStatus.CANCELLING
FAILED = JobStatus.FAILED

ON_DEVICE = frozenset((RUNNING, CANCELLING))
"""The statuses in which a job holds a lane."""

FINAL = frozenset((JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED))
"""The statuses that never change again (J-01)."""


@final
@value
class Job:
    """Where one job stands. Times are microseconds; ``number`` counts submissions on this core (D-03).

    ``session_id`` is None in job mode. ``execution_limit`` is how long it may run, in microseconds (J-05).
    ``ended_at`` is when it left its lane, or the queue. ``reason`` and ``reason_code`` say why it did not complete.
    """

    id: str
    session_id: str | None
    number: int
    status: JobStatus
    submitted_at: int
    switches: tuple[tuple[str, str], ...]
    execution_limit: int | None = None
    instance: str = ""
    started_at: int | None = None
    ended_at: int | None = None
    reason: str | None = None
    reason_code: int | None = None

    def usage(self, at: int) -> int:
        """How long it has held a lane up to ``at``, in microseconds (U-02)."""
        if self.started_at is None:
            return 0
        return (at if self.ended_at is None else self.ended_at) - self.started_at

    @property
    def execution_limit_due(self) -> int | None:
        """The deadline of J-05, armed while it is running."""
        if self.status is not RUNNING or self.started_at is None or self.execution_limit is None:
            return None
        return self.started_at + self.execution_limit


open_job, draft_job = opener(Job), drafter(Job)


@final
@value
class JobStep:
    """The answer to one event: the job as it is now, what the host must do, and the row that said so."""

    job: Job
    effects: tuple[AnyEffect, ...]
    row: Row


notify_job = maker(NotifyJob)


def job_row(job: Job | None, event: Any, cells: Cells | None = None) -> Row:
    """The row that answers ``event``; ``job`` None stands for a job that does not exist. Changes nothing.

    ``cells`` is the table of the job's chart, looked up where it is not given. Raises :class:`ClientError` or
    :class:`HostError` for a forbidden row.
    """
    cells = cells or job_chart(() if job is None else job.switches).cells
    row = select(cells[event.__class__][NONE if job is None else job.status], job, event)
    if row.fault is not None:
        state, story = ("unknown", ()) if job is None else (job.status.value, story_of(job))
        raise refuse(row, subject=f"job {event.job_id}", state=state, story=story)
    return row


def story_of(job: Job) -> Story:
    """The story of one job: when it was queued, started and ended."""
    steps = [(job.submitted_at, str(QUEUED))]
    if job.started_at is not None:
        steps.append((job.started_at, str(RUNNING)))
    if job.ended_at is not None:
        steps.append((job.ended_at, str(job.status)))
    return tuple(steps)


def submit_job(
    event: SubmitRequested, number: int, instance: str, parameters: Parameters, cells: Cells
) -> tuple[Any, Row]:
    """A new queued job, as a draft (S-05). What it asked for and the profile's cap bound how long it may run (J-05)."""
    row = job_row(None, event, cells)
    limit, cap = event.max_execution, parameters.execution_limit
    if limit is None or (cap is not None and cap < limit):
        limit = cap
    job = open_job(
        id=event.job_id,
        session_id=event.session_id,
        number=number,
        status=QUEUED,
        submitted_at=event.at,
        switches=parameters.switches,
        execution_limit=limit,
        instance=instance,
    )
    return job, row


def step_job(job: Job, event: Any) -> JobStep:
    """One event at one job. O(1). Raises what :func:`job_row` raises."""
    row = job_row(job, event)
    if row.target is None:
        return JobStep(job=job, effects=(), row=row)
    after = draft_job(job)
    carry_out_job(after, row, event)
    told: list[AnyEffect] = []
    tell_job(after, row, event.at, told)
    return JobStep(job=freeze(after, Job), effects=tuple(told), row=row)


def carry_out_job(draft: Any, row: Row, event: Any) -> None:
    """Make of a job's draft what a row with a target says."""
    draft.status = status = row.target
    if status is RUNNING:
        draft.started_at = event.at
    elif status is not CANCELLING:
        draft.ended_at = event.at
    if row.says_why:
        draft.reason, draft.reason_code = row.says_why, row.code
    elif status is FAILED and event.__class__ is JobFailed:
        draft.reason, draft.reason_code = event.reason, event.reason_code


def tell_job(job: Job, row: Row, at: int, out: list[AnyEffect]) -> None:
    """Add what the host must do after a transition that left the job as it is now."""
    told = notify_job(
        at=at, job_id=job.id, status=job.status, row=row.id, reason=job.reason, reason_code=job.reason_code
    )
    out.append(told)
    if row.effect:
        out.append(StopJob(at=at, job_id=job.id, row=row.id))

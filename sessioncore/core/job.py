"""One job as a value, and its pure step."""

from __future__ import annotations

from typing import Any, final

from .chart import Disposition, Row, select
from .effects import AnyEffect, NotifyJob, StopJob
from .errors import Story
from .events import Event, JobFailed, SubmitRequested
from .job_chart import job_chart
from .states import JobStatus
from .step import refuse
from .values import value

QUEUED = JobStatus.QUEUED
RUNNING = JobStatus.RUNNING
CANCELLING = JobStatus.CANCELLING

ON_DEVICE = frozenset((RUNNING, CANCELLING))
"""The statuses in which a job holds a lane."""

FINAL = frozenset((JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED))
"""The statuses that never change again (J-01)."""

RAN_TOO_LONG = 1305
SESSION_CLOSED = 1217


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


@final
@value
class JobStep:
    """The answer to one event: the job as it is now, what the host must do, and the row that said so."""

    job: Job
    effects: tuple[AnyEffect, ...]
    row: Row


def job_row(job: Job | None, event: Event, story: Story = ()) -> Row:
    """The row that answers ``event``; ``job`` None stands for a job that does not exist.

    Raises :class:`ClientError` or :class:`HostError` for a forbidden row.
    """
    status = JobStatus.NONE if job is None else job.status
    cells = job_chart(() if job is None else job.switches).cells
    row = select(cells[event.__class__][status], job, event)
    if row.disposition is Disposition.FORBIDDEN:
        named = getattr(event, "job_id", "?")
        state = "unknown" if job is None else status.value
        raise refuse(row, subject=f"job {named}", state=state, story=story)
    return row


def submit_job(
    event: SubmitRequested,
    row: Row,
    *,
    number: int,
    instance: str,
    switches: tuple[tuple[str, str], ...],
    cap: int | None,
) -> JobStep:
    """A new queued job (S-05). ``cap`` is the profile's execution limit in microseconds, None for none (J-05)."""
    asked = event.max_execution
    limits = [length for length in (asked, cap) if length is not None]
    job = Job(
        id=event.job_id,
        session_id=event.session_id,
        number=number,
        status=QUEUED,
        submitted_at=event.at,
        switches=switches,
        execution_limit=min(limits, default=None),
        instance=instance,
    )
    told = NotifyJob(at=event.at, job_id=job.id, status=QUEUED, row=row.id)
    return JobStep(job=job, effects=(told,), row=row)


def step_job(job: Job, event: Any, story: Story = ()) -> JobStep:
    """One event at one job. O(1). Raises :class:`ClientError` or :class:`HostError` for a forbidden row."""
    row = job_row(job, event, story)
    status = row.target
    if status is None:
        return JobStep(job=job, effects=(), row=row)
    at = event.at
    reason, code = job.reason, job.reason_code
    if row.says_why:
        reason, code = row.says_why, row.code
    if event.__class__ is JobFailed and status is JobStatus.FAILED:
        reason, code = event.reason, event.reason_code
    after = Job(
        id=job.id,
        session_id=job.session_id,
        number=job.number,
        status=status,
        submitted_at=job.submitted_at,
        switches=job.switches,
        execution_limit=job.execution_limit,
        instance=job.instance,
        started_at=at if status is RUNNING else job.started_at,
        ended_at=at if status in FINAL else None,
        reason=reason,
        reason_code=code,
    )
    told = NotifyJob(at=at, job_id=job.id, status=status, row=row.id, reason=reason, reason_code=code)
    if row.effect:
        return JobStep(job=after, effects=(told, StopJob(at=at, job_id=job.id, row=row.id)), row=row)
    return JobStep(job=after, effects=(told,), row=row)

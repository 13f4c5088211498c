"""One session as somebody would write it by hand: a mutable class with an if for every case.

It takes the core's own frozen events and returns the core's own frozen effects, in the same order, and keeps the same
facts (counts, times, usage, deadlines, every job). It knows one profile, has no chart, no story and no snapshot, and
fires no timer: it only refuses to go past one. That is what the whole chart is measured against.
"""

from __future__ import annotations

from heapq import heappop, heappush

from sessioncore.core.effects import AnyEffect, NotifyJob, NotifySession, StopJob
from sessioncore.core.events import (
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobStarted,
    JobSucceeded,
    OpenRequested,
    SubmitRequested,
)
from sessioncore.core.profiles import IBM_GUIDE
from sessioncore.core.states import JobStatus, SessionState, StateReason

OPEN, ACTIVE, CLOSED = SessionState.OPEN, SessionState.ACTIVE, SessionState.CLOSED
QUEUED, RUNNING, CANCELLING = JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.CANCELLING
COMPLETED, FAILED, CANCELLED = JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED

TERMS = IBM_GUIDE.dedicated
BY_CLIENT = "cancelled by its client"
WITH_SESSION = "its session has been closed"


class JobByHand:
    """One job; times in microseconds."""

    __slots__ = ("due", "ended_at", "id", "limit", "reason", "reason_code", "started_at", "status", "submitted_at")

    def __init__(self, job_id: str, at: int, limit: int) -> None:
        self.id = job_id
        self.status = QUEUED
        self.submitted_at = at
        self.limit = limit
        self.started_at: int | None = None
        self.ended_at: int | None = None
        self.due: int | None = None
        self.reason: str | None = None
        self.reason_code: int | None = None


class SessionByHand:
    """One dedicated session under the guide's profile."""

    job_class = JobByHand

    def __init__(self) -> None:
        self.now = 0
        self.state = OPEN
        self.accepting = True
        self.reason: StateReason | None = None
        self.jobs: dict[str, JobByHand] = {}
        self.queued = self.on_device = self.completed = self.failed = self.cancelled = 0
        self.started_at: int | None = None
        self.activated_at: int | None = None
        self.closed_at: int | None = None
        self.last_job_started: int | None = None
        self.last_job_completed: int | None = None
        self.ended_us = 0
        self.ttl_due: int | None = None
        self.idle_due: int | None = None
        self.limits: list[tuple[int, str]] = []

    def handle(self, event: Event) -> tuple[AnyEffect, ...]:
        """One event; returns its effects."""
        at = event.at
        if at < self.now:
            raise ValueError("time ran backwards")
        if (self.idle_due is not None and self.idle_due <= at) or (self.ttl_due is not None and self.ttl_due <= at):
            raise ValueError("a timer is due")
        if self.limits and self.limits[0][0] <= at:
            self._drop_old_limits()
            if self.limits and self.limits[0][0] <= at:
                raise ValueError("a job has run too long")
        kind = event.__class__
        if kind is SubmitRequested:
            effects = self._submit(event)
        elif kind is JobStarted:
            effects = self._start(event)
        elif kind is JobSucceeded or kind is JobFailed or kind is JobReleased:
            effects = self._leave_device(event)
        elif kind is JobCancelRequested:
            effects = self._cancel_job(event)
        elif kind is CloseRequested:
            effects = self._close(event)
        elif kind is CancelRequested:
            effects = self._end(at, StateReason.CANCELLED, "S-20.cancel") if self.state is not CLOSED else ()
        elif kind is OpenRequested:
            self.id = event.session_id
            self.idle_due = at + TERMS.no_submission
            effects = (self._notice(at, "S-01.open"),)
        else:
            raise TypeError(kind)
        self.now = at
        return effects

    def _submit(self, event: SubmitRequested) -> tuple[AnyEffect, ...]:
        job_id = event.job_id
        if job_id in self.jobs:
            raise ValueError("an id is used once")
        if not self.accepting:
            raise ValueError("Session has been closed.")
        asked = event.max_execution
        limit = TERMS.execution_limit
        if asked is not None:
            if not 0 < asked <= TERMS.max_ttl:
                raise ValueError("max_execution_time is not possible")
            limit = min(asked, limit)
        self.jobs[job_id] = self.job_class(job_id, event.at, limit)
        self.queued += 1
        self.idle_due = None
        return (NotifyJob(at=event.at, job_id=job_id, status=QUEUED, row="J-01.submit"),)

    def _start(self, event: JobStarted) -> tuple[AnyEffect, ...]:
        at = event.at
        job = self.jobs.get(event.job_id)
        if job is None or job.status is not QUEUED:
            return ()
        job.status = RUNNING
        job.started_at = at
        job.due = at + job.limit
        heappush(self.limits, (job.due, job.id))
        self.queued -= 1
        self.on_device += 1
        self.last_job_started = at
        told = NotifyJob(at=at, job_id=job.id, status=RUNNING, row="J-01.start")
        if self.state is ACTIVE:
            return (told,)
        if self.started_at is None:
            self.started_at = at
            self.ttl_due = at + TERMS.max_ttl
        self.state = ACTIVE
        self.activated_at = at
        row = "S-09.start" if self.accepting else "S-09.start-draining"
        return (told, self._notice(at, row))

    def _leave_device(self, event: JobSucceeded | JobFailed | JobReleased) -> tuple[AnyEffect, ...]:
        at = event.at
        job = self.jobs.get(event.job_id)
        if job is None or job.due is None:
            return ()
        kind = event.__class__
        if job.status is CANCELLING:
            status = CANCELLED
            self.cancelled += 1
            outcome = "succeeded" if kind is JobSucceeded else "failed" if kind is JobFailed else "released"
            row = f"J-03.{outcome}"
        elif kind is JobSucceeded:
            status = COMPLETED
            self.completed += 1
            row = "J-01.complete"
        elif kind is JobFailed:
            status = FAILED
            self.failed += 1
            row = "J-01.fail"
            job.reason, job.reason_code = event.reason, event.reason_code
        else:
            status = FAILED
            self.failed += 1
            row = "J-06.lost"
            job.reason = "lost"
        job.status = status
        job.ended_at = at
        job.due = None
        self.on_device -= 1
        self.last_job_completed = at
        told = NotifyJob(
            at=at, job_id=job.id, status=status, row=row, reason=job.reason, reason_code=job.reason_code
        )
        return self._ended(event, told)

    def _ended(self, event: JobSucceeded | JobFailed | JobReleased, told: NotifyJob) -> tuple[AnyEffect, ...]:
        """What a job's end means for the session."""
        if self.queued or self.on_device or self.state is CLOSED:
            return (told,)
        at = event.at
        if self.accepting:
            self.idle_due = at + TERMS.interactive_ttl
            return (told,)
        row = "S-19.failed" if told.status is FAILED else "S-19.done"
        return (told, *self._end(at, StateReason.CLOSED, row))

    def _cancel_job(self, event: JobCancelRequested) -> tuple[AnyEffect, ...]:
        at = event.at
        job = self.jobs.get(event.job_id)
        if job is None:
            raise ValueError("Job not found.")
        if job.status is RUNNING:
            job.status = CANCELLING
            job.reason = BY_CLIENT
            return (
                NotifyJob(at=at, job_id=job.id, status=CANCELLING, row="J-03.cancel", reason=BY_CLIENT),
                StopJob(at=at, job_id=job.id, row="J-03.cancel"),
            )
        if job.status is not QUEUED:
            raise ValueError("The job is final and cannot be cancelled.")
        job.status = CANCELLED
        job.ended_at = at
        job.reason = BY_CLIENT
        self.queued -= 1
        self.cancelled += 1
        told = NotifyJob(at=at, job_id=job.id, status=CANCELLED, row="J-02.cancel", reason=BY_CLIENT)
        return self._left_queue(event, told)

    def _left_queue(self, event: JobCancelRequested, told: NotifyJob) -> tuple[AnyEffect, ...]:
        """What a job that leaves the queue means for the session."""
        if self.queued or self.on_device:
            return (told,)
        at = event.at
        if not self.accepting:
            return (told, *self._end(at, StateReason.CLOSED, "S-19.queue-empty"))
        if self.state is ACTIVE:
            self.idle_due = at + TERMS.interactive_ttl
        elif self.state is OPEN:
            self.idle_due = at + TERMS.no_submission
        return (told,)

    def _close(self, event: CloseRequested) -> tuple[AnyEffect, ...]:
        if not self.accepting:
            return ()
        if not self.queued and not self.on_device:
            return self._end(event.at, StateReason.CLOSED, "S-18.close")
        self.accepting = False
        return (self._notice(event.at, f"S-17.{self.state.value}"),)

    def _end(self, at: int, reason: StateReason, row: str) -> tuple[AnyEffect, ...]:
        if self.state is ACTIVE and self.activated_at is not None:
            self.ended_us += at - self.activated_at
        self.state = CLOSED
        self.accepting = False
        self.reason = reason
        self.closed_at = at
        self.idle_due = self.ttl_due = None
        effects: list[AnyEffect] = [self._notice(at, row)]
        if self.queued:
            for job in self.jobs.values():
                if job.status is QUEUED:
                    job.status = FAILED
                    job.ended_at = at
                    job.reason, job.reason_code = WITH_SESSION, 1217
                    effects.append(
                        NotifyJob(
                            at=at, job_id=job.id, status=FAILED, row="S-22.fail", reason=WITH_SESSION, reason_code=1217
                        )
                    )
            self.failed += self.queued
            self.queued = 0
        return tuple(effects)

    def _notice(self, at: int, row: str) -> NotifySession:
        return NotifySession(
            at=at,
            session_id=self.id,
            state=self.state,
            accepting_jobs=self.accepting,
            row=row,
            state_reason=self.reason,
        )

    def _drop_old_limits(self) -> None:
        limits, jobs = self.limits, self.jobs
        while limits and jobs[limits[0][1]].due != limits[0][0]:
            heappop(limits)

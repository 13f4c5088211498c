"""What a client of the plain implementation sees."""

from __future__ import annotations

from sessioncore.core.values import maker

from ..protocol import JobView, SessionView
from .records import PlainJob, PlainSession

session_view, job_view = maker(SessionView), maker(JobView)

TIMED_OUT = ("max_ttl", "interactive_ttl", "no_submission")


def show_session(session: PlainSession, usage: int) -> SessionView:
    """Every field of V-02, and the status of V-01. ``usage`` is in microseconds."""
    return session_view(
        id=session.id,
        state=session.state,
        accepting_jobs=session.accepting,
        status=azure_status(session) if session.half.status_names == "azure" else status(session),
        mode=session.mode,
        state_reason=session.reason,
        max_time=session.max_ttl,
        interactive_timeout=session.interactive,
        active_timeout=session.max_ttl,
        usage_time=usage,
        created_at=session.created,
        started_at=session.started,
        activated_at=session.activated,
        closed_at=session.closed,
        last_job_started=session.last_started,
        last_job_completed=session.last_completed,
    )


def show_job(job: PlainJob) -> JobView:
    """One job; a job that is being stopped is cancelled already (J-03)."""
    return job_view(id=job.id, status="cancelled" if job.status == "cancelling" else job.status, reason_code=job.code)


def status(session: PlainSession) -> str:
    """V-01."""
    if session.state == "closed":
        return "Closed"
    if session.state == "active":
        return "In progress, accepting new jobs" if session.accepting else "In progress, not accepting new jobs"
    return "Pending"


def azure_status(session: PlainSession) -> str:
    """The names of another vendor, whose last one depends on how the jobs ended."""
    if session.state == "active":
        return "Executing"
    if session.state != "closed":
        return "Waiting"
    if session.reason in TIMED_OUT:
        return "TimedOut"
    if session.reason == "job_failed" or (session.failed and not session.completed):
        return "Failed"
    return "Failure(s)" if session.failed else "Succeeded"

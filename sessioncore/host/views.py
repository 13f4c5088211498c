"""How the core's values and the host's facts become what an owner sees. Translation only: tables, no decisions."""

from __future__ import annotations

from sessioncore.core.device_core import DeviceCore
from sessioncore.core.errors import HostError
from sessioncore.core.job import Job
from sessioncore.core.states import JobStatus
from sessioncore.core.views import status

from .ledger import CLIENT_FINAL, HostJob, HostSession
from .values import JobView, SessionView

CLIENT_STATUS = {
    JobStatus.QUEUED: "Queued",
    JobStatus.RUNNING: "Running",
    JobStatus.CANCELLING: "Cancelled",
    JobStatus.COMPLETED: "Completed",
    JobStatus.CANCELLED: "Cancelled",
    JobStatus.FAILED: "Failed",
}
"""The client's word for every status (J-03, ibm-rest 7)."""

REMEDIES = {
    1217: "Open a new session and submit the job there. Close a session, rather than cancel it, to let its"
    " queue run; the queue must be done within the session's max_ttl.",
    1305: "Give the job less to do, or a longer max_execution_time within the limits of session and device.",
    1208: "Mend what the job's reason and log name, and submit it again.",
}
"""What to do about a job that did not complete, by the vendor's number."""

REMEDY_LOST = "Submit it again: the device lost it, and nothing is known about its run."
REMEDY_FAILED = "Read the job's log, mend the program or its inputs, and submit it again."


def session_view(core: DeviceCore, known: HostSession, at: int) -> SessionView:
    """The session at ``at`` (microseconds)."""
    session = core.session(known.id)
    if session is None:
        raise HostError(f"the core of {known.device} lost session {known.id}", rule="J-09")
    return SessionView(
        id=session.id,
        backend_name=known.device,
        mode=session.mode,
        state=session.state,
        state_reason=session.state_reason,
        accepting_jobs=session.accepting_jobs,
        max_ttl=session.max_ttl,
        active_ttl=session.active_ttl,
        interactive_ttl=session.interactive_ttl,
        created_at=session.created_at,
        started_at=session.started_at,
        activated_at=session.activated_at,
        closed_at=session.closed_at,
        last_job_started=session.last_job_started,
        last_job_completed=session.last_job_completed,
        usage=session.usage(at),
        status=status(session),
        timestamps=tuple(known.timestamps),
        user=known.user,
        instance=known.instance,
        timers=core.timers(known.id),
        jobs={str(word): known.counts[word] for word in JobStatus if word is not JobStatus.NONE},
        story=core.story(known.id),
    )


def job_view(core: DeviceCore, known: HostJob, at: int) -> JobView:
    """The job at ``at`` (microseconds)."""
    job = core.job(known.id)
    assert job is not None  # the ledger forgets no job before its core
    return JobView(
        id=job.id,
        backend_name=known.device,
        session_id=known.session_id,
        program_id=known.program_id,
        status=job.status,
        client_status=CLIENT_STATUS[job.status],
        final=job.status in CLIENT_FINAL,
        reason=job.reason,
        reason_code=job.reason_code,
        remedy=_remedy(job),
        tags=known.tags,
        private=known.private,
        max_execution=known.max_execution,
        created_at=job.submitted_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
        usage=job.usage(at),
        user=known.user,
        instance=known.instance,
        log_level=known.log_level,
        image=known.image,
        calibration_id=known.calibration_id,
        metrics=known.metrics,
        attempt=known.attempt,
    )


def _remedy(job: Job) -> str | None:
    told = REMEDIES.get(job.reason_code or 0)
    if told is not None or job.status is not JobStatus.FAILED:
        return told
    return REMEDY_LOST if job.reason == "lost" else REMEDY_FAILED

"""What a person sees of a session: V-01 and V-02, as pure functions."""

from __future__ import annotations

from typing import Any

from .session import Session
from .states import SessionState, StateReason

_IN_PROGRESS = {True: "In progress, accepting new jobs", False: "In progress, not accepting new jobs"}
_TIMED_OUT = frozenset((StateReason.INTERACTIVE_TTL, StateReason.MAX_TTL, StateReason.NO_SUBMISSION))


def status(session: Session) -> str:
    """The status as ``Session.status()`` of the vendor's client words it (V-01), or with another profile's names."""
    if session.terms.parameters.status_names == "azure":
        return _azure_status(session)
    state = session.state
    if state is SessionState.ACTIVE:
        return _IN_PROGRESS[session.accepting_jobs]
    return "Closed" if state is SessionState.CLOSED else "Pending"


def wire_status(state: str, accepting_jobs: bool) -> str:
    """V-01 from the wire's own fields, as the vendor's client reads them.

    ``pending_inactive`` and ``pending_closed``, which other services send and ours never does, are read as in
    progress. Any other word is shown with a capital.
    """
    match state:
        case "open" | "inactive":
            return "Pending"
        case "active":
            return _IN_PROGRESS[accepting_jobs]
        case "pending_inactive":
            return _IN_PROGRESS[True]
        case "pending_closed":
            return _IN_PROGRESS[False]
        case _:
            return state.capitalize()


def _azure_status(session: Session) -> str:
    """Azure's names; the last one depends on how the jobs ended. Decided here where the client does not say."""
    state = session.state
    if state is not SessionState.CLOSED:
        return "Executing" if state is SessionState.ACTIVE else "Waiting"
    if session.state_reason in _TIMED_OUT:
        return "TimedOut"
    if session.state_reason is StateReason.JOB_FAILED:
        return "Failed"
    if session.failed:
        return "Failure(s)" if session.completed else "Failed"
    return "Succeeded"


def details(session: Session, at: int) -> dict[str, Any]:
    """What ``Session.details()`` of the vendor's client shows (V-02), with times in microseconds.

    ``backend_name`` is the host's to add: a core knows no devices but its own.
    """
    return {
        "id": session.id,
        "interactive_timeout": session.interactive_ttl,
        "max_time": session.max_ttl,
        "active_timeout": session.active_ttl,
        "state": str(session.state),
        "accepting_jobs": session.accepting_jobs,
        "last_job_started": session.last_job_started,
        "last_job_completed": session.last_job_completed,
        "started_at": session.started_at,
        "closed_at": session.closed_at,
        "activated_at": session.activated_at,
        "mode": str(session.mode),
        "usage_time": session.usage(at),
    }

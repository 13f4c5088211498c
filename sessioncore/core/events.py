"""Everything that can happen to a session, a job or a device.

Requests come from clients and operators, reports come from devices, timers come from the core itself, and
:class:`Advanced` says that time passed and nothing else. The class name is the ``type`` in a trace.

Times (``at``) and durations are integer microseconds; ``at`` counts from any origin that the host likes (the
service uses the Unix epoch).
"""

from __future__ import annotations

from typing import final

from .states import Mode
from .values import value


@value
class Event:
    """Something that happened at the instant ``at`` (microseconds)."""

    at: int


# --- requests ------------------------------------------------------------------------------------------


@final
@value
class OpenRequested(Event):
    """A client creates a session (S-01). ``max_ttl`` in microseconds; None takes the profile's (S-03).

    ``instance`` is the account that pays, used by the ``fair_share`` policy (D-03).
    """

    session_id: str
    mode: Mode = Mode.DEDICATED
    max_ttl: int | None = None
    instance: str = ""


@final
@value
class SubmitRequested(Event):
    """A client submits a job, into a session or (``session_id`` None) in job mode (S-05).

    ``max_execution`` in microseconds; None means the profile's cap alone (J-05). ``instance`` is the account
    that pays for a job of its own; a session's job belongs to the instance of its session.
    """

    job_id: str
    session_id: str | None = None
    max_execution: int | None = None
    instance: str = ""


@final
@value
class CloseRequested(Event):
    """A client closes a session: no new jobs, what was accepted still runs (S-17, S-18)."""

    session_id: str


@final
@value
class CancelRequested(Event):
    """A client cancels a session: closed at once, queued jobs fail (S-20)."""

    session_id: str


@final
@value
class JobCancelRequested(Event):
    """A client cancels one job (J-02 to J-04)."""

    job_id: str


@final
@value
class PauseRequested(Event):
    """An operator pauses the device: it starts nothing until resumed (D-05)."""


@final
@value
class OfflineRequested(Event):
    """An operator takes the device offline: for jobs the same as a pause (D-05, T-06)."""


@final
@value
class ResumeRequested(Event):
    """An operator brings the device back online (D-05)."""


# --- reports -------------------------------------------------------------------------------------------


@final
@value
class JobStarted(Event):
    """A host's own scheduler started the job. For ``SessionCore`` alone: a ``DeviceCore`` decides itself (T-05)."""

    job_id: str


@final
@value
class JobSucceeded(Event):
    """The device finished the job and has its result."""

    job_id: str


@final
@value
class JobFailed(Event):
    """The device finished the job with an error; ``reason`` is for people, ``reason_code`` the vendor's number."""

    job_id: str
    reason: str = ""
    reason_code: int | None = None


@final
@value
class JobReleased(Event):
    """The device let the job go without an outcome: it was stopped, or lost (J-06)."""

    job_id: str


# --- time ----------------------------------------------------------------------------------------------


@final
@value
class Advanced(Event):
    """Time passed up to and including ``at``, and everything due by then took effect (T-03)."""


# --- timers: made by the core, never handed in -----------------------------------------------------------


@final
@value
class MaxTtlExpired(Event):
    """The session's maximum lifetime is over (S-15)."""

    session_id: str


@final
@value
class UsageLimitReached(Event):
    """The session's usage is the limit or more (S-25)."""

    session_id: str


@final
@value
class InteractiveTtlExpired(Event):
    """An active session had no work for its interactive TTL (S-14)."""

    session_id: str


@final
@value
class NoSubmissionExpired(Event):
    """A session that never started had no work for too long (S-16)."""

    session_id: str


@final
@value
class ExecutionLimitExpired(Event):
    """A running job reached the time it may run (J-05)."""

    job_id: str


REQUESTS = (
    OpenRequested,
    SubmitRequested,
    CloseRequested,
    CancelRequested,
    JobCancelRequested,
    PauseRequested,
    OfflineRequested,
    ResumeRequested,
)
REPORTS = (JobStarted, JobSucceeded, JobFailed, JobReleased)
TIMERS = (MaxTtlExpired, UsageLimitReached, InteractiveTtlExpired, NoSubmissionExpired, ExecutionLimitExpired)
"""In the order in which timers due at one instant fire (T-02)."""

"""What the core asks its host to do. The host carries effects out in the order given.

``StartJob`` and ``StopJob`` go to the device, ``NotifySession`` and ``NotifyJob`` to whoever watches. ``row`` is the
id of the chart row that caused the effect, so that every line of a log leads back to its rule.
"""

from __future__ import annotations

from typing import TypeAlias, final

from .states import DeviceState, JobStatus, SessionState, StateReason
from .values import value


@value
class Effect:
    """Something to be done because of what happened at ``at`` (microseconds)."""

    at: int


@final
@value
class StartJob(Effect):
    """Put the job on the device; it holds a lane from ``at`` on (T-05)."""

    job_id: str


@final
@value
class StopJob(Effect):
    """Ask the device to let the job go; its lane is free only when a report says so (J-03, J-05)."""

    job_id: str
    row: str


@final
@value
class NotifyJob(Effect):
    """A job's status changed. ``reason_code`` is the vendor's number where there is one (S-22, J-05)."""

    job_id: str
    status: JobStatus
    row: str
    reason: str | None = None
    reason_code: int | None = None


@final
@value
class NotifySession(Effect):
    """A session's state or its accepting flag changed."""

    session_id: str
    state: SessionState
    accepting_jobs: bool
    row: str
    state_reason: StateReason | None = None


@final
@value
class NotifyDevice(Effect):
    """A device went online, was paused or went offline (D-05)."""

    state: DeviceState
    row: str


AnyEffect: TypeAlias = StartJob | StopJob | NotifyJob | NotifySession | NotifyDevice

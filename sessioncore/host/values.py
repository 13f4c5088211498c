"""What goes in and out of the runtime: who asks, what is asked, and what is shown.

Times and lengths of time are integer microseconds, times since the Unix epoch. Views are pictures of one instant;
nothing in them changes afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from sessioncore.core.errors import Story
from sessioncore.core.states import DeviceState, JobStatus, Mode, SessionState, StateReason
from sessioncore.core.values import value
from sessioncore.ports import Backend, Json, Limits


@final
@value
class Caller:
    """Who asks. What another ``instance`` owns is "not found" (404); ``user`` is told, and decides nothing."""

    instance: str = "default"
    user: str = "local"


@final
@value
class DeviceSpec:
    """One device to run: its adapter, and how many jobs may be on it at once."""

    backend: Backend
    lanes: int = 1


@final
@value
class HostLimits:
    """Bounds on everything a host keeps. What would cross one is refused before it is accepted.

    Counts unless the name ends in a unit. ``stored_bytes_max`` is over all payloads, results and tags kept;
    ``attempt`` is what one attempt may use in its worker.
    """

    sessions_max: int = 100_000
    jobs_max: int = 1_000_000
    queued_max: int = 100_000
    """Queued jobs of one device."""
    journal_max: int = 4_000_000
    """Journal records. The last eighth is kept for work accepted before, so that it can end."""
    payload_bytes_max: int = 64 * 2**20
    result_bytes_max: int = 256 * 2**20
    stored_bytes_max: int = 4 * 2**30
    log_chars_max: int = 1_000_000
    """Of one job's log; what is kept is its end."""
    metrics_chars_max: int = 100_000
    """Of one job's metrics as JSON; larger ones are dropped."""
    tags_max: int = 100
    """Tags of one job."""
    tag_chars_max: int = 1_000
    timestamps_max: int = 1_000
    """State changes remembered of one session, the latest ones."""
    page_max: int = 1_000
    """Jobs in one page of a listing; also the page of a request that names no limit."""
    watchers_max: int = 10_000
    """Futures that wait for a job to become final."""
    subscribers_max: int = 100
    unread_max: int = 100_000
    """Journal records that wait for slow subscribers; what comes on top is dropped and counted."""
    attempt: Limits = Limits()


@final
@value
class JobRequest:
    """A submission. ``params`` is the job's ``params`` object as JSON bytes, which nobody here decodes.

    ``session_id`` None is job mode. ``max_execution`` in microseconds. ``private``: see J-08.
    """

    backend: str
    program_id: str
    params: bytes
    session_id: str | None = None
    tags: tuple[str, ...] = ()
    private: bool = False
    max_execution: int | None = None
    log_level: str = "WARNING"
    image: str | None = None
    calibration_id: str | None = None


@final
@value
class JobFilter:
    """Which jobs to list. Conditions that are given must all hold; ``tags`` must all be on the job (J-07).

    ``pending`` True asks for jobs that are not final to the client, False for those that are. ``created_after`` and
    ``created_before`` are inclusive. ``limit`` and ``offset`` apply after sorting.
    """

    limit: int | None = None
    offset: int = 0
    backend: str | None = None
    pending: bool | None = None
    program_id: str | None = None
    tags: tuple[str, ...] = ()
    session_id: str | None = None
    created_after: int | None = None
    created_before: int | None = None
    ascending: bool = False


@final
@value
class SessionView:
    """One session as its owner sees it; ``status`` is the text of V-01.

    ``timestamps`` are the states it entered, oldest first; ``timers`` those armed now with their deadlines; ``jobs``
    counts every job it ever accepted by status; ``story`` is its last steps.
    """

    id: str
    backend_name: str
    mode: Mode
    state: SessionState
    state_reason: StateReason | None
    accepting_jobs: bool
    max_ttl: int | None
    active_ttl: int | None
    interactive_ttl: int | None
    created_at: int
    started_at: int | None
    activated_at: int | None
    closed_at: int | None
    last_job_started: int | None
    last_job_completed: int | None
    usage: int
    status: str
    timestamps: tuple[tuple[str, int], ...]
    user: str
    instance: str
    timers: tuple[tuple[str, int], ...]
    jobs: Mapping[str, int]
    story: Story


@final
@value
class JobView:
    """One job as its owner sees it.

    ``status`` is the core's; ``client_status`` and ``final`` are the client's, for whom a job that is being cancelled
    is cancelled already (J-03). ``remedy`` says what to do about a job that did not complete.
    """

    id: str
    backend_name: str
    session_id: str | None
    program_id: str
    status: JobStatus
    client_status: str
    final: bool
    reason: str | None
    reason_code: int | None
    remedy: str | None
    tags: tuple[str, ...]
    private: bool
    max_execution: int | None
    created_at: int
    started_at: int | None
    ended_at: int | None
    usage: int
    user: str
    instance: str
    log_level: str
    image: str | None
    calibration_id: str | None
    metrics: Mapping[str, Json]
    attempt: int


@final
@value
class DeviceView:
    """One device as clients see it; a held one is online to them. ``queue_length`` counts all jobs not ended.

    ``active_session`` is the dedicated session that has the device to itself (D-01).
    """

    name: str
    state: DeviceState
    held: bool
    queue_length: int
    lanes: int
    running: int
    qubits: int
    simulator: bool
    active_session: str | None

"""What only the host knows about sessions and jobs, and the sums that make views quick.

Everything the core decides reaches the ledger as an effect; nothing here decides anything. Every method is called
under the runtime's lock.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import final

import attrs

from sessioncore.core.device_core import DeviceCore
from sessioncore.core.effects import NotifyJob, NotifySession
from sessioncore.core.job import FINAL
from sessioncore.core.states import JobStatus, Mode, SessionState
from sessioncore.ports import Json

CLIENT_FINAL = FINAL | {JobStatus.CANCELLING}
"""The statuses that a client sees as final: a job that is being cancelled is cancelled to it (J-03)."""


def tags_bytes(tags: Sequence[str]) -> int:
    """What a job's tags take in the journal."""
    return len(json.dumps(list(tags))) if tags else 0


@final
@attrs.define(kw_only=True, eq=False)
class HostSession:
    """One session: whose it is, where it is, and what was told about it."""

    id: str
    device: str
    mode: Mode
    instance: str
    user: str
    timestamps: deque[tuple[str, int]]
    jobs: dict[str, None] = attrs.field(factory=dict)
    counts: Counter[JobStatus] = attrs.field(factory=Counter)


@final
@attrs.define(kw_only=True, eq=False)
class HostJob:
    """One job: whose it is, what was asked for, and what came back. ``status`` is the one last told."""

    id: str
    device: str
    session_id: str | None
    instance: str
    user: str
    program_id: str
    tags: tuple[str, ...]
    private: bool
    max_execution: int | None
    log_level: str
    image: str | None
    calibration_id: str | None
    created_at: int
    payload_bytes: int
    status: JobStatus = JobStatus.NONE
    attempt: int = 1
    result_bytes: int | None = None
    metrics: Mapping[str, Json] = attrs.field(factory=dict)
    deleted: bool = False


@final
class Ledger:
    """Sessions and jobs by id and by owner, and the running sums over them."""

    def __init__(self) -> None:
        self.sessions: dict[str, HostSession] = {}
        self.jobs: dict[str, HostJob] = {}
        self.queued: Counter[str] = Counter()
        """Queued jobs by device."""
        self.stored_bytes = 0
        """Of payloads, results, and all tags that the journal tells of."""
        self._sessions_of: dict[str, dict[str, HostSession]] = {}
        self._jobs_of: dict[str, dict[str, HostJob]] = {}
        self._metered: dict[str, dict[str, None]] = {}
        """By instance, the sessions that started and whose usage may still grow."""
        self._on_lanes: dict[str, dict[str, None]] = {}
        """By instance, the job-mode jobs that hold a lane."""
        self._settled_us: Counter[str] = Counter()
        """By instance, usage that will not change any more, in microseconds."""

    # --- what is kept -----------------------------------------------------------------------------------

    def add_session(self, session: HostSession) -> None:
        """A session was opened."""
        self.sessions[session.id] = session
        self._sessions_of.setdefault(session.instance, {})[session.id] = session

    def add_job(self, job: HostJob) -> None:
        """A job was accepted."""
        self.jobs[job.id] = job
        self._jobs_of.setdefault(job.instance, {})[job.id] = job
        self.stored_bytes += job.payload_bytes + tags_bytes(job.tags)
        if job.session_id is not None:
            self.sessions[job.session_id].jobs[job.id] = None

    def set_tags(self, job: HostJob, tags: tuple[str, ...]) -> None:
        """A job's tags were replaced. The journal keeps the old ones as well, for good."""
        job.tags = tags
        self.stored_bytes += tags_bytes(tags)

    def hide_job(self, job: HostJob) -> None:
        """A job was deleted by its owner: no listing shows it any more."""
        job.deleted = True
        self._jobs_of[job.instance].pop(job.id, None)
        if job.session_id is not None:
            self.sessions[job.session_id].jobs.pop(job.id, None)

    def drop_job(self, job: HostJob) -> None:
        """A deleted job has ended: nothing is kept of it but its place in its session's counts."""
        del self.jobs[job.id]
        self.stored_bytes -= job.payload_bytes + (job.result_bytes or 0)

    def keep_result(self, job: HostJob, size: int, metrics: Mapping[str, Json]) -> None:
        """The result of a completed job has been stored."""
        job.result_bytes = size
        job.metrics = metrics
        self.stored_bytes += size

    def drop_result(self, job: HostJob) -> None:
        """A private result has been handed out (J-08)."""
        self.stored_bytes -= job.result_bytes or 0
        job.result_bytes = None

    # --- what is looked up ------------------------------------------------------------------------------

    def session_of(self, instance: str, session_id: str) -> HostSession | None:
        """The session, if this instance owns it."""
        found = self.sessions.get(session_id)
        return found if found is not None and found.instance == instance else None

    def job_of(self, instance: str, job_id: str) -> HostJob | None:
        """The job, if this instance owns it and has not deleted it."""
        found = self.jobs.get(job_id)
        mine = found is not None and found.instance == instance and not found.deleted
        return found if mine else None

    def sessions_of(self, instance: str) -> list[HostSession]:
        """Every session of an instance, oldest first."""
        return list(self._sessions_of.get(instance, {}).values())

    def jobs_of(self, instance: str, session_id: str | None = None) -> list[HostJob]:
        """Every job of an instance, or of one of its sessions, oldest first; without those deleted."""
        if session_id is None:
            return list(self._jobs_of.get(instance, {}).values())
        session = self.session_of(instance, session_id)
        return [] if session is None else [self.jobs[job_id] for job_id in session.jobs]

    # --- what is told -----------------------------------------------------------------------------------

    def note_session(self, told: NotifySession) -> None:
        """A session changed."""
        session = self.sessions[told.session_id]
        if told.state is SessionState.ACTIVE:
            self._metered.setdefault(session.instance, {})[session.id] = None
        if not session.timestamps or session.timestamps[-1][0] != told.state:
            session.timestamps.append((str(told.state), told.at))

    def note_job(self, told: NotifyJob, core: DeviceCore) -> HostJob:
        """A job changed. Returns it."""
        job = self.jobs[told.job_id]
        self.queued[job.device] += (told.status is JobStatus.QUEUED) - (job.status is JobStatus.QUEUED)
        if job.session_id is not None:
            counts = self.sessions[job.session_id].counts
            counts[told.status] += 1
            if job.status is not JobStatus.NONE:
                counts[job.status] -= 1
        elif told.status in FINAL:
            self._on_lanes.get(job.instance, {}).pop(job.id, None)
            self._settled_us[job.instance] += _job_usage(core, job.id, told.at)
        elif told.status is JobStatus.RUNNING:
            self._on_lanes.setdefault(job.instance, {})[job.id] = None
        job.status = told.status
        return job

    def usage(self, instance: str, cores: Mapping[str, DeviceCore], at: int) -> int:
        """Everything the instance used up to ``at``, in microseconds (U-01, U-02). O(sessions that may still grow)."""
        total = 0
        metered = self._metered.get(instance, {})
        for session_id in list(metered):
            session = cores[self.sessions[session_id].device].session(session_id)
            if session is None:
                continue
            used = session.usage(at)
            if session.closed_at is not None and not session.on_device:
                self._settled_us[instance] += used
                del metered[session_id]
            else:
                total += used
        for job_id in self._on_lanes.get(instance, {}):
            total += _job_usage(cores[self.jobs[job_id].device], job_id, at)
        return total + self._settled_us[instance]


def _job_usage(core: DeviceCore, job_id: str, at: int) -> int:
    """The usage of a job that its core has not forgotten (U-02)."""
    job = core.job(job_id)
    assert job is not None
    return job.usage(at)

"""A whole core as one value: to store it, to compare it, to go on from it elsewhere.

Only facts are kept; heaps, places and counts of lanes are made anew from them (derive, don't store twice).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from .chart import CHART_VERSION
from .errors import HostError, Story
from .job import FINAL, ON_DEVICE, QUEUED, Job
from .job_chart import job_chart
from .parameters import Policy, Profile
from .session import Session
from .states import DeviceState
from .values import value
from .workload import Workload

if TYPE_CHECKING:
    from .engine import Engine

SNAPSHOT_VERSION = 1


@final
@value
class SessionRecord:
    """A session, its place in the order of creation, and its last steps."""

    number: int
    session: Session
    story: Story


@final
@value
class DeviceSnapshot:
    """What a device knows besides its sessions and jobs. ``holders`` are in the order in which they became active;
    ``settled_at`` is when it last asked who may start (T-05)."""

    id: str
    lanes: int
    state: DeviceState
    policy: Policy
    holders: tuple[str, ...]
    settled_at: int
    shares: tuple[tuple[str, int, int, tuple[tuple[int, int, int], ...]], ...]


@final
@value
class Snapshot:
    """Sessions in the order of creation, jobs in the order of submission; equal snapshots behave alike for ever."""

    version: int = SNAPSHOT_VERSION
    chart: int = CHART_VERSION
    profile: Profile
    now: int
    next_session: int
    next_job: int
    sessions: tuple[SessionRecord, ...]
    jobs: tuple[Job, ...]
    fired: tuple[tuple[str, int], ...]
    device: DeviceSnapshot | None = None


def save_engine(engine: Engine, device: DeviceSnapshot | None) -> Snapshot:
    """The snapshot of an engine."""
    loads = ((load, session) for load in engine._workloads.values() if (session := load.look()) is not None)
    records = (SessionRecord(number=load.number, session=session, story=tuple(load.story)) for load, session in loads)
    return Snapshot(
        profile=engine.profile,
        now=engine.now,
        next_session=engine._next_session,
        next_job=engine._next_job,
        sessions=tuple(records),
        jobs=tuple(engine.jobs.values()),
        fired=tuple(sorted(engine._fired.items())),
        device=device,
    )


def load_engine(engine: Engine, snapshot: Snapshot) -> None:
    """Fill a new engine from a snapshot. Raises :class:`HostError` for a version that this code does not know."""
    if (snapshot.version, snapshot.chart) != (SNAPSHOT_VERSION, CHART_VERSION):
        raise HostError(
            f"the snapshot has version {snapshot.version} of chart {snapshot.chart};"
            f" this code reads version {SNAPSHOT_VERSION} of chart {CHART_VERSION}",
            rule="T-03",
        )
    engine._fired.update(snapshot.fired)
    engine._next_session = snapshot.next_session
    engine._next_job = snapshot.next_job
    for record in snapshot.sessions:
        session = record.session
        cells = job_chart(session.terms.parameters.switches).cells
        load = Workload(session.id, record.number, session.instance, cells, session)
        load.story.extend(record.story)
        engine._workloads[session.id] = load
    for job in snapshot.jobs:
        _load_job(engine, job)
    engine._rebuild_timers()


def _load_job(engine: Engine, job: Job) -> None:
    """Put a job where its status says: a queue, a lane, or nowhere."""
    engine._jobs[job.id] = job
    if job.session_id is None:
        load = engine._solo[job.id] = Workload(job.id, job.number, job.instance, job_chart(job.switches).cells)
    elif job.session_id in engine._workloads:
        load = engine._workloads[job.session_id]
    elif job.status in FINAL:
        return  # its session has been forgotten
    else:
        raise HostError(f"the snapshot has job {job.id} of session {job.session_id}, but not that session", rule="J-09")
    if job.status is QUEUED:
        load.queue.append(job.id)
    elif job.status in ON_DEVICE:
        load.on_device[job.id] = None
        engine._lanes_taken += 1

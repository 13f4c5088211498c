"""Every invariant that can be read off one snapshot. For tests, searches and doubts: O(n).

Invariants that need two moments (accepting never comes back, ``started_at`` is set once, ...) are watched by the tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from .errors import InvariantError
from .job import FINAL, ON_DEVICE, QUEUED, RUNNING
from .session import ACCEPTING, STARTED, Session
from .snapshot import DeviceSnapshot, Snapshot
from .states import Configuration, JobStatus

CLOSED = Configuration.CLOSED
NEVER_STARTED = frozenset((Configuration.OPEN, Configuration.OPEN_DRAINING))
INACTIVE = frozenset((Configuration.INACTIVE, Configuration.INACTIVE_DRAINING))

Law: TypeAlias = tuple[str, str, Callable[[Session, int], bool]]
"""(rule, what must hold, whether it holds for a session at the snapshot's time)."""


def _ordered(*times: int | None) -> bool:
    """Whether the times that have happened are in order."""
    happened = [time for time in times if time is not None]
    return happened == sorted(happened)


SESSION_LAWS: tuple[Law, ...] = (
    ("S-20", "closed means nothing queued", lambda s, _: s.configuration is not CLOSED or s.queued == 0),
    ("S-20", "closed, closed_at and state_reason come together",
     lambda s, _: (s.configuration is CLOSED) == (s.closed_at is not None) == (s.state_reason is not None)),
    ("S-19", "not accepting and no work means closed",
     lambda s, _: s.configuration in ACCEPTING or s.configuration is CLOSED or s.queued + s.on_device > 0),
    ("S-14", "inactive means none of its jobs is on the device",
     lambda s, _: s.configuration not in INACTIVE or s.on_device == 0),
    ("S-09", "open means never started", lambda s, _: s.configuration not in NEVER_STARTED or s.started_at is None),
    ("S-09", "active and inactive mean started",
     lambda s, _: s.started_at is not None or s.configuration in NEVER_STARTED or s.configuration is CLOSED),
    ("S-11", "started and activated come together", lambda s, _: (s.started_at is None) == (s.activated_at is None)),
    ("S-09", "times are in order",
     lambda s, now: _ordered(s.created_at, s.started_at, s.activated_at, s.closed_at, now)),
    ("S-13", "work ran out exactly if there is none",
     lambda s, _: s.configuration is CLOSED or (s.work_ran_out_at is None) == (s.queued + s.on_device > 0)),
    ("S-15", "a started session is closed at its max TTL deadline",
     lambda s, now: s.configuration is CLOSED or s.max_ttl_due is None or now <= s.max_ttl_due),
    ("S-03", "the interactive TTL is within the max TTL",
     lambda s, _: s.interactive_ttl is None or s.max_ttl is None or s.interactive_ttl <= s.max_ttl),
    ("S-25", "no more jobs are accepted than the limit allows",
     lambda s, _: s.terms.parameters.job_limit is None or s.accepted <= s.terms.parameters.job_limit),
    ("U-01", "usage is not negative and was metered in the past",
     lambda s, now: s.metered_us >= 0 and s.metered_at <= now),
    ("J-01", "no count is negative",
     lambda s, _: min(s.queued, s.on_device, s.completed, s.failed, s.cancelled) >= 0),
)  # fmt: skip


def check_snapshot(snapshot: Snapshot) -> None:
    """Check every session, every job, that both agree, and the device if there is one. Raises
    :class:`InvariantError`."""
    for rule, what in _faults(snapshot):
        raise InvariantError(what, rule=rule)


def _faults(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """What is wrong, as (rule, what)."""
    found = Counter((job.session_id, job.status) for job in snapshot.jobs)
    for record in snapshot.sessions:
        session = record.session
        for rule, law, holds in SESSION_LAWS:
            if not holds(session, snapshot.now):
                yield rule, f"session {session.id}: {law}"
        yield from _count_faults(session, {status: found[session.id, status] for status in JobStatus})
    yield from _job_faults(snapshot)
    if snapshot.device is not None:
        yield from _device_faults(snapshot, snapshot.device)


def _count_faults(session: Session, found: Mapping[JobStatus, int]) -> Iterator[tuple[str, str]]:
    """The session's counts are those of its jobs. Jobs that ended may have been forgotten; open ones may not."""
    queued, on_device = found[QUEUED], sum(found[status] for status in ON_DEVICE)
    if (session.queued, session.on_device) != (queued, on_device):
        yield (
            "J-01",
            (
                f"session {session.id} counts {session.queued} queued and {session.on_device} on the device;"
                f" its jobs are {queued} and {on_device}"
            ),
        )
    ended = (session.completed, session.failed, session.cancelled)
    kept = (found[JobStatus.COMPLETED], found[JobStatus.FAILED], found[JobStatus.CANCELLED])
    if any(have > count for have, count in zip(kept, ended, strict=True)):
        yield "J-01", f"session {session.id} counts {ended} ended jobs, but there are {kept}"


def _job_faults(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    for job in snapshot.jobs:
        if (job.ended_at is not None) != (job.status in FINAL):
            yield "J-01", f"job {job.id} is {job.status} and ended at {job.ended_at}"
        if job.status is QUEUED and job.started_at is not None:
            yield "J-01", f"job {job.id} is queued and started at {job.started_at}"
        if job.status in ON_DEVICE and job.started_at is None:
            yield "J-01", f"job {job.id} is {job.status} and never started"
        if not _ordered(job.submitted_at, job.started_at, job.ended_at, snapshot.now):
            yield "T-04", f"the times of job {job.id} are out of order"
        if job.status is RUNNING and job.execution_limit_due is not None and job.execution_limit_due < snapshot.now:
            yield "J-05", f"job {job.id} runs beyond its execution limit"


def _device_faults(snapshot: Snapshot, device: DeviceSnapshot) -> Iterator[tuple[str, str]]:
    lanes_taken = sum(job.status in ON_DEVICE for job in snapshot.jobs)
    if lanes_taken > device.lanes:
        yield "D-04", f"{lanes_taken} jobs are on a device with {device.lanes} lanes"
    sessions = [record.session for record in snapshot.sessions]
    active = [one for one in sessions if one.terms.parameters.exclusive == "yes" and one.configuration in STARTED]
    if sorted(session.id for session in active) != sorted(device.holders):
        yield "D-01", f"the holders are {device.holders}, the active exclusive sessions {[s.id for s in active]}"
    at_creation = any(session.terms.parameters.start_event == "create" for session in active)
    if len(active) > 1 and not at_creation:
        yield "D-01", f"{len(active)} exclusive sessions are active at once"
    for session in active:
        if session.on_device and session.on_device != lanes_taken:
            yield "D-01", f"jobs of others are on the device beside those of the active session {session.id}"

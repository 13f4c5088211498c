"""The laws of semantics.md, section 2, stated over what anybody can see: snapshots before and after, and effects.

:func:`check_state` looks at one moment, :func:`check_step` at two moments and the effects between them. Both raise
AssertionError with the rule's id. They share no code with ``sessioncore.core.invariants``.
"""

from __future__ import annotations

from collections.abc import Sequence

from sessioncore.core import (
    CancelRequested,
    Configuration,
    DeviceCore,
    Effect,
    Event,
    Job,
    JobStatus,
    NotifyJob,
    NotifySession,
    Session,
    SessionCore,
    SessionState,
    Snapshot,
    StartJob,
    StopJob,
    SubmitRequested,
)
from sessioncore.core.errors import InvariantError

Core = SessionCore | DeviceCore

ENDED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)
ON_DEVICE = (JobStatus.RUNNING, JobStatus.CANCELLING)
INACTIVE = (Configuration.INACTIVE, Configuration.INACTIVE_DRAINING)
PROGRESS = {
    JobStatus.QUEUED: 0,
    JobStatus.RUNNING: 1,
    JobStatus.CANCELLING: 2,
    JobStatus.COMPLETED: 3,
    JobStatus.FAILED: 3,
    JobStatus.CANCELLED: 3,
}
"""No job ever goes back (J-01)."""


def exclusive(session: Session) -> bool:
    """Whether it wants the device for itself."""
    return session.terms.parameters.exclusive == "yes"


# --- one moment ------------------------------------------------------------------------------------------------


def check_state(core: Core, snapshot: Snapshot | None = None) -> None:
    """Every law that one moment can break, the core's own ``check`` and the way through a snapshot included."""
    snapshot = core.snapshot() if snapshot is None else snapshot
    jobs = snapshot.jobs
    for record in snapshot.sessions:
        _check_session(record.session, [job for job in jobs if job.session_id == record.session.id], snapshot.now)
    if snapshot.device is not None:
        _check_device(snapshot)
    try:
        core.check()
    except InvariantError as error:
        raise AssertionError(f"check(): {error}") from error
    assert type(core).restore(snapshot).snapshot() == snapshot, "restore(snapshot) is not the same core"


def _check_session(session: Session, jobs: list[Job], now: int) -> None:
    queued = sum(job.status is JobStatus.QUEUED for job in jobs)
    on_device = sum(job.status in ON_DEVICE for job in jobs)
    if session.state is SessionState.CLOSED:
        assert not session.accepting_jobs, "S-20: closed and accepting"
        assert queued == 0, "S-22: closed with a queue"
        assert session.closed_at is not None, "S-20: closed and no time of it"
        assert session.state_reason is not None, "S-20: closed for no reason"
    elif not session.accepting_jobs:
        assert queued + on_device, "S-19: not accepting, no work, and not closed"
    if session.state is SessionState.OPEN:
        assert session.started_at is None, "S-09: open and started"
        assert on_device == 0, "S-09: open with a job on the device"
    if session.configuration in INACTIVE:
        assert on_device == 0, "S-14: inactive with a job on the device"
    if session.started_at is not None and session.max_ttl is not None:
        assert session.max_ttl_due == session.started_at + session.max_ttl, "S-10: the deadline moved"
        if session.state is not SessionState.CLOSED:
            assert now <= session.started_at + session.max_ttl, "S-15: alive beyond its max TTL"
    counts = [sum(job.status is status for job in jobs) for status in ENDED]
    assert counts == [session.completed, session.failed, session.cancelled], "J-01: counts of ended jobs"
    assert session.accepted == sum(counts) + queued + on_device == len(jobs), "J-01: a job was lost or made up"


def _check_device(snapshot: Snapshot) -> None:
    device = snapshot.device
    assert device is not None
    on_device = [job for job in snapshot.jobs if job.status in ON_DEVICE]
    assert len(on_device) <= device.lanes, "D-04: more jobs than lanes"
    holders = [r.session for r in snapshot.sessions if exclusive(r.session) and r.session.state is SessionState.ACTIVE]
    if all(session.terms.parameters.start_event == "first_dispatch" for session in holders):
        assert len(holders) <= 1, "D-01: two exclusive sessions are active"
        for session in holders:
            assert all(job.session_id == session.id for job in on_device), "D-02: others are on its device"


# --- two moments -----------------------------------------------------------------------------------------------


def check_step(before: Snapshot, event: Event | None, effects: Sequence[Effect], after: Snapshot) -> None:
    """Every law over one ``handle(event)``, or over one ``advance`` or refusal (``event`` None)."""
    earlier = {record.session.id: record.session for record in before.sessions}
    later = {record.session.id: record.session for record in after.sessions}
    assert set(earlier) <= set(later), "S-01: a session vanished"
    for name, session in earlier.items():
        _check_session_step(session, later[name], before.now, after.now)
    jobs = {job.id: job for job in before.jobs}
    now_jobs = {job.id: job for job in after.jobs}
    assert set(jobs) <= set(now_jobs), "J-01: a job vanished"
    for name, job in jobs.items():
        _check_job_step(job, now_jobs[name])
    _check_effects(before, effects, after)
    if after.device is not None or any(isinstance(effect, StartJob) for effect in effects):
        _check_starts(before, effects, after)
    if isinstance(event, SubmitRequested) and event.session_id is not None:
        assert earlier[event.session_id].accepting_jobs, "S-06: a submission was taken after acceptance ended"
    if isinstance(event, CancelRequested) and earlier[event.session_id].state is not SessionState.CLOSED:
        _check_cancel(earlier[event.session_id], jobs, now_jobs, later[event.session_id])


def _check_session_step(was: Session, now: Session, then: int, time: int) -> None:
    assert was.terms == now.terms, "S-01: the terms changed"
    assert was.accepting_jobs or not now.accepting_jobs, "S-17: accepting came back"
    if was.started_at is not None:
        assert now.started_at == was.started_at, "S-09: started twice"
        assert now.max_ttl_due == was.max_ttl_due, "S-10: the max TTL deadline moved"
    if was.state is SessionState.CLOSED:
        assert now.state is SessionState.CLOSED, "S-21: closed and reopened"
        assert (now.closed_at, now.state_reason) == (was.closed_at, was.state_reason), "S-21: closed twice"
    if was.state is not SessionState.OPEN:
        assert now.state is not SessionState.OPEN, "S-09: open again"
    assert now.accepted >= was.accepted, "J-01: an accepted job is gone"
    assert now.usage(time) >= was.usage(then), "U-01: usage shrank"


def _check_job_step(was: Job, now: Job) -> None:
    if was.status in ENDED:
        assert now == was, "J-01: a final status changed"
    assert PROGRESS[now.status] >= PROGRESS[was.status], "J-01: a job went back"
    assert now.status is was.status or PROGRESS[now.status] > PROGRESS[was.status], "J-01: a status changed sideways"
    if was.started_at is not None:
        assert now.started_at == was.started_at, "J-01: a job started twice"


def _check_effects(before: Snapshot, effects: Sequence[Effect], after: Snapshot) -> None:
    """What was told is what is: times in order, and the last word about everything that changed is true."""
    times = [effect.at for effect in effects]
    assert times == sorted(times), "T-02: effects out of order"
    assert all(before.now <= time <= after.now for time in times), "T-02: an effect outside its time"
    told_jobs = {effect.job_id: effect.status for effect in effects if isinstance(effect, NotifyJob)}
    told = {e.session_id: (e.state, e.accepting_jobs) for e in effects if isinstance(e, NotifySession)}
    old_jobs = {job.id: job.status for job in before.jobs}
    for job in after.jobs:
        if job.id in told_jobs or old_jobs.get(job.id) is not job.status:
            assert told_jobs.get(job.id) is job.status, f"J-01: nobody was told of {job.id}"
    old = {r.session.id: (r.session.state, r.session.accepting_jobs) for r in before.sessions}
    for record in after.sessions:
        session = record.session
        seen = (session.state, session.accepting_jobs)
        if session.id in told or old.get(session.id) != seen:
            assert told.get(session.id) == seen, f"V-01: nobody was told of {session.id}"
    stopped = {effect.job_id for effect in effects if isinstance(effect, StopJob)}
    for name, status in told_jobs.items():
        if status is JobStatus.CANCELLING:
            assert name in stopped, f"J-03: the device was not told to stop {name}"


def _check_starts(before: Snapshot, effects: Sequence[Effect], after: Snapshot) -> None:
    """D-01, D-02, D-04, S-15 and *no start after the close*, in the order of the effects."""
    assert after.device is not None
    owner = {job.id: job.session_id for job in after.jobs}
    sessions = {record.session.id: record.session for record in after.sessions}
    state = {record.session.id: record.session.state for record in before.sessions}
    on_device = {job.id for job in before.jobs if job.status in ON_DEVICE}
    for effect in effects:
        if isinstance(effect, NotifySession):
            state[effect.session_id] = effect.state
        elif isinstance(effect, NotifyJob) and effect.status in ENDED:
            on_device.discard(effect.job_id)
        elif isinstance(effect, StartJob):
            on_device.add(effect.job_id)
            _check_one_start(effect, owner, sessions, state, on_device)
            assert len(on_device) <= after.device.lanes, "D-04: started without a lane"


def _check_one_start(
    start: StartJob,
    owner: dict[str, str | None],
    sessions: dict[str, Session],
    state: dict[str, SessionState],
    on_device: set[str],
) -> None:
    mine = owner[start.job_id]
    others = [name for name, now in state.items() if now is SessionState.ACTIVE and name != mine]
    created = any(sessions[name].terms.parameters.start_event == "create" for name in state)
    if mine is None or not created:
        assert not any(exclusive(sessions[name]) for name in others), "D-01: a foreign job started"
    if mine is None:
        return
    session = sessions[mine]
    assert state[mine] is not SessionState.CLOSED, "S-15: a job started after its session closed"
    assert session.started_at is not None
    if session.max_ttl is not None:
        assert start.at < session.started_at + session.max_ttl, "S-15: a job started at or after the deadline"
    if exclusive(session):
        assert all(owner[job] == mine for job in on_device), "D-02: it started beside others"


def _check_cancel(was: Session, jobs: dict[str, Job], now_jobs: dict[str, Job], now: Session) -> None:
    parameters = was.terms.parameters
    assert now.state is SessionState.CLOSED, "S-20: cancelled and not closed"
    lost = JobStatus.FAILED if parameters.queued_at_end == "fail" else JobStatus.CANCELLED
    stays = parameters.on_device_at_end == "finish"
    for name, job in jobs.items():
        if job.session_id != was.id:
            continue
        after = now_jobs[name]
        if job.status is JobStatus.QUEUED:
            assert (after.status, after.reason_code) == (lost, 1217), "S-22: a queued job outlived the cancel"
        elif job.status in ON_DEVICE:
            kept = job.status if stays else JobStatus.CANCELLING
            assert after.status is kept, "S-23: what became of a job on the device"

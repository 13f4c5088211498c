"""Steps that no line of the log tells: timers, starts, and whatever may be missing."""

from __future__ import annotations

from collections.abc import Iterator

from sessioncore.core.errors import SessionCoreError
from sessioncore.core.events import (
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobStarted,
    JobSucceeded,
    OpenRequested,
    SubmitRequested,
)
from sessioncore.core.job import FINAL, ON_DEVICE, QUEUED, RUNNING, Job
from sessioncore.core.states import Configuration, Mode

from .states import State
from .subject import Subject
from .zones import FAR

NOBODY = "?"
"""Begins the id of a job of which no line tells anything."""

UNTOLD_MAX = 2
"""How many jobs without any line are imagined in one session."""

VAGUE = frozenset(("max_ttl", "max_execution"))


def hidden(state: State, subject: Subject, most: int) -> Iterator[State]:
    """Every state one untold step away, which happens at ``most`` at the latest."""
    for event, base, least, length in state.timers():
        found = state.fire(event, base, (least, length), most)
        if found is not None:
            yield _with(found, event, 0)
    for event in _starts(state, subject):
        yield from _taken(state, subject, event, most)
    if state.left or subject.free or subject.orphans:
        for event in _others(state, subject):
            yield from _taken(state, subject, event, most)


def room(state: State, subject: Subject) -> bool:
    """Whether a lane may be free for another job of this session (D-04)."""
    if subject.lanes is None:
        return True
    return sum(job.status in ON_DEVICE for job in state.core.jobs.values()) < subject.lanes


def _taken(state: State, subject: Subject, event: Event, most: int) -> Iterator[State]:
    kind = type(event).__name__
    orphan = kind != "SubmitRequested" and _orphan(getattr(event, "job_id", ""), subject)
    if not orphan and not subject.may_be_missing(kind, state.left, state.lossy):
        return
    try:
        if isinstance(event, OpenRequested):
            found = state.opened(event, VAGUE, -FAR, most)
        elif isinstance(event, SubmitRequested):
            found = state.submitted(event, VAGUE, -FAR, most)
        else:
            found = state.after(event, -FAR, most)
    except SessionCoreError:
        return  # a step that the rules do not allow here explains nothing
    if found is not None:
        if isinstance(event, JobFailed):
            found.loose |= {f"reason {event.job_id}"}
        yield _with(found, event, 0 if orphan else subject.cost(kind))


def _orphan(job: str, subject: Subject) -> bool:
    """Whether the lines about this job may stand elsewhere, since nothing says that it is of this session."""
    return subject.orphans and job.startswith(NOBODY)


def _with(state: State, event: Event, cost: int) -> State:
    state.left -= cost
    state.inferred = (*state.inferred, (type(event).__name__, getattr(event, "job_id", "")))
    return state


def _starts(state: State, subject: Subject) -> Iterator[Event]:
    """The job whose turn it is may have started, unless a line tells of its start."""
    job = state.core.head()
    if job is not None and ("JobStarted", job.id) not in subject.told and room(state, subject):
        yield JobStarted(at=0, job_id=job.id)


def _others(state: State, subject: Subject) -> Iterator[Event]:
    core, session = state.core, state.core.only
    if session is None and not subject.alone:
        for mode in Mode:
            yield OpenRequested(at=0, session_id=subject.id, mode=mode)
        return
    if session is not None and session.configuration is not Configuration.CLOSED:
        yield CloseRequested(at=0, session_id=session.id)
        yield CancelRequested(at=0, session_id=session.id)
    for job in core.jobs.values():
        if job.status not in FINAL:
            yield from _ends(job, state, subject)
    if state.left or "SubmitRequested" in subject.free:
        yield from _submissions(state, subject)


def _ends(job: Job, state: State, subject: Subject) -> Iterator[Event]:
    """Every way in which a job may have ended that no line contradicts.

    Where no line tells how it ended, one way stands for all that leave the session alike.
    """
    name, seen = job.id, subject.finals.get(job.id)
    matters = seen is not None or subject.ends_matter or ("JobCancelRequested", name) in subject.told
    may_cancel = seen is None or "cancelled" in seen
    if may_cancel and (job.status is QUEUED or (job.status is RUNNING and matters)):
        yield JobCancelRequested(at=0, job_id=name)
    if job.status not in ON_DEVICE:
        return
    ways: list[type[JobSucceeded | JobFailed | JobReleased]] = []
    if job.status is not RUNNING or seen is None or "completed" in seen:
        ways.append(JobSucceeded)
    if job.status is not RUNNING or seen is None or "failed" in seen:
        ways += [JobFailed, JobReleased]
    if not _orphan(name, subject):
        ways = [way for way in ways if subject.may_be_missing(way.__name__, state.left, state.lossy)]
        ways.sort(key=lambda way: subject.cost(way.__name__))
    if job.status is not RUNNING or not matters:
        ways = ways[:1]
    elif JobFailed in ways and JobReleased in ways:
        ways.remove(JobReleased)
    for way in ways:
        yield way(at=0, job_id=name)


def _submissions(state: State, subject: Subject) -> Iterator[Event]:
    """A job that later lines tell of was submitted without a line; and so perhaps was one that none tells of."""
    core = state.core
    owner = None if subject.alone else subject.id
    for name in subject.jobs:
        if name not in core.jobs and ("SubmitRequested", name) not in subject.told:
            yield SubmitRequested(at=0, job_id=name, session_id=owner)
    untold = sum(name.startswith(NOBODY) for name in core.jobs)
    if subject.alone:
        return
    if untold >= UNTOLD_MAX:
        subject.cut = True
    else:
        yield SubmitRequested(at=0, job_id=f"{NOBODY}{untold + 1}", session_id=owner)

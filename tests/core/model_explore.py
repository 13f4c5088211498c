"""Every state that a small core can reach, by every event in every state, the illegal ones included.

States are told apart by what can make a difference later: times count from now, jobs that have ended are one kind, jobs
of one session that stand alike are the same. From each such state every event of the alphabet is handed to a fork of
the core and to a copy of the reference; every law is checked on every edge.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import attrs

from sessioncore.core import (
    FIFO,
    CancelRequested,
    ClientError,
    CloseRequested,
    Configuration,
    DeviceCore,
    Effect,
    Event,
    HostError,
    Job,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobStarted,
    JobStatus,
    JobSucceeded,
    Mode,
    OpenRequested,
    PauseRequested,
    Profile,
    ResumeRequested,
    Session,
    SessionCore,
    Snapshot,
    SubmitRequested,
)
from sessioncore.core.events import REPORTS

from .model_driver import compare, compare_effects, compare_outcomes, follow
from .model_laws import Core, check_state, check_step
from .model_reference import Reference

REPORT_KINDS = (JobSucceeded, JobFailed, JobReleased)
ON_DEVICE = (JobStatus.RUNNING, JobStatus.CANCELLING)
STATES_MAX = 60_000

Key = tuple[Any, ...]
Witness = Callable[[Core], bool]


class Found(Exception):
    """A law was broken; ``trace`` is a shortest way there, as the labels of its steps."""

    def __init__(self, trace: tuple[str, ...], error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}\n  after " + ", ".join(trace))
        self.trace = trace
        self.error = error


@attrs.frozen(kw_only=True)
class Scenario:
    """What is explored. ``lanes`` None: a session alone. ``sessions`` are (id, mode, how many jobs it may get).

    ``alone`` is how many job-mode jobs there may be, ``pauses`` whether the device may be paused.
    """

    profile: Profile
    sessions: tuple[tuple[str, Mode, int], ...]
    lanes: int | None = None
    alone: int = 0
    pauses: bool = False
    policy: Any = FIFO

    def core(self) -> Core:
        """The core at the beginning."""
        if self.lanes is None:
            return SessionCore(profile=self.profile)
        return DeviceCore("d", lanes=self.lanes, profile=self.profile, policy=self.policy)

    def reference(self) -> Reference:
        """The reference at the beginning."""
        return Reference(self.profile, lanes=self.lanes, policy=self.policy)


@attrs.define
class Explored:
    """How many states and labelled edges there are, the name of their graph, and which witnesses were found."""

    states: int = 0
    edges: int = 0
    digest: str = ""
    seen: set[str] = attrs.Factory(set)


# --- what makes a difference -------------------------------------------------------------------------------------


def key_of(core: Core) -> Key:
    """The canonical form of a state: equal keys behave alike for ever."""
    now = core.now
    sessions = tuple((name, *session_key(session, now)) for name, session in sorted(core.sessions.items()))
    ended = Counter(job.session_id or "" for job in core.jobs.values() if job.ended_at is not None)
    jobs = [job for job in core.jobs.values() if job.ended_at is None]
    queue: tuple[str, ...] = tuple(job.session_id or "" for job in jobs if job.status is JobStatus.QUEUED)
    if isinstance(core, SessionCore):
        device: Key = ()
    else:
        device = (str(core.state), core.holder)
    on_device = sorted((job_key(job, now) for job in jobs if job.status in ON_DEVICE), key=repr)
    return (sessions, tuple(sorted(ended.items())), queue, tuple(on_device), device)


def session_key(session: Session, now: int) -> Key:
    """Where a session stands, with times counted from now."""
    if session.configuration is Configuration.CLOSED:
        return (str(session.configuration),)
    parameters = session.terms.parameters
    since: int | None = None
    if parameters.idle_from == "last_submission" and session.last_submission is not None:
        since = max(session.last_submission - now, -(session.interactive_ttl or 0))
    used = session.usage(now) if parameters.usage_limit is not None else None
    timers = tuple((rank, due - now) for due, rank in session.deadlines())
    return (str(session.configuration), timers, since, used)


def job_key(job: Job, now: int) -> Key:
    """Where a job on the device stands."""
    due = job.execution_limit_due
    return (job.session_id or "", str(job.status), None if due is None else due - now)


def standing_for(core: Core) -> list[Job]:
    """One job for each way to stand; queued jobs of a device each for itself, since their order counts."""
    found: dict[Key, Job] = {}
    for job in core.jobs.values():
        if job.status is JobStatus.QUEUED:
            alike: Key = (job.session_id,) if isinstance(core, SessionCore) else (job.id,)
        elif job.status in ON_DEVICE:
            alike = job_key(job, core.now)
        else:
            alike = ("ended",)
        found.setdefault(alike, job)
    return list(found.values())


# --- the alphabet --------------------------------------------------------------------------------------------------


def alphabet(scenario: Scenario, core: Core) -> Iterator[tuple[str, Event | int]]:
    """Every event that makes sense to try here, labelled; a number stands for the time to advance to."""
    now = core.now
    due = core.next_deadline()
    yield "tick", now + 1
    if due is not None and due > now + 1:
        yield "to the next deadline", due
    if due is not None:
        yield "beyond the next deadline", due + 2
    yield from _about_sessions(scenario, core, now)
    yield from _about_jobs(core, now)
    if scenario.pauses:
        yield "pause", PauseRequested(at=now)
        yield "resume", ResumeRequested(at=now)


def _about_sessions(scenario: Scenario, core: Core, now: int) -> Iterator[tuple[str, Event]]:
    for name, mode, most in scenario.sessions:
        session = core.session(name)
        if session is None or len(scenario.sessions) == 1:
            yield f"open {name}", OpenRequested(at=now, session_id=name, mode=mode)
        if session is None and len(scenario.sessions) > 1:
            continue
        count = sum(job.session_id == name for job in core.jobs.values())
        if session is None or not session.accepting_jobs or count < most:
            yield f"submit {name}", SubmitRequested(at=now, job_id=f"{name}{count}", session_id=name)
        yield f"close {name}", CloseRequested(at=now, session_id=name)
        yield f"cancel {name}", CancelRequested(at=now, session_id=name)
    count = sum(job.session_id is None for job in core.jobs.values())
    if count < scenario.alone:
        yield "submit alone", SubmitRequested(at=now, job_id=f"alone{count}")


def _about_jobs(core: Core, now: int) -> Iterator[tuple[str, Event]]:
    named = [(job, job.id, f"{job.session_id} {job.status}") for job in standing_for(core)]
    for job, name, shown in [*named, (None, "nobody", "nobody")]:
        yield f"cancel job {shown}", JobCancelRequested(at=now, job_id=name)
        moving = job is not None and job.ended_at is None
        for later in (0, 1) if moving else (0,):
            if isinstance(core, SessionCore):
                yield f"start {shown} +{later}", JobStarted(at=now + later, job_id=name)
            for kind in REPORT_KINDS:
                yield f"{kind.__name__} {shown} +{later}", kind(at=now + later, job_id=name)


# --- the search ----------------------------------------------------------------------------------------------------


def explore(
    scenario: Scenario, witnesses: dict[str, Witness] | None = None, *, with_reference: bool = True
) -> Explored:
    """Breadth first through everything that can be reached. Raises :class:`Found` at the first broken law."""
    result = Explored()
    first = scenario.core()
    start = key_of(first)
    came: dict[Key, tuple[Key | None, str]] = {start: (None, "")}
    frontier = deque([(start, first, scenario.reference() if with_reference else None)])
    edges: set[tuple[Key, str, Key, tuple[str, ...]]] = set()
    while frontier:
        here, core, reference = frontier.popleft()
        result.seen.update(name for name, holds in (witnesses or {}).items() if name not in result.seen and holds(core))
        snapshot = core.snapshot()
        for label, move in alphabet(scenario, core):
            try:
                edge = _edge(core, snapshot, reference, move)
                fresh = edge.there not in came
                if fresh:
                    came[edge.there] = (here, label)
                    check_state(edge.core)
            except Exception as error:
                raise Found((*_way(came, here), label), error) from error
            edges.add((here, label, edge.there, edge.told))
            if fresh:
                assert len(came) <= STATES_MAX, "the scenario is too large for a unit test"
                frontier.append((edge.there, edge.core, edge.reference))
    result.states, result.edges = len(came), len(edges)
    result.digest = _digest(edges)
    return result


def _digest(edges: set[tuple[Key, str, Key, tuple[str, ...]]]) -> str:
    """A short name of the labelled graph: equal graphs have equal names."""
    lines = sorted(repr(edge) for edge in edges)
    return sha256("\n".join(lines).encode()).hexdigest()[:12]


@attrs.define
class Edge:
    """Where a step led, and the rows of what was told on the way (or of the refusal)."""

    there: Key
    told: tuple[str, ...]
    core: Core
    reference: Reference | None


def _edge(origin: Core, snapshot: Snapshot, reference: Reference | None, move: Event | int) -> Edge:
    """One step on forks: the time law first, then the event; every law about two moments."""
    core = type(origin).restore(snapshot)
    reference = None if reference is None else reference.copy()
    until = move if isinstance(move, int) else move.at - isinstance(move, REPORTS)
    due = core.next_deadline()
    effects: tuple[Effect, ...] = core.advance(until)
    after = snapshot
    if until > snapshot.now or (due is not None and due <= until):
        after = core.snapshot()
        check_step(snapshot, None, effects, after)
    error: ClientError | HostError | None = None
    if not isinstance(move, int):
        before = after
        told: tuple[Effect, ...] = ()
        try:
            told = core.handle(move)
        except (ClientError, HostError) as refusal:
            error = refusal
        after = core.snapshot()
        assert error is None or after == before, "T-03: a refusal changed something"
        check_step(before, move if error is None else None, told, after)
        effects += told
    if reference is not None:
        _follow(core, reference, until, move, effects, error)
    rows = tuple(f"{getattr(effect, 'row', 'start')}" for effect in effects)
    refused = () if error is None else (error.row or error.rule,)
    return Edge(there=key_of(core), told=rows + refused, core=core, reference=reference)


def _follow(
    core: Core,
    reference: Reference,
    until: int,
    move: Event | int,
    effects: tuple[Effect, ...],
    error: ClientError | HostError | None,
) -> None:
    """The reference takes the same step and must agree."""
    reference.advance(until)
    if not isinstance(move, int):
        compare_outcomes(error, follow(reference, move))
    compare(core, reference)
    compare_effects(effects, reference)


def _way(came: dict[Key, tuple[Key | None, str]], here: Key) -> tuple[str, ...]:
    labels: list[str] = []
    at: Key | None = here
    while at is not None:
        at, label = came[at]
        labels.append(label)
    return tuple(reversed(labels[:-1]))

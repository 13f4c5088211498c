"""The labelled graph of one small session: every node that the real core can reach, by every event in every node.

A node says what makes a difference later and nothing else: state, whether it accepts, the status of each job up to its
name, the ticks that are left of each timer, and the phase of the instant. An instant has the phases of T-01: reports,
then timers, then requests; a report is also taken among the requests, where it meets the state as it is. A label is the
event and its outcome: ``done``, ``nothing`` (accepted, and nothing changed), or ``refused``. What would be the host's
own fault is no edge.

A tick is a microsecond. Jobs that stand alike are the same: of several only the oldest is tried.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeAlias, final

from sessioncore.core.errors import ClientError, HostError, SessionCoreError
from sessioncore.core.events import TIMERS as EVENTS_OF_TIMERS
from sessioncore.core.events import (
    Advanced,
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
from sessioncore.core.job import Job
from sessioncore.core.job_chart import JOB_CHART
from sessioncore.core.profiles import Profile
from sessioncore.core.session import Session
from sessioncore.core.session_chart import SESSION_CHART
from sessioncore.core.session_core import SessionCore
from sessioncore.core.states import JobStatus, Mode, SessionState
from sessioncore.core.values import maker, value

REPORTS, TIMERS, REQUESTS = "reports", "timers", "requests"
"""The phases of an instant, in their order (T-01)."""

SESSION = "s"
JOBS_MAX = 8
"""More jobs than that are not explored: the graph grows by about five times with each."""

NODES_MAX = 1_000_000
"""Most nodes that a search keeps; each takes about 3 kB."""

Node: TypeAlias = tuple[Any, ...]
"""(state, accepting, jobs, ticks left of max TTL, interactive, no-submission, phase); jobs are sorted texts.

A job that has an execution limit and runs is ``running:TICKS``. A timer that is not armed is None, 0 is due now. Where
the profile makes more of the past matter, that is an eighth entry: ``usage:LEFT``, ``submission:TICKS``.
"""

Edge: TypeAlias = tuple[Node, str, Node]
"""(from, label, to); a label is ``Event:outcome``, for example ``SubmitRequested`` as ``Submit:done``."""

Named: TypeAlias = tuple[str, Event]
"""An event, and the name that it has in a label."""

_TIMER_ROWS = {
    row.id: row.trigger.__name__
    for chart in (SESSION_CHART, JOB_CHART)
    for row in chart.rows
    if row.trigger in EVENTS_OF_TIMERS
}
_STATUS = {status: status.value for status in JobStatus}
_STATE = {state: state.value for state in SessionState}


# A search meets the same few events in every world of an instant: each is made once.


@lru_cache
def _reports(at: int, job_id: str) -> tuple[Named, ...]:
    kinds = (JobStarted, JobSucceeded, JobFailed, JobReleased)
    return tuple((kind.__name__, kind(at=at, job_id=job_id)) for kind in kinds)


@lru_cache
def _submission(at: int, job_id: str) -> Named:
    return "Submit", SubmitRequested(at=at, session_id=SESSION, job_id=job_id)


@lru_cache
def _cancellation(at: int, job_id: str) -> Named:
    return "JobCancel", JobCancelRequested(at=at, job_id=job_id)


@lru_cache
def _endings(at: int) -> tuple[Named, ...]:
    return ("Close", CloseRequested(at=at, session_id=SESSION)), ("Cancel", CancelRequested(at=at, session_id=SESSION))


class TooLargeError(SessionCoreError):
    """There are more states than a search keeps. The message says what to do."""


@final
@value
class Move:
    """One step of a search: its label, the event that was handed in, None where only a phase or a tick passed."""

    label: str
    event: Event | None

    @property
    def text(self) -> str:
        """The label, and which job it was, if one: enough to follow the step again."""
        job = getattr(self.event, "job_id", None)
        return f"{self.label} {job}" if job else self.label


make_move = maker(Move)


@final
class World:
    """A core at one moment of one instant. Never changed: a step makes another world."""

    __slots__ = ("at", "core", "ids", "jobs", "node", "phase", "session")

    def __init__(self, core: SessionCore, ids: tuple[str, ...], at: int, phase: str) -> None:
        self.core = core
        self.ids = ids
        self.at = at
        self.phase = phase
        session = core.session(SESSION)
        assert session is not None
        self.session = session
        self.jobs = core.jobs
        self.node = _node(self.session, map(self.jobs.get, ids), at, phase)

    def moves(self) -> Iterator[tuple[Move, World]]:
        """Everything that can happen here, and what comes of it; what would be the host's own fault cannot."""
        if self.phase == TIMERS:
            yield self._timers()
            return
        if self.phase == REPORTS:
            yield Move(label="ReportsOver:done", event=None), self._passed(self.at, TIMERS)
        else:
            yield Move(label="Tick:done", event=None), self._passed(self.at + 1, REPORTS)
        core = self.core.fork()
        for name, event in self._events():
            try:
                effects = core.handle(event)
            except ClientError:
                yield make_move(label=f"{name}:refused", event=event), self
                continue
            except HostError:
                continue
            if not effects and self._is_as(core):
                yield make_move(label=f"{name}:nothing", event=event), self
                continue
            yield make_move(label=f"{name}:done", event=event), self._came_of(core)
            core = self.core.fork()  # anywhere else nothing has happened (T-03), and the fork serves again

    def _passed(self, at: int, phase: str) -> World:
        return World(self.core, self.ids, at, phase)

    def _timers(self) -> tuple[Move, World]:
        """The timers of this instant, all at once: without execution limits a session has at most one (T-02)."""
        due = self.core.next_deadline()
        if due is None or due > self.at:
            return Move(label="TimersOver:done", event=None), self._passed(self.at, REQUESTS)
        core = self.core.fork()
        before = core.fired
        core.advance(self.at)
        fired = core.fired - before
        names = [name for row, name in _TIMER_ROWS.items() for _ in range(fired[row])]
        label = f"{'+'.join(names)}:done"
        return Move(label=label, event=Advanced(at=self.at)), World(core, self.ids, self.at, TIMERS)

    def _events(self) -> Iterator[Named]:
        """One event of each kind for each kind of job, and the requests where it is their turn, each with its name."""
        at = self.at
        kinds: dict[tuple[JobStatus, int | None] | None, str] = {}
        for job_id in self.ids:
            job = self.jobs.get(job_id)
            kinds.setdefault(None if job is None else (job.status, job.execution_limit_due), job_id)
        for job_id in kinds.values():
            yield from _reports(at, job_id)
        if self.phase != REQUESTS:
            return
        if None in kinds:
            yield _submission(at, kinds[None])
        yield from _endings(at)
        for job_id in kinds.values():
            yield _cancellation(at, job_id)

    def _is_as(self, core: SessionCore) -> bool:
        """Whether an event has left everything in this fork as it is here."""
        return core.session(SESSION) is self.session and core.jobs == self.jobs

    def _came_of(self, core: SessionCore) -> World:
        """The world in which an event has left a fork."""
        due = core.next_deadline()
        again = self.phase == REQUESTS and due is not None and due <= self.at
        return World(core, self.ids, self.at, TIMERS if again else self.phase)  # T-03: before the next request


def _node(session: Session, known: Iterable[Job | None], at: int, phase: str) -> Node:
    jobs = []
    for job in known:
        if job is None:
            jobs.append("unused")
        elif job.execution_limit is None or (due := job.execution_limit_due) is None:
            jobs.append(_STATUS[job.status])
        else:
            jobs.append(f"{_STATUS[job.status]}:{due - at}")
    jobs.sort()
    state = (_STATE[session.state], session.accepting_jobs, tuple(jobs))
    if session.state is SessionState.CLOSED:
        return (*state, None, None, None, phase)
    dues = (session.max_ttl_due, session.interactive_due, session.no_submission_due)
    left = [None if due is None else due - at for due in dues]
    return (*state, *left, phase, *_memory(session, at))


def _memory(session: Session, at: int) -> Iterator[str]:
    """What else of the past matters: usage under a limit (S-25), the last submission where idleness counts from it."""
    terms = session.terms
    if (limit := terms.parameters.usage_limit) is not None:
        yield f"usage:{limit - session.usage(at)}"
    submitted, length = session.last_submission, terms.interactive_ttl
    if terms.parameters.idle_from == "last_submission" and submitted is not None and length is not None:
        yield f"submission:{max(0, submitted + length - at)}"


def first_world(profile: Profile, jobs: int, mode: Mode = Mode.DEDICATED) -> World:
    """A session that was created in this instant, and the ids of the jobs that there may be.

    Raises ValueError for a number of jobs that is not between 1 and :data:`JOBS_MAX`.
    """
    if not 1 <= jobs <= JOBS_MAX:
        raise ValueError(f"explore with 1 to {JOBS_MAX} jobs, not {jobs}")
    core = SessionCore(profile=profile)
    core.handle(OpenRequested(at=0, session_id=SESSION, mode=mode))
    return World(core, tuple(f"j{number}" for number in range(1, jobs + 1)), 0, REQUESTS)


@final
class Graph:
    """What a search found: every node with the world and the way that first led to it, and every edge.

    ``steps`` is how many events were handed to the core.
    """

    def __init__(self, first: World) -> None:
        self.first = first.node
        self.worlds: dict[Node, World] = {first.node: first}
        self.edges: dict[Node, list[tuple[str, Node]]] = {}
        self.steps = 0
        self._came: dict[Node, tuple[Node, Move]] = {}

    def add(self, source: Node, move: Move, world: World) -> bool:
        """Note an edge; whether its target is new."""
        if world.node in self.worlds:
            return False
        self.worlds[world.node] = world
        self._came[world.node] = (source, move)
        return True

    def way(self, node: Node) -> tuple[Move, ...]:
        """A shortest way to the node."""
        moves: list[Move] = []
        while node in self._came:
            node, move = self._came[node]
            moves.append(move)
        return tuple(reversed(moves))

    def labelled(self) -> frozenset[Edge]:
        """All edges as triples."""
        return frozenset((source, label, target) for source, found in self.edges.items() for label, target in found)


def explore(first: World, seen: Callable[[Graph], None] | None = None, nodes_max: int = NODES_MAX) -> Graph:
    """Every node that can be reached, breadth first, so that ways are shortest.

    ``seen`` is called now and then, to show progress. Raises :class:`TooLargeError` beyond ``nodes_max`` nodes.
    """
    graph = Graph(first)
    waiting = deque([first])
    while waiting:
        world = waiting.popleft()
        if seen is not None and not len(graph.edges) % 500:
            seen(graph)
        if len(graph.worlds) > nodes_max:
            raise TooLargeError(f"there are more than {nodes_max} states; explore fewer jobs or shorter timers")
        found: dict[tuple[str, Node], None] = {}
        for move, after in world.moves():
            graph.steps += 1
            found[move.label, after.node] = None
            if graph.add(world.node, move, after):
                waiting.append(after)
        graph.edges[world.node] = list(found)
    return graph

"""What must hold in a graph: always, sometimes, eventually; and the way to where it does not.

``always``: in every world. ``sometimes``: in at least one, or whatever holds there holds for want of trying.
``eventually``: after every world where it is asked for, under fairness: whatever can happen without a client (time,
starts, ends of jobs) happens in the end. A set of worlds that all of this never leaves, and in which the property never
holds, breaks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeAlias, final

from sessioncore.core.errors import InvariantError
from sessioncore.core.events import REPORTS, TIMERS
from sessioncore.core.states import JobStatus, SessionState
from sessioncore.core.values import value

from .graph import SESSION, Graph, Node, World

Predicate: TypeAlias = Callable[[World], bool]

OPEN_STATUSES = frozenset({JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.CANCELLING})
PROGRESS = frozenset({"Tick", "ReportsOver", "TimersOver"}) | {event.__name__ for event in (*REPORTS, *TIMERS)}
"""What happens without a client."""


def _anywhere(_world: World) -> bool:
    return True


@final
@value
class Property:
    """Something that holds always, sometimes or eventually; ``given`` says after which worlds an eventuality is due."""

    kind: Literal["always", "sometimes", "eventually"]
    name: str
    holds: Predicate
    rules: tuple[str, ...] = ()
    given: Predicate = _anywhere


@final
@value
class Broken:
    """A property that does not hold, and a node that shows it; None for a ``sometimes`` that never happened.

    ``why`` is what was wrong there, if more can be said than that.
    """

    property: Property
    node: Node | None
    why: str = ""


def check(graph: Graph, properties: Iterable[Property]) -> tuple[Broken, ...]:
    """Look at every property; those that do not hold, each with the first place in the order of the search."""
    found = []
    for one in properties:
        broken = _LOOK[one.kind](graph, one)
        if broken is not None:
            found.append(broken)
    return tuple(found)


def _always(graph: Graph, one: Property) -> Broken | None:
    for node, world in graph.worlds.items():
        try:
            if not one.holds(world):
                return Broken(property=one, node=node)
        except InvariantError as error:
            return Broken(property=one, node=node, why=str(error))
    return None


def _sometimes(graph: Graph, one: Property) -> Broken | None:
    return None if any(one.holds(world) for world in graph.worlds.values()) else Broken(property=one, node=None)


def _eventually(graph: Graph, one: Property) -> Broken | None:
    missing = {node for node, world in graph.worlds.items() if not one.holds(world)}
    stuck = _never_left(graph, missing)
    if not stuck:
        return None
    asked = [node for node in graph.worlds if node in missing and one.given(graph.worlds[node])]
    for node in asked:
        if node in stuck or not stuck.isdisjoint(_reached(graph, node, missing)):
            return Broken(property=one, node=node, why="nothing that happens without a client ever brings it about")
    return None


def _never_left(graph: Graph, nodes: set[Node]) -> set[Node]:
    """The greatest part of ``nodes`` that no step of progress leaves."""
    came: dict[Node, list[Node]] = {}
    for source in nodes:
        for label, target in graph.edges[source]:
            if is_progress(label):
                came.setdefault(target, []).append(source)
    left = set(nodes)
    outside = [target for target in came if target not in nodes]
    while outside:
        for source in came.get(outside.pop(), ()):
            if source in left:
                left.remove(source)
                outside.append(source)
    return left


def _reached(graph: Graph, start: Node, within: set[Node]) -> set[Node]:
    found, waiting = {start}, [start]
    while waiting:
        for _, target in graph.edges[waiting.pop()]:
            if target in within and target not in found:
                found.add(target)
                waiting.append(target)
    return found


def is_progress(label: str) -> bool:
    """Whether a label happens without a client."""
    return PROGRESS.issuperset(label.partition(":")[0].split("+"))


_LOOK: Mapping[str, Callable[[Graph, Property], Broken | None]] = {
    "always": _always,
    "sometimes": _sometimes,
    "eventually": _eventually,
}


# --- what is asked of every session ---------------------------------------------------------------------------


def _sound(world: World) -> bool:
    world.core.check()
    return True


def _timers_in_the_future(world: World) -> bool:
    """Nothing that is due stays behind once the timers of an instant are over (T-02)."""
    due = world.core.next_deadline()
    return due is None or due >= world.at + (world.phase == "requests")


def _work(world: World) -> int:
    session = world.core.sessions[SESSION]
    return session.queued + session.on_device


def _statuses(world: World) -> set[JobStatus]:
    return {job.status for job in world.core.jobs.values()}


def _state(world: World) -> SessionState:
    return world.core.sessions[SESSION].state


def _accepts(world: World) -> bool:
    return world.core.sessions[SESSION].accepting_jobs


def _closed(world: World) -> bool:
    return _state(world) is SessionState.CLOSED


ALWAYS = (
    Property(kind="always", name="every invariant of the core holds", holds=_sound),
    Property(
        kind="always",
        name="no timer that is due stays behind",
        holds=_timers_in_the_future,
        rules=("T-02",),
    ),
    Property(
        kind="always",
        name="closed means: not accepting, and nothing is queued",
        holds=lambda world: (
            not _closed(world) or (not _accepts(world) and JobStatus.QUEUED not in _statuses(world))
        ),
        rules=("S-15", "S-20", "S-22"),
    ),
    Property(
        kind="always",
        name="not accepting and no work means: closed",
        holds=lambda world: _accepts(world) or _work(world) > 0 or _closed(world),
        rules=("S-18", "S-19"),
    ),
    Property(
        kind="always",
        name="inactive means: none of its jobs is on the device",
        holds=lambda world: _state(world) is not SessionState.INACTIVE or not world.core.sessions[SESSION].on_device,
        rules=("S-08", "S-14"),
    ),
)

SOMETIMES = (
    Property(
        kind="sometimes",
        name="a session becomes active",
        holds=lambda world: _state(world) is SessionState.ACTIVE,
        rules=("S-09",),
    ),
    Property(
        kind="sometimes",
        name="a session drains",
        holds=lambda world: not _accepts(world) and not _closed(world),
        rules=("S-17",),
    ),
    Property(
        kind="sometimes",
        name="a job outlives its session",
        holds=lambda world: _closed(world) and world.core.sessions[SESSION].on_device > 0,
        rules=("S-23",),
    ),
    Property(
        kind="sometimes",
        name="a running job is being cancelled",
        holds=lambda world: JobStatus.CANCELLING in _statuses(world),
        rules=("J-03",),
    ),
)

INACTIVE = (
    Property(
        kind="sometimes",
        name="a job waits while the session is inactive",
        holds=lambda world: _state(world) is SessionState.INACTIVE and JobStatus.QUEUED in _statuses(world),
        rules=("S-08",),
    ),
)
"""Asked only where it can happen: with a second job, and an interactive TTL below the max TTL that makes inactive."""

EVENTUALLY = (
    Property(
        kind="eventually",
        name="every accepted job ends",
        holds=lambda world: OPEN_STATUSES.isdisjoint(_statuses(world)),
        given=lambda world: not OPEN_STATUSES.isdisjoint(_statuses(world)),
        rules=("J-01",),
    ),
    Property(
        kind="eventually",
        name="a session that was closed with work left closes",
        holds=_closed,
        given=lambda world: not _accepts(world),
        rules=("S-17", "S-19"),
    ),
    Property(
        kind="eventually",
        name="a session whose max TTL is armed closes",
        holds=_closed,
        given=lambda world: world.core.sessions[SESSION].max_ttl_due is not None,
        rules=("S-10", "S-15"),
    ),
)


def standard(first: World) -> tuple[Property, ...]:
    """What is asked of every session under this profile."""
    terms = first.core.sessions[SESSION].terms
    idle = terms.parameters.idle_action == "deactivate" and terms.interactive_ttl is not None
    sooner = idle and (terms.max_ttl is None or terms.interactive_ttl < terms.max_ttl)  # type: ignore[operator]  # idle: not None
    return ALWAYS + SOMETIMES + (INACTIVE if sooner and len(first.ids) > 1 else ()) + EVENTUALLY

"""Whether concurrent operations on one target can be explained by some order of them.

The search is Wing and Gong's, with a memory (Lowe): operations are taken one after another, each no later than any that
began after it was answered, and the reference must answer as the target did. What was done and where the reference
stands is remembered, so that nothing is searched twice. Between operations the reference may take internal steps. At
the end it must look as the target was seen to look once every operation had been answered.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, final

import attrs

from sessioncore.core.device_core import DeviceCore
from sessioncore.core.events import Advanced, Event

from ..blame import answer_differs, blamed, view_differs
from ..cases import in_words
from ..protocol import Outcome, View
from ..reference import view_of
from ..results import Difference
from .apart import names_of, owner_of, stay_apart
from .stepping import NO_STEPS, Laws, Place, applied, internal, into, spot

STATES_MAX = 10_000
"""How many states one search looks at before it gives up."""

TOLD_MAX = 6
"""How many of the orders that were tried are told."""


@final
@attrs.frozen(kw_only=True)
class Operation:
    """One call of the target by one client. ``invoked`` and ``returned`` come from one counter that all clients
    share; ``returned`` None: it was never answered, and may have happened or not. ``event`` is in the kit's names. The
    outcome of a look is what was seen, of which the oldest session counts: nobody promises one instant for all."""

    client: int
    event: Event
    invoked: int
    returned: int | None
    outcome: Outcome | View | None = None


@final
@attrs.frozen(kw_only=True)
class Seen:
    """What the target looked like afterwards: its view, its ids by the kit's names, where its clock began, and how
    far a time may be off (microseconds). ``only`` restricts what is compared to some names. ``follow``: the reference's
    time goes on to that of the view."""

    view: View
    names: Mapping[str, str] = attrs.Factory(dict)
    origin: int = 0
    tolerance: int = 0
    only: frozenset[str] | None = None
    follow: bool = False

    def met(self, place: Place) -> Place:
        """The place at the time of the view: time may have passed since the last operation, timer by timer."""
        passed = self.view.at - self.origin
        if not self.follow or passed <= place.core.now:
            return place
        twin = place.core.fork()
        twin.advance(passed)
        return Place(twin, place.online)

    def differences(self, core: DeviceCore) -> list[Difference]:
        """What is wrong with the view, if the reference stands here."""
        found = list(view_differs(view_of(core, core.now), self.view, self.names, self.origin, self.tolerance))
        passed = self.view.at - self.origin
        if abs(passed - core.now) > self.tolerance:
            found.append(Difference(what="clock", expected=core.now, seen=passed))
        if self.only is None:
            return found
        return [one for one in found if one.what.partition(" ")[2].partition(":")[0] in self.only]


@final
@attrs.frozen(kw_only=True)
class Attempt:
    """How far one order came: the operations that it explains, what comes next in it, and what is wrong there.

    ``next`` is None where every operation is explained and only what was seen afterwards is not.
    """

    order: tuple[int, ...]
    next: int | None
    differences: tuple[Difference, ...]
    rules: tuple[str, ...]


@final
@attrs.frozen(kw_only=True)
class Explanation:
    """What came of a search. ``order`` is a linearization by places in the history, or None if there is none, or if
    the search gave up (``gave_up``). ``states`` are the states in which the target may be now. ``attempts`` are the
    longest consistent prefixes, where there is no order. ``looked`` is how many states the search looked at."""

    order: tuple[int, ...] | None
    states: tuple[Place, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    gave_up: bool = False
    looked: int = 0

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules of the operations that cannot be explained. A wrong answer says more than what is seen later."""
        answers = [attempt for attempt in self.attempts if attempt.next is not None]
        views = [attempt for attempt in self.attempts if attempt.next is None]
        views.sort(key=lambda attempt: len(attempt.differences))
        return tuple(dict.fromkeys(rule for attempt in (*answers, *views[:2]) for rule in attempt.rules))

    def told(self, history: Sequence[Operation]) -> tuple[str, ...]:
        """Each order that was tried, for people."""
        return tuple(_tell(attempt, history) for attempt in self.attempts[:TOLD_MAX])


Path: TypeAlias = tuple["Path", int] | None
"""The operations done so far, the last one outermost."""

Node: TypeAlias = tuple[int, Place, Path]
"""Which operations are done (one bit each), the place reached, and in which order."""


def explain(
    start: DeviceCore | Place,
    history: Sequence[Operation],
    seen: Seen | None = None,
    *,
    laws: Laws = NO_STEPS,
    states_max: int = STATES_MAX,
    everything: bool = False,
) -> Explanation:
    """Look for an order of the operations that the reference, at ``start``, agrees with.

    Without ``everything`` the first order is enough, and sessions that cannot influence each other are looked at one
    by one (linearizability is local). With it, ``states`` is complete.
    """
    place = start if isinstance(start, Place) else into(start, laws)
    if not everything:
        parts = partition(place.core, history, laws)
        if len(parts) > 1:
            return _by_parts(place, history, seen, parts, laws, states_max)
    return _Search(place, history, seen, laws, states_max, everything).run()


@final
class _Search:
    """One search through one history."""

    def __init__(
        self,
        start: Place,
        history: Sequence[Operation],
        seen: Seen | None,
        laws: Laws,
        states_max: int,
        everything: bool,
    ) -> None:
        self.history = history
        self.seen = seen
        self.laws = laws
        self.states_max = states_max
        self.everything = everything
        self.start = start
        self.all_done = sum(1 << number for number, one in enumerate(history) if one.returned is not None)
        self.by_return = sorted(range(len(history)), key=lambda number: (_end(history[number]), number))
        self.known: set[tuple[int, Hashable]] = set()
        self.order: tuple[int, ...] | None = None
        self.states: list[Place] = []
        self.best = -1
        self.stuck: list[Node] = []

    def run(self) -> Explanation:
        """Search until an order is found, or all of them, or none is left."""
        waiting: list[Node] = [(0, self.start, None)]
        while waiting:
            node = waiting.pop()
            key = (node[0], node[1].key)
            if key in self.known:
                continue
            if len(self.known) >= self.states_max:
                return self._result(gave_up=self.order is None or self.everything)
            self.known.add(key)
            if self._ends(node) and not self.everything:
                break
            following = list(self._following(node))
            if not following:
                self._note_stuck(node)
            waiting.extend(reversed(following))
        return self._result()

    def _ends(self, node: Node) -> bool:
        """Whether everything that was answered is explained, and what was seen afterwards as well."""
        done, place, path = node
        if done & self.all_done != self.all_done:
            return False
        if self.seen is not None:
            place = self.seen.met(place)
            if self.seen.differences(place.core):
                return False
        if self.order is None:
            self.order = _listed(path)
        self.states.append(place)
        return True

    def _following(self, node: Node) -> Iterator[Node]:
        """Every operation that can come next and is answered as the target did, then every internal step.

        That time passes is no single instant: what arrives meanwhile arrives at some instant of it (T-04), which for a
        clock that is moved from deadline to deadline is one of them.
        """
        done, place, path = node
        for number in self._next(done):
            operation = self.history[number]
            if isinstance(operation.event, Advanced):
                for on_the_way in internal(place, Laws(until=operation.event.at)):
                    yield done, on_the_way, path
            after, expected = applied(place, operation.event, self.laws)
            if not self._wrong(operation, after, expected):
                yield done | 1 << number, after, (path, number)
        for after in internal(place, self.laws):
            yield done, after, path

    def _next(self, done: int) -> Iterator[int]:
        """The operations that may come next: none that is left was answered before they began."""
        earliest: float | None = None
        for number in self.by_return:
            if done >> number & 1:
                continue
            operation = self.history[number]
            if earliest is None:
                earliest = _end(operation)
            if operation.invoked < earliest:
                yield number

    def _wrong(self, operation: Operation, after: Place, expected: Outcome) -> list[Difference]:
        """What is wrong with an answer, or with a look, if the operation comes next. Nothing is with no answer."""
        outcome = operation.outcome
        if outcome is None:
            return []
        if not isinstance(outcome, View):
            return list(answer_differs(expected, outcome))
        oldest = frozenset(list(after.core.sessions)[:1])
        names, origin = ({}, 0) if self.seen is None else (self.seen.names, self.seen.origin)
        return Seen(view=outcome, names=names, origin=origin, only=oldest).differences(after.core)

    # --- where there is none ---------------------------------------------------------------------------------

    def _note_stuck(self, node: Node) -> None:
        """Remember the nodes from which nothing leads on that came furthest."""
        count = (node[0] & self.all_done).bit_count()
        if count > self.best:
            self.best, self.stuck = count, []
        if count == self.best or node[0] & self.all_done == self.all_done:
            self.stuck.append(node)

    def _result(self, *, gave_up: bool = False) -> Explanation:
        attempts = () if self.order is not None or gave_up else tuple(self._attempts())
        return Explanation(
            order=self.order,
            states=tuple(different(self.states)),
            attempts=attempts,
            gave_up=gave_up,
            looked=len(self.known),
        )

    def _attempts(self) -> Iterator[Attempt]:
        """What is wrong at the end of each longest prefix; and, where only the view is wrong, the answers that the
        other orders would have needed."""
        for done, place, path in self.stuck:
            order = _listed(path)
            if done & self.all_done == self.all_done:
                yield self._unseen(place, order)
            else:
                yield from self._unanswered(done, place, order)
        if self.best == self.all_done.bit_count():
            yield from self._other_orders()

    def _unseen(self, place: Place, order: tuple[int, ...]) -> Attempt:
        """Every operation is explained, and not what was seen."""
        wrong = [] if self.seen is None else self.seen.differences(self.seen.met(place).core)
        before = self.start
        for number in order[:-1]:
            before, _ = applied(before, self.history[number].event, self.laws)
        last = self.history[order[-1]].event if order else None
        rules = () if last is None else blamed(wrong, spot(before.core, last))
        return Attempt(order=order, next=None, differences=tuple(wrong), rules=rules)

    def _unanswered(self, done: int, place: Place, order: tuple[int, ...]) -> Iterator[Attempt]:
        """What each operation that may come next should have been answered."""
        for number in self._next(done):
            operation = self.history[number]
            after, expected = applied(place, operation.event, self.laws)
            wrong = tuple(self._wrong(operation, after, expected))
            if wrong:
                rules = blamed(wrong, spot(place.core, operation.event))
                yield Attempt(order=order, next=number, differences=wrong, rules=rules)

    def _other_orders(self) -> Iterator[Attempt]:
        """The first wrong answer of every order that does not explain all answers."""
        waiting: list[Node] = [(0, self.start, None)]
        known = set()
        while waiting:
            done, place, path = waiting.pop()
            key = (done, place.key)
            if key not in known:
                known.add(key)
                yield from self._unanswered(done, place, _listed(path))
                waiting.extend(self._following((done, place, path)))


def _end(operation: Operation) -> float:
    return float("inf") if operation.returned is None else operation.returned


def _listed(path: Path) -> tuple[int, ...]:
    found = []
    while path is not None:
        path, number = path
        found.append(number)
    return tuple(reversed(found))


def different(states: Iterable[Place]) -> list[Place]:
    """States without those that are the same as another one."""
    return list({state.key: state for state in states}.values())


def _tell(attempt: Attempt, history: Sequence[Operation]) -> str:
    done = ", ".join(in_words(history[number].event) for number in attempt.order) or "at the beginning"
    wrong = "; ".join(map(str, attempt.differences[:3]))
    if attempt.next is None:
        return f"after {done}: {wrong}"
    return f"{'after ' if attempt.order else ''}{done}, then {in_words(history[attempt.next].event)}: {wrong}"


# --- sessions that cannot influence each other -----------------------------------------------------------------


def partition(start: DeviceCore, history: Sequence[Operation], laws: Laws = NO_STEPS) -> list[list[int]]:
    """The operations by session, as places in the history; all in one where sessions may influence each other."""
    if laws != NO_STEPS or not stay_apart(start, [one.event for one in history]):
        return [list(range(len(history)))]
    owner = owner_of(start, [one.event for one in history])
    parts: dict[str, list[int]] = {}
    for number, one in enumerate(history):
        parts.setdefault(owner(one.event), []).append(number)
    return list(parts.values())


def _by_parts(
    start: Place,
    history: Sequence[Operation],
    seen: Seen | None,
    parts: Sequence[Sequence[int]],
    laws: Laws,
    states_max: int,
) -> Explanation:
    """Each part by itself; together they are linearizable exactly if each of them is."""
    orders: list[list[int]] = []
    looked = 0
    for part in parts:
        mine = [history[number] for number in part]
        view = None if seen is None else attrs.evolve(seen, only=names_of(start.core, [one.event for one in mine]))
        found = _Search(start, mine, view, laws, states_max, False).run()
        looked += found.looked
        if found.order is None:
            attempts = tuple(
                attrs.evolve(
                    attempt,
                    order=tuple(part[number] for number in attempt.order),
                    next=None if attempt.next is None else part[attempt.next],
                )
                for attempt in found.attempts
            )
            return attrs.evolve(found, attempts=attempts, looked=looked)
        orders.append([part[number] for number in found.order])
    return Explanation(order=_merged(orders, history), looked=looked)


def _merged(orders: Sequence[list[int]], history: Sequence[Operation]) -> tuple[int, ...]:
    """One order of all operations that keeps the order of each part, and what came after what in real time."""
    rest = [order[:] for order in orders]
    found: list[int] = []
    while any(rest):
        earliest = min(_end(history[number]) for order in rest for number in order)
        mine = next(order for order in rest if order and history[order[0]].invoked < earliest)
        found.append(mine.pop(0))
    return tuple(found)

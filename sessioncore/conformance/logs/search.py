"""Every way in which the lines of one session can be explained, step by step: a subset construction.

Between two lines lie steps that no line tells (:mod:`.hidden`); each line must then agree with the state
(:mod:`.told`). What is left after the last line are the states in which the service can be. If nothing is left after
a line, no behaviour that the rules allow would have written it.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import final

import attrs

from .hidden import hidden
from .items import Item
from .states import State
from .subject import Subject
from .told import Clash, explained

STATES_MAX = 300
"""How many states are followed side by side; beyond it a session is not decided."""

MISSING_MAX = 8
"""How many lines may be missing at one place of a session; beyond it anything could have happened there."""

Buckets = dict[tuple[object, ...], list[State]]


@final
@attrs.frozen(kw_only=True)
class Course:
    """What became of one session's lines.

    ``states`` are those that explain every line; where there are none, ``before`` are the last in which the service
    could be, ``items`` what came next, and ``lines`` how many were explained. ``undecided`` says why nothing is
    concluded; ``before`` are then the last states that were followed.
    """

    subject: Subject
    lines: tuple[Item, ...] = ()
    states: tuple[State, ...] = ()
    before: tuple[State, ...] = ()
    items: tuple[Item, ...] = ()
    undecided: str = ""

    @property
    def fell(self) -> bool:
        """Whether no behaviour explains the lines."""
        return not self.states and not self.undecided


class _TooManyError(Exception):
    """More states than are followed."""


def follow(subject: Subject) -> Course:
    """Explain the lines of one session."""
    if subject.begins_inside:
        return Course(subject=subject, undecided="it began before the log did")
    start = State(subject.profile, subject.keep)
    layer: list[State] = [start]
    explained_so_far: list[Item] = []
    for _ in subject.items:
        before = _entered(layer, subject)
        if before[0].left > MISSING_MAX:
            why = f"more than {MISSING_MAX} lines are missing at one place"
            return Course(subject=subject, before=tuple(layer), undecided=why)
        try:
            before = reachable(before, subject)
            layer = _told(before, subject)
        except _TooManyError:
            why = f"more than {STATES_MAX} states could explain it"
            return Course(subject=subject, before=tuple(layer), undecided=why)
        if not layer:
            if subject.cut:
                return Course(subject=subject, before=tuple(before), undecided="too many lines are missing")
            items = tuple(dict.fromkeys(item for state in before for _, item in upcoming(state, subject)))
            return Course(subject=subject, lines=tuple(explained_so_far), before=tuple(before), items=items)
        explained_so_far.append(subject.items[len(explained_so_far)])
    return Course(subject=subject, lines=tuple(explained_so_far), states=tuple(layer))


def upcoming(state: State, subject: Subject) -> list[tuple[int, Item]]:
    """The lines that may come next: those that need not wait for another."""
    begun, taken = state.done
    items = subject.items
    found: list[tuple[int, Item]] = []
    last = None
    for place in range(begun, len(items)):
        item = items[place]
        if last is not None and item.first > last:
            break  # lines stand in the order of ``first``: whatever follows must wait too
        if place in taken:
            continue
        found.append((place, item))
        last = item.last if last is None else min(last, item.last)
    return found


def reachable(states: list[State], subject: Subject) -> list[State]:
    """These states, and all that untold steps lead to before the next line."""
    buckets: Buckets = {}
    waiting = deque(kept for state in states for kept in _add(buckets, state))
    while waiting:
        state = waiting.popleft()
        most = max(item.most for _, item in upcoming(state, subject))
        for found in hidden(state, subject, most):
            waiting.extend(_add(buckets, found))
        if sum(map(len, buckets.values())) > STATES_MAX:
            raise _TooManyError
    return [state for bucket in buckets.values() for state in bucket]


def _entered(layer: list[State], subject: Subject) -> list[State]:
    """The states before the next line, each with as many missing lines as there may be there."""
    found = []
    for state in layer:
        twin = state.copy()
        twin.left = max(item.missing for _, item in upcoming(state, subject))
        twin.lossy = twin.left > 0
        found.append(twin)
    return found


def _told(states: list[State], subject: Subject) -> list[State]:
    buckets: Buckets = {}
    for state in states:
        for place, item in upcoming(state, subject):
            for found in explained(state, item, subject):
                if isinstance(found, Clash):
                    continue
                found.done = _marked(state.done, place)
                found.left, found.lossy = 0, False
                _add(buckets, found)
    if sum(map(len, buckets.values())) > STATES_MAX:
        raise _TooManyError
    return [state for bucket in buckets.values() for state in bucket]


def _marked(done: tuple[int, frozenset[int]], place: int) -> tuple[int, frozenset[int]]:
    begun, taken = done[0], done[1] | {place}
    while begun in taken:
        taken -= {begun}
        begun += 1
    return begun, taken


def _add(buckets: Buckets, state: State) -> list[State]:
    """Keep a state unless one that allows as much is kept already, which then stands for it too. Those that it covers
    itself are dropped. Gives the states from which to go on, once more where one stands for others now."""
    bucket = buckets.setdefault(state.key(), [])
    covering = [kept for kept in bucket if kept.covers(state)]
    if covering:
        return [kept for kept in covering if kept.stands_for(state)]
    for kept in [kept for kept in bucket if state.covers(kept)]:
        bucket.remove(kept)
        state.stands_for(kept)
    bucket.append(state)
    return [state]


def sure(course: Course) -> Counter[str]:
    """The rows that fired in every explanation and the rules that they exercised, as often as in all of them."""
    total: Counter[str] | None = None
    for state in course.states:
        total = state.sure if total is None else total & state.sure
    return total or Counter()

"""Which schedules are worth trying on a window: interruptions at lines that were interrupted least, and rarely within a
lock, where one is as good as another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import TypeAlias, final

from .schedules import Line, Ran, Schedule
from .windows import Window

HELD = 2
"""How often a line must be seen with a lock held to be taken for one."""

FREE = 1_000_000
"""A line at which a waiting client woke is never taken for one."""

WITHIN_LOCKS = 3
"""How many of the schedules of one window interrupt somebody who, for all that is known, holds a lock."""

TWICE = 0.25
"""Of how many schedules a second client is interrupted as well."""

Candidate: TypeAlias = tuple[tuple[int, ...], int, Line]
"""The order of the clients, at which line of the run the first of them is interrupted, and which line of code it is."""


@final
class Plans:
    """Remembers over all windows of a tier which lines were interrupted, and at which a lock was held."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._interrupted: Counter[tuple[Line, str]] = Counter()
        self._lines: Counter[Line] = Counter()
        self._seen_held: Counter[Line] = Counter()
        self.held: set[Line] = set()

    def first(self, window: Window) -> Schedule:
        """Nobody is interrupted: the operations of one client after another's."""
        return Schedule(order=self._order(len(window.clients)))

    def schedules(self, window: Window, ran: Ran, count: int) -> Iterator[Schedule]:
        """At most so many schedules, given what an uninterrupted run of the window reached. What is learnt from runs
        meanwhile (:meth:`learn`) is made use of."""
        candidates = self._candidates(window, ran)
        self._rng.shuffle(candidates)
        within = 0
        for _ in range(count):
            free = [one for one in candidates if one[2] not in self.held]
            if not free:
                within += 1
            if not candidates or within > WITHIN_LOCKS:
                return
            chosen = min(free or candidates, key=lambda one: self._weight(window, one))
            candidates.remove(chosen)
            order, line, code = chosen
            self._interrupted[code, _others(window, order)] += 1
            self._lines[code] += 1
            yield Schedule(order=order, changes=self._changes(line, ran, order))

    def learn(self, ran: Ran) -> None:
        """Take notice of what a run showed."""
        for line in ran.held - {None}:
            self._seen_held[line] += 1
        for line in ran.free:
            self._seen_held[line] = -FREE
        self.held = {line for line, times in self._seen_held.items() if times >= HELD}

    def _candidates(self, window: Window, ran: Ran) -> list[Candidate]:
        """Each line of each client, if that client went first."""
        found: list[Candidate] = []
        for number in range(len(window.clients)):
            others = [one for one in self._order(len(window.clients)) if one != number]
            mine = [line for client, line in ran.lines if client == number]
            found += [((number, *others), place, line) for place, line in enumerate(mine, 1) if place > 1]
        return found

    def _weight(self, window: Window, candidate: Candidate) -> tuple[int, int]:
        order, _, code = candidate
        return self._interrupted[code, _others(window, order)], self._lines[code]

    def _changes(self, line: int, ran: Ran, order: Sequence[int]) -> tuple[int, ...]:
        if self._rng.random() >= TWICE:
            return (line,)
        following = sum(client == order[1] for client, _ in ran.lines)
        return line, line + self._rng.randint(1, max(1, following))

    def _order(self, clients: int) -> tuple[int, ...]:
        return tuple(self._rng.sample(range(clients), clients))


def _others(window: Window, order: Sequence[int]) -> str:
    """What those do who may come in between."""
    events = (event for number in order[1:] for event in window.clients[number])
    return " ".join(sorted({type(event).__name__ for event in events}))

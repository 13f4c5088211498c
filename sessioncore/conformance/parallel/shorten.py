"""A failing window made short: fewer operations, fewer clients, a shorter way there, fewer interruptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs

from sessioncore.core.errors import HostError

from ..results import Finding, Kind
from ..running import NotApplicable
from .schedules import Schedule
from .trial import Inconclusive, Outcomes
from .windows import Window

RUNS_MAX = 250
"""How often a window is run again to make it shorter."""

LINES_MAX = 60
"""At how many single lines an interruption is tried where the old schedule does not fit any more."""

Judge = Callable[[Window, Schedule | None], Outcomes]


def shortened(window: Window, schedule: Schedule, finding: Finding, judge: Judge) -> Finding:
    """The finding of a window with as few operations and interruptions as were found to be enough. One that shows
    without any interruption is no race: it is told as what it is."""
    work = _Shortening(window, schedule, finding, judge)
    work.run()
    return work.told()


class _Shortening:
    def __init__(self, window: Window, schedule: Schedule, finding: Finding, judge: Judge) -> None:
        self.window = window
        self.schedule = schedule
        self.finding = finding
        self.kind = finding.kind
        self.judge = judge
        self.runs = 0

    def run(self) -> None:
        """Take something away as long as it still fails."""
        self._fails(self.window, attrs.evolve(self.schedule, changes=()))
        for change in self.schedule.changes if len(self.schedule.changes) > 1 else ():
            self._fails(self.window, attrs.evolve(self.schedule, changes=(change,)))
        changed = True
        while changed and self.runs < RUNS_MAX:
            changed = any(self._keep(*smaller) for smaller in self._smaller_windows(self.window))

    def told(self) -> Finding:
        """What came of it."""
        kind, said = self.finding.kind, self.finding.said
        if not self.schedule.changes and kind is Kind.RACE:
            answer = any(one.what.startswith("answer") for one in self.finding.differences[:1])
            kind = Kind.OUTCOME if answer else Kind.OBSERVATION
            said = f"without any interruption, {said}".rstrip(", ")
        elif self.schedule.changes:
            lines = ", ".join(map(str, self.schedule.changes))
            said = f"{said} (order {self.schedule.order}, interrupted at line {lines} of the run)".strip()
        return attrs.evolve(self.finding, kind=kind, said=said, shrunk=True)

    def _smaller_windows(self, window: Window) -> Iterator[tuple[Window, int | None]]:
        """Windows with something less, and the client that is gone, if one is. Whole clients are tried first."""
        for number in range(len(window.clients)):
            yield attrs.evolve(window, clients=window.clients[:number] + window.clients[number + 1 :]), number
        for number, mine in enumerate(window.clients):
            for place in range(len(mine) if len(mine) > 1 else 0):
                rest = mine[:place] + mine[place + 1 :]
                clients = tuple(rest if each == number else one for each, one in enumerate(window.clients))
                yield attrs.evolve(window, clients=clients), None
        for place in range(len(window.before)):
            yield attrs.evolve(window, before=window.before[:place] + window.before[place + 1 :]), None

    def _keep(self, smaller: Window, gone: int | None) -> bool:
        """Whether the smaller window fails too, under the old schedule or one that was searched for."""
        clients = len(smaller.clients)
        left = (one for one in self.schedule.order if one != gone)
        order = tuple(one - (gone is not None and one > gone) for one in left)
        if self._fails(smaller, attrs.evolve(self.schedule, order=order)):
            return True
        if not self.schedule.changes or clients < 2:
            return False  # it fails without any interruption, or would have to
        return any(
            self._fails(smaller, Schedule(order=first, changes=(line,)))
            for first in {order, order[::-1]}
            for line in range(1, min(self._length, LINES_MAX) + 1)
        )

    def _fails(self, window: Window, schedule: Schedule) -> bool:
        if self.runs >= RUNS_MAX:
            return False
        self.runs += 1
        try:
            outcomes = self.judge(window, schedule)
        except (NotApplicable, Inconclusive, HostError):
            return False
        self._length = 0 if outcomes.ran is None else len(outcomes.ran.lines)
        found = outcomes.finding
        if found is None or found.kind is not self.kind:
            return False
        self.window, self.schedule, self.finding = window, schedule, found
        return True

    _length = 0

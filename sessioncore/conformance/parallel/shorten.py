"""A failing window made short: fewer operations, fewer clients, a shorter way there, fewer interruptions.

Where threads wait for locks of the target, one schedule may go otherwise on a busy machine. So what does not fail at
once is tried again if somebody waited, and what is told at the end was seen to fail once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import attrs

from sessioncore.core.errors import HostError

from ..results import Finding, Kind
from ..running import NotApplicable
from .schedules import MAKES_WAY, WAITS, Line, Schedule
from .trial import Inconclusive, Outcomes
from .windows import Window

RUNS_MAX = 250
"""How often a window is run again to make it shorter."""

TRIES_MAX = 3
"""How often a window is tried under one schedule before it is believed that it does not fail."""

CONFIRMS_MAX = 10
"""How often the shortest window is tried before a longer one is told instead."""

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
        self.confirmed = False
        self._kept = [(window, schedule, finding)]
        self._lines: list[Line] = []
        self._spots: frozenset[Line] = frozenset()

    def run(self) -> None:
        """Take something away as long as it still fails, and see it fail once more."""
        self._shorten()
        self.confirmed = self._confirm()

    def _shorten(self) -> None:
        self._fails(self.window, attrs.evolve(self.schedule, changes=()))
        self._spots = self._at(self.schedule.changes)
        for change in self.schedule.changes if len(self.schedule.changes) > 1 else ():
            self._fails(self.window, attrs.evolve(self.schedule, changes=(change,)))
        changed = True
        while changed and self.runs < RUNS_MAX:
            # What is likely is tried on every smaller window before a long search begins on any.
            changed = any(
                self._keep(*smaller, search=search)
                for search in (False, True)
                for smaller in self._smaller_windows(self.window)
            )

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
        if not self.confirmed:
            said = f"{said}; it did not show again when it was run again".removeprefix("; ")
        return attrs.evolve(self.finding, kind=kind, said=said, shrunk=self.confirmed)

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

    def _keep(self, smaller: Window, gone: int | None, *, search: bool) -> bool:
        """Whether the smaller window fails too: under the old schedule, with an interruption at the same line of the
        code, or, with ``search``, at any."""
        clients = len(smaller.clients)
        left = (one for one in self.schedule.order if one != gone)
        order = tuple(one - (gone is not None and one > gone) for one in left)
        if self._fails(smaller, attrs.evolve(self.schedule, order=order), tries=1 if search else TRIES_MAX):
            return True
        if not self.schedule.changes or clients < 2:
            return False  # it fails without any interruption, or would have to
        places = [(place, line in self._spots) for place, line in enumerate(self._lines[:LINES_MAX], start=1)]
        return any(
            self._fails(smaller, Schedule(order=first, changes=(place,)), tries=1 if search else TRIES_MAX)
            for place, known in places
            for first in dict.fromkeys((order, order[::-1]))
            if known is not search
        )

    def _at(self, changes: Sequence[int]) -> frozenset[Line]:
        """The lines of the code at which these changes come in the last run."""
        return frozenset(self._lines[change - 1] for change in changes if change <= len(self._lines))

    def _fails(self, window: Window, schedule: Schedule, *, tries: int = TRIES_MAX) -> bool:
        """Whether it fails within a few tries; if so it is kept."""
        for _ in range(tries):
            if self.runs >= RUNS_MAX:
                return False
            self.runs += 1
            try:
                outcomes = self.judge(window, schedule)
            except (NotApplicable, Inconclusive, HostError):
                return False
            self._lines = [] if outcomes.ran is None else [line for _, line in outcomes.ran.lines]
            found = outcomes.finding
            if found is not None and found.kind is self.kind:
                self._take(window, schedule, found)
                self._kept.append((window, schedule, found))
                self._spots = self._at(schedule.changes)
                return True
            if not _may_differ(outcomes):
                return False
        return False

    def _take(self, window: Window, schedule: Schedule, finding: Finding) -> None:
        self.window, self.schedule, self.finding = window, schedule, finding

    def _confirm(self) -> bool:
        """Go back to the shortest of what was kept that fails once more; whether there is one."""
        for window, schedule, _ in reversed(self._kept):
            for _ in range(CONFIRMS_MAX):
                try:
                    found = self.judge(window, schedule).finding
                except (NotApplicable, Inconclusive, HostError):
                    break
                if found is not None and found.kind is self.kind:
                    self._take(window, schedule, found)
                    return True
        self._take(*self._kept[0])
        return False


def _may_differ(outcomes: Outcomes) -> bool:
    """Whether the same schedule may go otherwise another time: somebody waited for something, or seemed to. What every
    client does by its turns alone is always the same."""
    return outcomes.ran is not None and any(switch.why in (WAITS, MAKES_WAY) for switch in outcomes.ran.switches)

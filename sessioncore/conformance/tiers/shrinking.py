"""A failing case made short: events are taken out as long as the same rule is still broken in the same way."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from sessioncore.core.events import Event

from ..cases import Case
from ..results import Finding

RUNS_MAX = 400
"""How often a case is run again to make it shorter."""

Judged = Callable[[Case], Finding | None]


def shrunk(case: Case, finding: Finding, judge: Judged) -> Finding:
    """The finding of the shortest case that could be made of this one. ``judge`` runs a case on a fresh target."""
    best = finding
    runs = 0

    def better(events: tuple[Event, ...]) -> bool:
        nonlocal best, runs
        runs += 1
        found = judge(attrs.evolve(case, events=events))
        if found is None or not _alike(found, finding) or len(found.trace) > len(events):
            return False
        best = found
        return True

    events = best.events
    changed = True
    while changed and runs < RUNS_MAX:
        changed = False
        for size in (8, 4, 2, 1):
            at = len(events) - size
            while at >= 0 and runs < RUNS_MAX:
                shorter = events[:at] + events[at + size :]
                if shorter and better(shorter):
                    events = best.events
                    changed = True
                    at = min(at, len(events) - size)
                else:
                    at -= 1
    return attrs.evolve(best, shrunk=True)


def _alike(found: Finding, wanted: Finding) -> bool:
    return found.kind is wanted.kind and found.rules[:1] == wanted.rules[:1]


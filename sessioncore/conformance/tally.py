"""What the steps of a judgement met: counted only where target and reference agreed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import final

import attrs

from sessioncore.core.chart import Row
from sessioncore.core.device_chart import DEVICE_CHART
from sessioncore.core.device_core import DeviceCore
from sessioncore.core.events import SubmitRequested
from sessioncore.core.job_chart import JOB_CHART
from sessioncore.core.session_chart import SESSION_CHART

from .blame import RULES_OF, SESSION_ROWS, Spot
from .protocol import FIELDS, UNSEEN, Outcome, Rejected, View
from .results import Coverage

BEFORE_TIMER = "report before timer"
AFTER_TIMER = "timer before request"
"""The two orders of T-01."""

V_02 = frozenset(FIELDS) - {"state_reason", "created_at", "status"}
"""What ``details()`` shows."""

ROWS: Mapping[str, Row] = {
    row.id: row for chart in (SESSION_CHART, JOB_CHART, DEVICE_CHART) for row in chart.rows
}

LAW_OF_TIMER: Mapping[str, str] = {"MaxTtlExpired": "S-10", "InteractiveTtlExpired": "S-13"}
"""The rules that say when these timers are due."""

_NOT_ANSWERS = frozenset(row.id for row in SESSION_CHART.rows if row.trigger is not SubmitRequested)
"""Rows of a session whose effect only its view shows: that a job is accepted is told by the answer."""

_SHOWN_BY: Mapping[str, tuple[str, ...]] = {
    "S-10": ("S-15.max-ttl",),
    "S-15": ("S-15.max-ttl", "S-15.late", "D-03.out-of-time"),
    "S-20": ("S-20.cancel",),
}
"""Rows that exercise these rules. Others are about them too, and happen without them: a start arms the max TTL timer,
and a job outlives a session whichever way that ended."""


def armed(core: DeviceCore) -> list[tuple[str, int]]:
    """Every timer of the reference that is armed: (event, due in microseconds)."""
    found = [timer for name in core.sessions for timer in core.timers(name)]
    found += [
        ("ExecutionLimitExpired", job.execution_limit_due)
        for job in core.jobs.values()
        if job.execution_limit_due is not None
    ]
    return found


def hidden(core: DeviceCore, view: View, names: Mapping[str, str]) -> frozenset[str]:
    """The sessions of which a view shows nothing at all: what becomes of them cannot be confirmed."""
    found = []
    for name in core.sessions:
        shown = view.sessions.get(names.get(name, name))
        if shown is not None and shown.state is UNSEEN and all(getattr(shown, one) is UNSEEN for one in FIELDS):
            found.append(name)
    return frozenset(found)


def rules_shown(row: str) -> Iterator[str]:
    """The rules that are exercised when a row of a chart fires."""
    return (rule for rule in RULES_OF.get(row, ()) if row in _SHOWN_BY.get(rule, (row,)))


@final
@attrs.define(kw_only=True)
class Tally:
    """Coverage, how often each rule was exercised, how many steps there were, and what they left open."""

    coverage: Coverage = attrs.Factory(Coverage)
    exercised: Counter[str] = attrs.Factory(Counter)
    steps: int = 0
    open: dict[str, str] = attrs.Factory(dict)
    """Rules that something exercised and nothing that was seen decided, with why."""
    _last: dict[str, str] = attrs.Factory(dict)

    def fresh(self) -> None:
        """A new target: no row came before."""
        self._last = {}

    def update(self, other: Tally) -> None:
        """Add what another tally counted."""
        self.coverage.update(other.coverage)
        self.exercised.update(other.exercised)
        self.steps += other.steps
        self.leave_open(other.open)

    def leave_open(self, rules: Mapping[str, str]) -> None:
        """Note rules that something exercised and nothing decided, each with the first reason."""
        for rule, why in rules.items():
            self.open.setdefault(rule, why)

    def passed(self, dues: Iterable[tuple[str, int]], to: int) -> None:
        """Time goes on to ``to``: which deadlines lie a microsecond later, at that instant, or earlier."""
        for timer, due in dues:
            if due <= to + 1:
                where = "before" if due > to else "at" if due == to else "after"
                self.coverage.boundaries[timer, where] += 1
                if where == "after":
                    self.exercised["T-02"] += 1
                if timer in LAW_OF_TIMER:
                    self.exercised[LAW_OF_TIMER[timer]] += 1

    def agreed(
        self, expected: Outcome, before: Mapping[str, str], spot: Spot, unseen: Collection[str] = ()
    ) -> None:
        """Count what one step met. ``before`` is in which configuration every session was; of those that are
        ``unseen`` nothing is shown, so that only answers about them count."""
        coverage, exercised = self.coverage, self.exercised
        self.steps += 1
        supposed = {row for name in unseen for row in spot.steps.get(name, ()) if row in _NOT_ANSWERS}
        for row in spot.rows:
            if row in supposed:
                continue
            coverage.rows[row] += 1
            for rule in rules_shown(row):
                exercised[rule] += 1
            for atom, value in ROWS[row].guard if row in ROWS else ():
                coverage.guards[row, atom, value] += 1
        if spot.tie:
            exercised[spot.tie] += 1
        name = getattr(spot.event, "session_id", None) or ""
        if isinstance(expected, Rejected):
            exercised["T-03"] += 1
            exercised["V-03"] += 1
        if name in before and not any(ROWS[row].target for row in spot.steps.get(name, ())):
            coverage.sneaks[before[name], type(spot.event).__name__] += 1
        for session, rows in spot.steps.items():
            for row in rows:
                if row in SESSION_ROWS and row not in supposed:
                    self._transition(session, before.get(session, "none"), row)

    def _transition(self, session: str, where: str, row: str) -> None:
        self.coverage.transitions[where, row] += 1
        if session in self._last:
            self.coverage.pairs[self._last[session], row] += 1
        self._last[session] = row

    def looked(self, core: DeviceCore, view: View, names: Mapping[str, str]) -> None:
        """Count what a view showed, and the rules that say what it shows."""
        unseen = hidden(core, view, names)
        for name, session in core.sessions.items():
            shown = view.sessions.get(names.get(name, name))
            if name not in unseen:
                self.coverage.states[session.configuration.value] += 1
            if shown is None:
                continue
            fields = {field for field in FIELDS if getattr(shown, field) is not UNSEEN}
            self.coverage.fields.update(fields)
            if "status" in fields:
                self.exercised["V-01"] += 1
            if fields >= V_02:
                self.exercised["V-02"] += 1
            if "max_time" in fields or "interactive_timeout" in fields:
                self.exercised["S-03"] += 1
            if "usage_time" in fields and session.started_at is not None:
                self.exercised["U-01" if session.terms.parameters.usage == "windows" else "U-02"] += 1

"""What the steps of a judgement met: counted only where target and reference agreed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import NamedTuple, TypeAlias, final

from sessioncore.core.chart import Row
from sessioncore.core.device_chart import DEVICE_CHART
from sessioncore.core.device_core import DeviceCore
from sessioncore.core.events import Event, SubmitRequested
from sessioncore.core.job_chart import JOB_CHART
from sessioncore.core.session_chart import SESSION_CHART

from .blame import RULES_OF, SESSION_ROWS, Spot
from .protocol import FIELDS, UNSEEN, Outcome, Rejected, SessionView, View
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


_Move: TypeAlias = tuple[str, str, str | None]
"""(configuration, row that a session fired in it, the row that it fired before)."""


class _Met(NamedTuple):
    """What one step met, in the few words that make it the same as many another."""

    kind: str
    rows: tuple[str, ...]
    tie: str
    refused: bool
    sneak: str | None
    moves: tuple[_Move, ...]


class _Look(NamedTuple):
    """What one view told of one session."""

    state: str | None
    fields: frozenset[str]
    usage: str | None


@final
class Tally:
    """Coverage, how often each rule was exercised, how many steps there were, and what they left open.

    Most steps are like many others, so they are counted as they come and taken apart when somebody asks.
    """

    def __init__(self) -> None:
        self.steps = 0
        self.open: dict[str, str] = {}
        """Rules that something exercised and nothing that was seen decided, with why."""
        self._coverage = Coverage()
        self._exercised: Counter[str] = Counter()
        self._met: Counter[_Met] = Counter()
        self._looks: Counter[_Look] = Counter()
        self._last: dict[str, str] = {}

    @property
    def coverage(self) -> Coverage:
        """What was met, and how often."""
        self._settle()
        return self._coverage

    @property
    def exercised(self) -> Counter[str]:
        """Rules by how many agreeing steps exercised them."""
        self._settle()
        return self._exercised

    def fresh(self) -> None:
        """A new target: no row came before."""
        self._last = {}

    def update(self, other: Tally) -> None:
        """Add what another tally counted."""
        self._coverage.update(other._coverage)
        self._exercised.update(other._exercised)
        self._met.update(other._met)
        self._looks.update(other._looks)
        self.steps += other.steps
        self.leave_open(other.open)

    def leave_open(self, rules: Mapping[str, str]) -> None:
        """Note rules that something exercised and nothing decided, each with the first reason."""
        for rule, why in rules.items():
            self.open.setdefault(rule, why)

    def tied(self, event: Event, order: str) -> None:
        """Two things fall on one instant; ``order`` says which one goes first."""
        self._coverage.ties[type(event).__name__, order] += 1

    def passed(self, dues: Iterable[tuple[str, int]], to: int) -> None:
        """Time goes on to ``to``: which deadlines lie a microsecond later, at that instant, or earlier."""
        for timer, due in dues:
            if due <= to + 1:
                where = "before" if due > to else "at" if due == to else "after"
                self._coverage.boundaries[timer, where] += 1
                if where == "after":
                    self._exercised["T-02"] += 1
                if timer in LAW_OF_TIMER:
                    self._exercised[LAW_OF_TIMER[timer]] += 1

    def agreed(
        self, expected: Outcome, before: Mapping[str, str], spot: Spot, unseen: Collection[str] = ()
    ) -> None:
        """Count what one step met. ``before`` is in which configuration every session was; of those that are
        ``unseen`` nothing is shown, so that only answers about them count."""
        self.steps += 1
        rows, steps = spot.rows, spot.steps
        name = getattr(spot.event, "session_id", None) or ""
        stays = name in before and not any(ROWS[row].target for row in steps.get(name, ()))
        supposed: Collection[str] = ()
        if unseen:
            supposed = {row for one in unseen for row in steps.get(one, ()) if row in _NOT_ANSWERS}
            rows = tuple(row for row in rows if row not in supposed)
        moves = tuple(self._moves(before, steps, supposed)) if steps else ()
        sneak = before[name] if stays else None
        refused = isinstance(expected, Rejected)
        self._met[_Met(type(spot.event).__name__, rows, spot.tie, refused, sneak, moves)] += 1

    def _moves(
        self, before: Mapping[str, str], steps: Mapping[str, tuple[str, ...]], supposed: Collection[str]
    ) -> Iterator[_Move]:
        for session, rows in steps.items():
            for row in rows:
                if row in SESSION_ROWS and row not in supposed:
                    yield before.get(session, "none"), row, self._last.get(session)
                    self._last[session] = row

    def looked(self, core: DeviceCore, view: View, names: Mapping[str, str]) -> None:
        """Count what a view showed, and the rules that say what it shows."""
        for name, session in core.sessions.items():
            shown = view.sessions.get(names.get(name, name))
            fields = _NOTHING if shown is None else _shown_by(shown)
            state = None if shown is not None and not fields else session.configuration.value
            usage = None
            if "usage_time" in fields and session.started_at is not None:
                usage = "U-01" if session.terms.parameters.usage == "windows" else "U-02"
            self._looks[_Look(state, fields, usage)] += 1

    def _settle(self) -> None:
        """Take apart what was counted."""
        for met, times in self._met.items():
            self._count(met, times)
        for look, times in self._looks.items():
            self._count_look(look, times)
        self._met.clear()
        self._looks.clear()

    def _count(self, met: _Met, times: int) -> None:
        coverage, exercised = self._coverage, self._exercised
        for row in met.rows:
            coverage.rows[row] += times
            for rule in rules_shown(row):
                exercised[rule] += times
            for atom, value in ROWS[row].guard if row in ROWS else ():
                coverage.guards[row, atom, value] += times
        if met.tie:
            exercised[met.tie] += times
        if met.refused:
            exercised["T-03"] += times
            exercised["V-03"] += times
        if met.sneak is not None:
            coverage.sneaks[met.sneak, met.kind] += times
        for where, row, last in met.moves:
            coverage.transitions[where, row] += times
            if last is not None:
                coverage.pairs[last, row] += times

    def _count_look(self, look: _Look, times: int) -> None:
        coverage, exercised, fields = self._coverage, self._exercised, look.fields
        if look.state is not None:
            coverage.states[look.state] += times
        for field in fields:
            coverage.fields[field] += times
        if "status" in fields:
            exercised["V-01"] += times
        if fields >= V_02:
            exercised["V-02"] += times
        if "max_time" in fields or "interactive_timeout" in fields:
            exercised["S-03"] += times
        if look.usage is not None:
            exercised[look.usage] += times


_EVERY, _NOTHING = frozenset(FIELDS), frozenset[str]()
_values_of = attrgetter(*FIELDS)


def _shown_by(shown: SessionView) -> frozenset[str]:
    """The fields that a view of a session has."""
    values = _values_of(shown)
    if UNSEEN not in values:
        return _EVERY
    return frozenset(field for field, value in zip(FIELDS, values, strict=True) if value is not UNSEEN)

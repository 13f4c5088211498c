"""How much there is to cover: everything that a profile lets happen to a session, counted on its charts.

The charts say which rows a state has, not which can be met there: a session that was just opened has no work to close
with. So the totals come from a small search: one session, its configuration, and how many jobs it has queued and on
the device (three and ``lanes`` at most; more of either meets nothing new).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple, final

import attrs

from sessioncore.conformance.results import Coverage, Report
from sessioncore.conformance.tally import AFTER_TIMER, BEFORE_TIMER
from sessioncore.core.chart import Disposition, Fault, Row
from sessioncore.core.device_chart import DEVICE_CHART
from sessioncore.core.events import (
    REPORTS,
    REQUESTS,
    TIMERS,
    ExecutionLimitExpired,
    InteractiveTtlExpired,
    JobStarted,
    MaxTtlExpired,
    NoSubmissionExpired,
    SubmitRequested,
    UsageLimitReached,
)
from sessioncore.core.job_chart import job_chart
from sessioncore.core.profiles import Parameters, Profile
from sessioncore.core.session_chart import SESSION_CHART, session_chart
from sessioncore.core.signals import JobLeftDevice, JobLeftQueue, JobOverran, JobReady
from sessioncore.core.states import Configuration

from . import words

LENGTHS: Final[Mapping[type, str]] = {
    MaxTtlExpired: "max_ttl",
    UsageLimitReached: "usage_limit",
    InteractiveTtlExpired: "interactive_ttl",
    NoSubmissionExpired: "no_submission",
    ExecutionLimitExpired: "execution_limit",
}
"""Every timer, and the parameter that is its length."""

SIDES: Final = ("before", "at", "after")
"""Where a timer's deadline is looked at."""

_QUEUED_MAX: Final = 3
_LANES_MAX: Final = 3  # with more, a session meets nothing that it does not meet with two: a test compares
_CLOSED: Final = Configuration.CLOSED
_TRIGGERS: Final = {
    row.id: row.trigger.__name__
    for row in SESSION_CHART.rows
    if row.sources == (Configuration.NONE,) and row.fault is Fault.CLIENT
}
"""Refusals for a session that there is not, by row: a session's coverage cannot count them."""


@final
@attrs.frozen(kw_only=True)
class Totals:
    """What can be covered, under the names and in the form of :class:`~sessioncore.conformance.results.Coverage`."""

    states: frozenset[str]
    transitions: frozenset[tuple[str, str]]
    sneaks: frozenset[tuple[str, str]]
    pairs: frozenset[tuple[str, str]]
    guards: frozenset[tuple[str, str, str]]
    boundaries: frozenset[tuple[str, str]]
    ties: frozenset[tuple[str, str]]
    rows: frozenset[str]


KINDS: Final[Mapping[str, str]] = {
    "states": "states",
    "transitions": "transitions",
    "sneaks": "sneak paths",
    "pairs": "transition pairs",
    "guards": "guard conditions",
    "boundaries": "timer boundaries",
    "ties": "tie orders",
    "rows": "rows of all charts",
}
"""The fields of :class:`Totals` in the order in which they are told, and what people call them."""

MEANINGS: Final[Mapping[str, str]] = {
    "states": "configurations in which a session can be",
    "transitions": "a row of the session's chart met in a configuration",
    "sneaks": "a request that a configuration refuses, or that changes nothing in it",
    "pairs": "two rows of one session, one after the other",
    "guards": "an answer to a question on which a row depends",
    "boundaries": "a timer looked at a microsecond before its deadline, at it, and after it",
    "ties": "two things at one instant, of which one goes first",
    "rows": "sentences of the charts of session, job and device",
}
"""What is counted."""


@final
@attrs.frozen(kw_only=True)
class Covered:
    """One kind of coverage: how many of the total were met, and what was not, sorted."""

    kind: str
    met: int
    total: int
    missing: tuple[tuple[str, ...], ...]

    @property
    def share(self) -> float:
        """From 0 to 1; 1 where there is nothing to cover."""
        return self.met / self.total if self.total else 1.0


def covered(
    coverage: Coverage, profile: Profile, lanes: int = 1, unsupported: Iterable[str] = ()
) -> tuple[Covered, ...]:
    """What a coverage holds of everything that the profile lets happen.

    What is met besides does not count, nor what needs an ``unsupported`` event.
    """
    every, without = totals(profile, lanes), frozenset(unsupported)
    return tuple(_one(kind, coverage, every, without) for kind in KINDS)


def told(report: Report) -> tuple[Covered, ...]:
    """What a report says of its coverage. Of a log much cannot be known, such as in which of several configurations a
    request was refused: what nothing was counted of is left out there, since that none was met is not known either."""
    every = covered(report.coverage, words.profile_of(report), report.lanes, report.unsupported)
    logs = all(tier.name == "log" for tier in report.tiers) and report.tiers
    return tuple(one for one in every if one.met or not logs)


def _one(kind: str, coverage: Coverage, every: Totals, without: frozenset[str]) -> Covered:
    met = {_key(key) for key, count in getattr(coverage, kind).items() if count > 0}
    if kind == "sneaks":
        met |= {("none", _TRIGGERS[row]) for row, count in coverage.rows.items() if count > 0 and row in _TRIGGERS}
    keys = {_key(key) for key in getattr(every, kind)}
    keys = {key for key in keys if not without & set(key)}
    return Covered(kind=kind, met=len(keys & met), total=len(keys), missing=tuple(sorted(keys - met)))


def _key(key: object) -> tuple[str, ...]:
    return tuple(str(part) for part in key) if isinstance(key, tuple) else (str(key),)


def totals(profile: Profile, lanes: int = 1) -> Totals:
    """Everything that can be covered under a profile, dedicated sessions and batches together."""
    return _totals(profile, min(lanes, _LANES_MAX))


@lru_cache(maxsize=16)
def _totals(profile: Profile, lanes: int) -> Totals:
    halves = tuple(dict.fromkeys((profile.dedicated, profile.batch)))
    met = [_search(half, lanes) for half in halves]
    rows = frozenset(row.id for found in met for cell in found.cells.values() for row in cell) | {
        row.id for half in halves for row in _other_rows(half, lanes)
    }
    timers = [timer for timer in TIMERS if any(_armed(half, timer) for half in halves)]
    return Totals(
        states=frozenset().union(*(found.states for found in met)),
        transitions=frozenset().union(*(found.transitions for found in met)),
        sneaks=frozenset(sneak for found in met for sneak in _sneaks(found)),
        pairs=frozenset().union(*(found.pairs for found in met)),
        guards=frozenset(guard for half in halves for guard in _guards(half, rows)),
        boundaries=frozenset((timer.__name__, side) for timer in timers for side in SIDES),
        ties=frozenset(_ties() if timers else ()),
        rows=rows,
    )


# --- the search --------------------------------------------------------------------------------------------------


class _Place(NamedTuple):
    """Where one session is: configuration, jobs queued and on the device, and how many of those are being stopped."""

    state: Configuration
    queued: int = 0
    on_device: int = 0
    stopping: int = 0


@final
class _Met:
    """What a search met."""

    def __init__(self) -> None:
        self.states: set[str] = set()
        self.transitions: set[tuple[str, str]] = set()
        self.pairs: set[tuple[str, str]] = set()
        self.cells: dict[tuple[str, type], list[Row]] = {}


def _search(half: Parameters, lanes: int) -> _Met:
    """Every place and row that one session can meet."""
    chart = session_chart(half.switches)
    met = _Met()
    begin: tuple[_Place, str] = (_Place(Configuration.NONE), "")
    seen, waiting = {begin}, [begin]
    while waiting:
        place, before = waiting.pop()
        for row in chart.rows:
            if place.state not in row.sources or not _possible(row, place, half, lanes):
                continue
            met.cells.setdefault((place.state.value, row.trigger), []).append(row)
            if row.disposition is Disposition.FORBIDDEN:
                continue
            met.transitions.add((place.state.value, row.id))
            if before:
                met.pairs.add((before, row.id))
            for after in _after(row, place, half):
                met.states.add(after.state.value)
                if (after, row.id) not in seen:
                    seen.add((after, row.id))
                    waiting.append((after, row.id))
    return met


def _possible(row: Row, place: _Place, half: Parameters, lanes: int) -> bool:
    """Whether the world can bring the row's trigger about here, with its guard true."""
    if row.fault is Fault.HOST or not _guard_holds(row, place, half):
        return False
    trigger = row.trigger
    if trigger is SubmitRequested:
        return place.queued < _QUEUED_MAX
    if trigger is JobStarted:
        return place.queued > 0 and place.on_device < lanes
    if trigger is JobLeftQueue:
        return place.queued > 0
    if trigger is JobLeftDevice:
        return any(_left(row, place))
    if trigger is JobOverran:
        return half.execution_limit is not None and place.on_device > place.stopping
    if trigger in (InteractiveTtlExpired, NoSubmissionExpired) and place.queued + place.on_device:
        return False
    return trigger not in LENGTHS or getattr(half, LENGTHS[trigger]) is not None


def _guard_holds(row: Row, place: _Place, half: Parameters) -> bool:
    """Whether the guard can be true here. What depends on the job alone always can."""
    asked = dict(row.guard)
    left = place.queued + place.on_device - (row.trigger in (JobLeftQueue, JobLeftDevice))
    if asked.get("work_left", "some" if left > 0 else "none") != ("some" if left > 0 else "none"):
        return False
    if asked.get("in_time") == "no":
        return False
    if asked.get("fits") == "no":
        return True
    if asked.get("budget") == "more" and half.job_limit == 1:
        return False
    return asked.get("budget") != "last" or half.job_limit is not None


def _left(row: Row, place: _Place) -> tuple[bool, bool]:
    """Whether the job that leaves the device can be one that runs, and one that is being stopped: that never fails."""
    failed = dict(row.guard).get("failure") == "yes"
    return place.on_device > place.stopping, place.stopping > 0 and not failed


def _after(row: Row, place: _Place, half: Parameters) -> Iterator[_Place]:
    """The places that the row can lead to."""
    _, queued, on_device, stopping = place
    stopping += row.trigger is JobOverran
    state = Configuration(row.target) if row.target is not None else place.state
    if state is _CLOSED:
        queued = 0
        stopping = on_device if half.on_device_at_end == "stop" else stopping
    match row.effect:
        case "enqueue":
            yield _Place(state, queued + 1, on_device, stopping)
        case "leave_queue":
            yield _Place(state, max(0, queued - 1), on_device, stopping)
        case "start":
            yield _Place(state, queued - 1, on_device + 1, stopping)
        case "leave_device":
            runs, stops = _left(row, place)
            if runs:
                yield _Place(state, queued, on_device - 1, min(stopping, on_device - 1))
            if stops:
                yield _Place(state, queued, on_device - 1, stopping - 1)
        case _:
            yield _Place(state, queued, on_device, stopping)


# --- what the search does not tell ---------------------------------------------------------------------------------


def _sneaks(met: _Met) -> Iterator[tuple[str, str]]:
    """Requests that a configuration refuses whatever else is true, or that never change anything in it."""
    for (state, trigger), rows in met.cells.items():
        if trigger in REQUESTS and not any(row.target is not None or row.effect for row in rows):
            yield state, trigger.__name__


def _other_rows(half: Parameters, lanes: int) -> Iterator[Row]:
    """Rows of the charts of job and device that can be met from outside. Which job starts is the target's affair, so
    that a report of a start that fits nothing is not among them."""
    for row in job_chart(half.switches).rows:
        report_of_start = row.trigger is JobStarted and row.target is None
        unlimited = row.trigger is ExecutionLimitExpired and half.execution_limit is None
        if row.fault is not Fault.HOST and not report_of_start and not unlimited:
            yield row
    for row in DEVICE_CHART.rows:
        if row.trigger is not JobReady or _asked(dict(row.guard), half, lanes):
            yield row


def _asked(guard: Mapping[str, str], half: Parameters, lanes: int) -> bool:
    """Whether the device can be asked for a job of which this is true."""
    if guard.get("held") == "by_another" and half.exclusive == "no":
        return False
    if guard.get("shared") == "yes" and (half.exclusive == "no" or lanes == 1):
        return False
    return guard.get("in_time") != "no" or half.max_ttl is not None or half.usage_limit is not None


def _guards(half: Parameters, rows: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """The answers on which rows depend that can be met."""
    for chart in (session_chart(half.switches), job_chart(half.switches), DEVICE_CHART):
        for row in chart.rows:
            if row.id in rows:
                yield from ((row.id, atom, wanted) for atom, wanted in row.guard)


def _armed(half: Parameters, timer: type) -> bool:
    if timer is InteractiveTtlExpired and half.idle_action == "none":
        return False
    if timer is NoSubmissionExpired and half.start_event == "create":
        return False
    return getattr(half, LENGTHS[timer]) is not None


def _ties() -> Iterator[tuple[str, str]]:
    """What can fall into the instant at which a timer is due: a report goes before it, a request after it (T-01)."""
    yield from ((kind.__name__, BEFORE_TIMER) for kind in REPORTS if kind is not JobStarted)
    yield from ((kind.__name__, AFTER_TIMER) for kind in REQUESTS)

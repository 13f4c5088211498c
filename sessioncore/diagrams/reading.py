"""A chart and a profile, read as a picture.

Forbidden rows are left out, and so is what the profile makes impossible: a timer whose length is off, a limit that is
not set, a state that nothing leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from sessioncore.core import Chart, Disposition, Mode, Parameters, Profile, Row, StateReason
from sessioncore.core.values import replaced

from .frames import GROUPS, Group
from .picture import CHARTS, NOTHING_YET, Arrow, Line, Picture, Timer, length, words

LENGTHS = {
    "MaxTtlExpired": "max_ttl",
    "UsageLimitReached": "usage_limit",
    "InteractiveTtlExpired": "interactive_ttl",
    "NoSubmissionExpired": "no_submission",
    "ExecutionLimitExpired": "execution_limit",
}
"""Which parameter of a profile says how long a timer runs; None there means that the timer is off, but for
the last one, which a client may still ask for (J-05)."""

KindOf: TypeAlias = Callable[[Row], str]
"""Rows of different kinds are never told in one arrow or line; see :mod:`.against`."""


def one_kind(_row: Row) -> str:
    """Every row is of one kind."""
    return ""


def picture_of(
    name: str, profile: Profile, mode: Mode, agreed: Mapping[str, int | None] = MappingProxyType({})
) -> Picture:
    """Read one chart, specialised to one half of a profile. ``agreed`` are limits, by the names of parameters, that one
    session or job has instead of the profile's."""
    parameters = replaced(profile.half(mode), **agreed)
    chart = CHARTS[name].specialise(dict(parameters.switches))
    possible = [row for row in chart.rows if _is_possible(row, parameters)]
    states = _reached(chart, possible)
    shown = tuple(row for row in possible if any(state in states for state in row.sources))
    return assemble(
        name,
        title=f"{name} · profile {profile.name}" + ("" if name == "device" else f" · {mode.value}"),
        chart=chart,
        states=states,
        rows=shown,
        timers=tuple(_timers(chart, shown, states, parameters)),
    )


def assemble(
    name: str,
    *,
    title: str,
    chart: Chart,
    states: tuple[StrEnum, ...],
    rows: tuple[Row, ...],
    timers: tuple[Timer, ...],
    kind_of: KindOf = one_kind,
) -> Picture:
    """A picture of these states, rows and timers. The chart says what else a cell holds, and what an atom can be."""
    groups = tuple(_within(GROUPS[name], states))
    return Picture(
        name=name,
        title=title,
        summary=_summary(name, states, rows),
        chart=chart,
        states=states,
        initial=chart.initial,
        finals=tuple(state for state in chart.finals if state in states),
        groups=groups,
        arrows=tuple(_arrows(chart, rows, states, groups, kind_of)),
        timers=timers,
        inner={
            state: tuple(_inner(chart, rows, state, kind_of))
            for state in states
            if state is not NOTHING_YET.get(name)
        },
        rows=rows,
    )


# --- reading the chart ---------------------------------------------------------------------------------------


def _is_possible(row: Row, parameters: Parameters) -> bool:
    """Whether the row is no refusal and the profile leaves it anything to answer."""
    if row.disposition is Disposition.FORBIDDEN:
        return False
    timer = LENGTHS.get(row.trigger.__name__)
    if timer is not None and timer != "execution_limit" and getattr(parameters, timer) is None:
        return False
    return ("budget", "last") not in row.guard or parameters.job_limit is not None


def _reached(chart: Chart, rows: Iterable[Row]) -> tuple[StrEnum, ...]:
    """The states that something leads to, in the order of the chart."""
    reached = {chart.initial}
    grown = True
    while grown:
        before = len(reached)
        reached |= {row.target for row in rows if row.target is not None and not reached.isdisjoint(row.sources)}
        grown = len(reached) > before
    return tuple(state for state in chart.states if state in reached)


def _within(groups: Iterable[Group], states: tuple[StrEnum, ...]) -> Iterator[Group]:
    for group in groups:
        kept = tuple(state for state in group.states if state in states)
        if kept:
            yield Group(name=group.name, label=group.label, states=kept, inside=group.inside)


def _timers(
    chart: Chart, rows: tuple[Row, ...], states: tuple[StrEnum, ...], parameters: Parameters
) -> Iterator[Timer]:
    for law in chart.timers:
        name = law.trigger.__name__
        runs: int | None = getattr(parameters, LENGTHS[name])
        armed = tuple(
            state
            for state in law.armed_in
            if state in states and any(row.trigger is law.trigger and state in row.sources for row in rows)
        )
        if armed:
            label = words(name).removesuffix(" expired").removesuffix(" reached")
            told = "as asked" if runs is None else length(runs)
            yield Timer(name=name, label=label, length=told, law=law, armed_in=armed)


Ends: TypeAlias = tuple[str, str, StateReason | None, str | None, str]
"""Source, target, end reason, timer and kind: arrows that agree in these are one."""


def _arrows(
    chart: Chart, rows: tuple[Row, ...], states: tuple[StrEnum, ...], groups: tuple[Group, ...], kind_of: KindOf
) -> Iterator[Arrow]:
    """Transitions, those with the same ends, timer, reason and kind put together."""
    timers = {law.trigger for law in chart.timers}
    found: dict[Ends, list[Row]] = {}
    for row in rows:
        if row.target is None:
            continue
        timer = row.trigger.__name__ if row.trigger in timers else None
        sources = tuple(state for state in row.sources if state in states)
        for source in _units(sources, groups, grouped=timer is None):
            found.setdefault((source, row.target.value, row.reason, timer, kind_of(row)), []).append(row)
    for key in list(found):
        frame = _frame_of(chart, key, found, groups)
        if frame is not None:
            found[frame] += found.pop(key)
    for (source, target, reason, timer, _), together in found.items():
        lines = tuple(_lines(chart, together, kind_of))
        yield Arrow(source=source, target=target, lines=lines, reason=reason, timer=timer)


def _frame_of(chart: Chart, ends: Ends, found: Mapping[Ends, list[Row]], groups: tuple[Group, ...]) -> Ends | None:
    """The arrow from a frame that can tell this one as well: its trigger is refused in the frame's other states."""
    source, target, reason, timer, kind = ends
    for group in groups:
        frame = (group.name, target, reason, timer, kind)
        others = [state for state in group.states if state.value != source]
        if len(others) == len(group.states) or frame not in found:
            continue
        told = (cell for row in found[ends] for state in others for cell in chart.rows_of(state, row.trigger))
        if all(row.disposition is Disposition.FORBIDDEN for row in told):
            return frame
    return None


def _units(sources: tuple[StrEnum, ...], groups: tuple[Group, ...], *, grouped: bool) -> Iterator[str]:
    """The sources of a row as whole groups where they fill one, else state by state."""
    left = list(sources)
    for group in groups if grouped else ():
        if len(group.states) > 1 and all(state in left for state in group.states):
            yield group.name
            left = [state for state in left if state not in group.states]
    for state in left:
        yield state.value


def _inner(chart: Chart, rows: tuple[Row, ...], state: StrEnum, kind_of: KindOf) -> Iterator[Line]:
    """What happens in a state without leaving it; triggers with the same effect and sentence put together."""
    staying = [row for row in rows if row.target is None and state in row.sources]
    return _lines(chart, staying, kind_of)


def _lines(chart: Chart, rows: list[Row], kind_of: KindOf) -> Iterator[Line]:
    """One line for each trigger and guard. Rows that differ only in one atom and cover every value of it are one."""
    by_trigger: dict[tuple[type, str], list[Row]] = {}
    for row in rows:
        by_trigger.setdefault((row.trigger, kind_of(row)), []).append(row)
    for (trigger, _), together in by_trigger.items():
        guards = {row: _told_guard(chart, row) for row in together}
        common = tuple(atom for atom in guards[together[0]] if all(atom in guards[row] for row in together))
        rest = [tuple(atom for atom in guards[row] if atom not in common) for row in together]
        if len(together) == 1 or _covers(chart, rest):
            yield Line(trigger=trigger, guard=common, rows=tuple(together))
        else:
            for row in together:
                yield Line(trigger=trigger, guard=guards[row], rows=(row,))


def _told_guard(chart: Chart, row: Row) -> tuple[tuple[str, str], ...]:
    """The atoms worth telling: those for which another value would be something else than a refusal."""
    told = []
    for name, wanted in row.guard:
        others = [
            other
            for state in row.sources
            for other in chart.rows_of(state, row.trigger)
            if any(atom == name and answer != wanted for atom, answer in other.guard)
        ]
        allowed = any(other.disposition is not Disposition.FORBIDDEN for other in others)
        if allowed and (name, wanted) != ("budget", "more"):
            told.append((name, wanted))
    return tuple(told)


def _covers(chart: Chart, rest: list[tuple[tuple[str, str], ...]]) -> bool:
    """Whether these guards say nothing at all, or go through every value of one atom."""
    if not any(rest):
        return True
    if not all(len(guard) == 1 for guard in rest) or len({guard[0][0] for guard in rest}) != 1:
        return False
    atom = next(atom for atom in chart.atoms if atom.name == rest[0][0][0])
    return {guard[0][1] for guard in rest} == set(atom.values)


def _summary(name: str, states: tuple[StrEnum, ...], rows: tuple[Row, ...]) -> str:
    """One sentence for those who cannot see the picture."""
    told: dict[str, str] = {
        "session": "The states of a session: open, active and inactive, each accepting jobs or closing, and closed; "
        "arrows show what leads from one to another, and why a session ends.",
        "job": "The states of a job: queued, running, cancelling, then completed, failed or cancelled for ever.",
        "device": "The states of a device: online, paused and offline, and how a queued job is answered in each.",
    }
    ways = sum(row.target is not None for row in rows)
    return f"{told[name]} {len(states)} states, {ways} rows that lead from one to another."

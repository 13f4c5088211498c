"""What a picture of a chart shows, before any format: places, arrows, timers, and what stays inside a place.

One reading of the chart serves every format. Forbidden rows are left out, and so is what the profile makes impossible:
a timer whose length is off, a limit that is not set, a state that nothing leads to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import TypeAlias, final

from sessioncore.core import (
    DEVICE_CHART,
    JOB_CHART,
    SESSION_CHART,
    Chart,
    Configuration,
    Disposition,
    JobStatus,
    Mode,
    Parameters,
    Profile,
    Row,
    StateReason,
    TimerLaw,
)
from sessioncore.core.values import value

from .frames import GROUPS, Group

CHARTS: dict[str, Chart] = {"session": SESSION_CHART, "job": JOB_CHART, "device": DEVICE_CHART}
NAMES = tuple(CHARTS)
"""What can be drawn."""

LENGTHS = {
    "MaxTtlExpired": "max_ttl",
    "UsageLimitReached": "usage_limit",
    "InteractiveTtlExpired": "interactive_ttl",
    "NoSubmissionExpired": "no_submission",
    "ExecutionLimitExpired": "execution_limit",
}
"""Which parameter of a profile says how long a timer runs; None there means that the timer is off, but for
the last one, which a client may still ask for (J-05)."""

NOTHING_YET: dict[str, StrEnum] = {"session": Configuration.NONE, "job": JobStatus.NONE}
"""The pseudostate in which there is no such thing yet, drawn as a dot. A device always is."""

GUARD_WORDS = {
    ("work_left", "none"): "no work left",
    ("work_left", "some"): "work left",
    ("failure", "no"): "it did not fail",
    ("failure", "yes"): "it failed",
    ("in_time", "yes"): "in time",
    ("in_time", "no"): "out of time",
    ("budget", "more"): "more jobs allowed",
    ("budget", "last"): "the last allowed",
    ("fits", "yes"): "it fits",
    ("positive", "yes"): "it fits",
    ("held", "no"): "not held",
    ("held", "by_another"): "held by another",
    ("lane", "free"): "a lane is free",
    ("lane", "none"): "no lane is free",
    ("shared", "no"): "alone if it must be",
    ("shared", "yes"): "needs it alone",
}


@final
@value
class Line:
    """One line of text beside an arrow or inside a place: a trigger, its guard, and the ids of the rows behind it."""

    trigger: type
    guard: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]

    @property
    def key(self) -> str:
        """What tells it from others."""
        return f"{self.words} {[row.id for row in self.rows]}"

    @property
    def words(self) -> str:
        """The trigger and its guard, for people: ``close requested [no work left]``."""
        guard = ", ".join(GUARD_WORDS.get(atom, f"{atom[0]} = {atom[1]}") for atom in self.guard)
        return words(self.trigger.__name__) + (f" [{guard}]" if guard else "")

    @property
    def ids(self) -> str:
        """The ids of its rows; more than two of one rule are told as the rule."""
        if len(self.rows) > 2:
            return ", ".join(dict.fromkeys(row.rules[0] for row in self.rows))
        return ", ".join(row.id for row in self.rows)

    @property
    def says(self) -> str:
        """The sentences of its rows."""
        return " ".join(dict.fromkeys(row.says for row in self.rows))


@final
@value
class Arrow:
    """From a state or a group to a state. ``reason`` is set where it ends a session, ``timer`` where time does it."""

    source: str
    target: str
    lines: tuple[Line, ...]
    reason: StateReason | None = None
    timer: str | None = None


@final
@value
class Timer:
    """A timer that can be armed: where it is armed, how long it runs, and when."""

    name: str
    label: str
    length: str
    law: TimerLaw
    armed_in: tuple[StrEnum, ...]


@final
@value
class Picture:
    """Everything that a format needs to know."""

    name: str
    title: str
    summary: str
    chart: Chart
    states: tuple[StrEnum, ...]
    initial: StrEnum
    finals: tuple[StrEnum, ...]
    groups: tuple[Group, ...]
    arrows: tuple[Arrow, ...]
    timers: tuple[Timer, ...]
    inner: Mapping[StrEnum, tuple[Line, ...]]
    rows: tuple[Row, ...]

    def group(self, name: str) -> Group | None:
        """The group of this name, if it is one."""
        return next((group for group in self.groups if group.name == name), None)

    def common(self, group: Group) -> tuple[Line, ...]:
        """What happens without leaving the state in every state of the group, and so is told once, at its frame."""
        if len(group.states) < 2:
            return ()
        told = [{line.key for line in self.inner.get(state, ())} for state in group.states]
        return tuple(line for line in self.inner.get(group.states[0], ()) if all(line.key in keys for keys in told))

    def own(self, state: StrEnum) -> tuple[Line, ...]:
        """What happens in this state without leaving it, and is not told at a frame around it."""
        told = {line.key for group in self.groups if state in group.states for line in self.common(group)}
        return tuple(line for line in self.inner.get(state, ()) if line.key not in told)

    @property
    def reasons(self) -> tuple[StateReason, ...]:
        """The end reasons that it shows, in the order of the enum."""
        shown = {arrow.reason for arrow in self.arrows}
        return tuple(reason for reason in StateReason if reason in shown)


def picture_of(name: str, profile: Profile, mode: Mode) -> Picture:
    """Read one chart, specialised to one half of a profile."""
    parameters = profile.half(mode)
    chart = CHARTS[name].specialise(dict(parameters.switches))
    possible = [row for row in chart.rows if _is_possible(row, parameters)]
    states = _reached(chart, possible)
    shown = tuple(row for row in possible if any(state in states for state in row.sources))
    groups = tuple(_within(GROUPS[name], states))
    timers = tuple(_timers(chart, shown, states, parameters))
    return Picture(
        name=name,
        title=f"{name} · profile {profile.name}" + ("" if name == "device" else f" · {mode.value}"),
        summary=_summary(name, states, chart),
        chart=chart,
        states=states,
        initial=chart.initial,
        finals=tuple(state for state in chart.finals if state in states),
        groups=groups,
        arrows=tuple(_arrows(chart, shown, states, groups)),
        timers=timers,
        inner={state: tuple(_inner(chart, shown, state)) for state in states if state is not NOTHING_YET.get(name)},
        rows=shown,
    )


def words(name: str) -> str:
    """A class name as words: ``MaxTtlExpired`` -> ``max TTL expired``."""
    return " ".join("TTL" if word == "Ttl" else word.lower() for word in re.findall("[A-Z][a-z]*", name))


def length(microseconds: int) -> str:
    """A length of time in the largest unit that divides it: ``8 h``, ``60 s``."""
    for unit, size in (("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000), ("ms", 1_000)):
        if microseconds % size == 0 and (unit != "min" or microseconds > size):
            return f"{microseconds // size} {unit}"
    return f"{microseconds} µs"


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


Ends: TypeAlias = tuple[str, str, StateReason | None, str | None]
"""Source, target, end reason and timer: arrows that agree in these are one."""


def _arrows(
    chart: Chart, rows: tuple[Row, ...], states: tuple[StrEnum, ...], groups: tuple[Group, ...]
) -> Iterator[Arrow]:
    """Transitions, those with the same ends, timer and reason put together."""
    timers = {law.trigger for law in chart.timers}
    found: dict[Ends, list[Row]] = {}
    for row in rows:
        if row.target is None:
            continue
        timer = row.trigger.__name__ if row.trigger in timers else None
        sources = tuple(state for state in row.sources if state in states)
        for source in _units(sources, groups, grouped=timer is None):
            found.setdefault((source, row.target.value, row.reason, timer), []).append(row)
    for key in list(found):
        frame = _frame_of(chart, key, found, groups)
        if frame is not None:
            found[frame] += found.pop(key)
    for (source, target, reason, timer), together in found.items():
        yield Arrow(source=source, target=target, lines=tuple(_lines(chart, together)), reason=reason, timer=timer)


def _frame_of(chart: Chart, ends: Ends, found: Mapping[Ends, list[Row]], groups: tuple[Group, ...]) -> Ends | None:
    """The arrow from a frame that can tell this one as well: its trigger is refused in the frame's other states."""
    source, target, reason, timer = ends
    for group in groups:
        frame = (group.name, target, reason, timer)
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


def _inner(chart: Chart, rows: tuple[Row, ...], state: StrEnum) -> Iterator[Line]:
    """What happens in a state without leaving it; triggers with the same effect and sentence put together."""
    staying = [row for row in rows if row.target is None and state in row.sources]
    return _lines(chart, staying)


def _lines(chart: Chart, rows: list[Row]) -> Iterator[Line]:
    """One line for each trigger and guard. Rows that differ only in one atom and cover every value of it are one."""
    by_trigger: dict[type, list[Row]] = {}
    for row in rows:
        by_trigger.setdefault(row.trigger, []).append(row)
    for trigger, together in by_trigger.items():
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


def _summary(name: str, states: tuple[StrEnum, ...], chart: Chart) -> str:
    """One sentence for those who cannot see the picture."""
    told: dict[str, str] = {
        "session": "The states of a session: open, active and inactive, each accepting jobs or closing, and closed; "
        "arrows show what leads from one to another, and why a session ends.",
        "job": "The states of a job: queued, running, cancelling, then completed, failed or cancelled for ever.",
        "device": "The states of a device: online, paused and offline, and how a queued job is answered in each.",
    }
    ways = sum(row.target is not None for row in chart.rows)
    return f"{told[name]} {len(states)} states, {ways} rows that lead from one to another."

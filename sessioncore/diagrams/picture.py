"""What a picture of a chart shows, before any format: places, arrows, timers, and what stays inside a place.

One picture serves every format; :mod:`.reading` makes it from a chart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import final

from sessioncore.core import (
    DEVICE_CHART,
    JOB_CHART,
    SESSION_CHART,
    Chart,
    Configuration,
    JobStatus,
    Row,
    StateReason,
    TimerLaw,
)
from sessioncore.core.values import value

from .frames import Group

CHARTS: dict[str, Chart] = {"session": SESSION_CHART, "job": JOB_CHART, "device": DEVICE_CHART}
NAMES = tuple(CHARTS)
"""What can be drawn."""

CLOCK_SIGN = "◷"
"""Before the name of every timer."""

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
    """Everything that a format needs to know.

    ``specs`` is where the sentences of the rules stand, seen from the picture, for :func:`.links.link_of`; None where
    that is not known, and then ids are no links.
    """

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
    specs: str | None = None

    def sources_of(self, arrow: Arrow) -> tuple[str, ...]:
        """The states that an arrow leaves: one, or those of a frame."""
        group = self.group(arrow.source)
        return (arrow.source,) if group is None else tuple(state.value for state in group.states)

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


def words(name: str) -> str:
    """A class name as words: ``MaxTtlExpired`` -> ``max TTL expired``."""
    return " ".join("TTL" if word == "Ttl" else word.lower() for word in re.findall("[A-Z][a-z]*", name))


def length(microseconds: int) -> str:
    """A length of time in the largest unit that divides it: ``8 h``, ``60 s``."""
    for unit, size in (("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000), ("ms", 1_000)):
        if microseconds % size == 0 and (unit != "min" or microseconds > size):
            return f"{microseconds // size} {unit}"
    return f"{microseconds} µs"

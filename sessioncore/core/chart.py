"""What a chart is: rows, atoms, cells, and the laws that make a chart well-formed.

A chart is data. A **row** says: from these states, on this trigger, when the guard holds, go there and do that; it has
an id of its own and names the rules it comes from. A **guard** is a conjunction of named **atoms** (a name and the
value it must have). A **cell** is one state met by one trigger. :class:`Chart` refuses to exist unless

1. every cell is stated: for every combination of values of the atoms that its rows read, exactly one row applies;
2. no row is idle: each is the answer to some combination in some cell;
3. every state can be reached from the initial one, for some setting of the switches;
4. no final state has an exit;
5. no row id stands twice, and every name used (state, trigger, atom, value) is declared;
6. a timer fires only where it is declared to be armed.

Durations are values and never guards. An atom without a ``read`` function is a **switch**: a fixed choice of a profile,
removed by :meth:`Chart.specialise` before anything is looked up or drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from itertools import product
from typing import Any, TypeAlias, final

from attrs import field

from .errors import ChartError
from .values import replaced, value

CHART_VERSION = 1
"""Written into traces and snapshots; raised when a rule changes what a trace means."""


class Disposition(StrEnum):
    """What a row does with its trigger."""

    TRANSITION = "transition"
    INTERNAL = "internal"
    FORBIDDEN = "forbidden"


class Fault(StrEnum):
    """Who is to blame when a forbidden row is met."""

    CLIENT = "client"
    HOST = "host"


@final
@value
class Atom:
    """A named question with a fixed set of answers. ``read(subject, event)`` answers it; None marks a switch."""

    name: str
    values: tuple[str, ...]
    read: Callable[[Any, Any], str] | None = None
    meaning: str = ""


Guard: TypeAlias = tuple[tuple[str, str], ...]


@final
@value
class Row:
    """One sentence of a chart.

    ``target`` None keeps the state (internal or forbidden); it and ``reason`` are members of the chart's own enums.
    ``effect`` names the action, '' for none. ``signal`` is what a job's row tells its session, ``says_why`` the reason
    it gives the job. ``says`` is the sentence for people. For a client's fault, ``code`` and ``http_status`` are the
    vendor's numbers, ``says`` the vendor's message, and ``remedy`` what to do instead.
    """

    id: str
    rules: tuple[str, ...]
    sources: tuple[StrEnum, ...]
    trigger: type
    disposition: Disposition
    says: str
    guard: Guard = ()
    target: Any = None
    effect: str = ""
    reason: Any = None
    signal: type | None = None
    says_why: str = ""
    fault: Fault | None = None
    code: int | None = None
    http_status: int | None = None
    remedy: str = ""


@final
@value
class TimerLaw:
    """When a timer is armed, and when it is due: ``armed_in`` states, ``when`` and ``due`` in words, by ``rules``."""

    trigger: type
    rules: tuple[str, ...]
    armed_in: tuple[StrEnum, ...]
    when: str
    due: str


Cell: TypeAlias = "Row | tuple[Callable[[Any, Any], str], dict[str, Cell]]"
"""The row of one cell, or a question and what stands behind each of its answers."""
Cells: TypeAlias = dict[type, dict[StrEnum, Cell]]


@value
class Chart:
    """A closed world of states, triggers, atoms and rows. See the laws at the top of this module.

    Raises :class:`~sessioncore.core.errors.ChartError`, naming the row or cell and the reason.
    """

    name: str
    states: tuple[StrEnum, ...]
    initial: StrEnum
    finals: tuple[StrEnum, ...]
    triggers: tuple[type, ...]
    atoms: tuple[Atom, ...]
    rows: tuple[Row, ...] = field(repr=False)
    timers: tuple[TimerLaw, ...] = ()
    switches: tuple[tuple[str, str], ...] = ()

    def __attrs_post_init__(self) -> None:
        """Check the laws."""
        check_names(self)
        check_cells(self)
        check_idle_rows(self)
        check_reachable(self)
        check_timers(self)

    def row(self, row_id: str) -> Row:
        """The row with this id. Raises KeyError for an id that the chart does not have."""
        for row in self.rows:
            if row.id == row_id:
                return row
        raise KeyError(f"the {self.name} chart has no row {row_id}")

    def rows_of(self, state: StrEnum, trigger: type) -> Iterator[Row]:
        """The rows of one cell, in the order of the chart."""
        return (row for row in self.rows if row.trigger is trigger and state in row.sources)

    def specialise(self, switches: Mapping[str, str]) -> SpecialisedChart:
        """The chart of one profile: switches decided, rows that do not apply left out.

        Every switch of the chart must be given a value that it knows; names that it has not are ignored.
        """
        chosen: dict[str, str] = {}
        for atom in self.atoms:
            if atom.read is None:
                setting = switches.get(atom.name)
                if setting not in atom.values:
                    raise ChartError(f"the switch {atom.name} is {setting!r}; it can be {', '.join(atom.values)}")
                chosen[atom.name] = setting
        same = {name: getattr(self, name) for name in ("name", "states", "initial", "finals", "triggers", "timers")}
        return SpecialisedChart(
            atoms=tuple(atom for atom in self.atoms if atom.read is not None),
            rows=tuple(_decide(row, chosen) for row in self.rows if _applies(row, chosen)),
            switches=tuple(sorted(chosen.items())),
            **same,
        )


@final
@value
class SpecialisedChart(Chart):
    """A chart whose switches are decided, with its look-up table ``cells[trigger][state]``.

    States and timers may be out of reach under one profile; cells may not be missing.
    """

    cells: Cells = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Check what must hold under one profile, then build the look-up table."""
        check_names(self)
        check_cells(self)
        object.__setattr__(self, "cells", build_cells(self))


def _applies(row: Row, chosen: Mapping[str, str]) -> bool:
    return all(chosen.get(name, wanted) == wanted for name, wanted in row.guard)


def _decide(row: Row, chosen: Mapping[str, str]) -> Row:
    """The row without the atoms that are decided."""
    return replaced(row, guard=tuple((name, wanted) for name, wanted in row.guard if name not in chosen))


# --- laws --------------------------------------------------------------------------------------------------


def check_names(chart: Chart) -> None:
    """Law 5, and what each kind of row must and must not have; law 4 as well, since it is read off one row."""
    atoms = {atom.name: atom.values for atom in chart.atoms}
    seen: set[str] = set()
    for row in chart.rows:
        if row.id in seen:
            raise ChartError(f"{chart.name}: the row id {row.id} stands twice")
        seen.add(row.id)
        _check_row(chart, row, atoms)


def _check_row(chart: Chart, row: Row, atoms: Mapping[str, tuple[str, ...]]) -> None:
    def refuse(why: str) -> None:
        raise ChartError(f"{chart.name}: row {row.id} {why}")

    if row.trigger not in chart.triggers:
        refuse(f"has the trigger {row.trigger.__name__}, which the chart does not declare")
    for state in row.sources:
        if state not in chart.states:
            refuse(f"leaves {state}, which is no state of the chart")
    for name, wanted in row.guard:
        if wanted not in atoms.get(name, ()):
            refuse(f"asks for {name}={wanted}, which no atom offers")
    if (row.target is not None) != (row.disposition is Disposition.TRANSITION):
        refuse("must have a target if, and only if, it is a transition")
    if row.target is not None and row.target not in chart.states:
        refuse(f"goes to {row.target}, which is no state of the chart")
    if row.target is not None and any(state in chart.finals for state in row.sources):
        refuse("leaves a final state")
    if (row.fault is not None) != (row.disposition is Disposition.FORBIDDEN):
        refuse("must name a fault if, and only if, it is forbidden")
    if row.fault is Fault.CLIENT and not (row.code and row.http_status and row.remedy):
        refuse("refuses a client without a code, an HTTP status and a remedy")


def check_cells(chart: Chart) -> None:
    """Law 1: over every combination of the atoms that a cell reads, exactly one row applies."""
    for state, trigger in product(chart.states, chart.triggers):
        _check_cell(chart, state, trigger)


def _check_cell(chart: Chart, state: StrEnum, trigger: type) -> None:
    rows = tuple(chart.rows_of(state, trigger))
    where = f"{chart.name}: the cell ({state}, {trigger.__name__})"
    if not rows:
        raise ChartError(f"{where} is missing")
    for combination in _combinations(chart, rows):
        fits = [row.id for row in rows if _applies(row, combination)]
        shown = ", ".join(f"{name}={answer}" for name, answer in combination.items())
        if not fits:
            raise ChartError(f"{where} says nothing about {shown}")
        if len(fits) > 1:
            raise ChartError(f"{where}: the guards of {' and '.join(fits)} overlap at {shown or 'all'}")


def _combinations(chart: Chart, rows: tuple[Row, ...]) -> Iterator[dict[str, str]]:
    read = {name for row in rows for name, _ in row.guard}
    atoms = [atom for atom in chart.atoms if atom.name in read]
    for answers in product(*(atom.values for atom in atoms)):
        yield {atom.name: answer for atom, answer in zip(atoms, answers, strict=True)}


def check_idle_rows(chart: Chart) -> None:
    """Law 2: a row has a source, and its guard does not contradict itself; by law 1 it is then some cell's only
    answer."""
    for row in chart.rows:
        names = [name for name, _ in row.guard]
        if not row.sources or len(set(names)) < len(names):
            raise ChartError(f"{chart.name}: row {row.id} can never apply")


def check_reachable(chart: Chart) -> None:
    """Law 3, over the rows of all profiles together."""
    reached = {chart.initial}
    grown = True
    while grown:
        before = len(reached)
        reached |= {
            row.target
            for row in chart.rows
            if row.target is not None and any(state in reached for state in row.sources)
        }
        grown = len(reached) > before
    for state in chart.states:
        if state not in reached:
            raise ChartError(f"{chart.name}: no profile ever reaches the state {state}")


def check_timers(chart: Chart) -> None:
    """Law 6: outside the states where a timer is armed, its firing is forbidden; inside, some row allows it."""
    for timer in chart.timers:
        for state in chart.states:
            allowed = any(row.disposition is not Disposition.FORBIDDEN for row in chart.rows_of(state, timer.trigger))
            if allowed != (state in timer.armed_in):
                raise ChartError(
                    f"{chart.name}: {timer.trigger.__name__} in {state} does not agree with where it is armed"
                )


# --- look-up -----------------------------------------------------------------------------------------------


def build_cells(chart: SpecialisedChart) -> Cells:
    """The table ``cells[trigger][state]``, for the look-up in :func:`select`."""
    return {
        trigger: {state: _cell(tuple(chart.rows_of(state, trigger)), chart.atoms) for state in chart.states}
        for trigger in chart.triggers
    }


def _cell(rows: tuple[Row, ...], atoms: tuple[Atom, ...]) -> Cell:
    """Ask the atoms in turn until one row is left. An atom that none of the rows reads is not asked."""
    if len(rows) == 1:
        return rows[0]
    atom, *others = atoms
    assert atom.read is not None
    if all(name != atom.name for row in rows for name, _ in row.guard):
        return _cell(rows, tuple(others))
    answers = {
        answer: _cell(tuple(row for row in rows if _applies(row, {atom.name: answer})), tuple(others))
        for answer in atom.values
    }
    return atom.read, answers


def select(cell: Cell, subject: object, event: object) -> Row:
    """The one row of the cell whose guard holds for this subject and event."""
    while isinstance(cell, tuple):
        read, answers = cell
        cell = answers[read(subject, event)]
    return cell

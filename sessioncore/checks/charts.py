"""The tables of ``session.md``, ``job.md`` and ``device.md``, from the charts that the running code uses."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from sessioncore.core import DEVICE_CHART, JOB_CHART, SESSION_CHART
from sessioncore.core.chart import Chart, Disposition, Fault, Guard, Row
from sessioncore.core.session_chart import ACCEPTING, DRAINING, LIVE

from .cells import BREAK, anchor, table
from .markers import Sections, page
from .rules import linked
from .values import Made

CHARTS: tuple[Chart, ...] = (SESSION_CHART, JOB_CHART, DEVICE_CHART)
"""Every chart, switches and all; each has a page of its own."""


def _but_none(chart: Chart) -> tuple[StrEnum, ...]:
    return tuple(state for state in chart.states if state is not chart.initial)


GROUPS: tuple[tuple[str, tuple[StrEnum, ...]], ...] = (
    ("any but none", _but_none(SESSION_CHART)),
    ("any but none", _but_none(JOB_CHART)),
    ("any live", LIVE),
    ("any accepting", ACCEPTING),
    ("any draining", DRAINING),
    ("any final", JOB_CHART.finals),
)
"""States that rows name together, the largest group first. A row names members of one chart's enum only."""


def chart_page(chart: Chart, root: Path) -> Made:
    """The page of one chart with its tables."""
    return page(root, f"specs/{chart.name}.md", sections(chart))


def sections(chart: Chart) -> Sections:
    """The generated places of a chart's page."""
    here = f"{chart.name}.md"
    found = {
        f"{chart.name} rows": lambda: row_tables(chart, here),
        f"{chart.name} guards": lambda: guard_table(chart),
    }
    if chart.timers:
        found[f"{chart.name} timers"] = lambda: timer_table(chart, here)
    return found


def row_tables(chart: Chart, here: str) -> str:
    """Every row of a chart, in one table for each event."""
    columns = ("row", "from", "guard", "to / effect", "reason", "rules", "what it says")
    parts = []
    for trigger in chart.triggers:
        rows = [_row(row, here) for row in chart.rows if row.trigger is trigger]
        parts.append(f"#### {trigger.__name__}\n\n{table(columns, rows)}")
    return "\n\n".join(parts)


def _row(row: Row, here: str) -> tuple[str, ...]:
    return (
        f"{anchor(row.id)}`{row.id}`",
        _sources(row.sources),
        _guard(row.guard),
        _effect(row),
        _reason(row),
        BREAK.join(linked(rule, here) for rule in row.rules),
        row.says,
    )


def _name(state: StrEnum) -> str:
    return state.value.replace("_", " ")


def _sources(sources: Sequence[StrEnum]) -> str:
    left = list(sources)
    names = []
    for name, group in GROUPS:
        if all(any(state is one for one in left) for state in group):
            names.append(name)
            left = [state for state in left if state not in group]
    return BREAK.join([*(_name(state) for state in left), *names])


def _guard(guard: Guard) -> str:
    return BREAK.join(f"{name} = {answer}" for name, answer in guard)


def _effect(row: Row) -> str:
    """What becomes of the state, and what is done besides."""
    if row.fault is Fault.CLIENT:
        return f"refused: HTTP {row.http_status}, code {row.code}"
    if row.fault is Fault.HOST:
        return "never: the host's error"
    to = "stays" if row.disposition is Disposition.INTERNAL else f"**{_name(row.target)}**"
    told = [] if row.signal is None else [f"tells its session {row.signal.__name__}"]
    does = [f"*{row.effect.replace('_', ' ')}*"] if row.effect else []
    return BREAK.join([to, *does, *told])


def _reason(row: Row) -> str:
    """Why a session closed, or why a job did not complete, with the vendor's number."""
    if row.fault is not None:
        return ""
    words = row.says_why or ("" if row.reason is None else f"`{row.reason.value}`")
    return f"{words}, code {row.code}" if row.code else words


def timer_table(chart: Chart, here: str) -> str:
    """When each timer of a chart is armed, and when it is due."""
    columns = ("timer", "armed in", "while", "due at", "rules")
    rows = [
        (
            law.trigger.__name__,
            ", ".join(_name(state) for state in law.armed_in),
            law.when,
            f"`{law.due}`" if "_" in law.due and "the " not in law.due else law.due,
            " ".join(linked(rule, here) for rule in law.rules),
        )
        for law in chart.timers
    ]
    return table(columns, rows)


def guard_table(chart: Chart) -> str:
    """The atoms of a chart's guards: what each asks, and the answers that there are."""
    rows = [
        (
            atom.name,
            ", ".join(atom.values),
            atom.meaning if atom.read is not None else "a switch of the profile; the guide's setting stands first",
        )
        for atom in chart.atoms
    ]
    return table(("atom", "answers", "what it asks"), rows)

"""The laws of a chart: one that breaks any of them is refused when it is made, with row or cell and reason."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest

from sessioncore.core import (
    CHART_VERSION,
    DEVICE_CHART,
    JOB_CHART,
    SESSION_CHART,
    Chart,
    ChartError,
    Disposition,
    Fault,
    OpenRequested,
    Row,
    TimerLaw,
    job_chart,
    session_chart,
)
from sessioncore.core.chart import Atom, SpecialisedChart, select
from sessioncore.core.profiles import SWITCHES
from sessioncore.core.step import ACTIONS
from sessioncore.core.values import replaced


class Light(StrEnum):
    RED = "red"
    GREEN = "green"
    GONE = "gone"


class Stranger(StrEnum):
    BLUE = "blue"


class Pressed:
    """A button."""


class TimedOut:
    """A timer."""


class Unheard:
    """A trigger that the chart does not declare."""


ATOMS = (
    Atom(name="dark", values=("yes", "no"), read=lambda subject, _event: subject),
    Atom(name="fashion", values=("old", "new")),
)


def row(row_id: str, source: Any, trigger: type, to: Any = None, **fields: Any) -> Row:
    known: dict[str, Any] = {
        "id": row_id,
        "rules": ("X-01",),
        "sources": source if isinstance(source, tuple) else (source,),
        "trigger": trigger,
        "disposition": Disposition.INTERNAL if to is None else Disposition.TRANSITION,
        "says": "So it is.",
        "target": to,
    }
    return Row(**(known | fields))


ROWS = {
    "go": row("go", Light.RED, Pressed, Light.GREEN, guard=(("dark", "no"),)),
    "wait": row("wait", Light.RED, Pressed, guard=(("dark", "yes"),)),
    "end": row("end", Light.GREEN, Pressed, Light.GONE),
    "over": row("over", Light.GONE, Pressed),
    "time": row("time", Light.GREEN, TimedOut, Light.RED),
    "never": row("never", (Light.RED, Light.GONE), TimedOut, disposition=Disposition.FORBIDDEN, fault=Fault.HOST),
}
TIMERS = (TimerLaw(trigger=TimedOut, rules=("X-02",), armed_in=(Light.GREEN,), when="it is green", due="later"),)


def light(**changes: Any) -> Chart:
    """A small chart that keeps every law; ``changes`` are rows to be put in, replaced or (None) left out."""
    fields = {
        name: changes.pop(name) for name in ("states", "finals", "atoms", "timers", "triggers") if name in changes
    }
    rows = ROWS | {name.replace("_", "-"): changed for name, changed in changes.items()}
    known: dict[str, Any] = {
        "name": "light",
        "states": tuple(Light),
        "initial": Light.RED,
        "finals": (Light.GONE,),
        "triggers": (Pressed, TimedOut),
        "atoms": ATOMS,
        "rows": tuple(kept for kept in rows.values() if kept is not None),
        "timers": TIMERS,
    }
    return Chart(**(known | fields))


def broken(**changes: Any) -> str:
    with pytest.raises(ChartError) as caught:
        light(**changes)
    return str(caught.value)


def test_a_chart_that_keeps_the_laws_is_made() -> None:
    assert len(light().rows) == len(ROWS)


def test_a_missing_cell_is_refused() -> None:
    assert broken(end=None, over=None) == "light: the cell (green, Pressed) is missing"


def test_a_cell_that_says_nothing_for_some_valuation_is_refused() -> None:
    assert broken(wait=None) == "light: the cell (red, Pressed) says nothing about dark=yes"


def test_a_cell_must_speak_for_every_setting_of_a_switch_as_well() -> None:
    text = broken(end=replaced(ROWS["end"], guard=(("fashion", "old"),)))
    assert text == "light: the cell (green, Pressed) says nothing about fashion=new"


def test_overlapping_guards_are_refused_by_the_names_of_both_rows_and_where_they_overlap() -> None:
    text = broken(more=row("more", Light.RED, Pressed, guard=(("fashion", "new"),)))
    assert text == "light: the cell (red, Pressed): the guards of wait and more overlap at dark=yes, fashion=new"


def test_a_shadowed_row_is_an_overlap_at_all_valuations() -> None:
    text = broken(more=row("more", Light.GREEN, Pressed))
    assert text == "light: the cell (green, Pressed): the guards of end and more overlap at all"


@pytest.mark.parametrize(
    "idle",
    [
        row("idle", (), Pressed),
        row("idle", Light.RED, Pressed, guard=(("dark", "yes"), ("dark", "no"))),
    ],
    ids=["no-source", "contradiction"],
)
def test_an_idle_row_is_refused(idle: Row) -> None:
    assert broken(idle=idle) == "light: row idle can never apply"


def test_an_unreachable_state_is_refused() -> None:
    text = broken(end=replaced(ROWS["end"], target=Light.RED))
    assert text == "light: no profile ever reaches the state gone"


def test_a_state_that_only_an_unreachable_state_reaches_is_unreachable() -> None:
    text = broken(go=row("go", Light.RED, Pressed, guard=(("dark", "no"),)))
    assert text == "light: no profile ever reaches the state green"


def test_an_exit_from_a_final_state_is_refused() -> None:
    assert broken(over=row("over", Light.GONE, Pressed, Light.RED)) == "light: row over leaves a final state"


def test_a_row_id_that_stands_twice_is_refused() -> None:
    text = broken(over=row("end", Light.GONE, Pressed))
    assert text == "light: the row id end stands twice"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (row("odd", Light.RED, Unheard), "has the trigger Unheard, which the chart does not declare"),
        (row("odd", Stranger.BLUE, Pressed), "leaves blue, which is no state of the chart"),
        (row("odd", Light.RED, Pressed, Stranger.BLUE), "goes to blue, which is no state of the chart"),
        (row("odd", Light.RED, Pressed, guard=(("mood", "good"),)), "asks for mood=good, which no atom offers"),
        (row("odd", Light.RED, Pressed, guard=(("dark", "very"),)), "asks for dark=very, which no atom offers"),
        (
            row("odd", Light.RED, Pressed, disposition=Disposition.TRANSITION),
            "must have a target if, and only if, it is a transition",
        ),
        (
            row("odd", Light.RED, Pressed, Light.RED, disposition=Disposition.INTERNAL),
            "must have a target if, and only if, it is a transition",
        ),
        (
            row("odd", Light.RED, Pressed, disposition=Disposition.FORBIDDEN),
            "must name a fault if, and only if, it is forbidden",
        ),
        (row("odd", Light.RED, Pressed, fault=Fault.HOST), "must name a fault if, and only if, it is forbidden"),
        *(
            (
                row(
                    "odd",
                    Light.RED,
                    Pressed,
                    disposition=Disposition.FORBIDDEN,
                    fault=Fault.CLIENT,
                    **({"code": 1, "http_status": 400, "remedy": "Wait."} | {missing: empty}),
                ),
                "refuses a client without a code, an HTTP status and a remedy",
            )
            for missing, empty in (("code", None), ("http_status", None), ("remedy", ""))
        ),
    ],
)
def test_a_row_with_an_undeclared_name_or_a_wrong_kind_is_refused(wrong: Row, why: str) -> None:
    assert broken(odd=wrong) == f"light: row odd {why}"


def test_a_timer_that_may_fire_where_it_is_not_declared_to_be_armed_is_refused() -> None:
    text = broken(never=row("never", (Light.RED, Light.GONE), TimedOut))
    assert text == "light: TimedOut in red does not agree with where it is armed"


def test_a_timer_that_may_not_fire_where_it_is_declared_to_be_armed_is_refused() -> None:
    forbidden = replaced(ROWS["time"], disposition=Disposition.FORBIDDEN, target=None, fault=Fault.HOST)
    assert broken(time=forbidden) == "light: TimedOut in green does not agree with where it is armed"


@pytest.mark.parametrize(("setting", "shown"), [({}, "None"), ({"fashion": "odd"}, "'odd'")])
def test_a_chart_is_not_specialised_while_a_switch_is_not_set(setting: dict[str, str], shown: str) -> None:
    with pytest.raises(ChartError, match=f"^the switch fashion is {shown}; it can be old, new$"):
        light().specialise(setting)


def test_specialising_decides_the_switches_and_leaves_out_the_rows_that_do_not_apply() -> None:
    chart = light(
        end=replaced(ROWS["end"], guard=(("fashion", "old"),)),
        stay=row("stay", Light.GREEN, Pressed, guard=(("fashion", "new"), ("dark", "yes"))),
        leave=row("leave", Light.GREEN, Pressed, Light.GONE, guard=(("fashion", "new"), ("dark", "no"))),
    )
    old = chart.specialise({"fashion": "old", "unknown": "ignored"})
    new = chart.specialise({"fashion": "new"})
    assert old.switches == (("fashion", "old"),)
    assert [atom.name for atom in old.atoms] == ["dark"]
    assert [known.id for known in old.rows_of(Light.GREEN, Pressed)] == ["end"]
    assert old.row("end").guard == ()
    assert new.row("leave").guard == (("dark", "no"),)
    assert select(new.cells[Pressed][Light.GREEN], "yes", None).id == "stay"
    assert select(new.cells[Pressed][Light.GREEN], "no", None).id == "leave"


def test_a_cell_that_a_specialised_chart_lacks_is_refused_too() -> None:
    whole = light().specialise({"fashion": "old"})
    with pytest.raises(ChartError, match=r"the cell \(green, Pressed\) is missing"):
        replaced(whole, rows=tuple(kept for kept in whole.rows if kept.id != "end"))


def test_the_look_up_never_answers_with_nothing() -> None:
    chart = light().specialise({"fashion": "old"})
    with pytest.raises(KeyError, match="an answer that the atom has not"):
        select(chart.cells[Pressed][Light.RED], "an answer that the atom has not", None)


def test_a_row_is_found_by_its_id_and_an_unknown_id_is_an_error() -> None:
    assert SESSION_CHART.row("S-06.draining").code == 1217
    with pytest.raises(KeyError, match="the session chart has no row S-99"):
        SESSION_CHART.row("S-99")


# --- the project's own charts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("chart", [SESSION_CHART, JOB_CHART, DEVICE_CHART], ids=lambda chart: chart.name)
def test_every_row_of_our_charts_is_one_sentence_with_an_id_made_of_one_of_its_rules(chart: Chart) -> None:
    for known in chart.rows:
        assert known.says.endswith(".")
        assert known.rules
        assert known.id.split(".")[0] in known.rules


def test_row_ids_are_unique_over_all_three_charts() -> None:
    ids = [known.id for chart in (SESSION_CHART, JOB_CHART, DEVICE_CHART) for known in chart.rows]
    assert len(ids) == len(set(ids))
    assert CHART_VERSION == 1


def test_every_effect_that_a_row_of_a_session_names_is_carried_out_by_an_action() -> None:
    opening = {known.effect for known in SESSION_CHART.rows if known.trigger is OpenRequested and known.target}
    assert opening == {"open"}, "which open_session carries out"
    named = {known.effect for known in SESSION_CHART.rows if known.disposition is not Disposition.FORBIDDEN}
    assert named - opening - {""} == ACTIONS.keys()


def _settings(names: list[str]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = [{}]
    for name in names:
        found = [{**setting, name: choice} for setting in found for choice in SWITCHES[name]]
    return found


def test_our_charts_keep_the_laws_under_every_setting_of_the_switches() -> None:
    for chart in (SESSION_CHART, JOB_CHART):
        names = [atom.name for atom in chart.atoms if atom.read is None]
        for setting in _settings(names):
            special = chart.specialise(setting)
            assert isinstance(special, SpecialisedChart)
            assert all(special.cells[trigger][state] for trigger in chart.triggers for state in chart.states)


def test_every_row_of_our_charts_applies_under_some_setting_of_the_switches() -> None:
    for chart in (SESSION_CHART, JOB_CHART):
        names = [atom.name for atom in chart.atoms if atom.read is None]
        kept = {known.id for setting in _settings(names) for known in chart.specialise(setting).rows}
        assert kept == {known.id for known in chart.rows}


def test_a_chart_of_one_profile_is_made_once_and_no_switches_stand_for_the_guides() -> None:
    guides = tuple((name, choices[0]) for name, choices in SWITCHES.items())
    assert session_chart(guides) is session_chart(guides)
    assert job_chart(()).rows == job_chart(guides).rows

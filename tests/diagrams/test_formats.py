"""Formats that are text: the same bytes each time, complete, and read by the tools that they are for."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from xml.etree import ElementTree

import pytest

from sessioncore.core import (
    AZURE,
    DEVICE_CHART,
    IBM_GUIDE,
    JOB_CHART,
    PROFILES,
    SESSION_CHART,
    Mode,
    Profile,
)
from sessioncore.diagrams import NAMES, draw
from sessioncore.diagrams.picture import Picture
from sessioncore.diagrams.reading import picture_of
from sessioncore.trace import Trace

from .conftest import SUBJECT, TEXTS, kept, text

HALVES = [(profile, mode) for profile in PROFILES.values() for mode in Mode]
IDS_OF_HALVES = [f"{profile.name}-{mode.value}" for profile, mode in HALVES]
SCXML = "{http://www.w3.org/2005/07/scxml}"


@pytest.mark.parametrize("format", TEXTS)
@pytest.mark.parametrize("name", NAMES)
def test_the_same_question_gives_the_same_bytes(name: str, format: str) -> None:
    code = (
        "import sys; from sessioncore.diagrams import diagram;"
        f"sys.stdout.buffer.write(diagram({name!r}, format={format!r}).encode())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    assert other.stdout.decode() == text(name, format)


@pytest.mark.parametrize(("profile", "mode"), HALVES, ids=IDS_OF_HALVES)
@pytest.mark.parametrize("name", NAMES)
def test_scxml_is_a_chart_whose_targets_all_exist(name: str, profile: Profile, mode: Mode) -> None:
    root = ElementTree.fromstring(text(name, "scxml", profile, mode))  # noqa: S314 - our own text
    assert root.tag == f"{SCXML}scxml"
    assert root.get("version") == "1.0"
    places = {place.get("id") for kind in ("state", "final") for place in root.iter(SCXML + kind)}
    assert root.get("initial") in places
    ways = list(root.iter(f"{SCXML}transition"))
    assert ways
    assert all(way.get("event") for way in ways)
    assert {way.get("target") for way in ways} - {None} <= places
    assert {place.get("initial") for place in root.iter(f"{SCXML}state")} - {None} <= places
    assert {place.get("id") for place in root.iter(f"{SCXML}final")} == {
        state.value for state in picture_of(name, profile, mode).finals
    }


def test_scxml_carries_the_guards_of_the_chart() -> None:
    root = ElementTree.fromstring(text("session", "scxml"))  # noqa: S314 - our own text
    (place,) = (place for place in root.iter(f"{SCXML}state") if place.get("id") == "open")
    closing = [way for way in place.iter(f"{SCXML}transition") if way.get("event") == "CloseRequested"]
    assert [(way.get("cond"), way.get("target")) for way in closing] == [
        ("work_left == 'some'", "open_draining"),
        ("work_left == 'none'", "closed"),
    ]
    names = {data.get("id") for data in root.iter(f"{SCXML}data")}
    conds = " ".join(way.get("cond", "") for way in root.iter(f"{SCXML}transition"))
    assert set(re.findall(r"(\w+) ==", conds)) == names


@pytest.mark.parametrize("name", NAMES)
def test_scxml_does_in_another_interpreter_what_the_chart_says(name: str) -> None:
    """python-statemachine loads it, and in every state, on every event, for all answers of the atoms, goes where the
    chart goes. A final state of SCXML takes no events: there nothing is compared."""
    from statemachine.io import load

    machine = load(text(name, "scxml"), format="scxml")
    picture = picture_of(name, IBM_GUIDE, Mode.DEDICATED)
    compared = 0
    for state, way in _ways(picture).items():
        if state in {one.value for one in picture.finals}:
            continue
        for trigger, atoms in _questions(picture, state):
            running = machine()
            for event, answers in (*way, (trigger, atoms)):
                vars(running.model).update(answers)
                running.send(event)
            # The state machine is in a state and in the frames around it.
            names = {one.value for one in picture.states}
            (reached,) = {one.id for one in running.configuration} & names
            assert reached == _answer(picture, state, trigger, atoms), f"{state} on {trigger} with {atoms}"
            compared += 1
    assert compared > len(picture.states)


def _questions(picture: Picture, state: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every event of a state that the picture answers, with all answers of the atoms that its rows ask for."""
    values = {atom.name: atom.values for atom in picture.chart.atoms}
    for trigger in dict.fromkeys(row.trigger for row in picture.rows):
        rows = [row for row in picture.rows if row.trigger is trigger and state in {one.value for one in row.sources}]
        names = sorted({name for row in rows for name, _ in row.guard})
        for answers in product(*(values[name] for name in names)):
            yield trigger.__name__, dict(zip(names, answers, strict=True))


def _answer(picture: Picture, state: str, trigger: str, atoms: dict[str, str]) -> str:
    """Where the chart leads; it stays where the picture has no row, which is where the event is refused."""
    for row in picture.rows:
        here = row.trigger.__name__ == trigger and state in {one.value for one in row.sources}
        if here and all(atoms[name] == wanted for name, wanted in row.guard):
            return state if row.target is None else row.target.value
    return state


def _ways(picture: Picture) -> dict[str, tuple[tuple[str, dict[str, str]], ...]]:
    """How to reach every state: events, and the answers that they need."""
    found: dict[str, tuple[tuple[str, dict[str, str]], ...]] = {picture.initial.value: ()}
    for _ in picture.states:
        for row in picture.rows:
            for source in [one.value for one in row.sources if one.value in found]:
                if row.target is not None:
                    found.setdefault(row.target.value, (*found[source], (row.trigger.__name__, dict(row.guard))))
    return found


def test_mermaid_has_one_arrow_from_a_frame_that_says_from_which_states() -> None:
    """Arrows across the border of a frame are drawn badly there."""
    drawn = text("session", "mermaid")
    (closing,) = re.findall("live --> closed : (.*)", drawn)
    assert "<br/>cancel requested (S-20.cancel), reason cancelled" in closing
    assert "accepting, close requested [no work left] (S-18.close)" in closing
    assert "active, inactive, active draining, inactive draining, ◷ max TTL 8 h (S-15.max-ttl)" in closing
    assert "[*] --> live : open requested (S-01.open)" in drawn
    assert "closed --> [*]" in drawn


@pytest.mark.parametrize("name", NAMES)
def test_mermaid_can_be_read_by_mermaid(name: str, trace: Trace) -> None:
    """What it cannot read it draws as a bomb, or refuses."""
    mermaidx = pytest.importorskip("mermaidx", reason="Mermaid itself comes with pip install mermaidx")
    for drawn in (
        text(name, "mermaid"),
        draw(name, against=AZURE).to("mermaid"),
        draw(name, trace=trace, subject=SUBJECT[name]).to("mermaid"),
    ):
        assert "stateDiagram" in mermaidx.render(drawn).svg()


def test_plantuml_opens_and_closes_and_colours_the_ends() -> None:
    drawn = kept("session", "plantuml")
    assert drawn.startswith("@startuml\n")
    assert drawn.endswith("@enduml\n")
    assert drawn.count("{") == drawn.count("}")
    assert "live -[#cf222e,dashed]-> closed" in drawn
    assert "[[../specs/session.md#s-20 S-20.cancel]]" in drawn


@pytest.mark.parametrize(
    ("name", "chart"), [("session", SESSION_CHART), ("job", JOB_CHART), ("device", DEVICE_CHART)]
)
def test_json_holds_every_row_of_the_specialised_chart(name: str, chart: object) -> None:
    told = json.loads(text(name, "json"))
    specialised = chart.specialise(dict(IBM_GUIDE.dedicated.switches))  # type: ignore[attr-defined]
    assert [row["id"] for row in told["rows"]] == [row.id for row in specialised.rows]
    assert {row["id"] for row in told["rows"] if row["drawn"]} == {
        row.id for row in picture_of(name, IBM_GUIDE, Mode.DEDICATED).rows
    }

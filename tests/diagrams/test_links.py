"""An id is a link where it can lead to its sentence, and plain text where it cannot."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sessioncore.cli import main
from sessioncore.diagrams import draw

from .conftest import TEXTS, text

ADDRESS = re.compile(r"[^\s\"\[]*\w\.md#[a-z]-\d\d")
"""The sentence of a rule, as a link leads to it."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with what makes a checkout, and others in it."""
    root = tmp_path / "checkout"
    for folder in ("specs", "sessioncore/core", "pictures/new"):
        (root / folder).mkdir(parents=True)
    return root


def written(file: Path) -> str:
    """What the command writes into a file."""
    assert main(["diagram", "session", "-o", str(file)]) == 0
    return file.read_text(encoding="utf-8")


@pytest.mark.parametrize("end", ["svg", "dot", "puml", "json", "scxml"])
@pytest.mark.parametrize("folder", ["", "pictures", "pictures/new", "specs"])
def test_in_a_checkout_every_link_leads_to_the_sentences_from_where_the_file_is(
    folder: str, end: str, checkout: Path
) -> None:
    links = set(ADDRESS.findall(written(checkout / folder / f"x.{end}")))
    assert len(links) > 5
    for link in links:
        page = (checkout / folder / link.split("#")[0]).resolve()
        assert page in (checkout / "specs" / "session.md", checkout / "specs" / "job.md")


def test_the_address_holds_no_folder_outside_of_the_checkout(checkout: Path) -> None:
    assert checkout.parent.name not in written(checkout / "pictures" / "x.svg")


def test_a_file_given_by_a_relative_name_is_found_in_its_checkout(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout / "pictures")
    assert '"../specs/session.md#s-20"' in written(Path("x.svg"))


@pytest.mark.parametrize("end", ["svg", "dot", "puml", "json", "scxml"])
def test_elsewhere_there_are_no_links_and_every_id_can_still_be_read(end: str, tmp_path: Path, checkout: Path) -> None:
    """Not even where the command is run in a checkout."""
    told, linked = written(tmp_path / f"x.{end}"), written(checkout / f"x.{end}")
    assert not re.search(r"\.md#", told)
    ids = r"\b[A-Z]-\d\d(?:\.[a-z-]+)?"
    assert set(re.findall(ids, told)) == set(re.findall(ids, linked))


def test_on_stdout_there_are_no_links(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["diagram", "session", "--format", "svg"]) == 0
    told = capsysbinary.readouterr().out.decode()
    assert "href" not in told
    assert '<tspan class="id">S-20.cancel</tspan>' in told
    assert "S-20.cancel: Closed at once" in told, "the sentence itself is still in the picture"


def test_in_a_notebook_there_are_no_links() -> None:
    assert "href" not in draw("session")._repr_svg_()


def test_the_legend_promises_links_only_where_there_are_some(checkout: Path) -> None:
    assert "An id leads to its sentence." in written(checkout / "x.dot")
    assert all("leads to its sentence" not in text("session", kind) for kind in TEXTS)


def test_as_data_a_row_without_a_link_says_null() -> None:
    assert {row["href"] for row in json.loads(text("session", "json"))["rows"]} == {None}


def test_links_can_be_asked_for() -> None:
    """For those who have the sentences elsewhere."""
    told = str(draw("session").to("svg", specs="https://example.org/specs/"))
    assert '"https://example.org/specs/session.md#s-20"' in told

"""The specification in ``specs/``: generated places are up to date, every rule is there, every link leads somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessioncore.checks.citations import cited
from sessioncore.checks.routes import place_of
from sessioncore.checks.rules import written_rules
from sessioncore.core import DEVICE_CHART, JOB_CHART, SESSION_CHART
from sessioncore.core import rows as chart_rows
from sessioncore.core.events import Event
from sessioncore.host import refusals as host_refusals
from sessioncore.transports import refusals as wire_refusals
from sessioncore.transports import routes
from tests.core.test_rules_are_cited import RULES

from .checkout import ROOT, run

SPECS = ROOT / "specs"
PAGES = sorted(SPECS.glob("*.md"))


@pytest.mark.parametrize("name", ["session", "job", "device", "rest", "rules", "traceability"])
def test_every_generated_place_is_as_the_code_says(name: str) -> None:
    found = run(ROOT, name)
    assert found.passed, [*found.differences, *found.problems]


def test_every_rule_is_written_once_with_a_title_and_an_evidence_mark() -> None:
    rules, problems = written_rules(ROOT)
    assert problems == ()
    assert sorted(rule.id for rule in rules) == sorted(RULES)
    assert all(rule.title and rule.mark for rule in rules)


def test_a_range_of_rules_names_all_of_them() -> None:
    assert cited("see S-09 to S-11, and T-03") == {"S-09", "S-10", "S-11", "T-03"}


def _links(page: Path) -> Iterator[tuple[Path, str]]:
    for target, place in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text(encoding="utf-8")):
        yield (page.parent / target).resolve() if target else page, place


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_to_a_place_in_it(page: Path) -> None:
    for target, place in _links(page):
        assert target.exists(), target
        if place:
            text = target.read_text(encoding="utf-8")
            headings = {
                title.strip().lower().replace(" ", "-") for title in re.findall(r"^#+ ([^<\n]+)$", text, re.MULTILINE)
            }
            assert f'<a id="{place}"></a>' in text or place in headings, f"{target.name}#{place}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_place_has_two_of_the_same_anchor(page: Path) -> None:
    anchors = re.findall(r'<a id="([^"]*)">', page.read_text(encoding="utf-8"))
    assert len(anchors) == len(set(anchors))


@pytest.mark.parametrize("chart", [SESSION_CHART, JOB_CHART, DEVICE_CHART], ids=lambda chart: chart.name)
def test_every_row_of_a_chart_can_be_linked_to_by_its_id(chart: object) -> None:
    name, rows = chart.name, chart.rows  # type: ignore[attr-defined]
    text = (SPECS / f"{name}.md").read_text(encoding="utf-8")
    for row in rows:
        assert text.count(f'<a id="{row.id.lower()}"></a>`{row.id}`') == 1


def test_the_tables_of_rows_have_no_cell_of_more_than_one_short_sentence() -> None:
    for chart in ("session", "job", "device"):
        text = (SPECS / f"{chart}.md").read_text(encoding="utf-8")
        for line in text.splitlines():
            if line.startswith('| <a id="'):
                shown = [re.sub(r"<a .*?</a>|\]\([^)]*\)", "", cell) for cell in line.split("|")]
                assert all(len(part) <= 100 for cell in shown for part in cell.split("<br>")), line


@pytest.mark.parametrize(
    "operation", [*routes.VENDOR_ROUTES, *routes.ACCOUNT_ROUTES, *routes.CONTROL_ROUTES], ids=lambda one: one.name
)
def test_every_request_is_described_under_its_method_and_path(operation: routes.Operation) -> None:
    text = (SPECS / "rest.md").read_text(encoding="utf-8")
    described = text.partition(f'<a id="{place_of(operation.name)}"></a>')[2].lstrip()
    path = operation.path.replace(":path", "")
    assert re.match(rf"(?:#### |\*\*){operation.method} {re.escape(path)}(?:\n|\*\*)", described)


@pytest.mark.parametrize("module", [chart_rows, host_refusals, wire_refusals], ids=lambda module: module.__name__)
def test_every_code_that_a_client_can_meet_is_in_the_table_of_codes(module: object) -> None:
    text = (SPECS / "rest.md").read_text(encoding="utf-8")
    codes = {number for number in vars(module).values() if type(number) is int and 1000 <= number <= 9999}
    assert codes
    for code in codes:
        assert re.search(rf"^\| {code} \|", text, re.MULTILINE), code


def test_the_glossary_explains_every_kind_of_thing_once() -> None:
    text = (SPECS / "glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r'^\*\*<a id="[^"]+"></a>(.+?)\.\*\*', text, re.MULTILINE)
    assert len(terms) == len(set(terms)) > 50
    wanted = {"Device", "Lane", "Workload", "Session", "Batch", "Job mode", "Work", "Draining", "Dispatch", "Report",
              "Timer", "Usage window", "Profile", "Switch", "Chart", "Row", "Cell", "Atom", "Guard", "Trace",
              "Journal", "Observation"}  # fmt: skip
    assert wanted <= set(terms)


def test_every_atom_and_action_of_the_charts_is_explained() -> None:
    glossary = (SPECS / "glossary.md").read_text(encoding="utf-8")
    for chart in (SESSION_CHART, JOB_CHART, DEVICE_CHART):
        for row in chart.rows:
            assert not row.effect or f"*{row.effect.replace('_', ' ')}*" in glossary
        assert all(atom.meaning for atom in chart.atoms if atom.read is not None)
        assert all(issubclass(trigger, Event) for trigger in chart.triggers)


def test_every_name_in_brackets_that_is_no_row_of_a_chart_is_told_on_the_page_of_the_wire() -> None:
    rows = {row.id for chart in (SESSION_CHART, JOB_CHART, DEVICE_CHART) for row in chart.rows}
    written = {
        name
        for room in ("core", "host", "transports")
        for path in (ROOT / "sessioncore" / room).rglob("*.py")
        for name in re.findall(r'"((?:[A-Z]-\d\d|host)\.[a-z][\w-]*)"', path.read_text(encoding="utf-8"))
    }
    page = (SPECS / "rest.md").read_text(encoding="utf-8")
    section = page.split("### Names in brackets")[1].split("## The runtime API")[0]
    told = set(re.findall(r"`((?:[A-Z]-\d\d|host)\.[\w-]+)`", section))
    assert told == written - rows

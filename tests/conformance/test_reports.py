"""A judgement as people and programs read it: terminal, JUnit, JSON, one page, and what repeats a finding."""

from __future__ import annotations

import html
import json
import re
import shlex
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import attrs
import junitparser
import pytest

from sessioncore.conformance.faults.catalogue import by_id
from sessioncore.conformance.kit import judge
from sessioncore.conformance.logs.judging import judge_log
from sessioncore.conformance.protocol import UNSEEN, Accepted, Rejected, SessionView, View
from sessioncore.conformance.reference import CoreTarget
from sessioncore.conformance.reports import (
    ReportError,
    as_curl,
    as_python,
    as_trace,
    covered,
    read_json,
    show,
    summary,
    to_html,
    to_json,
    to_junit,
    totals,
    words,
    write_all,
)
from sessioncore.conformance.reports.sentences import SENTENCES
from sessioncore.conformance.results import (
    Coverage,
    Diagnosis,
    Difference,
    Finding,
    Kind,
    Moment,
    Report,
    Verdict,
)
from sessioncore.conformance.rules import RULES
from sessioncore.core import (
    IBM_GUIDE,
    PASQAL_BATCH,
    PROFILES,
    Advanced,
    BackendError,
    JobStarted,
    OpenRequested,
)
from sessioncore.trace import Observation, Recorded, read_trace
from tests.conformance.sample_reports import (
    SECOND,
    crash,
    early_end,
    faulty_report,
    good_report,
    late_job,
)
from tests.service import serve

SPECS = Path(__file__).parents[2] / "specs"
VOID = frozenset(("meta", "br", "hr", "img", "link", "input"))


@pytest.fixture(scope="module")
def faulty() -> Report:
    """Findings of several kinds."""
    return faulty_report()


@pytest.fixture(scope="module")
def judged() -> Report:
    """What the kit makes of an implementation that accepts jobs while a session drains."""
    return judge(by_id("F-01").factory(), target="F-01", tiers=("smoke",))


def parsed(text: str) -> Xml.Element:
    """XML that we wrote ourselves, as elements."""
    return Xml.fromstring(text.encode())  # noqa: S314 - it is our own


class _Page(HTMLParser):
    """Whether tags are closed in order; the ids, links and addresses of a page."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.tags: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.note(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.note(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            if name == "id":
                self.ids.append(value or "")
            elif name in ("href", "xlink:href"):
                self.links.append(value or "")
            elif name in ("src", "srcset", "data"):
                self.loaded.append(value or "")


# --- the page ----------------------------------------------------------------------------------------------------


def test_the_page_is_well_formed_and_every_link_leads_to_a_place_on_it(faulty: Report) -> None:
    page = _Page(to_html(faulty))
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert {link for link in page.links if not link.startswith("#")} == set()
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert {rule.lower() for rule in RULES} <= set(page.ids)


def test_the_page_needs_no_network_and_no_script(faulty: Report) -> None:
    text = to_html(faulty)
    page = _Page(text)
    assert not {"script", "link", "iframe", "object", "base", "form"} & set(page.tags)
    assert all(address.startswith("data:") for address in page.loaded)
    assert "@import" not in text
    assert "url(" not in text


def test_what_a_target_says_cannot_become_markup(faulty: Report) -> None:
    page = to_html(faulty)
    assert "<script>alert(1)</script>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "my_service:make &lt;b&gt;&amp;" in page
    assert not re.search("[\x00-\x08\x1b\ud800-\udfff]", page)


def test_the_page_says_the_verdict_of_every_rule_with_a_sign_and_a_word(faulty: Report) -> None:
    page = to_html(faulty)
    for verdict in Verdict:
        assert f"{words.SIGNS[verdict]} {verdict.value}" in page
    assert "✗ fail (expected)" in page
    assert page.count('class="cf-rule-id"') >= len(RULES)


def test_a_finding_shows_its_diagram_rule_trace_and_what_repeats_it(faulty: Report) -> None:
    page = to_html(attrs.evolve(faulty, target="http://127.0.0.1:8765"))
    assert page.count('class="cf-sequence"') == 3
    for told in (
        "Finding 2: S-06 · No jobs once it stops accepting",
        SENTENCES["S-06"].split(",")[0],
        "submit job j2 to session a",
        "refused (1217, HTTP 400)",
        "Where it should be",
        "Python: finding-2.py",
        "Shell: finding-2.sh",
        "Trace: finding-2.jsonl",
        "1 submit accepted while draining",
        "What was learned",
    ):
        assert told in page


def test_a_sequence_diagram_has_a_text_that_says_the_same() -> None:
    from sessioncore.conformance.reports.sequence import sequence

    drawn = parsed(sequence(late_job(), 1))
    told = drawn.findtext("desc") or ""
    assert drawn.get("role") == "img"
    assert "submit job j2 to session a → accepted, and should be refused (1217, HTTP 400)" in told
    assert "S-06" in (drawn.findtext("title") or "")


def test_a_long_trace_is_drawn_from_its_end() -> None:
    moment = late_job().trace[0]
    trace = tuple(attrs.evolve(moment, event=OpenRequested(at=n, session_id=f"s{n}")) for n in range(900))
    report = _with(attrs.evolve(late_job(), trace=trace, shrunk=False))
    page = to_html(report)
    assert "… 876 steps before" in page
    assert "open session s899" in page
    assert "… 840 steps before" in summary(report)


def test_the_page_says_so_when_the_chart_cannot_be_drawn(faulty: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    import sessioncore.diagrams

    def missing(*_: object, **__: object) -> None:
        raise BackendError('Nothing here can draw an SVG: pip install "sessioncore[diagrams]"')

    monkeypatch.setattr(sessioncore.diagrams, "draw", missing)
    page = to_html(faulty)
    assert "The chart is not drawn here" in page
    assert 'pip install "sessioncore[diagrams]"' in page


def test_a_report_without_anything_still_makes_every_form(tmp_path: Path) -> None:
    empty = Report(target="", profile="nobody's", seed=0, tiers=(), verdicts=())
    assert len(write_all(empty, tmp_path)) == 3
    assert "Nothing was found to be wrong." in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "was not compared" in summary(empty), "what was not judged does not conform"


def test_the_same_finding_of_two_tiers_is_told_once(judged: Report) -> None:
    finding = judged.findings[0]
    again = attrs.evolve(finding, tier="standard")
    report = attrs.evolve(judged, tiers=(*judged.tiers, attrs.evolve(judged.tiers[-1], findings=(again,))))
    assert to_html(report).count('class="cf-sequence"') == 1
    assert "found again" in to_html(report)
    assert summary(report).count("✗ Finding") == 1


def test_what_is_told_is_numbered_without_gaps_and_what_was_found_again_comes_last(faulty: Report) -> None:
    first, *others = faulty.findings
    again = attrs.evolve(first, tier="complete")
    report = _with(first, again, *others)
    text = summary(report)
    numbers = re.findall(r"^✗ Finding (\d+)", text, re.MULTILINE)
    assert numbers == [str(number) for number in range(1, len(others) + 2)]
    assert "… and 1 finding in which another tier found the same again: the report has them (--report DIR)." in text
    assert words.numbered(report)[-1] is again
    assert summary(_with(*(attrs.evolve(first, said=str(n)) for n in range(14)))).count("… and 2 more findings: ") == 1


def test_one_step_is_not_one_steps() -> None:
    finding = late_job()
    assert "after 1 step: " in attrs.evolve(finding, trace=finding.trace[:1]).summary()
    assert "after 2 steps: " in attrs.evolve(finding, trace=finding.trace[:2]).summary()


# --- JUnit -------------------------------------------------------------------------------------------------------


def test_junit_has_a_case_for_every_rule_and_one_for_what_no_rule_is_to_blame_for(faulty: Report) -> None:
    suite = parsed(to_junit(faulty))[0]
    cases = {case.get("name", ""): case for case in suite.findall("testcase")}
    assert len(cases) == len(RULES) + 1
    assert suite.get("tests") == str(len(cases))
    failed = {name[:4] for name, case in cases.items() if case.find("failure") is not None}
    assert failed == {"S-06", "S-15"}
    assert cases["finding 1: crash"].find("error") is not None
    skipped = {name[:4] for name, case in cases.items() if case.find("skipped") is not None}
    assert skipped == {"S-14", "D-02", "U-01", "U-02", "J-07", "J-08", "T-06"}
    lenient = next(case for name, case in cases.items() if name.startswith("T-02"))
    assert lenient.find("failure") is None
    assert "non-strict" in (lenient.findtext("system-out") or "")


def test_junit_says_versions_seed_and_guarantees(faulty: Report) -> None:
    suite = parsed(to_junit(faulty))[0]
    told = {one.get("name"): one.get("value", "") for one in suite.findall("properties/property")}
    assert told["seed"] == "42"
    assert told["version.chart"] == "1"
    assert "at most 161 states" in told["tier.complete.guarantee"]


def test_another_reader_of_junit_reads_ours(faulty: Report) -> None:
    read = junitparser.JUnitXml.fromstring(to_junit(faulty))
    suite = next(iter(read))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (52, 2, 1, 7)
    results = {case.name[:4]: case.result for case in suite}
    assert isinstance(results["S-06"][0], junitparser.Failure)
    assert isinstance(results["J-07"][0], junitparser.Skipped)
    assert results["S-01"] == []


# --- JSON --------------------------------------------------------------------------------------------------------


def test_json_is_the_same_for_the_same_report_and_comes_back_in_its_shape(faulty: Report) -> None:
    text = to_json(faulty)
    assert text == to_json(faulty_report())
    told = read_json(text)
    assert set(told) >= {field.name for field in attrs.fields(Report)}
    assert (told["format"], told["version"]) == ("sessioncore-conformance", 1)
    finding = told["tiers"][1]["findings"][0]
    assert finding["rules"] == ["S-06"]
    assert finding["trace"][1]["event"] == {
        "type": "SubmitRequested", "at": SECOND, "job_id": "j1", "session_id": "a", "max_execution": None,
        "instance": "",
    }  # fmt: skip
    assert told["verdicts"][5]["findings"] == [finding]
    assert told["verdicts"][5]["rule"]["level"] == "MUST"
    assert told["covered"]["states"]["total"] == 7


def test_json_leaves_out_what_a_target_does_not_show(faulty: Report) -> None:
    seen = read_json(to_json(faulty))["tiers"][1]["findings"][0]["trace"][0]["view"]["sessions"]["a"]
    assert seen["state"] == "open"
    assert seen["closed_at"] is None
    assert "usage_time" not in seen


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format":"sessioncore-conformance","version":2}', "null",
     '{"format":"sessioncore-conformance","version":1}', "[" * 100_000,
     '{"format":"sessioncore-conformance","version":1,"findings":[],"tiers":[{"findings":[3]}],"verdicts":[]}'],
)  # fmt: skip
def test_what_is_no_report_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(ReportError, match=r"report"):
        read_json(text)


# --- the terminal --------------------------------------------------------------------------------------------------


def test_the_summary_tells_every_rule_every_finding_and_where_the_report_is(faulty: Report) -> None:
    text = summary(faulty, Path("out"))
    for rule in RULES:
        assert re.search(rf"^{rule} ", text, re.MULTILINE)
    assert "✗ Finding 2: S-06 · No jobs once it stops accepting" in text
    assert "answer: expected rejected with code 1217; seen accepted" in text
    assert "✗  4. at 2 s: submit job j2 to session a → accepted, and should be refused (1217, HTTP 400)" in text
    assert "Report: out" in text
    assert "\x1b" not in text


def test_a_known_fault_is_named_with_its_sentence(faulty: Report) -> None:
    found = Diagnosis(same=("F-01",), near=(("O-24", 157, "after open a: answer is done here"), ("X", 1, "b")), tried=9)
    report = attrs.evolve(faulty, diagnosis=found)
    first, second = (by_id(name).title.rstrip(".") for name in ("F-01", "O-24"))
    text = summary(report)
    assert f"It cannot be told from this fault, on 9 tests: F-01 ({first})" in text
    assert f"It is near to O-24 ({second}): 157 steps agree, until after open a: answer is done here" in text
    assert "It is near to X: 1 step agrees, until b" in text, "a fault of another version of the kit has its id"
    page = html.unescape(to_html(report))
    assert f"F-01 ({first})" in page
    assert f"O-24 ({second})" in page


def test_skipped_cases_are_counted_once_and_each_reason_is_told(judged: Report) -> None:
    tier = attrs.evolve(judged.tiers[0], skipped=tuple(f"reason {n}: 4 cases" for n in range(6)))
    told = summary(attrs.evolve(judged, tiers=(tier,)))
    assert "smoke: skipped: reason 0: 4 cases" in told
    assert "smoke: skipped: … for 2 more reasons: the report has them" in told
    assert "6 cases" not in told
    assert "6 reasons to skip cases" in to_html(attrs.evolve(judged, tiers=(tier,)))


def test_the_summary_fits_its_width(faulty: Report) -> None:
    assert max(len(line) for line in summary(good_report(), width=70).split("\n\n")[0].splitlines()) <= 70
    assert summary(faulty, width=20)


def test_a_file_gets_plain_text_and_a_terminal_gets_colours(faulty: Report) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    plain, coloured = StringIO(), Terminal()
    show(faulty, file=plain)
    show(faulty, file=coloured)
    assert "\x1b[" not in plain.getvalue()
    assert "\x1b[" in coloured.getvalue()
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured.getvalue()).count("✓ pass") == plain.getvalue().count("✓ pass")


def test_a_terminal_that_knows_few_characters_gets_question_marks(faulty: Report) -> None:
    class Poor(StringIO):
        encoding = "ascii"

    poor = Poor()
    show(faulty, file=poor)
    assert poor.getvalue().isascii()


# --- what repeats a finding ----------------------------------------------------------------------------------------


def run_test(module: str, factory: Any) -> None:
    """Run the one test of a generated module on targets of a factory."""
    names: dict[str, Any] = {}
    exec(compile(module, "finding.py", "exec"), names)  # noqa: S102 - to run it is what is tested
    names["make_target"] = factory
    (test,) = (thing for name, thing in names.items() if name.startswith("test_"))
    test()


def test_the_python_reproducer_fails_on_the_faulty_target_and_passes_on_the_reference(judged: Report) -> None:
    (finding,) = judged.findings
    module = as_python(finding)
    with pytest.raises(AssertionError, match="S-06"):
        run_test(module, by_id("F-01").factory())
    run_test(module, CoreTarget)


@pytest.mark.parametrize("fault", ["O-25", "O-34", "O-39", "O-44", "O-64", "O-75", "O-79", "O-90", "P-01"])
def test_faults_of_many_kinds_are_repeated(fault: str) -> None:
    known = by_id(fault)
    report = judge(known.factory(), tiers=("smoke",), profile=known.profile)
    assert report.findings
    for finding in report.findings:
        with pytest.raises(AssertionError, match=finding.rules[0]):
            run_test(as_python(finding, known.profile), known.factory())


def test_the_reproducer_names_the_factory_where_it_can_be_imported() -> None:
    module = as_python(late_job(), target="sessioncore.conformance.reference:CoreTarget")
    assert "from sessioncore.conformance.reference import CoreTarget as make_target" in module
    assert "NotImplementedError" in as_python(late_job(), target="__main__:make")
    assert "NotImplementedError" in as_python(late_job(), target="m:make; import os")


def test_the_reproducer_is_a_test_that_pytest_runs(tmp_path: Path, judged: Report) -> None:
    path = tmp_path / "finding_1_test.py"
    path.write_text(as_python(judged.findings[0], target="sessioncore.conformance.reference:CoreTarget"), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", path], capture_output=True, text=True,
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_instruction_in_a_reproducer_works_as_it_stands(
    tmp_path: Path, judged: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toy.py").write_text("from sessioncore.conformance.reference import CoreTarget as Toy\n", "utf-8")
    write_all(attrs.evolve(judged, target="toy:Toy"), Path("a report"))
    module = Path("a report", "finding-1.py").read_text("utf-8")
    assert "Run it from the folder in which `import toy` works" in module
    program, *arguments = shlex.split(re.findall("^    (python .*)$", module, re.MULTILINE)[0])
    assert program == "python"
    command = [sys.executable, *arguments, "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_reproducer_carries_a_profile_of_its_own() -> None:
    own = IBM_GUIDE.with_values(interactive_ttl=5 * SECOND)
    assert "PROFILE = Profile(" in as_python(late_job(), own)
    run_test(as_python(early_end(), own), lambda: CoreTarget(own))
    assert 'PROFILE = PROFILES["azure"]' in as_python(late_job(), PROFILES["azure"])


def test_hostile_words_of_a_target_cannot_get_out_of_the_reproducers() -> None:
    evil = '"""\nimport os\nos.abort()\n\'; touch /tmp/x; `id` $(id) \\'
    finding = attrs.evolve(crash(), said=evil, differences=(Difference(what=evil, expected=evil, seen=evil),))
    run_test(as_python(finding, file="f.py"), CoreTarget)
    script = as_curl(finding, "http://h/$(id)'\"; touch /tmp/x")
    assert all(line.startswith("#") for line in script.split("# Settings")[0].splitlines())
    assert "$(id)" not in script.split("# Settings")[1]


def test_time_that_goes_without_saying_is_left_out() -> None:
    told = [type(moment.event).__name__ for moment in words.telling(early_end().trace)]
    assert told == ["OpenRequested", "SubmitRequested", "JobSucceeded", "Advanced"]


def test_the_trace_is_read_by_our_own_reader(faulty: Report) -> None:
    for finding in faulty.findings:
        read = read_trace(as_trace(finding, IBM_GUIDE, lanes=3).splitlines())
        assert read.header.profile == IBM_GUIDE
        assert read.header.devices[0].lanes == 3
        recorded = tuple(entry.event for entry in read.entries if isinstance(entry, Recorded))
        assert recorded == finding.events
    (late,) = (entry for entry in read_trace(as_trace(late_job(), IBM_GUIDE).splitlines()).entries[-1:])
    assert isinstance(late, Recorded)
    assert late.host is not None
    assert late.host["expected"]["code"] == 1217


def test_the_trace_can_be_judged_again_as_a_log_and_shows_the_same(judged: Report) -> None:
    read = read_trace(as_trace(judged.findings[0], IBM_GUIDE).splitlines())
    assert [finding.rules[0] for finding in judge_log(read).findings] == ["S-06"]


def test_a_trace_is_told_in_the_kits_names_and_time() -> None:
    opened = OpenRequested(at=SECOND, session_id="a")
    seen = View(at=7 * SECOND, sessions={"id-9": SessionView(id="id-9", state="open", created_at=7 * SECOND)}, jobs={})
    trace = (Moment(event=opened, outcome=Accepted(id="id-9"), view=seen),)
    entries = read_trace(as_trace(attrs.evolve(late_job(), trace=trace), IBM_GUIDE).splitlines()).entries
    (observation,) = (entry for entry in entries if isinstance(entry, Observation))
    assert observation.observed["sessions"] == {"a": {"id": "a", "state": "open", "created_at": SECOND}}


def test_the_trace_holds_what_was_seen_and_starts_that_the_kit_handed_on() -> None:
    start = Moment(event=JobStarted(at=SECOND, job_id="j1"), outcome=Accepted())
    finding = attrs.evolve(late_job(), trace=(*late_job().trace[:2], start))
    entries = read_trace(as_trace(finding, IBM_GUIDE).splitlines()).entries
    seen = [entry.observed for entry in entries if isinstance(entry, Observation)]
    assert seen[1]["jobs"]["j1"]["status"] == "running"
    assert "JobStarted" not in as_python(finding)
    assert read_trace(as_trace(finding, IBM_GUIDE).splitlines()).entries[-1].host["job_id"] == "j1"  # type: ignore[union-attr,index]


def test_the_shell_script_makes_the_requests_of_the_trace_on_a_real_service(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed here")
    script = tmp_path / "finding.sh"
    with serve("--clock", "virtual", "--control") as service:
        script.write_text(as_curl(late_job(), service.url), encoding="utf-8")
        done = subprocess.run(["sh", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    answers = re.findall(r"^ {3}(\w+ /\w+).*?\[HTTP (\d+)\]$", done.stdout, re.MULTILINE)
    assert answers[:4] == [
        ("POST /sessions", "200"), ("POST /jobs", "200"), ("PATCH /sessions", "204"), ("POST /jobs", "400"),
    ]  # fmt: skip
    assert '"code":1217' in done.stdout


# --- all of it -----------------------------------------------------------------------------------------------------


def test_everything_is_written_into_a_folder_that_is_made(faulty: Report, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    files = write_all(faulty, folder)
    names = {path.name for path in files}
    assert names == {"report.html", "report.json", "junit.xml"} | {
        f"finding-{n}.{end}" for n in (1, 2, 3) for end in ("py", "jsonl")
    }
    assert {path.name for path in folder.iterdir()} == names
    assert write_all(faulty, folder) == files


def test_a_service_gets_shell_scripts_as_well(faulty: Report, tmp_path: Path) -> None:
    files = write_all(attrs.evolve(faulty, target="https://example.org/api"), tmp_path)
    assert {"finding-1.sh", "finding-2.sh", "finding-3.sh"} <= {path.name for path in files}
    assert "BASE=${BASE:-https://example.org/api}" in (tmp_path / "finding-2.sh").read_text(encoding="utf-8")


def test_nothing_half_written_is_left_behind(faulty: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="no space"):
        write_all(faulty, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_repeated_has_no_test(tmp_path: Path) -> None:
    race = attrs.evolve(late_job(), kind=Kind.RACE, tier="parallel")
    factory = Finding(kind=Kind.FACTORY, rules=(), tier="factory", case="", differences=(), trace=(), said="stale")
    log = attrs.evolve(late_job(), tier="log")
    names = {path.name for path in write_all(_with(race, factory, log), tmp_path)}
    assert names == {"report.html", "report.json", "junit.xml", "finding-1.jsonl", "finding-3.jsonl"}


def test_a_value_that_breaks_when_it_is_shown_breaks_no_report(tmp_path: Path) -> None:
    class Hostile:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    wrong = (
        Difference(what="answer", expected=Accepted(), seen=Hostile()),
        Difference(what="session a: usage_time", expected=1, seen=float("nan")),
        Difference(what="session a: state", expected="open", seen="x" * 1_000_000),
        Difference(what="session a: mode", expected=b"\xff", seen=UNSEEN),
        Difference(what="session a: closed_at", expected={1, "a"}, seen=[Hostile()]),
    )
    finding = attrs.evolve(late_job(), differences=wrong)
    for path in write_all(_with(finding), tmp_path):
        assert path.stat().st_size < 500_000
    assert "cannot be shown (RuntimeError)" in (tmp_path / "report.html").read_text(encoding="utf-8")
    json.loads((tmp_path / "report.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)


def test_importing_the_reports_draws_in_nothing_that_draws() -> None:
    code = (
        "import sys, sessioncore.conformance.reports\n"
        "print([name for name in ('rich', 'graphviz', 'transitions', 'wasmtime', 'sessioncore.diagrams')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- words and totals ----------------------------------------------------------------------------------------------


def test_every_rule_has_the_sentence_of_its_page() -> None:
    assert list(SENTENCES) == list(RULES)
    found = re.compile(r'^### <a id="[a-z]-\d\d"></a>(\S+) · .*\n\n\*\*[GPD/]+\*\* (.*)$', re.MULTILINE)
    for page in ("session.md", "job.md", "device.md"):
        for rule, sentence in found.findall((SPECS / page).read_text(encoding="utf-8")):
            plain = re.sub(r"\s*\[Proof\]\([^)]*\)\.", "", sentence)
            plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", plain).replace("`", "")
            plain = re.sub(r"(?<!\w)\*([^*]+)\*(?!\w)", r"“\1”", plain)
            assert SENTENCES[rule] == plain, f"{rule}: sentences.py does not say what specs/{page} says"


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [(0, "0 s"), (1, "0.000001 s"), (59_999_999, "59.999999 s"), (60 * SECOND, "1 min"), (-SECOND, "-1 s"),
     (8 * 3600 * SECOND, "8 h"), (3661 * SECOND + 500_000, "1 h 1 min 1.5 s")],
)  # fmt: skip
def test_times_are_told_to_the_microsecond(microseconds: int, text: str) -> None:
    assert words.instant(microseconds) == text


def test_a_code_that_a_target_does_not_tell_is_no_difference() -> None:
    refused = Rejected(code=1217, http_status=400)
    moment = Moment(event=Advanced(at=0), expected=refused, outcome=Rejected())
    assert not words.answers_differ(moment)
    assert words.answers_differ(attrs.evolve(moment, outcome=Rejected(code=1290)))
    assert words.answers_differ(attrs.evolve(moment, outcome=Accepted()))


def test_the_reference_is_never_seen_outside_the_totals() -> None:
    """Totals come from a search of the charts: what a real judgement meets must lie within them."""
    report = judge(CoreTarget, tiers=("standard",))
    every = totals(IBM_GUIDE)
    met = report.coverage
    assert set(met.states) <= every.states
    assert set(met.pairs) <= every.pairs
    assert set(met.boundaries) <= every.boundaries
    assert {one.kind: one.total for one in covered(met, IBM_GUIDE)}["states"] == 7
    assert all(one.met <= one.total for one in covered(met, IBM_GUIDE))


def test_totals_are_those_of_the_profile() -> None:
    assert "inactive" not in totals(PROFILES["azure"]).states
    assert totals(PASQAL_BATCH).boundaries == frozenset()
    budget = totals(IBM_GUIDE.with_values(job_limit=2))
    assert ("open", "S-25.last-open") in budget.transitions
    assert not any(row.startswith("S-25") for _, row in totals(IBM_GUIDE).transitions)


def test_what_needs_an_unsupported_event_is_not_asked_for() -> None:
    without = {one.kind: one for one in covered(Coverage(), IBM_GUIDE, unsupported=("CloseRequested",))}
    every = {one.kind: one for one in covered(Coverage(), IBM_GUIDE)}
    assert without["sneaks"].total < every["sneaks"].total
    assert without["states"].total == every["states"].total


def _with(*findings: Finding) -> Report:
    """A report with these findings and nothing else."""
    report = good_report()
    return attrs.evolve(report, tiers=(attrs.evolve(report.tiers[0], findings=findings),))

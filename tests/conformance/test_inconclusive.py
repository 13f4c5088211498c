"""Where something exercised a rule and what was seen does not decide, the verdict is inconclusive, with the reason;
where nothing exercised it, it stays untested."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from sessioncore.conformance import Capabilities, Report, Verdict, judge
from sessioncore.conformance.cases import Case
from sessioncore.conformance.faults import PlainDevice
from sessioncore.conformance.http.between import Asked, Forward, Told
from sessioncore.conformance.http.tier import judge_service
from sessioncore.conformance.http.workbench import workbench
from sessioncore.conformance.kit import report_of
from sessioncore.conformance.logs import judge_log, polling
from sessioncore.conformance.parallel import tier as parallel_tier
from sessioncore.conformance.parallel.tier import parallel
from sessioncore.conformance.parallel.trial import Inconclusive
from sessioncore.conformance.reports import write_all
from sessioncore.conformance.reports.terminal import summary
from sessioncore.conformance.results import Finding, Kind, TierResult
from sessioncore.conformance.services import judge_at
from sessioncore.core import IBM_GUIDE, Event, PauseRequested, SubmitRequested
from sessioncore.core.durations import SECOND
from sessioncore.core.profiles import Profile

from .moody import moody
from .self_ending import SelfEnding
from .test_bad_targets import Spoilt

FIELDS = polling.MAPPING_RECORD["fields"] | {"seq": "n"}


def line(number: int, what: str, **fields: Any) -> str:
    """A line of a log: its number is also its second."""
    return json.dumps({"n": number, "us": number * SECOND, "what": what, "session": "s", **fields})


OPENED = line(1, "Open", answer="accepted", mode="dedicated")
SUBMITTED = line(2, "Submit", job="j1", answer="accepted")


def of_log(*lines: str, **mapping: Any) -> Report:
    """The verdicts on a log."""
    result = judge_log(lines, mapping=polling.mapping(fields=FIELDS, **mapping))
    assert not result.findings
    can = Capabilities(reports=False, clock=False)
    return report_of([result], target="a log", profile=IBM_GUIDE, can=can)


# --- logs ----------------------------------------------------------------------------------------------------------


def test_lines_that_are_missing_leave_open_what_they_may_have_told() -> None:
    report = of_log(OPENED, SUBMITTED, line(5, "Close", answer="accepted"))
    assert report.of("S-05").verdict is Verdict.PASS, "a line tells that the job was taken"
    for rule in ("S-17", "S-18", "S-09"):
        assert report.of(rule).verdict is Verdict.INCONCLUSIVE, rule
    assert "session s: its lines can be explained with it and without" in report.of("S-17").why
    assert report.of("S-06").verdict is Verdict.UNTESTED, "no line can have told of a refusal"
    assert report.passed


def test_a_whole_log_leaves_nothing_open() -> None:
    done = line(3, "JobSucceeded", job="j1"), line(4, "Close", answer="accepted")
    report = of_log(OPENED, SUBMITTED, *done, line(5, "seen-session", state="closed", state_reason="closed"))
    assert report.of("S-18").verdict is Verdict.PASS
    assert report.of("S-17").verdict is Verdict.UNTESTED
    assert not [one for one in report.verdicts if one.verdict is Verdict.INCONCLUSIVE]


def test_lines_out_of_order_leave_open_which_came_first() -> None:
    ended, closed = line(3, "JobSucceeded", job="j1"), line(4, "Close", answer="accepted")
    lines = (OPENED, SUBMITTED, ended, closed, line(5, "seen-session", state="closed", state_reason="closed"))
    assert of_log(*lines).of("S-18").verdict is Verdict.PASS
    either = of_log(*lines, reordered_within="2s")
    assert either.of("S-18").verdict is either.of("S-19").verdict is Verdict.INCONCLUSIVE


def test_an_answer_that_is_not_told_leaves_open_what_it_was() -> None:
    report = of_log(OPENED, SUBMITTED, line(3, "Close", answer="unknown"))
    assert report.of("S-17").verdict is Verdict.INCONCLUSIVE


def test_a_session_that_began_before_the_log_leaves_open_what_its_lines_are_about() -> None:
    report = of_log(line(3, "Submit", job="j2", answer="rejected", code=1217), line(4, "Cancel", answer="accepted"))
    assert report.of("S-06").verdict is Verdict.INCONCLUSIVE
    assert report.of("S-06").why.startswith("line 1 is about it, and session s was not judged: it began before")
    assert report.of("S-20").verdict is Verdict.INCONCLUSIVE
    assert report.of("S-05").verdict is Verdict.UNTESTED, "a refused job joins no queue"


# --- services ------------------------------------------------------------------------------------------------------


def no_cases(_profile: Profile, _lanes: int) -> list[Case]:
    return []


def test_without_a_clock_to_move_what_needs_one_instant_is_open() -> None:
    profile = IBM_GUIDE.with_values(interactive_ttl=2 * SECOND, max_ttl=20 * SECOND)
    with workbench(virtual=False, profile=profile, max_wait_s=4.0) as settings:
        result = judge_service(settings, no_cases, tier="wire", seconds_max=20)
    report = report_of([result], target="a service", profile=profile)
    assert not report.findings
    assert report.of("S-14").verdict is Verdict.PASS
    for rule in ("T-01", "S-13"):
        assert report.of(rule).verdict is Verdict.INCONCLUSIVE, rule
        assert "known within 1 s only" in report.of(rule).why
    assert not report.coverage.boundaries, "a microsecond before a deadline cannot be told from the deadline"
    assert report.of("J-05").verdict is Verdict.UNTESTED, "nobody waits three hours"


class Once:
    """Lets one session be closed without an effect, and never again."""

    def __init__(self) -> None:
        self.left = True

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        if asked.about("PATCH", "sessions", "*") and self.left:
            self.left = False
            return Told(204)
        return await forward(asked)


def test_what_a_service_does_once_and_not_again_is_a_doubt_that_outweighs_what_went_well() -> None:
    with workbench(Once()) as settings:
        report = judge_at(settings, seconds_max=4)
    assert not report.findings
    doubted = [one for one in report.verdicts if one.verdict is Verdict.INCONCLUSIVE and one.exercised]
    assert [one.rule.id for one in doubted] in (["S-18"], ["S-17"])
    assert doubted[0].why.startswith("seen once and not again: ")


# --- objects -------------------------------------------------------------------------------------------------------


class NeverStarts(SelfEnding):
    """Keeps its device to somebody else for ever."""

    def __init__(self) -> None:
        device = PlainDevice()
        device.apply(PauseRequested(at=device.now))
        super().__init__(device)
        self.capabilities = Capabilities(
            reports=False, fresh=False, patience_s=0.2, unsupported=("PauseRequested", "ResumeRequested")
        )


def test_jobs_that_never_start_leave_open_what_their_start_would_have_shown() -> None:
    report = judge(NeverStarts, tiers=("smoke",))
    assert not report.findings
    assert report.of("S-05").verdict is Verdict.PASS
    assert report.of("S-09").verdict is Verdict.INCONCLUSIVE
    assert "a job did not start within 0.1 s" in report.of("S-09").why
    assert report.of("S-14").verdict is Verdict.UNTESTED, "its timer never began to run"


def test_what_was_at_stake_only_where_another_rule_is_blamed_is_open() -> None:
    finding = Finding(
        kind=Kind.HANG, rules=("S-19", "J-02"), tier="smoke", case="x", differences=(), trace=(), said="no answer"
    )
    result = TierResult(name="smoke", cases=1, steps=1, seconds=0.0, findings=(finding,))
    report = report_of([result], target="x", profile=IBM_GUIDE)
    assert report.of("S-19").verdict is Verdict.FAIL
    assert report.of("J-02").verdict is Verdict.INCONCLUSIVE
    assert report.of("J-02").why == f"it was at stake only where S-19 was found to be broken: {finding.summary()}"
    result.exercised["J-02"] += 1
    assert report_of([result], target="x", profile=IBM_GUIDE).of("J-02").verdict is Verdict.PASS


def test_what_a_target_that_hangs_was_never_asked_stays_untested() -> None:
    never = threading.Event()

    class Hangs(Spoilt):
        def apply(self, event: Event) -> Any:
            if isinstance(event, SubmitRequested):
                never.wait()
            return super().apply(event)

    report = judge(Hangs, tiers=("smoke",), diagnosed=False)
    never.set()
    assert report.of("S-05").verdict is Verdict.FAIL
    assert report.of("S-17").verdict is Verdict.UNTESTED


def test_answers_that_change_while_a_target_is_learned_are_a_doubt() -> None:
    report = judge(moody(), tiers=("learn",), diagnosed=False)
    assert report.of("S-05").verdict is Verdict.INCONCLUSIVE
    assert "answered differently each time" in report.of("S-05").why


def test_a_window_with_too_many_orders_leaves_open_what_it_was_about(monkeypatch: pytest.MonkeyPatch) -> None:
    def gives_up(_trial: object) -> None:
        raise Inconclusive("the search for an order of the operations gave up")

    monkeypatch.setattr(parallel_tier.Trial, "judge", gives_up)
    result = parallel(PlainDevice, seed=1, windows=3)
    assert not result.findings
    assert "S-05" in dict(result.inconclusive)
    assert not result.exercised["S-05"]


# --- reports -------------------------------------------------------------------------------------------------------


def _with(field: str) -> Report:
    """A report with one open question."""
    told: dict[str, Any] = {field: (("S-13", "its clock is <too> coarse"),)}
    asked = TierResult(name="log", cases=1, steps=1, seconds=0.0, **told)
    asked.exercised["S-13"] += field == "doubts"
    return report_of([asked], target="a log", profile=IBM_GUIDE)


@pytest.mark.parametrize("field", ["inconclusive", "doubts"])
def test_every_report_says_inconclusive_and_why(field: str, tmp_path: Path) -> None:
    report = _with(field)
    assert report.of("S-13").verdict is Verdict.INCONCLUSIVE
    write_all(report, tmp_path)
    row = next(text for text in summary(report).splitlines() if text.startswith("S-13"))
    assert "? inconclusive" in row
    assert "its clock is <too> coarse" in row
    found = next(one for one in json.loads((tmp_path / "report.json").read_text())["verdicts"]
                 if one["rule"]["id"] == "S-13")  # fmt: skip
    assert (found["verdict"], found["why"]) == ("inconclusive", "its clock is <too> coarse")
    assert 'type="inconclusive" message="inconclusive: its clock is &lt;too&gt; coarse"' in (
        tmp_path / "junit.xml"
    ).read_text()
    page = (tmp_path / "report.html").read_text()
    assert "its clock is &lt;too&gt; coarse" in page
    assert {"doubts": " is in doubt: its clock", "inconclusive": " is open: its clock"}[field] in page


def test_a_finding_outweighs_a_doubt_and_a_doubt_what_was_exercised() -> None:
    finding = Finding(kind=Kind.OUTCOME, rules=("S-13",), tier="smoke", case="x", differences=(), trace=(), said="x")
    doubt = TierResult(name="smoke", cases=1, steps=1, seconds=0.0, doubts=(("S-13", "once"), ("S-14", "once")))
    broken = TierResult(name="standard", cases=1, steps=1, seconds=0.0, findings=(finding,))
    for result in (doubt, broken):
        result.exercised.update({"S-13": 3, "S-14": 3})
    report = report_of([doubt, broken], target="x", profile=IBM_GUIDE)
    assert (report.of("S-13").verdict, report.of("S-14").verdict) == (Verdict.FAIL, Verdict.INCONCLUSIVE)

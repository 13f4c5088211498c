"""Verdicts are honest: advice is no law, what was not tried did not pass, and expectations are kept up to date."""

import pytest

from sessioncore.conformance import Accepted, Rejected, Verdict, judge
from sessioncore.conformance.kit import ExpectationError, read_expected, report_of
from sessioncore.conformance.reference import CoreTarget
from sessioncore.conformance.results import TierResult
from sessioncore.core import IBM_GUIDE, CancelRequested, CloseRequested, SubmitRequested

from .test_bad_targets import Spoilt


class CancelsItsQueue(Spoilt):
    """Queued jobs become cancelled at the end, where S-22 (marked D) says failed."""

    def __init__(self):
        super().__init__()
        self.core = CoreTarget(IBM_GUIDE.with_values(queued_at_end="cancel"))


class TakesJobsAfterTheEnd(Spoilt):
    """A job is accepted by a closed session, and lost."""

    def apply(self, event):
        answer = super().apply(event)
        late = isinstance(event, SubmitRequested) and isinstance(answer, Rejected) and answer.code == 1217
        return Accepted(id="lost") if late else answer


def test_to_differ_on_advice_is_non_strict_and_no_failure():
    report = judge(CancelsItsQueue, tiers=("standard",))
    assert report.of("S-22").verdict is Verdict.NON_STRICT
    assert {found.rule.id for found in report.verdicts if found.verdict is Verdict.FAIL} == set()
    assert report.passed


def test_strictly_advice_is_law():
    report = judge(CancelsItsQueue, tiers=("smoke",), strict=True)
    assert report.of("S-22").verdict is Verdict.FAIL
    assert not report.passed


def test_to_differ_on_a_law_is_a_failure_that_names_it():
    report = judge(TakesJobsAfterTheEnd, tiers=("smoke",))
    assert report.of("S-06").verdict is Verdict.FAIL
    assert not report.passed
    finding = report.of("S-06").findings[0]
    assert finding.shrunk
    assert [type(event) for event in finding.events[1:]] in (
        [CloseRequested, SubmitRequested],
        [CancelRequested, SubmitRequested],
    )


def test_what_was_never_exercised_is_untested():
    nothing = TierResult(name="smoke", cases=0, steps=0, seconds=0.0)
    report = report_of([nothing], target="nobody", profile=IBM_GUIDE)
    assert report.of("S-05").verdict is Verdict.UNTESTED
    assert report.of("S-25").verdict is Verdict.NOT_APPLICABLE
    assert {found.verdict for found in report.verdicts} == {Verdict.UNTESTED, Verdict.NOT_APPLICABLE}


def test_an_open_question_is_inconclusive():
    asked = TierResult(name="log", cases=1, steps=1, seconds=0.0, inconclusive=(("S-13", "its clock is too coarse"),))
    report = report_of([asked], target="a log", profile=IBM_GUIDE)
    assert report.of("S-13").verdict is Verdict.INCONCLUSIVE
    assert "too coarse" in report.of("S-13").why


def test_an_expected_failure_does_not_count_and_one_that_passes_does():
    report = judge(TakesJobsAfterTheEnd, tiers=("smoke",), expected=("S-06",))
    assert report.passed
    assert report.of("S-06").verdict is Verdict.FAIL
    report = judge(CoreTarget, tiers=("smoke",), expected=("S-06",))
    assert not report.passed
    assert report.surprising == ("S-06",)


def test_the_file_of_expected_failures_says_why_and_is_checked(tmp_path):
    path = tmp_path / "expected"
    path.write_text("# ours\nS-06 we take late jobs\n\nJ-05  # no limits\n", encoding="utf-8")
    assert read_expected(path) == {"S-06": "we take late jobs", "J-05": ""}
    path.write_text("S-06\nS-99 nothing\n", encoding="utf-8")
    with pytest.raises(ExpectationError, match=r"line 2: 'S-99' is no rule"):
        read_expected(path)
    path.write_text("S-06\nS-06\n", encoding="utf-8")
    with pytest.raises(ExpectationError, match="line 2: S-06 stands there already"):
        read_expected(path)
    with pytest.raises(ExpectationError, match="cannot be read"):
        read_expected(tmp_path / "missing")


def test_a_name_that_is_no_tier_or_rule_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"no tier 'fast'; there are smoke, standard"):
        judge(CoreTarget, tiers=("fast",))
    with pytest.raises(ValueError, match="no rule 'S-99'"):
        judge(CoreTarget, expected=("S-99",))

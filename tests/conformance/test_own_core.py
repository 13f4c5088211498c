"""Our own core passes every tier, strictly, under every profile; and every rule that applies to it is exercised."""

from functools import partial

import pytest

from sessioncore.conformance import UNSEEN, Verdict, judge
from sessioncore.conformance.applying import ASKED_OF_SERVICES
from sessioncore.conformance.reference import CoreTarget, SessionTarget, see_session
from sessioncore.conformance.tiers.exploring import explore
from sessioncore.conformance.tiers.runner import Runner
from sessioncore.core import IBM_GUIDE, PROFILES, OpenRequested, open_session

QUIET = {Verdict.PASS, Verdict.NOT_APPLICABLE}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_our_core_passes_smoke_under_every_profile(profile):
    report = judge(partial(CoreTarget, profile), profile=profile, tiers=("smoke",), strict=True)
    assert report.passed
    assert not report.findings


def test_our_core_passes_standard_and_no_rule_that_applies_is_left_untested():
    report = judge(CoreTarget, tiers=("standard",), strict=True)
    assert report.passed
    told = {found.rule.id: found.verdict for found in report.verdicts if found.verdict not in QUIET}
    assert told == {}
    skipped = {found.rule.id for found in report.verdicts if found.verdict is Verdict.NOT_APPLICABLE}
    assert skipped == {*ASKED_OF_SERVICES, "S-25", "D-02"}


def test_two_lanes_exercise_waiting_until_the_device_is_free():
    report = judge(partial(CoreTarget, lanes=2), tiers=("smoke",), strict=True)
    assert report.passed
    assert report.of("D-02").verdict is Verdict.PASS


def test_budgets_exercise_their_limits():
    profile = IBM_GUIDE.with_values(job_limit=2, usage_limit=200_000_000)
    report = judge(partial(CoreTarget, profile), profile=profile, tiers=("smoke",), strict=True)
    assert report.passed
    assert report.of("S-25").verdict is Verdict.PASS


def test_a_core_whose_jobs_the_host_starts_passes_and_is_not_asked_about_the_device():
    report = judge(SessionTarget, tiers=("standard",), strict=True)
    assert report.passed
    assert report.of("D-01").verdict is Verdict.NOT_APPLICABLE
    assert report.of("S-12").verdict is Verdict.PASS


def test_no_seed_of_exploring_accuses_anybody(deep):
    """``--deep`` and ``sessioncore conform --power`` try twenty."""
    for seed in range(20 if deep else 7):
        result = explore(Runner(CoreTarget, tier="explore"), seed=seed * 100, examples=8)
        assert not result.findings, result.findings[0].summary()
        assert result.steps > 80


def test_exploring_is_guided_to_rows_that_chance_rarely_meets():
    met: set[str] = set()
    for seed in (0, 100):
        met |= set(explore(Runner(CoreTarget, tier="explore"), seed=seed).coverage.rows)
    assert {"S-11.resume", "S-15.max-ttl", "S-16.no-submission", "S-19.queue-empty", "J-05.continue"} <= met
    assert len(met) >= 50


def test_every_field_of_a_view_is_shown_by_our_own_targets():
    session = open_session(OpenRequested(at=5, session_id="a"), IBM_GUIDE.dedicated).session
    seen = see_session(session, 5)
    assert UNSEEN not in [getattr(seen, name) for name in type(seen).__slots__ if not name.startswith("_")]

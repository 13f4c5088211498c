"""Services of other people differ from ours in more than their faults: what the kit must not hold against them, and
what must not keep it from judging the rest."""

from __future__ import annotations

from typing import Any

import pytest

from sessioncore.conformance.cases import Case
from sessioncore.conformance.http.between import CONTROL, Asked, Forward, Told
from sessioncore.conformance.http.fault import Showing, ShowingJobs
from sessioncore.conformance.http.service import Service
from sessioncore.conformance.http.tier import SAME_MAX, HttpRunner, judge_service
from sessioncore.conformance.http.workbench import workbench
from sessioncore.conformance.reports import totals
from sessioncore.conformance.results import TierResult
from sessioncore.conformance.tiers.standard import smoke
from sessioncore.core import CloseRequested, OpenRequested, SubmitRequested
from sessioncore.core.profiles import IBM_GUIDE, PROFILES


def judged(changing: Any) -> TierResult:
    """The service behind it, by a few seconds of ``smoke``."""
    with workbench(changing) as settings:
        return judge_service(settings, smoke, tier="smoke", seconds_max=3)


class NoSuchRoute:
    """Routes that it does not know are answered by 501, as some frameworks do, or by a page."""

    def __init__(self, told: Told) -> None:
        self.told = told

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        return self.told if asked.path.startswith(CONTROL) else await forward(asked)


class NoCreatedAt(Showing):
    """A field that the stock client never reads is left out."""

    def show(self, session: dict[str, Any]) -> None:
        del session["created_at"]


class Conflict:
    """What is submitted to a closed session is refused with the published number, and another status."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        told = await forward(asked)
        if asked.about("POST", "jobs") and told.status == 400 and '1217' in str(told.body):
            told.status = 409
        return told


class OwnNumbers(ShowingJobs):
    """A job that its client has cancelled shows a number of the service's own."""

    def show(self, job: dict[str, Any]) -> None:
        if job["state"]["status"] == "Cancelled" and not job["state"].get("reason_code"):
            job["state"] |= {"reason": "as you wished", "reason_code": 9001}


class StartsAtOnce(Showing):
    """A session is shown as started from the moment of its creation."""

    def show(self, session: dict[str, Any]) -> None:
        session["started_at"] = session["started_at"] or session["created_at"]


@pytest.mark.parametrize(
    "told", [Told(501, {"errors": []}), Told(200, "<html>", "text/html"), Told(302), Told(200, [1])], ids=str
)
def test_no_service_owes_us_our_control_routes(told: Told) -> None:
    with workbench(NoSuchRoute(told)) as settings:
        service = Service(settings)
        assert not service.controlled
        assert not service.virtual
        service.close()


@pytest.mark.parametrize("legal", [NoCreatedAt, Conflict, OwnNumbers])
def test_what_nobody_has_published_is_not_held_against_a_service(legal: Any) -> None:
    result = judged(legal())
    assert not result.findings, result.findings[0].summary()
    assert result.exercised["S-06"] > 0


def test_what_is_wrong_in_every_case_does_not_hide_the_rest() -> None:
    result = judged(StartsAtOnce())
    assert {finding.rules[0] for finding in result.findings} <= {"S-01", "S-09"}
    assert len(result.findings) >= 1
    assert any("started_at" in note and "not looked at any more" in note for note in result.notes)
    assert result.steps > 50, "the other rules are judged"
    for rule in ("S-06", "S-18", "S-20", "S-21", "J-02"):
        assert result.exercised[rule] > 0, rule


def test_a_single_finding_makes_nobody_look_away() -> None:
    with workbench(StartsAtOnce()) as settings:
        service = Service(settings)
        runner = HttpRunner(service, tier="smoke")
        opened = OpenRequested(at=0, session_id="a")
        for count in range(1, SAME_MAX + 1):
            assert not service.blind
            runner.take(Case(name=f"opened {count}", events=(opened,)))
        assert {field for field, _ in service.blind} == {"started_at"}
        submit = SubmitRequested(at=0, job_id="j1", session_id="a")
        runner.take(Case(name="closed", events=(opened, CloseRequested(at=0, session_id="a"), submit)))
        assert len(runner.findings) == 1
        service.close()


@pytest.mark.parametrize("name", PROFILES)
def test_more_lanes_than_a_few_let_a_session_meet_nothing_new(name: str) -> None:
    """So that what can be covered is known at once for a device of which nobody knows the lanes."""
    assert totals(PROFILES[name], 2) == totals(PROFILES[name], 3) == totals(PROFILES[name], 1_000)
    assert totals(IBM_GUIDE, 1) != totals(IBM_GUIDE, 2)

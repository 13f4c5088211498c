"""The kit is tried on systems of other people: a test of the kit, and not of them.

What is asserted of them was read in their code and tried by hand, and is documented by them: local testing mode has no
session behaviour, and ``localqpu`` says that it emulates no session timeouts.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from sessioncore.conformance import Accepted, Rejected, Verdict, judge
from sessioncore.conformance.cases import Case
from sessioncore.conformance.http import payloads
from sessioncore.conformance.protocol import UNSEEN
from sessioncore.conformance.services import judge_at, settings_of
from sessioncore.conformance.tiers import runner
from sessioncore.core import (
    Advanced,
    CancelRequested,
    JobCancelRequested,
    JobSucceeded,
    OpenRequested,
    SubmitRequested,
)

from .world.emulator import HOW_TO_GET, environment, localqpu
from .world.local_mode import LocalMode
from .world.reporting import keep, shown, verdicts

pytestmark = pytest.mark.stock

SECOND = 1_000_000


# --- the stock client's local testing mode -----------------------------------------------------------------------


def test_local_mode_is_as_the_adapter_says() -> None:
    """The facts on which the verdicts below rest, without the kit."""
    target = LocalMode()
    opened = target.apply(OpenRequested(at=0, session_id="a", max_ttl=0))
    assert isinstance(opened, Accepted), "a session of no time at all is accepted"
    assert opened.id is not None
    session = target.sessions[opened.id]
    assert (session.session_id, session.status(), session.details(), session.usage()) == (None, None, None, None)
    target.plan({"j1": "long", "j2": "long"})
    jobs = [target.apply(SubmitRequested(at=0, job_id=f"j{n}", session_id=opened.id)) for n in (1, 2)]
    assert [view.status for view in target.observe().jobs.values()] == ["running", "running"], "there is no queue"
    assert isinstance(jobs[0], Accepted)
    assert isinstance(target.apply(JobCancelRequested(at=0, job_id=jobs[0].id)), Rejected), "running jobs go on"
    assert target.apply(CancelRequested(at=0, session_id=opened.id)) == Accepted()
    assert [view.status for view in target.observe().jobs.values()] == ["running", "running"]
    refused = target.apply(SubmitRequested(at=0, job_id="j3", session_id=opened.id))
    assert isinstance(refused, Rejected)
    assert (refused.code, "closed" in refused.message) == (None, True)
    assert target.observe().sessions[opened.id].status is UNSEEN
    target.close()


def test_local_mode_is_judged_by_what_it_shows(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "REAL_S_MAX", 8.0)
    monkeypatch.setattr(runner, "WAIT_S_MAX", 1.0)
    report = judge(LocalMode, target="qiskit-ibm-runtime, local testing mode", tiers=("smoke",))
    folder = keep(report, "local_mode", request.config, tmp_path)
    found = verdicts(report)
    assert (folder / "report.html").stat().st_size > 10_000
    failing = {rule for rule, verdict in found.items() if verdict is Verdict.FAIL}
    assert {"S-02", "S-07", "J-03", "D-01", "D-02"} <= failing, shown(report)
    assert failing <= {"S-02", "S-07", "J-03", "D-01", "D-02", "J-01"}, shown(report)
    # Nothing is shown of its sessions: what only a look at one could confirm is untested, and never passed.
    for rule in ("S-01", "S-09", "S-13", "S-14", "S-15", "S-16", "S-18", "S-19", "S-20", "U-01", "V-01", "V-02"):
        assert found[rule] is Verdict.UNTESTED, f"{rule} {found[rule]}"
    assert found["S-06"] is Verdict.PASS, "its sessions take no jobs after close() or cancel()"
    assert found["D-05"] is Verdict.NOT_APPLICABLE, "nobody can pause it"
    assert report.diagnosis is None, "the dictionary of faults is of targets that the kit drives"
    assert any("real time" in why for why in report.tiers[0].skipped)


def test_a_session_of_local_mode_outlives_its_max_time() -> None:
    """What waiting shows: the session that was to end after a second takes jobs after two and a half."""
    session = OpenRequested(at=0, session_id="a", max_ttl=SECOND)
    events = (session, _submit(0, "j1"), JobSucceeded(at=0, job_id="j1"), Advanced(at=5 * SECOND // 2))
    case = Case(name="beyond its max time", events=(*events, _submit(5 * SECOND // 2, "j2")))
    finding = runner.Runner(LocalMode, tier="smoke").judge(case)
    assert finding is not None
    assert finding.rules[0] in ("S-06", "S-15"), finding.summary()
    assert "rejected with code 1217" in str(finding.differences[0].expected)


def _submit(at: int, job: str) -> SubmitRequested:
    return SubmitRequested(at=at, job_id=job, session_id="a")


# --- localqpu ----------------------------------------------------------------------------------------------------

TRUE_OF_LOCALQPU = {
    "S-02", "S-06", "S-07", "S-09", "S-17", "S-20", "S-23", "J-01", "J-03", "J-08", "D-01", "D-02",
}  # fmt: skip
"""It refuses no length of time, has no 1217, starts a session at creation, ends it at once when it is closed or
cancelled, takes its jobs with it, never shows when one completed, and runs several sessions side by side."""

needs_localqpu = pytest.mark.skipif(environment() is None, reason=HOW_TO_GET)


@needs_localqpu
def test_localqpu_is_judged_by_its_public_interface(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    with localqpu() as url:
        _by_hand(url)
        # It simulates in the process that answers, and jobs cannot be stopped: a long one would be one long silence.
        settings = settings_of(url, max_wait_s=2.0, settle_s=1.0, long=payloads.MEDIUM)
        report = judge_at(settings, tiers=("smoke", "log"), seconds_max=8.0)
    folder = keep(report, "localqpu", request.config, tmp_path)
    found = verdicts(report)
    assert (folder / "report.html").stat().st_size > 10_000
    smoke, log = report.tiers
    assert not log.findings, "that it shows no journal is no fault"
    assert any("not looked at any more" in note for note in smoke.notes), "one wrong field does not hide the rest"
    assert smoke.steps > 0
    for rule in ("S-02", "S-06", "S-07", "S-09", "J-08"):
        assert found[rule] is Verdict.FAIL, f"{rule} is {found[rule].value}\n{shown(report)}"
    # What else may be found is true of it; how much is found depends on how fast the machine is.
    failing = {rule for rule, verdict in found.items() if verdict is Verdict.FAIL}
    assert failing <= TRUE_OF_LOCALQPU, shown(report)
    for rule in ("J-07", "J-09"):
        assert found[rule] is Verdict.PASS, f"{rule} is {found[rule].value}\n{shown(report)}"
    for rule in ("S-10", "S-13", "S-14", "S-15", "S-16"):
        assert found[rule] is Verdict.UNTESTED, "timers, which it says it has not, take longer"


def _by_hand(url: str) -> None:
    """What the verdicts rest on, without the kit."""
    with httpx.Client(base_url=url + "/api/v1", trust_env=False, timeout=30.0) as client:
        device = client.get("/backends").json()["devices"][0]["name"]

        def opened(**more: object) -> dict[str, Any]:
            made = client.post("/sessions", json={"mode": "dedicated", "backend": device, **more})
            assert made.status_code == 200
            shown: dict[str, Any] = client.get(f"/sessions/{made.json()['id']}").json()
            return shown

        def submitted(session: str | None = None, **more: object) -> httpx.Response:
            return client.post("/jobs", json={**payloads.SHORT, "backend": device, "session_id": session, **more})

        assert opened(max_ttl=-5)["max_ttl"] == -5, "S-02: a session of less than no time is accepted"
        session = opened()
        assert session["state"] == "open"
        assert session["started_at"] is not None, "S-09: it is shown as started from the beginning"
        first = submitted(session["id"]).json()["id"]
        session = client.get(f"/sessions/{session['id']}").json()
        job = client.get("/jobs", params={"session_id": session["id"]}).json()["jobs"][0]
        assert (session["state"], job["status"]) == ("active", "Queued"), "S-09: active before its first job starts"
        assert submitted(session["id"], cost=0).status_code == 200, "S-07"
        assert client.patch(f"/sessions/{session['id']}", json={"accepting_jobs": False}).status_code == 204
        refused = submitted(session["id"])
        assert refused.status_code == 409
        assert "1217" not in refused.text, "S-06: the number by which programs know that a session was closed"
        assert client.post(f"/jobs/{first}/cancel").status_code == 204
        assert client.post(f"/jobs/{first}/cancel").status_code == 409, "J-04"
        private = submitted(private=True).json()["id"]
        deadline = time.monotonic() + 30
        while client.get(f"/jobs/{private}").json()["status"] != "Completed":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        texts = [client.get(f"/jobs/{private}/results").text for _ in range(2)]
        assert texts[0] == texts[1] != "", "J-08: a private job hands out its result again and again"

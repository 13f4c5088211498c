"""Our own service, judged as a newcomer would judge it: a process of its own, reached at its address alone."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from sessioncore.cli import main
from sessioncore.conformance import Report, Verdict
from sessioncore.conformance.services import judge_at, settings_of
from tests.service import serve

from .world.reporting import keep, shown, verdicts

STANDARD_S_MAX = 60.0
CHOSEN_S = 6.0


def _failed(report: Report) -> bool:
    return not report.passed or bool(report.findings)


def test_our_service_passes_every_tier_for_services(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    with serve("--clock", "virtual", "--control", "--backend", "ideal_5") as served:
        settings = settings_of(served.url)
        tiers = ("smoke", "standard", "parallel", "log")
        report = judge_at(settings, tiers=tiers, seconds_max=CHOSEN_S)
    keep(report, "own_service", request.config, tmp_path)
    assert not _failed(report), shown(report)
    for tier in report.tiers:
        assert tier.steps > 50, f"{tier.name} did nothing: {tier.skipped}"
        assert tier.seconds < STANDARD_S_MAX
    found = verdicts(report)
    untested = {rule for rule, verdict in found.items() if verdict is Verdict.UNTESTED}
    assert untested <= {"J-06", "S-22"}, "of a service nearly everything can be asked"
    for rule, row in (("S-24", "J-01.fail"), ("T-01", "")):
        assert found[rule] is Verdict.PASS, report.of(rule).why
        assert not row or report.coverage.rows[row] > 0, "jobs failed on the device"
    assert {order for _, order in report.coverage.ties} == {"timer before request"}


def test_our_service_passes_in_real_time_without_its_control_routes(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    short = ("--interactive-ttl", "2s", "--max-ttl", "20s", "--no-submission", "5s")
    with serve("--backend", "ideal_5", *short) as served:
        settings = settings_of(served.url, max_wait_s=4.0, settle_s=2.0)
        report = judge_at(settings, tiers=("smoke", "log"), seconds_max=CHOSEN_S)
    keep(report, "own_service_real_time", request.config, tmp_path)
    assert not _failed(report), shown(report)
    smoke, log = report.tiers
    assert smoke.seconds < 45
    assert any("real time" in why for why in smoke.skipped), "what would wait longer is left out, and that is said"
    assert any("own were taken" in note for note in smoke.notes), "its timers are its own"
    assert log.skipped, "without control routes there is no journal"
    assert not log.findings


def test_the_command_judges_a_service_and_writes_its_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve("--clock", "virtual", "--control", "--backend", "ideal_5") as served:
        made = {"mode": "dedicated", "backend": "ideal_5"}
        token = {"Authorization": "apikey " + settings_of(served.url).token}
        with httpx.Client(base_url=served.url + "/api/v1", headers=token, trust_env=False) as client:
            session = client.post("/sessions", json=made).json()["id"]
            client.patch(f"/sessions/{session}", json={"accepting_jobs": False})
        assert main(["conform", served.url, "--tier", "log", "--report", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "conforms to ibm-guide" in said
    assert {path.name for path in tmp_path.iterdir()} >= {"report.html", "report.json", "junit.xml"}

"""What the charts say where nothing else listens: numbers, silence, counts. Each was a fault that no other test found
(see tests/mutation)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sessioncore.core import (
    DEVICE_CHART,
    JOB_CHART,
    SESSION_CHART,
    Configuration,
    JobFailed,
    JobReleased,
    JobStarted,
    JobStatus,
    JobSucceeded,
    NotifyJob,
    NotifySession,
    SessionCore,
    StopJob,
    SubmitRequested,
    step_job,
)
from sessioncore.core.signals import JobReady, SessionEnded
from sessioncore.core.values import replaced

from .session_bench import SECOND, Bench, device, lone_session

# --- the device's chart -----------------------------------------------------------------------------------------------


@pytest.mark.rule("D-05")
def test_the_devices_chart_answers_a_question_or_moves_the_device_and_forbids_nothing() -> None:
    for row in DEVICE_CHART.rows:
        assert row.fault is None
        if row.trigger is JobReady:
            assert row.target is None, "a question changes nothing"
            assert row.effect in ("start", "wait", "pass_over")
        else:
            assert row.effect == ""


@pytest.mark.rule("D-03", "D-04", "D-05")
def test_only_the_first_in_the_order_is_asked_where_it_must_wait() -> None:
    bench = device()
    bench.at(0).submit("x").submit("a").submit("b")
    before = bench.core.fired
    bench.at(1).submit("c")
    assert bench.core.fired - before == {"J-01.submit": 1, "D-04.full": 1}
    bench.at(2).pause()
    before = bench.core.fired
    bench.at(3).submit("d")
    assert bench.core.fired - before == {"J-01.submit": 1, "D-05.wait": 1}


# --- what the charts say to nobody ------------------------------------------------------------------------------------


@pytest.mark.rule("S-22", "S-05", "J-06")
def test_a_session_does_not_hear_of_what_it_has_caused_itself_and_an_unknown_job_does_not_move() -> None:
    for row in JOB_CHART.rows:
        if row.trigger in (SubmitRequested, SessionEnded):
            assert row.signal is None
        if JobStatus.NONE in row.sources and row.trigger is not SubmitRequested:
            assert row.target is None
            assert row.signal is None


@pytest.mark.rule("J-03", "J-05", "S-23")
def test_the_device_is_told_to_stop_a_job_that_a_client_its_limit_or_its_session_ends_and_no_other() -> None:
    stopping = {row.id for row in JOB_CHART.rows if row.effect}
    assert stopping == {"J-03.cancel", "J-05.limit", "S-23.stop"}
    bench = device(lanes=3)
    bench.at(0).submit("a").submit("b").submit("c").submit("d").cancel_job("d")
    bench.at(1).succeed("a").fail("b").release("c")
    assert bench.stopped() == []


NUMBERS = {
    "J-09.submit-unknown": (1290, 404),
    "J-09.close-unknown": (1290, 404),
    "J-09.cancel-unknown": (1290, 404),
    "J-09.job-unknown": (1291, 404),
    "J-04.cancel": (1292, 409),
    "S-06.draining": (1217, 400),
    "S-06.closed": (1217, 400),
    "S-07.session": (1208, 400),
    "S-07.job": (1208, 400),
    "J-05.limit": (1305, None),
    "S-22.fail": (1217, None),
    "S-22.cancel": (1217, None),
    "S-23.stop": (1217, None),
}
"""What a client is told, by row: the code, and the HTTP status of a refusal."""


@pytest.mark.rule("V-03")
def test_a_client_is_told_these_numbers_and_no_others() -> None:
    rows = [row for chart in (SESSION_CHART, JOB_CHART, DEVICE_CHART) for row in chart.rows]
    assert {row.id: (row.code, row.http_status) for row in rows if row.code or row.http_status} == NUMBERS


@pytest.mark.rule("J-06")
@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED])
def test_a_report_about_a_job_that_has_ended_is_counted_as_late_however_it_ended(status: JobStatus) -> None:
    bench = lone_session()
    bench.at(0).open("s").submit("a", "s")
    ended = replaced(bench.job("a"), status=status, ended_at=1)
    for report, row in (
        (JobStarted, "J-06.start-ended"),
        (JobSucceeded, "J-06.succeeded-ended"),
        (JobFailed, "J-06.failed-ended"),
        (JobReleased, "J-06.released-ended"),
    ):
        stepped = step_job(ended, report(at=2, job_id="a"))
        assert (stepped.row.id, stepped.job, stepped.effects) == (row, ended, ())


@pytest.mark.rule("S-23", "J-03")
def test_nothing_is_told_of_a_job_that_is_being_stopped_already_when_its_session_ends() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s").cancel_job("a")
    bench.at(1).cancel("s")
    assert [type(effect) for effect in bench.effects] == [NotifySession]


@pytest.mark.rule("S-08")
def test_a_submission_to_an_inactive_session_is_told_of_the_job_alone() -> None:
    bench = lone_session()
    bench.at(0).open("s").submit("a", "s").start("a")
    bench.at(1).succeed("a")
    bench.at(61).nothing()
    assert bench.state("s") == "inactive"
    bench.at(62).submit("b", "s")
    assert [type(effect) for effect in bench.effects] == [NotifyJob]


@pytest.mark.rule("J-01", "S-24", "J-05")
@pytest.mark.parametrize("draining", [False, True], ids=["accepting", "draining"])
def test_a_job_that_ends_or_overruns_while_the_session_goes_on_is_told_of_the_job_alone(draining: bool) -> None:
    bench = lone_session()
    bench.at(0).open("s")
    for name in "abcd":
        bench.at(0).submit(name, "s", max_execution=9 * SECOND if name == "c" else None).start(name)
    if draining:
        bench.at(1).close("s")
    bench.at(2).succeed("a")
    assert [type(effect) for effect in bench.effects] == [NotifyJob]
    bench.at(3).fail("b")
    assert [type(effect) for effect in bench.effects] == [NotifyJob]
    bench.at(9).nothing()
    assert [type(effect) for effect in bench.effects] == [NotifyJob, StopJob]
    assert bench.job("c").status == "cancelling"


def _by_an_overrun() -> Bench[SessionCore]:
    bench = lone_session(failure_policy="abort")
    bench.at(0).open("s").submit("a", "s", max_execution=3 * SECOND).start("a")
    bench.at(3).nothing()
    return bench


def _by_idleness() -> Bench[SessionCore]:
    bench = lone_session(idle_action="end", interactive_ttl=3 * SECOND)
    bench.at(0).open("s").submit("a", "s").start("a")
    bench.at(1).succeed("a")
    bench.at(4).nothing()
    return bench


def _by_silence() -> Bench[SessionCore]:
    bench = lone_session(no_submission=3 * SECOND)
    bench.at(0).open("s")
    bench.at(3).nothing()
    return bench


@pytest.mark.rule("S-24", "S-14", "S-16", "U-01")
@pytest.mark.parametrize(("ended", "jobs", "used"), [(_by_an_overrun, 1, 3), (_by_idleness, 1, 4), (_by_silence, 0, 0)])
def test_a_session_that_has_ended_has_counted_its_own_jobs_and_its_usage_to_the_end(
    ended: Callable[[], Bench[SessionCore]], jobs: int, used: int
) -> None:
    bench = ended()
    session = bench.session("s")
    assert session.configuration is Configuration.CLOSED
    assert (session.accepted, bench.usage("s")) == (jobs, used * SECOND)
    assert session.metered_us == used * SECOND

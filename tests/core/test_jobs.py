"""Semantics, *Jobs*: J-01 to J-06, and the core's part of J-09. Tags and private jobs (J-07, J-08) live in the host."""

from __future__ import annotations

import pytest

from sessioncore.core import HostError, JobStatus, NotifyJob, StopJob

from .session_bench import HOUR, SECOND, Bench, device, lone_session


@pytest.mark.rule("J-01")
@pytest.mark.parametrize(("how", "status"), [("succeed", "completed"), ("fail", "failed"), ("release", "failed")])
def test_a_job_is_queued_then_running_then_final(how: str, status: str) -> None:
    bench = lone_session()
    bench.at(0).open("s")
    bench.at(1).submit("a", "s")
    assert bench.job("a").status == "queued"
    bench.at(2).start("a")
    job = bench.job("a")
    assert (job.status, job.started_at, job.ended_at) == ("running", 2 * SECOND, None)
    getattr(bench.at(3), how)("a")
    job = bench.job("a")
    assert (job.status, job.submitted_at, job.started_at, job.ended_at) == (status, SECOND, 2 * SECOND, 3 * SECOND)


@pytest.mark.rule("J-01")
@pytest.mark.parametrize("how", ["succeed", "fail", "release"])
def test_last_job_completed_is_set_whenever_a_job_leaves_the_device_whatever_its_outcome(how: str) -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s")
    getattr(bench.at(3), how)("a")
    assert bench.session("s").last_job_completed == 3 * SECOND
    bench.at(4).submit("b", "s")
    bench.at(5).cancel_job("b")
    assert bench.session("s").last_job_completed == 3 * SECOND, "cancelling, and still on the device"
    getattr(bench.at(6), how)("b")
    assert bench.session("s").last_job_completed == 6 * SECOND


@pytest.mark.rule("J-01", "J-02")
def test_a_job_cancelled_in_the_queue_never_left_the_device_and_sets_no_last_job_completed() -> None:
    bench = lone_session()
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).cancel_job("a")
    assert bench.session("s").last_job_completed is None


@pytest.mark.rule("J-01")
def test_every_accepted_job_is_completed_failed_cancelled_or_still_open() -> None:
    bench = device(lanes=3)
    bench.at(0).open_batch("s")
    for name in "abcdefg":
        bench.at(0).submit(name, "s")
    bench.at(1).succeed("a").fail("b").cancel_job("c")
    session = bench.session("s")
    assert (session.completed, session.failed, session.cancelled) == (1, 1, 0)
    assert (session.queued, session.on_device, session.accepted) == (2, 3, 7)
    bench.at(2).cancel_job("g").cancel("s").release("c")
    session = bench.session("s")
    assert (session.completed, session.failed, session.cancelled, session.accepted) == (1, 2, 2, 7)


@pytest.mark.rule("J-02")
def test_cancelling_a_queued_job_ends_it_at_once_and_the_session_goes_on() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s").submit("b", "s").submit("c", "s")
    bench.at(1).cancel_job("b")
    assert bench.effects == (
        NotifyJob(
            at=SECOND, job_id="b", status=JobStatus.CANCELLED, row="J-02.cancel", reason="cancelled by its client"
        ),
    )
    job = bench.job("b")
    assert (job.status, job.ended_at, job.started_at, job.reason_code) == ("cancelled", SECOND, None, None)
    assert bench.state("s") == "active"
    bench.at(2).succeed("a")
    assert bench.running() == ["c"], "the cancelled job is skipped"


@pytest.mark.rule("J-02", "S-16", "S-19")
def test_cancelling_the_last_queued_job_arms_a_timer_or_closes_as_the_session_stands() -> None:
    fresh = lone_session()
    fresh.at(0).open("s").submit("a", "s")
    fresh.at(9).cancel_job("a")
    assert list(fresh.timers("s")) == ["NoSubmissionExpired"]
    draining = lone_session()
    draining.at(0).open("s").submit("a", "s").close("s")
    draining.at(9).cancel_job("a")
    assert draining.state("s") == "closed"


@pytest.mark.rule("J-03")
def test_cancelling_a_running_job_shows_cancelled_at_once_and_keeps_the_lane_until_the_device_lets_go() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s").submit("b", "s")
    bench.at(1).cancel_job("a")
    assert bench.effects == (
        NotifyJob(
            at=SECOND, job_id="a", status=JobStatus.CANCELLING, row="J-03.cancel", reason="cancelled by its client"
        ),
        StopJob(at=SECOND, job_id="a", row="J-03.cancel"),
    )
    assert bench.running() == ["a"]
    assert bench.queued() == ["b"]
    session = bench.session("s")
    assert (session.on_device, session.queued) == (1, 1)
    bench.at(5).release("a")
    assert bench.job("a").status == "cancelled"
    assert bench.job("a").ended_at == 5 * SECOND
    assert bench.running() == ["b"]


@pytest.mark.rule("J-03")
@pytest.mark.parametrize(
    ("how", "row"), [("succeed", "J-03.succeeded"), ("fail", "J-03.failed"), ("release", "J-03.released")]
)
def test_what_a_cancelling_job_still_brings_frees_the_lane_and_is_discarded_and_counted(how: str, row: str) -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).cancel_job("a")
    getattr(bench.at(2), how)("a")
    job = bench.job("a")
    assert (job.status, job.reason, job.reason_code) == ("cancelled", "cancelled by its client", None)
    assert bench.core.fired[row] == 1
    assert bench.session("s").cancelled == 1


@pytest.mark.rule("J-03", "S-17", "S-18")
def test_a_cancelling_job_is_work_so_close_drains_until_the_device_lets_go() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).cancel_job("a").close("s")
    assert bench.state("s") == "active_draining"
    bench.at(2).release("a")
    assert bench.state("s") == "closed"


@pytest.mark.rule("J-04", "V-03")
@pytest.mark.parametrize("status", ["cancelling", "completed", "failed", "cancelled"])
def test_cancelling_a_job_that_the_client_already_sees_as_final_is_a_409(status: str) -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s")
    if status == "completed":
        bench.at(2).succeed("a")
    elif status == "failed":
        bench.at(2).fail("a")
    else:
        bench.at(1).cancel_job("a")
        if status == "cancelled":
            bench.at(2).release("a")
    assert bench.job("a").status == status
    refused = bench.refusal(lambda: bench.at(3).cancel_job("a"))
    assert (refused.row, refused.http_status, refused.state) == ("J-04.cancel", 409, status)
    assert refused.story[:2] == ((0, "queued"), (0, "running"))


@pytest.mark.rule("J-04")
def test_a_job_cancelled_in_the_queue_cannot_be_cancelled_again_and_its_story_has_no_start() -> None:
    bench = lone_session()
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).cancel_job("a")
    assert bench.refusal(lambda: bench.at(2).cancel_job("a")).story == ((0, "queued"), (SECOND, "cancelled"))


@pytest.mark.rule("J-09")
def test_cancelling_an_unknown_job_is_a_404() -> None:
    bench = device()
    refused = bench.refusal(lambda: bench.at(0).cancel_job("nothing"))
    assert (refused.row, refused.http_status, refused.code) == ("J-09.job-unknown", 404, 1291)
    assert refused.state == "unknown"


@pytest.mark.rule("J-05")
@pytest.mark.parametrize(
    ("asked", "cap", "limit"),
    [
        (None, 3 * HOUR, 3 * HOUR),
        (HOUR, 3 * HOUR, HOUR),
        (4 * HOUR, 3 * HOUR, 3 * HOUR),
        (HOUR, None, HOUR),
        (None, None, None),
    ],
)
def test_a_job_may_run_for_the_lesser_of_its_own_limit_and_the_profiles_cap(
    asked: int | None, cap: int | None, limit: int | None
) -> None:
    bench = device(lanes=2, execution_limit=cap)
    bench.at(0).open_batch("s").submit("a", "s", max_execution=asked).submit("alone", max_execution=asked)
    assert bench.job("a").execution_limit == limit
    assert bench.job("alone").execution_limit == limit


@pytest.mark.rule("J-05")
def test_a_job_that_runs_too_long_is_cancelling_with_1305_and_the_device_is_told_to_stop() -> None:
    bench = device()
    bench.at(5).submit("a", max_execution=60 * SECOND)
    bench.at(65, -1).nothing()
    assert bench.job("a").status == "running"
    bench.at(65).nothing()
    assert bench.effects == (
        NotifyJob(
            at=65 * SECOND,
            job_id="a",
            status=JobStatus.CANCELLING,
            row="J-05.limit",
            reason="ran too long",
            reason_code=1305,
        ),
        StopJob(at=65 * SECOND, job_id="a", row="J-05.limit"),
    )
    bench.at(70).succeed("a")
    job = bench.job("a")
    assert (job.status, job.reason, job.reason_code, job.ended_at) == ("cancelled", "ran too long", 1305, 70 * SECOND)


@pytest.mark.rule("J-05", "J-03")
def test_the_execution_limit_ends_with_running() -> None:
    bench = device()
    bench.at(0).submit("a", max_execution=60 * SECOND)
    bench.at(59).cancel_job("a")
    assert bench.core.next_deadline() is None
    bench.at(1000).nothing()
    assert bench.job("a").reason_code is None
    assert bench.stopped() == ["a"]


@pytest.mark.rule("J-05")
def test_the_time_in_the_queue_does_not_count_towards_the_execution_limit() -> None:
    bench = device()
    bench.at(0).submit("other").submit("a", max_execution=60 * SECOND)
    bench.at(1000).succeed("other")
    assert bench.core.next_deadline() == 1060 * SECOND


@pytest.mark.rule("J-06")
def test_a_running_job_that_the_device_releases_is_lost() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).release("a")
    job = bench.job("a")
    assert (job.status, job.reason, job.reason_code) == ("failed", "lost", None)
    assert bench.session("s").failed == 1


def _one_job(status: str) -> Bench:
    bench = lone_session()
    bench.at(0).open("s")
    if status != "unknown":
        bench.at(0).submit("a", "s")
    if status not in ("unknown", "queued"):
        bench.at(0).start("a")
    if status == "cancelling":
        bench.at(1).cancel_job("a")
    if status == "ended":
        bench.at(1).succeed("a")
    return bench


@pytest.mark.rule("J-06")
@pytest.mark.parametrize("status", ["queued", "ended", "unknown"])
@pytest.mark.parametrize(("how", "name"), [("succeed", "succeeded"), ("fail", "failed"), ("release", "released")])
def test_a_report_for_a_queued_finished_or_unknown_job_is_a_row_that_changes_nothing_and_is_counted(
    status: str, how: str, name: str
) -> None:
    bench = _one_job(status)
    session, jobs = bench.session("s"), dict(bench.core.jobs)
    getattr(bench.at(2), how)("a")
    assert (bench.session("s"), dict(bench.core.jobs)) == (session, jobs)
    assert bench.effects == ()
    assert bench.core.fired[f"J-06.{name}-{status}"] == 1


@pytest.mark.rule("J-06")
@pytest.mark.parametrize(
    ("status", "row"),
    [("running", "again"), ("cancelling", "again"), ("ended", "ended"), ("unknown", "unknown")],
)
def test_a_start_reported_twice_or_too_late_or_for_nobody_changes_nothing_and_is_counted(status: str, row: str) -> None:
    bench = _one_job(status)
    session = bench.session("s")
    bench.at(2).start("a")
    assert bench.session("s") == session
    assert bench.core.fired[f"J-06.start-{row}"] == 1


@pytest.mark.rule("J-06", "J-01")
def test_a_late_report_for_a_job_whose_session_was_forgotten_changes_nothing() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).succeed("a").close("s")
    bench.core.forget_session("s")
    bench.at(2).fail("a").release("a")
    assert bench.job("a").status == "completed"
    assert bench.core.fired["J-06.failed-ended"] == 1


@pytest.mark.rule("J-01", "S-23")
def test_what_has_ended_can_be_forgotten_and_nothing_else() -> None:
    bench = device(lanes=2)
    bench.at(0).open("s").submit("a", "s").submit("b", "s").submit("c", "s")
    for name in ("a", "c", "unknown"):
        with pytest.raises(HostError, match="cannot be forgotten"):
            bench.core.forget(name)
    bench.at(1).succeed("a")
    bench.core.forget("a")
    assert "a" not in bench.core.jobs
    bench.core.check()
    assert bench.session("s").completed == 1
    with pytest.raises(HostError, match="cannot be forgotten"):
        bench.core.forget_session("s")
    bench.at(2).cancel("s")
    with pytest.raises(HostError, match="cannot be forgotten"):
        bench.core.forget_session("s")
    bench.at(3).succeed("b").succeed("c")
    bench.core.forget_session("s")
    assert bench.core.session("s") is None
    with pytest.raises(HostError, match="cannot be forgotten"):
        bench.core.forget_session("s")
    bench.core.check()


@pytest.mark.rule("J-01")
def test_a_forgotten_job_of_its_own_is_gone_and_its_queue_place_is_skipped() -> None:
    bench = device()
    bench.at(0).submit("a").submit("b").submit("c")
    bench.at(1).cancel_job("b")
    bench.core.forget("b")
    bench.at(2).succeed("a")
    bench.core.forget("a")
    assert bench.running() == ["c"]
    bench.at(3).succeed("a")
    assert bench.core.fired["J-06.succeeded-unknown"] == 1


@pytest.mark.rule("J-01", "S-22")
def test_a_session_skips_a_queued_job_that_was_cancelled_and_forgotten() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s").submit("b", "s").submit("c", "s")
    bench.at(1).cancel_job("b")
    bench.core.forget("b")
    bench.at(2).cancel("s")
    assert bench.job("c").status == "failed"
    assert bench.session("s").accepted == 3

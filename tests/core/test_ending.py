"""Semantics, *Ending*: S-15 to S-23. Failures (S-24) and budgets (S-25) have modules of their own."""

from __future__ import annotations

import pytest

from sessioncore.core import JobStatus, NotifyJob, NotifySession, SessionState, StateReason

from .session_bench import HOUR, MINUTE, SECOND, Bench, device, lone_session


@pytest.mark.rule("S-15", "S-22", "S-23")
def test_max_ttl_closes_at_once_queued_jobs_fail_and_jobs_on_the_device_go_on_to_their_own_end() -> None:
    bench = device()
    bench.at(0).open("s", max_ttl=HOUR).submit("a", "s").submit("b", "s").submit("c", "s")
    bench.at(3600).nothing()
    assert (bench.state("s"), bench.reason("s")) == ("closed", "max_ttl")
    session = bench.session("s")
    assert (session.queued, session.on_device, session.failed, session.accepted) == (0, 1, 2, 3)
    assert [bench.job(name).status for name in "abc"] == ["running", "failed", "failed"]
    assert [bench.job(name).reason_code for name in "bc"] == [1217, 1217]
    assert [bench.job(name).ended_at for name in "bc"] == [HOUR, HOUR]
    bench.at(3700).succeed("a")
    assert bench.job("a").status == "completed"
    assert bench.session("s").completed == 1
    assert bench.session("s").last_job_completed == 3700 * SECOND


@pytest.mark.rule("S-15", "S-22")
def test_the_end_is_told_before_the_jobs_that_it_takes_and_those_in_the_order_of_submission() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s").submit("b", "s").submit("c", "s")
    bench.at(1).cancel("s")
    assert bench.effects == (
        NotifySession(
            at=SECOND,
            session_id="s",
            state=SessionState.CLOSED,
            accepting_jobs=False,
            row="S-20.cancel",
            state_reason=StateReason.CANCELLED,
        ),
        *(
            NotifyJob(
                at=SECOND,
                job_id=name,
                status=JobStatus.FAILED,
                row="S-22.fail",
                reason="its session has been closed",
                reason_code=1217,
            )
            for name in "bc"
        ),
    )


@pytest.mark.rule("S-15", "S-10", "T-01")
def test_no_job_of_a_session_starts_at_or_after_its_max_ttl_deadline() -> None:
    bench = device()
    bench.at(0).open("s", max_ttl=HOUR).submit("a", "s").submit("b", "s")
    bench.at(3600).succeed("a")
    assert bench.state("s") == "active", "the report comes first, and the timer has not fired yet"
    assert bench.queued() == ["b"]
    assert bench.core.fired["D-03.out-of-time"] == 1
    bench.at(3600).nothing()
    assert bench.job("b").status == "failed"


@pytest.mark.rule("S-15", "S-10")
def test_a_job_still_starts_one_microsecond_before_the_max_ttl_deadline() -> None:
    bench = device()
    bench.at(0).open("s", max_ttl=HOUR).submit("a", "s").submit("b", "s")
    bench.at(3600, -1).succeed("a")
    assert bench.running() == ["b"]


@pytest.mark.rule("S-15")
def test_a_host_that_starts_a_job_at_the_max_ttl_deadline_is_in_error() -> None:
    bench = lone_session()
    bench.at(0).open("s", max_ttl=HOUR).submit("a", "s").submit("b", "s").start("a")
    assert bench.fault(lambda: bench.at(3600).start("b")).row == "S-15.late"
    bench.at(3600).nothing()
    assert bench.reason("s") == "max_ttl"


@pytest.mark.rule("S-16")
@pytest.mark.parametrize("kind", ["dedicated", "batch"])
def test_a_session_to_which_nothing_was_ever_submitted_closes_after_the_no_submission_time(kind: str) -> None:
    bench = device()
    moment = bench.at(10)
    moment.open("s") if kind == "dedicated" else moment.open_batch("s")
    assert bench.timers("s") == {"NoSubmissionExpired": 10 * SECOND + 30 * MINUTE}
    bench.at(1810, -1).nothing()
    assert bench.state("s") == "open"
    bench.at(1810).nothing()
    assert (bench.state("s"), bench.reason("s")) == ("closed", "no_submission")
    assert bench.session("s").closed_at == 1810 * SECOND
    assert bench.session("s").started_at is None
    assert bench.usage("s") == 0


@pytest.mark.rule("S-16", "J-02")
def test_a_session_whose_only_job_was_cancelled_in_the_queue_is_not_immortal() -> None:
    bench = lone_session()
    bench.at(0).open("s")
    bench.at(100).submit("a", "s")
    assert bench.timers("s") == {}
    bench.at(10_000).cancel_job("a")
    assert bench.timers("s") == {"NoSubmissionExpired": 10_000 * SECOND + 30 * MINUTE}
    bench.at(11_800).nothing()
    assert bench.reason("s") == "no_submission"


@pytest.mark.rule("S-16")
def test_a_submission_exactly_at_the_no_submission_deadline_finds_the_session_closed() -> None:
    bench = device()
    bench.at(0).open("s")
    assert bench.refusal(lambda: bench.at(1800).submit("a", "s")).row == "S-06.closed"
    assert bench.reason("s") == "no_submission"


@pytest.mark.rule("S-16")
def test_the_no_submission_timer_never_applies_after_the_first_start() -> None:
    bench = device(interactive_ttl=None)
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).succeed("a")
    bench.at(7 * 3600).nothing()
    assert bench.state("s") == "active"


@pytest.mark.rule("S-16")
def test_a_profile_may_have_no_no_submission_timer() -> None:
    bench = device(no_submission=None)
    bench.at(0).open("s")
    assert bench.core.next_deadline() is None


@pytest.mark.rule("S-17", "V-01")
@pytest.mark.parametrize(
    ("state", "status"),
    [("open", "Pending"), ("active", "In progress, not accepting new jobs"), ("inactive", "Pending")],
)
def test_close_with_work_left_stops_acceptance_and_leaves_state_and_reason(state: str, status: str) -> None:
    bench = _with_work(state)
    bench.at(100).close("s")
    session = bench.session("s")
    assert session.state == state
    assert not session.accepting_jobs
    assert session.state_reason is None
    assert session.closed_at is None
    assert bench.status("s") == status
    told = bench.effects[0]
    assert isinstance(told, NotifySession)
    assert (told.state, told.accepting_jobs, told.row, told.state_reason) == (state, False, f"S-17.{state}", None)


def _with_work(state: str) -> Bench:
    bench = lone_session()
    bench.at(0).open("s").submit("a", "s")
    if state != "open":
        bench.at(1).start("a")
    if state == "inactive":
        bench.at(2).succeed("a")
        bench.at(70).submit("b", "s")
    assert bench.state("s") == state
    return bench


@pytest.mark.rule("S-17", "S-19")
def test_after_close_queued_and_running_jobs_run_to_completion() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s").submit("b", "s").submit("c", "s")
    bench.at(1).close("s")
    bench.at(2).succeed("a")
    assert bench.running() == ["b"]
    bench.at(3).fail("b")
    assert bench.running() == ["c"]
    assert bench.state("s") == "active_draining"
    bench.at(4).succeed("c")
    assert (bench.state("s"), bench.reason("s")) == ("closed", "closed")
    assert bench.session("s").closed_at == 4 * SECOND
    assert bench.steps("s")[-5:] == [
        "J-01.end-draining",
        "S-12.start",
        "S-24.continue-draining",
        "S-12.start",
        "S-19.done",
    ]


@pytest.mark.rule("S-17", "S-15")
def test_a_draining_session_is_still_bound_by_its_max_ttl() -> None:
    bench = device()
    bench.at(0).open("s", max_ttl=HOUR).submit("a", "s").submit("b", "s").close("s")
    bench.at(3600).nothing()
    assert (bench.state("s"), bench.reason("s")) == ("closed", "max_ttl")
    assert bench.job("b").status == "failed"


@pytest.mark.rule("S-17", "S-10")
def test_a_draining_session_that_never_started_has_no_bound_but_its_queue() -> None:
    bench = device()
    bench.at(0).pause().open("s").submit("a", "s").close("s")
    assert bench.timers("s") == {}
    bench.at(100 * 24 * 3600).nothing()
    assert bench.state("s") == "open_draining"


@pytest.mark.rule("S-18")
@pytest.mark.parametrize("state", ["open", "active", "inactive"])
def test_close_with_no_work_closes_at_once_from_any_state(state: str) -> None:
    bench = device()
    bench.at(0).open("s")
    if state != "open":
        bench.at(1).submit("a", "s")
        bench.at(2).succeed("a")
    if state == "inactive":
        bench.at(62).nothing()
    assert bench.state("s") == state
    at = bench.core.now + 1
    bench.at(0, at).close("s")
    assert (bench.state("s"), bench.reason("s")) == ("closed", "closed")
    assert bench.session("s").closed_at == at
    assert bench.steps("s")[-1] == "S-18.close"


@pytest.mark.rule("S-19", "D-01")
def test_the_last_work_of_a_draining_session_frees_the_device_for_the_next_workload_at_that_instant() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s").close("s").submit("other")
    bench.at(5).succeed("a")
    assert bench.state("s") == "closed"
    assert bench.job("other").started_at == 5 * SECOND
    assert bench.core.holder is None


@pytest.mark.rule("S-19")
@pytest.mark.parametrize("how", ["succeed", "fail", "release", "cancel", "cancel-in-queue"])
def test_a_draining_session_closes_with_its_last_work_in_whatever_way_that_ends(how: str) -> None:
    bench = lone_session()
    bench.at(0).open("s").submit("a", "s").submit("last", "s").start("a")
    if how != "cancel-in-queue":
        bench.at(0).start("last")
    bench.at(1).close("s")
    bench.at(2).succeed("a")
    assert bench.state("s") == "active_draining"
    if how in ("cancel", "cancel-in-queue"):
        bench.at(3).cancel_job("last")
    if how == "cancel":
        assert bench.state("s") == "active_draining", "the device has not let go yet"
        bench.at(4).release("last")
    if how in ("succeed", "fail", "release"):
        getattr(bench.at(4), how)("last")
    assert (bench.state("s"), bench.reason("s")) == ("closed", "closed")
    rows = {"fail": "S-19.failed", "release": "S-19.failed", "cancel-in-queue": "S-19.queue-empty"}
    assert bench.steps("s")[-1] == rows.get(how, "S-19.done")


@pytest.mark.rule("S-19", "J-02")
@pytest.mark.parametrize("state", ["open", "inactive"])
def test_cancelling_the_last_queued_job_of_a_draining_session_that_waits_closes_it(state: str) -> None:
    bench = _with_work(state)
    last = "a" if state == "open" else "b"
    bench.at(100).submit("more", "s").close("s")
    bench.at(101).cancel_job(last)
    assert bench.state("s") == f"{state}_draining"
    assert bench.steps("s")[-1] == "J-02.leave-draining"
    bench.at(102).cancel_job("more")
    assert (bench.state("s"), bench.reason("s")) == ("closed", "closed")


@pytest.mark.rule("S-20", "S-22", "S-23")
@pytest.mark.parametrize(
    "configuration", ["open", "active", "inactive", "open_draining", "active_draining", "inactive_draining"]
)
def test_cancel_closes_at_once_from_every_state_also_while_draining(configuration: str) -> None:
    state, _, draining = configuration.partition("_")
    bench = _with_work(state)
    bench.at(100).submit("z", "s")
    if draining:
        bench.at(100).close("s")
    bench.at(101).cancel("s")
    assert (bench.state("s"), bench.reason("s")) == ("closed", "cancelled")
    assert bench.session("s").closed_at == 101 * SECOND
    assert bench.job("z").status == "failed"
    assert bench.session("s").queued == 0
    if state == "active":
        assert bench.job("a").status == "running"
        bench.at(200).succeed("a")
        assert bench.job("a").status == "completed"
        assert bench.reason("s") == "cancelled"


@pytest.mark.rule("S-20", "D-01", "S-23")
def test_exclusivity_ends_with_the_session_others_use_free_lanes_beside_its_leftover_jobs_and_it_still_pays() -> None:
    bench = device(lanes=2)
    bench.at(0).open("s").submit("a", "s").submit("other")
    assert bench.running() == ["a"]
    bench.at(10).cancel("s")
    assert bench.running() == ["a", "other"]
    bench.at(15).nothing()
    assert bench.usage("s") == 15 * SECOND
    bench.at(20).succeed("a")
    bench.at(30).nothing()
    assert bench.usage("s") == 20 * SECOND


@pytest.mark.rule("S-21")
def test_close_and_cancel_of_a_closed_session_succeed_and_change_nothing() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).cancel("s")
    before = bench.session("s")
    bench.at(2).close("s").cancel("s").close("s")
    assert bench.session("s") == before
    assert bench.effects == ()
    assert bench.steps("s")[-3:] == ["S-21.close-closed", "S-21.cancel-closed", "S-21.close-closed"]


@pytest.mark.rule("S-21")
@pytest.mark.parametrize("state", ["open", "active", "inactive"])
def test_close_while_draining_succeeds_and_changes_nothing(state: str) -> None:
    bench = _with_work(state)
    bench.at(100).close("s")
    before = bench.session("s")
    bench.at(101).close("s")
    assert bench.session("s").configuration is before.configuration
    assert bench.effects == ()
    assert bench.steps("s")[-1] == "S-21.close-draining"


@pytest.mark.rule("S-22")
def test_a_profile_may_cancel_the_queued_jobs_instead_with_the_same_code() -> None:
    bench = device(queued_at_end="cancel")
    bench.at(0).open("s").submit("a", "s").submit("b", "s")
    bench.at(1).cancel("s")
    assert bench.job("b").status == "cancelled"
    assert bench.job("b").reason_code == 1217
    session = bench.session("s")
    assert (session.failed, session.cancelled, session.accepted) == (0, 1, 2)


@pytest.mark.rule("S-22", "S-24")
def test_a_failure_that_takes_the_session_with_it_counts_the_queue_as_its_profile_says() -> None:
    bench = device(queued_at_end="cancel", failure_policy="abort")
    bench.at(0).open("s").submit("a", "s").submit("b", "s").submit("c", "s")
    bench.at(1).fail("a")
    session = bench.session("s")
    assert (session.failed, session.cancelled, session.queued, session.accepted) == (1, 2, 0, 3)


@pytest.mark.rule("S-23", "U-01")
def test_a_job_that_outlives_its_session_keeps_its_lane_counts_as_usage_and_reopens_nothing() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s").submit("other")
    bench.at(10).cancel("s")
    assert bench.running() == ["a"]
    assert bench.queued() == ["other"]
    bench.at(50).fail("a", "late", 42)
    assert (bench.job("a").reason, bench.job("a").reason_code) == ("late", 42)
    session = bench.session("s")
    assert bench.state("s") == "closed"
    assert session.last_job_completed == 50 * SECOND
    assert (session.closed_at, session.failed, session.on_device) == (10 * SECOND, 1, 0)
    assert bench.usage("s") == 50 * SECOND
    assert bench.steps("s")[-1] == "S-23.end"
    assert bench.running() == ["other"]


@pytest.mark.rule("S-23", "J-05")
def test_a_job_that_outlives_its_session_is_still_bound_by_its_execution_limit() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s", max_execution=60 * SECOND)
    bench.at(10).cancel("s")
    bench.at(60).nothing()
    assert bench.job("a").status == "cancelling"
    assert bench.job("a").reason_code == 1305
    assert bench.steps("s")[-1] == "S-23.overrun"
    bench.at(61).release("a")
    assert bench.session("s").cancelled == 1


@pytest.mark.rule("S-23")
def test_a_profile_may_stop_the_jobs_on_the_device_when_the_session_ends() -> None:
    bench = device(lanes=3, on_device_at_end="stop")
    bench.at(0).open("s").submit("a", "s").submit("b", "s").submit("c", "s")
    bench.at(1).cancel_job("b")
    bench.at(2).cancel("s")
    assert [bench.job(name).status for name in "abc"] == ["cancelling"] * 3
    assert [bench.job(name).reason_code for name in "abc"] == [1217, None, 1217]
    assert bench.stopped() == ["b", "a", "c"]
    assert bench.session("s").on_device == 3
    bench.at(3).succeed("a").release("b").fail("c")
    assert [bench.job(name).status for name in "abc"] == ["cancelled"] * 3
    assert bench.session("s").cancelled == 3


@pytest.mark.rule("S-22", "S-23")
def test_the_end_reaches_queued_jobs_first_then_those_on_the_device() -> None:
    bench = device(on_device_at_end="stop")
    bench.at(0).open("s").submit("a", "s").submit("b", "s")
    bench.at(1).cancel("s")
    rows = [effect.row for effect in bench.effects if isinstance(effect, NotifySession | NotifyJob)]
    assert rows == ["S-20.cancel", "S-22.fail", "S-23.stop"]


@pytest.mark.rule("S-23", "S-21")
def test_a_session_ends_once_and_its_end_reaches_each_job_once() -> None:
    bench = device(lanes=2)
    bench.at(0).open("s").submit("a", "s").submit("b", "s")
    bench.at(1).cancel("s").close("s").cancel("s").succeed("a")
    assert bench.core.fired["S-23.finish"] == 2

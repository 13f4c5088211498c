"""Edges where nothing else goes: the shortest lengths, what stands where nobody looks. Each was a fault that no other
test found (see tests/mutation)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sessioncore.core import (
    AZURE,
    DEVICE_CHART,
    IBM_GUIDE,
    JOB_CHART,
    SESSION_CHART,
    CancelRequested,
    ClientError,
    CloseRequested,
    Configuration,
    DeviceCore,
    HostError,
    JobFailed,
    JobReleased,
    JobStarted,
    JobStatus,
    JobSucceeded,
    NotifyJob,
    NotifySession,
    OpenRequested,
    Policy,
    SessionCore,
    StopJob,
    SubmitRequested,
    open_session,
    step_job,
)
from sessioncore.core.signals import JobReady, SessionEnded
from sessioncore.core.values import replaced

from .session_bench import DAY, HOUR, MINUTE, SECOND, Bench, device, lone_session

FAIR = Policy(name="fair_share")
WINDOW = 28 * DAY


@pytest.mark.rule("S-07")
def test_a_job_may_be_limited_to_a_single_microsecond_in_a_session_and_alone() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s", max_execution=1).submit("alone", max_execution=1)
    assert (bench.job("a").execution_limit, bench.job("alone").execution_limit) == (1, 1)


@pytest.mark.rule("S-01")
def test_a_session_knows_the_instance_that_pays_and_has_none_where_none_is_named() -> None:
    opened = open_session(OpenRequested(at=0, session_id="s", instance="crn:one"), IBM_GUIDE.dedicated)
    assert opened.session.instance == "crn:one"
    assert open_session(OpenRequested(at=0, session_id="s"), IBM_GUIDE.dedicated).session.instance == ""


@pytest.mark.rule("S-25")
def test_a_usage_limit_of_one_microsecond_is_reached_after_one_and_not_at_the_start() -> None:
    bench = device(usage_limit=1)
    bench.at(5).open("s").submit("a", "s")
    assert bench.timers("s")["UsageLimitReached"] == bench.session("s").started_at + 1
    waiting = lone_session(usage_limit=1)
    waiting.at(5).open("s")
    assert "UsageLimitReached" not in waiting.timers("s"), "nothing is used while it has not started"


@pytest.mark.rule("S-15")
def test_whether_a_job_may_start_is_answered_with_yes_or_no() -> None:
    bench = lone_session(usage_limit=30 * SECOND)
    bench.at(0).open("s").submit("a", "s").start("a")
    session = bench.session("s")
    assert [session.may_start(at * SECOND) for at in (29, 30, 8 * 3600)] == [True, False, False]


@pytest.mark.rule("V-01", "S-10", "S-16")
def test_azures_name_for_the_end_of_any_timer_is_timed_out() -> None:
    bench = device(profile=AZURE.with_values(no_submission=MINUTE))
    bench.at(0).open("s", max_ttl=HOUR).submit("a", "s").open("never")
    bench.at(3600).nothing()
    assert (bench.reason("s"), bench.status("s")) == ("max_ttl", "TimedOut")
    assert (bench.reason("never"), bench.status("never")) == ("no_submission", "TimedOut")


# --- jobs that left the queue out of turn, and are forgotten ----------------------------------------------------------


@pytest.mark.rule("S-20", "J-02")
def test_a_job_that_left_the_queue_and_is_forgotten_is_not_missed_when_its_session_ends() -> None:
    bench = lone_session()
    bench.at(0).open("s").submit("a", "s").submit("b", "s").cancel_job("a")
    bench.core.forget("a")
    bench.at(1).cancel("s")
    assert bench.job("b").status == "failed"


@pytest.mark.rule("D-03", "J-02")
def test_a_job_that_left_the_queue_and_is_forgotten_is_passed_when_its_turn_would_come() -> None:
    bench = device()
    bench.at(0).submit("blocker").open_batch("s").submit("a", "s").submit("b", "s").submit("c", "s").cancel_job("b")
    bench.core.forget("b")
    bench.at(1).succeed("blocker")
    bench.at(2).succeed("a")
    assert bench.running() == ["c"]


# --- fair share -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("D-03")
def test_among_equals_the_oldest_job_goes_first_though_another_instance_has_waited_longer() -> None:
    bench = device(policy=FAIR)
    bench.at(0).submit("blocker", instance="z")
    bench.at(1).submit("x1", instance="x").submit("y1", instance="y").submit("x2", instance="x").cancel_job("x1")
    bench.at(2).succeed("blocker")
    assert bench.running() == ["y1"]


@pytest.mark.rule("D-03", "D-05")
def test_when_a_device_comes_back_every_lane_is_filled_whichever_instance_has_nothing_left() -> None:
    bench = device(lanes=2, policy=FAIR)
    bench.at(0).pause()
    bench.at(1).submit("x1", instance="x").submit("y1", instance="y")
    bench.at(2).resume()
    assert bench.running() == ["x1", "y1"]


@pytest.mark.rule("D-03")
def test_an_instance_with_twice_the_allocation_may_have_used_almost_twice_as_much() -> None:
    bench = device(policy=Policy(name="fair_share", allocations=(("big", 2),)))
    bench.at(0).submit("b1", instance="big")
    bench.at(30).succeed("b1").submit("s1", instance="small")
    bench.at(50).succeed("s1").submit("blocker", instance="z")
    bench.at(51).submit("b2", instance="big").submit("s2", instance="small")
    bench.at(52).succeed("blocker")
    assert bench.running() == ["b2"], "30 s of 2 shares are less than 20 s of 1"


def _past(core: DeviceCore) -> list[tuple[tuple[int, int, int], ...]]:
    """What a snapshot keeps of each instance's past."""
    device = core.snapshot().device
    assert device is not None
    return [past for _, _, _, past in device.shares]


@pytest.mark.rule("D-03")
def test_changes_of_one_instant_leave_nothing_behind_in_a_snapshot() -> None:
    bench = device(lanes=2, policy=FAIR)
    bench.at(0).submit("x1", instance="x").submit("x2", instance="x")
    assert _past(bench.core) == [()]
    bench.at(7).succeed("x1").succeed("x2")
    assert _past(bench.core) == [((0, 7 * SECOND, 2),)]


@pytest.mark.rule("D-03")
def test_what_has_left_the_window_is_dropped_at_the_next_change_to_the_microsecond() -> None:
    for until, kept in ((WINDOW + SECOND - 1, 2), (WINDOW + SECOND, 1)):
        bench = device(policy=FAIR, execution_limit=None)
        bench.at(0).submit("x1", instance="x")
        bench.at(1).succeed("x1")
        bench.at(2).submit("x2", instance="x")
        bench.at(0, until).succeed("x2")
        assert [len(past) for past in _past(bench.core)] == [kept]


@pytest.mark.rule("D-03")
def test_a_restored_device_counts_the_same_usage() -> None:
    bench = device(lanes=2, policy=FAIR)
    bench.at(3).submit("x1", instance="x").submit("x2", instance="x")
    bench.at(10).succeed("x1")
    bench.at(12).succeed("x2")
    for core in (DeviceCore.restore(bench.core.snapshot()), bench.core.fork()):
        assert core.instance_usage("x", 20 * SECOND) == bench.core.instance_usage("x", 20 * SECOND) == 16 * SECOND


# --- the device's chart -----------------------------------------------------------------------------------------------


@pytest.mark.rule("D-05")
def test_the_devices_chart_answers_a_question_or_moves_the_device_and_forbids_nothing() -> None:
    for row in DEVICE_CHART.rows:
        assert row.fault is None
        if row.trigger is JobReady:
            assert row.target is None, "a question changes nothing"
            assert len(row.effect) == 1
        else:
            assert row.effect == ()


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


# --- timers that are stale --------------------------------------------------------------------------------------------


@pytest.mark.rule("T-03")
def test_a_timer_that_is_due_in_the_very_first_microsecond_must_have_fired_like_any_other() -> None:
    core = SessionCore(profile=IBM_GUIDE.with_values(interactive_ttl=1))
    core.handle(OpenRequested(at=0, session_id="s"))
    core.handle(SubmitRequested(at=0, job_id="a", session_id="s"))
    core.handle(JobStarted(at=0, job_id="a"))
    core.handle(JobSucceeded(at=0, job_id="a"))
    with pytest.raises(HostError, match="a timer is due at 1") as caught:
        core.handle(CloseRequested(at=1, session_id="s"))
    assert caught.value.rule == "T-03"


@pytest.mark.rule("S-16")
def test_the_timer_of_a_session_that_is_over_and_forgotten_is_forgotten_with_it() -> None:
    bench = device()
    bench.at(0).open("s").cancel("s")
    bench.core.forget_session("s")
    assert bench.core.next_deadline() is None


@pytest.mark.rule("T-02", "S-10")
def test_a_timer_that_moved_later_is_found_among_those_of_many_forgotten_sessions() -> None:
    core = DeviceCore("d", profile=IBM_GUIDE.with_values(execution_limit=None, no_submission=MINUTE))
    core.handle(OpenRequested(at=0, session_id="s"))
    core.handle(SubmitRequested(at=0, job_id="a", session_id="s"))
    for number in range(200):
        core.handle(OpenRequested(at=0, session_id=f"s{number}"))
        core.handle(CancelRequested(at=0, session_id=f"s{number}"))
    for number in range(200):
        core.forget_session(f"s{number}")
    assert core.next_deadline() == 8 * HOUR
    core.advance(8 * HOUR)
    session = core.session("s")
    assert session is not None
    assert session.closed_at == 8 * HOUR


# --- what a host is told of its errors --------------------------------------------------------------------------------


@pytest.mark.rule("D-04", "J-01", "S-23")
def test_a_hosts_error_names_its_rule_and_whom_it_is_about() -> None:
    assert DeviceCore("d").lanes == 1, "unless it is told"
    with pytest.raises(HostError, match="lanes") as lanes:
        DeviceCore("d", lanes=0)
    bench = device()
    bench.at(0).open("s").submit("a", "s")
    with pytest.raises(HostError, match="job a") as job:
        bench.core.forget("a")
    with pytest.raises(HostError, match="session s") as session:
        bench.core.forget_session("s")
    with pytest.raises(HostError, match="job a is running") as twice:
        step_job(bench.job("a"), SubmitRequested(at=1, job_id="a", session_id="s"))
    assert [caught.value.rule for caught in (lanes, job, session, twice)] == ["D-04", "J-01", "S-23", "J-09"]


@pytest.mark.rule("S-02", "V-03")
def test_what_is_said_about_an_impossible_max_ttl_names_the_ceiling_where_there_is_one() -> None:
    for profile, remedy in (
        (AZURE, "Give a whole length of time above zero, or none to take the longest."),
        (IBM_GUIDE, "Give a whole length of time above zero and at most 28800 s, or none to take the longest."),
    ):
        with pytest.raises(ClientError) as caught:
            open_session(OpenRequested(at=0, session_id="s", max_ttl=0), profile.dedicated)
        assert caught.value.remedy == remedy


@pytest.mark.rule("J-01")
def test_a_forgotten_job_of_its_own_leaves_nothing_behind() -> None:
    bench = device()
    bench.at(0).submit("a")
    bench.at(1).succeed("a")
    bench.core.forget("a")
    assert not bench.core.jobs
    assert not bench.core._solo, "memory: nothing that a person sees"

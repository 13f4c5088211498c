"""Edges where nothing else goes: the shortest lengths, what stands where nobody looks. Each was a fault that no other
test found (see tests/mutation)."""

from __future__ import annotations

import pytest

from sessioncore.core import (
    AZURE,
    IBM_GUIDE,
    CancelRequested,
    ClientError,
    CloseRequested,
    Configuration,
    DeviceCore,
    HostError,
    JobCancelRequested,
    JobStarted,
    JobStatus,
    JobSucceeded,
    NotifySession,
    OpenRequested,
    PauseRequested,
    Policy,
    ResumeRequested,
    SessionCore,
    SubmitRequested,
    open_session,
    step_job,
)
from sessioncore.core.engine import SLACK
from sessioncore.core.errors import STORY_LENGTH_MAX
from sessioncore.core.workload import Workload

from .session_bench import DAY, HOUR, MINUTE, SECOND, device, lone_session

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


@pytest.mark.rule("D-03")
def test_a_restored_device_stops_counting_when_the_job_that_ran_ends() -> None:
    bench = device(policy=FAIR)
    bench.at(0).submit("x1", instance="x")
    for core in (DeviceCore.restore(bench.core.snapshot()), bench.core.fork()):
        core.handle(JobSucceeded(at=5 * SECOND, job_id="x1"))
        assert core.instance_usage("x", 20 * SECOND) == 5 * SECOND


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
    core = DeviceCore("d")  # without a bench, which would look at the timers in between
    core.handle(OpenRequested(at=0, session_id="s"))
    core.handle(CancelRequested(at=0, session_id="s"))
    core.forget_session("s")
    assert core.next_deadline() is None


@pytest.mark.rule("J-05")
def test_the_timer_of_a_job_that_has_ended_and_is_forgotten_is_forgotten_with_it() -> None:
    core = DeviceCore("d")
    core.handle(SubmitRequested(at=0, job_id="a"))
    core.handle(JobSucceeded(at=1, job_id="a"))
    core.forget("a")
    assert core.next_deadline() is None


@pytest.mark.rule("T-03", "S-16")
def test_a_timer_that_is_armed_no_more_asks_nobody_to_let_time_pass_first() -> None:
    core = SessionCore(profile=IBM_GUIDE)
    core.handle(OpenRequested(at=0, session_id="s"))
    core.handle(SubmitRequested(at=1, job_id="a", session_id="s"))
    core.handle(JobStarted(at=2, job_id="a"))
    core.handle(CloseRequested(at=30 * MINUTE, session_id="s"))
    session = core.session("s")
    assert session is not None
    assert session.configuration is Configuration.ACTIVE_DRAINING


@pytest.mark.rule("D-03")
def test_sessions_and_jobs_are_numbered_from_zero_without_a_gap() -> None:
    bench = device()
    bench.at(0).open("s").open("t").submit("a", "s").submit("b").submit("c", "t")
    assert [record.number for record in bench.core.snapshot().sessions] == [0, 1]
    assert [job.number for job in bench.core.jobs.values()] == [0, 1, 2]


@pytest.mark.rule("S-23")
def test_a_session_that_is_not_closed_cannot_be_forgotten_though_it_has_no_job() -> None:
    bench = device()
    bench.at(0).open("s")
    with pytest.raises(HostError, match="session s is not over"):
        bench.core.forget_session("s")


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


@pytest.mark.rule("T-02")
def test_a_timer_that_replaces_another_of_its_instant_stands_where_its_kind_stands_among_all_sessions() -> None:
    bench = device(lanes=2, no_submission=10 * SECOND, interactive_ttl=6 * SECOND)
    bench.at(0).open_batch("b", max_ttl=5 * SECOND)
    bench.at(1).open_batch("a").submit("a1", "a")
    bench.at(4).succeed("a1")
    bench.at(5).submit("b1", "b")
    assert bench.timers("b") == {"MaxTtlExpired": 10 * SECOND}
    assert bench.timers("a")["InteractiveTtlExpired"] == 10 * SECOND
    bench.core.advance(10 * SECOND - 1)
    told = [effect for effect in bench.core.advance(10 * SECOND) if isinstance(effect, NotifySession)]
    assert [(effect.session_id, effect.row) for effect in told] == [("b", "S-15.max-ttl"), ("a", "S-14.deactivate")]


def test_the_queue_of_a_session_holds_few_that_have_left_it() -> None:
    core = DeviceCore("d", profile=IBM_GUIDE)
    core.handle(PauseRequested(at=0))
    core.handle(OpenRequested(at=0, session_id="s"))
    names = [f"j{number}" for number in range(400)]
    held = 0
    for name in names:
        core.handle(SubmitRequested(at=0, job_id=name, session_id="s"))
        if name not in (names[0], names[300]):
            core.handle(JobCancelRequested(at=0, job_id=name))
        held = max(held, len(core._workloads["s"].queue))
    assert held <= 2 * 2 + SLACK + 1, "memory: nothing that a person sees"
    core.handle(ResumeRequested(at=1))
    core.handle(JobSucceeded(at=2, job_id=names[0]))
    assert [job.id for job in core.jobs.values() if job.status is JobStatus.RUNNING] == [names[300]]


def test_a_queue_is_looked_through_only_when_more_have_left_it_than_are_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr(Workload, "tidy", lambda load, _jobs: looked.append(load.id))
    now = device().at(0).pause().open("s")
    for number in range(300):
        now.submit(f"j{number}", "s")
    for number in range(200, 300):
        now.cancel_job(f"j{number}")
    now.submit("one more", "s")
    assert not looked, "time: nothing that a person sees"
    for number in range(50, 200):
        now.cancel_job(f"j{number}")
    now.submit("another", "s")
    assert looked == ["s"]


def test_the_heap_of_timers_holds_few_that_are_armed_no_more() -> None:
    core = DeviceCore("d", lanes=10, profile=IBM_GUIDE.with_values(exclusive="no"))
    held = 0
    for number in range(400):
        core.handle(OpenRequested(at=0, session_id=f"s{number}"))
        core.handle(SubmitRequested(at=0, job_id=f"j{number}", session_id=f"s{number}"))
        core.handle(JobSucceeded(at=0, job_id=f"j{number}"))
        core.handle(CancelRequested(at=0, session_id=f"s{number}"))
        core.forget_session(f"s{number}")
        held = max(held, len(core._timers))
    assert held <= 2 * (1 + 1) + SLACK, "memory: nothing that a person sees"


@pytest.mark.rule("J-05", "D-04")
def test_many_jobs_of_their_own_on_many_lanes_each_keep_their_execution_limit() -> None:
    core = DeviceCore("d", lanes=300)
    for number in range(300):
        core.handle(SubmitRequested(at=number, job_id=f"j{number}"))
    assert core.running == 300
    core.advance(3 * HOUR + 149)
    assert core.fired["J-05.limit"] == 150
    assert core.next_deadline() == 3 * HOUR + 150


def test_of_a_long_life_only_the_last_steps_are_kept() -> None:
    bench = lone_session()
    bench.at(0).open("s")
    for number in range(50):
        bench.at(number).submit(f"j{number}", "s")
    assert len(bench.core._workloads["s"].story) <= 2 * STORY_LENGTH_MAX, "memory: nothing that a person sees"
    assert len(bench.steps("s")) == STORY_LENGTH_MAX


@pytest.mark.rule("S-25", "T-02")
def test_a_usage_limit_that_comes_closer_while_nothing_else_changes_is_met_before_later_timers_of_others() -> None:
    bench = device(lanes=2, usage_limit=60 * SECOND, no_submission=40 * SECOND)
    bench.at(0).open("never").open_batch("s").submit("a", "s")
    bench.at(10).submit("b", "s")
    assert bench.core.next_deadline() == 35 * SECOND
    bench.at(50).nothing()
    assert (bench.reason("s"), bench.session("s").closed_at) == ("usage_limit", 35 * SECOND)


@pytest.mark.rule("D-01")
def test_while_a_session_holds_the_device_the_others_are_not_asked_one_by_one() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s").submit("x").submit("y")
    bench.at(1).succeed("a")
    before = bench.core.fired
    bench.at(2).submit("z")
    assert bench.core.fired - before == {"J-01.submit": 1, "D-01.held": 1}


def test_a_fork_is_the_same_in_every_fact() -> None:
    alone = lone_session()
    alone.at(0).open("s").submit("a", "s").submit("b", "s").start("a")
    busy = device(lanes=2, policy=FAIR)
    busy.at(1).open("s", instance="x").submit("a", "s").submit("b", "s").submit("c", instance="y").submit("d")
    busy.at(2).succeed("a")
    for bench in (alone, busy):
        twin = bench.core.fork()
        assert twin.snapshot() == bench.core.snapshot()
        assert twin.next_deadline() == bench.core.next_deadline()
        twin.check()


@pytest.mark.rule("T-03", "J-09", "D-04")
def test_the_error_of_a_core_that_is_used_for_what_the_other_is_for_names_its_rule() -> None:
    alone, whole = lone_session(), device()
    alone.at(0).open("s")
    errors = [
        alone.fault(lambda: SessionCore.restore(whole.core.snapshot())),
        alone.fault(lambda: DeviceCore.restore(alone.core.snapshot())),
        alone.fault(lambda: alone.at(0).open("t")),
        alone.fault(lambda: alone.at(0).submit("a")),
    ]
    assert [error.rule for error in errors] == ["T-03", "T-03", "J-09", "D-04"]


@pytest.mark.rule("D-03")
def test_first_in_first_out_does_not_care_which_instance_pays() -> None:
    bench = device()
    bench.at(0).submit("a", instance="x").submit("b", instance="y").submit("c", instance="x").submit("d")
    for second, name in enumerate("abc", start=1):
        bench.at(second).succeed(name)
    assert bench.started() == ["a", "b", "c", "d"]

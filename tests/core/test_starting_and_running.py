"""Semantics, *Starting and running*: S-09 to S-14."""

from __future__ import annotations

import pytest

from sessioncore.core import Mode, NotifyJob, NotifySession, StartJob

from .session_bench import HOUR, MINUTE, SECOND, device, lone_session


@pytest.mark.rule("S-09")
def test_a_session_starts_when_its_first_job_begins_and_not_at_creation_or_submission() -> None:
    bench = device()
    bench.at(0).submit("other").open("s")
    bench.at(10).submit("a", "s")
    assert bench.state("s") == "open"
    assert bench.session("s").started_at is None
    bench.at(25).succeed("other")
    session = bench.session("s")
    assert bench.state("s") == "active"
    assert session.started_at == session.activated_at == session.last_job_started == 25 * SECOND
    assert bench.steps("s") == ["S-01.open", "S-05.submit", "S-09.start"]


@pytest.mark.rule("S-09", "T-05")
def test_the_start_is_told_before_the_device_is_asked_to_run() -> None:
    bench = device()
    bench.at(0).open("s")
    bench.at(1).submit("a", "s")
    assert [type(effect) for effect in bench.effects] == [NotifyJob, NotifyJob, NotifySession, StartJob]
    assert [effect.at for effect in bench.effects] == [SECOND] * 4
    assert bench.effects[-1] == StartJob(at=SECOND, job_id="a")


@pytest.mark.rule("S-09", "S-17")
def test_a_session_closed_before_its_first_job_began_starts_without_accepting() -> None:
    bench = device()
    bench.at(0).submit("other").open("s").submit("a", "s").close("s")
    assert bench.state("s") == "open_draining"
    bench.at(5).succeed("other")
    assert bench.state("s") == "active_draining"
    session = bench.session("s")
    assert session.started_at == session.activated_at == 5 * SECOND
    assert session.max_ttl_due == 5 * SECOND + 8 * HOUR


@pytest.mark.rule("S-10")
def test_the_max_ttl_timer_is_armed_at_the_start_and_not_before() -> None:
    bench = device()
    bench.at(0).submit("other").open("s", max_ttl=HOUR).submit("a", "s")
    assert bench.timers("s") == {}
    bench.at(100).succeed("other")
    assert bench.timers("s") == {"MaxTtlExpired": 100 * SECOND + HOUR}


@pytest.mark.rule("S-10", "S-15", "D-05")
def test_the_max_ttl_deadline_never_moves_and_never_pauses() -> None:
    bench = device()
    bench.at(0).open("s", max_ttl=HOUR).submit("a", "s")
    due = HOUR
    bench.at(1).succeed("a")
    assert bench.timers("s")["MaxTtlExpired"] == due
    bench.at(61).nothing()
    assert bench.state("s") == "inactive"
    assert bench.timers("s") == {"MaxTtlExpired": due}
    bench.at(70).pause().submit("b", "s").close("s")
    assert bench.state("s") == "inactive_draining"
    assert bench.timers("s") == {"MaxTtlExpired": due}
    bench.at(80).resume()
    assert bench.state("s") == "active_draining"
    assert bench.timers("s") == {"MaxTtlExpired": due}
    bench.at(3600, -1).nothing()
    assert bench.state("s") == "active_draining"
    bench.at(3600).nothing()
    assert (bench.state("s"), bench.reason("s")) == ("closed", "max_ttl")
    assert bench.session("s").closed_at == HOUR


@pytest.mark.rule("S-11")
def test_a_dispatch_from_inactive_makes_it_active_again_and_keeps_its_start() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).succeed("a")
    bench.at(100).submit("b", "s")
    session = bench.session("s")
    assert bench.state("s") == "active"
    assert session.activated_at == session.last_job_started == 100 * SECOND
    assert session.started_at == 0
    assert session.max_ttl_due == 8 * HOUR
    assert bench.steps("s")[-2:] == ["S-08.submit", "S-11.resume"]


@pytest.mark.rule("S-11", "S-17")
def test_a_draining_inactive_session_becomes_active_again_without_accepting() -> None:
    bench = lone_session()
    bench.at(0).open("s").submit("a", "s").start("a")
    bench.at(1).succeed("a")
    bench.at(70).submit("b", "s").close("s")
    bench.at(80).start("b")
    assert bench.state("s") == "active_draining"
    session = bench.session("s")
    assert (session.started_at, session.activated_at) == (0, 80 * SECOND)
    assert bench.steps("s")[-1] == "S-11.resume-draining"


@pytest.mark.rule("S-12")
def test_another_job_of_an_active_session_does_not_activate_it_again() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s").submit("b", "s")
    bench.at(9).succeed("a")
    session = bench.session("s")
    assert (session.activated_at, session.last_job_started) == (0, 9 * SECOND)
    assert bench.steps("s")[-1] == "S-12.start"


@pytest.mark.rule("S-12", "D-03")
@pytest.mark.parametrize("mode", list(Mode))
def test_the_queued_jobs_of_an_active_session_start_ahead_of_every_workload_that_is_not_active(mode: Mode) -> None:
    bench = device()
    bench.at(0).open("s", mode).submit("s1", "s")
    bench.at(1).submit("alone").open("t").submit("t1", "t").open_batch("u").submit("u1", "u")
    bench.at(2).submit("s2", "s")
    bench.at(3).succeed("s1")
    assert bench.running() == ["s2"]


@pytest.mark.rule("S-13")
def test_the_interactive_timer_is_armed_exactly_while_active_accepting_and_without_work() -> None:
    bench = lone_session()
    bench.at(0).open("s")
    assert "InteractiveTtlExpired" not in bench.timers("s")
    bench.at(1).submit("a", "s")
    bench.at(2).start("a")
    assert "InteractiveTtlExpired" not in bench.timers("s")
    bench.at(3).succeed("a")
    assert bench.timers("s")["InteractiveTtlExpired"] == 63 * SECOND
    bench.at(4).submit("b", "s")
    assert "InteractiveTtlExpired" not in bench.timers("s")
    bench.at(5).cancel_job("b")
    assert bench.timers("s")["InteractiveTtlExpired"] == 65 * SECOND
    bench.at(6).submit("c", "s").start("c").cancel_job("c")
    assert "InteractiveTtlExpired" not in bench.timers("s"), "a job that is cancelling is work"
    bench.at(7).release("c")
    assert bench.timers("s")["InteractiveTtlExpired"] == 67 * SECOND
    bench.at(67).nothing()
    assert bench.state("s") == "inactive"
    assert "InteractiveTtlExpired" not in bench.timers("s")


@pytest.mark.rule("S-13", "J-02")
def test_cancelling_the_only_queued_job_of_an_inactive_session_arms_nothing() -> None:
    bench = lone_session()
    bench.at(0).open("s").submit("a", "s").start("a")
    bench.at(1).succeed("a")
    bench.at(70).submit("b", "s")
    bench.at(71).cancel_job("b")
    assert bench.state("s") == "inactive"
    assert bench.timers("s") == {"MaxTtlExpired": 8 * HOUR}


@pytest.mark.rule("S-13", "S-14")
def test_the_interactive_timer_counts_from_the_moment_the_work_ran_out_and_not_from_the_activation() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s")
    bench.at(500).succeed("a")
    bench.at(560, -1).nothing()
    assert bench.state("s") == "active"
    bench.at(560).nothing()
    assert bench.state("s") == "inactive"


@pytest.mark.rule("S-14", "D-01")
def test_the_interactive_timer_releases_the_device_and_ends_nothing() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s").submit("other")
    bench.at(1).succeed("a")
    assert bench.core.holder == "s"
    assert bench.running() == []
    bench.at(61).nothing()
    assert bench.core.holder is None
    assert bench.running() == ["other"]
    assert bench.job("other").started_at == 61 * SECOND
    session = bench.session("s")
    assert session.accepting_jobs
    assert session.closed_at is None
    assert session.state_reason is None


@pytest.mark.rule("S-14")
def test_a_profile_may_end_an_idle_session_instead_of_letting_go() -> None:
    bench = device(idle_action="end")
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).succeed("a")
    bench.at(61).nothing()
    assert (bench.state("s"), bench.reason("s")) == ("closed", "interactive_ttl")
    assert bench.steps("s")[-1] == "S-14.end"


@pytest.mark.rule("S-13")
def test_a_profile_may_have_no_idle_timer_and_the_session_stays_active_to_its_max_ttl() -> None:
    bench = device(idle_action="none")
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).succeed("a")
    assert bench.timers("s") == {"MaxTtlExpired": 8 * HOUR}
    bench.at(8 * 3600, -1).nothing()
    assert bench.state("s") == "active"
    bench.at(8 * 3600).nothing()
    assert bench.reason("s") == "max_ttl"


@pytest.mark.rule("S-13")
def test_without_an_interactive_ttl_there_is_no_interactive_timer() -> None:
    bench = device(interactive_ttl=None)
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).succeed("a")
    assert bench.timers("s") == {"MaxTtlExpired": 8 * HOUR}


@pytest.mark.rule("S-13")
def test_counted_from_the_last_submission_the_idle_time_passes_while_the_job_runs() -> None:
    bench = device(idle_from="last_submission", idle_action="end", interactive_ttl=10 * MINUTE)
    bench.at(0).open("s").submit("a", "s")
    bench.at(100).submit("b", "s")
    bench.at(200).succeed("a")
    bench.at(300).succeed("b")
    assert bench.timers("s")["InteractiveTtlExpired"] == 700 * SECOND
    bench.at(700, -1).nothing()
    assert bench.state("s") == "active"
    bench.at(700).nothing()
    assert (bench.state("s"), bench.reason("s")) == ("closed", "interactive_ttl")


@pytest.mark.rule("S-13", "T-01")
def test_counted_from_the_last_submission_a_job_that_outlasts_the_idle_time_ends_it_at_that_very_instant() -> None:
    bench = device(idle_from="last_submission", idle_action="end", interactive_ttl=10 * MINUTE)
    bench.at(0).open("s").submit("a", "s")
    bench.at(601).nothing()
    assert bench.state("s") == "active"
    bench.at(700).succeed("a")
    assert bench.state("s") == "active"
    assert bench.core.next_deadline() == 700 * SECOND
    bench.at(700).nothing()
    assert (bench.state("s"), bench.session("s").closed_at) == ("closed", 700 * SECOND)


@pytest.mark.rule("S-13")
def test_a_session_started_at_its_creation_is_idle_from_there_until_something_is_submitted() -> None:
    bench = device(start_event="create", idle_from="last_submission", idle_action="end")
    bench.at(5).open("s")
    assert bench.timers("s")["InteractiveTtlExpired"] == 65 * SECOND
    bench.at(65).nothing()
    assert bench.reason("s") == "interactive_ttl"


@pytest.mark.rule("S-13", "T-01", "S-08")
def test_a_submission_exactly_at_the_interactive_deadline_finds_the_session_inactive_and_queues() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s").submit("other")
    bench.at(1).succeed("a")
    bench.at(61).submit("b", "s")
    assert bench.state("s") == "inactive"
    assert bench.running() == ["other"]
    assert bench.queued() == ["b"]
    bench.at(62).succeed("other")
    assert bench.state("s") == "active"


@pytest.mark.rule("S-13", "T-01")
def test_a_submission_one_microsecond_before_the_interactive_deadline_keeps_the_session_active() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s").submit("other")
    bench.at(1).succeed("a")
    bench.at(61, -1).submit("b", "s")
    assert bench.state("s") == "active"
    assert bench.running() == ["b"]


@pytest.mark.rule("S-14", "D-05", "U-01")
def test_a_pause_is_billed_and_an_idle_session_turns_inactive_during_one() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).succeed("a")
    bench.at(2).pause()
    bench.at(61).nothing()
    assert bench.state("s") == "inactive"
    assert bench.usage("s") == 61 * SECOND
    bench.at(100).nothing()
    assert bench.usage("s") == 61 * SECOND

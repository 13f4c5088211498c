"""Semantics, S-25: the job limit and the usage limit, knobs that the guide's profile leaves off."""

from __future__ import annotations

import pytest

from sessioncore.core import Mode, NotifyJob, NotifySession

from .session_bench import HOUR, SECOND, device, lone_session

pytestmark = pytest.mark.rule("S-25")


def test_the_guides_profile_has_no_budgets() -> None:
    bench = device()
    bench.at(0).open("s")
    parameters = bench.session("s").terms.parameters
    assert (parameters.job_limit, parameters.usage_limit) == (None, None)


@pytest.mark.parametrize("state", ["open", "active", "inactive"])
def test_the_last_job_that_the_limit_allows_ends_acceptance_and_leaves_the_state(state: str) -> None:
    bench = lone_session(job_limit=2)
    bench.at(0).open("s").submit("a", "s")
    if state != "open":
        bench.at(0).start("a")
    if state == "inactive":
        bench.at(1).succeed("a")
        bench.at(61).nothing()
    assert bench.state("s") == state
    bench.at(70).submit("b", "s")
    assert bench.state("s") == f"{state}_draining"
    assert bench.job("b").status == "queued"
    assert bench.steps("s")[-1] == f"S-25.last-{state}"
    job, session = bench.effects
    assert isinstance(job, NotifyJob)
    assert isinstance(session, NotifySession)
    assert (session.state, session.accepting_jobs) == (state, False)
    assert bench.refusal(lambda: bench.at(71).submit("c", "s")).code == 1217


@pytest.mark.rule("S-19")
def test_a_session_at_its_job_limit_ends_with_its_last_work() -> None:
    bench = device(job_limit=1)
    bench.at(0).open("s").submit("a", "s")
    assert bench.state("s") == "active_draining"
    bench.at(1).succeed("a")
    assert (bench.state("s"), bench.reason("s")) == ("closed", "closed")


@pytest.mark.rule("S-06")
def test_jobs_that_were_cancelled_or_failed_count_towards_the_limit_and_refused_ones_do_not() -> None:
    bench = device(job_limit=3)
    bench.at(0).open("s").submit("a", "s").submit("b", "s")
    bench.at(1).cancel_job("b")
    assert bench.refusal(lambda: bench.at(1).submit("x", "s", max_execution=0)).row == "S-07.session"
    assert bench.refusal(lambda: bench.at(1).submit("y", "s", max_execution=9 * HOUR)).row == "S-07.session"
    assert bench.session("s").accepting_jobs
    bench.at(2).fail("a")
    bench.at(3).submit("c", "s")
    assert not bench.session("s").accepting_jobs
    assert bench.session("s").accepted == 3


@pytest.mark.rule("S-15", "U-01")
def test_a_usage_limit_closes_an_idle_session_at_the_first_microsecond_with_that_usage() -> None:
    bench = device(usage_limit=30 * SECOND)
    bench.at(5).open("s").submit("a", "s")
    assert bench.timers("s")["UsageLimitReached"] == 35 * SECOND
    bench.at(6).succeed("a")
    assert bench.timers("s")["UsageLimitReached"] == 35 * SECOND
    bench.at(35, -1).nothing()
    assert bench.state("s") == "active"
    bench.at(35).nothing()
    assert (bench.state("s"), bench.reason("s")) == ("closed", "usage_limit")
    assert bench.session("s").closed_at == 35 * SECOND
    assert bench.usage("s") == 30 * SECOND


@pytest.mark.rule("S-15", "S-22", "S-23")
def test_a_usage_limit_ends_as_the_max_ttl_does_and_a_leftover_job_still_pays() -> None:
    bench = device(usage_limit=30 * SECOND)
    bench.at(0).open("s").submit("a", "s").submit("b", "s")
    bench.at(30).nothing()
    assert [bench.job(name).status for name in "ab"] == ["running", "failed"]
    assert bench.job("b").reason_code == 1217
    session = bench.session("s")
    assert (session.queued, session.on_device, session.failed, session.accepted) == (0, 1, 1, 2)
    bench.at(40).succeed("a")
    assert bench.usage("s") == 40 * SECOND


def test_a_usage_limit_strikes_a_draining_session_too() -> None:
    bench = device(usage_limit=30 * SECOND)
    bench.at(0).open("s").submit("a", "s").submit("b", "s").close("s")
    bench.at(30).nothing()
    assert (bench.state("s"), bench.reason("s")) == ("closed", "usage_limit")


@pytest.mark.rule("U-01", "S-14")
def test_inactive_time_is_free_and_the_limit_is_due_again_after_the_next_dispatch() -> None:
    bench = device(usage_limit=100 * SECOND)
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).succeed("a")
    bench.at(61).nothing()
    assert bench.state("s") == "inactive"
    assert bench.usage("s") == 61 * SECOND
    assert "UsageLimitReached" not in bench.timers("s")
    bench.at(1000).submit("b", "s")
    assert bench.timers("s")["UsageLimitReached"] == 1039 * SECOND
    bench.at(1039).nothing()
    assert bench.reason("s") == "usage_limit"


@pytest.mark.rule("U-02")
def test_with_several_lanes_the_limit_is_due_at_the_first_microsecond_at_which_usage_is_the_limit_or_more() -> None:
    bench = device(lanes=3, usage_limit=10)
    bench.at(0).open_batch("s").submit("a", "s").submit("b", "s").submit("c", "s")
    assert bench.timers("s")["UsageLimitReached"] == 4
    bench.at(0, 3).nothing()
    assert (bench.state("s"), bench.usage("s")) == ("active", 9)
    bench.at(0, 4).nothing()
    assert (bench.state("s"), bench.usage("s")) == ("closed", 12)


@pytest.mark.rule("U-02")
def test_the_deadline_moves_with_the_number_of_lanes_in_use() -> None:
    bench = device(lanes=2, usage_limit=60 * SECOND)
    bench.at(0).open_batch("s").submit("a", "s")
    assert bench.timers("s")["UsageLimitReached"] == 60 * SECOND
    bench.at(10).submit("b", "s")
    assert bench.timers("s")["UsageLimitReached"] == 35 * SECOND
    bench.at(20).succeed("a")
    assert bench.timers("s")["UsageLimitReached"] == 50 * SECOND
    bench.at(30).succeed("b")
    assert bench.usage("s") == 40 * SECOND
    assert "UsageLimitReached" not in bench.timers("s"), "nothing is on the device, and usage stands still"
    bench.at(31).submit("c", "s")
    assert bench.timers("s")["UsageLimitReached"] == 51 * SECOND


@pytest.mark.rule("U-02", "T-01")
def test_the_limit_is_due_also_when_nothing_is_on_the_device_any_more() -> None:
    bench = device(usage_limit=10 * SECOND)
    bench.at(0).open_batch("s").submit("a", "s")
    bench.at(10).succeed("a")
    assert bench.session("s").on_device == 0
    assert bench.state("s") == "active", "the report comes before the timer of that microsecond"
    assert bench.core.next_deadline() == 10 * SECOND
    bench.at(10).nothing()
    assert (bench.state("s"), bench.reason("s")) == ("closed", "usage_limit")
    assert bench.session("s").closed_at == 10 * SECOND


@pytest.mark.rule("T-01", "S-19")
def test_a_draining_session_whose_last_job_ends_exactly_at_its_usage_limit_closed_because_it_was_done() -> None:
    bench = device(usage_limit=10 * SECOND)
    bench.at(0).open("s").submit("a", "s").close("s")
    bench.at(10).succeed("a")
    assert bench.reason("s") == "closed"


@pytest.mark.rule("T-05", "D-03")
@pytest.mark.parametrize("mode", list(Mode))
def test_no_job_of_the_session_starts_once_the_usage_is_the_limit_not_even_before_the_timer_of_that_instant(
    mode: Mode,
) -> None:
    bench = device(usage_limit=10 * SECOND)
    bench.at(0).open("s", mode).submit("a", "s").submit("b", "s")
    bench.at(10).succeed("a")
    assert bench.queued() == ["b"]
    bench.at(10).nothing()
    assert bench.job("b").status == "failed"


@pytest.mark.rule("D-03", "T-01")
def test_a_job_that_its_usage_limit_keeps_from_starting_has_no_place_in_the_order_and_others_start_at_once() -> None:
    bench = device(usage_limit=10 * SECOND)
    bench.at(0).open_batch("s").submit("a", "s").submit("b", "s").submit("other")
    bench.at(10).succeed("a")
    assert bench.running() == ["other"]
    assert bench.job("other").started_at == 10 * SECOND
    assert bench.state("s") == "active"


def test_a_host_that_starts_a_job_once_the_usage_is_the_limit_is_in_error() -> None:
    bench = lone_session(usage_limit=10 * SECOND, interactive_ttl=None)
    bench.at(0).open("s").submit("a", "s").submit("b", "s").start("a")
    assert bench.fault(lambda: bench.at(10).start("b")).row == "S-15.late"
    bench.at(10, -1).start("b")
    bench.at(10).nothing()
    assert bench.reason("s") == "usage_limit"


@pytest.mark.rule("T-02")
def test_at_one_instant_the_max_ttl_goes_before_the_usage_limit_and_that_before_the_interactive_timer() -> None:
    both = device(usage_limit=60 * SECOND)
    both.at(0).open("s", max_ttl=60 * SECOND).submit("a", "s")
    both.at(60).nothing()
    assert both.reason("s") == "max_ttl"
    later = device(usage_limit=61 * SECOND, idle_action="end")
    later.at(0).open("s").submit("a", "s")
    later.at(1).succeed("a")
    assert later.timers("s")["UsageLimitReached"] == later.timers("s")["InteractiveTtlExpired"] == 61 * SECOND
    later.at(61).nothing()
    assert later.reason("s") == "usage_limit"

"""Semantics, *Time*: T-01 to T-06, and every tie within one microsecond."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sessioncore.core import (
    Advanced,
    CloseRequested,
    Event,
    ExecutionLimitExpired,
    HostError,
    InteractiveTtlExpired,
    JobSucceeded,
    MaxTtlExpired,
    NoSubmissionExpired,
    NotifyJob,
    NotifySession,
    OpenRequested,
    SubmitRequested,
    UsageLimitReached,
)
from sessioncore.core.effects import AnyEffect

from .session_bench import MINUTE, SECOND, device, lone_session

# --- T-01: reports, then timers, then requests -----------------------------------------------------------------


@pytest.mark.rule("T-01", "S-15", "S-19")
def test_a_draining_session_whose_last_job_ends_exactly_at_its_max_ttl_closed_because_it_was_done() -> None:
    bench = device()
    bench.at(0).open("s", max_ttl=MINUTE).submit("a", "s").close("s")
    bench.at(60).succeed("a")
    assert (bench.state("s"), bench.reason("s")) == ("closed", "closed")
    bench.at(60).nothing()
    assert bench.reason("s") == "closed"


@pytest.mark.rule("T-01", "S-15")
def test_one_microsecond_later_it_closed_because_its_time_was_over() -> None:
    bench = device()
    bench.at(0).open("s", max_ttl=MINUTE).submit("a", "s").close("s")
    bench.at(60, 1).succeed("a")
    assert bench.reason("s") == "max_ttl"
    assert bench.session("s").closed_at == MINUTE


@pytest.mark.rule("T-01", "S-23")
def test_once_the_timers_of_an_instant_have_fired_a_report_of_that_instant_meets_the_state_as_it_is() -> None:
    bench = device()
    bench.at(0).open("s", max_ttl=MINUTE).submit("a", "s").close("s")
    bench.at(60).nothing().succeed("a")
    assert bench.reason("s") == "max_ttl"
    assert bench.steps("s")[-1] == "S-23.end"


@pytest.mark.rule("T-01", "J-05")
def test_a_job_that_succeeds_exactly_at_its_execution_limit_has_succeeded() -> None:
    bench = device()
    bench.at(0).submit("a", max_execution=MINUTE)
    bench.at(60).succeed("a")
    assert bench.job("a").status == "completed"
    late = device()
    late.at(0).submit("a", max_execution=MINUTE)
    late.at(60, 1).succeed("a")
    assert late.job("a").status == "cancelled"


@pytest.mark.rule("T-01", "S-20")
def test_a_cancel_exactly_at_the_max_ttl_finds_the_session_closed() -> None:
    bench = device()
    bench.at(0).open("s", max_ttl=MINUTE).submit("a", "s")
    bench.at(60).cancel("s")
    assert bench.reason("s") == "max_ttl"


@pytest.mark.rule("T-01", "S-17", "S-18")
def test_a_close_exactly_at_the_no_submission_deadline_finds_the_session_closed() -> None:
    bench = device()
    bench.at(0).open("s")
    bench.at(1800).close("s")
    assert bench.reason("s") == "no_submission"


@pytest.mark.rule("T-01", "J-05", "J-04")
def test_a_job_cancelled_exactly_at_its_execution_limit_is_final_already() -> None:
    bench = device()
    bench.at(0).submit("a", max_execution=MINUTE)
    assert bench.refusal(lambda: bench.at(60).cancel_job("a")).row == "J-04.cancel"
    assert bench.job("a").reason_code == 1305


@pytest.mark.rule("T-01", "S-13")
def test_a_close_exactly_at_the_interactive_deadline_finds_the_session_inactive() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).succeed("a")
    bench.at(61).close("s")
    assert bench.steps("s")[-2:] == ["S-14.deactivate", "S-18.close"]


@pytest.mark.rule("T-01")
def test_among_equals_the_order_is_the_order_given() -> None:
    first_close = device()
    first_close.at(0).open("s").submit("a", "s")
    first_close.at(1).close("s")
    assert first_close.refusal(lambda: first_close.at(1).submit("b", "s")).row == "S-06.draining"
    first_submit = device()
    first_submit.at(0).open("s").submit("a", "s")
    first_submit.at(1).submit("b", "s").close("s")
    assert first_submit.queued() == ["b"]


@pytest.mark.rule("T-01")
def test_two_reports_of_one_instant_are_taken_in_the_order_given() -> None:
    bench = device(lanes=2, failure_policy="abort")
    bench.at(0).open("s").submit("a", "s").submit("b", "s").submit("c", "s")
    bench.at(1).succeed("a").fail("b")
    assert bench.job("c").status == "running", "a's lane was free before b failed"
    assert bench.reason("s") == "job_failed"
    other = device(lanes=2, failure_policy="abort")
    other.at(0).open("s").submit("a", "s").submit("b", "s").submit("c", "s")
    other.at(1).fail("b").succeed("a")
    assert other.job("c").status == "failed"


@pytest.mark.rule("T-01", "T-03")
def test_advancing_to_the_microsecond_before_now_is_what_a_second_report_needs_and_does_nothing() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s")
    bench.at(5).succeed("a")
    before = bench.core.snapshot()
    assert bench.core.advance(5 * SECOND - 1) == ()
    assert bench.core.snapshot() == before


# --- T-02: timers, however late ----------------------------------------------------------------------------------


@pytest.mark.rule("T-02", "T-05")
def test_a_timer_takes_effect_at_its_deadline_however_late_and_what_follows_is_stamped_with_it() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s").submit("other")
    bench.at(1).succeed("a")
    bench.at(5000).nothing()
    assert bench.job("other").started_at == 61 * SECOND
    assert {effect.at for effect in bench.effects} == {61 * SECOND}
    assert bench.core.now == 5000 * SECOND
    assert bench.usage("s") == 61 * SECOND


def _rows(effects: tuple[AnyEffect, ...]) -> list[str]:
    return [effect.row for effect in effects if isinstance(effect, NotifySession | NotifyJob)]


@pytest.mark.rule("T-02")
def test_at_one_instant_max_ttl_usage_limit_interactive_no_submission_and_execution_limit_fire_in_this_order() -> None:
    bench = device(lanes=4, exclusive="no", usage="lanes", usage_limit=60 * SECOND, no_submission=100 * SECOND)
    bench.at(0).submit("alone", max_execution=100 * SECOND).open("never")
    bench.at(40).open("idle").submit("i", "idle").succeed("i")
    bench.at(40).open("spent").submit("u", "spent").open("old", max_ttl=60 * SECOND).submit("t", "old")
    bench.at(100, -1).nothing()
    assert bench.effects == ()
    bench.at(100).nothing()
    assert _rows(bench.effects) == [
        "S-15.max-ttl",
        "S-25.usage-limit",
        "S-14.deactivate",
        "S-16.no-submission",
        "J-05.limit",
    ]


@pytest.mark.rule("T-02")
def test_at_one_instant_timers_of_one_kind_fire_by_creation_of_the_session() -> None:
    bench = device()
    bench.at(0).open("z").open("a").open("m")
    bench.at(1800).nothing()
    assert [effect.session_id for effect in bench.effects if isinstance(effect, NotifySession)] == ["z", "a", "m"]


@pytest.mark.rule("T-02")
def test_at_one_instant_execution_limits_strike_by_submission_of_the_job() -> None:
    bench = device(lanes=3)
    bench.at(0).submit("z", max_execution=MINUTE).submit("a", max_execution=MINUTE).submit("m", max_execution=MINUTE)
    bench.at(60).nothing()
    assert bench.stopped() == ["z", "a", "m"]


@pytest.mark.rule("T-02", "S-15", "J-05")
def test_max_ttl_and_execution_limit_at_one_instant_close_the_session_first() -> None:
    bench = device(failure_policy="abort")
    bench.at(0).open("s", max_ttl=MINUTE).submit("a", "s", max_execution=MINUTE)
    bench.at(60).nothing()
    assert bench.reason("s") == "max_ttl"
    assert bench.steps("s")[-2:] == ["S-15.max-ttl", "S-23.overrun"]


@pytest.mark.rule("T-02", "S-13", "S-15")
def test_max_ttl_and_the_interactive_timer_at_one_instant_close_the_session() -> None:
    bench = device()
    bench.at(0).open("s", max_ttl=61 * SECOND).submit("a", "s")
    bench.at(1).succeed("a")
    assert dict(bench.timers("s")) == {"MaxTtlExpired": 61 * SECOND, "InteractiveTtlExpired": 61 * SECOND}
    assert next(iter(bench.timers("s"))) == "MaxTtlExpired"
    bench.at(61).nothing()
    assert bench.reason("s") == "max_ttl"
    assert "S-14.deactivate" not in bench.core.fired


@pytest.mark.rule("T-02", "T-05", "D-03")
def test_what_one_timer_lets_start_starts_before_the_next_timer_of_that_instant() -> None:
    bench = device(no_submission=61 * SECOND)
    bench.at(0).open("s").submit("a", "s").submit("alone").open("never")
    bench.at(1).succeed("a")
    bench.at(61).nothing()
    assert _rows(bench.effects) == ["S-14.deactivate", "J-01.start", "S-16.no-submission"]


# --- T-03, T-04: the host's errors ---------------------------------------------------------------------------------


@pytest.mark.rule("T-03")
@pytest.mark.parametrize(
    "event",
    [
        CloseRequested(at=61 * SECOND, session_id="s"),
        SubmitRequested(at=61 * SECOND, job_id="b", session_id="s"),
        OpenRequested(at=90 * SECOND, session_id="t"),
        JobSucceeded(at=61 * SECOND + 1, job_id="a"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_event_before_which_a_timer_has_not_fired_is_the_hosts_error_and_changes_nothing(event: Event) -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).succeed("a")
    before = bench.core.snapshot()
    until = event.at - 1 if isinstance(event, JobSucceeded) else event.at
    with pytest.raises(HostError, match=rf"a timer is due at 61000000: call advance\({until}\) first") as caught:
        bench.core.handle(event)
    assert caught.value.rule == "T-03"
    assert bench.core.snapshot() == before
    bench.core.advance(until)
    bench.core.handle(event)


@pytest.mark.rule("T-03", "T-01")
def test_a_report_at_the_very_deadline_needs_no_timer_to_have_fired() -> None:
    bench = device()
    bench.at(0).open("s", max_ttl=MINUTE).submit("a", "s")
    bench.core.handle(JobSucceeded(at=MINUTE, job_id="a"))
    assert bench.state("s") == "active"


@pytest.mark.rule("T-03")
def test_a_timer_that_is_no_longer_armed_asks_nothing_of_the_host() -> None:
    core = lone_session().core
    core.handle(OpenRequested(at=0, session_id="s"))
    core.handle(SubmitRequested(at=0, job_id="a", session_id="s"))
    core.handle(SubmitRequested(at=1800 * SECOND, job_id="b", session_id="s"))
    assert core.next_deadline() is None
    assert core.sessions["s"].queued == 2


@pytest.mark.rule("T-04")
def test_time_that_runs_backwards_is_the_hosts_error_and_changes_nothing() -> None:
    bench = device(now=100)
    before = bench.core.snapshot()
    with pytest.raises(HostError, match="time ran backwards: the event is at 99, the core is at 100") as caught:
        bench.core.handle(OpenRequested(at=99, session_id="s"))
    assert caught.value.rule == "T-04"
    with pytest.raises(HostError, match="time ran backwards: asked to advance to 98, the core is at 100") as caught:
        bench.core.advance(98)
    assert caught.value.rule == "T-04"
    assert bench.core.snapshot() == before


@pytest.mark.rule("T-03", "V-03")
def test_a_refused_request_changes_nothing_at_all_not_even_the_time() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).close("s")
    bench.core.advance(2 * SECOND)
    before = bench.core.snapshot()
    for _ in range(2):
        refused = bench.refusal(lambda: bench.core.handle(SubmitRequested(at=2 * SECOND, job_id="b", session_id="s")))
        assert refused.row == "S-06.draining"
        assert bench.core.snapshot() == before


@pytest.mark.rule("T-03")
@pytest.mark.parametrize(
    "event",
    [
        MaxTtlExpired(at=SECOND, session_id="s"),
        UsageLimitReached(at=SECOND, session_id="s"),
        InteractiveTtlExpired(at=SECOND, session_id="s"),
        NoSubmissionExpired(at=SECOND, session_id="s"),
        ExecutionLimitExpired(at=SECOND, job_id="a"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_timers_are_the_cores_own_and_cannot_be_handed_in(event: Event) -> None:
    for bench in (device(), lone_session()):
        bench.at(0).open("s").submit("a", "s")
        before = bench.core.snapshot()
        assert "is not for this core to be handed" in str(bench.fault(lambda bench=bench: bench.core.handle(event)))
        assert bench.core.snapshot() == before


@pytest.mark.rule("T-03")
def test_advanced_is_the_event_of_time_that_passes() -> None:
    bench = device()
    bench.at(0).open("s")
    assert bench.core.fork().handle(Advanced(at=1800 * SECOND)) == bench.core.advance(1800 * SECOND)
    assert bench.reason("s") == "no_submission"


# --- T-05: whatever may start starts ---------------------------------------------------------------------------------


@pytest.mark.rule("T-05")
@pytest.mark.parametrize(
    "cause",
    [
        lambda bench: bench.at(10).succeed("x"),
        lambda bench: bench.at(10).submit("y").succeed("x"),
        lambda bench: bench.at(5).cancel_job("x").bench.at(10).release("x"),
    ],
    ids=["report", "request-then-report", "release"],
)
def test_a_job_starts_at_the_instant_at_which_its_lane_becomes_free(cause: Callable[[object], object]) -> None:
    bench = device()
    bench.at(0).submit("x").submit("a")
    cause(bench)
    assert bench.job("a").started_at == 10 * SECOND


@pytest.mark.rule("T-05", "S-20")
def test_a_request_can_let_others_start() -> None:
    bench = device(lanes=2)
    bench.at(0).open("s").submit("a", "s").submit("alone")
    assert bench.queued() == ["alone"]
    bench.at(1).cancel("s")
    assert bench.job("alone").started_at == SECOND


@pytest.mark.rule("T-06", "D-05")
def test_time_in_which_the_service_was_down_counts_as_offline_and_nothing_starts_in_the_past() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s").submit("alone")
    bench.at(1).succeed("a").go_offline()
    bench.at(5000).nothing()
    assert bench.state("s") == "inactive"
    assert bench.session("s").usage(bench.core.now) == 61 * SECOND
    assert bench.queued() == ["alone"]
    bench.at(5000).resume()
    assert bench.job("alone").started_at == 5000 * SECOND

"""Semantics, D-03: the policy ``fair_share``, exact to the microsecond over a rolling 28 days."""

from __future__ import annotations

import random

import pytest

from sessioncore.core import HostError, Policy

from .session_bench import DAY, HOUR, SECOND, device

pytestmark = pytest.mark.rule("D-03")

FAIR = Policy(name="fair_share")
WINDOW = 28 * DAY


def test_the_instance_that_used_least_goes_first_and_inside_an_instance_the_oldest_job() -> None:
    bench = device(policy=FAIR)
    bench.at(0).submit("x1", instance="x")
    bench.at(10).succeed("x1")
    bench.at(10).submit("blocker", instance="z")
    bench.at(11).submit("x2", instance="x").submit("y1", instance="y").submit("y2", instance="y")
    bench.at(20).succeed("blocker")
    assert bench.running() == ["y1"]
    bench.at(25).succeed("y1")
    assert bench.running() == ["y2"], "y has used 5 s, x 10 s"
    bench.at(32).succeed("y2")
    assert bench.running() == ["x2"]


def test_among_instances_with_equal_usage_the_oldest_job_goes_first() -> None:
    bench = device(policy=FAIR)
    bench.at(0).submit("blocker", instance="z")
    bench.at(1).submit("y1", instance="y").submit("x1", instance="x")
    bench.at(2).succeed("blocker")
    assert bench.running() == ["y1"]


def test_usage_counts_against_the_allocation_without_rounding() -> None:
    bench = device(policy=Policy(name="fair_share", allocations=(("big", 3), ("small", 1))))
    bench.at(0).submit("b1", instance="big")
    bench.at(30).succeed("b1").submit("s1", instance="small")
    bench.at(40, 1).succeed("s1").submit("blocker", instance="z")
    bench.at(41).submit("s2", instance="small").submit("b2", instance="big")
    bench.at(42).succeed("blocker")
    assert bench.running() == ["b2"], "30 s of 3 shares are less than 10.000001 s of 1"
    even = device(policy=Policy(name="fair_share", allocations=(("big", 3), ("small", 1))))
    even.at(0).submit("b1", instance="big")
    even.at(30).succeed("b1").submit("s1", instance="small")
    even.at(40).succeed("s1").submit("blocker", instance="z")
    even.at(41).submit("s2", instance="small").submit("b2", instance="big")
    even.at(42).succeed("blocker")
    assert even.running() == ["s2"], "30 s of 3 shares are 10 s of 1, and s2 is older"


def test_a_running_job_counts_while_it_runs() -> None:
    bench = device(lanes=2, policy=FAIR)
    bench.at(0).submit("x1", instance="x").submit("y1", instance="y")
    bench.at(10).succeed("y1").submit("y2", instance="y")
    bench.at(20).submit("x2", instance="x").submit("z1", instance="z")
    assert bench.core.instance_usage("x", 20 * SECOND) == 20 * SECOND
    assert bench.core.instance_usage("y", 20 * SECOND) == 20 * SECOND
    bench.at(21).succeed("y2")
    assert bench.running() == ["x1", "z1"]


def test_a_session_pays_for_its_active_windows_and_a_batch_for_its_lanes() -> None:
    bench = device(lanes=2, policy=FAIR)
    bench.at(0).open("s", instance="x").submit("a", "s").submit("b", "s")
    bench.at(1).succeed("a").succeed("b")
    bench.at(100).nothing()
    assert bench.core.instance_usage("x", 100 * SECOND) == 61 * SECOND
    bench.at(100).open_batch("t", instance="y").submit("c", "t").submit("d", "t")
    bench.at(110).succeed("c").succeed("d")
    assert bench.core.instance_usage("y", 200 * SECOND) == 20 * SECOND


def test_active_sessions_go_ahead_of_every_share() -> None:
    bench = device(policy=FAIR)
    bench.at(0).open_batch("s", instance="greedy").submit("a", "s").submit("b", "s")
    bench.at(1000).submit("modest", instance="modest")
    bench.at(2000).succeed("a")
    assert bench.running() == ["b"]


def test_the_head_of_the_order_is_not_overtaken_by_another_instance() -> None:
    bench = device(lanes=2, policy=FAIR)
    bench.at(0).submit("z1", instance="z").submit("y1", instance="y")
    bench.at(10).succeed("y1")
    bench.at(10).open("s", instance="x").submit("a", "s").submit("y2", instance="y")
    assert bench.running() == ["z1"]
    bench.at(11).succeed("z1")
    assert bench.running() == ["a"]


@pytest.mark.rule("T-05")
def test_what_stands_first_is_asked_at_steps_and_the_mere_passing_of_time_starts_nothing() -> None:
    bench = device(lanes=2, policy=FAIR)
    bench.at(0).submit("y1", instance="y")
    bench.at(10).succeed("y1")
    bench.at(20).submit("x1", instance="x").open("s", instance="x").submit("a", "s").submit("y2", instance="y")
    assert bench.running() == ["x1"]
    bench.at(35).nothing()
    assert bench.running() == ["x1"], "x has used more than y since 30 s, but nothing happened"
    bench.at(36).submit("any", instance="w")
    assert bench.running() == ["x1", "any"]
    bench.at(37).cancel_job("any").release("any")
    assert bench.running() == ["x1", "y2"]


def test_usage_leaves_the_window_microsecond_by_microsecond() -> None:
    bench = device(policy=FAIR)
    bench.at(0).submit("x1", instance="x")
    bench.at(10).succeed("x1")
    start_of_leaving = WINDOW
    assert bench.core.instance_usage("x", start_of_leaving) == 10 * SECOND
    assert bench.core.instance_usage("x", start_of_leaving + 1) == 10 * SECOND - 1
    assert bench.core.instance_usage("x", start_of_leaving + 10 * SECOND - 1) == 1
    assert bench.core.instance_usage("x", start_of_leaving + 10 * SECOND) == 0
    assert bench.core.instance_usage("x", 10 * SECOND) == 10 * SECOND, "asking about later changed nothing"


@pytest.mark.parametrize(("too_early", "first"), [(1, "y1"), (0, "x2")])
def test_the_order_sees_the_last_microsecond_leave_the_window(too_early: int, first: str) -> None:
    bench = device(policy=FAIR)
    bench.at(0).submit("x1", instance="x")
    bench.at(10).succeed("x1")
    now = WINDOW // SECOND + 10
    bench.at(now - 1).submit("blocker", instance="z").submit("x2", instance="x").submit("y1", instance="y")
    bench.at(now, -too_early).succeed("blocker")
    assert bench.running() == [first]


def test_a_larger_allocation_counts_whichever_instance_stood_in_the_queue_first() -> None:
    bench = device(policy=Policy(name="fair_share", allocations=(("x", 2),)))
    bench.at(0).submit("y1", instance="y")
    bench.at(6).succeed("y1").submit("x1", instance="x")
    bench.at(16).succeed("x1").submit("blocker", instance="z").submit("y2", instance="y").submit("x2", instance="x")
    bench.at(17).succeed("blocker")
    assert bench.running() == ["x2"], "10 s of 2 shares are less than 6 s of 1"


def test_a_job_that_runs_longer_than_the_window_counts_the_window() -> None:
    bench = device(policy=FAIR, execution_limit=None)
    bench.at(0).submit("x1", instance="x")
    assert bench.core.instance_usage("x", 3 * WINDOW) == WINDOW


def test_the_order_follows_the_window_and_old_usage_is_forgotten() -> None:
    bench = device(policy=FAIR)
    bench.at(0).submit("x1", instance="x")
    bench.at(3600).succeed("x1").submit("y1", instance="y")
    bench.at(3610).succeed("y1")
    later = WINDOW // SECOND + 3605
    bench.at(later).submit("blocker", instance="z").submit("y2", instance="y").submit("x2", instance="x")
    bench.at(later + 1).succeed("blocker")
    assert bench.running() == ["x2"], "x's hour has left the window, four seconds of y have not"
    device_part = bench.core.snapshot().device
    assert device_part is not None
    kept = {instance: past for instance, _, _, past in device_part.shares}
    assert kept["x"] == ()
    assert len(kept["y"]) == 1


def test_usage_in_the_window_is_exactly_what_is_recomputed_from_the_jobs() -> None:
    chosen = random.Random(20250628)
    bench = device(lanes=2, policy=FAIR, execution_limit=None)
    now, number = 0, 0
    for _ in range(120):
        now += chosen.choice((1, SECOND, HOUR, DAY, 5 * DAY))
        running = bench.running()
        if running and chosen.random() < 0.5:
            bench.at(0, now).succeed(chosen.choice(running))
        else:
            bench.at(0, now).submit(f"j{number}", instance=chosen.choice("xyz"))
            number += 1
    for at in (now, now + DAY, now + WINDOW):
        for instance in "xyz":
            overlap = sum(
                max(0, (at if job.ended_at is None else job.ended_at) - max(job.started_at, at - WINDOW))
                for job in bench.core.jobs.values()
                if job.instance == instance and job.started_at is not None
            )
            assert bench.core.instance_usage(instance, at) == overlap


def test_the_default_order_counts_no_shares_and_keeps_nothing_of_them() -> None:
    bench = device()
    bench.at(0).submit("x1", instance="x")
    bench.at(10).succeed("x1")
    assert bench.core.instance_usage("x", 10 * SECOND) == 0
    device_part = bench.core.snapshot().device
    assert device_part is not None
    assert device_part.shares == ()


@pytest.mark.parametrize("share", [0, -1, 1.5, True, "2"])
def test_an_allocation_is_a_whole_number_of_at_least_one(share: object) -> None:
    with pytest.raises(HostError, match="allocation of 'x' must be a whole number"):
        Policy(name="fair_share", allocations=(("x", share),))  # type: ignore[arg-type]  # that is the question


def test_there_are_two_policies() -> None:
    with pytest.raises(HostError, match="a policy can be fifo or fair_share"):
        Policy(name="lottery")


def test_an_instance_without_an_allocation_has_one_share() -> None:
    bench = device(policy=Policy(name="fair_share", allocations=(("x", 2),)))
    bench.at(0).submit("x1", instance="x")
    bench.at(10).succeed("x1").submit("y1", instance="y")
    bench.at(16).succeed("y1").submit("blocker", instance="z")
    bench.at(17).submit("y2", instance="y").submit("x2", instance="x")
    bench.at(18).succeed("blocker")
    assert bench.running() == ["x2"], "10 s of 2 shares are less than 6 s of 1"

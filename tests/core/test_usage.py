"""Semantics, *Usage*: U-01 and U-02."""

from __future__ import annotations

import pytest

from .session_bench import MINUTE, SECOND, device


@pytest.mark.rule("U-01", "S-09", "S-11", "S-14")
def test_usage_of_a_dedicated_session_is_the_sum_of_its_active_windows_and_inactive_time_is_free() -> None:
    bench = device()
    bench.at(0).open("s")
    bench.at(100).submit("a", "s")
    assert bench.usage("s") == 0
    bench.at(130).succeed("a")
    bench.at(190).nothing()
    assert bench.usage("s") == 90 * SECOND
    bench.at(1000).submit("b", "s")
    assert bench.usage("s") == 90 * SECOND
    bench.at(1005).succeed("b")
    bench.at(1010).close("s")
    assert bench.usage("s") == 100 * SECOND
    bench.at(2000).nothing()
    assert bench.usage("s") == 100 * SECOND


@pytest.mark.rule("U-01")
def test_several_jobs_at_once_cost_a_dedicated_session_no_more_than_one() -> None:
    bench = device(lanes=3)
    bench.at(0).open("s").submit("a", "s").submit("b", "s").submit("c", "s")
    bench.at(10).nothing()
    assert bench.usage("s") == 10 * SECOND


@pytest.mark.rule("U-01", "S-23")
def test_a_window_ends_when_the_last_job_leaves_the_device_if_that_is_later_than_the_close() -> None:
    bench = device(lanes=2)
    bench.at(0).open("s").submit("a", "s").submit("b", "s")
    bench.at(10).cancel("s")
    bench.at(20).succeed("a")
    assert bench.usage("s") == 20 * SECOND
    bench.at(35).succeed("b")
    bench.at(99).nothing()
    assert bench.usage("s") == 35 * SECOND


@pytest.mark.rule("U-01", "S-15")
def test_usage_may_exceed_max_ttl() -> None:
    bench = device()
    bench.at(0).open("s", max_ttl=MINUTE).submit("a", "s")
    bench.at(100).succeed("a")
    assert bench.reason("s") == "max_ttl"
    assert bench.usage("s") == 100 * SECOND


@pytest.mark.rule("U-01", "D-05")
def test_a_pause_is_billed() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s").submit("b", "s")
    bench.at(1).pause()
    bench.at(2).succeed("a")
    bench.at(500).nothing()
    assert bench.state("s") == "active"
    assert bench.usage("s") == 500 * SECOND


@pytest.mark.rule("U-01", "S-19", "J-02")
def test_the_window_of_a_session_that_a_cancelled_queued_job_closed_is_counted_to_that_moment() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s").submit("b", "s")
    bench.at(1).pause()
    bench.at(2).succeed("a")
    bench.at(5).close("s")
    bench.at(10).cancel_job("b")
    assert bench.state("s") == "closed"
    bench.at(20).nothing()
    assert bench.usage("s") == 10 * SECOND


@pytest.mark.rule("U-02")
def test_usage_of_a_batch_is_the_sum_over_its_jobs_of_the_time_they_held_a_lane() -> None:
    bench = device(lanes=2)
    bench.at(0).open_batch("b").submit("b1", "b").submit("b2", "b")
    bench.at(10).succeed("b1")
    bench.at(15).nothing()
    assert bench.usage("b") == 25 * SECOND
    bench.at(20).fail("b2")
    bench.at(50).nothing()
    assert bench.usage("b") == 30 * SECOND, "idle, a batch costs nothing"


@pytest.mark.rule("U-02", "J-03", "S-23")
def test_a_job_that_is_cancelling_or_outlives_its_batch_is_counted_until_the_device_lets_go() -> None:
    bench = device()
    bench.at(0).open_batch("b").submit("b1", "b")
    bench.at(1).cancel_job("b1")
    bench.at(2).cancel("b")
    bench.at(10).release("b1")
    bench.at(11).nothing()
    assert bench.usage("b") == 10 * SECOND
    assert bench.job("b1").usage(bench.core.now) == 10 * SECOND


@pytest.mark.rule("U-02")
def test_the_usage_of_a_job_is_the_time_it_held_a_lane() -> None:
    bench = device()
    bench.at(0).submit("a").submit("b").submit("c")
    assert bench.job("b").usage(5 * SECOND) == 0
    assert bench.job("a").usage(5 * SECOND) == 5 * SECOND
    bench.at(7).succeed("a")
    bench.at(8).cancel_job("c")
    assert bench.job("a").usage(99 * SECOND) == 7 * SECOND
    assert bench.job("b").usage(99 * SECOND) == 92 * SECOND
    assert bench.job("c").usage(99 * SECOND) == 0


@pytest.mark.rule("U-01", "U-02")
def test_how_usage_is_counted_is_a_switch_of_the_profile() -> None:
    by_lanes = device(lanes=2, usage="lanes")
    by_lanes.at(0).open("s").submit("a", "s").submit("b", "s")
    by_lanes.at(10).succeed("a").succeed("b")
    by_lanes.at(20).nothing()
    assert by_lanes.usage("s") == 20 * SECOND
    by_windows = device(lanes=2, usage="windows")
    by_windows.at(0).open_batch("b").submit("a", "b").submit("b", "b")
    by_windows.at(10).succeed("a").succeed("b")
    by_windows.at(20).nothing()
    assert by_windows.usage("b") == 20 * SECOND

"""Semantics, *The device*: D-01 to D-05. Fair share has a module of its own; D-06 lives in the host."""

from __future__ import annotations

import pytest

from sessioncore.core import AZURE, SCALEWAY, DeviceCore, HostError, Mode, NotifyDevice

from .session_bench import HOUR, SECOND, device, lone_session


@pytest.mark.rule("D-01")
@pytest.mark.parametrize("idle", [False, True])
def test_while_a_dedicated_session_is_active_idle_or_not_no_other_workloads_job_starts(idle: bool) -> None:
    bench = device(lanes=3)
    bench.at(0).open("s").submit("a", "s")
    if idle:
        bench.at(1).succeed("a")
    bench.at(2).submit("alone").open_batch("b").submit("b1", "b").open("t").submit("t1", "t")
    assert bench.state("s") == "active"
    assert bench.queued() == ["alone", "b1", "t1"]
    assert bench.core.holder == "s"
    bench.at(3).submit("c", "s")
    assert bench.job("c").status == "running"


@pytest.mark.rule("D-01", "D-04")
def test_a_batch_that_is_active_and_idle_when_a_dedicated_session_starts_waits_for_it_with_its_next_job() -> None:
    bench = device(lanes=2)
    bench.at(0).open_batch("b").submit("b1", "b")
    bench.at(1).succeed("b1")
    bench.at(2).open("s").submit("a", "s").submit("b2", "b")
    assert bench.running() == ["a"]
    assert bench.queued() == ["b2"]
    bench.at(3).submit("a2", "s")
    assert bench.running() == ["a", "a2"], "the holder's own jobs go on past those that D-01 keeps back"
    bench.at(4).succeed("a").succeed("a2").close("s")
    assert bench.running() == ["b2"]


@pytest.mark.rule("D-02")
def test_the_first_dispatch_of_a_dedicated_session_waits_until_no_other_workload_is_on_the_device() -> None:
    bench = device(lanes=3)
    bench.at(0).submit("x").submit("y").open("s").submit("a", "s")
    assert bench.queued() == ["a"]
    bench.at(1).succeed("x")
    assert bench.queued() == ["a"]
    bench.at(2).cancel_job("y")
    assert bench.queued() == ["a"], "a job that is cancelling is still on the device"
    bench.at(3).release("y")
    assert bench.running() == ["a"]


@pytest.mark.rule("D-02", "S-11")
def test_so_does_the_dispatch_after_inactive() -> None:
    bench = device(lanes=2)
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).succeed("a")
    bench.at(61).submit("other").submit("b", "s")
    assert bench.queued() == ["b"]
    assert bench.core.fired["D-02.shared"] >= 1
    bench.at(62).succeed("other")
    assert bench.running() == ["b"]


@pytest.mark.rule("D-02", "S-23")
def test_a_dedicated_session_waits_for_the_leftover_jobs_of_a_cancelled_one() -> None:
    bench = device(lanes=2)
    bench.at(0).open("s").submit("a", "s").open("t").submit("t1", "t")
    bench.at(1).cancel("s")
    assert bench.queued() == ["t1"]
    bench.at(2).succeed("a")
    assert bench.running() == ["t1"]


@pytest.mark.rule("D-02", "D-04")
def test_an_active_batch_with_work_delays_a_dedicated_session_that_waits() -> None:
    bench = device(lanes=2)
    bench.at(0).open_batch("b").submit("b1", "b").submit("b2", "b").submit("b3", "b")
    bench.at(1).open("s").submit("a", "s")
    bench.at(2).submit("b4", "b").succeed("b1")
    assert bench.running() == ["b2", "b3"]
    bench.at(3).succeed("b2")
    assert bench.running() == ["b3", "b4"]
    bench.at(4).succeed("b3").succeed("b4")
    assert bench.running() == ["a"]


@pytest.mark.rule("D-03")
def test_the_head_of_the_queue_is_never_overtaken_and_what_stands_behind_waits_too() -> None:
    bench = device(lanes=3)
    bench.at(0).submit("x")
    bench.at(1).open("s").submit("a", "s")
    bench.at(2).submit("y").open_batch("b").submit("b1", "b")
    assert bench.running() == ["x"], "two lanes are free, and there is no backfill"
    bench.at(3).succeed("x")
    assert bench.running() == ["a"]


@pytest.mark.rule("D-03")
def test_queued_jobs_of_active_sessions_start_oldest_first_whatever_session_they_belong_to() -> None:
    bench = device(lanes=2)
    bench.at(0).open_batch("b").open_batch("c").submit("b1", "b").submit("c1", "c")
    bench.at(1).submit("c2", "c").submit("b2", "b").submit("c3", "c")
    bench.at(2).succeed("b1").succeed("c1")
    bench.at(3).succeed("b2")
    assert bench.started() == ["b1", "c1", "c2", "b2", "c3"]


@pytest.mark.rule("D-03")
def test_a_session_stands_at_its_oldest_queued_job_and_a_job_of_its_own_at_its_submission() -> None:
    bench = device()
    bench.at(0).submit("x").open("late").open("early")
    bench.at(1).submit("e1", "early")
    bench.at(2).submit("alone")
    bench.at(3).submit("l1", "late").submit("e2", "early")
    bench.at(4).succeed("x")
    assert bench.running() == ["e1"]
    bench.at(5).succeed("e1")
    bench.at(6).succeed("e2")
    bench.at(7).close("early")
    assert bench.running() == ["alone"]
    bench.at(8).succeed("alone")
    assert bench.running() == ["l1"]


@pytest.mark.rule("D-03", "J-02")
def test_cancelling_its_oldest_queued_job_moves_an_open_session_back_in_the_queue() -> None:
    bench = device()
    bench.at(0).submit("x").open("s")
    bench.at(1).submit("s1", "s")
    bench.at(2).submit("alone")
    bench.at(3).submit("s2", "s").cancel_job("s1")
    bench.at(4).succeed("x")
    assert bench.running() == ["alone"]


@pytest.mark.rule("D-03", "S-15")
def test_a_job_that_the_max_ttl_keeps_from_starting_has_no_place_in_the_order() -> None:
    bench = device()
    bench.at(0).open_batch("b", max_ttl=HOUR).submit("b1", "b").submit("b2", "b")
    bench.at(1).submit("alone")
    bench.at(3600).succeed("b1")
    assert bench.running() == ["alone"]
    assert bench.state("b") == "active"


@pytest.mark.rule("D-03", "S-15", "S-08")
def test_so_it_is_for_an_inactive_session_at_the_head_of_the_queue_and_it_is_not_forgotten() -> None:
    bench = device(lanes=2)
    bench.at(0).open("s", max_ttl=HOUR).submit("a", "s")
    bench.at(1).succeed("a")
    bench.at(100).submit("x").submit("y")
    bench.at(101).submit("b", "s").submit("alone")
    bench.at(3600).succeed("x")
    assert bench.running() == ["y", "alone"]
    assert bench.state("s") == "inactive"
    bench.at(3600).nothing()
    assert (bench.job("b").status, bench.reason("s")) == ("failed", "max_ttl")


@pytest.mark.rule("D-03", "D-01", "S-15")
def test_a_dedicated_session_out_of_time_holds_the_device_until_its_timer_fires_at_the_same_instant() -> None:
    bench = device(lanes=2)
    bench.at(0).open("s", max_ttl=HOUR).submit("a", "s").submit("b", "s").submit("c", "s").submit("alone")
    bench.at(3600).succeed("a")
    assert bench.queued() == ["c", "alone"]
    bench.at(3600).nothing()
    assert bench.running() == ["b", "alone"]
    assert bench.job("alone").started_at == HOUR


@pytest.mark.rule("D-03", "D-01", "S-15")
def test_jobs_of_another_active_session_that_d_01_keeps_back_do_not_hide_that_the_holder_is_out_of_time() -> None:
    bench = device()
    bench.at(0).open_batch("b").submit("b1", "b")
    bench.at(1).succeed("b1")
    bench.at(2).open("s", max_ttl=HOUR).submit("a", "s").submit("b2", "b").submit("c", "s")
    bench.at(3602).succeed("a")
    assert bench.running() == []
    bench.at(3602).nothing()
    assert bench.job("c").status == "failed"
    assert bench.running() == ["b2"]


@pytest.mark.rule("D-04")
def test_batches_and_jobs_of_their_own_share_the_lanes() -> None:
    bench = device(lanes=3)
    bench.at(0).open_batch("b").open_batch("c").submit("b1", "b").submit("alone").submit("c1", "c").submit("b2", "b")
    assert bench.running() == ["b1", "alone", "c1"]
    assert bench.core.running == 3
    assert bench.core.holder is None
    bench.at(1).succeed("alone")
    assert bench.running() == ["b1", "c1", "b2"]


@pytest.mark.rule("D-04", "S-13", "S-14", "S-15", "S-16")
def test_a_batch_keeps_every_timer_and_end_rule_and_idle_it_blocks_nobody() -> None:
    bench = device()
    bench.at(0).open_batch("b", max_ttl=HOUR)
    assert list(bench.timers("b")) == ["NoSubmissionExpired"]
    bench.at(1).submit("b1", "b")
    bench.at(2).succeed("b1")
    assert bench.timers("b") == {"InteractiveTtlExpired": 62 * SECOND, "MaxTtlExpired": SECOND + HOUR}
    bench.at(3).open("s").submit("a", "s")
    assert bench.running() == ["a"], "even a dedicated session"
    bench.at(62).nothing()
    assert bench.state("b") == "inactive"
    bench.at(3601).nothing()
    assert bench.reason("b") == "max_ttl"


@pytest.mark.rule("D-05")
@pytest.mark.parametrize(("stop", "state"), [("pause", "paused"), ("go_offline", "offline")])
def test_a_device_that_is_not_online_starts_nothing_running_jobs_end_and_queued_ones_stay(
    stop: str, state: str
) -> None:
    bench = device(lanes=2)
    bench.at(0).open_batch("b").submit("b1", "b")
    getattr(bench.at(1), stop)()
    assert bench.core.state == state
    assert bench.effects == (NotifyDevice(at=SECOND, state=bench.core.state, row=bench.effects[0].row),)
    bench.at(2).submit("b2", "b").submit("alone")
    bench.at(3).succeed("b1")
    assert bench.job("b1").status == "completed"
    assert bench.queued() == ["b2", "alone"]
    bench.at(9).resume()
    assert bench.running() == ["b2", "alone"]
    assert bench.job("alone").started_at == 9 * SECOND
    assert isinstance(bench.effects[0], NotifyDevice)


@pytest.mark.rule("D-05", "S-10", "S-13", "S-16", "J-05")
def test_timers_go_on_while_the_device_is_paused() -> None:
    bench = device(lanes=2)
    bench.at(0).open("s").submit("a", "s", max_execution=30 * SECOND).open("never")
    bench.at(1).pause()
    bench.at(30).nothing()
    assert bench.job("a").status == "cancelling"
    bench.at(31).release("a")
    bench.at(91).nothing()
    assert bench.state("s") == "inactive"
    bench.at(1800).nothing()
    assert bench.reason("never") == "no_submission"
    bench.at(8 * 3600).nothing()
    assert bench.reason("s") == "max_ttl"


@pytest.mark.rule("D-05")
def test_pausing_resuming_and_taking_offline_twice_change_nothing() -> None:
    bench = device()
    bench.at(0).resume()
    assert bench.effects == ()
    bench.at(1).pause()
    bench.at(2).pause()
    assert bench.effects == ()
    bench.at(3).go_offline()
    assert bench.core.state == "offline"
    bench.at(4).go_offline()
    assert bench.effects == ()
    bench.at(5).pause()
    assert bench.core.state == "paused"
    bench.at(6).resume()
    assert bench.core.state == "online"
    rows = {"D-05.online", "D-05.pause", "D-05.paused", "D-05.offline", "D-05.offline-already", "D-05.resume"}
    assert rows <= bench.core.fired.keys()


@pytest.mark.rule("D-05")
def test_a_core_of_one_session_has_no_device_to_pause() -> None:
    bench = lone_session()
    assert bench.fault(lambda: bench.at(0).pause()).rule == "T-05"


@pytest.mark.rule("D-01", "D-04")
def test_under_a_profile_without_exclusivity_sessions_share_the_lanes_as_batches_do() -> None:
    bench = device(lanes=2, profile=AZURE)
    bench.at(0).open("s").submit("a", "s").submit("alone")
    assert bench.running() == ["a", "alone"]
    assert bench.core.holder is None


@pytest.mark.rule("D-01")
def test_of_several_sessions_active_from_their_creation_the_first_holds_the_device() -> None:
    bench = device(lanes=2, profile=SCALEWAY)
    bench.at(0).submit("alone").open("s").open("t")
    assert bench.core.holder == "s"
    bench.at(1).submit("t1", "t").submit("a", "s")
    assert bench.running() == ["alone"], "D-02: a foreign job is on the device"
    bench.at(2).succeed("alone")
    assert bench.running() == ["a"]
    bench.at(3).succeed("a").close("s")
    assert bench.core.holder == "t"
    assert bench.running() == ["t1"]


@pytest.mark.rule("D-04")
@pytest.mark.parametrize("lanes", [0, -1, 10_001, 1.0, True, "1"])
def test_a_device_has_from_one_to_ten_thousand_lanes(lanes: object) -> None:
    with pytest.raises(HostError, match="lanes must be a whole number from 1 to 10000"):
        DeviceCore("d", lanes=lanes)  # type: ignore[arg-type]  # that is the question
    assert DeviceCore("d", lanes=10_000).lanes == 10_000


@pytest.mark.rule("T-05", "D-03")
def test_one_report_can_start_several_jobs_in_the_order_of_the_queue() -> None:
    bench = device(lanes=3)
    bench.at(0).open("s").submit("a", "s").close("s").submit("x").submit("y").open_batch("b").submit("b1", "b").submit(
        "z"
    )
    bench.at(1).succeed("a")
    assert bench.started() == ["a", "x", "y", "b1"]
    assert {bench.job(name).started_at for name in ("x", "y", "b1")} == {SECOND}


@pytest.mark.rule("T-05")
def test_a_device_takes_no_report_that_a_job_started() -> None:
    bench = device()
    bench.at(0).submit("a")
    assert "JobStarted is not for this core" in str(bench.fault(lambda: bench.at(1).start("a")))


@pytest.mark.rule("S-01", "D-01")
@pytest.mark.parametrize("mode", list(Mode))
def test_only_a_dedicated_session_becomes_the_holder(mode: Mode) -> None:
    bench = device()
    bench.at(0).open("s", mode).submit("a", "s")
    assert bench.core.holder == ("s" if mode is Mode.DEDICATED else None)

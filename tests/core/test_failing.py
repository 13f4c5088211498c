"""Semantics, *Ending*: S-24, what a failed job does to its session."""

from __future__ import annotations

import pytest

from .session_bench import SECOND, device


@pytest.mark.rule("S-24")
def test_a_job_that_fails_leaves_the_session_as_it_is() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s").submit("b", "s")
    bench.at(1).fail("a", "no qubits", 1999)
    assert bench.state("s") == "active"
    assert bench.running() == ["b"]
    job = bench.job("a")
    assert (job.status, job.reason, job.reason_code) == ("failed", "no qubits", 1999)
    assert "S-24.continue" in bench.steps("s")


@pytest.mark.rule("S-24", "S-20")
@pytest.mark.parametrize("draining", [False, True])
@pytest.mark.parametrize("how", ["fail", "release"])
def test_under_abort_a_failure_ends_the_session_also_while_draining(draining: bool, how: str) -> None:
    bench = device(lanes=2, failure_policy="abort")
    bench.at(0).open("s").submit("a", "s").submit("b", "s").submit("c", "s")
    if draining:
        bench.at(1).close("s")
    getattr(bench.at(2), how)("a")
    assert (bench.state("s"), bench.reason("s")) == ("closed", "job_failed")
    assert [bench.job(name).status for name in "abc"] == ["failed", "running", "failed"]
    assert bench.job("c").reason_code == 1217
    assert bench.job("a").reason_code is None


@pytest.mark.rule("S-24", "S-19")
def test_under_abort_the_last_job_of_a_draining_session_that_fails_gives_the_reason_job_failed() -> None:
    bench = device(failure_policy="abort")
    bench.at(0).open("s").submit("a", "s").close("s")
    bench.at(1).fail("a")
    assert (bench.state("s"), bench.reason("s")) == ("closed", "job_failed")


@pytest.mark.rule("S-24", "J-05")
@pytest.mark.parametrize("draining", [False, True])
def test_under_abort_running_too_long_ends_the_session_when_the_limit_strikes_and_not_when_the_device_lets_go(
    draining: bool,
) -> None:
    bench = device(failure_policy="abort")
    bench.at(0).open("s").submit("a", "s", max_execution=60 * SECOND).submit("b", "s")
    if draining:
        bench.at(1).close("s")
    bench.at(60).nothing()
    assert (bench.state("s"), bench.reason("s")) == ("closed", "job_failed")
    assert bench.session("s").closed_at == 60 * SECOND
    assert [bench.job(name).status for name in "ab"] == ["cancelling", "failed"]
    assert bench.job("a").reason_code == 1305
    assert bench.stopped() == ["a"]
    bench.at(99).release("a")
    assert bench.session("s").cancelled == 1


@pytest.mark.rule("S-24", "J-05")
def test_under_continue_running_too_long_leaves_the_session_as_it_is() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s", max_execution=60 * SECOND)
    bench.at(60).nothing()
    assert bench.state("s") == "active"
    assert bench.session("s").on_device == 1
    assert bench.steps("s")[-1] == "J-05.continue"


@pytest.mark.rule("S-24", "J-03")
@pytest.mark.parametrize("how", ["succeed", "fail", "release"])
def test_under_abort_a_clients_own_cancel_is_no_failure_whatever_the_device_reports(how: str) -> None:
    bench = device(failure_policy="abort")
    bench.at(0).open("s").submit("a", "s").submit("b", "s")
    bench.at(1).cancel_job("b")
    bench.at(2).cancel_job("a")
    getattr(bench.at(3), how)("a")
    assert bench.state("s") == "active"


@pytest.mark.rule("S-24")
def test_under_abort_the_failure_of_a_job_mode_job_takes_nothing_with_it() -> None:
    bench = device(failure_policy="abort")
    bench.at(0).submit("alone").open("s").submit("a", "s")
    bench.at(1).fail("alone")
    assert bench.state("s") == "active"

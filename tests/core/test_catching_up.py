"""Semantics, *Time*: a long silence is the same as many short ones, and no timer is missed on the way (T-02, T-03)."""

from __future__ import annotations

import random

import pytest

from sessioncore.core import (
    CancelRequested,
    CloseRequested,
    DeviceCore,
    Event,
    JobCancelRequested,
    JobStarted,
    JobSucceeded,
    OpenRequested,
    Policy,
    SubmitRequested,
)

from .session_bench import SECOND, device, lone_session

# --- catching up ---------------------------------------------------------------------------------------------------


@pytest.mark.rule("T-02", "T-03")
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("policy", ["fifo", "fair_share"])
def test_catching_up_after_a_silence_gives_the_same_as_ticking_every_microsecond_of_it(seed: int, policy: str) -> None:
    chosen = random.Random(seed)
    terms = {"interactive_ttl": 7, "no_submission": 23, "execution_limit": 13, "max_ttl": 60, "usage_limit": 40}
    slow = device(lanes=2, policy=Policy(name=policy), **terms).core
    fast = slow.fork()
    now, number = 0, 0
    for _ in range(60):
        silence = chosen.choice((0, 0, 1, 5, 30))
        event, number = _some_event(chosen, slow, now + silence, number)
        last = event.at - 1 if isinstance(event, JobSucceeded) else event.at
        ticked = [effect for tick in range(now, last + 1) for effect in slow.advance(tick)]
        assert ticked == list(fast.advance(last))
        assert _answer(slow, event) == _answer(fast, event)
        assert slow.snapshot() == fast.snapshot()
        now = slow.now
    assert len(slow.fired) > 15


def _some_event(chosen: random.Random, core: DeviceCore, at: int, number: int) -> tuple[Event, int]:
    sessions = [name for name, session in core.sessions.items() if session.accepting_jobs]
    running = [job.id for job in core.jobs.values() if job.status in ("running", "cancelling")]
    kind = chosen.choice(("open", "submit", "submit", "submit", "alone", "close", "succeed", "succeed"))
    if kind == "submit" and sessions:
        session = chosen.choice(sessions)
        return SubmitRequested(at=at, job_id=f"j{number}", session_id=session), number + 1
    if kind == "alone":
        return SubmitRequested(at=at, job_id=f"j{number}", instance=chosen.choice("xy")), number + 1
    if kind == "close" and sessions:
        return CloseRequested(at=at, session_id=chosen.choice(sessions)), number
    if kind == "succeed" and running:
        return JobSucceeded(at=at, job_id=chosen.choice(running)), number
    return OpenRequested(at=at, session_id=f"s{number}", instance=chosen.choice("xy")), number + 1


def _answer(core: DeviceCore, event: Event) -> object:
    try:
        return core.handle(event)
    except Exception as refused:  # noqa: BLE001 - whatever it is, both must say the same
        return str(refused)


# --- the heap of timers ----------------------------------------------------------------------------------------


@pytest.mark.rule("T-02")
def test_timers_that_are_no_longer_armed_are_dropped_once_they_are_the_greater_part() -> None:
    bench = lone_session()
    bench.at(0).open("s")
    for number in range(300):
        bench.core.handle(SubmitRequested(at=number, job_id=f"j{number}", session_id="s"))
        bench.core.handle(JobStarted(at=number, job_id=f"j{number}"))
        bench.core.handle(JobSucceeded(at=number, job_id=f"j{number}"))
        assert len(bench.core._timers) <= 2 * 2 + 64 + 1
    assert bench.core.next_deadline() == 60 * SECOND + 299
    bench.core.check()


@pytest.mark.rule("T-02")
def test_no_timer_is_missed_when_the_heap_is_made_anew_while_the_next_one_is_looked_for() -> None:
    bench = device()
    core = bench.core
    bench.at(0).pause().open("early").open("late")
    gone = [f"gone{number}" for number in range(200)]
    for name in gone:
        core.handle(OpenRequested(at=0, session_id=name))
    for job, session in (("a", "early"), ("b", "late")):
        core.handle(SubmitRequested(at=0, job_id=job, session_id=session))
    core.handle(JobCancelRequested(at=50 * SECOND, job_id="b"))
    core.handle(JobCancelRequested(at=100 * SECOND, job_id="a"))
    for name in gone:
        core.handle(CancelRequested(at=100 * SECOND, session_id=name))
        core.forget_session(name)
    assert core.next_deadline() == 1850 * SECOND
    bench.at(1850).nothing()
    assert (bench.state("late"), bench.state("early")) == ("closed", "open")

"""Steps a second of an exhaustive search: one session, every event in every state, a fork for every step.

    python -m tests.benchmarks.core.exploration [--jobs N] [--rounds N]

States are told apart by the configuration, the status of every job and the ticks left to each timer; jobs are submitted
in order. A step is a fork, one event and the name of the state that it leads to; an event that is refused or changes
nothing counts as well, and its fork is used again. Beside it, the same search over the class written by hand: it fires
no timer and knows nothing after it, so it is searched without time, and copied by ``deepcopy`` or by a function that
somebody wrote for it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from copy import copy, deepcopy
from functools import cache
from statistics import median
from time import process_time

from sessioncore.core import (
    IBM_GUIDE,
    CancelRequested,
    CloseRequested,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobStarted,
    JobSucceeded,
    OpenRequested,
    SessionCore,
    SubmitRequested,
)
from sessioncore.core.errors import SessionCoreError
from sessioncore.core.events import Event
from tests.benchmarks.core.by_hand import SessionByHand

PROFILE = IBM_GUIDE.with_values(max_ttl=5, interactive_ttl=2, no_submission=3, execution_limit=None)
"""Timers of a few ticks."""

Count = tuple[int, int]
"""(states, steps)"""

KINDS = (JobStarted, JobSucceeded, JobFailed, JobReleased, JobCancelRequested)


@cache
def events_at(at: int, jobs: int, most: int) -> tuple[Event, ...]:
    """Every event that concerns one session which has so many jobs, and never more than ``most``. Made once."""
    names = [f"j{number}" for number in range(most)]
    return (
        *(SubmitRequested(at=at, job_id=name, session_id="s") for name in names[jobs : jobs + 1]),
        CloseRequested(at=at, session_id="s"),
        CancelRequested(at=at, session_id="s"),
        *(kind(at=at, job_id=name) for name in names[:jobs] for kind in KINDS),
    )


def state_of(core: SessionCore) -> object:
    """What makes a difference later."""
    session, now = core.session("s"), core.now
    assert session is not None
    timers = tuple([(due - now, rank) for due, rank in session.deadlines()])
    return (session.configuration, timers, tuple([job.status for job in core.jobs.values()]))


def explored(most: int) -> Count:
    """The real core: all states, all steps."""
    first = SessionCore(profile=PROFILE)
    first.handle(OpenRequested(at=0, session_id="s"))
    seen, waiting, steps = {state_of(first)}, [first], 0

    def reach(core: SessionCore) -> None:
        if (state := state_of(core)) not in seen:
            seen.add(state)
            waiting.append(core)

    while waiting:
        core = waiting.pop()
        now, session, jobs = core.now, core.session("s"), core.jobs
        later = core.fork()
        later.advance(now + 1)
        steps += 1
        reach(later)
        fork = core.fork()
        for event in events_at(now, len(jobs), most):
            steps += 1
            try:
                effects = fork.handle(event)
            except SessionCoreError:
                continue
            if not effects and fork.session("s") is session and fork.jobs == jobs:
                continue
            reach(fork)
            fork = core.fork()
    return len(seen), steps


def explored_by_hand(most: int, fork_of: Callable[[SessionByHand], SessionByHand]) -> Count:
    """The class written by hand, without time."""
    first = SessionByHand()
    first.handle(OpenRequested(at=0, session_id="s"))

    def name(core: SessionByHand) -> object:
        return (core.state, core.accepting, tuple([job.status for job in core.jobs.values()]))

    seen, waiting, steps = {name(first)}, [first], 0
    while waiting:
        core = waiting.pop()
        fork = fork_of(core)
        for event in events_at(0, len(core.jobs), most):
            steps += 1
            try:
                fork.handle(event)
            except ValueError:
                continue
            if (state := name(fork)) not in seen:
                seen.add(state)
                waiting.append(fork)
            fork = fork_of(core)
    return len(seen), steps


def copied(core: SessionByHand) -> SessionByHand:
    """A copy as somebody writes it for this class alone."""
    twin = copy(core)
    twin.jobs = {job_id: copy(job) for job_id, job in core.jobs.items()}
    twin.limits = core.limits.copy()
    return twin


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    runs: dict[str, Callable[[], Count]] = {
        "SessionCore": lambda: explored(asked.jobs),
        "by hand, copied by hand": lambda: explored_by_hand(asked.jobs, copied),
        "by hand, deepcopy": lambda: explored_by_hand(asked.jobs, deepcopy),
    }
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(asked.rounds):
        for name, run in runs.items():
            begin = process_time()
            states, steps = run()
            seconds = process_time() - begin
            rates[name].append(steps / seconds)
            print(f"{name:26}{states:8} states {steps:9} steps {seconds:8.2f} s")
    print("steps a second: " + ", ".join(f"{name} {median(rate):,.0f}" for name, rate in rates.items()))
    print("wanted: 300,000 steps a second, and 4 jobs with all timers in less than 2 s")


if __name__ == "__main__":
    main()

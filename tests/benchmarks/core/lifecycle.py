"""The states of one session without its jobs: the pure step, by hand, and three libraries of state machines.

    pip install "sessioncore[benchmarks]"
    python -m tests.benchmarks.core.lifecycle [--jobs N] [--rounds N]

The same signals go in, the same notices come out; all count what is queued and on the device. The step makes a new
frozen session each time and answers for every profile and configuration, the others change themselves and know one
profile. Automat has no guards, so its caller picks the input.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from sessioncore.core import (
    IBM_GUIDE,
    CloseRequested,
    JobStarted,
    JobStatus,
    OpenRequested,
    Session,
    SubmitRequested,
    open_session,
    step,
)
from sessioncore.core.effects import AnyEffect
from sessioncore.core.events import Event
from sessioncore.core.signals import JobLeftDevice, JobLeftQueue
from tests.benchmarks.core.by_libraries import ByAutomat, ByPythonStatemachine, ByTransitions, Counted
from tests.benchmarks.core.interleaved import assert_same_answers, drive, measure, ratio, show
from tests.benchmarks.core.workload import BURST

Handle = Callable[[Any], tuple[AnyEffect, ...]]


class ByStep:
    """The session is a value; each signal makes the next one."""

    def __init__(self) -> None:
        self.session: Session = open_session(OpenRequested(at=0, session_id="s"), IBM_GUIDE.dedicated).session

    def handle(self, event: Event) -> tuple[AnyEffect, ...]:
        """One signal; returns its effects."""
        stepped = step(self.session, event)
        self.session = stepped.session
        return stepped.effects


class ByHand(Counted):
    """What somebody writes who needs nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.started = self.draining = False

    def handle(self, event: Any) -> tuple[AnyEffect, ...]:
        """One signal; returns its effects."""
        kind = event.__class__
        if kind is SubmitRequested:
            self.queued += 1
            return ()
        if kind is JobStarted:
            self.queued -= 1
            self.on_device += 1
            if self.started:
                return ()
            self.started = True
            return (self.notice(event, "S-09.start"),)
        if kind is CloseRequested:
            self.draining = True
            return (self.notice(event, "S-17.active"),)
        if kind is JobLeftDevice:
            self.on_device -= 1
        else:
            self.queued -= 1
        if self.queued or self.on_device or not self.draining:
            return ()
        return (self.notice(event, "S-19.done"),)


MAKERS: dict[str, Callable[[], Handle]] = {
    "by hand": lambda: ByHand().handle,
    "step": lambda: ByStep().handle,
    "Automat": lambda: ByAutomat().handle,
    "transitions": lambda: ByTransitions().handle,
    "python-statemachine": lambda: ByPythonStatemachine().handle,
}


def signals_of(jobs: int) -> list[Event]:
    """What a session hears of its clients and its jobs, a millisecond apart; one job in a burst leaves the queue."""
    heard: list[Callable[[int], Event]] = []
    for first in range(0, jobs, BURST):
        names = [f"j{number}" for number in range(first, min(first + BURST, jobs))]
        heard += [lambda at, name=name: SubmitRequested(at=at, job_id=name, session_id="s") for name in names]
        if first + BURST >= jobs:
            heard.append(lambda at: CloseRequested(at=at, session_id="s"))
        for place, name in enumerate(names):
            if place == 3:
                heard.append(lambda at, name=name: JobLeftQueue(at=at, session_id="s", job_id=name))
                continue
            heard.append(lambda at, name=name: JobStarted(at=at, job_id=name))
            heard.append(
                lambda at, name=name: JobLeftDevice(at=at, session_id="s", job_id=name, status=JobStatus.COMPLETED)
            )
    return [make(1_000 * (place + 1)) for place, make in enumerate(heard)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=11)
    asked = parser.parse_args()
    events = signals_of(asked.jobs)
    effects = assert_same_answers(MAKERS, events)
    print(f"the states of one session, {asked.jobs} jobs, {len(events)} signals, {effects} effects, equal in all")
    times = measure({name: lambda make=make: drive(make(), events) for name, make in MAKERS.items()}, asked.rounds)
    show(times, "by hand", len(events))
    for name in ("Automat", "transitions", "python-statemachine"):
        print(f"{name + ' / step':30}{ratio(times[name], times['step']):7.2f}")


if __name__ == "__main__":
    main()

"""One whole session through the core, by hand and by ``transitions``: ratios of CPU time in one interleaved run.

    python -m tests.benchmarks.core.whole_session [--jobs N] [--rounds N]

Every implementation runs once a round, in an order that turns with the rounds; a ratio is the median of the ratios of
the rounds. The events are made beforehand, the effects are made by all and compared once. Nothing is asserted
about speed: the machine that it runs on is not known.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable
from statistics import median
from time import process_time

from sessioncore.core import SessionCore
from sessioncore.core.effects import AnyEffect
from sessioncore.core.events import Event
from tests.benchmarks.core.by_hand import SessionByHand
from tests.benchmarks.core.by_transitions import SessionByMachine, SessionByMachines
from tests.benchmarks.core.workload import session_of

MAKERS: dict[str, Callable[[], SessionCore | SessionByHand]] = {
    "by hand": SessionByHand,
    "SessionCore": SessionCore,
    "transitions": SessionByMachines,
    "transitions, session only": SessionByMachine,
}


def drive(make: Callable[[], SessionCore | SessionByHand], events: list[Event]) -> float:
    """The CPU seconds of one session. The effects of every event are made and dropped."""
    handle = make().handle
    begin = process_time()
    for event in events:
        handle(event)
    return process_time() - begin


def assert_same_effects(events: list[Event]) -> int:
    """Every implementation answers every event with equal effects, in the same order. Returns how many there were."""
    told: dict[str, list[tuple[AnyEffect, ...]]] = {}
    for name, make in MAKERS.items():
        handle = make().handle
        told[name] = [handle(event) for event in events]
    first, *others = told.values()
    for other in others:
        for event, ours, theirs in zip(events, first, other, strict=True):
            assert ours == theirs, (event, ours, theirs)
    return sum(len(effects) for effects in first)


def measure(jobs: int, rounds: int) -> dict[str, list[float]]:
    """CPU seconds of every implementation, round by round."""
    events = session_of(jobs)
    names = list(MAKERS)
    times: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        for place in range(len(names)):
            name = names[(turn + place) % len(names)]
            gc.collect()
            times[name].append(drive(MAKERS[name], events))
    return times


def ratio(above: list[float], below: list[float]) -> float:
    """The median of the ratios of the rounds."""
    return median(a / b for a, b in zip(above, below, strict=True))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=31)
    asked = parser.parse_args()
    events = session_of(asked.jobs)
    effects = assert_same_effects(events)
    print(f"one session, {asked.jobs} jobs, {len(events)} events, {effects} effects, equal in all")
    times = measure(asked.jobs, asked.rounds)
    core = times["SessionCore"]
    for name, seconds in times.items():
        each = median(seconds) / len(events) * 1e6
        print(f"{name:26}{each:8.2f} us an event")
    print(f"SessionCore / by hand                    {ratio(core, times['by hand']):6.2f}   (target: at most 4)")
    print(f"transitions / SessionCore                {ratio(times['transitions'], core):6.2f}   (target: at least 3)")
    kinder = ratio(times["transitions, session only"], core)
    print(f"transitions, session only / SessionCore  {kinder:6.2f}   (less work than the core does)")


if __name__ == "__main__":
    main()

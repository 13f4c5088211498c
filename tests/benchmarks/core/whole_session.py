"""One whole session through the core, by hand and by ``transitions``: ratios of CPU time in one interleaved run.

    python -m tests.benchmarks.core.whole_session [--jobs N] [--rounds N]

The events are made beforehand, the effects are made by all and compared once. Nothing is asserted about speed: the
machine that it runs on is not known.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from sessioncore.core import SessionCore
from tests.benchmarks.core.by_hand import SessionByHand
from tests.benchmarks.core.by_transitions import SessionByMachine, SessionByMachines
from tests.benchmarks.core.interleaved import assert_same_answers, drive, measure, ratio, show
from tests.benchmarks.core.workload import session_of

MAKERS: dict[str, Callable[[], Callable[[Any], Any]]] = {
    "by hand": lambda: SessionByHand().handle,
    "SessionCore": lambda: SessionCore().handle,
    "transitions": lambda: SessionByMachines().handle,
    "transitions, session only": lambda: SessionByMachine().handle,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=31)
    asked = parser.parse_args()
    events = session_of(asked.jobs)
    effects = assert_same_answers(MAKERS, events)
    print(f"one session, {asked.jobs} jobs, {len(events)} events, {effects} effects, equal in all")
    times = measure({name: lambda make=make: drive(make(), events) for name, make in MAKERS.items()}, asked.rounds)
    show(times, "by hand", len(events))
    core = times["SessionCore"]
    print(f"SessionCore / by hand                    {ratio(core, times['by hand']):6.2f}   (wanted: at most 2.5)")
    print(f"transitions / SessionCore                {ratio(times['transitions'], core):6.2f}   (wanted: at least 5)")
    kinder = ratio(times["transitions, session only"], core)
    print(f"transitions, session only / SessionCore  {kinder:6.2f}   (less work than the core does)")


if __name__ == "__main__":
    main()

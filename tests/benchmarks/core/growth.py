"""What an event costs as a session grows: a thousand to a million jobs in one ``SessionCore``.

    python -m tests.benchmarks.core.growth [--jobs-max N] [--rounds N]

CPU time of ``handle`` alone, per event, over the last twentieth of each session's events, when its table is as large as
it gets. Sizes take turns within a round; a ratio is the median over the rounds. Once with twenty jobs queued at a time
and once with a twentieth of all jobs queued at a time, so that queue and table grow together. The garbage collector is
on, as it is for a user. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Iterator
from statistics import median
from time import process_time

from sessioncore.core import SessionCore
from sessioncore.core.events import Event
from tests.benchmarks.core.workload import BURST, bursts_of

SIZES = (1_000, 10_000, 100_000, 1_000_000)
EVENTS_MIN = 20_000
"""Sessions of one size are repeated until so many events have been timed, since a short time cannot be trusted."""


def batches(jobs: int, queued: int) -> Iterator[list[Event]]:
    """The session's events in lists of about 1,000 or more."""
    batch: list[Event] = []
    for burst in bursts_of(jobs, queued):
        batch += burst
        if len(batch) >= 1_000:
            yield batch
            batch = []
    yield batch


def last_part(jobs: int, queued: int) -> tuple[float, int]:
    """CPU seconds, and events, of the last twentieth of one session, its close included."""
    handle = SessionCore().handle
    seconds, timed, done = 0.0, 0, 0
    for batch in batches(jobs, queued):
        last = done >= 2.85 * jobs or jobs <= 1_000
        begin = process_time()
        for event in batch:
            handle(event)
        if last:
            seconds += process_time() - begin
            timed += len(batch)
        done += len(batch)
    return seconds, timed


def cost(jobs: int, queued: int) -> float:
    """Microseconds an event."""
    seconds, events = 0.0, 0
    while events < EVENTS_MIN:
        more, timed = last_part(jobs, queued)
        seconds += more
        events += timed
        gc.collect()
    return seconds / events * 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs-max", type=int, default=SIZES[-1])
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    sizes = [size for size in SIZES if size <= asked.jobs_max]
    for name, share in ((f"{BURST} jobs queued at a time", None), ("a twentieth of the jobs queued at a time", 20)):
        costs: dict[int, list[float]] = {size: [] for size in sizes}
        for _ in range(asked.rounds):
            for size in sizes:
                costs[size].append(cost(size, BURST if share is None else size // share))
        print(name)
        for size in sizes:
            times = median(now / least for now, least in zip(costs[size], costs[sizes[0]], strict=True))
            print(f"{size:>10} jobs {median(costs[size]):8.2f} us an event   {times:5.2f} times that at {sizes[0]}")
    print("target: at a million at most 2 times that at a thousand")


if __name__ == "__main__":
    main()

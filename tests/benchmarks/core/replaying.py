"""Replay of a journal: lines of JSON, events, a device core, and the effects compared with those that were recorded.

    python -m tests.benchmarks.core.replaying [--jobs N] [--rounds N]

One session's jobs on a device with one lane, which starts them itself, as a service's journal has it. Beside it, what
``json.loads`` alone takes for the same lines, and the same work for :class:`SessionByHand`, which is told when its jobs
start and reads its lines without a look at what they say.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any

from sessioncore.core import CloseRequested, Event, JobFailed, JobSucceeded, OpenRequested, SubmitRequested
from sessioncore.trace import (
    EVENT_TYPES,
    DeviceHeader,
    Header,
    encode_event,
    encode_header,
    fresh_cores,
    read_trace,
    replay,
    take,
)
from tests.benchmarks.core.by_hand import SessionByHand
from tests.benchmarks.core.interleaved import Times, measure
from tests.benchmarks.core.workload import BURST, session_of

HEADER = Header(devices=(DeviceHeader(id="d"),))


def journal(jobs: int, recorded: bool) -> list[str]:
    """The lines of a journal, with the effects or without."""
    core = fresh_cores(HEADER)["d"]
    lines = [encode_header(HEADER)]
    for seq, event in enumerate(_events(jobs), start=1):
        effects = take(core, event)
        lines.append(encode_event(event, seq, effects if recorded else None))
    return lines


def _events(jobs: int) -> list[Event]:
    events: list[Event] = [OpenRequested(at=0, session_id="s")]
    for first in range(0, jobs, BURST):
        names = [f"j{number}" for number in range(first, min(first + BURST, jobs))]
        events += [SubmitRequested(at=1_000 * (len(events) + i), job_id=n, session_id="s") for i, n in enumerate(names)]
        for place, name in enumerate(names):
            at = 1_000 * len(events)
            failed = place == 11
            events.append(JobFailed(at=at, job_id=name, reason="x") if failed else JobSucceeded(at=at, job_id=name))
    return [*events, CloseRequested(at=1_000 * len(events), session_id="s")]


def by_hand(lines: list[str]) -> None:
    """The least that a replay can do."""
    handle = SessionByHand().handle
    for line in lines:
        fields: dict[str, Any] = json.loads(line)
        del fields["seq"]
        handle(EVENT_TYPES[fields.pop("type")](**fields))


def timed(run: Callable[[], object]) -> Callable[[], float]:
    """CPU seconds of a run."""

    def seconds() -> float:
        begin = process_time()
        run()
        return process_time() - begin

    return seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    bare, full = journal(asked.jobs, recorded=False), journal(asked.jobs, recorded=True)
    own = [encode_event(event, seq) for seq, event in enumerate(session_of(asked.jobs), start=1)][1:]
    first = encode_event(OpenRequested(at=0, session_id="s"), 1)
    runs: dict[str, tuple[int, Callable[[], object]]] = {}
    for name, lines in (("events alone", bare), ("with effects", full)):
        trace = read_trace(lines)
        runs |= {
            f"{name}: json.loads": (len(lines), lambda lines=lines: [json.loads(line) for line in lines]),
            f"{name}: read": (len(lines), lambda lines=lines: read_trace(lines)),
            f"{name}: replay": (len(lines), lambda trace=trace: replay(trace)),
            f"{name}: read and replay": (len(lines), lambda lines=lines: replay(read_trace(lines))),
        }
    runs["by hand, events alone"] = (len(own), lambda: by_hand([_plain(first), *own]))
    times: Times = measure({name: timed(run) for name, (_, run) in runs.items()}, asked.rounds)
    for name, (lines_in, _) in runs.items():
        each = median(times[name]) / lines_in
        print(f"{name:32}{each * 1e6:8.2f} us an event {1 / each:12,.0f} events a second")
    print("wanted: 150,000 events a second, read and replayed")


def _plain(line: str) -> str:
    """Without what :func:`by_hand` would have to translate."""
    fields = json.loads(line)
    del fields["mode"]
    return json.dumps(fields)


if __name__ == "__main__":
    main()

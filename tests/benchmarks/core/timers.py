"""What armed timers cost in memory and in time: a device with very many sessions, each waiting for its next timer.

    python -m tests.benchmarks.core.timers [--sessions N]

The same sessions are opened in two fresh processes, once under the guide's profile, where each has its no-submission
timer armed, once with that timer switched off. The difference of what the two processes hold, per session, is what the
timers cost: their entries in the heap and the numbers in them. The heap keeps one entry a session, however many of its
timers are armed. Then time passes, and every timer fires.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import subprocess
import sys
from time import process_time

from sessioncore.core import IBM_GUIDE, CancelRequested, DeviceCore, OpenRequested

STEP_US = 10
KIB = 1024


def opened(sessions: int, armed: bool) -> dict[str, float]:
    """What one process measures: bytes that it holds, and microseconds a session for arming and for firing."""
    profile = IBM_GUIDE if armed else IBM_GUIDE.with_values(no_submission=None)
    core = DeviceCore("d", profile=profile)
    gc.disable()  # there is no garbage, and looking for it would be most of the time
    before = _resident()
    begin = process_time()
    for number in range(sessions):
        core.handle(OpenRequested(at=number * STEP_US, session_id=f"s{number}"))
    opening = process_time() - begin
    held = _resident() - before
    begin = process_time()
    if armed:
        core.advance(sessions * STEP_US + (IBM_GUIDE.dedicated.no_submission or 0))
    else:
        for number in range(sessions):
            core.handle(CancelRequested(at=sessions * STEP_US, session_id=f"s{number}"))
    ending = process_time() - begin
    assert all(session.closed_at is not None for session in core.sessions.values())
    return {"held": held, "opening": opening / sessions * 1e6, "ending": ending / sessions * 1e6}


def _resident() -> float:
    """The most that this process ever held, in bytes; it only grows while sessions are opened."""
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB)


def apart(sessions: int, armed: bool) -> dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", __spec__.name, "--sessions", str(sessions), "--child", str(armed)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=1_000_000)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child is not None:
        print(json.dumps(opened(asked.sessions, asked.child == "True")))
        return
    armed, bare = apart(asked.sessions, True), apart(asked.sessions, False)
    timers = (armed["held"] - bare["held"]) / asked.sessions
    print(f"{asked.sessions} sessions hold {armed['held'] / asked.sessions:.0f} bytes each, all told")
    print(f"their armed timers    {timers:8.0f} bytes each   (wanted: at most 400)")
    print(f"opening with a timer  {armed['opening']:8.2f} us a session, {bare['opening']:.2f} without")
    print(f"closed by its timer   {armed['ending']:8.2f} us a session, {bare['ending']:.2f} by a request")


if __name__ == "__main__":
    main()

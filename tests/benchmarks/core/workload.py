"""The work that is measured: one dedicated session from its creation to its close, as frozen events.

Jobs come in bursts of twenty, as from an optimiser's gradient; the device takes them one after another. In every burst,
one is cancelled in the queue, one while it runs, one fails. The last burst is closed over: the session drains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sessioncore.core.events import (
    CloseRequested,
    Event,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobStarted,
    JobSucceeded,
    OpenRequested,
    SubmitRequested,
)

BURST = 20
STEP_US = 1_000


def session_of(jobs: int) -> list[Event]:
    """All events of one session with this many jobs, about three a job, a millisecond apart."""
    return [event for burst in bursts_of(jobs) for event in burst]


def bursts_of(jobs: int, size: int = BURST) -> Iterator[list[Event]]:
    """The same, burst by burst, so that a million jobs are never in memory as events; ``size`` jobs queue at once."""
    at = 0

    def now() -> int:
        nonlocal at
        at += STEP_US
        return at

    yield [OpenRequested(at=0, session_id="s")]
    for first in range(0, jobs, size):
        burst = [f"j{number}" for number in range(first, min(first + size, jobs))]
        events: list[Event] = [SubmitRequested(at=now(), job_id=job_id, session_id="s") for job_id in burst]
        if first + size >= jobs:
            events.append(CloseRequested(at=now(), session_id="s"))
        for place, job_id in enumerate(burst):
            events += _life(place % BURST, job_id, now)
        yield events


def _life(place: int, job_id: str, now: Callable[[], int]) -> list[Event]:
    """What happens to one queued job."""
    if place == 3:
        return [JobCancelRequested(at=now(), job_id=job_id)]
    started = JobStarted(at=now(), job_id=job_id)
    if place == 7:
        return [started, JobCancelRequested(at=now(), job_id=job_id), JobReleased(at=now(), job_id=job_id)]
    if place == 11:
        return [started, JobFailed(at=now(), job_id=job_id, reason="calibration")]
    return [started, JobSucceeded(at=now(), job_id=job_id)]

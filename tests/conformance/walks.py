"""Random programs for a target with virtual time: what might happen next, drawn from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from sessioncore.conformance.faults import PlainDevice
from sessioncore.core import (
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobSucceeded,
    Mode,
    OfflineRequested,
    OpenRequested,
    PauseRequested,
    ResumeRequested,
    SubmitRequested,
)
from sessioncore.core.events import Advanced

UNKNOWN = "nobody"


def walk(device: PlainDevice, rng: Random, length: int) -> Iterator[Event]:
    """Events that suit the device as it stands when each is asked for, sense and nonsense mixed."""
    for number in range(length):
        yield event_at(moment(device, rng), device, rng, number)


def moment(device: PlainDevice, rng: Random) -> int:
    """Now, a little later, or next to the next deadline."""
    due = device.next_deadline()
    choice = rng.random()
    if due is None or choice < 0.55:
        return device.now + rng.choice((0, 0, 1, 7))
    return max(device.now, due + rng.choice((-1, 0, 0, 0, 1, 5)))


def event_at(at: int, device: PlainDevice, rng: Random, number: int) -> Event:
    """One event at that instant."""
    session = rng.choice([*device.sessions][-3:] * 4 + [UNKNOWN])
    job = rng.choice([*device.jobs][-5:] * 4 + [UNKNOWN])
    if device.on_device and rng.random() < 0.7:
        job = rng.choice(device.on_device)
    mode = rng.choice((Mode.DEDICATED, Mode.DEDICATED, Mode.BATCH))
    length = rng.choice((None, None, None, None, 1, 3, 40, 0, -1, 10**9))
    makers = (
        (1, lambda: OpenRequested(at=at, session_id=f"s{number}", mode=mode, max_ttl=length)),
        (8, lambda: SubmitRequested(at=at, job_id=f"j{number}", session_id=session, max_execution=length)),
        (2, lambda: SubmitRequested(at=at, job_id=f"j{number}", max_execution=length)),
        (2, lambda: CloseRequested(at=at, session_id=session)),
        (1, lambda: CancelRequested(at=at, session_id=session)),
        (2, lambda: JobCancelRequested(at=at, job_id=job)),
        (2, lambda: PauseRequested(at=at)),
        (0.3, lambda: OfflineRequested(at=at)),
        (2, lambda: ResumeRequested(at=at)),
        (6, lambda: JobSucceeded(at=at, job_id=job)),
        (2, lambda: JobFailed(at=at, job_id=job, reason_code=rng.choice((None, 9999)))),
        (1, lambda: JobReleased(at=at, job_id=job)),
        (2, lambda: Advanced(at=at)),
    )
    weights, made = zip(*makers, strict=True)
    return rng.choices(made, weights)[0]()

"""Sessions and jobs are drafts inside a core until somebody looks at them. Nobody can tell; nobody holds a draft."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import attrs
import pytest

from sessioncore.core import (
    CancelRequested,
    CloseRequested,
    DeviceCore,
    Event,
    Job,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobSucceeded,
    OpenRequested,
    Session,
    SubmitRequested,
)
from sessioncore.core.errors import SessionCoreError

JOBS = [f"j{number}" for number in range(12)]
SESSIONS = ["s", "t"]
FACES: dict[str, Callable[[DeviceCore], object]] = {
    "sessions": lambda core: core.sessions,
    "one session": lambda core: [core.session(name) for name in SESSIONS],
    "jobs": lambda core: core.jobs,
    "one job": lambda core: [core.job(name) for name in JOBS],
    "snapshot": lambda core: core.snapshot(),
    "fork": lambda core: core.fork(),
    "check": lambda core: core.check(),
}


def life(seed: int, steps: int = 60) -> Iterator[Event]:
    """Requests and reports that mostly make sense, a second apart."""
    rng = random.Random(seed)
    yield from (OpenRequested(at=0, session_id=name) for name in SESSIONS)
    for at in range(1_000_000, steps * 1_000_000, 1_000_000):
        name, job, late = rng.choice(SESSIONS), rng.choice(JOBS), at > steps * 600_000
        yield rng.choice(
            [
                *[SubmitRequested(at=at, job_id=job, session_id=rng.choice([*SESSIONS, None]))] * 5,
                *[JobSucceeded(at=at, job_id=job)] * 6,
                JobFailed(at=at, job_id=job, reason="broken"),
                JobReleased(at=at, job_id=job),
                JobCancelRequested(at=at, job_id=job),
                *[CloseRequested(at=at, session_id=name), CancelRequested(at=at, session_id=name)][: late * 2],
            ]
        )


def drive(core: DeviceCore, event: Event) -> object:
    """What comes of an event: effects, or the words of a refusal."""
    before = core.advance(event.at - 1)
    try:
        return before + core.handle(event)
    except SessionCoreError as error:
        return str(error)


@pytest.mark.parametrize("face", FACES)
def test_a_core_that_is_looked_at_after_every_event_does_what_one_does_that_nobody_looks_at(face: str) -> None:
    for seed in range(20):
        watched, alone = DeviceCore("d", lanes=2), DeviceCore("d", lanes=2)
        for event in life(seed):
            assert drive(watched, event) == drive(alone, event)
            FACES[face](watched)
        assert watched.snapshot() == alone.snapshot()


HANDS: dict[str, Callable[[DeviceCore], list[Session | Job | None]]] = {
    "sessions": lambda core: list(core.sessions.values()),
    "one session": lambda core: [core.session(name) for name in SESSIONS],
    "jobs": lambda core: list(core.jobs.values()),
    "one job": lambda core: [core.job(name) for name in JOBS],
    "snapshot": lambda core: [*core.snapshot().jobs, *(record.session for record in core.snapshot().sessions)],
}


@pytest.mark.parametrize("hand", HANDS)
@pytest.mark.parametrize("seed", range(5))
def test_what_somebody_holds_never_changes_again(hand: str, seed: int) -> None:
    core = DeviceCore("d", lanes=2)
    held: list[tuple[Session | Job, str]] = []
    for event in life(seed):
        drive(core, event)
        held += [(one, repr(one)) for one in HANDS[hand](core) if one is not None]
    assert len({text for _, text in held}) > 5
    assert all(repr(one) == text for one, text in held)
    for one, _ in held:
        assert type(one) in (Session, Job)
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            one.configuration = one.status = None  # type: ignore[union-attr, misc] # that is the point
        assert hash(one) == hash(attrs.evolve(one))


@pytest.mark.parametrize("seed", range(10))
def test_a_fork_and_its_origin_do_not_share_what_changes(seed: int) -> None:
    events = list(life(seed))
    for parting in range(2, len(events), 7):
        origin, whole = DeviceCore("d", lanes=2), DeviceCore("d", lanes=2)
        for event in events[:parting]:
            drive(origin, event)
            drive(whole, event)
        twin = origin.fork()
        for event in life(seed + 100):
            if event.at > origin.now:
                drive(twin, event)
        for event in events[parting:]:
            assert drive(origin, event) == drive(whole, event)
        assert origin.snapshot() == whole.snapshot()

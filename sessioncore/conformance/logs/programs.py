"""Random programs, and traces of what comes of them: what the power of this tier is measured on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from random import Random

from sessioncore.core.device_core import DeviceCore
from sessioncore.core.effects import AnyEffect
from sessioncore.core.errors import ClientError
from sessioncore.core.events import (
    REPORTS,
    Advanced,
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobSucceeded,
    OpenRequested,
    PauseRequested,
    ResumeRequested,
    SubmitRequested,
)
from sessioncore.core.job import ON_DEVICE
from sessioncore.core.profiles import IBM_GUIDE, Profile
from sessioncore.core.states import DeviceState, Mode
from sessioncore.trace import DeviceHeader, Entry, Header, Observation, Recorded, Trace

from ..cases import translated
from ..protocol import Accepted, Rejected, SystemUnderTest, Unsupported
from ..reference import view_of
from .showing import answered, observed, raised

SECOND = 1_000_000

BRIEF: Profile = IBM_GUIDE.with_values(
    max_ttl=120 * SECOND, interactive_ttl=10 * SECOND, no_submission=30 * SECOND, execution_limit=40 * SECOND
)
"""The guide's rules with timers that a short program meets."""


def program(seed: int, length: int = 40, *, profile: Profile = BRIEF, lanes: int = 1, start: int = 0) -> list[Event]:
    """Events that make sense together: sessions with jobs, idle times, closings and cancellations."""
    rng = Random(seed)  # noqa: S311 - a program to try things on
    core = DeviceCore("device", lanes=lanes, profile=profile, now=start)
    made: list[Event] = []
    while len(made) < length:
        event = _next(core, rng, len(made))
        try:
            core.advance(event.at - 1 if isinstance(event, REPORTS) else event.at)
            core.handle(event)
        except ClientError:
            pass
        made.append(event)
    return made


def _next(core: DeviceCore, rng: Random, number: int) -> Event:
    at = _moment(core, rng)
    twin = core.fork()
    twin.advance(at)
    live = [name for name, session in twin.sessions.items() if session.closed_at is None]
    gone = [name for name in twin.sessions if name not in live]
    running = [job.id for job in twin.jobs.values() if job.status in ON_DEVICE]
    queued = [job.id for job in twin.jobs.values() if job.status not in ON_DEVICE and job.ended_at is None]
    if twin.state is DeviceState.PAUSED and rng.random() < 0.5:
        return ResumeRequested(at=at)
    if not live or (len(live) < 3 and rng.random() < 0.08):
        mode = rng.choice((Mode.DEDICATED, Mode.DEDICATED, Mode.BATCH))
        return OpenRequested(at=at, session_id=f"s{number}", mode=mode, max_ttl=rng.choice((None, None, 60 * SECOND)))
    session = rng.choice(gone) if gone and rng.random() < 0.08 else rng.choice(live)
    choices: list[tuple[float, Callable[[], Event]]] = [
        (6, lambda: SubmitRequested(at=at, job_id=f"j{number}", session_id=session)),
        (0.6, lambda: SubmitRequested(at=at, job_id=f"j{number}")),
        (1.2, lambda: CloseRequested(at=at, session_id=session)),
        (0.5, lambda: CancelRequested(at=at, session_id=session)),
        (0.2, lambda: PauseRequested(at=at)),
        (1, lambda: Advanced(at=at)),
    ]
    if queued:
        choices.append((0.6, lambda: JobCancelRequested(at=at, job_id=rng.choice(queued))))
    if running:
        job = rng.choice(running)
        choices += [
            (7, lambda: JobSucceeded(at=at, job_id=job)),
            (1, lambda: JobFailed(at=at, job_id=job, reason="broken", reason_code=9999)),
            (0.4, lambda: JobReleased(at=at, job_id=job)),
            (0.5, lambda: JobCancelRequested(at=at, job_id=job)),
        ]
    weights, makers = zip(*choices, strict=True)
    made: Event = rng.choices(makers, weights)[0]()
    return made


def _moment(core: DeviceCore, rng: Random) -> int:
    """A little later, next to the next deadline, or well behind it."""
    due = core.next_deadline()
    kind = rng.random()
    if due is not None and kind < 0.12:
        return max(core.now + 1, due + rng.choice((-SECOND, 1, SECOND, 7 * SECOND)))
    return core.now + rng.randint(1, 3 * SECOND if kind < 0.85 else 20 * SECOND)


def recorded(
    events: Iterable[Event], *, profile: Profile = BRIEF, lanes: int = 1, start: int = 0, every: int = 0
) -> Trace:
    """What a ``DeviceCore`` makes of the events: each with its effects, refused ones with the answer.

    ``every`` so many events an observation stands in the trace; 0 for none.
    """
    core = DeviceCore("device", lanes=lanes, profile=profile, now=start)
    return _trace(_of_core(core, events, every), profile, lanes, start)


def _of_core(core: DeviceCore, events: Iterable[Event], every: int) -> Iterator[Entry]:
    seq = 0
    for number, event in enumerate(events, start=1):
        effects: tuple[AnyEffect, ...] = ()
        host = None
        due = event.at - 1 if isinstance(event, REPORTS) else event.at
        effects += core.advance(due) if due > core.now else ()
        try:
            effects += core.handle(event)
        except ClientError as error:
            host = {"answer": answered(Rejected(code=error.code, http_status=error.http_status, message=error.message))}
        seq += 1
        yield Recorded(seq=seq, event=event, effects=effects, host=host)
        if every and number % every == 0:
            seq += 1
            yield Observation(seq=seq, at=core.now, observed=observed(view_of(core, core.now)))


def watched(target: SystemUnderTest, events: Iterable[Event], *, profile: Profile = BRIEF, lanes: int = 1) -> Trace:
    """What a target makes of the events (with times from 0): each with the answer, and what was seen after it.

    Its own ids stand in the trace, and its clock.
    """
    origin = target.observe().at
    return _trace(_of_target(target, events, origin), profile, lanes, origin)


def _of_target(target: SystemUnderTest, events: Iterable[Event], origin: int) -> Iterator[Entry]:
    seq, now = 0, origin
    names: dict[str, str] = {}
    for event in events:
        at = origin + event.at
        due = at - 1 if isinstance(event, REPORTS) else at
        if due > now:
            target.advance(due - now)
        now = max(now, due)
        sent = translated(event, at, names)
        outcome: Accepted | Rejected | Unsupported = Accepted()
        if not isinstance(event, Advanced):
            try:
                outcome = target.apply(sent)
            except Exception as error:  # noqa: BLE001 - whatever it raises is told
                yield Recorded(seq=seq + 1, event=sent, host={"answer": raised(error)})
                return
            now = at
        if isinstance(outcome, Accepted) and outcome.id is not None:
            names[event.session_id if isinstance(event, OpenRequested) else _job(event)] = outcome.id
            sent = translated(sent, at, {name: made for name, made in names.items() if name == _made(event)})
        seq += 1
        yield Recorded(seq=seq, event=sent, host={"answer": answered(outcome)})
        view = target.observe()
        seq += 1
        yield Observation(seq=seq, at=view.at, observed=observed(view))


def _job(event: Event) -> str:
    return getattr(event, "job_id", "")


def _made(event: Event) -> str:
    return event.session_id if isinstance(event, OpenRequested) else _job(event)


def _trace(entries: Iterator[Entry], profile: Profile, lanes: int, start: int) -> Trace:
    devices = (DeviceHeader(id="device", lanes=lanes),)
    return Trace(header=Header(devices=devices, profile=profile, started_at=start), entries=tuple(entries))

"""The shortest trace that tells a faulty implementation from a correct one: a breadth-first search of their product.

A trace is a sequence of events, each of them now, at a deadline that one of the two has set, a microsecond before it,
or a second after the last of them. Time that passes on the way to an event costs nothing; time that passes and nothing
else is an event of its own. No trace over the same events and those moments is shorter than the one found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

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
from sessioncore.core.states import Mode

from ..protocol import Accepted, Outcome, Rejected
from .fault import Fault
from .plain import PlainDevice
from .records import PlainSession

SECOND = 1_000_000
JOBS_MAX = 3
"""How many jobs a trace may have."""

NODES_MAX = 120_000
"""After how many states of the product the search gives up."""

STRANGER = "nobody"
Trace: TypeAlias = tuple[Event, ...]
Move: TypeAlias = Callable[..., Event]


def shortest_trace(
    fault: Fault, *, depth: int = 12, nodes: int = NODES_MAX, also: tuple[str, ...] = ()
) -> Trace | None:
    """The shortest trace on which the fault shows, with times from 0, or None if there is none of that length.

    The alphabet is that of the fault's needs, and of ``also``. Raises :class:`RuntimeError` when the product has more
    than ``nodes`` states within that length.
    """
    right = PlainDevice(fault.profile, lanes=fault.lanes, origin=0)
    wrong = fault.target(fault.profile, lanes=fault.lanes, origin=0)
    needs = tuple(dict.fromkeys(fault.needs + also))
    level: list[tuple[PlainDevice, PlainDevice, Trace]] = [(right, wrong, ())]
    seen = {(fingerprint(right), fingerprint(wrong))}
    for _ in range(depth):
        following = []
        for right, wrong, trace in level:
            for event in moves(right, wrong, needs):
                if fault.events and not also and type(event).__name__ not in fault.events:
                    continue
                good, bad = right.copy(), wrong.copy()
                if parted(good, bad, event):
                    return (*trace, event)
                key = fingerprint(good), fingerprint(bad)
                if key not in seen:
                    seen.add(key)
                    following.append((good, bad, (*trace, event)))
            if len(seen) > nodes:
                raise RuntimeError(f"{fault.id}: more than {nodes} states within {len(trace) + 1} events")
        level = following
    return None


WIDER: tuple[tuple[int, tuple[str, ...]], ...] = ((3, ("pause", "lengths")), (2, ("pause", "solo", "lengths", "batch")))
"""Alphabets beyond a fault's needs, and up to which length they are searched as well: they grow too fast for more."""


def searched(fault: Fault) -> Trace | None:
    """The shortest trace over the alphabet of the fault's needs, or a shorter one over a wider alphabet."""
    best = shortest_trace(fault)
    for longest, also in WIDER:
        depth = longest if best is None else min(longest, len(best) - 1)
        best = shortest_trace(fault, depth=depth, also=also) or best
    return best


def parted(right: PlainDevice, wrong: PlainDevice, event: Event) -> bool:
    """Hand an event to both, time first; whether answers or views differ."""
    until = event.at - 1 if isinstance(event, REPORTS) else event.at
    if until > right.now:
        right.advance(until - right.now)
        wrong.advance(until - wrong.now)
        if right.observe() != wrong.observe():
            return True
    if isinstance(event, Advanced):
        return False
    return not same_answer(answer(right, event), answer(wrong, event)) or right.observe() != wrong.observe()


def answer(device: PlainDevice, event: Event) -> Outcome | str:
    """What it answers; of an exception, the name."""
    try:
        return device.apply(event)
    except (KeyError, ValueError) as error:
        return type(error).__name__


def same_answer(one: Outcome | str, other: Outcome | str) -> bool:
    """Whether two answers are alike but for their texts."""
    if isinstance(one, Rejected) and isinstance(other, Rejected):
        return (one.code, one.http_status) == (other.code, other.http_status)
    return one == other if isinstance(one, Accepted) else type(one) is type(other)


def shows(fault: Fault, trace: Trace) -> bool:
    """Whether the fault shows at the last event of a trace, and not before."""
    right = PlainDevice(fault.profile, lanes=fault.lanes, origin=0)
    wrong = fault.target(fault.profile, lanes=fault.lanes, origin=0)
    return [parted(right, wrong, event) for event in trace].index(True) == len(trace) - 1


def fingerprint(device: PlainDevice) -> tuple[Any, ...]:
    """Everything that a device knows, as one value that can be hashed."""
    return (
        device.now,
        device.online,
        tuple(device.waiting),
        tuple(device.on_device),
        tuple(device.active),
        tuple(device.notes.items()),
        *(tuple(_flat(thing)) for thing in (*device.sessions.values(), *device.jobs.values())),
    )


def _flat(thing: Any) -> Iterator[Any]:
    for kept in thing.__dict__.values():
        if isinstance(kept, list):
            yield tuple(kept)
        elif isinstance(kept, dict):
            yield tuple(kept.items())
        elif isinstance(kept, int | str | None):
            yield kept


# --- what may happen next --------------------------------------------------------------------------------------


def moves(right: PlainDevice, wrong: PlainDevice, needs: tuple[str, ...]) -> Iterator[Event]:
    """Every event of the alphabet that the needs ask for, at every moment that matters."""
    now = right.now
    dues = {due for due in right.armed() | wrong.armed() if due > now}
    moments = {now} | {at for due in dues for at in (due - 1, due)}
    later = {max(dues, default=now) + SECOND} | ({now + SECOND} if "later" in needs else set())
    dues |= later
    moments |= later
    for due in sorted(dues):
        yield Advanced(at=due)
    made = [*_sessions(right, needs), *_jobs(right), *_device(right, needs)]
    for at in sorted(moments):
        for move in made:
            yield move(at=at)
    if "back" in needs and now:
        yield PauseRequested(at=now // 2)


def _sessions(device: PlainDevice, needs: tuple[str, ...]) -> Iterator[Move]:
    job = f"j{len(device.jobs) + 1}"
    room = len(device.jobs) < JOBS_MAX
    if not device.sessions or ("two" in needs and len(device.sessions) == 1):
        yield from _openings("ab"[len(device.sessions)], device, needs)
    for session in device.sessions.values():
        yield from _requests(session, job, room, needs)
    if "solo" in needs and room:
        yield partial(SubmitRequested, job_id=job)
    if "strangers" in needs:
        yield partial(SubmitRequested, job_id=job, session_id=STRANGER)
        yield partial(CloseRequested, session_id=STRANGER)
        yield partial(CancelRequested, session_id=STRANGER)
        yield partial(JobCancelRequested, job_id=STRANGER)


def _openings(name: str, device: PlainDevice, needs: tuple[str, ...]) -> Iterator[Move]:
    yield partial(OpenRequested, session_id=name)
    if "batch" in needs:
        yield partial(OpenRequested, session_id=name, mode=Mode.BATCH)
    if "lengths" in needs:
        for length in (0, 5 * SECOND, (device.profile.dedicated.max_ttl or 0) + 1):
            yield partial(OpenRequested, session_id=name, max_ttl=length)


def _requests(session: PlainSession, job: str, room: bool, needs: tuple[str, ...]) -> Iterator[Move]:
    name = session.id
    if room:
        yield partial(SubmitRequested, job_id=job, session_id=name)
        if "lengths" in needs and session.max_ttl is not None:
            for length in (0, session.max_ttl // 2, session.max_ttl, session.max_ttl + 1):
                yield partial(SubmitRequested, job_id=job, session_id=name, max_execution=length)
    yield partial(CloseRequested, session_id=name)
    yield partial(CancelRequested, session_id=name)


def _jobs(device: PlainDevice) -> Iterator[Move]:
    for name in device.jobs:
        yield partial(JobSucceeded, job_id=name)
        yield partial(JobFailed, job_id=name, reason_code=9999)
        yield partial(JobReleased, job_id=name)
        yield partial(JobCancelRequested, job_id=name)


def _device(device: PlainDevice, needs: tuple[str, ...]) -> Iterator[Move]:
    if "pause" in needs:
        yield PauseRequested if device.online else ResumeRequested

"""Cases for the wire: lengths in whole seconds, ids that nobody gave, every way to end, two sessions side by side."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from sessioncore.core.durations import SECOND
from sessioncore.core.events import (
    Advanced,
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    JobFailed,
    JobSucceeded,
    OpenRequested,
    SubmitRequested,
)
from sessioncore.core.profiles import Profile
from sessioncore.core.states import Mode
from sessioncore.core.values import replaced

from ..cases import Case

OPENED = OpenRequested(at=0, session_id="a")


def wire_cases(profile: Profile) -> Iterator[Case]:
    """A few short cases that no selection leaves out: one at least for what only a service can get wrong."""
    yield from _lengths(profile)
    yield from _timers(profile)
    yield from _ends()
    yield from _together()
    yield from _unknown()


def in_seconds(case: Case) -> Case:
    """The case with every length of time that a client asks for rounded up to whole seconds, as the wire has it."""
    events = []
    for event in case.events:
        for name in ("max_ttl", "max_execution"):
            length = getattr(event, name, None)
            if length is not None and length % SECOND:
                event = replaced(event, **{name: _up(length)})
        events.append(event)
    return attrs.evolve(case, events=tuple(events))


def _lengths(profile: Profile) -> Iterator[Case]:
    """S-02, S-03, S-07: what is asked for is taken or refused, and a refusal leaves nothing behind."""
    ceiling = profile.dedicated.max_ttl
    impossible = (0, -SECOND) if ceiling is None else (0, -SECOND, _up(ceiling) + SECOND)
    for length in impossible:
        refused = OpenRequested(at=0, session_id="a", max_ttl=length)
        yield Case(name=f"wire S-02 {length // SECOND} s", events=(refused,))
    short = 600 * SECOND if ceiling is None else min(ceiling // 2 // SECOND * SECOND, 600 * SECOND)
    if short < 2 * SECOND:
        return
    for mode in Mode:
        opened = OpenRequested(at=0, session_id="a", mode=mode, max_ttl=short)
        yield Case(name=f"wire S-03 {mode.value} for {short // SECOND} s", events=(opened, _submit("j1"), _end("j1")))
    opened = OpenRequested(at=0, session_id="a", max_ttl=short)
    for length in (0, -SECOND, short + SECOND):
        refused_job = SubmitRequested(at=0, job_id="j1", session_id="a", max_execution=length)
        yield Case(name=f"wire S-07 {length // SECOND} s", events=(opened, refused_job, _submit("j2"), _end("j2")))


def _timers(profile: Profile) -> Iterator[Case]:
    """S-14, S-15, S-16: every timer of a session a moment before its deadline and at it."""
    half = profile.dedicated
    if half.no_submission is not None:
        due = half.no_submission
        yield Case(name="wire S-16", events=(OPENED, Advanced(at=due - 1), Advanced(at=due)))
    if half.interactive_ttl is not None:
        due = half.interactive_ttl
        idle = (OPENED, _submit("j1"), _end("j1"), Advanced(at=due - 1), Advanced(at=due))
        again = (SubmitRequested(at=due, job_id="j2", session_id="a"), JobSucceeded(at=due + 1, job_id="j2"))
        yield Case(name="wire S-14", events=(*idle, *again))
    if half.max_ttl is not None:
        due = min(half.max_ttl // SECOND, 100) * SECOND
        opened = OpenRequested(at=0, session_id="a", max_ttl=due or None)
        busy = (opened, _submit("j1"), _submit("j2"), Advanced(at=due - 1), Advanced(at=due))
        yield Case(name="wire S-15", events=(*busy, JobCancelRequested(at=due, job_id="j1")))


def _ends() -> Iterator[Case]:
    """Each request about a session and its jobs in each way in which they can have ended."""
    close, cancel = CloseRequested(at=0, session_id="a"), CancelRequested(at=0, session_id="a")
    for name, ending in (("closed", (close,)), ("cancelled", (cancel,))):
        again: tuple[Event, ...] = (_submit("j9"), close, cancel, close, cancel)
        yield Case(name=f"wire {name} and then everything", events=(OPENED, *ending, *again))
    busy = (OPENED, _submit("j1"), _submit("j2"))
    drain = (close, _submit("j9"), close, JobCancelRequested(at=0, job_id="j2"), JobCancelRequested(at=0, job_id="j1"))
    yield Case(name="wire draining", events=(*busy, *drain))
    yield Case(name="wire cancelled while draining", events=(*busy, close, cancel, _drop("j1"), _drop("j2")))
    yield Case(name="wire cancelled with work", events=(*busy, cancel, _submit("j9"), _drop("j2"), _drop("j1")))
    yield Case(name="wire closed with its last work", events=(OPENED, _submit("j1"), close, _end("j1"), _drop("j1")))
    yield Case(name="wire a job that has completed", events=(OPENED, _submit("j1"), _end("j1"), _drop("j1")))
    failed = JobFailed(at=0, job_id="j1")
    yield Case(name="wire a job that has failed", events=(OPENED, _submit("j1"), failed, _drop("j1"), _submit("j2")))
    yield Case(name="wire a job cancelled twice", events=(*busy, _drop("j2"), _drop("j2"), _drop("j1"), _drop("j1")))


def _together() -> Iterator[Case]:
    """Two sessions and a job of its own: what is done to one is not done to another."""
    for mode in Mode:
        other = OpenRequested(at=0, session_id="b", mode=mode)
        both = (OPENED, other, _submit("j1"), _submit("j2", "b"), _submit("j3", None), _submit("j4"))
        yield Case(name=f"wire together: {mode.value}, a job", events=(*both, _drop("j4"), _drop("j2"), _drop("j1")))
        for ending in (CloseRequested(at=0, session_id="a"), CancelRequested(at=0, session_id="a")):
            word = type(ending).__name__
            yield Case(name=f"wire together: {mode.value}, {word}", events=(*both, ending, _drop("j1"), _drop("j2")))


def _unknown() -> Iterator[Case]:
    """J-09: an id that nobody gave."""
    for event in (
        CloseRequested(at=0, session_id="nobody"),
        CancelRequested(at=0, session_id="nobody"),
        _submit("j1", "nobody"),
        _drop("nothing"),
    ):
        yield Case(name=f"wire unknown id in {type(event).__name__}", events=(OPENED, event))


def _submit(job: str, session: str | None = "a") -> SubmitRequested:
    return SubmitRequested(at=0, job_id=job, session_id=session)


def _drop(job: str) -> JobCancelRequested:
    return JobCancelRequested(at=0, job_id=job)


def _end(job: str) -> JobSucceeded:
    return JobSucceeded(at=0, job_id=job)


def _up(length: int) -> int:
    """To whole seconds."""
    return -(-length // SECOND) * SECOND

"""One line of the log, held against one state: the states that it leads to, or what it contradicts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import attrs

from sessioncore.core.errors import ClientError, HostError
from sessioncore.core.events import (
    TIMERS,
    JobCancelRequested,
    JobStarted,
    OpenRequested,
    SubmitRequested,
)
from sessioncore.core.job import FINAL, ON_DEVICE, Job
from sessioncore.core.session import Session
from sessioncore.core.states import Mode
from sessioncore.core.values import replaced

from ..blame import tell
from ..protocol import DURATIONS, TIMES, UNSEEN, WORDS, Accepted, JobView, Rejected, SessionView
from ..reference import SEEN_AS, see_session
from ..results import Difference
from .hidden import room
from .items import Did, Item, Saw
from .states import CHANGED, State
from .subject import Subject
from .zones import NOW, ORIGIN

SESSION_CLOSED = 1217
JOB_ENDED = 1292


@final
@attrs.frozen(kw_only=True)
class Clash:
    """What a line contradicts. ``rules`` are those that say so, where the line alone shows it; ``late`` says that only
    its time is wrong."""

    differences: tuple[Difference, ...] = ()
    rules: tuple[str, ...] = ()
    late: bool = False


def explained(state: State, item: Item, subject: Subject, *, free_time: bool = False) -> Iterator[State | Clash]:
    """The states in which the line leaves the service, and every reason why it cannot be.

    ``free_time`` asks whether the line could be at all, at any time and with no timer pressing.
    """
    least, most = (-(1 << 70), 1 << 70) if free_time else (item.least, item.most)
    what = item.what
    if isinstance(what, Saw):
        yield from _seen(state, what, subject, least, most, free_time)
    else:
        yield from _done(state, what, subject, least, most, not free_time)


# --- things done -----------------------------------------------------------------------------------------------


def _done(state: State, did: Did, subject: Subject, least: int, most: int, urgent: bool) -> Iterator[State | Clash]:
    event = did.event
    if isinstance(event, TIMERS):
        yield from _timer(state, did, least, most, urgent)
    elif isinstance(event, JobStarted) and (clash := _cannot_start(state, event.job_id, subject)) is not None:
        yield clash
    elif isinstance(did.outcome, Rejected):
        yield from _rejected(state, did, least, most, urgent)
    else:
        yield from _accepted(state, did, least, most, urgent)


def _accepted(state: State, did: Did, least: int, most: int, urgent: bool) -> Iterator[State | Clash]:
    event = did.event
    modes = tuple(Mode) if isinstance(event, OpenRequested) and "mode" in did.vague else (None,)
    for mode in modes:
        one = event if mode is None else replaced(event, mode=mode)
        try:
            if isinstance(one, OpenRequested):
                found = state.opened(one, did.vague, least, most)
            elif isinstance(one, SubmitRequested):
                found = state.submitted(one, did.vague, least, most)
            else:
                found = state.after(one, least, most, urgent=urgent)
                if found is not None and "reason_code" in did.vague:
                    found.loose |= {f"reason {one.job_id}"}  # type: ignore[attr-defined]  # only a failed job has it
        except ClientError as error:
            if did.outcome is not None:
                yield _answer(Rejected(code=error.code), did, error.rule)
                return
            found = _waited(state, least, most, urgent)
        except HostError as error:
            yield _answer(Rejected(), did, error.rule)
            return
        yield found if found is not None else Clash(late=True)
    if did.outcome is None and (found := _waited(state, least, most, urgent)) is not None:
        yield found  # nobody knows what was answered: it may have been refused, for reasons that no log tells


def _rejected(state: State, did: Did, least: int, most: int, urgent: bool) -> Iterator[State | Clash]:
    """A refusal may have reasons that no log tells. Only one that names the session's or the job's end says more."""
    outcome = did.outcome
    assert isinstance(outcome, Rejected)
    try:
        state.after(did.event, least, most, urgent=urgent)
    except ClientError as error:
        if error.code == SESSION_CLOSED and outcome.code not in (None, SESSION_CLOSED):
            wrong = Difference(what="answer: code", expected=error.code, seen=outcome.code)
            yield Clash(differences=(wrong,), rules=(error.rule,))
            return
    except HostError:
        pass
    else:
        if isinstance(did.event, SubmitRequested) and outcome.code == SESSION_CLOSED:
            yield _answer(Accepted(), did, "S-05")
            return
        if isinstance(did.event, JobCancelRequested) and outcome.code == JOB_ENDED:
            yield _answer(Accepted(), did, "J-04")
            return
    found = _waited(state, least, most, urgent)
    yield found if found is not None else Clash(late=True)


def _answer(expected: Accepted | Rejected, did: Did, rule: str) -> Clash:
    wrong = Difference(what="answer", expected=tell(expected), seen=tell(did.outcome or Accepted()))
    return Clash(differences=(wrong,), rules=(rule,))


def _waited(state: State, least: int, most: int, urgent: bool) -> State | None:
    twin = state.copy()
    return twin if twin.wait(least, most, urgent=urgent) else None


def _cannot_start(state: State, name: str, subject: Subject) -> Clash | None:
    """A start that is told must be one: of a queued job, whose turn it is, with a lane free."""
    job = state.core.job(name)
    if job is not None and job.status in ON_DEVICE:
        return None  # told twice
    status = "no job" if job is None else job.status.value
    if job is None or job.status in FINAL:
        return Clash(differences=(_start(name, status),), rules=_late_start(state, job))
    if state.core.head() is not job:
        return Clash(differences=(_start(name, "queued, behind others"),), rules=("S-05", "D-03"))
    if not room(state, subject):
        return Clash(differences=(_start(name, "queued, with no lane free"),), rules=("D-04",))
    return None


def _start(name: str, status: str) -> Difference:
    return Difference(what=f"job {name}: status", expected=status, seen="running")


def _late_start(state: State, job: Job | None) -> tuple[str, ...]:
    """Which rule keeps a job that has ended, or never was, from starting."""
    session = state.core.only
    if job is None:
        return ("S-05",)
    if session is not None and session.closed_at is not None and job.started_at is None:
        rows = state.core.last_rows()
        return ((rows[-1].partition(".")[0],) if rows else ()) + ("S-22",)
    return ("J-01",)


def _timer(state: State, did: Did, least: int, most: int, urgent: bool) -> Iterator[State | Clash]:
    """A timer that is told fires at its deadline; or has fired, and is told a little later."""
    event = did.event
    for armed, base, shortest, longest in state.timers():
        if type(armed) is type(event) and _target(armed) == _target(event):
            twin = state.copy()
            if not twin.wait(least, most, urgent=urgent):
                yield Clash(late=True)
                return
            if urgent:
                twin.zone.within(NOW, base, shortest, longest)
            yield Clash(late=True) if twin.zone.empty else twin.stepped(armed)
            return
    rows = " ".join(state.core.last_rows())
    if any(row in rows for row in _ROWS_OF_TIMERS[type(event).__name__]) or not isinstance(event, TIMERS[:4]):
        found = _waited(state, least, most, urgent)
        yield found if found is not None else Clash(late=True)
        return
    name = type(event).__name__
    wrong = Difference(what=f"timer {name}", expected="not armed", seen="fired")
    yield Clash(differences=(wrong,), rules=(_ROWS_OF_TIMERS[name][0][:4],))


_ROWS_OF_TIMERS = {
    "MaxTtlExpired": ("S-15.max-ttl",),
    "UsageLimitReached": ("S-25.usage-limit",),
    "InteractiveTtlExpired": ("S-14.deactivate", "S-14.end"),
    "NoSubmissionExpired": ("S-16.no-submission",),
    "ExecutionLimitExpired": ("J-05.limit",),
}


def _target(event: object) -> str:
    return getattr(event, "session_id", "") or getattr(event, "job_id", "")


# --- things seen -----------------------------------------------------------------------------------------------


def _seen(state: State, saw: Saw, subject: Subject, least: int, most: int, free_time: bool) -> Iterator[State | Clash]:
    wrong = tuple(_wrong_words(state, saw))
    if wrong:
        yield Clash(differences=wrong)
        return
    found = _waited(state, least, most, urgent=not free_time)
    if found is None:
        yield Clash(late=True)
        return
    if saw.changed and not free_time:
        found.zone.within(CHANGED, ORIGIN, least, most)
        if found.zone.empty:
            yield Clash(late=True, rules=("changed",))
            return
    if saw.session is not None and not free_time:
        wrong = tuple(_wrong_times(found, saw.session, subject.tolerance))
        if wrong:
            yield Clash(differences=wrong)
            return
    yield found


def _wrong_words(state: State, saw: Saw) -> Iterator[Difference]:
    session = state.core.only
    if saw.session is not None:
        if session is None:
            yield Difference(what=f"session {saw.session.id}", expected="missing", seen=saw.session.state)
        else:
            yield from _wrong_fields(session, saw.session, state)
    for seen in saw.jobs:
        yield from _wrong_job(state, seen)


def _wrong_fields(session: Session, seen: SessionView, state: State) -> Iterator[Difference]:
    right = see_session(session, 0)
    vague = "max_ttl" in state.loose
    for field in (*WORDS, *DURATIONS):
        value, wanted = getattr(seen, field), getattr(right, field)
        if value is UNSEEN or value == wanted or (vague and field in DURATIONS):
            continue
        yield Difference(what=f"session {seen.id}: {field}", expected=wanted, seen=value)
    for field in TIMES:
        value, wanted = getattr(seen, field), getattr(right, field)
        if value is not UNSEEN and (value is None) != (wanted is None):
            yield Difference(what=f"session {seen.id}: {field}", expected=None if wanted is None else "set", seen=value)


def _wrong_job(state: State, seen: JobView) -> Iterator[Difference]:
    job = state.core.job(seen.id)
    if job is None:
        yield Difference(what=f"job {seen.id}", expected="missing", seen=seen.status)
        return
    if seen.status is not UNSEEN and seen.status != SEEN_AS[job.status]:
        yield Difference(what=f"job {seen.id}: status", expected=SEEN_AS[job.status], seen=seen.status)
    elif seen.reason_code not in (UNSEEN, None, job.reason_code) and f"reason {job.id}" not in state.loose:
        yield Difference(what=f"job {seen.id}: reason_code", expected=job.reason_code, seen=seen.reason_code)


def _wrong_times(state: State, seen: SessionView, tolerance: int) -> Iterator[Difference]:
    """Narrow the instants to what is shown, and tell what cannot be."""
    zone, session = state.zone, state.core.only
    assert session is not None
    for field in TIMES:
        value = getattr(seen, field)
        if value is UNSEEN or value is None:
            continue
        least, most = zone.span(field, ORIGIN)
        zone.within(field, ORIGIN, value - tolerance, value + tolerance)
        if zone.empty:
            yield Difference(what=f"session {seen.id}: {field}", expected=_between(least, most), seen=value)
            return
    if seen.usage_time is not UNSEEN:
        least, most = state.usage(session.rate)
        if not least - 2 * tolerance <= seen.usage_time <= most + 2 * tolerance:
            right = _between(least, most)
            yield Difference(what=f"session {seen.id}: usage_time", expected=right, seen=seen.usage_time)


def _between(least: int, most: int) -> int | str:
    return least if least == most else f"from {least} to {most}"

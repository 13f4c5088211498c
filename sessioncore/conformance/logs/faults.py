"""Logs of services that are wrong in a known way: a good trace, changed as such a service would have told it.

Every fault keeps to what a log can show. Which of them *are* seen depends on what a log tells: :data:`~.rendering.LAB`
tells nearly everything, :data:`~.rendering.DAEMON` less, and what it leaves open explains more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, final

import attrs

from sessioncore.core.effects import NotifyJob, NotifySession, StartJob
from sessioncore.core.events import (
    CloseRequested,
    JobCancelRequested,
    JobSucceeded,
    OpenRequested,
    SubmitRequested,
)
from sessioncore.core.states import JobStatus, SessionState, StateReason
from sessioncore.trace import Trace

from .programs import SECOND, program, recorded
from .telltale import Beat, about_job, about_session, beats, places, queued_at, state_at, trace_again

Change = Callable[[list[Beat]], list[Beat] | None]

SEEDS_MAX = 60
"""How many programs are tried until one has a place for the fault."""


@final
@attrs.frozen(kw_only=True)
class LogFault:
    """One way in which a log can tell of a faulty service. ``rules`` are those that it breaks, the foremost first.

    ``observed`` says that it shows in observations alone, which only our own traces have.
    """

    id: str
    title: str
    rules: tuple[str, ...]
    change: Change
    observed: bool = False

    def corrupted(self, trace: Trace) -> Trace | None:
        """The trace as the faulty service would have told it; None where nothing in it could have gone wrong so."""
        told = self.change(beats(trace))
        return None if told is None else trace_again(told, trace)

    def example(self, seed: int = 0) -> Trace:
        """A log of a service with this fault. Raises LookupError where no program has a place for it."""
        for number in range(seed * SEEDS_MAX, (seed + 1) * SEEDS_MAX):
            found = self.corrupted(recorded(program(number), every=4 if self.observed else 0))
            if found is not None:
                return found
        raise LookupError(f"no program has a place for {self.id}")


LOG_FAULTS: dict[str, LogFault] = {}
"""Every fault by its id."""


def _fault(fault_id: str, title: str, *rules: str, observed: bool = False) -> Callable[[Change], Change]:
    def enter(change: Change) -> Change:
        LOG_FAULTS[fault_id] = LogFault(id=fault_id, title=title, rules=rules, change=change, observed=observed)
        return change

    return enter


def _closed(session: str, at: int, reason: StateReason = StateReason.CLOSED) -> Beat:
    closed = SessionState.CLOSED
    return Beat(
        at=at,
        what=NotifySession(
            at=at, session_id=session, state=closed, accepting_jobs=False, row="S-18.close", state_reason=reason
        ),
    )


def _job(name: str, status: JobStatus, at: int, code: int | None = None) -> Beat:
    return Beat(at=at, what=NotifyJob(at=at, job_id=name, status=status, row="J-01.start", reason_code=code))


def _without(told: list[Beat], gone: list[int]) -> list[Beat]:
    return [beat for place, beat in enumerate(told) if place not in set(gone)]


def _ended(told: list[Beat], session: str) -> int | None:
    """Where a session is told to have closed."""
    is_end: Callable[[NotifySession], bool] = lambda one: one.session_id == session and one.state == "closed"  # noqa: E731
    found = places(told, NotifySession, is_end)
    return found[0] if found else None


# --- ends ----------------------------------------------------------------------------------------------------------


@_fault("L-01", "close drops what is queued", "S-17")
def _close_drops(told: list[Beat]) -> list[Beat] | None:
    for place in places(told, CloseRequested):
        session = told[place].session
        waiting = [job for job, owner in queued_at(told, place).items() if owner == session]
        now = state_at(told, place, session)
        if waiting and now is not None and now.state != "closed":
            gone = about_session(told, session, place) + [n for job in waiting for n in about_job(told, job, place)]
            return _without([*told[: place + 1], _closed(session, told[place].at), *told[place + 1 :]],
                            [n + 1 for n in gone])  # fmt: skip
    return None


@_fault("L-02", "a job starts after its session closed", "S-20", "S-15", "S-22")
def _starts_late(told: list[Beat]) -> list[Beat] | None:
    for place in places(told, NotifyJob, lambda one: one.row.startswith("S-22")):
        job = told[place].job
        at = told[place].at + SECOND
        return [*told, _job(job, JobStatus.RUNNING, at), Beat(at=at, what=StartJob(at=at, job_id=job))]
    return None


@_fault("L-03", "a submission is accepted after the close", "S-06")
def _accepts_late(told: list[Beat]) -> list[Beat] | None:
    for place in places(told, SubmitRequested):
        beat = told[place]
        if ((beat.host or {}).get("answer") or {}).get("code") == 1217:
            job = beat.job
            queued = _job(job, JobStatus.QUEUED, beat.at)
            return [*told[:place], attrs.evolve(beat, host=None), queued, *told[place + 1 :]]
    return None


@_fault("L-04", "a closed session is active again", "S-20", "S-15", "S-16", "S-18", "S-19")
def _reopens(told: list[Beat]) -> list[Beat] | None:
    for place in places(told, NotifySession, lambda one: one.state == "closed"):
        later = told[place].moved(3 * SECOND).changed(state=SessionState.ACTIVE, accepting_jobs=True, state_reason=None)
        return [*told, later]
    return None


@_fault("L-05", "an id is opened twice, and its first session never closed", "J-09")
def _opens_twice(told: list[Beat]) -> list[Beat] | None:
    for place in places(told, OpenRequested):
        session = told[place].session
        later = [n for n in about_session(told, session, place) if told[n].at > told[place].at]
        if later:
            again = told[place].moved(told[later[0]].at - told[place].at + 1)
            return [*told, again]
    return None


@_fault("L-06", "the reason of an end is wrong", "S-15", "S-16", "S-18", "S-19", "S-20")
def _wrong_reason(told: list[Beat]) -> list[Beat] | None:
    ends = places(told, NotifySession, lambda one: one.state == "closed")
    if not ends:
        return None
    place = ends[-1]
    was = getattr(told[place].what, "state_reason", None)
    wrong = StateReason.MAX_TTL if was is not StateReason.MAX_TTL else StateReason.NO_SUBMISSION
    return [*told[:place], told[place].changed(state_reason=wrong), *told[place + 1 :]]


@_fault("L-07", "a draining session closes five seconds late", "S-19")
def _closes_late(told: list[Beat]) -> list[Beat] | None:
    for place in places(told, NotifySession, lambda one: one.row.startswith("S-19")):
        session = told[place].session
        still = told[place].moved(4 * SECOND).changed(state=SessionState.ACTIVE, state_reason=None)
        if not about_session(told, session, place):
            return [*told[:place], still, told[place].moved(5 * SECOND), *told[place + 1 :]]
    return None


@_fault("L-08", "acceptance comes back while draining", "S-17")
def _accepts_again(told: list[Beat]) -> list[Beat] | None:
    for place in places(told, NotifySession, lambda one: not one.accepting_jobs and one.state != "closed"):
        session = told[place].session
        later = about_session(told, session, place)
        if later and told[later[0]].at > told[place].at + 2:
            return [*told, told[place].moved(1).changed(accepting_jobs=True)]
    return None


# --- timers --------------------------------------------------------------------------------------------------------

_TIMER_ROWS = ("S-14.deactivate", "S-15.max-ttl", "S-16.no-submission")


def _shifted(by: int) -> Change:
    def change(told: list[Beat]) -> list[Beat] | None:
        for place in places(told, NotifySession, lambda one: one.row in _TIMER_ROWS):
            session = told[place].session
            others = [told[n].at for n in about_session(told, session) if n != place]
            owned = {job for n in places(told, SubmitRequested) for job in _owned(told[n], session)}
            others += [beat.at for beat in told if getattr(beat.what, "job_id", None) in owned]
            at = told[place].at
            low, high = sorted((at, at + by))
            if all(other < low or other > high for other in others):
                return [*told[:place], *told[place + 1 :], told[place].moved(by)]
        return None

    return change


def _owned(beat: Beat, session: str) -> list[str]:
    return [beat.job] if isinstance(beat.what, SubmitRequested) and beat.session == session else []


_fault("L-09", "a timer fires two seconds early", "S-14", "S-13", "S-15", "S-10", "S-16")(_shifted(-2 * SECOND))
_fault("L-10", "a timer fires two seconds late", "S-14", "S-15", "S-16")(_shifted(2 * SECOND))


# --- jobs ----------------------------------------------------------------------------------------------------------


@_fault("L-11", "two jobs run on one lane", "D-04")
def _two_run(told: list[Beat]) -> list[Beat] | None:
    for place in places(told, NotifyJob, lambda one: one.status == "running"):
        owner = next((told[n].session for n in places(told, SubmitRequested) if told[n].job == told[place].job), "")
        ends = [n for n in about_job(told, told[place].job, place) if isinstance(told[n].what, JobSucceeded)]
        for job, mine in queued_at(told, place).items():
            starts = [n for n in about_job(told, job) if getattr(told[n].what, "status", None) == "running"]
            if starts and ends and owner and mine == owner and told[ends[0]].at > told[place].at + 1:
                return [*_without(told, starts), told[starts[0]].moved(told[place].at + 1 - told[starts[0]].at)]
    return None


@_fault("L-12", "the oldest job is not the first to start", "S-05", "D-03")
def _overtakes(told: list[Beat]) -> list[Beat] | None:
    for place in places(told, NotifyJob, lambda one: one.status == "running"):
        first = told[place].job
        behind = queued_at(told, place - 1)
        others = [job for job, owner in behind.items() if owner == behind.get(first) and job != first]
        if first in behind and others and behind[first] is not None:
            swap = {first: others[0], others[0]: first}
            return [_renamed(beat, swap) if n >= place else beat for n, beat in enumerate(told)]
    return None


def _renamed(beat: Beat, names: dict[str, str]) -> Beat:
    job = getattr(beat.what, "job_id", None)
    return beat.changed(job_id=names[job]) if job in names else beat


@_fault("L-13", "a job is attributed to another session", "S-05", "S-09", "S-14", "S-16", "D-01")
def _attributed(told: list[Beat]) -> list[Beat] | None:
    for place in places(told, SubmitRequested, lambda one: one.session_id is not None):
        mine = told[place].session
        opened = {told[n].session for n in places(told[:place], OpenRequested)}
        others = [one for one in sorted(opened - {mine}) if _live(told, place, one)]
        if others and told[place].host is None:
            return [*told[:place], told[place].changed(session_id=others[0]), *told[place + 1 :]]
    return None


def _live(told: list[Beat], place: int, session: str) -> bool:
    now = state_at(told, place, session)
    return now is not None and now.state != "closed" and now.accepting_jobs


@_fault("L-14", "a job ends twice, and differently", "J-01")
def _ends_twice(told: list[Beat]) -> list[Beat] | None:
    for place in places(told, NotifyJob, lambda one: one.status == "completed"):
        return [*told, told[place].moved(2 * SECOND).changed(status=JobStatus.FAILED)]
    return None


@_fault("L-15", "a completed job is told as failed", "J-01")
def _flips(told: list[Beat]) -> list[Beat] | None:
    for place in places(told, NotifyJob, lambda one: one.status == "completed"):
        return [*told[:place], told[place].changed(status=JobStatus.FAILED), *told[place + 1 :]]
    return None


@_fault("L-16", "a job that was cancelled in the queue is told as failed", "J-02")
def _cancel_fails(told: list[Beat]) -> list[Beat] | None:
    for place in places(told, NotifyJob, lambda one: one.row == "J-02.cancel"):
        return [*told[:place], told[place].changed(status=JobStatus.FAILED), *told[place + 1 :]]
    return None


@_fault("L-17", "an accepting session refuses as closed", "S-05")
def _refuses(told: list[Beat]) -> list[Beat] | None:
    for place in places(told, SubmitRequested, lambda one: one.session_id is not None):
        job = told[place].job
        cancelled = any(isinstance(told[n].what, JobCancelRequested) for n in about_job(told, job))
        if told[place].host is None and not cancelled:
            answer = {"answer": {"type": "Rejected", "code": 1217, "http_status": 400}}
            kept = _without(told, about_job(told, job, place))
            return [*kept[:place], attrs.evolve(told[place], host=answer), *kept[place + 1 :]]
    return None


@_fault("L-18", "a job starts that was never submitted", "S-05")
def _phantom(told: list[Beat]) -> list[Beat] | None:
    for place in places(told, SubmitRequested, lambda one: one.session_id is not None):
        job = told[place].job
        ran = [n for n in about_job(told, job, place) if getattr(told[n].what, "status", None) == "running"]
        if ran and told[ran[0]].at == told[place].at and told[place].host is None:
            state = [n for n in about_session(told, told[place].session) if told[n].at == told[place].at]
            queued = [n for n in about_job(told, job, place) if getattr(told[n].what, "status", None) == "queued"]
            early = [told[n].moved(-SECOND // 2) for n in (*ran, *state) if n != place]
            if all(beat.at < told[place].at - SECOND for beat in told[:place]):
                return [*_without(told, [*ran, *state[1:], *queued]), *early]
    return None


# --- what observations show ----------------------------------------------------------------------------------------


def _observing(told: list[Beat], field: str, change: Callable[[int], int]) -> list[Beat] | None:
    """The last observation in which some session shows this field, with the field changed."""
    for place in reversed(range(len(told))):
        what = told[place].what
        if not isinstance(what, dict):
            continue
        for name, seen in what["sessions"].items():
            if seen.get(field):
                wrong = {**what, "sessions": {**what["sessions"], name: {**seen, field: change(seen[field])}}}
                return [*told[:place], attrs.evolve(told[place], what=wrong), *told[place + 1 :]]
    return None


@_fault("L-19", "usage is a second too much", "U-01", "U-02", observed=True)
def _overcharges(told: list[Beat]) -> list[Beat] | None:
    return _observing(told, "usage_time", lambda used: used + SECOND)


@_fault("L-20", "started_at is rewritten", "S-09", observed=True)
def _rewrites(told: list[Beat]) -> list[Beat] | None:
    return _observing(told, "started_at", lambda at: at + SECOND)


FAULTS: Final = tuple(LOG_FAULTS.values())

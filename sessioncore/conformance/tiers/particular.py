"""Cases for what no small scope has: impossible sessions and jobs, ids that nobody gave, execution limits, batches,
usage, time that runs backwards."""

from __future__ import annotations

from collections.abc import Iterator

from sessioncore.core.events import (
    Advanced,
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobSucceeded,
    OfflineRequested,
    OpenRequested,
    PauseRequested,
    ResumeRequested,
    SubmitRequested,
)
from sessioncore.core.profiles import Profile
from sessioncore.core.states import Mode

from ..cases import Case
from ..model import tick_of

BEYOND = 10**15
"""A max TTL above any ceiling, in microseconds: thirty years."""


def particular(profile: Profile) -> Iterator[Case]:
    """All of them, for one profile."""
    tick, max_ttl = tick_of(profile)
    opened = OpenRequested(at=0, session_id="a", max_ttl=max_ttl)
    yield from _impossible_sessions(profile)
    yield from _terms(profile, tick)
    yield from _impossible_jobs(opened, max_ttl)
    yield from _unknown(opened, tick)
    yield from _limits(profile, opened, tick)
    yield from _lifetimes(profile, opened, tick)
    yield from _backwards(opened, tick)
    yield from _again(profile, tick)
    yield from _turns()
    yield from _budgets(profile)
    for mode in Mode:
        yield from _usage(mode, tick, max_ttl)


def _impossible_sessions(profile: Profile) -> Iterator[Case]:
    """S-02: refused, and no session left behind."""
    ceiling = profile.dedicated.max_ttl
    lengths = [0, -1] + ([] if ceiling is None else [ceiling + 1, BEYOND])
    for length in lengths:
        events = (
            OpenRequested(at=0, session_id="a", max_ttl=length),
            OpenRequested(at=1, session_id="b"),
            SubmitRequested(at=2, job_id="j1", session_id="b"),
        )
        yield Case(name=f"S-02 a session of {length} microseconds", events=events)


def _terms(profile: Profile, tick: int) -> Iterator[Case]:
    """S-03: what max TTL a session gets, and that its interactive TTL is within it."""
    ceiling, interactive = profile.dedicated.max_ttl, profile.dedicated.interactive_ttl
    lengths: list[int | None] = [None, ceiling, tick]
    if interactive is not None:
        lengths += [interactive - 1, interactive, interactive + 1]
    if ceiling is not None:
        lengths.append(ceiling - 1)
    for length in dict.fromkeys(lengths):
        if length is not None and (length < 1 or (ceiling is not None and length > ceiling)):
            continue
        end = 10 * tick if length is None else length
        events = (
            OpenRequested(at=0, session_id="a", max_ttl=length),
            SubmitRequested(at=1, job_id="j1", session_id="a"),
            JobSucceeded(at=2, job_id="j1"),
            Advanced(at=end),
            Advanced(at=end + 1),
            Advanced(at=end + 2),
        )
        yield Case(name=f"S-03 a session of {length} microseconds", events=events)


def _impossible_jobs(opened: OpenRequested, max_ttl: int | None) -> Iterator[Case]:
    """S-07: a job that cannot be is refused, and none exists; what just fits is taken."""
    lengths = [0, -1, 1] + ([] if max_ttl is None else [max_ttl, max_ttl + 1])
    for length in lengths:
        events: tuple[Event, ...] = (
            opened,
            SubmitRequested(at=1, job_id="j1", session_id="a", max_execution=length),
            SubmitRequested(at=2, job_id="j2", session_id="a"),
        )
        yield Case(name=f"S-07 a job of {length} microseconds", events=events)
        closed = (opened, CancelRequested(at=1, session_id="a"))
        yield Case(
            name=f"S-06 before S-07 with {length} microseconds",
            events=(*closed, SubmitRequested(at=2, job_id="j1", session_id="a", max_execution=length)),
        )
    for length in (0, -1, 1):
        yield Case(
            name=f"S-07 in job mode with {length} microseconds",
            events=(SubmitRequested(at=0, job_id="x1", max_execution=length), Advanced(at=3)),
        )


def _unknown(opened: OpenRequested, tick: int) -> Iterator[Case]:
    """J-09, J-06: ids that nobody gave."""
    busy = (opened, SubmitRequested(at=1, job_id="j1", session_id="a"))
    told = JobFailed(at=2, job_id="j1", reason="the device's own words", reason_code=8_888)
    yield Case(name="J-01 the device's reason", events=(*busy, told, Advanced(at=tick)))
    for event in (
        CloseRequested(at=2, session_id="nobody"),
        CancelRequested(at=2, session_id="nobody"),
        SubmitRequested(at=2, job_id="j2", session_id="nobody"),
        JobCancelRequested(at=2, job_id="nothing"),
        JobSucceeded(at=2, job_id="nothing"),
        JobFailed(at=2, job_id="nothing"),
        JobReleased(at=2, job_id="nothing"),
    ):
        yield Case(name=f"unknown id in {type(event).__name__}", events=(*busy, event, Advanced(at=tick)))


def _limits(profile: Profile, opened: OpenRequested, tick: int) -> Iterator[Case]:
    """J-05: a job that runs too long is being stopped, and its lane is free when the device lets go."""
    half = max(2, tick // 2)
    long = SubmitRequested(at=1, job_id="j1", session_id="a", max_execution=half)
    start = (opened, long, SubmitRequested(at=2, job_id="j2", session_id="a"))
    due = 1 + half
    yield Case(name="J-05 before and at the limit", events=(*start, Advanced(at=due - 1), Advanced(at=due)))
    for report in (JobReleased, JobSucceeded, JobFailed):
        ended = report(at=due + 1, job_id="j1")
        yield Case(name=f"J-05 then {report.__name__}", events=(*start, Advanced(at=due), ended, Advanced(at=due + 2)))
        early = report(at=due, job_id="j1")
        yield Case(name=f"J-05 {report.__name__} in time", events=(*start, early, Advanced(at=due + half)))
    for request in (CloseRequested(at=3, session_id="a"), CancelRequested(at=3, session_id="a")):
        events = (*start, request, Advanced(at=due), JobReleased(at=due + 1, job_id="j1"))
        yield Case(name=f"J-05 after {type(request).__name__}", events=events)
    dropped = (*start, JobCancelRequested(at=3, job_id="j1"), Advanced(at=due), JobReleased(at=due + 1, job_id="j1"))
    yield Case(name="J-05 ends with running", events=dropped)
    yield Case(
        name="J-05 cannot be cancelled again",
        events=(*start, Advanced(at=due), JobCancelRequested(at=due + 1, job_id="j1")),
    )
    cap = profile.dedicated.execution_limit
    if cap is not None:
        for asked in (None, cap - 1, cap, cap + 1):
            alone = SubmitRequested(at=0, job_id="x1", max_execution=asked)
            yield Case(name="J-05 the profile's cap", events=(alone, Advanced(at=cap - 1), Advanced(at=cap)))


def _lifetimes(profile: Profile, opened: OpenRequested, tick: int) -> Iterator[Case]:
    """S-16, S-10, S-15, D-05: timers that are longer than a small scope, and what does not stop them."""
    length = profile.dedicated.no_submission
    if length is not None:
        yield Case(name="S-16 from creation", events=(opened, Advanced(at=length - 1), Advanced(at=length)))
        queued = (PauseRequested(at=1), SubmitRequested(at=2, job_id="j1", session_id="a"))
        dropped = JobCancelRequested(at=tick, job_id="j1")
        yield Case(
            name="S-16 again after the queue emptied",
            events=(opened, *queued, dropped, Advanced(at=tick + length - 1), Advanced(at=tick + length)),
        )
        yield Case(name="S-16 not while a job waits", events=(opened, *queued, Advanced(at=2 * length)))
        ran = (SubmitRequested(at=1, job_id="j1", session_id="a"), JobSucceeded(at=2, job_id="j1"))
        yield Case(name="S-16 never after the start", events=(opened, *ran, Advanced(at=2 * length)))
    busy = (opened, SubmitRequested(at=1, job_id="j1", session_id="a"))
    for stop in (PauseRequested(at=2), OfflineRequested(at=2)):
        late = (stop, SubmitRequested(at=3, job_id="j2", session_id="a"), JobSucceeded(at=4, job_id="j1"))
        word = type(stop).__name__
        yield Case(name=f"D-05 timers go on after {word}", events=(*busy, *late, Advanced(at=4 * tick)))
        again = (ResumeRequested(at=5), JobSucceeded(at=6, job_id="j2"), Advanced(at=4 * tick))
        yield Case(name=f"D-05 resumed after {word}", events=(*busy, *late, *again))


def _again(profile: Profile, tick: int) -> Iterator[Case]:
    """S-13, S-11, S-10: every idle time has its own timer, every job may wake the session, and the max TTL stays."""
    ceiling = profile.dedicated.max_ttl
    length = None if ceiling is None else min(ceiling, 20 * tick)
    events: list[Event] = [OpenRequested(at=0, session_id="a", max_ttl=length)]
    now = 1
    for number, pause in enumerate((tick, 2 * tick + 1, 2 * tick, tick, 3 * tick, 2 * tick), 1):
        job = f"j{number}"
        events.append(SubmitRequested(at=now, job_id=job, session_id="a"))
        events.append((JobFailed if number % 3 == 0 else JobSucceeded)(at=now + 5, job_id=job))
        now += 5 + pause
        events += [Advanced(at=now - 1), Advanced(at=now)]
        yield Case(name=f"again: {number} idle times", events=tuple(events))
    dropped = (
        *events[:2],
        JobCancelRequested(at=6, job_id="j1"),
        JobReleased(at=6 + tick, job_id="j1"),
        Advanced(at=5 + 3 * tick),
        Advanced(at=6 + 3 * tick),
    )
    yield Case(name="again: idle once the device let go", events=dropped)
    if length is not None:
        end = 1 + length
        events += [Advanced(at=end - 1), Advanced(at=end), Advanced(at=end + 3 * tick)]
        yield Case(name="again: until the max TTL", events=tuple(events))


def _turns() -> Iterator[Case]:
    """S-12, D-03: who is next. An active session's jobs go before the queue, also while it drains; a session stands in
    the queue at its oldest queued job."""
    batch = OpenRequested(at=0, session_id="b", mode=Mode.BATCH)
    active = (
        batch,
        SubmitRequested(at=1, job_id="b1", session_id="b"),
        SubmitRequested(at=2, job_id="x1"),
        SubmitRequested(at=3, job_id="b2", session_id="b"),
    )
    end = (JobSucceeded(at=5, job_id="b1"), JobSucceeded(at=6, job_id="b2"), JobSucceeded(at=7, job_id="x1"))
    yield Case(name="S-12 an active batch goes first", events=(*active, *end))
    yield Case(name="S-12 also while it drains", events=(*active, CloseRequested(at=4, session_id="b"), *end))
    waiting = (
        PauseRequested(at=0),
        batch,
        SubmitRequested(at=1, job_id="b1", session_id="b"),
        SubmitRequested(at=2, job_id="x1"),
        SubmitRequested(at=3, job_id="b2", session_id="b"),
        SubmitRequested(at=4, job_id="x2"),
    )
    begin = (ResumeRequested(at=6), JobSucceeded(at=7, job_id="x1"), JobSucceeded(at=8, job_id="b2"))
    first = (ResumeRequested(at=6), JobSucceeded(at=7, job_id="b1"))
    yield Case(name="D-03 the oldest goes first", events=(*waiting, *first))
    yield Case(
        name="D-03 a session's place is its oldest queued job's",
        events=(*waiting, JobCancelRequested(at=5, job_id="b1"), *begin),
    )


def _budgets(profile: Profile) -> Iterator[Case]:
    """S-25: the usage limit strikes at its first microsecond, whether a job is on the device or not."""
    limit = profile.dedicated.usage_limit
    if limit is None:
        return
    opened = OpenRequested(at=0, session_id="a")
    ran = (opened, SubmitRequested(at=1, job_id="j1", session_id="a"))
    more = SubmitRequested(at=2, job_id="j2", session_id="a")
    due = 1 + limit
    yield Case(name="S-25 while a job runs", events=(*ran, more, Advanced(at=due - 1), Advanced(at=due)))
    idle = (*ran, JobSucceeded(at=due - 2, job_id="j1"), Advanced(at=due - 1), Advanced(at=due))
    yield Case(name="S-25 while nothing is on the device", events=(*idle, Advanced(at=due + 1)))


def _backwards(opened: OpenRequested, tick: int) -> Iterator[Case]:
    """T-04: an event from the past changes nothing."""
    busy = (opened, SubmitRequested(at=1, job_id="j1", session_id="a"), JobSucceeded(at=tick // 2, job_id="j1"))
    past = JobReleased(at=tick // 2 - 10, job_id="nothing")
    yield Case(name="T-04 a report from the past", events=(*busy, past, Advanced(at=2 * tick), Advanced(at=4 * tick)))
    yield Case(name="T-04 while a job runs", events=(*busy[:2], Advanced(at=tick), past, Advanced(at=4 * tick)))


def _usage(mode: Mode, tick: int, max_ttl: int | None) -> Iterator[Case]:
    """U-01, U-02: what is paid for through an idle time, a second window, and a job that outlives its session."""
    opened = OpenRequested(at=0, session_id="a", mode=mode, max_ttl=None if max_ttl is None else 20 * tick)
    if max_ttl is None or max_ttl < 20 * tick:
        opened = OpenRequested(at=0, session_id="a", mode=mode)
    events = (
        opened,
        SubmitRequested(at=10, job_id="j1", session_id="a"),
        JobSucceeded(at=25, job_id="j1"),
        Advanced(at=25 + 3 * tick),
        SubmitRequested(at=30 + 3 * tick, job_id="j2", session_id="a"),
        JobFailed(at=37 + 3 * tick, job_id="j2"),
        Advanced(at=40 + 3 * tick),
        SubmitRequested(at=41 + 3 * tick, job_id="j3", session_id="a"),
        SubmitRequested(at=42 + 3 * tick, job_id="j4", session_id="a"),
        CancelRequested(at=45 + 3 * tick, session_id="a"),
        Advanced(at=60 + 3 * tick),
        JobSucceeded(at=77 + 3 * tick, job_id="j3"),
        Advanced(at=90 + 3 * tick),
    )
    yield Case(name=f"usage of a {mode.value} session", events=events)
    dropped = JobCancelRequested(at=45 + 3 * tick, job_id="j3")
    freed = JobReleased(at=50 + 3 * tick, job_id="j3")
    yield Case(name=f"usage of a {mode.value} session with a cancelled job", events=(*events[:8], dropped, freed))

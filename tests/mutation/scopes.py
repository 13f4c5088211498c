"""Small devices searched whole, for what is not in the matrix of sessions: shares, limits, forgetting, long lives.

A scope is every sequence of requests, reports and ticks, shortest first, up to a horizon or a number of states. Its
digest names what can be seen: each state (sessions, jobs, stories, timers, who holds the device, what every instance
used), and on each edge the effects or the refusal. Two cores with equal digests cannot be told apart within the scope.
What is kept for speed alone is not in it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from hashlib import sha256
from importlib import import_module
from typing import Any, final

import attrs

INSTANCES = ("x", "y")
STATES_MAX = 800
"""So many states of a scope are searched, those with the shortest ways first."""

REPORTS = ("JobSucceeded", "JobFailed", "JobReleased")


@final
@attrs.frozen(kw_only=True)
class Scope:
    """A device that is searched to its ``horizon`` in ticks.

    ``sessions`` are (id, mode, instance, jobs), ``alone`` (id, instance) the jobs of their own, ``reports`` what a
    device may say of a job, ``forgets`` whether what is over is also forgotten. ``window`` and ``slack`` stand in for
    constants that would need a larger scope.
    """

    changes: dict[str, Any]
    sessions: tuple[tuple[str, str, str, int], ...] = ()
    alone: tuple[tuple[str, str], ...] = ()
    profile: str = "ibm-guide"
    fair: bool = False
    lanes: int = 1
    horizon: int = 4
    reports: tuple[str, ...] = REPORTS[:1]
    forgets: bool = False
    window: int | None = None
    slack: int | None = None


SHORT = {"max_ttl": 3, "interactive_ttl": 1, "no_submission": 2, "execution_limit": None}

SCOPES: dict[str, Scope] = {
    "fair share, jobs alone": Scope(
        changes={"execution_limit": 2}, alone=(("a", "x"), ("b", "x"), ("c", "y")), fair=True, window=2
    ),
    "fair share, two batches": Scope(
        changes=SHORT,
        sessions=(("s", "batch", "x", 2), ("t", "batch", "y", 1)),
        fair=True,
        lanes=2,
        horizon=3,
        window=2,
    ),
    "limits": Scope(
        changes={**SHORT, "max_ttl": 4, "execution_limit": 2, "usage_limit": 2, "job_limit": 2},
        sessions=(("s", "dedicated", "x", 2),),
        alone=(("a", "y"),),
        lanes=2,
        reports=REPORTS,
    ),
    "what is over is forgotten": Scope(
        changes=SHORT, sessions=(("s", "dedicated", "x", 1),), alone=(("a", "y"),), lanes=2, forgets=True
    ),
    "the heap is made anew all the time": Scope(
        changes={**SHORT, "execution_limit": 2}, sessions=(("s", "batch", "x", 2),), alone=(("a", "y"),), slack=0
    ),
    "idle from the last submission": Scope(
        changes={"interactive_ttl": 2}, sessions=(("s", "dedicated", "x", 2),), profile="azure"
    ),
    "started at creation, stopped at the end": Scope(
        changes={"max_ttl": 3, "interactive_ttl": 2, "on_device_at_end": "stop"},
        sessions=(("s", "dedicated", "x", 1), ("t", "dedicated", "y", 1)),
        profile="scaleway",
    ),
}

WALKS = ("a long life", "lengths of time")
"""What is no search: one long path, and one function for many arguments."""

NAMES = (*SCOPES, *WALKS)


def digest_of(name: str) -> str:
    """A name for all that can be seen in a scope. Raises whatever a faulty core raises."""
    seen = {"a long life": _long_life, "lengths of time": _lengths}.get(name, lambda: _search(SCOPES[name]))
    found = sha256()
    for line in seen():
        found.update(line.encode())
        found.update(b"\n")
    return found.hexdigest()


# --- searches ---------------------------------------------------------------------------------------------------


def _search(scope: Scope) -> Iterator[str]:
    """Every state and edge, breadth first, as text."""
    core = import_module("sessioncore.core")
    engine: Any = import_module("sessioncore.core.engine")
    dispatch: Any = import_module("sessioncore.core.dispatch")
    kept = engine.SLACK, dispatch.ROLLING_WINDOW
    if scope.slack is not None:
        engine.SLACK = scope.slack
    if scope.window is not None:
        dispatch.ROLLING_WINDOW = scope.window
    try:
        yield from _states(scope, _device(core, scope), core.SessionCoreError)
    finally:
        engine.SLACK, dispatch.ROLLING_WINDOW = kept


def _device(core: Any, scope: Scope) -> Any:
    profile = core.PROFILES[scope.profile].with_values(**scope.changes)
    policy = core.Policy(name="fair_share", allocations=(("x", 2),)) if scope.fair else core.FIFO
    return core.DeviceCore("d", lanes=scope.lanes, profile=profile, policy=policy)


def _states(scope: Scope, first: Any, refusal: type[Exception]) -> Iterator[str]:
    start = seen_of(first)
    numbers, waiting = {start: 0}, deque([first])
    yield start
    while waiting:
        here = waiting.popleft()
        source = numbers[seen_of(here)]
        for method, argument in _moves(scope, here):
            label, there = f"{method} {argument!r}", here.fork()
            try:
                told = repr(getattr(there, method)(argument))
            except refusal as error:
                yield f"{source} {label}: {error}"
                continue
            seen = seen_of(there)
            if seen not in numbers and len(numbers) < STATES_MAX:
                numbers[seen] = len(numbers)
                waiting.append(there)
                there.check()
                yield seen
            yield f"{source} {label} -> {numbers.get(seen, seen)}: {told}"


def seen_of(core: Any) -> str:
    """Everything about a device that somebody could see, now or by asking about later."""
    sessions = [(repr(one), core.story(name), core.timers(name)) for name, one in core.sessions.items()]
    jobs = [(repr(job), job.switches[0]) for job in core.jobs.values()]
    used = [core.instance_usage(one, core.now + later) for one in INSTANCES for later in (0, 1, 2)]
    told = (core.now, core.state, core.holder, core.running, core.next_deadline(), used)
    return f"{told} {sessions} {jobs}"


def _moves(scope: Scope, core: Any) -> Iterator[tuple[str, Any]]:
    """Everything that can be asked of a device here, as (method, argument); refusals and idle reports are among it."""
    if core.now < scope.horizon:
        yield "advance", core.now + 1
        yield "advance", core.now + 3
    if (due := core.next_deadline()) is not None and due <= core.now:
        yield "advance", core.now
    for event in _events(scope, core):
        yield "handle", event
    if scope.forgets:
        for job_id in core.jobs:
            yield "forget", job_id
        for name in core.sessions:
            yield "forget_session", name


def _events(scope: Scope, core: Any) -> Iterator[Any]:
    from sessioncore import core as words  # here, where the core may be loaded

    now = core.now
    named: list[str] = []
    for name, mode, instance, jobs in scope.sessions:
        if core.session(name) is None:
            yield words.OpenRequested(at=now, session_id=name, mode=words.Mode(mode), instance=instance)
        ids = [f"{name}{number}" for number in range(jobs)]
        named += ids
        if fresh := [one for one in ids if one not in core.jobs]:
            yield words.SubmitRequested(at=now, job_id=fresh[0], session_id=name)
        yield words.CloseRequested(at=now, session_id=name)
        yield words.CancelRequested(at=now, session_id=name)
    for name, instance in scope.alone:
        named.append(name)
        if name not in core.jobs:
            yield words.SubmitRequested(at=now, job_id=name, instance=instance)
    for name in named:
        yield words.JobCancelRequested(at=now, job_id=name)
        for report in scope.reports:
            yield getattr(words, report)(at=now, job_id=name)


# --- walks ------------------------------------------------------------------------------------------------------------


def _long_life() -> Iterator[str]:
    """Hundreds of jobs, one after another: stale timers pile up, stories are cut, shares change often."""
    core = import_module("sessioncore.core")
    profile = core.IBM_GUIDE.with_values(max_ttl=90, interactive_ttl=7, no_submission=40, execution_limit=50)
    for policy in (core.FIFO, core.Policy(name="fair_share")):
        device = core.DeviceCore("d", lanes=2, profile=profile, policy=policy)
        for number in range(300):
            session, job = f"s{number // 10}", f"j{number}"
            yield repr(device.advance(device.now + 1 + number % 3))
            asked: list[Any] = []
            if number % 10 == 0:
                asked.append(core.OpenRequested(at=device.now, session_id=session, instance=INSTANCES[number % 4 // 2]))
            asked.append(core.SubmitRequested(at=device.now, job_id=job, session_id=session))
            if number % 4 == 0:
                asked.append(core.SubmitRequested(at=device.now, job_id=f"a{number}", instance="y", max_execution=60))
                asked.append(core.JobSucceeded(at=device.now, job_id=f"a{number - 4}"))
            if number % 5 != 3:
                asked.append(core.JobSucceeded(at=device.now, job_id=job))
            for event in asked:
                try:
                    yield repr(device.handle(event))
                except core.SessionCoreError as refusal:
                    yield str(refusal)
            yield f"{device.next_deadline()} {device.story(session)} {device.timers(session)}"
        yield repr(device.fork().advance(1_000))
        yield seen_of(type(device).restore(device.snapshot()))


def _lengths() -> Iterator[str]:
    """Lengths of time, as numbers and as texts."""
    durations = import_module("sessioncore.core.durations")
    texts = [f"{one}{unit}" for one in (0, 1, 59, 1000) for unit in ("d", "h", "m", "s", "", " s", "x")]
    pairs = [f"{one} {other}" for one in texts for other in ("1s", "2m", "0h", "")]
    for length in (*range(-2, 70), *texts, *pairs, True, None, 1.5):
        try:
            yield f"{length!r} {durations.parse_duration(length)}"
        except ValueError as error:
            yield f"{length!r} {error}"

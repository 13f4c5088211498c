"""Cases about time: each timer just before, at and after its deadline; two things at one instant; long silences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from sessioncore.core.events import (
    Advanced,
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobSucceeded,
    SubmitRequested,
)
from sessioncore.core.job import FINAL
from sessioncore.core.states import JobStatus

from ..cases import Case
from ..model import Model, World
from ..tally import armed

LONG = 1_000
"""A silence that outlasts every timer of a scope, in ticks."""


Kind: TypeAlias = tuple[str, tuple[str, tuple[str, ...]]]
"""A timer, and the situation in which it is armed."""


def edges(model: Model, seen: set[Kind]) -> Iterator[Case]:
    """For every kind of situation with an armed timer, the shortest way there, then time up to its deadline in each
    way that matters. ``seen`` are kinds that another scope had already; those of this one are added."""
    for state, world in enumerate(model.worlds):
        for timer, due in armed(world.core):
            kind = (timer, _situation(world))
            if kind in seen or due <= world.core.now:
                continue
            seen.add(kind)
            way = model.case("", model.paths[state]).events
            name = f"{timer} in {kind[1][0]}"
            yield Case(name=f"{name}: before and at", events=(*way, Advanced(at=due - 1), Advanced(at=due)))
            yield Case(name=f"{name}: after", events=(*way, Advanced(at=due + 1)))
            yield from _ties(name, way, world, due)


def silences(model: Model) -> Iterator[Case]:
    """From every configuration, one long silence: everything that is due in it happens at its own deadline."""
    seen = set()
    for state, world in enumerate(model.worlds):
        kind = _situation(world)
        if kind not in seen:
            seen.add(kind)
            way = model.case("", model.paths[state]).events
            end = world.core.now + LONG * model.scope.tick_us
            yield Case(name=f"silence in {kind[0]}", events=(*way, Advanced(at=end)))


def _situation(world: World) -> tuple[str, tuple[str, ...]]:
    """Where the sessions are, and how far their jobs are: waiting, running, being stopped, or nothing is left to
    do."""
    where = "+".join(session.configuration.value for session in world.core.sessions.values())
    return where, tuple(sorted({job.status.value for job in world.core.jobs.values() if job.status not in FINAL}))


def _ties(name: str, way: tuple[Event, ...], world: World, due: int) -> Iterator[Case]:
    """A report goes before the timers of its instant, a request after them (T-01). And one microsecond to each
    side."""
    session = next(iter(world.core.sessions))
    fresh = f"j{1 + sum(world.used)}"
    for job in world.core.jobs.values():
        if job.status in (JobStatus.RUNNING, JobStatus.CANCELLING):
            for report in (JobSucceeded, JobFailed, JobReleased):
                word = report.__name__
                if due - 1 > world.core.now:
                    yield Case(name=f"{name}: {word} before it", events=(*way, report(at=due - 1, job_id=job.id)))
                yield Case(name=f"{name}: {word} at it", events=(*way, report(at=due, job_id=job.id)))
                yield Case(name=f"{name}: {word} after it", events=(*way, report(at=due + 1, job_id=job.id)))
        if job.status is not JobStatus.NONE:
            yield Case(name=f"{name}: job cancel at it", events=(*way, JobCancelRequested(at=due, job_id=job.id)))
    for request in (
        SubmitRequested(at=due, job_id=fresh, session_id=session),
        CloseRequested(at=due, session_id=session),
        CancelRequested(at=due, session_id=session),
    ):
        word = type(request).__name__
        yield Case(name=f"{name}: {word} at it", events=(*way, request))
    yield Case(
        name=f"{name}: submission before it, and then a silence",
        events=(
            *way,
            SubmitRequested(at=due - 1, job_id=fresh, session_id=session),
            Advanced(at=due),
            JobSucceeded(at=due + 1, job_id=fresh),
            Advanced(at=due + 2 + (due - world.core.now)),
        ),
    )

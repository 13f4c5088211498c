"""The search for everything that may have happened between two looks at a target.

A look comes after a few steps that are known: requests with their answers, reports, time that passed. Between them
jobs may have started and ended unseen, in every way that the reference allows and at every time that could matter:
times that the target shows, the instants of the steps, and the last instant before and the first at each deadline.
What is shown at the look steers the search, since a job that is shown as queued has not started.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import final

from sessioncore.core.errors import HostError
from sessioncore.core.events import (
    Advanced,
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobStarted,
    JobSucceeded,
)
from sessioncore.core.job import CANCELLING, ON_DEVICE, QUEUED, RUNNING, Job
from sessioncore.core.states import Configuration
from sessioncore.core.values import replaced

from .blame import answer_differs, view_differs
from .possible_parts import Bounds, Look, Missed, Step, TooManyError, may_become, shown_times
from .possible_world import Key, World
from .protocol import UNSEEN, Unsupported, View
from .results import Difference

ENDS: tuple[type[Event], ...] = (JobSucceeded, JobFailed, JobReleased)


@final
class Search:
    """One search: from some worlds, over known steps, to a look."""

    def __init__(
        self,
        steps: list[Step],
        look: Look | None,
        bounds: Bounds,
        instants: Iterable[int] = (),
        nodes: Iterator[int] | None = None,
    ) -> None:
        self.steps = steps
        self.look = look
        self.bounds = bounds
        self.missed: list[tuple[World, int, list[Difference] | None]] = []
        self._instants = sorted({*instants, *shown_times(look), *(step.event.at for step in steps)})
        self._until = [step.event.at for step in steps]
        if look is not None:
            self._until.append(look.view.at)
        self._seen: set[tuple[Key, int]] = set()
        self._nodes = count(1) if nodes is None else nodes

    def run(self, worlds: Iterable[World]) -> list[World]:
        """Every world that agrees with all that is known. Raises :class:`TooManyError`."""
        found: dict[Key, World] = {}
        for world in worlds:
            for agreeing in self._explore(world, 0):
                found.setdefault(agreeing.key(), agreeing)
        return list(found.values())

    def told_by_usage(self) -> set[int]:
        """Times at which something may have happened so that the usage comes out as shown, where it alone differs:
        as much earlier or later as the usage is off."""
        if self.look is None:
            return set()
        off = {
            abs(found.expected - found.seen)
            for _, _, differences in self.missed
            if differences and all(one.what.endswith(": usage_time") for one in differences)
            for found in differences
            if isinstance(found.seen, int)
        }
        base = {*self._instants, *self._until, *(world.now for world, _, _ in self.missed)}
        return {time + sign * by for time in base for by in off for sign in (-1, 1)}

    def nearest(self, most: int = 300) -> Missed | None:
        """The world that came furthest, and then with the fewest differences and suppositions."""
        best: Missed | None = None
        for world, at, known in sorted(self.missed, key=lambda entry: -entry[1])[:most]:
            differences = known
            if differences is None:
                twin = world.fork()
                if at == len(self.steps) and self.look is not None:
                    twin.pass_time(self.look.view.at)
                differences = list(self._differences(twin))
                world = twin
            missed = Missed(world, at, tuple(differences))
            if differences and (best is None or missed.distance < best.distance):
                best = missed
        return best

    # --- going on --------------------------------------------------------------------------------------------

    def _explore(self, world: World, at: int) -> Iterator[World]:
        """Depth first: the next known step or the look, then every inner step before it."""
        key = (world.key(), at)
        if key in self._seen:
            return
        self._seen.add(key)
        if next(self._nodes) > self.bounds.nodes_max:
            raise TooManyError(f"more than {self.bounds.nodes_max} ways in which it may have gone on")
        agreed = False
        if at < len(self.steps):
            for further in self._take(world, at):
                yield from self._explore(further, at + 1)
        elif self.look is None:
            yield world
            return
        else:
            for ended in self._end(world):
                agreed = True
                yield ended
        if agreed and not self.bounds.eager:
            return
        if at < len(self._until):
            for further in self._inner(world, at):
                yield from self._explore(further, at)

    def _take(self, world: World, at: int) -> Iterator[World]:
        """The known step, at each time at which it may have been taken."""
        step = self.steps[at]
        for when in self._times_of(step, world):
            twin = world.fork()
            wrong = list(self._taken(twin, step, when))
            if wrong:
                self.missed.append((twin, at, wrong))
            elif self._may_lead_there(twin):
                yield twin
            else:
                self.missed.append((twin, at + 1, None))

    def _taken(self, world: World, step: Step, when: int) -> Iterator[Difference]:
        event = step.event
        if isinstance(event, Advanced):
            world.pass_time(when)
            return
        report = isinstance(event, (JobStarted, *ENDS))
        world.pass_time(when - 1 if report and not isinstance(event, JobStarted) else when)
        stamped = replaced(event, at=max(when, world.now))
        try:
            if isinstance(event, JobStarted):
                started = world.start_next(stamped.at)
                if started != event.job_id:
                    yield Difference(what=f"job {event.job_id}: status", expected="queued", seen="running")
            elif report:
                world.report(stamped)
            else:
                right = world.request(stamped)
                if step.outcome is not None and not isinstance(step.outcome, Unsupported):
                    yield from answer_differs(right, step.outcome)
        except HostError as error:
            yield Difference(what="answer", expected=f"nothing that breaks {error.rule}", seen=str(event))

    def _end(self, world: World) -> Iterator[World]:
        """The look, at each time at which it may have been taken."""
        assert self.look is not None
        tolerance, nominal = self.bounds.tolerance, self.look.view.at
        for when in self._around(world, nominal, ()) if tolerance else (nominal,):
            twin = world.fork()
            twin.pass_time(when)
            wrong = list(self._differences(twin))
            if not wrong:
                yield twin
            else:
                self.missed.append((twin, len(self.steps), wrong))

    # --- inner steps -----------------------------------------------------------------------------------------

    def _inner(self, world: World, at: int) -> Iterator[World]:
        """Everything that may happen unseen before the next known step."""
        missing = self.bounds.missing
        times = self._times_inside(world, self._until[at] + self.bounds.tolerance)
        if "JobStarted" in missing and world.waiting:
            yield from self._starts(world, times)
        for job in world.core.jobs.values():
            if job.status in ON_DEVICE:
                for event in self._ends_of(job):
                    yield from self._ends(world, event, times)
        for request in self._untold(world):
            for _, when in times:
                twin = world.fork()
                twin.pass_time(when)
                twin.request(replaced(request, at=max(when, twin.now)))
                twin.told += (f"{type(request).__name__} at {when / 1e6:g} s, which nobody told",)
                yield from self._kept(twin, at)

    def _starts(self, world: World, times: list[tuple[int, int]]) -> Iterator[World]:
        for _, when in times:
            twin = world.fork()
            twin.pass_time(when)
            started = twin.start_next(max(when, twin.now))
            if started is not None and self._shown_as(started) != "queued":
                yield from self._kept(twin, len(self.steps))

    def _ends(self, world: World, event: Event, times: list[tuple[int, int]]) -> Iterator[World]:
        name = getattr(event, "job_id", "")
        for before, when in times:
            twin = world.fork()
            twin.pass_time(before)
            if twin.core.jobs[name].status is not (CANCELLING if isinstance(event, JobReleased) else RUNNING):
                continue  # its time ran out on the way, or it has not yet (J-05)
            at = max(when, twin.now)
            twin.report(replaced(event, at=at), f"{name} leaves the device at {at / 1e6:g} s")
            yield from self._kept(twin, len(self.steps))

    def _kept(self, world: World, at: int) -> Iterator[World]:
        """The world, unless something that cannot be undone contradicts the look already."""
        if self._may_lead_there(world):
            yield world
        else:
            self.missed.append((world, at, None))

    def _ends_of(self, job: Job) -> Iterator[Event]:
        """In which ways this job on the device may leave it, as far as the look lets it."""
        missing, shown = self.bounds.missing, self._shown_as(job.id)
        may_overrun = job.execution_limit_due is not None and shown in ("cancelled", None)
        if "JobReleased" in missing and (job.status is CANCELLING or may_overrun):
            yield JobReleased(at=0, job_id=job.id)
        if job.status is not RUNNING:
            return
        if "JobSucceeded" in missing and shown in ("completed", None):
            yield JobSucceeded(at=0, job_id=job.id)
        may_fail = self.bounds.failing is None or job.id in self.bounds.failing
        if "JobFailed" in missing and may_fail and shown in ("failed", None):
            code = None
            if self.look is not None and job.id in self.look.view.jobs:
                code = self.look.view.jobs[job.id].reason_code
            yield JobFailed(at=0, job_id=job.id, reason_code=None if code is UNSEEN else code)

    def _untold(self, world: World) -> Iterator[Event]:
        """Requests that may have been made without being told."""
        missing = self.bounds.missing
        for name, session in world.core.sessions.items():
            if session.configuration is not Configuration.CLOSED:
                if "CloseRequested" in missing and session.accepting_jobs:
                    yield CloseRequested(at=0, session_id=name)
                if "CancelRequested" in missing:
                    yield CancelRequested(at=0, session_id=name)
        if "JobCancelRequested" in missing:
            for job in world.core.jobs.values():
                if job.status in (QUEUED, RUNNING) and self._shown_as(job.id) in ("cancelled", None):
                    yield JobCancelRequested(at=0, job_id=job.id)

    # --- times -----------------------------------------------------------------------------------------------

    def _times_inside(self, world: World, until: int) -> list[tuple[int, int]]:
        """(until when time passes first, when it happens): a report comes before the timers of its instant, or after
        they have fired (T-01)."""
        now = world.now
        inside = {now, max(now, until), max(now, until - self.bounds.tolerance)}
        inside.update(time for time in self._instants if now <= time <= until)
        deadlines = [due for due in _deadlines(world) if now <= due <= until]
        for due in deadlines:
            inside.update((max(now, due - 1), due))
        pairs = [(time - 1, time) for time in inside] + [(due, due) for due in deadlines]
        return sorted(pairs, key=lambda pair: (pair[1], pair[0]))

    def _times_of(self, step: Step, world: World) -> Iterable[int]:
        """When a known step may have been taken."""
        if not self.bounds.tolerance:
            return (max(step.event.at, world.now),)
        return self._around(world, step.event.at, step.hints)

    def _around(self, world: World, nominal: int, hints: Iterable[int]) -> list[int]:
        """Times within the tolerance of ``nominal`` that could make a difference."""
        tolerance, now = self.bounds.tolerance, world.now
        found = {nominal, *hints}
        found.update(time for time in self._instants if abs(time - nominal) <= tolerance)
        for due in _deadlines(world):
            if abs(due - nominal) <= tolerance:
                found.update((due - 1, due))
        return sorted({max(now, time) for time in found})

    # --- agreeing --------------------------------------------------------------------------------------------

    def _shown_as(self, job: str) -> str | None:
        """The job's status at the look; None where it is not shown."""
        if self.look is None or job not in self.look.view.jobs:
            return None
        return self.look.view.jobs[job].status

    def _differences(self, world: World) -> Iterator[Difference]:
        if self.look is None:
            return iter(())
        right, seen = world.view(), self.look.view
        if not self.look.whole:
            right = View(
                at=right.at,
                sessions={name: view for name, view in right.sessions.items() if name in seen.sessions},
                jobs={name: view for name, view in right.jobs.items() if name in seen.jobs},
            )
        return view_differs(right, seen, {}, 0, 2 * self.bounds.tolerance)

    def _may_lead_there(self, world: World) -> bool:
        """Whether nothing that never changes again differs from the look."""
        if self.look is None:
            return True
        seen, slack = self.look.view, 2 * self.bounds.tolerance
        right = world.view()
        for name, job in right.jobs.items():
            shown = seen.jobs.get(name)
            if shown is None or job.status == shown.status or job.status == "queued":
                continue
            if job.status != "running" or shown.status == "queued":
                return False
        return self.bounds.lenient or all(
            name not in seen.sessions or may_become(session, seen.sessions[name], slack)
            for name, session in right.sessions.items()
        )


def _deadlines(world: World) -> Iterator[int]:
    """When the timers that are armed now are due."""
    for session in world.core.sessions.values():
        for due, _ in session.deadlines():
            yield due
    for job in world.core.jobs.values():
        if (limit := job.execution_limit_due) is not None:
            yield limit

"""The set of states in which a target could be, where nobody can say in which one it is.

A target that starts and ends jobs by itself, or a log in which some events are not written down, leaves several
histories open. This keeps all of them, each a real core that lived through it; what is seen rules out those that it
contradicts. When none is left, no correct target shows what was seen. Where the evidence cannot decide, or there is
too much to keep, that is said and nobody is accused.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from typing import final

import attrs

from sessioncore.core.events import Advanced, Event
from sessioncore.core.job import FINAL, QUEUED
from sessioncore.core.profiles import FIFO, IBM_GUIDE, LIMITS, Policy, Profile
from sessioncore.core.states import SessionState
from sessioncore.core.values import maker

from .possible_parts import Bounds, Look, Missed, Step, TooManyError, shown_times
from .possible_search import Search
from .possible_world import Key, World
from .protocol import TIMES, UNSEEN, Outcome, View

__all__ = ["UNTOLD", "Impossible", "Possible", "TooManyError", "in_words"]

UNTOLD = frozenset({"JobStarted", "JobSucceeded", "JobFailed", "JobReleased"})
"""What a target that starts and ends jobs by itself does not tell."""

WORLDS_MAX = 400
"""How many possibilities are kept; more, and the case is inconclusive."""

ALIKE_MAX = 4
"""With a tolerance, how many possibilities are kept that differ in times alone: those nearest to what was shown."""

EXPLAINED_MAX = 1_000
"""How many ways are tried to find the nearest one to what was seen."""

LOOKS_AGAIN_MAX = 60
"""Histories with more looks are not searched again with finer times."""

_ASKED = ("max_ttl", "max_execution")
"""Lengths of time that clients ask for."""

advanced = maker(Advanced)


@final
class Impossible(Exception):
    """Nothing that the reference allows agrees with what was seen. ``missed`` is the possibility that came nearest
    and what was seen instead; ``states`` are the last possible states, for people."""

    def __init__(self, missed: Missed, states: tuple[str, ...]) -> None:
        super().__init__("; ".join(map(str, missed.differences)))
        self.missed = missed
        self.states = states


@final
class Possible:
    """All histories that agree with what is known so far. Times are microseconds from any origin, ids are the kit's.

    Known steps are told in order with :meth:`request`, :meth:`report` and :meth:`elapse`; each :meth:`observed` view
    takes stock. ``missing`` names the events that may have happened without being told, for example :data:`UNTOLD`;
    jobs then start and end unseen, in the order and under the conditions of the reference. ``failing`` names the jobs
    that may fail of themselves; None lets any job fail. ``tolerance_us`` is how far a time that is shown may be off
    and how late something may be done or shown.
    """

    def __init__(
        self,
        profile: Profile = IBM_GUIDE,
        *,
        lanes: int = 1,
        policy: Policy = FIFO,
        tolerance_us: int = 0,
        missing: Iterable[str] = UNTOLD,
        failing: Iterable[str] | None = None,
        worlds_max: int = WORLDS_MAX,
        now: int = 0,
    ) -> None:
        self.worlds: list[World] = [World.first(profile, lanes=lanes, policy=policy, now=now)]
        self._first = self.worlds[0]
        self._bounds = Bounds(tolerance=tolerance_us, missing=frozenset(missing))
        self.let_fail(failing)
        self._worlds_max = worlds_max
        self._lengths = sorted(
            {
                length
                for half in (profile.dedicated, profile.batch)
                for name in LIMITS
                if name != "job_limit" and (length := getattr(half, name)) is not None
            }
        )
        self._steps: list[Step] = []
        self._history: list[tuple[list[Step], Look | None]] = []

    # --- what is known ---------------------------------------------------------------------------------------

    def request(self, event: Event, outcome: Outcome | None = None) -> None:
        """A request at ``event.at``, and what was answered; None where nobody knows."""
        self._steps.append(Step(event=event, outcome=outcome))

    def report(self, event: Event) -> None:
        """A job started or ended at ``event.at``, and somebody told."""
        self._steps.append(Step(event=event))

    def elapse(self, until: int) -> None:
        """Time passed, up to and including ``until``."""
        self._steps.append(Step(event=advanced(at=until)))

    def observed(self, view: View, *, whole: bool = True) -> None:
        """What a client saw at ``view.at``. ``whole``: everything that exists had to be in it.

        Raises :class:`Impossible`, and :class:`TooManyError` where there are more possibilities than are kept; then
        nothing has changed, and another view of the same moment can be tried.
        """
        self._go_on(Look(view=view, whole=whole))

    def settle(self) -> None:
        """Take stock of known steps that no view followed. Raises what :meth:`observed` raises."""
        if self._steps:
            self._go_on(None)

    def let_fail(self, jobs: Iterable[str] | None) -> None:
        """From now on these jobs may fail of themselves; None: any."""
        self._bounds = attrs.evolve(self._bounds, failing=None if jobs is None else frozenset(jobs))

    def forget_steps(self) -> None:
        """Drop the known steps that no view has followed yet, to tell them again."""
        self._steps = []

    # --- what may be -----------------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """The latest time that any possibility has reached."""
        return max(world.now for world in self.worlds)

    def states(self, most: int = 8) -> tuple[str, ...]:
        """The possibilities for people, each with what it allows next; at most so many."""
        told = list(dict.fromkeys(in_words(world) for world in self.worlds))
        more = len(told) - most
        return (*told[:most], *((f"... and {more} more",) if more > 0 else ()))

    def _go_on(self, look: Look | None) -> None:
        steps = self._steps
        for world in self.worlds:
            world.begin()
        search = Search(steps, look, self._bounds)
        found = self._kept(search.run(self.worlds), look)
        if not found and (told := search.told_by_usage()):
            found = self._kept(Search(steps, look, self._bounds, told).run(self.worlds), look)
        if not found:
            found = self._search_again(steps, look)
        if not found:
            raise Impossible(self._nearest(search, steps, look), self.states())
        if len(self._history) <= LOOKS_AGAIN_MAX:
            self._history.append((steps, look))
        self._steps = []
        self.worlds = found

    def _nearest(self, search: Search, steps: list[Step], look: Look | None) -> Missed:
        """What comes nearest to what was seen: the same search once more, which also goes on where that cannot agree
        any more, for a while."""
        bounds = attrs.evolve(self._bounds, lenient=True, nodes_max=EXPLAINED_MAX)
        further = Search(steps, look, bounds)
        with suppress(TooManyError):
            further.run(self.worlds)
        found = [missed for missed in (search.nearest(), further.nearest()) if missed is not None]
        assert found, "a search without a result has missed something"
        return min(found, key=lambda missed: missed.distance)

    def _kept(self, worlds: list[World], look: Look | None) -> list[World]:
        """The worlds to go on with. Of those that differ in times alone, within the tolerance, the nearest ones."""
        if self._bounds.tolerance and look is not None:
            alike: dict[Key, list[World]] = {}
            for world in worlds:
                alike.setdefault(world.shape(), []).append(world)
            worlds = [
                world
                for group in alike.values()
                for world in sorted(group, key=lambda world: _distance(world, look.view))[:ALIKE_MAX]
            ]
        if len(worlds) > self._worlds_max:
            raise TooManyError(f"more than {self._worlds_max} possible states")
        return worlds

    def _search_again(self, steps: list[Step], look: Look | None) -> list[World]:
        """The whole history once more, with times that only later evidence has made interesting: a length of time
        before or after anything that was ever shown."""
        history = [*self._history, (steps, look)]
        if len(history) > LOOKS_AGAIN_MAX or self._bounds.tolerance:
            return []
        known = {step.event.at for block, _ in history for step in block}
        known.update(time for _, seen in history for time in shown_times(seen))
        asked = {getattr(step.event, name, None) for block, _ in history for step in block for name in _ASKED}
        lengths = {0, *self._lengths, *(length for length in asked if length)}
        finer = {time + sign * length + by for time in known for length in lengths for sign in (-1, 1)
                 for by in (-1, 0, 1)}  # fmt: skip
        bounds, nodes = attrs.evolve(self._bounds, eager=True), count(1)
        worlds = [self._first]
        for block, seen in history:
            for world in worlds:
                world.begin()
            worlds = self._kept(Search(block, seen, bounds, finer, nodes).run(worlds), seen)
            if not worlds:
                return []
        return worlds


def _distance(world: World, view: View) -> int:
    """How far the times of a world are from those that were shown, in microseconds."""
    far = abs(world.now - view.at)
    right = world.view()
    for name, session in right.sessions.items():
        shown = view.sessions.get(name)
        for field in TIMES if shown is not None else ():
            ours, theirs = getattr(session, field), getattr(shown, field)
            if ours is not None and theirs is not None and theirs is not UNSEEN:
                far += abs(ours - theirs)
    return far


def in_words(world: World) -> str:
    """One possibility for people: where everything stands, what was supposed on the way, and what may come next."""
    core, told, next_ = world.core, [], []
    for name, session in core.sessions.items():
        state = str(session.state.value)
        if session.state is SessionState.CLOSED:
            state += f" ({session.state_reason.value if session.state_reason else '?'})"
        elif not session.accepting_jobs:
            state += ", draining"
        told.append(f"{name} is {state}")
        next_ += [f"{timer} of {name} in {(due - core.now) / 1e6:g} s" for timer, due in core.timers(name)]
    told += [f"{job.id} is {job.status.value}" for job in core.jobs.values()]
    next_ += [f"{job.id} leaves the device" for job in core.jobs.values() if job.status not in (*FINAL, QUEUED)]
    if world.waiting:
        started = world.fork().start_next(core.now)
        next_.append("no queued job may start" if started is None else f"{started} starts")
    if world.device.value != "online":
        told.append(f"the device is {world.device.value}")
    text = "; ".join(told) or "nothing exists yet"
    if world.told:
        text += f" [after {', '.join(world.told)}]"
    return text + (f". Next: {', '.join(next_)}" if next_ else "")

"""What must come of each step: a real core that lives through the same events.

For a target whose clock and reports the kit drives there is one right answer at every step, and the oracle is one
core. (Where jobs start and end by themselves there are several: see ``possible``.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import final

from sessioncore.core.device_core import DeviceCore
from sessioncore.core.effects import AnyEffect, StartJob
from sessioncore.core.errors import ClientError, Story
from sessioncore.core.events import REPORTS, Advanced, Event, OpenRequested, SubmitRequested
from sessioncore.core.profiles import FIFO, IBM_GUIDE, Policy, Profile
from sessioncore.core.session import Session
from sessioncore.core.states import Configuration

from .protocol import Accepted, Outcome, View
from .reference import Kept, accepted, rejected, view_of

DONE = Accepted()

CALLED: Mapping[Configuration, str] = {one: one.value for one in Configuration}
"""The name of every configuration."""


@final
class Oracle:
    """The reference, from 0 on its own clock. ``started`` are the jobs that it started in the last step, with when;
    ``sessions`` and ``where`` are its sessions after it, and in which configuration each of them is."""

    def __init__(self, profile: Profile = IBM_GUIDE, *, lanes: int = 1, policy: Policy = FIFO) -> None:
        self.core = DeviceCore("device", lanes=lanes, profile=profile, policy=policy)
        self.started: list[tuple[int, str]] = []
        self.rows: tuple[str, ...] = ()
        self.steps: dict[str, tuple[str, ...]] = {}
        self._stories: dict[str, Story] = {}
        self._fired: Counter[str] = Counter()
        self.sessions: Mapping[str, Session] = {}
        self.where: Mapping[str, str] = {}
        self._kept = Kept()
        self._view: View | None = None

    @property
    def now(self) -> int:
        """Its time, in microseconds."""
        return self.core.now

    def pass_time(self, until: int) -> None:
        """Let time pass: every timer due by ``until`` fires at its deadline (T-02)."""
        self._note(self.core.advance(until))

    def apply(self, event: Event) -> Outcome:
        """One request or report; time has passed already. The answer that is right."""
        try:
            effects = self.core.handle(event)
        except ClientError as error:
            self.rows, self.steps, self.started = (error.row,), {}, []
            return rejected(code=error.code, http_status=error.http_status, message=error.message)
        self._note(effects)
        if isinstance(event, OpenRequested):
            return accepted(id=event.session_id)
        return accepted(id=event.job_id) if isinstance(event, SubmitRequested) else DONE

    def view(self) -> View:
        """What a client sees now."""
        if self._view is None:
            self._view = view_of(self.core, self.core.now, self._kept)
        return self._view

    def session(self, name: str) -> Session | None:
        """One session as the reference knows it."""
        return self.core.session(name)

    def otherwise(self, event: Event) -> View | None:
        """What a client would see if the timers of this instant went before the event (T-01); None if that is
        refused."""
        core = self.core.fork()
        core.advance(event.at)
        try:
            core.handle(event)
        except ClientError:
            return None
        return view_of(core, core.now)

    def _note(self, effects: Iterable[AnyEffect]) -> None:
        """Remember the rows of a step, in all and by session, and the jobs that it started."""
        self._view = None
        before, self._fired = self._fired, self.core.fired
        self.rows = tuple([row for row, count in self._fired.items() if count != before.get(row)])
        self.started = [(effect.at, effect.job_id) for effect in effects if type(effect) is StartJob]
        self.steps = {}
        self.sessions = self.core.sessions
        self.where = {name: CALLED[session.configuration] for name, session in self.sessions.items()}
        for name in self.sessions:
            story, was = self.core.story(name), self._stories.get(name, ())
            if story is not was and story != was:
                self.steps[name] = _added(was, story)
                self._stories[name] = story


def _added(was: Story, story: Story) -> tuple[str, ...]:
    """The rows at the end of a story that were not told before. Only the last few steps are told at all."""
    for count in range(1, len(story)):
        kept = story[:-count]
        if kept == was[-len(kept) :]:
            return tuple(row for _, row in story[-count:])
    return tuple(row for _, row in story)


def time_before(event: Event) -> int:
    """Until when time passes before the event is handed in: reports come before the timers of their instant (T-01)."""
    return event.at - 1 if isinstance(event, REPORTS) else event.at


def is_time(event: Event) -> bool:
    """Whether the event only lets time pass."""
    return isinstance(event, Advanced)

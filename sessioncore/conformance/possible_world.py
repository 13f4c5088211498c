"""One state in which a target could be: a real core, whose jobs start and end only when that is supposed.

The core's device is kept paused, so that nothing starts by itself; *one job starts now* is to resume it for an instant
with a single lane to spare. Which job that is, and whether one may start at all, is then said by the core's own order
(D-01 to D-04).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeAlias, final

from sessioncore.core.chart import select
from sessioncore.core.device_chart import DEVICE_CHART
from sessioncore.core.device_core import DeviceCore
from sessioncore.core.effects import StartJob
from sessioncore.core.errors import ClientError, Story
from sessioncore.core.events import (
    Event,
    OfflineRequested,
    OpenRequested,
    PauseRequested,
    ResumeRequested,
    SubmitRequested,
)
from sessioncore.core.job import QUEUED
from sessioncore.core.profiles import FIFO, IBM_GUIDE, Policy, Profile
from sessioncore.core.signals import JobReady
from sessioncore.core.states import DeviceState
from sessioncore.core.values import maker

from .oracle import DONE
from .protocol import Accepted, Outcome, Rejected, View
from .reference import view_of

Key: TypeAlias = tuple[object, ...]

ABOUT_DEVICE = (PauseRequested, OfflineRequested, ResumeRequested)
ASKED = frozenset(row.id for row in DEVICE_CHART.rows if row.trigger is JobReady) - {"D-03.start"}
TOGGLED = frozenset(row.id for row in DEVICE_CHART.rows if row.trigger in ABOUT_DEVICE)

pause_requested, resume_requested = maker(PauseRequested), maker(ResumeRequested)


@final
class World:
    """A core, the state that clients see of its device, and how it came here: ``told`` are the inner steps that were
    supposed since the last look, ``rows`` the rows that requests about the device fired."""

    __slots__ = ("core", "device", "lanes", "rows", "since", "stories", "told")

    def __init__(self, core: DeviceCore, lanes: int) -> None:
        self.core = core
        self.lanes = lanes
        self.device = DeviceState.ONLINE
        self.told: tuple[str, ...] = ()
        self.rows: tuple[str, ...] = ()
        self.since: Counter[str] = Counter()
        self.stories: Mapping[str, Story] = {}

    @classmethod
    def first(cls, profile: Profile = IBM_GUIDE, *, lanes: int = 1, policy: Policy = FIFO, now: int = 0) -> World:
        """Nothing exists yet."""
        core = DeviceCore("device", lanes=lanes, profile=profile, policy=policy, now=now)
        core.handle(pause_requested(at=now))
        return cls(core, lanes)

    def fork(self) -> World:
        """The same again, to go on differently."""
        twin = World(self.core.fork(), self.lanes)
        twin.device, twin.told, twin.rows = self.device, self.told, self.rows
        twin.since, twin.stories = self.since, self.stories
        return twin

    def key(self) -> Key:
        """Two worlds with one key go on in the same way."""
        core = self.core
        return (core.now, self.device, tuple(core.jobs.values()), tuple(core.sessions.values()))

    def shape(self) -> Key:
        """What is left of the key without times: who is where."""
        core = self.core
        jobs = tuple((job.id, job.status, job.reason_code) for job in core.jobs.values())
        sessions = tuple(
            (one.id, one.configuration, one.state_reason, one.queued, one.on_device) for one in core.sessions.values()
        )
        return (self.device, jobs, sessions)

    def begin(self) -> None:
        """What is told from here on belongs to the next look."""
        self.told, self.rows = (), ()
        self.since = self.core.fired
        self.stories = {name: self.core.story(name) for name in self.core.sessions}

    # --- what happens ----------------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """Its time, in microseconds."""
        return self.core.now

    @property
    def waiting(self) -> bool:
        """Whether a job is queued that could start if the device let it."""
        return self.device is DeviceState.ONLINE and any(job.status is QUEUED for job in self.core.jobs.values())

    def pass_time(self, until: int) -> None:
        """Let time pass, if it has not passed: timers fire at their deadlines, those of this instant too."""
        if until >= self.core.now:
            self.core.advance(until)

    def start_next(self, at: int) -> str | None:
        """The job that is first in the order starts now, if one may; its id. Every timer due has fired."""
        core = self.core
        core.lanes = min(self.lanes, core.running + 1)
        effects = core.handle(resume_requested(at=at))
        core.handle(pause_requested(at=at))
        core.lanes = self.lanes
        started = [effect.job_id for effect in effects if isinstance(effect, StartJob)]
        if not started:
            return None
        self.told += (f"{started[0]} starts at {at / 1e6:g} s",)
        return started[0]

    def request(self, event: Event) -> Outcome:
        """A request; time has passed already. The answer that is right."""
        if isinstance(event, ABOUT_DEVICE):
            row = select(DEVICE_CHART.cells[event.__class__][self.device], None, event)
            if row.target is not None:
                self.device = DeviceState(row.target)
            self.rows += (row.id,)
            return DONE
        try:
            self.core.handle(event)
        except ClientError as error:
            self.rows += (error.row,)
            return Rejected(code=error.code, http_status=error.http_status, message=error.message)
        if isinstance(event, OpenRequested):
            return Accepted(id=event.session_id)
        return Accepted(id=event.job_id) if isinstance(event, SubmitRequested) else DONE

    def report(self, event: Event, supposed: str = "") -> None:
        """A job ends; time has passed already."""
        self.core.handle(event)
        if supposed:
            self.told += (supposed,)

    # --- what is seen of it ----------------------------------------------------------------------------------

    def view(self) -> View:
        """What a client sees now."""
        return view_of(self.core, self.core.now)

    def fired(self) -> Counter[str]:
        """The rows since the last look, without those of our own resuming and pausing, and with those by which
        queued jobs wait now: a device that could start one at this instant and does not is late, not wrong."""
        rows = self.core.fired - self.since
        for name in (*ASKED, *TOGGLED):
            rows.pop(name, None)
        rows.update(self.rows)
        rows.update(self._waits())
        return rows

    def steps(self) -> dict[str, tuple[str, ...]]:
        """The rows of each session since the last look."""
        found = {}
        for name in self.core.sessions:
            story, was = self.core.story(name), self.stories.get(name, ())
            if story != was:
                found[name] = added(was, story)
        return found

    def _waits(self) -> Iterable[str]:
        """The rows that keep queued jobs waiting, where a device that lost no time would start none either."""
        if not any(job.status is QUEUED for job in self.core.jobs.values()):
            return ()
        if self.device is not DeviceState.ONLINE:
            return ("D-05.wait",)
        twin = self.core.fork()
        before = twin.fired
        effects = twin.handle(resume_requested(at=twin.now))
        if any(isinstance(effect, StartJob) for effect in effects):
            return ()
        return [row for row in twin.fired - before if row in ASKED]


def added(was: Story, story: Story) -> tuple[str, ...]:
    """The rows at the end of a story that were not told before. Only the last few steps are told at all."""
    for count in range(1, len(story)):
        kept = story[:-count]
        if kept == was[-len(kept) :]:
            return tuple(row for _, row in story[-count:])
    return tuple(row for _, row in story)

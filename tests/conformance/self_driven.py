"""A target that starts and ends jobs by itself, at times drawn from a seed: our own core, driven by a device of its
own."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from sessioncore.conformance.protocol import TIMES, Accepted, Capabilities, Outcome, Rejected, View
from sessioncore.conformance.reference import ORIGIN, view_of
from sessioncore.core.device_core import DeviceCore
from sessioncore.core.effects import AnyEffect, StartJob, StopJob
from sessioncore.core.errors import ClientError
from sessioncore.core.events import (
    Event,
    JobFailed,
    JobReleased,
    JobSucceeded,
    OpenRequested,
    PauseRequested,
    ResumeRequested,
    SubmitRequested,
)
from sessioncore.core.profiles import IBM_GUIDE, Profile
from sessioncore.core.values import replaced

SECOND = 1_000_000


class SelfDriven:
    """``lag``: jobs start a while after they could. ``timeless``: none of its times is shown. ``moody``: jobs may
    fail. ``settled``: whatever is to end ends as soon as nobody is looking any more."""

    def __init__(
        self,
        seed: int,
        profile: Profile = IBM_GUIDE,
        *,
        lanes: int = 1,
        lag: bool = False,
        timeless: bool = False,
        moody: bool = False,
        core: Any = DeviceCore,
    ) -> None:
        self.capabilities = Capabilities(reports=False, lanes=lanes, fresh=False)
        self._dice = Random(seed)
        self._core = core("device", lanes=lanes, profile=profile, now=ORIGIN)
        self._lag, self._timeless, self._moody = lag, timeless, moody
        self._ends: dict[str, int] = {}
        self._lengths: Mapping[str, str] = {}
        self._names: dict[str, str] = {}
        self._paused = False
        if lag:
            self._core.handle(PauseRequested(at=ORIGIN))

    def plan(self, lengths: Mapping[str, str]) -> None:
        self._lengths = lengths

    def apply(self, event: Event) -> Outcome:
        self._live(0)
        event = replaced(event, at=self._core.now)
        if isinstance(event, PauseRequested | ResumeRequested):
            self._paused = isinstance(event, PauseRequested)
            if self._lag:
                return Accepted()
        try:
            self._carry_out(self._core.handle(event))
        except ClientError as error:
            return Rejected(code=error.code, http_status=error.http_status)
        self._live(0)
        if isinstance(event, OpenRequested):
            return Accepted(id=event.session_id)
        return Accepted(id=event.job_id) if isinstance(event, SubmitRequested) else Accepted()

    def advance(self, microseconds: int) -> None:
        self._live(microseconds)

    def observe(self) -> View:
        self._live(0)
        view = view_of(self._core, self._core.now)
        if not self._timeless:
            return view
        from sessioncore.conformance.protocol import UNSEEN

        hidden = dict.fromkeys((*TIMES, "usage_time"), UNSEEN)
        return View(
            at=view.at,
            sessions={name: replaced(shown, **hidden) for name, shown in view.sessions.items()},
            jobs=view.jobs,
        )

    def close(self) -> None:
        """Nothing is held."""

    # --- the device ------------------------------------------------------------------------------------------

    def _live(self, microseconds: int) -> None:
        """Time passes: jobs start and end at times of their own."""
        until = self._core.now + microseconds
        while True:
            now = self._core.now
            if self._lag and not self._paused and self._dice.random() < 0.6:
                self._carry_out(self._core.advance(now))
                self._carry_out(self._core.handle(ResumeRequested(at=now)))
                self._carry_out(self._core.handle(PauseRequested(at=now)))
            due = min(self._ends.values(), default=None)
            moment = self._dice.randint(now, until) if self._lag and self._dice.random() < 0.7 else until
            if due is None or due > moment:
                self._carry_out(self._core.advance(moment))
                if moment >= until:
                    return
                continue
            job = min(self._ends, key=lambda name: self._ends[name])
            del self._ends[job]
            at = max(due, now)
            self._carry_out(self._core.advance(at - 1))
            self._carry_out(self._core.handle(self._end_of(job, max(at, self._core.now))))

    def _end_of(self, job: str, at: int) -> Event:
        status = self._core.jobs[job].status.value
        if status == "cancelling" and self._dice.random() < 0.7:
            return JobReleased(at=at, job_id=job)
        if self._moody and self._dice.random() < 0.3:
            return JobFailed(at=at, job_id=job, reason="it broke", reason_code=9707)
        return JobSucceeded(at=at, job_id=job)

    def _carry_out(self, effects: tuple[AnyEffect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, StartJob):
                length = self._lengths.get(effect.job_id, "short")
                spread = {"short": 0, "medium": 20 * SECOND, "failing": 0, "long": 40_000 * SECOND}[length]
                drawn = self._dice.choice((0, 1, self._dice.randint(0, spread)))
                self._ends[effect.job_id] = effect.at + (spread if length == "long" else drawn)
            elif isinstance(effect, StopJob) and effect.job_id in self._ends:
                later = self._dice.choice((0, 0, 1, self._dice.randint(0, 90 * SECOND)))
                self._ends[effect.job_id] = effect.at + later

"""A small language for programs of events: the reference goes along, so that a program can say *at the next deadline*.

A program is words, each one event, a little later than the one before it:

    open:a open:b/batch open:a/6       a session, its mode, and its max TTL in ticks
    j1>a j1>a/3 x1> j1>a/0 j1>a/due    a submission, in job mode without a session; its limit in ticks, or see LENGTHS
    +j1 !j1 ?j1 -j1                    it succeeds, fails, is let go; a client cancels it
    +* !* ?* -*                        the same for the job that is longest on the device
    close:a cancel:a pause offline resume
    at                                 the next word comes at the next deadline, not a little later
    idle                               time passes up to the next deadline
    wait                               every deadline that is left, just before it and at it
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from sessioncore.core.device_core import DeviceCore
from sessioncore.core.errors import ClientError
from sessioncore.core.events import (
    REPORTS,
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
from sessioncore.core.states import JobStatus, Mode

from ..cases import Case
from ..model import tick_of

STEPS_PER_TICK = 40
"""How many words fit into a tick: an idle time of two ticks outlasts any program."""

DEADLINES_MAX = 5
"""How many deadlines ``wait`` waits for: each timer of two sessions at most."""

ABOUT_JOBS: Mapping[str, Callable[..., Event]] = {
    "+": JobSucceeded,
    "!": JobFailed,
    "?": JobReleased,
    "-": JobCancelRequested,
}
OF_SESSIONS: Mapping[str, Callable[..., Event]] = {"close": CloseRequested, "cancel": CancelRequested}
OF_OPERATORS: Mapping[str, Callable[..., Event]] = {
    "pause": PauseRequested,
    "offline": OfflineRequested,
    "resume": ResumeRequested,
}

LENGTHS = ("due", "whole", "over", "beyond")
"""Limits of a job that depend on where it comes: up to the next deadline, the whole max TTL of its session, a
microsecond more, and a microsecond more than any session may last."""


class Story:
    """One program as it is told, with the reference beside it."""

    def __init__(self, profile: Profile, lanes: int) -> None:
        self.profile = profile
        self.tick = tick_of(profile)[0]
        self.step = max(1, self.tick // STEPS_PER_TICK)
        self.core = DeviceCore("device", lanes=lanes, profile=profile)
        self.events: list[Event] = []
        self.now = 0
        self.sharp = False

    def tell(self, word: str) -> None:
        """One word more."""
        due = self.core.next_deadline()
        if word == "wait":
            return self._wait()
        if word == "at":
            self.now, self.sharp = self.now + self.step if due is None else due, True
            return None
        if word == "idle":
            return self._add(Advanced(at=self.now + 2 * self.tick if due is None else due))
        if not self.sharp:
            self.now += self.step
        self.sharp = False
        return self._add(self._event(word))

    def _event(self, word: str) -> Event:
        if word[0] in ABOUT_JOBS:
            return ABOUT_JOBS[word[0]](at=self.now, job_id=self._running() if word[1:] == "*" else word[1:])
        if word in OF_OPERATORS:
            return OF_OPERATORS[word](at=self.now)
        if ">" in word:
            job, _, rest = word.partition(">")
            session, _, length = rest.partition("/")
            limit = self._length(length, session)
            return SubmitRequested(at=self.now, job_id=job, session_id=session or None, max_execution=limit)
        kind, _, rest = word.partition(":")
        if kind in OF_SESSIONS:
            return OF_SESSIONS[kind](at=self.now, session_id=rest)
        return self._opening(*rest.split("/"))

    def _opening(self, name: str, *terms: str) -> OpenRequested:
        mode = Mode.BATCH if "batch" in terms else Mode.DEDICATED
        ceiling = self.profile.half(mode).max_ttl
        asked = [self.tick * int(term) for term in terms if term != "batch"]
        length = min(asked[0], ceiling) if asked and ceiling is not None else None
        return OpenRequested(at=self.now, session_id=name, mode=mode, max_ttl=length)

    def _length(self, word: str, session: str) -> int | None:
        if not word:
            return None
        if word not in LENGTHS:
            return int(word) * self.tick
        if word == "due":
            due = self.core.next_deadline()
            return self.tick if due is None else max(1, due - self.now)
        known = self.core.sessions.get(session)
        longest = self.profile.dedicated.max_ttl if word == "beyond" or known is None else known.max_ttl
        return None if longest is None else longest + (word != "whole")

    def _running(self) -> str:
        on = (JobStatus.RUNNING, JobStatus.CANCELLING)
        jobs = [job.id for job in self.core.jobs.values() if job.status in on]
        return jobs[0] if jobs else "nothing"

    def _wait(self) -> None:
        for _ in range(DEADLINES_MAX):
            due = self.core.next_deadline()
            if due is None:
                break
            if due - 1 > self.now:
                self._add(Advanced(at=due - 1))
            self._add(Advanced(at=due))

    def _add(self, event: Event) -> None:
        self.events.append(event)
        self.now = event.at
        self.core.advance(max(self.core.now, event.at - 1 if isinstance(event, REPORTS) else event.at))
        with suppress(ClientError):  # a refusal is what some programs are about
            self.core.handle(event)


def told(profile: Profile, lanes: int, programs: Iterable[tuple[str, str]]) -> Iterator[Case]:
    """A case for each (name, program)."""
    for name, program in programs:
        story = Story(profile, lanes)
        for word in program.split():
            story.tell(word)
        yield Case(name=name, events=tuple(story.events))

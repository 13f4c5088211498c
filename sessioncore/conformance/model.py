"""The reference as a finite machine: its states under a small alphabet, what each input answers, and where it leads.

A scope says what is in play: which sessions, how many jobs each, whether the device is paused now and then, and how
long a tick is. All inputs fall on ticks. Two moments of the reference are one state if nothing that comes later can
tell them apart: configurations, jobs, and what is left of every timer; a timer further away than the horizon is
*far*.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeAlias, final

import attrs

from sessioncore.core.device_core import DeviceCore
from sessioncore.core.errors import ClientError, HostError
from sessioncore.core.events import (
    Advanced,
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobSucceeded,
    OpenRequested,
    PauseRequested,
    ResumeRequested,
    SubmitRequested,
)
from sessioncore.core.profiles import IBM_GUIDE, Parameters, Profile
from sessioncore.core.session import Session
from sessioncore.core.states import Mode

from .cases import Case
from .oracle import time_before
from .reference import SEEN_AS

STATES_MAX = 20_000
"""More states than that are no small scope."""

HORIZON = 8
"""Timers that are further away than this many ticks count as far."""

NOTHING = ("nothing to do",)
"""What an input answers that means nothing where it comes."""

Key: TypeAlias = tuple[Any, ...]
Output: TypeAlias = tuple[Any, ...]
Inputs: TypeAlias = tuple[str, ...]


@final
@attrs.frozen(kw_only=True)
class Scope:
    """What is in play. ``jobs`` is how many jobs each session may be given, ``alone`` how many job-mode jobs there
    may be; ``tick_us`` and ``max_ttl`` are microseconds, ``max_ttl`` None takes the profile's."""

    name: str
    profile: Profile
    tick_us: int
    max_ttl: int | None
    sessions: tuple[tuple[str, Mode], ...] = (("a", Mode.DEDICATED),)
    jobs: int = 2
    alone: int = 0
    pause: bool = False
    lanes: int = 1
    time: bool = True


def tick_of(profile: Profile, mode: Mode = Mode.DEDICATED) -> tuple[int, int | None]:
    """A tick for this profile and the max TTL to ask for: the interactive TTL is two ticks, the max TTL three, where
    the profile has them. Microseconds."""
    half: Parameters = profile.half(mode)
    ceiling = half.max_ttl
    length = half.interactive_ttl or half.no_submission or ceiling or 60_000_000
    tick = max(1, length // 2)
    if ceiling is None:
        return tick, None
    if ceiling < 3 * tick:
        tick = max(1, ceiling // 3)
    return tick, min(ceiling, 3 * tick)


@final
class World:
    """The reference at one moment, with how many jobs were submitted to whom. Never changed once it is made."""

    __slots__ = ("core", "used")

    def __init__(self, core: DeviceCore, used: tuple[int, ...]) -> None:
        self.core = core
        self.used = used


@final
class Model:
    """The finite machine of one scope: ``states`` in the order in which they were found, breadth first."""

    def __init__(self, scope: Scope, progress: Callable[[int], None] | None = None) -> None:
        self.scope = scope
        self.inputs = tuple(_inputs(scope))
        self.worlds: list[World] = []
        self.paths: list[Inputs] = []
        self.next: list[dict[str, int]] = []
        self.outputs: list[dict[str, Output]] = []
        self.rows: list[dict[str, tuple[str, ...]]] = []
        self._search(progress)

    def __len__(self) -> int:
        return len(self.worlds)

    def opening(self) -> tuple[Event, ...]:
        """What comes before the first input: the sessions are opened at 0."""
        return tuple(
            OpenRequested(at=0, session_id=name, mode=mode, max_ttl=self.scope.max_ttl)
            for name, mode in self.scope.sessions
        )

    def jobs(self) -> tuple[str, ...]:
        """Every job that there may be, in order."""
        return tuple(word.partition(" ")[2] for word in self.inputs if word.startswith("succeed "))

    def case(self, name: str, inputs: Inputs, goals: tuple[str, ...] = ()) -> Case:
        """The events of a sequence of inputs. An input that says nothing where it comes (a submission when every job
        was submitted) is left out."""
        events = list(self.opening())
        now = state = 0
        for word in inputs:
            if word == "tick":
                now += self.scope.tick_us
                events.append(Advanced(at=now))
            else:  # a submission that was refused is none: the next one has its name
                event = event_of(self.scope, word, now, list(self.worlds[state].used))
                if event is not None:
                    events.append(event)
            state = self.next[state][word]
        return Case(name=name, events=tuple(events), goals=goals)

    # --- the search ------------------------------------------------------------------------------------------

    def _search(self, progress: Callable[[int], None] | None) -> None:
        core = DeviceCore("device", lanes=self.scope.lanes, profile=self.scope.profile)
        for event in self.opening():
            core.handle(event)
        first = World(core, (0,) * (len(self.scope.sessions) + 1))
        found = {self._key(first): 0}
        self.worlds, self.paths, looks = [first], [()], [self.seen(first)]
        waiting = deque([0])
        while waiting:
            here = waiting.popleft()
            if progress is not None and here % 200 == 0:
                progress(len(self.worlds))
            leads: dict[str, int] = {}
            says: dict[str, Output] = {}
            rows: dict[str, tuple[str, ...]] = {}
            spare: list[DeviceCore] = []
            for word in self.inputs:
                after, answer, rows[word] = self._taken(self.worlds[here], word, spare)
                there = here if after is None else found.setdefault(self._key(after), len(self.worlds))
                if after is not None and there == len(self.worlds):
                    if there >= STATES_MAX:
                        raise HostError(f"scope {self.scope.name} has more than {STATES_MAX} states", rule="T-03")
                    self.worlds.append(after)
                    self.paths.append((*self.paths[here], word))
                    looks.append(self.seen(after))
                    waiting.append(there)
                leads[word] = there
                says[word] = NOTHING if answer is None else (answer, looks[there])
            self.next.append(leads)
            self.outputs.append(says)
            self.rows.append(rows)

    def _taken(
        self, world: World, word: str, spare: list[DeviceCore]
    ) -> tuple[World | None, Any, tuple[str, ...]]:
        """One input: the world after it (None where it changes nothing), the answer (None where the input says nothing
        here), and the rows that fired. A copy in which a refused input changed nothing is ``spare`` for the next."""
        now, used = world.core.now, list(world.used)
        event = Advanced(at=now + self.scope.tick_us) if word == "tick" else event_of(self.scope, word, now, used)
        if event is None:
            return None, None, ()
        core = spare.pop() if spare else world.core.fork()
        until, due, before = time_before(event), core.next_deadline(), core.fired
        core.advance(until)
        # Timers may have been armed for this very instant.
        timers = () if due is None or due > until else _fired(before, core)
        try:
            core.handle(event)
        except ClientError as error:
            if not timers:
                spare.append(core)
            return World(core, world.used) if timers else None, ("refused", error.code), (*timers, error.row)
        return World(core, tuple(used)), "done", _fired(before, core)

    def seen(self, world: World) -> Output:
        """What a client sees of it, but for times."""
        core = world.core
        sessions = tuple(
            (one.state.value, one.accepting_jobs, one.state_reason) for one in core.sessions.values()
        )
        return sessions, tuple((job.id, SEEN_AS[job.status], job.reason_code) for job in core.jobs.values())

    def _key(self, world: World) -> Key:
        core, tick = world.core, self.scope.tick_us
        return (
            core.state,
            world.used,
            tuple(_of_session(one, core.now, tick) for one in core.sessions.values()),
            tuple(
                (job.id, job.status, job.reason_code, _left(job.execution_limit_due, core.now, tick))
                for job in core.jobs.values()
            ),
        )


def _fired(before: Mapping[str, int], core: DeviceCore) -> tuple[str, ...]:
    """The rows that a core fired since then."""
    return tuple(row for row, count in core.fired.items() if count != before.get(row))


def _left(due: int | None, now: int, tick: int) -> int | str | None:
    """What is left of a timer, or that it is far."""
    if due is None:
        return None
    return "far" if due - now > HORIZON * tick else due - now


def _of_session(one: Session, now: int, tick: int) -> Key:
    timers = tuple((rank, _left(due, now, tick)) for due, rank in one.deadlines())
    parameters = one.terms.parameters
    memory: list[Any] = [one.state_reason]
    if parameters.idle_from == "last_submission" and one.last_submission is not None:
        memory.append(_left(max(now, one.last_submission + (one.interactive_ttl or 0)), now, tick))
    if parameters.status_names == "azure":
        memory += [one.failed > 0, one.completed > 0]
    if parameters.usage_limit is not None and one.closed_at is None:
        memory.append(_left(parameters.usage_limit - one.usage(now), 0, tick))
    return (one.configuration, timers, *memory)


def _inputs(scope: Scope) -> Iterator[str]:
    """The alphabet."""
    if scope.time:
        yield "tick"
    jobs = []
    for name, _ in scope.sessions:
        yield from (f"submit {name}", f"close {name}", f"cancel {name}")
        jobs += [_job(scope, name, number) for number in range(scope.jobs)]
    if scope.alone:
        yield "submit"
        jobs += [_job(scope, "", number) for number in range(scope.alone)]
    for job in jobs:
        yield from (f"succeed {job}", f"fail {job}", f"release {job}", f"drop {job}")
    if scope.pause:
        yield from ("pause", "resume")


def _job(scope: Scope, session: str, number: int) -> str:
    """The name of the n-th job of a session, or of no session."""
    if not session:
        return f"x{number + 1}"
    return f"j{number + 1}" if len(scope.sessions) == 1 else f"{session}{number + 1}"


_ABOUT_JOBS: dict[str, type[Event]] = {
    "succeed": JobSucceeded,
    "fail": JobFailed,
    "release": JobReleased,
    "drop": JobCancelRequested,
}
_ABOUT_SESSIONS: dict[str, type[Event]] = {"close": CloseRequested, "cancel": CancelRequested}


def event_of(scope: Scope, word: str, now: int, used: list[int]) -> Event | None:
    """The event of an input; ``used`` counts the submissions to each session and is brought up to date."""
    verb, _, name = word.partition(" ")
    if verb == "submit":
        place = next((i for i, (session, _) in enumerate(scope.sessions) if session == name), len(scope.sessions))
        number = used[place]
        if number >= (scope.jobs if name else scope.alone):
            return None
        used[place] += 1
        return SubmitRequested(at=now, job_id=_job(scope, name, number), session_id=name or None)
    if verb in _ABOUT_JOBS:
        return _ABOUT_JOBS[verb](at=now, job_id=name)  # type: ignore[call-arg]  # each of them is about a job
    if verb in _ABOUT_SESSIONS:
        return _ABOUT_SESSIONS[verb](at=now, session_id=name)  # type: ignore[call-arg]  # about a session
    return PauseRequested(at=now) if verb == "pause" else ResumeRequested(at=now)


def kind_of(word: str) -> str:
    """The name of the event that an input stands for."""
    verb = word.partition(" ")[0]
    kinds = {"tick": "Advanced", "submit": "SubmitRequested", "pause": "PauseRequested", "resume": "ResumeRequested"}
    return kinds.get(verb) or (_ABOUT_JOBS | _ABOUT_SESSIONS)[verb].__name__


def session_scope(profile: Profile = IBM_GUIDE, *, jobs: int = 2, pause: bool = True) -> Scope:
    """One dedicated session on a device that is paused now and then, so that its jobs wait."""
    tick, max_ttl = tick_of(profile)
    return Scope(name="session", profile=profile, tick_us=tick, max_ttl=max_ttl, jobs=jobs, pause=pause)


def shared_scope(profile: Profile = IBM_GUIDE, *, lanes: int = 1) -> Scope:
    """A dedicated session and a job of its own, which wait for each other while time passes."""
    tick, max_ttl = tick_of(profile)
    alone = 1 if lanes == 1 else 2
    return Scope(name="shared", profile=profile, tick_us=tick, max_ttl=max_ttl, jobs=1, alone=alone, lanes=lanes)


def device_scope(profile: Profile = IBM_GUIDE, *, lanes: int = 1) -> Scope:
    """A dedicated session and a batch, one job each, at one instant."""
    tick, max_ttl = tick_of(profile)
    sessions = (("a", Mode.DEDICATED), ("b", Mode.BATCH))
    return Scope(
        name="device",
        profile=profile,
        tick_us=tick,
        max_ttl=max_ttl,
        sessions=sessions,
        jobs=1,
        lanes=lanes,
        time=False,
    )


@lru_cache(maxsize=8)
def model_of(scope: Scope) -> Model:
    """The finite machine of a scope; the last few are kept."""
    return Model(scope)

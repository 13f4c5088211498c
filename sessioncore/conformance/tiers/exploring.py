"""The tier ``explore``: Hypothesis draws programs, guided towards what was met least, and makes what fails short."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, final

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
from sessioncore.core.job import ON_DEVICE
from sessioncore.core.profiles import Profile
from sessioncore.core.states import DeviceState, Mode

from ..cases import Case
from ..model import tick_of
from ..protocol import Capabilities
from ..results import Finding, TierResult
from .runner import Runner

EXAMPLES = 160
"""How many programs are drawn."""

ROUND = 20
"""How many of them are drawn between two looks at what was met least."""

STEPS = 50
"""How many events one has at most."""

SESSIONS_MAX, JOBS_MAX = 3, 8

HINDERING = (CancelRequested, CloseRequested, PauseRequested, JobCancelRequested, OpenRequested)
HINDERS = 5
"""How many times rarer than others these are, where both were met as often."""

Visits = Counter[tuple[Any, ...]]


@final
class Program:
    """A program while it is written: the reference lives through it, to know what can come next and how rare it is."""

    def __init__(self, profile: Profile, lanes: int, visits: Visits, unsupported: frozenset[str]) -> None:
        self.core = DeviceCore("device", lanes=lanes, profile=profile)
        self.profile = profile
        self.events: list[Event] = []
        self.tick, self.max_ttl = tick_of(profile)
        self.visits = visits
        self.own: Visits = Counter()
        self.unsupported = unsupported

    def choices(self) -> list[Event]:
        """What can come next, what was met least in such a situation first."""
        now = self.core.now
        found: list[Event] = [*self._about_sessions(now), *self._about_jobs(now), *self._about_time(now)]
        online = self.core.state is DeviceState.ONLINE
        found.append(PauseRequested(at=now) if online else ResumeRequested(at=now))
        known = [event for event in found if type(event).__name__ not in self.unsupported]
        return sorted(known, key=self._known)

    def _known(self, event: Event) -> int:
        """How well such a step is known; what ends things or holds them up counts more, or nothing would get far."""
        kind = self._kind(event)
        return (self.visits[kind] + self.own[kind] + 1) * (HINDERS if isinstance(event, HINDERING) else 1)

    def take(self, event: Event, met: Visits) -> None:
        """Hand the event to the reference, and count it."""
        kind = self._kind(event)
        met[kind] += 1
        self.own[kind] += 1
        self.events.append(event)
        try:
            self.core.advance(event.at - 1 if isinstance(event, JobSucceeded | JobFailed | JobReleased) else event.at)
            self.core.handle(event)
        except ClientError:  # refused, and nothing has changed
            return

    def _kind(self, event: Event) -> tuple[Any, ...]:
        """Which transition this is: the event, and where its session, its job and the device are."""
        job = self.core.jobs.get(getattr(event, "job_id", None) or "")
        name = getattr(event, "session_id", None) or (job.session_id if job is not None else None)
        session = None if name is None else self.core.session(name)
        due = self.core.next_deadline()
        return (
            type(event),
            None if session is None else session.configuration,
            None if session is None else min(2, session.queued + session.on_device),
            None if job is None else job.status,
            self.core.state,
            None if due is None else (due > event.at) - (due < event.at),
        )

    def _about_sessions(self, now: int) -> list[Event]:
        names = list(self.core.sessions)
        found: list[Event] = []
        if len(names) < SESSIONS_MAX:
            mode = Mode.BATCH if len(names) % 2 else Mode.DEDICATED
            for length in (self.max_ttl, None):
                found.append(OpenRequested(at=now, session_id=f"s{len(names) + 1}", mode=mode, max_ttl=length))
        fresh = f"j{len(self.core.jobs) + 1}"
        for name in (*names, "nobody"):
            if len(self.core.jobs) < JOBS_MAX:
                found.append(SubmitRequested(at=now, job_id=fresh, session_id=name))
            found += [CloseRequested(at=now, session_id=name), CancelRequested(at=now, session_id=name)]
        if len(self.core.jobs) < JOBS_MAX:
            found.append(SubmitRequested(at=now, job_id=fresh))
            found.append(SubmitRequested(at=now, job_id=fresh, max_execution=self.tick))
        return found

    def _about_jobs(self, now: int) -> list[Event]:
        found: list[Event] = []
        for name, job in self.core.jobs.items():
            found.append(JobCancelRequested(at=now, job_id=name))
            for report in (JobSucceeded, JobFailed, JobReleased):
                found.append(report(at=now, job_id=name))
                if job.status in ON_DEVICE:
                    due = self.core.next_deadline()
                    if due is not None and due > now:
                        found.append(report(at=due, job_id=name))
        return found

    def _about_time(self, now: int) -> list[Event]:
        found: list[Event] = [Advanced(at=now + 1), Advanced(at=now + self.tick), Advanced(at=now + 5 * self.tick)]
        due = self.core.next_deadline()
        if due is not None and due > now:
            found += [Advanced(at=due), Advanced(at=due + 1)] + ([Advanced(at=due - 1)] if due - 1 > now else [])
        return found


def explore(runner: Runner, *, seed: int = 0, examples: int = EXAMPLES, steps: int = STEPS) -> TierResult:
    """Draw programs and judge each. A program that fails is made short by Hypothesis, and then by the kit; the next
    round goes on with others."""
    try:
        can = runner.capabilities()
    except Exception:  # noqa: BLE001 - the runner tells it
        return runner.run(())
    import hypothesis  # noqa: F401 - now, since a busy machine takes longer for it than a target may take to answer

    visits: Visits = Counter()
    began = runner.started()

    def draw(beat: Callable[[], None]) -> None:
        for number in range(-(-examples // ROUND)):
            runner.progress(runner.tier, number * ROUND, examples)
            met: Visits = Counter()
            failing = _round(runner, can, visits, met, seed + number, steps, beat)
            visits.update(met)
            if failing is not None:
                runner.take(*failing, beat)
                if runner.full:
                    break

    runner.guarded(draw)
    return runner.finished(began)


def _round(
    runner: Runner, can: Capabilities, visits: Visits, met: Visits, seed: int, steps: int, beat: Callable[[], None]
) -> tuple[Case, Finding] | None:
    """Some programs, guided by what was met before this round. What they meet is noted in ``met`` and guides the next:
    within a round the same numbers are the same program, as Hypothesis needs it."""
    import hypothesis
    from hypothesis import HealthCheck, Phase, settings
    from hypothesis import strategies as st

    failing: list[tuple[Case, Finding]] = []

    def examine(numbers: list[int]) -> None:
        if failing and not runner.shorten:
            raise AssertionError("the target fell short")
        case = written(Program(runner.profile, can.lanes, visits, frozenset(can.unsupported)), numbers, met)
        found = runner.count(case, beat)
        if found is not None:
            failing.append((case, found))
            raise AssertionError("the target fell short")

    # A small number takes one of the rarest choices, a large one any of them: the guide must not become a wall.
    number = st.integers(0, 5) | st.integers(0, 60)
    given = hypothesis.given(numbers=st.lists(number, min_size=min(steps, 25), max_size=steps))
    run = settings(
        max_examples=ROUND,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink) if runner.shorten else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )(hypothesis.seed(seed)(given(examine)))
    try:
        run()
    except (AssertionError, hypothesis.errors.Flaky):  # a target that answers differently each time is told as it was
        if not failing:
            raise
        return min(failing, key=lambda pair: len(pair[1].trace))
    return None


def written(program: Program, numbers: list[int], met: Visits) -> Case:
    """The program that the numbers choose."""
    # A short life meets every deadline, a long one has time for a second window.
    program.take(OpenRequested(at=0, session_id="s1", max_ttl=program.max_ttl if numbers[0] % 2 else None), met)
    for number in numbers[1:]:
        choices = program.choices()
        try:
            program.take(choices[number % len(choices)], met)
        except HostError:
            break
    return Case(name="a program of its own", events=tuple(program.events))

"""What a target answers to a case from the first event to the last, whatever is right: for comparing targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, final

import attrs

from sessioncore.core.events import REPORTS, Advanced, Event, JobStarted, OpenRequested, SubmitRequested
from sessioncore.core.values import maker

from .cases import Case, Names, translated
from .oracle import time_before
from .protocol import FIELDS, TIMES, UNSEEN, Accepted, Rejected, SystemUnderTest, Unsupported

job_started = maker(JobStarted)

Shown: TypeAlias = Mapping[str, Any]
"""What was answered and what could be seen then, by name: ``answer``, ``session a: state``, ``job j1: status``.
Instants count from the target's beginning."""

BROKE = "broke"
"""The answer of a target that raised, hung, or answered what is no answer. Nothing comes after it."""


@final
@attrs.frozen
class Answered:
    """What a target answered to a case, step by step; ``tolerance`` is how far its times may be off (microseconds).

    ``whole`` is False where the target cannot be asked something of the case.
    """

    steps: tuple[Shown, ...]
    tolerance: int = 0
    whole: bool = True


def answers_of(
    target: SystemUnderTest, case: Case, *, settle: int = 0, beat: Callable[[], None] = lambda: None
) -> Answered:
    """Hand in a whole case. ``settle`` is how much time passes after every event (microseconds), so that a target
    that is late within its tolerance has acted. ``beat`` is called before every call of the target. Never raises
    because of the target."""
    asking = _Asking(target, settle, beat)
    steps: list[Shown] = []
    try:
        asking.begin()
        for event in case.events:
            if isinstance(event, JobStarted):
                continue
            shown = asking.step(event)
            if shown is None:
                return Answered(tuple(steps), asking.tolerance, whole=False)
            steps.append(shown)
    except Exception as error:  # noqa: BLE001 - whatever a target raises is its answer
        steps.append({"answer": BROKE, "with": type(error).__name__})
    return Answered(tuple(steps), asking.tolerance)


@final
class _Asking:
    """One target on its way through a case."""

    def __init__(self, target: SystemUnderTest, settle: int, beat: Callable[[], None]) -> None:
        self.target = target
        self.settle = settle
        self.beat = beat
        self.dispatch = target.capabilities.dispatch
        self.lanes = target.capabilities.lanes
        self.tolerance = target.capabilities.tolerance_us
        self.unsupported = frozenset(target.capabilities.unsupported)
        self.names = Names()
        self.sessions: list[str] = []
        self.jobs: list[str] = []
        self.now = self.offset = self.origin = 0
        self.on_device: list[str] = []
        self.paused = False

    def begin(self) -> None:
        """Look at its clock."""
        self.beat()
        self.origin = self.target.observe().at

    def step(self, event: Event) -> Shown | None:
        """One event; None where the target cannot be asked that."""
        at = event.at + self.offset
        answer: Any = "done"
        if at < self.now - (1 if isinstance(event, REPORTS) else 0):
            answer = self._from_the_past(event, at)
        else:
            self._pass(max(time_before(event) + self.offset, self.now))
            if not isinstance(event, Advanced):
                answer = self._hand_in(event, at)
        if answer is None:
            return None
        if self.settle:
            self.offset += self.settle
            self._pass(self.now + self.settle)
        return {"answer": answer, **self._look()}

    def _pass(self, until: int) -> None:
        if until > self.now:
            self.beat()
            self.target.advance(until - self.now)
            self.now = until

    def _from_the_past(self, event: Event, at: int) -> Any:
        """T-04: refused or not, what counts is that nothing changes."""
        self.beat()
        try:
            self.target.apply(translated(event, at + self.origin, self.names))
        except Exception:  # noqa: BLE001 - to raise is one of the right answers
            return UNSEEN
        return UNSEEN

    def _hand_in(self, event: Event, at: int) -> Any:
        kind = type(event).__name__
        if self.dispatch and kind in ("PauseRequested", "OfflineRequested", "ResumeRequested"):
            self.paused = kind != "ResumeRequested"
            return "done"
        if kind in self.unsupported:
            return None
        self.beat()
        outcome = self.target.apply(translated(event, at + self.origin, self.names))
        self.now = max(self.now, at)
        if isinstance(outcome, Unsupported):
            return None
        if isinstance(outcome, Rejected):
            return "refused", outcome.code, outcome.http_status
        if not isinstance(outcome, Accepted):
            raise TypeError(f"{outcome!r:.100} is no answer")
        self._made(event, outcome)
        return "done"

    def _made(self, event: Event, outcome: Accepted) -> None:
        """Remember the ids that it gave, and what it has on the device."""
        if isinstance(event, OpenRequested | SubmitRequested):
            ours, known = (
                (event.session_id, self.sessions) if isinstance(event, OpenRequested) else (event.job_id, self.jobs)
            )
            self.names.give(event, str(outcome.id))
            known.append(ours)
        elif isinstance(event, REPORTS) and event.job_id in self.on_device:
            self.on_device.remove(event.job_id)

    def _look(self) -> dict[str, Any]:
        self.beat()
        view = self.target.observe()
        while self.dispatch and not self.paused and len(self.on_device) < self.lanes:
            waiting = [job for job in self.jobs if job not in self.on_device and self._status(view, job) == "queued"]
            if not waiting:
                break
            self.on_device.append(waiting[0])
            self.target.apply(job_started(at=self.now + self.origin, job_id=self.names[waiting[0]]))
            view = self.target.observe()
        return dict(self._shown(view))

    def _status(self, view: Any, job: str) -> str | None:
        shown = view.jobs.get(self.names[job])
        return None if shown is None else shown.status

    def _shown(self, view: Any) -> Iterator[tuple[str, Any]]:
        yield "clock", view.at - self.origin
        opened, submitted = ({self.names[name] for name in made} for made in (self.sessions, self.jobs))
        yield "number of sessions that nobody opened", len(view.sessions.keys() - opened)
        yield "number of jobs that nobody submitted", len(view.jobs.keys() - submitted)
        yield "number of sessions with the id of another", len(self.sessions) - len(opened)
        yield "number of jobs with the id of another", len(self.jobs) - len(submitted)
        for name in self.sessions:
            session = view.sessions.get(self.names[name])
            yield f"session {name}", "missing" if session is None else "there"
            for field in FIELDS if session is not None else ():
                value = getattr(session, field)
                if field in TIMES and isinstance(value, int):
                    value -= self.origin
                yield f"session {name}: {field}", value
        for name in self.jobs:
            job = view.jobs.get(self.names[name])
            yield f"job {name}: status", "missing" if job is None else job.status
            yield f"job {name}: reason_code", UNSEEN if job is None else job.reason_code


# --- comparing ---------------------------------------------------------------------------------------------------


def parting(one: Answered, two: Answered) -> tuple[int, str] | None:
    """The first step at which two targets answer differently, counted from 0, and what differs in words; None where
    they answer alike throughout. What one of them does not show is not compared."""
    tolerance = 2 * max(one.tolerance, two.tolerance)
    for place, (here, there) in enumerate(zip(one.steps, two.steps, strict=False)):
        if here == there:
            continue
        for name in (*here, *(there.keys() - here.keys())):
            left, right = here.get(name, UNSEEN), there.get(name, UNSEEN)
            if not _alike(name, left, right, tolerance):
                return place, f"{name} is {_told(left)} here and {_told(right)} there"
    if len(one.steps) != len(two.steps) and one.whole and two.whole:
        return min(len(one.steps), len(two.steps)), "one of them goes on"
    return None


def _alike(name: str, left: Any, right: Any, tolerance: int) -> bool:
    if left is UNSEEN or right is UNSEEN or left == right:
        return True
    if isinstance(left, tuple) and isinstance(right, tuple):
        return all(None in (a, b) or a == b for a, b in zip(left, right, strict=True))
    field = name.rpartition(" ")[2]
    timed = field in TIMES or field in ("usage_time", "clock")
    both = isinstance(left, int) and isinstance(right, int)
    return timed and both and bool(abs(left - right) <= tolerance)


def _told(value: Any) -> str:
    if isinstance(value, tuple):
        return " with ".join(str(part) for part in value[:2] if part is not None)
    return "none" if value is None else str(value)

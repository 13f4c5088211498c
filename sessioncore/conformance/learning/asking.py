"""A target as a learner asks it: a word of inputs, and what a client sees after each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, final

import attrs

from sessioncore.core.errors import SessionCoreError
from sessioncore.core.events import REPORTS, Event, JobStarted
from sessioncore.core.values import maker

from ..cases import Names, translated
from ..model import NOTHING, Inputs, Model, Output, event_of
from ..protocol import Rejected, SystemUnderTest, Unsupported, View
from ..watch import RAISED

job_started = maker(JobStarted)

BROKEN = "broken"
"""What a target answers that raised, or answered what is no answer. It answers so for ever after."""

Made: TypeAlias = Callable[[], SystemUnderTest]


class Unsteady(SessionCoreError):
    """The target answered the same ``word`` differently than before. The message tells it."""

    def __init__(self, word: Inputs, said: str) -> None:
        super().__init__(f"after {', '.join(word)}: {said}")
        self.word = word


class Spent(SessionCoreError):
    """The budget of steps or seconds is used up."""


@final
class Asked:
    """One fresh target while it is asked a word. The sessions of the scope are open. ``beat`` is called before every
    call of the target."""

    def __init__(self, target: SystemUnderTest, model: Model, beat: Callable[[], None]) -> None:
        self.target = target
        self.model = model
        self.can = target.capabilities
        self.beat = beat
        self.names = Names()
        self.used = [0] * (len(model.scope.sessions) + 1)
        self.on_device: list[str] = []
        self.paused = False
        self.broken = ""
        self._guarded(self._begin)

    def step(self, word: str) -> Output:
        """One input; what was answered, and what a client sees then."""
        answer: Any = self._guarded(lambda: self._step(word))
        return answer if not self.broken else (BROKEN, self.broken)

    # --- inside ----------------------------------------------------------------------------------------------

    def _guarded(self, work: Callable[[], Any]) -> Any:
        if self.broken:
            return None
        try:
            return work()
        except RAISED as error:  # whatever a target raises is an answer to be learned
            self.broken = type(error).__name__
            return None

    def _begin(self) -> None:
        self.origin = self.target.observe().at
        self.now = 0
        for event in self.model.opening():
            self._hand_in(event)
        self._look()

    def _step(self, word: str) -> Output:
        used = list(self.used)
        if word == "tick":
            self._pass(self.model.scope.tick_us)
            return "done", self._look()
        event = event_of(self.model.scope, word, self.now, used)
        if event is None:
            return NOTHING
        answer: Any = "done"
        if self.can.dispatch and word in ("pause", "resume"):
            self.paused = word == "pause"
        else:
            outcome = self._hand_in(event)
            if isinstance(outcome, Unsupported):
                answer = ("unsupported",)
            elif isinstance(outcome, Rejected):
                answer = ("refused", outcome.code)
            else:
                self.used = used
                if isinstance(event, REPORTS) and event.job_id in self.on_device:
                    self.on_device.remove(event.job_id)
        return answer, self._look()

    def _hand_in(self, event: Event) -> Any:
        self.beat()
        outcome = self.target.apply(translated(event, self.now + self.origin, self.names))
        given = getattr(outcome, "id", None)
        if given is not None:
            self.names.give(event, given)
        return outcome

    def _pass(self, microseconds: int) -> None:
        self.beat()
        self.target.advance(microseconds)
        self.now += microseconds

    def _look(self) -> Output:
        """What is seen when the target has had its time to act, and its jobs were started."""
        if self.can.tolerance_us:
            self._pass(self.can.tolerance_us)
        self.beat()
        view = self.target.observe()
        while self.can.dispatch and not self.paused and (job := self._next_job(view)) is not None:
            self.on_device.append(job)
            self.target.apply(job_started(at=self.now + self.origin, job_id=self.names[job]))
            view = self.target.observe()
        return seen(view, self.names, self.model)

    def _next_job(self, view: View) -> str | None:
        """The job that the kit starts now, where starting is not the target's: the oldest one in the queue."""
        if len(self.on_device) >= self.can.lanes:
            return None
        for job in self.model.jobs():
            shown = view.jobs.get(self.names[job]) if job in self.names else None
            if shown is not None and shown.status == "queued" and job not in self.on_device:
                return job
        return None


def seen(view: View, names: dict[str, str], model: Model) -> Output:
    """A view as :meth:`Model.seen` gives it, in the kit's names. What the target does not show is ``UNSEEN``."""
    sessions = []
    for name, _ in model.scope.sessions:
        shown = view.sessions.get(names[name]) if name in names else None
        sessions.append(None if shown is None else (shown.state, shown.accepting_jobs, shown.state_reason))
    jobs = []
    for name in model.jobs():
        job = view.jobs.get(names[name]) if name in names else None
        if job is not None:
            jobs.append((name, job.status, job.reason_code))
    return tuple(sessions), tuple(jobs)


@final
@attrs.define
class Answers:
    """What a factory's targets answer. Every word is asked once; ``steps`` and ``queries`` count what was asked.

    Raises :class:`Spent` when ``steps_max`` or the deadline is reached, :class:`Unsteady` when an answer changes.
    """

    make: Made
    model: Model
    beat: Callable[[], None]
    steps_max: int
    late: Callable[[], bool]
    steps: int = 0
    queries: int = 0
    word: Inputs = ()
    """What is being asked, or was asked last."""
    _known: dict[str, Any] = attrs.Factory(dict)

    def of(self, word: Inputs) -> list[Output]:
        """The outputs of a word."""
        known = self._remembered(word)
        if len(known) == len(word):
            return known
        if self.steps >= self.steps_max or self.late():
            raise Spent("the budget is used up")
        self.word = word
        self.queries += 1
        self.steps += len(word)
        self.beat()
        target = self.make()
        try:
            asked = Asked(target, self.model, self.beat)
            outputs = [asked.step(one) for one in word]
        finally:
            target.close()
        self._remember(word, outputs)
        return outputs

    def _remembered(self, word: Inputs) -> list[Output]:
        node, found = self._known, []
        for one in word:
            if one not in node:
                break
            output, node = node[one]
            found.append(output)
        return found

    def _remember(self, word: Inputs, outputs: list[Output]) -> None:
        node = self._known
        for place, (one, output) in enumerate(zip(word, outputs, strict=True)):
            if one not in node:
                node[one] = (output, {})
            elif node[one][0] != output:
                raise Unsteady(word[: place + 1], f"{node[one][0]}, and another time {output}")
            node = node[one][1]

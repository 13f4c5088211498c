"""The tier ``learn``: the target's own machine, learned from its answers, beside the reference's."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import final

import attrs

from sessioncore.core.errors import BackendError

from ..model import Inputs, Model, Scope, model_of, session_scope
from ..oracle import Oracle, is_time, time_before
from ..protocol import Capabilities
from ..results import TierResult
from ..tally import rules_shown
from ..tiers.complete import NOT_DRIVEN, suite_of
from ..tiers.minimal import Mealy
from ..tiers.runner import Runner
from .asking import Answers, Unsteady
from .comparing import Learned, Step, steps
from .learner import learned
from .picture import Mark, dot_of, drawn

STEPS_MAX = 150_000
"""How many inputs a target is given at most."""

SECONDS_MAX = 25.0
"""How long is learned at most, in seconds."""

WALKS = 150
"""How many random words a learned machine has to stand, after the reference's suite."""

MARKS_MAX = 40
"""How many ways of going wrong are replayed and drawn."""


@final
@attrs.frozen(kw_only=True)
class LearnedTarget:
    """What was learned. ``states`` and ``reference_states`` are the sizes of the two machines, ``queries`` and
    ``steps`` what it cost; ``whole`` says whether the budget sufficed. ``marks`` are the differences, ``svg`` and
    ``dot`` the picture (empty where nothing that can draw is installed)."""

    states: int
    reference_states: int
    queries: int
    steps: int
    whole: bool
    marks: tuple[Mark, ...]
    dot: str = ""
    svg: str = ""


def learn(
    runner: Runner,
    *,
    seed: int = 0,
    jobs: int = 2,
    steps_max: int = STEPS_MAX,
    seconds_max: float = SECONDS_MAX,
    walks: int = WALKS,
) -> TierResult:
    """Learn the machine of one session with so many jobs, compare it with the reference's, and replay every difference.

    A difference that the replay does not confirm is no finding; a note tells it. ``extra`` of the result is a
    :class:`LearnedTarget`. Raises :class:`BackendError` where AALpy is not installed.
    """
    try:
        can = runner.capabilities()
    except Exception:  # noqa: BLE001 - the runner tells it
        return runner.run(())
    if not (can.clock and can.reports):
        return attrs.evolve(runner.run(()), skipped=(NOT_DRIVEN,))
    runner.run(())
    began = runner.started()
    session = _Learning(runner, _scope(runner, can, jobs), can, seed, walks)
    late = time.monotonic() + seconds_max
    runner.guarded(lambda beat: session.work(beat, steps_max, lambda: session.left or time.monotonic() > late))
    session.left = True
    result = runner.finished(began)
    if runner.hangs and session.answers:
        result = _hung(runner, session.model, session.answers.word)
    return attrs.evolve(
        result,
        cases=result.cases + session.answers.queries if session.answers else result.cases,
        steps=result.steps + session.answers.steps if session.answers else result.steps,
        notes=(*result.notes, *session.notes),
        doubts=tuple(session.doubts.items()),
        extra=session.told(result.findings == ()),
    )


def _hung(runner: Runner, model: Model, word: Inputs) -> TierResult:
    """Once more what the target hung on, step by step beside the reference."""
    vague = dict(runner.findings)
    runner.findings.clear()
    result = runner.run([model.case("what it hung on while it was learned", word)])
    if not result.findings:
        runner.findings.update(vague)
        result = runner.result()
    return result


def _scope(runner: Runner, can: Capabilities, jobs: int) -> Scope:
    """One session without pauses; jobs are all on one lane or none waits."""
    return attrs.evolve(session_scope(runner.profile, jobs=jobs, pause=False), lanes=can.lanes)


@final
class _Learning:
    """One run of the tier."""

    def __init__(self, runner: Runner, scope: Scope, can: Capabilities, seed: int, walks: int) -> None:
        self.runner = runner
        self.model: Model = model_of(scope)
        self.reference: Mealy
        self.reference, words = suite_of(scope, 0, can.unsupported)
        self.words = [self.reference.told(word) for word in words]
        self.seed = seed
        self.walks = walks
        self.answers: Answers | None = None
        self.machine: Learned | None = None
        self.compared: list[Step] = []
        self.marks: list[Mark] = []
        self.notes: list[str] = []
        self.doubts: dict[str, str] = {}
        """Rules on which the target's answers were not the same each time, with why."""
        self.left = False

    def work(self, beat: Callable[[], None], steps_max: int, late: Callable[[], bool]) -> None:
        """Learn, compare, replay."""
        self.answers = Answers(self.runner.fresh, self.model, beat, steps_max, late)
        try:
            self.machine = learned(self.answers, self.reference, self.words, self.seed, self.walks)
        except Unsteady as error:
            self.notes.append(f"nothing was learned: the same inputs were answered differently each time ({error})")
            self._doubt(error.word, f"the same inputs were answered differently each time: {error}")
            return
        if self.machine is None:
            self.notes.append("nothing was learned: the budget was used up before there was a first guess")
            return
        if not self.machine.whole:
            self.notes.append(f"the budget was used up after {self.answers.steps} inputs: what was learned is a guess")
        self.compared = list(steps(self.reference, self.machine))
        self._replay(beat)

    def _replay(self, beat: Callable[[], None]) -> None:
        """Every way of going wrong, on a fresh target beside the reference."""
        ways = _ways(self.compared)
        if len(ways) > MARKS_MAX:
            self.notes.append(f"{len(ways) - MARKS_MAX} of {len(ways)} ways of going wrong are not told")
        unconfirmed = 0
        for number, (step, times) in enumerate(ways[:MARKS_MAX], start=1):
            if self.left:
                return
            case = self.model.case(f"learned difference {number}", step.word)
            finding = self.runner.count(case, beat)
            if finding is None:
                unconfirmed += 1
                self._doubt(step.word, f"seen once and not again, after {', '.join(step.word)}")
            else:
                self.runner.take(case, finding, beat)
            self.marks.append(
                Mark(
                    number=number,
                    step=step,
                    times=times,
                    confirmed=finding is not None,
                    rules=finding.rules if finding else (),
                )
            )
        if unconfirmed:
            self.notes.append(f"{unconfirmed} differences of the learned machine did not show when they were replayed")

    def _doubt(self, word: Inputs, why: str) -> None:
        """The rules that decide on the last input of a word are in doubt."""
        oracle = Oracle(self.runner.profile, lanes=self.model.scope.lanes)
        for event in self.model.case("in doubt", word).events:
            oracle.pass_time(max(time_before(event), oracle.now))
            if not is_time(event):
                oracle.apply(event)
        for rule in (rule for row in oracle.rows for rule in rules_shown(row)):
            self.doubts.setdefault(rule, why)

    def told(self, passed: bool) -> LearnedTarget | None:
        """What there is to be told, with the picture."""
        if self.machine is None or self.answers is None:
            return None
        alike = "does what the reference does" if passed else "and where it differs from the reference"
        title = f"The target as it was learned ({len(self.machine)} states), {alike} ({len(self.reference)} states)"
        dot = svg = ""
        try:
            right = list(steps(self.reference, Learned.of(self.reference)))
            dot = dot_of(right, self.compared, self.marks, title, self.model.scope.tick_us)
            svg = drawn(dot, title, self.marks)
        except BackendError as error:
            self.notes.append(f"no picture: {error}")
        return LearnedTarget(
            states=len(self.machine),
            reference_states=len(self.reference),
            queries=self.answers.queries,
            steps=self.answers.steps,
            whole=self.machine.whole,
            marks=tuple(self.marks),
            dot=dot,
            svg=svg,
        )


def _ways(compared: Iterable[Step]) -> list[tuple[Step, int]]:
    """The differing steps that go wrong in the same way, each by its shortest word, with how often there are such."""
    found: dict[object, tuple[Step, int]] = {}
    for step in compared:
        if step.wrong:
            kind = (step.before, step.verb, step.right, step.there, step.right != step.there or _nameless(step.wrong))
            first, times = found.get(kind, (step, 0))
            found[kind] = (first, times + 1)
    return list(found.values())


def _nameless(wrong: Iterable[str]) -> tuple[str, ...]:
    """What is wrong, whichever job it is about."""
    return tuple(re.sub(r"\bj\d+\b", "", one) for one in wrong)

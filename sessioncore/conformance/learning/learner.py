"""Active automata learning: from answers to a machine that would give them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from random import Random
from typing import Any

from sessioncore.core.errors import BackendError

from ..model import Inputs, Output
from ..tiers.minimal import Mealy
from .asking import Answers, Spent
from .comparing import Learned, steps

INSTALL = 'pip install "sessioncore[conformance]"'


def _taken(machine: Any, inputs: Inputs, *, whole: bool) -> Learned:
    """AALpy's machine as ours: the states that can be reached, breadth first."""
    states, numbers = [machine.initial_state], {id(machine.initial_state): 0}
    for state in states:
        for one in inputs:
            there = state.transitions[one]
            if id(there) not in numbers:
                numbers[id(there)] = len(states)
                states.append(there)
    return Learned(
        [{one: numbers[id(state.transitions[one])] for one in inputs} for state in states],
        [{one: state.output_fun[one] for one in inputs} for state in states],
        whole,
    )


def learned(
    answers: Answers, reference: Mealy, words: Iterable[Inputs], seed: int = 0, walks: int = 0
) -> Learned | None:
    """The machine that gives these answers; None where the budget did not even suffice for a first guess.

    ``words`` are tried as counterexamples, then ``walks`` random words. Raises :class:`BackendError` where AALpy is
    not installed, and what :class:`Answers` raises but :class:`Spent`.
    """
    try:
        from aalpy.base import SUL, Oracle
        from aalpy.learning_algs import run_KV
    except ImportError as error:
        raise BackendError(f"learning needs the package aalpy: {INSTALL}") from error

    class Target(SUL):  # type: ignore[misc]  # it publishes no types
        """The answers, as AALpy asks for them."""

        def pre(self) -> None:
            self.word: Inputs = ()

        def post(self) -> None:
            self.word = ()

        def step(self, letter: str) -> Output:
            self.word = (*self.word, letter)
            return answers.of(self.word)[-1]

        def query(self, word: Iterable[str]) -> list[Output]:
            return answers.of(tuple(word))

    class Tests(Oracle):  # type: ignore[misc]  # it publishes no types
        """Whether a hypothesis answers as the target does: the reference's suite, then random words."""

        def __init__(self) -> None:
            super().__init__(list(reference.inputs), target)
            self.waiting = chain(words, _random(reference.inputs, seed, walks))
            self.done: list[Inputs] = []
            self.last: Learned | None = None

        def find_cex(self, hypothesis: Any) -> Inputs | None:
            """A word that the target answers differently."""
            self.last = _taken(hypothesis, reference.inputs, whole=False)
            for word in reversed(self.done):  # the one that failed last is the likeliest to fail again
                if wrong := _parting(hypothesis, word, answers.of(word)):
                    return wrong
            for word in chain(self.waiting, self._suspected()):
                outputs = answers.of(word)
                self.done.append(word)
                if wrong := _parting(hypothesis, word, outputs):
                    return wrong
            return None

        def _suspected(self) -> Iterator[Inputs]:
            """The words on which the hypothesis differs from the reference: either the target does, or it is wrong."""
            assert self.last is not None
            return (step.word for step in steps(reference, self.last) if step.wrong)

    target = Target()
    tests = Tests()
    try:
        machine = run_KV(
            list(reference.inputs),
            target,
            tests,
            automaton_type="mealy",
            cex_processing="rs",
            cache_and_non_det_check=False,
            print_level=0,
        )
    except Spent:
        return tests.last
    return _taken(machine, reference.inputs, whole=True)


def _parting(hypothesis: Any, word: Inputs, outputs: list[Output]) -> Inputs | None:
    """The word up to where the hypothesis answers otherwise."""
    state = hypothesis.initial_state
    for place, (one, output) in enumerate(zip(word, outputs, strict=True)):
        if state.output_fun[one] != output:
            return word[: place + 1]
        state = state.transitions[one]
    return None


def _random(inputs: Inputs, seed: int, walks: int) -> Iterator[Inputs]:
    random = Random(seed)  # noqa: S311 - a walk, not a secret
    for _ in range(walks):
        yield tuple(random.choices(inputs, k=random.randint(5, 25)))


"""The smallest machine that answers as the reference does, and the words that tell its states apart.

Inputs and states are numbers here. Besides what each input answers, a state has a *look*: what a client sees of it
without doing anything. An input that means nothing in a state is not in its row, and no test gives it there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Any, TypeAlias, final

import attrs

from ..model import NOTHING, Inputs, Model, kind_of

Word: TypeAlias = tuple[int, ...]
"""Inputs, by their numbers."""

Becomes: TypeAlias = Callable[[Any, Any, Any], Hashable]


@final
@attrs.frozen
class Mealy:
    """A deterministic machine whose first state is 0. ``row[state][input]`` is (next state, answer)."""

    inputs: Inputs
    row: tuple[Mapping[int, tuple[int, Hashable]], ...]
    look: tuple[Hashable, ...]

    def __len__(self) -> int:
        return len(self.row)

    def run(self, word: Word, state: int = 0) -> list[Hashable]:
        """What a client sees of a word: the look at the beginning, then answer and look after every input."""
        seen: list[Hashable] = [self.look[state]]
        for one in word:
            state, answer = self.row[state][one]
            seen.append((answer, self.look[state]))
        return seen

    def after(self, word: Word, state: int = 0) -> int:
        """Where a word leads."""
        for one in word:
            state = self.row[state][one][0]
        return state

    def told(self, word: Word) -> Inputs:
        """A word with its inputs by name."""
        return tuple(self.inputs[one] for one in word)

    def ways(self) -> list[Word]:
        """A shortest word to every state; each of them begins with another of them."""
        found = self.eventful_ways(lambda _before, _after, past: past, None)
        return [found[state, None] for state in range(len(self))]

    def eventful_ways(self, becomes: Becomes, past: Hashable) -> dict[tuple[int, Hashable], Word]:
        """A shortest word to every state with every past that it can have. ``becomes`` says what the past is after a
        step: it is given the looks before and after it, and the past before it."""
        found: dict[tuple[int, Hashable], Word] = {(0, past): ()}
        waiting = deque(found)
        while waiting:
            here, was = waiting.popleft()
            for one, (there, _) in self.row[here].items():
                following = there, becomes(self.look[here], self.look[there], was)
                if following not in found:
                    found[following] = (*found[here, was], one)
                    waiting.append(following)
        return found


def mealy_of(model: Model, without: Collection[str] = ()) -> Mealy:
    """The model as a machine of numbers, minimised. ``without`` names events that are left out of the alphabet."""
    inputs = tuple(word for word in model.inputs if kind_of(word) not in without)
    rows = []
    for state in range(len(model)):
        row: dict[int, tuple[int, Hashable]] = {}
        for number, word in enumerate(inputs):
            output = model.outputs[state][word]
            if output != NOTHING:
                row[number] = (model.next[state][word], output[0])
        rows.append(row)
    return minimal(Mealy(inputs, tuple(rows), tuple(model.seen(world) for world in model.worlds)))


def minimal(machine: Mealy) -> Mealy:
    """The same machine with as few states as it can have: states that answer alike for ever are one.

    Two states in which different inputs mean something count as different; the machine must be such that they look
    different, as it is where a look shows how many jobs there are.
    """
    group = _numbered([(look, tuple(row)) for look, row in zip(machine.look, machine.row, strict=True)])
    while True:
        finer = _numbered(
            [
                (group[state], tuple((one, group[there], answer) for one, (there, answer) in row.items()))
                for state, row in enumerate(machine.row)
            ]
        )
        if max(finer) == max(group):
            break
        group = finer
    return _merged(machine, group)


def _numbered(keys: list[Hashable]) -> list[int]:
    """Each key's number, in order of appearance."""
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]


def _merged(machine: Mealy, group: list[int]) -> Mealy:
    """One state for every group that can be reached, in breadth-first order."""
    found, chosen = {group[0]: 0}, [0]
    rows: list[dict[int, tuple[int, Hashable]]] = []
    for state in chosen:
        row: dict[int, tuple[int, Hashable]] = {}
        for one, (there, answer) in machine.row[state].items():
            if group[there] not in found:
                found[group[there]] = len(chosen)
                chosen.append(there)
            row[one] = (found[group[there]], answer)
        rows.append(row)
    return Mealy(machine.inputs, tuple(rows), tuple(machine.look[state] for state in chosen))

"""Ways through a finite machine that take every input in every state."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from sessioncore.core.job import FINAL

from ..cases import Case
from ..model import NOTHING, Inputs, Model

LENGTH_MAX = 30
"""How many inputs a tour has at most: a long one that fails early hides what comes after."""

DETOUR_MAX = 4
"""How many inputs a tour goes over known ground to reach new ground, before a new one is begun."""


def tours(model: Model, *, coarse: bool = False) -> Iterator[Case]:
    """Cases that take every input in every state of the model: all transitions, and all sneak paths (inputs that are
    refused or change nothing). Greedy: at each state first what stays there, then what leads on.

    ``coarse``: states that differ in nothing but how a job ended share their sneak paths.
    """
    open_inputs = [_worthwhile(model, state) for state in range(len(model))]
    if coarse:
        _share(model, open_inputs)
    number = 0
    for start in range(len(model)):
        while open_inputs[start]:
            inputs = list(model.paths[start])
            state = start
            while len(inputs) < max(LENGTH_MAX, len(model.paths[start]) + 1):
                if open_inputs[state]:
                    word = open_inputs[state].pop(0)
                    inputs.append(word)
                    state = model.next[state][word]
                    continue
                way = _nearest(model, state, open_inputs)
                if not way:
                    break
                inputs += way
                for word in way:
                    state = model.next[state][word]
            number += 1
            yield model.case(f"{model.scope.name} tour {number}", tuple(inputs))


def _worthwhile(model: Model, state: int) -> list[str]:
    """The inputs of a state, those that stay there first; without those that say nothing."""
    said = [word for word in model.inputs if model.outputs[state][word] != NOTHING]
    return sorted(said, key=lambda word: model.next[state][word] != state)


def _share(model: Model, open_inputs: list[list[str]]) -> None:
    """Leave each sneak path to the first of the states that differ in nothing but how a job ended."""
    tried = set()
    for state, world in enumerate(model.worlds):
        where = (
            tuple(session.configuration for session in world.core.sessions.values()),
            tuple((name, None if job.status in FINAL else job.status) for name, job in world.core.jobs.items()),
        )
        for word in tuple(open_inputs[state]):
            if model.next[state][word] == state:
                if (where, word) in tried:
                    open_inputs[state].remove(word)
                tried.add((where, word))


def _nearest(model: Model, start: int, open_inputs: list[list[str]]) -> Inputs:
    """A shortest way to a state with untried inputs, or nothing if it is too far."""
    waiting: deque[tuple[int, Inputs]] = deque([(start, ())])
    seen = {start}
    while waiting:
        state, way = waiting.popleft()
        if way and open_inputs[state]:
            return way
        if len(way) < DETOUR_MAX:
            for word, there in model.next[state].items():
                if there not in seen:
                    seen.add(there)
                    waiting.append((there, (*way, word)))
    return ()


def covering(model: Model) -> Iterator[Case]:
    """Few short cases that reach every configuration of a session and fire every row that the model can fire."""
    seen: set[str] = set()
    for state in range(len(model)):
        configurations = {
            f"={session.configuration.value}" for session in model.worlds[state].core.sessions.values()
        }
        for word in model.inputs:
            new = (set(model.rows[state][word]) | configurations) - seen
            if new:
                seen |= new
                goals = tuple(sorted(new))
                rows = sorted((goal for goal in goals if not goal.startswith("=")), key=lambda row: row[0] != "S")
                name = f"{', '.join(rows[:2]) or goals[0][1:]} ({model.scope.name})"
                yield model.case(name, (*model.paths[state], word), goals=goals)

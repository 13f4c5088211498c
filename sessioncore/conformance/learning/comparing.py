"""A learned machine beside the reference: where they part, after which inputs, and what a client sees there."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, final

import attrs

from ..model import Inputs, Output
from ..protocol import UNSEEN
from ..tiers.minimal import Mealy

Place: TypeAlias = tuple[str, bool, str | None] | None
"""A session as a client sees it: state, whether it accepts jobs, why it ended. None before there is one."""


@final
@attrs.frozen
class Learned:
    """What was learned: ``next`` and ``outputs`` by state and input, the first state being 0; ``whole`` says whether
    every test of the budget agreed with it in the end."""

    next: Sequence[Mapping[str, int]]
    outputs: Sequence[Mapping[str, Output]]
    whole: bool = True

    def __len__(self) -> int:
        return len(self.next)

    @classmethod
    def of(cls, machine: Mealy) -> Learned:
        """A machine that is known, as if it had been learned."""
        name, look = machine.inputs, machine.look
        return cls(
            [{name[one]: there for one, (there, _) in row.items()} for row in machine.row],
            [{name[one]: (answer, look[there]) for one, (there, answer) in row.items()} for row in machine.row],
        )


@final
@attrs.frozen(kw_only=True)
class Step:
    """One input in one state, which reference and target take alike. ``wrong`` says what differs, if anything.

    ``before`` is where the session is, ``right`` where it should be after it and ``there`` where the target has it.
    ``word`` is a shortest sequence of inputs that shows it, the last one being the input itself.
    """

    word: Inputs
    before: Place
    right: Place
    there: Place
    wrong: tuple[str, ...] = ()

    @property
    def verb(self) -> str:
        """The input without the number of a job: ``submit``, ``job fails``."""
        return VERBS[self.word[-1].partition(" ")[0]]


VERBS = {
    "tick": "time passes",
    "submit": "submit",
    "close": "close",
    "cancel": "cancel",
    "succeed": "job succeeds",
    "fail": "job fails",
    "release": "device lets go of job",
    "drop": "cancel job",
    "pause": "pause device",
    "resume": "resume device",
}
"""Inputs, for people."""


def steps(reference: Mealy, learned: Learned) -> Iterator[Step]:
    """Every input in every pair of states that both reach by the same word, shortest words first. Beyond a step that
    differs nothing is compared."""
    seen = {(0, 0)}
    waiting: deque[tuple[int, int, Inputs]] = deque([(0, 0, ())])
    while waiting:
        here, there, way = waiting.popleft()
        for one, (after, answer) in reference.row[here].items():
            word = (*way, reference.inputs[one])
            output = learned.outputs[there][reference.inputs[one]]
            other = learned.next[there][reference.inputs[one]]
            wrong = tuple(differing((answer, reference.look[after]), output))
            yield Step(
                word=word,
                before=_place(reference.look[here]),
                right=_place(reference.look[after]),
                there=_place(output[1]) if len(output) == 2 else _place(reference.look[after]),
                wrong=wrong,
            )
            if not wrong and (after, other) not in seen:
                seen.add((after, other))
                waiting.append((after, other, word))


def differing(right: tuple[Hashable, Hashable], seen: Output) -> Iterator[str]:
    """What differs between what is right and what was seen, in words. What the target does not show is not compared."""
    if len(seen) != 2 or isinstance(seen[1], str):
        yield f"it broke ({seen[-1]})"
        return
    answer, shown = right[0], seen[0]
    code_differs = answer not in (shown, "done") and shown[-1] not in (None, UNSEEN)
    if _kind(answer) != _kind(shown) or code_differs:
        yield f"{_said(shown)}, should be {_said(answer)}"
    wanted: Any = right[1]
    for wants, shows in zip(wanted[0], seen[1][0], strict=True):
        if not _alike(wants, shows):
            yield f"session is {place_name(shows)}, should be {place_name(wants)}"
    jobs = {job[0]: job for job in seen[1][1]}
    for wants in wanted[1]:
        shows = jobs.get(wants[0])
        if shows is None:
            yield f"job {wants[0]} is missing"
        elif not _alike(wants, shows):
            kind = 1 if not _alike(wants[1], shows[1]) else 2
            what = "" if kind == 1 else "code "
            yield f"job {wants[0]} is {what}{shows[kind]}, should be {what}{wants[kind]}"


def _alike(wanted: Any, shown: Any) -> bool:
    """Whether what is shown is right; a part that is not shown is."""
    if isinstance(wanted, tuple) and isinstance(shown, tuple):
        return all(map(_alike, wanted, shown))
    return bool(shown is UNSEEN or wanted == shown)


def _kind(answer: Any) -> str:
    return answer if isinstance(answer, str) else str(answer[0])


def _said(answer: Any) -> str:
    """An answer, for people."""
    if isinstance(answer, tuple):
        return f"{answer[0]} with {answer[1]}" if len(answer) > 1 and answer[1] else str(answer[0])
    return "accepted" if answer == "done" else str(answer)


def _place(look: Any) -> Place:
    """Where the (first) session is, of what a client sees."""
    if isinstance(look, str) or not look[0]:
        return None
    shown = look[0][0]
    return None if shown is None else tuple(shown)


def place_name(place: Place) -> str:
    """A place for people: ``active``, ``active, draining``, ``closed: max_ttl``."""
    if place is None:
        return "missing"
    state, accepting, reason = place
    if state == "closed":
        return f"closed: {reason}" if isinstance(reason, str) else "closed"
    told = str(state)
    if accepting is False:
        told += ", draining"
    return f"{told} ({reason})" if isinstance(reason, str) else told

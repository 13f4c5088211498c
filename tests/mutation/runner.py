"""A process for each mutant, forked from one that has loaded pytest and not the core; with time limits."""

from __future__ import annotations

import gc
import os
import pickle
import selectors
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, final

import attrs

from .catalogue import Mutant, plant
from .killers import Known, Tell, judge, learn, quiet
from .sources import Sources

_T = TypeVar("_T")

HELPERS = ("hypothesis", "hypothesis.stateful", "_hypothesis_pytestplugin", "pytest_timeout", "transitions", "anyio")
"""Loaded once, before forking; those that are not installed are not needed."""


@final
@attrs.frozen(kw_only=True)
class Result:
    """What became of a mutant: ``verdict`` killed, timeout, survived or error; ``by`` the stage, ``what`` in it.

    ``equal`` names the graphs and searches that include what was changed, and are nevertheless as without it.
    """

    mutant: Mutant
    verdict: str
    by: str
    what: str
    seconds: float
    equal: tuple[str, ...] = ()


class HarnessError(Exception):
    """The tester itself could not work. The message says why."""


@final
class _Child:
    """A process at work, and what it said so far."""

    def __init__(self, work: Callable[[Tell], Any]) -> None:
        self.begun = time.monotonic()
        self.stage, self.test = "laws", "fork"
        self.deadline = self.begun + 60.0
        self._heard = b""
        self.answer: tuple[str, Any] | None = None
        mine, theirs = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(mine)
            _work(work, theirs)
        os.close(theirs)
        self.pipe = mine

    def hear(self) -> bool:
        """Read what it says; whether it is still there."""
        data = os.read(self.pipe, 1 << 16)
        if not data:
            return False
        self._heard += data
        while len(self._heard) >= 8:
            length = int.from_bytes(self._heard[:8], "big")
            if len(self._heard) < 8 + length:
                break
            said = pickle.loads(self._heard[8 : 8 + length])  # noqa: S301 - our own child wrote it
            self._heard = self._heard[8 + length :]
            if said[0] == "stage":
                _, self.stage, self.test, limit = said
                self.deadline = time.monotonic() + limit
            else:
                self.answer = said
        return True

    def end(self) -> None:
        """No process stays behind."""
        os.close(self.pipe)
        if self.answer is None:
            os.kill(self.pid, signal.SIGKILL)  # it is there, if only as an entry, until it is waited for
        os.waitpid(self.pid, 0)


def _work(work: Callable[[Tell], Any], pipe: int) -> None:
    """The life of a child. Never returns."""

    def say(*said: Any) -> None:
        data = pickle.dumps(said)
        view = memoryview(len(data).to_bytes(8, "big") + data)
        while view:
            view = view[os.write(pipe, view) :]

    try:
        quiet()
        say("answer", work(lambda stage, test, limit: say("stage", stage, test, limit)))
    except BaseException:  # noqa: BLE001 - whatever it is, the parent must hear of it
        say("error", traceback.format_exc())
    finally:
        os._exit(0)


def prepare() -> None:
    """Load what every child needs, and keep the collector from touching it."""
    for name in HELPERS:
        try:
            __import__(name)
        except ImportError:
            continue
    gc.collect()
    gc.freeze()


def alone(work: Callable[[Tell], _T], progress: Callable[[str], None] = lambda _: None) -> _T:
    """Do something in a process of its own. Raises :class:`HarnessError` where it fails or takes too long."""
    child = _Child(work)
    try:
        with selectors.DefaultSelector() as waiting:
            waiting.register(child.pipe, selectors.EVENT_READ)
            while time.monotonic() < child.deadline:
                if waiting.select(timeout=1.0) and not child.hear():
                    break
                progress(f"{child.stage}: {child.test}")
    finally:
        child.end()
    if child.answer is None:
        raise HarnessError(f"the code without a fault does not come to an end: {child.stage}, {child.test}")
    kind, answer = child.answer
    if kind == "error":
        raise HarnessError(answer)
    made: _T = answer
    return made


def learnt(sources: Sources, stages: tuple[str, ...], progress: Callable[[str], None]) -> Known:
    """What the code without a fault does."""
    places = {sources.path(name): name for name in sources.core_modules()}

    def work(tell: Tell) -> Known:
        sources.install()
        return learn(stages, places, tell)

    return alone(work, progress)


def run(
    sources: Sources, mutants: list[Mutant], known: Known, stages: tuple[str, ...], workers: int
) -> Iterator[Result]:
    """Judge the mutants, ``workers`` at a time, in the order in which they are done."""
    left = iter(mutants)
    at_work: dict[int, tuple[Mutant, _Child]] = {}
    with selectors.DefaultSelector() as waiting:
        try:
            while True:
                while len(at_work) < workers and (mutant := next(left, None)) is not None:
                    child = _Child(_judging(sources, mutant, known, stages))
                    at_work[child.pipe] = mutant, child
                    waiting.register(child.pipe, selectors.EVENT_READ)
                if not at_work:
                    return
                over = [key.fd for key, _ in waiting.select(timeout=0.5) if not at_work[key.fd][1].hear()]
                late = [fd for fd, (_, child) in at_work.items() if time.monotonic() > child.deadline]
                for fd in dict.fromkeys(over + late):
                    mutant, child = at_work.pop(fd)
                    waiting.unregister(fd)
                    child.end()
                    yield _result(mutant, child)
        finally:
            for _, child in at_work.values():
                child.end()


def _judging(sources: Sources, mutant: Mutant, known: Known, stages: tuple[str, ...]) -> Callable[[Tell], Any]:
    def work(tell: Tell) -> Any:
        plant(sources, mutant)
        sources.install()
        return judge(mutant, known, stages, tell)

    return work


def _result(mutant: Mutant, child: _Child) -> Result:
    seconds = time.monotonic() - child.begun
    if child.answer is None:
        late = time.monotonic() > child.deadline
        verdict, what = ("timeout", child.test) if late else ("killed", f"the process died in {child.test}")
        return Result(mutant=mutant, verdict=verdict, by=child.stage, what=what, seconds=seconds)
    kind, said = child.answer
    if kind == "error":
        return Result(mutant=mutant, verdict="error", by=child.stage, what=said, seconds=seconds)
    verdict, by, what = said
    if verdict == "survived":
        equal = tuple(what.splitlines())
        return Result(mutant=mutant, verdict=verdict, by=by, what="", seconds=seconds, equal=equal)
    return Result(mutant=mutant, verdict=verdict, by=by, what=what, seconds=seconds)

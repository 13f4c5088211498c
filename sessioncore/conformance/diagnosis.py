"""The fault dictionary: which of the known faults a failing target behaves like.

Target and faulty implementations are given the same tests: what the target failed on, the shortest trace of every
known fault, and some long ways through the states of a session. A fault that answers alike everywhere cannot be told
from the target's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, final

import attrs

from sessioncore.core.events import JobStarted
from sessioncore.core.profiles import IBM_GUIDE, Profile

from .answering import BROKE, Answered, answers_of, parting
from .cases import Case, in_words
from .faults.catalogue import CATALOGUE
from .faults.fault import Fault
from .faults.witnesses import witnesses
from .making import capabilities_of, made
from .model import model_of, session_scope
from .protocol import Factory
from .reference import CoreTarget
from .results import Diagnosis, Finding, Kind
from .tiers.tours import tours
from .watch import HangingError, Watch

FIRST_TESTS = 12
"""On how many of the tests that the target fails every known fault is compared with it."""

CLOSER = 10
"""How many faults are then compared on all tests."""

NEAR_MAX = 3
"""How many near faults are told."""

SECONDS_MAX = 20.0
"""How long the target is asked, in seconds: a slow one is asked less."""

HANGS_MAX = 2
"""After so many hangs the target is asked no more."""

TOURS = 24
"""How many long ways through the states of a session are tried."""


def diagnose(
    factory: Factory,
    findings: Sequence[Finding],
    profile: Profile = IBM_GUIDE,
    *,
    seconds_max: float = SECONDS_MAX,
    faults: Iterable[Fault] = CATALOGUE,
) -> Diagnosis:
    """Compare a failing target with every known fault.

    ``findings`` are what it failed on. A target that the kit does not drive is not compared (``tried`` is 0), and one
    that answers every test as it should is like no fault. Never raises because of the target.
    """
    known = tuple(faults)
    target = _Target(factory, seconds_max)
    if not target.driven:
        return Diagnosis(same=_races(findings, known))
    tests = target.asked(_tests(findings, profile))
    wrong = [test for test in tests if _differs(test, _right(test.case, profile, target.lanes, target.settle))]
    if not wrong:
        return Diagnosis(same=_races(findings, known), tried=len(tests))

    def compared(fault: Fault, among: Iterable[_Test]) -> _Likeness:
        return _compare(fault, among, profile, target.lanes, target.settle)

    first = sorted((compared(fault, wrong[:FIRST_TESTS]) for fault in known), key=_by_likeness)
    alike = [one for one in first if not one.parted]
    closer = [*alike, *(one for one in first if one.parted)][: max(CLOSER, len(alike))]
    ranked = sorted((compared(one.fault, tests) for one in closer), key=_by_likeness)
    same = [one for one in ranked if not one.parted]
    near = [one for one in ranked if one.parted and one.steps][:NEAR_MAX]  # on no step: near to nothing
    return Diagnosis(
        same=tuple(one.fault.id for one in same),
        near=tuple((one.fault.id, one.steps, one.where) for one in near),
        tried=len(tests),
    )


def _races(findings: Iterable[Finding], faults: Iterable[Fault]) -> tuple[str, ...]:
    """The known races that break a rule that is to blame where threads were at work, foremost if there are such: no
    sequential test tells them apart."""
    blamed = [finding.rules for finding in findings if finding.kind is Kind.RACE or finding.tier == "parallel"]
    races = [fault for fault in faults if not fault.sequential]
    for broken in ({rule for rules in blamed for rule in rules[:1]}, {rule for rules in blamed for rule in rules}):
        alike = tuple(fault.id for fault in races if broken & set(fault.rules))
        if alike:
            return alike
    return ()


# --- tests -------------------------------------------------------------------------------------------------------


@final
@attrs.frozen
class _Test:
    """A case, and what the target answered to it."""

    case: Case
    answered: Answered


def _tests(findings: Iterable[Finding], profile: Profile) -> list[Case]:
    """What the target failed on, the shortest trace of every known fault, and some tours; each once."""
    found: dict[Any, Case] = {}
    for finding in findings:
        events = tuple(event for event in finding.events if not isinstance(event, JobStarted))
        if events:
            found.setdefault(events, Case(name=finding.case, events=events))
    for fault_id, events in witnesses().items():
        found.setdefault(events, Case(name=f"the shortest trace of {fault_id}", events=events))
    return [*found.values(), *_tours(profile)]


@lru_cache(maxsize=8)
def _tours(profile: Profile) -> tuple[Case, ...]:
    """Some of the ways that take every input in every state, spread over all of them."""
    every = list(tours(model_of(session_scope(profile))))
    return tuple(every[:: max(1, len(every) // TOURS)][:TOURS])


def _differs(test: _Test, right: Answered) -> bool:
    return parting(test.answered, right) is not None


@final
class _Target:
    """The target, asked under a watch."""

    def __init__(self, factory: Factory, seconds_max: float) -> None:
        self.factory = factory
        self.until = time.monotonic() + seconds_max
        self.hangs = 0
        self.driven = False
        self.lanes, self.settle, self.patience = 1, 0, 10.0
        try:
            can = capabilities_of(factory)
        except Exception:  # noqa: BLE001 - a factory that fails is told elsewhere; here it is like no fault
            return
        self.driven = can.clock and can.reports
        self.lanes, self.settle, self.patience = can.lanes, can.tolerance_us, can.patience_s

    def asked(self, cases: Iterable[Case]) -> list[_Test]:
        """What it answers to each case that it can be asked, as far as time allows."""
        tests = []
        for case in cases:
            if time.monotonic() > self.until or self.hangs >= HANGS_MAX:
                break
            answered = self._ask(case)
            if answered.whole:
                tests.append(_Test(case, answered))
        return tests

    def _ask(self, case: Case) -> Answered:
        watch: Watch[Answered] = Watch(self.patience)
        try:
            return watch.run(lambda: self._answers(case, watch.beat))
        except HangingError:
            self.hangs += 1
            return Answered(({"answer": BROKE},))
        except Exception:  # noqa: BLE001 - a factory that fails now and then is told elsewhere
            return Answered(({"answer": BROKE},))

    def _answers(self, case: Case, beat: Callable[[], None]) -> Answered:
        target = made(self.factory)
        try:
            return answers_of(target, case, settle=self.settle, beat=beat)
        finally:
            target.close()


# --- known faults ------------------------------------------------------------------------------------------------


@final
@attrs.frozen
class _Likeness:
    """How like the target a fault is: on how many tests they part, how many steps they agree on, and where they part
    first."""

    fault: Fault
    parted: int
    steps: int
    where: str


def _by_likeness(one: _Likeness) -> tuple[int, int, str]:
    """The likest first; of two that are as like, the single fault before the pair, and then by id."""
    return one.parted, len(one.fault.parts), one.fault.id


def _compare(fault: Fault, tests: Iterable[_Test], profile: Profile, lanes: int, settle: int) -> _Likeness:
    parted = steps = 0
    where = ""
    for test in tests:
        found = parting(test.answered, _faulty(fault, test.case, profile, lanes, settle))
        if found is None:
            steps += len(test.answered.steps)
            continue
        parted += 1
        steps += found[0]
        if not where:
            events = [event for event in test.case.events if not isinstance(event, JobStarted)]
            way = ", ".join(map(in_words, events[: found[0] + 1]))
            where = f"after {way}: {found[1]}"
    return _Likeness(fault, parted, steps, where)


ANSWERS_KEPT: Final = 100_000
"""How many answers of known faults are kept for the next diagnosis."""


@lru_cache(maxsize=ANSWERS_KEPT)
def _faulty(fault: Fault, case: Case, profile: Profile, lanes: int, settle: int) -> Answered:
    """What a faulty implementation answers."""
    return answers_of(fault.target(profile, lanes=lanes), case, settle=settle)


@lru_cache(maxsize=ANSWERS_KEPT)
def _right(case: Case, profile: Profile, lanes: int, settle: int) -> Answered:
    """What the reference answers."""
    return answers_of(CoreTarget(profile, lanes=lanes), case, settle=settle)

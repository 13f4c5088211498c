"""Faulty objects, racy ones, and legal variants: run until something is found, or judged as a user would."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import lru_cache

from sessioncore.core.profiles import Profile

from ..cases import Case
from ..faults.fault import Fault
from ..kit import judge
from ..parallel.tier import parallel
from ..protocol import Factory
from ..reference import CoreTarget
from ..results import Finding, TierResult
from ..tiers import TIERS
from ..tiers.exploring import explore
from ..tiers.runner import Runner, silent
from .values import Alarm, Kill, Told
from .walking import Tree, parts, tree_of

SEEDS_OF_RACES = 3
"""With how many seeds a race is looked for, until it is found. One seed misses one race in twenty."""

WINDOWS = 4
"""In how many windows a right target is used by several threads, with each seed; there are many seeds."""


@lru_cache(maxsize=6)
def cases_of(tier: str, profile: Profile, lanes: int) -> Sequence[Case]:
    """The cases of a tier that has a fixed list of them."""
    from ..tiers import complete, standard

    if tier == "complete":
        can = CoreTarget(profile, lanes=lanes).capabilities
        return [case for scope, extra in complete.scopes(profile, can) for case in complete.cases_of(scope, extra)]
    return list((standard.smoke if tier == "smoke" else standard.standard)(profile, lanes))


@lru_cache(maxsize=3)
def _tree(tier: str, profile: Profile, lanes: int) -> Tree:
    return tree_of(cases_of(tier, profile, lanes))


def examine(fault: Fault, tier: str, *, seed: int = 0) -> Kill:
    """Run one tier on one fault until something is found."""
    began = time.perf_counter()
    found, steps = _until(fault, tier, seed)
    return Kill(
        fault=fault.id,
        tier=tier,
        steps=None if found is None else max(1, steps),
        rule="" if found is None else (found.rules or (found.kind.value,))[0],
        seconds=round(time.perf_counter() - began, 3),
    )


def _until(fault: Fault, tier: str, seed: int) -> tuple[Finding | None, int]:
    """The first finding of a tier, and how many steps there were up to it."""
    if tier == "parallel":
        return _at_once(fault, seed)
    runner = Runner(fault.factory(), tier=tier, profile=fault.profile, shorten=False, findings_max=1)
    if tier == "explore":
        result = explore(runner, seed=seed)
    elif tier == "complete" and not parts(fault, _tree(tier, fault.profile, fault.lanes)):
        return None, 0
    else:
        for case in cases_of(tier, fault.profile, fault.lanes):
            found = runner.count(case, lambda: None)
            if found is not None:
                return found, runner.tally.steps
        return None, runner.tally.steps
    return (result.findings[0] if result.findings else None), result.steps


def _at_once(fault: Fault, seed: int) -> tuple[Finding | None, int]:
    """The same for ``parallel``, whose schedules are drawn: with :data:`SEEDS_OF_RACES` seeds, one after another."""
    steps = 0
    for drawn in range(seed, seed + SEEDS_OF_RACES):
        result = parallel(fault.factory(), profile=fault.profile, seed=drawn, findings_max=1, shorten=False)
        steps += result.steps
        if result.findings:
            return result.findings[0], steps
    return None, steps


def reported(fault: Fault, *, seed: int = 0) -> Told:
    """Judge a faulty object as a user would, by ``standard``, or by ``parallel`` if it is racy."""
    began = time.perf_counter()
    tier = "standard" if fault.sequential else "parallel"
    report = judge(fault.factory(), target=fault.id, profile=fault.profile, tiers=(tier,), seed=seed)
    diagnosis = report.diagnosis
    same = () if diagnosis is None else diagnosis.same
    named = [] if diagnosis is None else [*same, *(name for name, _, _ in diagnosis.near)]
    place = 1 if fault.id in same else named.index(fault.id) + 1 if fault.id in named else 0
    return Told(
        fault=fault.id,
        tier=tier,
        events=min((len(finding.trace) for finding in report.findings), default=None),
        place=place,
        equals=len(same),
        seconds=round(time.perf_counter() - began, 3),
    )


def accused(name: str, factory: Factory, profile: Profile, tiers: Iterable[str], seed: int) -> list[Alarm]:
    """What is said against something right: findings on rules that are not advice."""
    alarms = []
    for tier in tiers:
        if tier == "explore":  # what is advice is not made short: it is no alarm
            runner = Runner(factory, tier=tier, profile=profile, shorten=False)
            alarms += _alarms(name, explore(runner, seed=seed))
        else:
            alarms += _alarms(name, TIERS[tier](factory, profile=profile, seed=seed, progress=silent))
    return alarms


def accused_at_once(name: str, factory: Factory, seed: int) -> list[Alarm]:
    """What ``parallel`` says against something that many threads may use, in :data:`WINDOWS` windows."""
    return _alarms(name, parallel(factory, seed=seed, windows=WINDOWS))


def _alarms(name: str, result: TierResult) -> list[Alarm]:
    found = [finding for finding in result.findings if not finding.strict_only]
    return [Alarm(variant=name, tier=result.name, said=finding.summary()) for finding in found]

"""Faulty objects, racy ones, and legal variants: run until something is found."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from sessioncore.core.profiles import Profile

from ..cases import Case
from ..faults.fault import Fault
from ..protocol import Factory
from ..reference import CoreTarget
from ..results import Finding, TierResult
from ..tiers import TIERS
from ..tiers.runner import Runner, silent
from .values import Alarm, Kill

DRAWING = ("explore", "parallel", "learn")
"""Tiers that have no fixed list of cases."""


def cases_of(tier: str, profile: Profile, lanes: int) -> Sequence[Case]:
    """The cases of a tier that has a fixed list of them."""
    from ..tiers import complete, standard

    if tier == "complete":
        can = CoreTarget(profile, lanes=lanes).capabilities
        return [case for scope, extra in complete.scopes(profile, can) for case in complete.cases_of(scope, extra)]
    return list((standard.smoke if tier == "smoke" else standard.standard)(profile, lanes))


def examine(fault: Fault, tier: str, *, seed: int = 0, cases: Sequence[Case] | None = None) -> Kill:
    """Run one tier on one fault until something is found, and make that short."""
    began = time.perf_counter()
    found, steps = _until(fault.factory(), tier, fault.profile, fault.lanes, seed, cases)
    return Kill(
        fault=fault.id,
        tier=tier,
        steps=None if found is None else max(1, steps),
        events=None if found is None else len(found.trace),
        rule="" if found is None else (found.rules or (found.kind.value,))[0],
        seconds=round(time.perf_counter() - began, 3),
    )


def _until(
    factory: Factory, tier: str, profile: Profile, lanes: int, seed: int, cases: Sequence[Case] | None
) -> tuple[Finding | None, int]:
    """The first finding of a tier, made short, and how many steps there were before it."""
    runner = Runner(factory, tier=tier, profile=profile, findings_max=1)
    if tier in DRAWING:
        result = TIERS[tier](factory, profile=profile, seed=seed, progress=silent)
        return (result.findings[0] if result.findings else None), result.steps
    for case in cases_of(tier, profile, lanes) if cases is None else cases:
        found = runner.count(case, lambda: None)
        if found is not None:
            steps = runner.tally.steps
            runner.take(case, found, lambda: None)
            return runner.result().findings[0], steps
    return None, runner.tally.steps


def accused(name: str, factory: Factory, profile: Profile, tiers: Iterable[str], seed: int) -> list[Alarm]:
    """What is said against something right: findings on rules that are not advice."""
    alarms = []
    for tier in tiers:
        result: TierResult = TIERS[tier](factory, profile=profile, seed=seed, progress=silent)
        alarms += [
            Alarm(variant=name, tier=tier, said=finding.summary())
            for finding in result.findings
            if not finding.strict_only
        ]
    return alarms


def place(fault: Fault, seed: int = 0) -> int:
    """On which place diagnosis puts the fault; 0 for nowhere."""
    from ..diagnosis import diagnose

    if fault.sequential:
        runner = Runner(fault.factory(), tier="standard", profile=fault.profile, shorten=False)
        findings = runner.run(cases_of("standard", fault.profile, fault.lanes)).findings
    else:
        findings = TIERS["parallel"](fault.factory(), profile=fault.profile, seed=seed, progress=silent).findings
    found = diagnose(fault.factory(), findings, fault.profile)
    if fault.id in found.same:
        return 1
    places = [name for name, _, _ in found.near]
    return len(found.same) + places.index(fault.id) + 1 if fault.id in places else 0

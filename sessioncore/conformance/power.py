"""What the kit finds: every known fault against every tier, and whether anything right is accused.

A fault is *killed* by a tier if the tier finds anything wrong with it. Faults of the object level are driven as
objects, races by threads, those of services over HTTP, those of logs as files.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any, final

import attrs

from sessioncore.core.profiles import IBM_GUIDE, Profile

from .cases import Case
from .faults.catalogue import CATALOGUE
from .faults.fault import Fault
from .faults.variants import VARIANTS
from .protocol import Factory
from .reference import CoreTarget
from .results import Finding, TierResult
from .tiers import TIERS
from .tiers.runner import Progress, Runner, silent

SEQUENTIAL = ("smoke", "standard", "complete", "explore")
"""The tiers that do one thing after another."""

TIERS_OF_OBJECTS = (*SEQUENTIAL, "parallel")

SEEDS = 20
"""With how many seeds the reference is judged by the tiers that draw."""

SLACK = 3
"""How many events more than the shortest possible a shrunk trace may have."""


@final
@attrs.frozen(kw_only=True)
class Kill:
    """What one tier made of one fault. ``steps`` is how many steps it took until something was found, None where
    nothing was; ``events`` the length of the trace, made short; ``rule`` the rule that was blamed."""

    fault: str
    tier: str
    steps: int | None
    events: int | None = None
    rule: str = ""
    seconds: float = 0.0


@final
@attrs.frozen(kw_only=True)
class Alarm:
    """Something right that was accused: a legal variant, or the reference with a seed."""

    variant: str
    tier: str
    said: str


@final
@attrs.frozen(kw_only=True)
class Power:
    """The kill matrix with what belongs to it. ``diagnosed`` says of each fault on which place diagnosis put it,
    counted from 1, 0 for nowhere; ``tried`` is how many right targets were judged."""

    kills: tuple[Kill, ...]
    alarms: tuple[Alarm, ...]
    diagnosed: Mapping[str, int]
    tried: int
    seconds: float

    def killed(self, fault: str, tier: str | None = None) -> bool:
        """Whether a tier, or any tier, found something wrong with a fault."""
        return any(
            kill.steps is not None for kill in self.kills if kill.fault == fault and tier in (None, kill.tier)
        )

    def faults(self) -> tuple[Fault, ...]:
        """The faults that were tried."""
        tried = {kill.fault for kill in self.kills}
        return tuple(fault for fault in CATALOGUE if fault.id in tried)

    def steps(self, fault: str, tier: str) -> str:
        """How many steps a tier took to find the fault; a dash if it did not, nothing if it was not asked."""
        for kill in self.kills:
            if (kill.fault, kill.tier) == (fault, tier):
                return "-" if kill.steps is None else str(kill.steps)
        return ""

    def length(self, fault: Fault) -> str:
        """The length of the shortest trace that was told, and of the shortest that there is."""
        told = [kill.events for kill in self.kills if kill.fault == fault.id and kill.events is not None]
        best = str(min(told)) if told else "-"
        return best if fault.shortest is None else f"{best} ({fault.shortest})"

    def too_long(self) -> tuple[str, ...]:
        """Faults whose trace is more than :data:`SLACK` events longer than the shortest possible."""
        found = []
        for fault in self.faults():
            told = [kill.events for kill in self.kills if kill.fault == fault.id and kill.events is not None]
            if told and fault.shortest is not None and min(told) > fault.shortest + SLACK:
                found.append(fault.id)
        return tuple(found)

    def good(self, tiers: Sequence[str]) -> bool:
        """Whether every fault that was tried dies in some tier and nothing right is accused."""
        alive = [fault for fault in self.faults() if not self.killed(fault.id)]
        return bool(tiers) and not alive and not self.alarms and not self.too_long()

    def lines(self, tiers: Sequence[str]) -> list[str]:
        """What it comes to, a line each."""
        found = []
        for tier in tiers:
            asked = {kill.fault for kill in self.kills if kill.tier == tier}
            if asked:
                killed, all_ = self.rate(tier, asked)
                found.append(f"{tier}: {killed} of {all_} faults found ({100 * killed / all_:.1f} %)")
        alive = [fault.id for fault in self.faults() if not self.killed(fault.id)]
        found.append(f"faults that no tier finds: {', '.join(alive) or 'none'}")
        found.append(f"traces more than {SLACK} events longer than need be: {', '.join(self.too_long()) or 'none'}")
        found.append(f"false alarms on {self.tried} right targets: {len(self.alarms)}")
        found += [f"  {alarm.variant}, {alarm.tier}: {alarm.said}" for alarm in self.alarms]
        first = sum(place == 1 for place in self.diagnosed.values())
        if self.diagnosed:
            share = 100 * first / len(self.diagnosed)
            found.append(f"diagnosis: the right fault first in {first} of {len(self.diagnosed)} ({share:.1f} %)")
        found.append(f"{self.seconds:.0f} s")
        return found

    def facts(self) -> dict[str, Any]:
        """Everything, for programs."""
        return {
            "kills": [attrs.asdict(kill) for kill in self.kills],
            "alarms": [attrs.asdict(alarm) for alarm in self.alarms],
            "diagnosed": dict(self.diagnosed),
            "right_targets": self.tried,
            "seconds": self.seconds,
        }

    def rate(self, tier: str, faults: Iterable[str]) -> tuple[int, int]:
        """(killed, all) of these faults under a tier."""
        names = list(faults)
        return sum(self.killed(name, tier) for name in names), len(names)


def cases_of(tier: str, profile: Profile, lanes: int) -> Sequence[Case]:
    """The cases of a tier that has a fixed list of them."""
    from .tiers import complete, standard

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
    if tier in ("explore", "parallel"):
        result = TIERS[tier](factory, profile=profile, seed=seed, progress=silent)
        return (result.findings[0] if result.findings else None), result.steps
    for case in cases_of(tier, profile, lanes) if cases is None else cases:
        found = runner.count(case, lambda: None)
        if found is not None:
            steps = runner.tally.steps
            runner.take(case, found, lambda: None)
            return runner.result().findings[0], steps
    return None, runner.tally.steps


# --- all of it -------------------------------------------------------------------------------------------------


def measure(
    tiers: Sequence[str] = TIERS_OF_OBJECTS,
    *,
    progress: Progress = silent,
    workers: int | None = None,
    seeds: int = SEEDS,
) -> Power:
    """The whole matrix of the object level, on as many processes as there are cores. Minutes."""
    began = time.perf_counter()
    tasks = _tasks(tiers, seeds)
    kills: list[Kill] = []
    alarms: list[Alarm] = []
    diagnosed: dict[str, int] = {}
    tried = 0
    with ProcessPoolExecutor(workers or os.cpu_count() or 1, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(_done, task) for task in tasks]
        for number, future in enumerate(as_completed(waiting), 1):
            progress("power", number, len(waiting))
            for thing in future.result():
                if isinstance(thing, Kill):
                    kills.append(thing)
                elif isinstance(thing, Alarm):
                    alarms.append(thing)
                elif isinstance(thing, tuple):
                    diagnosed[thing[0]] = thing[1]
                else:
                    tried += thing
    return Power(
        kills=tuple(sorted(kills, key=lambda kill: (kill.fault, kill.tier))),
        alarms=tuple(sorted(alarms, key=lambda alarm: (alarm.variant, alarm.tier))),
        diagnosed=dict(sorted(diagnosed.items())),
        tried=tried,
        seconds=round(time.perf_counter() - began, 1),
    )


_Task = tuple[str, str, tuple[str, ...], int]


def _tasks(tiers: Sequence[str], seeds: int) -> list[_Task]:
    """(kind, name, tiers, seed): what one process does at a time."""
    sequential = tuple(tier for tier in tiers if tier != "parallel")
    found: list[_Task] = []
    for fault in CATALOGUE:
        asked = sequential if fault.sequential else tuple(tier for tier in tiers if tier == "parallel")
        found.append(("fault", fault.id, asked, 0))
    found += [("variant", variant.id, sequential, 0) for variant in VARIANTS]
    drawn = tuple(tier for tier in tiers if tier in ("explore",))
    found += [("reference", "CoreTarget", drawn if seed else sequential, seed) for seed in range(seeds)]
    return found


def _done(task: _Task) -> list[Any]:
    """Carry out a task; in a process of its own."""
    kind, name, tiers, seed = task
    if kind == "fault":
        fault = next(one for one in CATALOGUE if one.id == name)
        kills: list[Any] = [examine(fault, tier, seed=seed) for tier in tiers]
        if fault.sequential and any(kill.steps is not None for kill in kills):
            kills.append((fault.id, _place(fault)))
        return kills
    if kind == "variant":
        variant = next(one for one in VARIANTS if one.id == name)
        return [1, *_accused(variant.id, variant.factory(), variant.profile, tiers, seed)]
    return [1, *_accused(f"the reference, seed {seed}", CoreTarget, IBM_GUIDE, tiers, seed)]


def _accused(name: str, factory: Factory, profile: Profile, tiers: Iterable[str], seed: int) -> list[Alarm]:
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


def _place(fault: Fault) -> int:
    """On which place diagnosis puts the fault; 0 for nowhere."""
    from .diagnosis import diagnose

    runner = Runner(fault.factory(), tier="standard", profile=fault.profile, shorten=False)
    result = runner.run(cases_of("standard", fault.profile, fault.lanes))
    found = diagnose(fault.factory(), result.findings, fault.profile)
    if fault.id in found.same:
        return 1
    places = [name for name, _, _ in found.near]
    return len(found.same) + places.index(fault.id) + 1 if fault.id in places else 0



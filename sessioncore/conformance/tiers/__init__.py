"""The tiers: ways of trying a target, from a second to a proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from sessioncore.core.profiles import Profile

from ..cases import Case
from ..protocol import Factory
from ..results import TierResult
from .runner import Progress, Runner


class Tier(Protocol):
    """Runs on targets of a factory."""

    def __call__(self, factory: Factory, *, profile: Profile, seed: int, progress: Progress) -> TierResult:
        """What it did and found."""
        ...


def _smoke(factory: Factory, *, profile: Profile, seed: int, progress: Progress) -> TierResult:  # noqa: ARG001
    from .standard import smoke

    runner = Runner(factory, tier="smoke", profile=profile, progress=progress)
    return runner.run(_of(runner, smoke))


def _standard(factory: Factory, *, profile: Profile, seed: int, progress: Progress) -> TierResult:  # noqa: ARG001
    from .standard import standard

    runner = Runner(factory, tier="standard", profile=profile, progress=progress)
    return runner.run(_of(runner, standard))


def _explore(factory: Factory, *, profile: Profile, seed: int, progress: Progress) -> TierResult:
    from .exploring import explore

    return explore(Runner(factory, tier="explore", profile=profile, progress=progress), seed=seed)


def _complete(factory: Factory, *, profile: Profile, seed: int, progress: Progress) -> TierResult:  # noqa: ARG001
    from .complete import complete

    return complete(Runner(factory, tier="complete", profile=profile, progress=progress))


def _parallel(factory: Factory, *, profile: Profile, seed: int, progress: Progress) -> TierResult:
    from ..parallel.tier import parallel

    return parallel(factory, profile=profile, seed=seed, progress=progress)


def _learn(factory: Factory, *, profile: Profile, seed: int, progress: Progress) -> TierResult:
    from ..learning import learn

    return learn(Runner(factory, tier="learn", profile=profile, progress=progress), seed=seed)


def _of(runner: Runner, cases: _Cases) -> Iterable[Case]:
    """The cases of a tier for as many lanes as the target has. A factory that fails is told by the runner."""
    try:
        can = runner.capabilities()
    except Exception:  # noqa: BLE001 - the runner tells it
        return ()
    # Where nobody says when jobs start and end, cases with more of them at once than two tell no more.
    return cases(runner.profile, can.lanes if can.reports else min(can.lanes, 2))


class _Cases(Protocol):
    def __call__(self, profile: Profile, lanes: int) -> Iterable[Case]: ...


TIERS: Mapping[str, Tier] = {
    "smoke": _smoke,
    "standard": _standard,
    "complete": _complete,
    "explore": _explore,
    "parallel": _parallel,
    "learn": _learn,
}
"""Every tier for targets whose clock and reports the kit drives, by name."""

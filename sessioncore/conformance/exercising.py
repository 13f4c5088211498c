"""Which cases of the tiers exercise which rule, found by judging our own core."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from sessioncore.core.profiles import IBM_GUIDE, Profile

from .cases import Case
from .model import model_of, session_scope, shared_scope
from .reference import CoreTarget
from .tally import Tally
from .tiers.crossed import crossed
from .tiers.particular import particular
from .tiers.runner import Runner
from .tiers.tours import covering

BUDGETS = IBM_GUIDE.with_values(job_limit=2, usage_limit=200_000_000)
"""A profile whose sessions have budgets (S-25), microseconds."""

CASES_MAX = 2
"""How many cases are named for one rule."""

Named = tuple[str, str]
"""(name of a case, module of this room that makes it)."""

OVER_HTTP: Mapping[str, tuple[Named, ...]] = {
    "J-07": (("tags", "http/checks"),),
    "J-08": (("private jobs", "http/checks"),),
}
"""Rules that only a service can be asked about, and what asks."""


def exercising() -> Mapping[str, tuple[Named, ...]]:
    """For every rule that cases exercise, the few that show it best: those that are named after it, then the
    shortest. Under the guide's profile; D-02 and S-25 on two lanes and under :data:`BUDGETS`, since they mean nothing
    otherwise."""
    found: dict[str, list[tuple[bool, int, Named]]] = {}
    for profile, lanes, only in ((IBM_GUIDE, 1, ()), (IBM_GUIDE, 2, ("D-02",)), (BUDGETS, 1, ("S-25",))):
        runner = Runner(partial(CoreTarget, profile, lanes=lanes), tier="smoke", profile=profile)
        for module, case in _cases(profile, lanes):
            tally = Tally()
            runner.judge(case, tally=tally)
            for rule in tally.exercised:
                if rule in only if only else rule not in ("D-02", "S-25"):
                    found.setdefault(rule, []).append((rule not in case.name, len(case.events), (case.name, module)))
    return {**{rule: _first(named) for rule, named in sorted(found.items())}, **OVER_HTTP}


def _first(named: list[tuple[bool, int, Named]]) -> tuple[Named, ...]:
    return tuple(dict.fromkeys(name for _, _, name in sorted(named)))[:CASES_MAX]


def _cases(profile: Profile, lanes: int) -> Iterator[tuple[str, Case]]:
    for case in particular(profile):
        yield "tiers/particular", case
    for case in crossed(profile, lanes):
        yield "tiers/crossed", case
    for scope in (session_scope(profile), shared_scope(profile, lanes=lanes)):
        for case in covering(model_of(scope)):
            yield "tiers/tours", case

"""How long the state machines are played, and the record of what they reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import lru_cache

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from sessioncore.core import dispatch

from .model_worlds import World

EXAMPLES = {"any": 60}
"""Runs for each family; the others have EXAMPLES_OTHERS."""
EXAMPLES_OTHERS = 30
STEPS = 40
HUNT = 60
"""Runs within which a planted fault must show."""
DEEP = 20
"""How many times more runs ``--deep`` makes."""

WINDOW_US = 40
"""The rolling window of ``fair_share`` while the machines play, so that usage leaves it again."""


def examples(family: str, deep: bool) -> int:
    """How many runs."""
    return EXAMPLES.get(family, EXAMPLES_OTHERS) * (DEEP if deep else 1)


@lru_cache(maxsize=64)
def play(machine: type[World], family: str, runs: int) -> Counter[str]:
    """Let Hypothesis play this machine in this family of profiles; what it reached, by row. Played once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dispatch, "ROLLING_WINDOW", WINDOW_US)
        return _run(machine, family, runs, (Phase.generate, Phase.shrink))


def hunt(machine: type[World], family: str, plant: Callable[[pytest.MonkeyPatch], None]) -> None:
    """Play with a planted fault until it shows; what it broke is raised as it is, not made small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dispatch, "ROLLING_WINDOW", WINDOW_US)
        plant(patch)
        _run(machine, family, HUNT, (Phase.generate,))


def _run(machine: type[World], family: str, runs: int, phases: tuple[Phase, ...]) -> Counter[str]:
    fired: Counter[str] = Counter()
    played = type(f"{machine.__name__}_{family.replace('-', '_')}", (machine,), {"family": family, "fired": fired})
    chosen = settings(
        max_examples=runs,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=phases,
        report_multiple_bugs=False,
    )
    run_state_machine_as_test(played, settings=chosen)
    return fired

"""Faults planted in the core, and found: what the searches and the state machines are worth.

Each fault of :mod:`.model_faults` must be found within seconds by exploring a small core; those of fair share, which
takes several instances, by the state machine of the device. The laws alone, without the reference, find a good part.
"""

from __future__ import annotations

import pytest

from sessioncore.core import IBM_GUIDE, Mode, Profile

from .model_explore import Found, Scenario, explore
from .model_faults import EXCLUSIVE_FAULTS, QUEUE_FAULTS, SESSION_FAULTS, SHARE_FAULTS, Fault
from .model_play import hunt
from .test_exhaustive import SHORT, guide
from .test_stateful_device import OneDevice

LAWS_FIND = (
    "1: submit accepted while draining",
    "2: submit accepted after closed",
    "3: max TTL counts from creation",
    "4: max TTL re-armed at each start",
    "5: max TTL late by one",
    "5b: max TTL early by one",
    "6: max TTL rests while inactive",
    "7: queued jobs not failed on max TTL",
    "8, 9: running jobs killed at the end",
    "10: cancel leaves one queued job",
    "11: cancel ignored while draining",
    "16: interactive timer survives submit",
    "18: interactive timer armed with a queue",
    "24: drain never closes",
    "24b: drain never closes on an empty queue",
    "28: cancelled in the queue reported as failed",
    "30: max TTL lost at the second activation",
    "33: started_at rewritten at each start",
    "37: a jump over two deadlines fires one",
    "T-03: refusals are counted",
    "D-01: dispatch ignores exclusivity",
    "D-01: others are not held up by the holder",
    "D-02: a session starts beside others",
    "D-04: more jobs than lanes",
    "a snapshot forgets who holds the device",
    "D-05: a paused device starts jobs",
)
"""The faults that the laws find without the reference, which finds the others."""


def session(profile: Profile) -> Scenario:
    """One dedicated session with two jobs."""
    return Scenario(profile=profile, sessions=(("s", Mode.DEDICATED, 2),))


SESSIONS = (session(guide("interactive < max")), session(guide("interactive = max")))
TWO_LANES = (Scenario(profile=SHORT, sessions=(("s", Mode.DEDICATED, 1),), alone=2, lanes=2),)
ONE_LANE = (Scenario(profile=SHORT, sessions=(("s", Mode.BATCH, 2),), alone=1, lanes=1, pauses=True),)

WHERE: dict[str, tuple[Fault, tuple[Scenario, ...]]] = {
    **{name: (fault, SESSIONS) for name, fault in SESSION_FAULTS.items()},
    **{name: (fault, TWO_LANES) for name, fault in EXCLUSIVE_FAULTS.items()},
    **{name: (fault, ONE_LANE) for name, fault in QUEUE_FAULTS.items()},
}


def found(name: str, *, with_reference: bool = True, most: int = 2) -> Found | None:
    """Plant the fault, explore, and tell what was found."""
    fault, scenarios = WHERE[name]
    for scenario in scenarios[:most]:
        with pytest.MonkeyPatch.context() as patch:
            fault(patch, scenario.profile)
            try:
                explore(scenario, with_reference=with_reference)
            except Found as broken:
                return broken
    return None


@pytest.mark.parametrize("name", WHERE)
def test_a_planted_fault_is_found_by_exploring(name: str) -> None:
    broken = found(name)
    assert broken is not None, f"nobody noticed: {name}"
    assert len(broken.trace) <= 12, "the way there is not short"


def test_nothing_is_found_where_no_fault_is_planted() -> None:
    for scenario in TWO_LANES:
        explore(scenario)


@pytest.mark.parametrize("name", SHARE_FAULTS)
def test_a_fault_of_fair_share_is_found_by_the_state_machine(name: str) -> None:
    with pytest.raises(AssertionError, match=r"disagree|D-03"):
        hunt(OneDevice, "ibm-guide", lambda patch: SHARE_FAULTS[name](patch, IBM_GUIDE))


@pytest.mark.parametrize("name", LAWS_FIND)
def test_the_laws_alone_find_many_faults(name: str) -> None:
    assert found(name, with_reference=False, most=1) is not None, f"the laws do not forbid: {name}"

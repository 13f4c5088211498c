"""Measuring the kit: what it asks of itself, on a few faults and on made-up results."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import attrs
import pytest

from sessioncore.cli import main
from sessioncore.conformance import power
from sessioncore.conformance.faults.catalogue import CATALOGUE, by_id
from sessioncore.conformance.faults.fault import OUTSIDE, Fault
from sessioncore.conformance.faults.shortest import STRANGER
from sessioncore.conformance.model import HORIZON, Scope, session_scope
from sessioncore.conformance.power import SLACK, Alarm, Kill, Known, Power, Told, measure
from sessioncore.conformance.power.objects import cases_of, examine, reported
from sessioncore.conformance.power.walking import parts, tree_of
from sessioncore.conformance.protocol import Capabilities
from sessioncore.conformance.tiers.complete import cases_of as suite_of
from sessioncore.conformance.tiers.complete import scopes
from sessioncore.conformance.tiers.exploring import explore
from sessioncore.conformance.tiers.runner import Runner
from sessioncore.core import IBM_GUIDE
from sessioncore.core.events import JobFailed, OpenRequested, PauseRequested, SubmitRequested

SAMPLE = ("F-20", "O-45", "plain", "few-fields")


def timeless(facts: Any) -> Any:
    """The same without seconds, and without what says how it was measured."""
    if isinstance(facts, dict):
        return {name: timeless(fact) for name, fact in facts.items() if name not in ("seconds", "workers")}
    return [timeless(fact) for fact in facts] if isinstance(facts, list) else facts


# --- a sample, measured ---------------------------------------------------------------------------------------------


def test_what_is_measured_does_not_depend_on_how_many_processes_do_it() -> None:
    two, one = (measure(("smoke",), levels=("object",), only=SAMPLE, workers=workers) for workers in (2, 1))
    assert [fault.id for fault in two.known] == ["F-20", "O-45"]
    assert all(two.killed(fault.id, "smoke") for fault in two.known)
    assert (two.tried, two.alarms, two.unmet()) == (2, (), [])
    assert (one.workers, two.workers) == (1, 2)
    assert timeless(one.facts()) == timeless(two.facts())


def test_a_report_as_a_user_gets_it_names_the_fault_and_its_trace_is_short() -> None:
    fault = by_id("O-45")
    told = reported(fault)
    assert (told.tier, told.place, told.equals) == ("standard", 1, 1)
    assert fault.shortest is not None
    assert told.events is not None
    assert fault.shortest <= told.events <= fault.shortest + SLACK


def test_exploring_ends_with_the_first_finding_where_no_more_is_wanted() -> None:
    fault = by_id("O-45")
    kill = examine(fault, "explore")
    runner = Runner(fault.factory(), tier="explore", shorten=False)
    explore(runner, examples=60)
    assert runner.repeated.total() > 0
    assert kill.steps is not None
    assert 0 < kill.steps < runner.tally.steps


# --- what `complete` must find --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault_id", ["F-01", "F-03", "F-20", "F-37", "O-10", "O-24", "O-45", "O-64", "P-01"])
def test_walking_through_a_suite_finds_what_running_it_finds(fault_id: str) -> None:
    fault = by_id(fault_id)
    cases = suite_of(session_scope(fault.profile, jobs=1))
    runner = Runner(fault.factory(), tier="complete", profile=fault.profile, shorten=False)
    run = any(runner.count(case, lambda: None) is not None for case in cases)
    assert parts(fault, tree_of(cases)) is run


def test_a_tree_has_every_beginning_once() -> None:
    cases = suite_of(session_scope(jobs=1))
    events = {case.events[: place + 1] for case in cases for place in range(len(case.events))}
    nodes, waiting = 0, [tree_of(cases)]
    while waiting:
        node = waiting.pop()
        nodes += len(node)
        waiting += node.values()
    assert nodes == len(events)


def test_a_suite_parts_a_fault_unless_its_assumptions_keep_it_out(deep: bool) -> None:
    one_of_each = {fault.outside: fault for fault in CATALOGUE if fault.outside and fault.profile == IBM_GUIDE}
    assert set(one_of_each) == set(OUTSIDE)
    within = ("F-03", "F-15", "F-30", "F-44", "O-10", "O-28", "O-71", "P-03")
    tried = [*map(by_id, within), one_of_each["far"]]  # what is outside is walked through whole, which takes a second
    for fault in [fault for fault in CATALOGUE if fault.sequential] if deep else tried:
        tree = tree_of(cases_of("complete", fault.profile, fault.lanes))
        assert parts(fault, tree) is not bool(fault.outside), fault.id


@pytest.mark.parametrize("fault", [one for one in CATALOGUE if one.outside], ids=lambda fault: fault.id)
def test_what_a_suite_need_not_find_needs_what_its_inputs_do_not_have(fault: Fault) -> None:
    known = list(scopes(fault.profile, Capabilities(lanes=fault.lanes)))
    assert not any(_can_have(scope, fault, fault.outside) for scope, _ in known)


def _can_have(scope: Scope, fault: Fault, assumption: str) -> bool:
    """Whether the inputs of a scope have what the shortest trace of a fault needs, as far as this assumption says."""
    trace = fault.trace or ()
    times = [0, *(event.at for event in trace)]
    waits = [after - before for before, after in pairwise(times)]
    match assumption:
        case "clock":
            return min(waits) >= 0
        case "values":
            lengths = [getattr(event, "max_ttl", None) or getattr(event, "max_execution", None) for event in trace]
            asked = [isinstance(e, OpenRequested) and e.max_ttl == 0 for e in trace]
            asked += [isinstance(e, SubmitRequested) and e.max_execution == 0 for e in trace]
            return not any((*lengths, *asked, *(isinstance(event, JobFailed) for event in trace)))
        case "ids":
            return all(STRANGER not in (getattr(e, "session_id", ""), getattr(e, "job_id", "")) for e in trace)
        case "far":
            return max(times) <= HORIZON * scope.tick_us
        case "ticks":
            return max(waits) <= scope.tick_us
    modes = [event.mode for event in trace if isinstance(event, OpenRequested)]
    there = [mode for _, mode in scope.sessions]
    alone = any(isinstance(event, SubmitRequested) and event.session_id is None for event in trace)
    return (
        all(modes.count(mode) <= there.count(mode) for mode in modes)
        and (scope.alone > 0 or not alone)
        and (scope.pause or not any(isinstance(event, PauseRequested) for event in trace))
        and (scope.time or max(times) == 0)
    )


def test_no_assumption_keeps_out_a_fault_that_the_inputs_can_show() -> None:
    assert all(_can_have(session_scope(), by_id("O-45"), word) for word in OUTSIDE)


# --- the numbers ----------------------------------------------------------------------------------------------------


def made_up(**changes: Any) -> Power:
    """Ten faults of which everything is well, but for what is changed."""
    names = [f"X-{number}" for number in range(10)]
    kills = [Kill(fault=name, tier=tier, steps=7) for tier in ("standard", "complete") for name in names]
    told = [Told(fault=name, tier="standard", events=5, place=1, equals=1) for name in names]
    return Power(
        **{
            "known": tuple(Known(id=name, title="", level="object", shortest=2, sequential=True) for name in names),
            "kills": tuple(kills),
            "told": tuple(told),
            "alarms": (),
            "tried": 3,
            "workers": 1,
            "seconds": 1.0,
            **changes,
        }
    )


def less(tier: str, names: Sequence[str]) -> tuple[Kill, ...]:
    """The kills, but for these faults under this tier."""
    return tuple(
        attrs.evolve(kill, steps=None) if kill.tier == tier and kill.fault in names else kill
        for kill in made_up().kills
    )


def some_told(**changes: Any) -> tuple[Told, ...]:
    """The reports, the first two changed."""
    told = made_up().told
    return (*(attrs.evolve(one, **changes) for one in told[:2]), *told[2:])


OUT = tuple(attrs.evolve(fault, outside="far") if fault.id == "X-3" else fault for fault in made_up().known)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"known": ()}, ["no fault was tried"]),
        ({"kills": less("standard", ["X-1"])}, []),
        (
            {"kills": less("standard", ["X-1", "X-2"])},
            ["standard finds 8 of 10 sequential faults, and should find 90%"],
        ),
        ({"kills": less("complete", ["X-3"])}, ["complete misses what lies within its assumptions: X-3"]),
        ({"kills": less("complete", ["X-3"]), "known": OUT}, []),
        ({"kills": made_up().kills[1:10]}, ["no tier finds X-0"]),
        ({"alarms": (Alarm(variant="plain", tier="smoke", said="no"),)}, ["1 false alarms"]),
        ({"told": some_told(events=6)}, ["traces more than 3 events longer than need be: X-0 (4), X-1 (4)"]),
        ({"told": some_told(place=2)}, ["diagnosis names 8 of 10 first, and should name 90%"]),
        ({"told": some_told(equals=2)}, []),
        ({"told": some_told(events=None)}, []),
    ],
)
def test_a_number_that_does_not_hold_is_told(changes: dict[str, Any], said: list[str]) -> None:
    assert made_up(**changes).unmet() == said


def test_the_lines_say_what_lies_outside_who_is_like_whom_and_how_long_traces_are() -> None:
    found = made_up(known=OUT, told=some_told(equals=2), kills=less("complete", ["X-3"]))
    told = "\n".join(found.lines())
    assert "within its assumptions: 9 of 9; outside" in told
    assert f"far ({OUTSIDE['far']}): X-3" in told
    assert "beyond the shortest possible: 10 by 3" in told
    assert "below 0" not in told
    assert "fewer kinds of events: X-0, X-1" in "\n".join(made_up(told=some_told(events=1)).lines())
    assert "indistinguishable, which counts as first: X-0, X-1" in told
    assert "found nevertheless, so that it should not be called outside: X-3" in "\n".join(made_up(known=OUT).lines())


@pytest.mark.parametrize(("changes", "code"), [({}, 0), ({"told": some_told(place=0)}, 1)])
def test_the_command_prints_the_matrix_and_says_what_does_not_hold(
    changes: dict[str, Any], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: dict[str, Any] = {}

    def measured(tiers: Sequence[str], **options: Any) -> Power:
        asked.update(options, tiers=tiers)
        return made_up(**changes)

    monkeypatch.setattr(power, "measure", measured)
    assert main(["conform", "--power", "--level", "object", "--workers", "3", "--tier", "standard"]) == code
    assert (asked["workers"], asked["levels"], asked["tiers"]) == (3, ("object",), ("standard",))
    told = capsys.readouterr().out
    assert "5 (+3)" in told
    assert ("does not hold: diagnosis names 8 of 10" in told) is bool(code)

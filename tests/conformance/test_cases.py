"""What the cases of a tier go through, how what they meet is counted, and how views are compared."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from sessioncore.conformance.blame import view_differs
from sessioncore.conformance.cases import Case, Names, translated
from sessioncore.conformance.model import NOTHING, Model, device_scope, model_of, session_scope
from sessioncore.conformance.oracle import Oracle
from sessioncore.conformance.protocol import FIELDS, TIMES, UNSEEN, View
from sessioncore.conformance.reference import CoreTarget
from sessioncore.conformance.results import Coverage
from sessioncore.conformance.rules import RULES
from sessioncore.conformance.running import Run
from sessioncore.conformance.tally import Tally
from sessioncore.conformance.tiers.crossed import crossed
from sessioncore.conformance.tiers.particular import particular
from sessioncore.conformance.tiers.standard import smoke, standard
from sessioncore.conformance.tiers.stories import told
from sessioncore.conformance.tiers.tours import tours
from sessioncore.core import IBM_GUIDE
from sessioncore.core.events import Advanced, Event, JobFailed, JobSucceeded, OpenRequested, SubmitRequested
from sessioncore.core.job import FINAL
from sessioncore.core.values import replaced

ORIGIN = 5_000_000

TICK = 30_000_000
"""Half of the interactive TTL of the guide, in microseconds."""


# --- tours ----------------------------------------------------------------------------------------------------------


def taken(model: Model, cases: list[Case]) -> set[tuple[int, str]]:
    """The inputs that cases take, each with the state in which it is taken."""
    following: dict[tuple[int, Event], tuple[int, str]] = {}
    for state in range(len(model)):
        opening = model.case("", model.paths[state]).events
        for word in model.inputs:
            if model.outputs[state][word] != NOTHING:
                event = model.case("", (*model.paths[state], word)).events[len(opening)]
                following[state, event] = model.next[state][word], word
    found = set()
    for case in cases:
        state = 0
        for event in case.events[len(model.opening()) :]:
            there, word = following[state, event]
            found.add((state, word))
            state = there
    return found


def situation(model: Model, state: int) -> tuple[Any, ...]:
    """Where sessions and jobs are, however a job ended."""
    core = model.worlds[state].core
    jobs = tuple("over" if job.status in FINAL else job.status.value for job in core.jobs.values())
    return (*core.jobs, *jobs, *(session.configuration for session in core.sessions.values()))


@pytest.mark.parametrize("coarse", [False, True])
def test_tours_take_every_transition_and_every_sneak_path(coarse: bool) -> None:
    model = model_of(device_scope())
    found = taken(model, list(tours(model, coarse=coarse)))
    sneaks = {(situation(model, state), word) for state, word in found if model.next[state][word] == state}
    for state in range(len(model)):
        for word in model.inputs:
            if model.outputs[state][word] == NOTHING:
                continue
            stays = model.next[state][word] == state
            assert (state, word) in found or (coarse and stays and (situation(model, state), word) in sneaks)


def test_coarse_tours_are_shorter() -> None:
    model = model_of(device_scope())
    whole, coarse = (sum(len(case.events) for case in tours(model, coarse=coarse)) for coarse in (False, True))
    assert coarse < 0.75 * whole


def test_standard_has_every_case_of_smoke_and_none_twice() -> None:
    early, all_ = ([case.events for case in cases(IBM_GUIDE)] for cases in (smoke, standard))
    assert len(all_) == len(set(all_))
    assert all_[: len(set(early))] == list(dict.fromkeys(early))
    assert {case.events for case in (*particular(IBM_GUIDE), *crossed(IBM_GUIDE))} <= set(all_)


# --- programs -------------------------------------------------------------------------------------------------------


def story(program: str) -> tuple[Event, ...]:
    """The events of one program under the guide's profile, on one lane."""
    (case,) = told(IBM_GUIDE, 1, [("a program", program)])
    return case.events


def test_a_program_waits_up_to_every_deadline_that_is_left_and_stands_at_it() -> None:
    opened, submitted, ended, *waited = story("open:a/6 j1>a +* wait")
    assert ended == JobSucceeded(at=ended.at, job_id="j1")
    idle, over = ended.at + 2 * TICK, submitted.at + 6 * TICK
    assert opened == OpenRequested(at=opened.at, session_id="a", max_ttl=6 * TICK)
    assert waited == [Advanced(at=when) for when in (idle - 1, idle, over - 1, over)]


def test_a_word_of_a_program_can_come_at_the_next_deadline_without_a_step_of_time_before_it() -> None:
    _, submitted, _, failed = story("open:a/1 j1>a j2>a at !j1")
    assert failed == JobFailed(at=submitted.at + TICK, job_id="j1")


def test_a_limit_in_a_program_can_end_where_another_timer_does() -> None:
    _, first, _, _, second = story("open:a/6 j1>a +j1 idle j2>a/due")
    assert isinstance(second, SubmitRequested)
    assert second.max_execution == first.at + 6 * TICK - second.at


def test_crossed_cases_are_named_apart_and_after_the_rules_that_they_are_about() -> None:
    cases = list(crossed(IBM_GUIDE))
    assert len({case.name for case in cases}) == len({case.events for case in cases}) == len(cases)
    assert {case.name.split()[0].rstrip(",") for case in cases} <= set(RULES)


# --- counting -------------------------------------------------------------------------------------------------------


def counted(tally: Tally) -> dict[str, Any]:
    """Everything that a tally has."""
    found = {field.name: getattr(tally.coverage, field.name) for field in attrs.fields(Coverage)}
    return {**{name: dict(counter) for name, counter in found.items()}, "rules": dict(tally.exercised)}


def met(cases: list[Case], *, at_once: bool) -> Tally:
    """What cases meet on our own core, looked at in the end, or after each case."""
    total = Tally()
    for case in cases:
        tally = Tally()
        assert Run(CoreTarget(), tally=tally).judge(case) is None
        total.update(tally)
        if not at_once:
            counted(total)
    return total


def test_what_is_counted_does_not_depend_on_when_it_is_looked_at() -> None:
    cases = list(tours(model_of(session_scope(jobs=1))))[:12]
    late, soon = met(cases, at_once=True), met(cases, at_once=False)
    assert counted(late) == counted(soon)
    assert late.steps == soon.steps > 100
    twice = met([*cases, *cases], at_once=True)
    assert counted(twice) == {
        name: {thing: 2 * count for thing, count in counter.items()} for name, counter in counted(late).items()
    }


def test_one_case_is_counted_row_by_row() -> None:
    case = Case(name="", events=(
        OpenRequested(at=0, session_id="a"),
        SubmitRequested(at=0, job_id="j", session_id="a"),
        SubmitRequested(at=0, job_id="k", session_id="a"),
        JobSucceeded(at=1, job_id="j"),
    ))  # fmt: skip
    tally = met([case], at_once=True)
    coverage = tally.coverage
    assert coverage.states == {"open": 1, "active": 3}
    assert sum(coverage.transitions.values()) > 3
    assert coverage.fields["state"] == tally.exercised["V-02"] == tally.exercised["V-01"] == 4
    assert tally.exercised["U-01"] == 3


# --- comparing ------------------------------------------------------------------------------------------------------


def views() -> tuple[View, View]:
    """The same moment seen by the reference from 0 and by a target from :data:`ORIGIN`."""
    oracle, target = Oracle(), CoreTarget(origin=ORIGIN)
    for event in (OpenRequested(at=1, session_id="a"), SubmitRequested(at=2, job_id="j", session_id="a")):
        oracle.pass_time(event.at)
        oracle.apply(event)
        target.apply(translated(event, event.at + ORIGIN, {}))
    return oracle.view(), target.observe()


def test_the_same_moment_on_two_clocks_is_no_difference() -> None:
    right, seen = views()
    assert list(view_differs(right, seen, {}, ORIGIN, 0)) == []


@pytest.mark.parametrize("field", FIELDS)
def test_one_wrong_field_is_one_difference_and_one_that_is_not_shown_is_none(field: str) -> None:
    right, seen = views()
    value = getattr(seen.sessions["a"], field)
    other = value + 1 if type(value) is int else ORIGIN + 9 if field in TIMES else "other"
    for shown, count in ((other, 1), (UNSEEN, 0)):
        changed = replaced(seen, sessions={"a": replaced(seen.sessions["a"], **{field: shown})})
        differences = list(view_differs(right, changed, {}, ORIGIN, 0))
        assert [one.what for one in differences] == [f"session a: {field}"] * count


def test_an_event_is_told_in_the_targets_ids_and_stays_as_it_was() -> None:
    event = SubmitRequested(at=3, job_id="j", session_id="a", max_execution=7)
    told = translated(event, 9, {"a": "their session", "j": "their job"})
    assert told == SubmitRequested(at=9, job_id="their job", session_id="their session", max_execution=7)
    assert event == SubmitRequested(at=3, job_id="j", session_id="a", max_execution=7)
    assert translated(SubmitRequested(at=3, job_id="j"), 4, {"a": "b"}) == SubmitRequested(at=4, job_id="j")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        told.at = 1  # type: ignore[misc]  # that is what must not work


def test_what_nobody_made_has_an_id_that_the_target_does_not_know() -> None:
    names = Names()
    names.give(OpenRequested(at=0, session_id="a"), "j1")
    names.give(SubmitRequested(at=0, job_id="j2"), "j1")
    assert (names.sessions, names.jobs) == ({"j1": "a"}, {"j1": "j2"}), "a session and a job may have one id"
    asked = SubmitRequested(at=0, job_id="j1", session_id="b")
    unknown = translated(asked, 0, names)
    assert unknown.job_id == "j1", "the name of something new is for the target to take or to leave"
    assert unknown.session_id not in {"b", *names.values()}
    names.give(SubmitRequested(at=0, job_id="j3"), unknown.session_id)
    assert translated(asked, 0, names).session_id not in {"b", *names.values()}, "it was given out meanwhile"
    assert translated(SubmitRequested(at=0, job_id="j1"), 0, names).session_id is None


def test_the_reference_shows_the_present_after_a_refusal_too() -> None:
    oracle = Oracle()
    oracle.apply(OpenRequested(at=0, session_id="a"))
    before = oracle.view()
    oracle.apply(SubmitRequested(at=0, job_id="j", session_id="nobody"))
    assert oracle.view() == before
    oracle.pass_time(5)
    assert oracle.view().at == 5

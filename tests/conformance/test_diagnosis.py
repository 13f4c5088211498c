"""The fault dictionary: which known fault a failing target behaves like."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import attrs
import pytest

from sessioncore.conformance.answering import BROKE, answers_of, parting
from sessioncore.conformance.cases import Case
from sessioncore.conformance.diagnosis import diagnose
from sessioncore.conformance.faults import PlainDevice
from sessioncore.conformance.faults.catalogue import CATALOGUE, by_id
from sessioncore.conformance.faults.variants import CoarseTimes, FewFields, LazyTimers, NoCodes, OtherIds
from sessioncore.conformance.model import model_of, session_scope
from sessioncore.conformance.protocol import Capabilities, JobView, Outcome, View
from sessioncore.conformance.reference import CoreTarget, SessionTarget
from sessioncore.conformance.results import Diagnosis, Finding, Kind
from sessioncore.conformance.running import Run
from sessioncore.core.events import (
    Advanced,
    CancelRequested,
    CloseRequested,
    Event,
    JobSucceeded,
    OpenRequested,
    PauseRequested,
    ResumeRequested,
    SubmitRequested,
)

SECOND = 1_000_000
SEQUENTIAL = [fault for fault in CATALOGUE if fault.sequential]


def first(found: Diagnosis, fault_id: str) -> bool:
    """Whether the fault is named first: it cannot be told from the target, or nothing else can and it is nearest."""
    return fault_id in found.same or (not found.same and found.near[:1] != () and found.near[0][0] == fault_id)


def mixed(fault_id: str, variant: type[PlainDevice]) -> Any:
    """A fault in an implementation that is legally different as well."""
    return type("Mixed", (variant, by_id(fault_id).target), {})


# --- the dictionary ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def diagnoses(deep: bool) -> dict[str, Diagnosis]:
    """What is said of every third fault that a sequential test can show. ``--deep`` and ``sessioncore conform --power``
    ask about all of them."""
    return {fault.id: diagnose(fault.factory(), (), fault.profile) for fault in SEQUENTIAL[:: 1 if deep else 3]}


def test_the_right_fault_is_named_first(diagnoses: dict[str, Diagnosis]) -> None:
    assert len(diagnoses) >= len(SEQUENTIAL) // 3
    assert not [fault_id for fault_id, found in diagnoses.items() if not first(found, fault_id)]


def test_a_sequential_test_can_show_nine_of_ten_faults_of_the_catalogue() -> None:
    assert len(SEQUENTIAL) >= 0.9 * len(CATALOGUE)


def test_few_faults_cannot_be_told_from_one_another(diagnoses: dict[str, Diagnosis]) -> None:
    many = [fault_id for fault_id, found in diagnoses.items() if len(found.same) > 1]
    assert len(many) <= 4


def test_a_second_diagnosis_takes_less_than_a_few_seconds() -> None:
    diagnose(by_id("F-03").factory(), ())
    began = time.monotonic()
    found = diagnose(by_id("O-18").factory(), ())
    assert time.monotonic() - began < 4
    assert found.same == ("O-18",)
    assert found.tried > 100


class Unheard(PlainDevice):
    """A fault that the catalogue does not have: the second session's first job is refused."""

    def apply(self, event: Event) -> Outcome:
        if isinstance(event, CloseRequested) and len(self.jobs) > 1:
            return super().apply(CancelRequested(at=event.at, session_id=event.session_id))
        return super().apply(event)


def test_of_a_fault_that_is_not_known_the_nearest_are_told_and_where_they_part() -> None:
    found = diagnose(Unheard, ())
    assert found.same == ()
    assert 1 <= len(found.near) <= 3
    for fault_id, steps, where in found.near:
        assert by_id(fault_id)
        assert steps > 100
        assert where.startswith("after open a (dedicated)")
        assert " here and " in where


class Exits(PlainDevice):
    """Agrees with nothing: whatever it is asked, it wants to end the process."""

    def apply(self, event: Event) -> Outcome:
        raise SystemExit(f"{event} is too much")


def test_a_fault_with_which_no_step_agrees_is_not_near() -> None:
    found = diagnose(Exits, ())
    assert found.tried > 0
    assert all(steps > 0 for _, steps, _ in found.near)


def test_what_the_target_failed_on_is_tried_first() -> None:
    case = Case(
        name="a case of its own",
        events=(
            OpenRequested(at=0, session_id="a"),
            SubmitRequested(at=3, job_id="j1", session_id="a"),
            CloseRequested(at=5, session_id="a"),
            SubmitRequested(at=7, job_id="j2", session_id="a"),
        ),
    )
    fault = by_id("F-01")
    finding = Run(fault.make()).judge(case)
    assert finding is not None
    without, found = diagnose(fault.factory(), ()), diagnose(fault.factory(), (finding,))
    assert found.tried == without.tried + 1
    assert found.same == ("F-01",)


def test_a_right_target_is_like_no_fault() -> None:
    found = diagnose(CoreTarget, ())
    assert (found.same, found.near) == ((), ())
    assert found.tried > 100


def test_a_pair_of_faults_is_told_from_its_parts() -> None:
    found = diagnose(by_id("P-01").factory(), ())
    assert found.same == ("P-01",)


# --- legal peculiarities ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", [OtherIds, FewFields, NoCodes, CoarseTimes, LazyTimers])
@pytest.mark.parametrize("fault_id", ["F-01", "F-03", "F-13", "O-18", "O-72"])
def test_what_is_legally_different_does_not_hide_the_fault(fault_id: str, variant: type[PlainDevice]) -> None:
    found = diagnose(mixed(fault_id, variant), ())
    assert first(found, fault_id), found


class Unpaused(PlainDevice):
    def __init__(self) -> None:
        super().__init__()
        self.capabilities = Capabilities(unsupported=("PauseRequested", "OfflineRequested", "ResumeRequested"))


def test_tests_that_the_target_cannot_be_asked_are_left_out() -> None:
    whole, less = diagnose(by_id("F-12").factory(), ()), diagnose(mixed("F-12", Unpaused), ())
    assert less.tried < whole.tried
    assert "F-12" in less.same


class LosesClose(SessionTarget):
    """A session whose jobs the kit starts, and that takes a close for a cancel."""

    def apply(self, event: Event) -> Outcome:
        if isinstance(event, CloseRequested):
            event = CancelRequested(at=event.at, session_id=event.session_id)
        return super().apply(event)


def test_a_target_whose_jobs_the_kit_starts_can_be_compared() -> None:
    assert diagnose(SessionTarget, ()).same == ()
    found = diagnose(LosesClose, ())
    assert found.tried > 30
    assert found.near


# --- bad targets ------------------------------------------------------------------------------------------------


class Hanging(PlainDevice):
    def __init__(self) -> None:
        super().__init__()
        self.capabilities = Capabilities(patience_s=0.2)

    def apply(self, event: Event) -> Outcome:
        if isinstance(event, CloseRequested):
            time.sleep(3)  # it is what the target does
        return super().apply(event)


class ByItself(PlainDevice):
    def __init__(self) -> None:
        super().__init__()
        self.capabilities = Capabilities(reports=False)


class Mute(PlainDevice):
    def apply(self, event: Event) -> Outcome:
        super().apply(event)
        return None  # type: ignore[return-value]  # what it is about


def unmade() -> PlainDevice:
    raise OSError("no such thing")


def test_whatever_the_target_does_there_is_an_answer() -> None:
    began = time.monotonic()
    assert isinstance(diagnose(Hanging, ()), Diagnosis)
    assert time.monotonic() - began < 10
    assert diagnose(ByItself, ()) == Diagnosis()
    assert diagnose(unmade, ()) == Diagnosis()
    assert diagnose(Mute, ()).near


def test_a_slow_target_is_asked_less() -> None:
    assert diagnose(PlainDevice, (), seconds_max=0.0).tried == 0


def race(*rules: str) -> Finding:
    return Finding(kind=Kind.RACE, rules=rules, tier="parallel", case="a race", differences=(), trace=())


def test_a_race_is_like_the_known_races_that_break_its_rule() -> None:
    found = diagnose(by_id("F-32").factory(), (race(by_id("F-32").rules[0]),))
    assert "F-32" in found.same
    assert all(not by_id(name).sequential for name in found.same)


def test_a_crash_among_threads_is_like_the_races_whose_rule_it_breaks_foremost() -> None:
    crash = attrs.evolve(race("J-02", "J-01"), kind=Kind.CRASH)
    assert diagnose(by_id("O-96").factory(), (crash,)).same == ("O-96",)
    assert set(diagnose(by_id("O-97").factory(), (race("S-20", "J-01"),)).same) == {"O-97"}


def test_a_fault_that_threads_found_and_one_thing_after_another_shows_is_no_race() -> None:
    assert diagnose(by_id("F-01").factory(), (race("S-06"),)).same[:1] == ("F-01",)


# --- answers ----------------------------------------------------------------------------------------------------


def test_a_right_target_that_is_not_ours_answers_as_the_reference_does_to_everything() -> None:
    model = model_of(session_scope(jobs=1))
    for state in range(len(model)):
        case = model.case("", model.paths[state])
        ours = answers_of(CoreTarget(), case)
        assert ours.whole
        assert len(ours.steps) == len(case.events)
        for other in (PlainDevice(), OtherIds(), FewFields(), NoCodes(), SessionTarget()):
            assert parting(ours, answers_of(other, case)) is None


def test_where_two_targets_part_is_told() -> None:
    case = Case(
        name="",
        events=(
            OpenRequested(at=0, session_id="a"),
            PauseRequested(at=0),
            SubmitRequested(at=0, job_id="j1", session_id="a"),
            ResumeRequested(at=SECOND),
            CloseRequested(at=2 * SECOND, session_id="a"),
            JobSucceeded(at=3 * SECOND, job_id="j1"),
            Advanced(at=4 * SECOND),
        ),
    )
    right = answers_of(CoreTarget(), case)
    found = parting(right, answers_of(by_id("F-12").make(), case))
    assert found is not None
    assert found[0] == 4
    assert right.steps[4]["session a: state"] == "active"
    assert right.steps[5]["session a: closed_at"] == 3 * SECOND


def test_a_target_that_breaks_answers_nothing_after_that() -> None:
    case = Case(name="", events=(OpenRequested(at=0, session_id="a"), CloseRequested(at=1, session_id="a")))
    answered = answers_of(Mute(), case)
    assert [step["answer"] for step in answered.steps] == [BROKE]
    assert parting(answered, answers_of(PlainDevice(), case)) is not None


class Shown(PlainDevice):
    """Shows other jobs than it has."""

    def shown(self, jobs: Mapping[str, JobView]) -> Mapping[str, JobView]:
        return {name: job for name, job in jobs.items() if job is None}

    def observe(self) -> View:
        view = super().observe()
        return attrs.evolve(view, jobs=self.shown(view.jobs))


class ShowsAnother(Shown):
    def shown(self, jobs: Mapping[str, JobView]) -> Mapping[str, JobView]:
        return {**jobs, "nobody's": JobView(id="nobody's", status="queued")}


def test_a_job_that_is_not_shown_is_missing_and_one_that_nobody_submitted_is_counted() -> None:
    case = Case(name="a job", events=(SubmitRequested(at=0, job_id="j1"),))
    right = answers_of(PlainDevice(), case)
    assert parting(answers_of(Shown(), case), right) == (0, "job j1: status is missing here and running there")
    more = parting(answers_of(ShowsAnother(), case), right)
    assert more == (0, "number of jobs that nobody submitted is 1 here and 0 there")

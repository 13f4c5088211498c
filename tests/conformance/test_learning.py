"""The tier ``learn``: a target's machine from its answers, and where it differs from the reference."""

from __future__ import annotations

import time

import pytest

from sessioncore.conformance.faults import PlainDevice
from sessioncore.conformance.faults.catalogue import by_id
from sessioncore.conformance.learning import LearnedTarget, learn
from sessioncore.conformance.learning.comparing import Learned, differing, place_name, steps
from sessioncore.conformance.learning.picture import told
from sessioncore.conformance.model import model_of, session_scope
from sessioncore.conformance.protocol import UNSEEN, Capabilities, Outcome, Rejected, View
from sessioncore.conformance.reference import CoreTarget, SessionTarget
from sessioncore.conformance.results import Kind, TierResult
from sessioncore.conformance.tiers.minimal import mealy_of
from sessioncore.conformance.tiers.runner import Runner
from sessioncore.core.events import CloseRequested, Event

from .moody import moody

pytest.importorskip("aalpy", reason="the extra 'conformance' is not installed")


def taught(factory, jobs: int = 1, **more) -> tuple[TierResult, LearnedTarget]:
    result = learn(Runner(factory, tier="learn"), jobs=jobs, walks=30, **more)
    assert isinstance(result.extra, LearnedTarget)
    return result, result.extra


# --- right targets ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("factory", [CoreTarget, SessionTarget, PlainDevice])
def test_a_right_target_is_learned_whole_and_is_the_smallest_machine_of_the_reference(factory) -> None:
    result, machine = taught(factory)
    assert (machine.states, machine.reference_states, machine.whole) == (41, 41, True)
    assert not result.findings
    assert not machine.marks
    assert not result.notes
    assert result.cases == machine.queries
    assert "does what the reference does" in machine.svg


def test_two_jobs_are_learned_with_few_steps() -> None:
    result, machine = taught(CoreTarget, jobs=2, seconds_max=250.0)
    assert machine.states == machine.reference_states == 189
    assert not result.findings
    assert machine.steps < 60_000


class Sparse(PlainDevice):
    """Shows as little as a target may, and tells no code."""

    def apply(self, event: Event) -> Outcome:
        outcome = super().apply(event)
        return Rejected() if isinstance(outcome, Rejected) else outcome

    def observe(self) -> View:
        import attrs

        view = super().observe()
        sessions = {
            name: attrs.evolve(session, state_reason=UNSEEN, accepting_jobs=UNSEEN, usage_time=UNSEEN)
            for name, session in view.sessions.items()
        }
        jobs = {name: attrs.evolve(job, reason_code=UNSEEN) for name, job in view.jobs.items()}
        return View(at=view.at, sessions=sessions, jobs=jobs)


class Named(PlainDevice):
    """Gives ids of its own."""

    def apply(self, event: Event) -> Outcome:
        import attrs

        for field in ("session_id", "job_id"):
            name = getattr(event, field, None)
            if name is not None and not name.startswith("id-"):
                event = attrs.evolve(event, **{field: f"id-{name}"})
        return super().apply(event)


@pytest.mark.parametrize("factory", [Sparse, Named])
def test_what_a_target_does_not_show_or_calls_otherwise_is_no_difference(factory) -> None:
    result, machine = taught(factory)
    assert not result.findings
    assert not machine.marks


# --- wrong targets ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault_id", ["F-02", "F-03", "F-12", "O-18", "O-44"])
def test_what_is_learned_of_a_wrong_target_is_confirmed_by_replaying_it(fault_id: str) -> None:
    result, machine = taught(by_id(fault_id).factory())
    assert all(mark.confirmed and mark.rules for mark in machine.marks)
    assert bool(machine.marks) == bool(result.findings)
    assert {finding.kind for finding in result.findings} <= {Kind.OUTCOME, Kind.OBSERVATION}
    if fault_id != "O-44":  # an instant, which the learner does not look at
        assert result.findings


def test_the_picture_tells_each_difference_with_its_shortest_inputs() -> None:
    _, machine = taught(by_id("O-18").factory())
    mark = machine.marks[0]
    assert mark.step.word == ("submit a", "succeed j1", "tick", "tick")
    assert mark.told() == (
        "submit, succeed j1, tick x2: session is closed: interactive_ttl, should be inactive (so in 3 states)"
        "\u00a0·\u00a0S-14"
    )
    for words in ("closed: interactive ttl", "1: time passes", "submit, succeed j1, tick x2", "S-14", "41 states"):
        assert words in machine.svg
    assert 'stroke="#cf222e"' in machine.svg


class Weary(PlainDevice):
    """Remembers what no state of the reference does: it refuses the third close."""

    closes = 0

    def apply(self, event: Event) -> Outcome:
        self.closes += isinstance(event, CloseRequested)
        if self.closes == 3 and isinstance(event, CloseRequested):
            return Rejected(code=1, http_status=400)
        return super().apply(event)


def test_a_machine_with_more_states_than_the_reference_is_learned() -> None:
    result, machine = taught(Weary)
    assert machine.states > machine.reference_states
    assert result.findings


# --- targets that cannot be learned -----------------------------------------------------------------------------


class Crashing(PlainDevice):
    def apply(self, event: Event) -> Outcome:
        if isinstance(event, CloseRequested):
            raise ZeroDivisionError("no")
        return super().apply(event)


class Mute(PlainDevice):
    def apply(self, event: Event) -> Outcome:
        super().apply(event)
        return None  # type: ignore[return-value]  # what it is about


class Hanging(PlainDevice):
    def __init__(self) -> None:
        super().__init__()
        self.capabilities = Capabilities(patience_s=0.3)

    def apply(self, event: Event) -> Outcome:
        if isinstance(event, CloseRequested):
            time.sleep(5)  # it is what the target does
        return super().apply(event)


class Alone(PlainDevice):
    def __init__(self) -> None:
        super().__init__()
        self.capabilities = Capabilities(reports=False)


def unmade() -> PlainDevice:
    raise OSError("no such thing")


def test_a_target_that_answers_differently_each_time_is_not_believed() -> None:
    result = learn(Runner(moody(), tier="learn"), jobs=1)
    assert result.extra is None
    assert "differently each time" in result.notes[0]


def test_a_target_that_crashes_is_learned_up_to_there() -> None:
    result, machine = taught(Crashing)
    assert {finding.kind for finding in result.findings} == {Kind.CRASH}
    assert "it broke (ZeroDivisionError)" in machine.marks[0].told()


def test_a_target_that_answers_nothing_is_told_as_that() -> None:
    result = learn(Runner(Mute, tier="learn"), jobs=1)
    assert Kind.NONSENSE in {finding.kind for finding in result.findings}


def test_a_target_that_hangs_is_left_behind() -> None:
    began = time.monotonic()
    result = learn(Runner(Hanging, tier="learn"), jobs=1)
    assert [finding.kind for finding in result.findings] == [Kind.HANG]
    assert isinstance(result.findings[0].events[-1], CloseRequested)
    assert time.monotonic() - began < 5


def test_a_budget_that_is_used_up_is_said() -> None:
    result, machine = taught(by_id("F-03").factory(), steps_max=1200)
    assert not machine.whole
    assert "what was learned is a guess" in " ".join(result.notes)
    assert machine.steps <= 1200 + 30
    tiny = learn(Runner(CoreTarget, tier="learn"), jobs=1, steps_max=1)
    assert tiny.extra is None
    assert "nothing was learned" in tiny.notes[0]


def test_a_target_that_the_kit_does_not_drive_or_cannot_make_is_not_learned() -> None:
    assert learn(Runner(Alone, tier="learn")).skipped
    assert learn(Runner(unmade, tier="learn")).findings[0].kind is Kind.CRASH


# --- comparing --------------------------------------------------------------------------------------------------


def test_a_machine_beside_itself_differs_nowhere() -> None:
    machine = mealy_of(model_of(session_scope(jobs=1, pause=False)))
    met = list(steps(machine, Learned.of(machine)))
    assert len(met) == sum(map(len, machine.row))
    assert not [step for step in met if step.wrong]


def test_differences_are_told_in_words() -> None:
    right = ("done", ((("active", True, None),), (("j1", "running", None),)))
    wrong = (("refused", 7), ((("active", False, None),), (("j1", "failed", 3),)))
    assert list(differing(right, wrong)) == [
        "refused with 7, should be accepted",
        "session is active, draining, should be active",
        "job j1 is failed, should be running",
    ]
    unshown = ("done", (((UNSEEN, True, UNSEEN),), (("j1", "running", UNSEEN),)))
    assert not list(differing(right, unshown))
    assert list(differing((("refused", 7), right[1]), (("refused", None), right[1]))) == []
    assert list(differing((("refused", 7), right[1]), (("refused", 8), right[1])))
    assert place_name(("closed", False, "max_ttl")) == "closed: max_ttl"
    assert told(("submit a", "submit a", "tick", "succeed j1")) == "submit x2, tick, succeed j1"

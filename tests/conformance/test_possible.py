"""A target that starts and ends jobs by itself is judged against every state in which it could be."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

import pytest

from sessioncore.conformance.cases import Case
from sessioncore.conformance.choosing import chosen
from sessioncore.conformance.faults import PlainDevice
from sessioncore.conformance.faults.catalogue import by_id
from sessioncore.conformance.http.cases import wire_cases
from sessioncore.conformance.possible import UNTOLD, Impossible, Possible, TooManyError
from sessioncore.conformance.possible_plan import Plan, plan_of, softened
from sessioncore.conformance.possible_run import FreeRun, Inconclusive
from sessioncore.conformance.protocol import UNSEEN, Accepted, JobView, Outcome, Rejected, SessionView, View
from sessioncore.conformance.results import Finding, Kind
from sessioncore.conformance.running import NotApplicable
from sessioncore.conformance.tally import Tally
from sessioncore.conformance.tiers.standard import smoke
from sessioncore.core import (
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobSucceeded,
    Mode,
    OpenRequested,
    PauseRequested,
    ResumeRequested,
    SubmitRequested,
)
from sessioncore.core.events import Advanced, JobStarted
from sessioncore.core.profiles import IBM_GUIDE, Profile
from sessioncore.core.values import replaced

from .self_driven import SECOND, SelfDriven
from .self_ending import SelfEnding

MINUTE = 60 * SECOND
SHIFTS = (0, 0, 0, 1, SECOND, 10 * SECOND, MINUTE - 1, MINUTE, MINUTE, MINUTE + 1, 1800 * SECOND)


def walk(rng: Random, length: int = 14) -> tuple[Event, ...]:
    """Requests that suit no state in particular, with times that lie next to deadlines."""
    at, events, jobs, sessions = 0, [], [], []
    for _ in range(length):
        at += rng.choice((*SHIFTS, rng.randint(0, 100 * SECOND)))
        word = rng.choice("osssscxjjtp")
        if not sessions or (word == "o" and len(sessions) < 2):
            sessions.append("ab"[len(sessions)])
            mode = rng.choice((Mode.DEDICATED, Mode.DEDICATED, Mode.BATCH))
            length_asked = rng.choice((None, None, 120 * SECOND, 2000 * SECOND))
            events.append(OpenRequested(at=at, session_id=sessions[-1], mode=mode, max_ttl=length_asked))
        elif word == "s" and len(jobs) < 5:
            jobs.append(f"j{len(jobs) + 1}")
            limit = rng.choice((None, None, None, 30 * SECOND))
            session = rng.choice((*sessions, *sessions, None))
            events.append(SubmitRequested(at=at, job_id=jobs[-1], session_id=session, max_execution=limit))
        elif word == "c":
            events.append(CloseRequested(at=at, session_id=rng.choice(sessions)))
        elif word == "x" and rng.random() < 0.4:
            events.append(CancelRequested(at=at, session_id=rng.choice(sessions)))
        elif word == "j" and jobs:
            events.append(JobCancelRequested(at=at, job_id=rng.choice(jobs)))
        elif word == "p":
            events.append(rng.choice((PauseRequested, ResumeRequested))(at=at))
        else:
            events.append(Advanced(at=at))
    return tuple(events)


def judged(seed: int, target: Any, *, failing: bool = False, tally: Tally | None = None) -> Finding | None:
    """The finding of a walk from a seed, with jobs as long as the seed draws."""
    rng = Random(seed)
    case = Case(name=f"walk {seed}", events=walk(rng))
    lengths = {
        event.job_id: rng.choice(("short", "medium", "medium", "long"))
        for event in case.events
        if isinstance(event, SubmitRequested)
    }
    run = FreeRun(target, tally=tally, settle_s=0.0, failing=failing)
    return run.judge(case, Plan(lengths=lengths, reached=({},) * len(case.events)))


# --- nobody is accused who is right ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "habits",
    [
        {},
        {"lag": True},
        {"lanes": 2},
        {"lanes": 2, "lag": True, "moody": True},
        {"timeless": True},
        {"timeless": True, "lag": True, "lanes": 2},
    ],
    ids=str,
)
def test_a_right_target_is_never_accused_whenever_its_jobs_start_and_end(habits: dict[str, Any]) -> None:
    tally, given_up = Tally(), 0
    for seed in range(60):
        try:
            found = judged(seed, SelfDriven(seed, **habits), failing="moody" in habits, tally=tally)
        except Inconclusive:
            given_up += 1
            continue
        assert found is None, found.summary()
    assert given_up <= 2, "nearly every case ends in a verdict"
    assert tally.exercised["S-09"] > 20
    assert tally.exercised["S-15"] > 3


def test_a_case_for_driven_targets_is_carried_out_by_jobs_of_the_right_length() -> None:
    events = (
        OpenRequested(at=0, session_id="a"),
        SubmitRequested(at=0, job_id="j1", session_id="a"),
        JobSucceeded(at=1, job_id="j1"),
        SubmitRequested(at=2, job_id="j2", session_id="a"),
        CloseRequested(at=3, session_id="a"),
        JobSucceeded(at=4, job_id="j2"),
    )
    plan = plan_of(Case(name="", events=events))
    assert plan.lengths == {"j1": "short", "j2": "medium"}
    tally = Tally()
    run = FreeRun(Ticking(1), tally=tally, settle_s=5.0)
    assert run.judge(Case(name="", events=events)) is None
    assert tally.coverage.rows["S-17.active"] == 1
    assert tally.coverage.rows["S-19.done"] == 1


class Ticking(SelfDriven):
    """A job of medium length ends after it was looked at a few times: real time passes, the clock stands still."""

    _looks = 0

    def observe(self) -> View:
        self._looks += 1
        if self._looks % 12 == 0:
            self._ends = dict.fromkeys(self._ends, self._core.now)
        return super().observe()

    def _carry_out(self, effects: Any) -> None:
        super()._carry_out(effects)
        medium = [job for job in self._ends if self._lengths[job] == "medium"]
        self._ends |= dict.fromkeys(medium, self._core.now + 9 * MINUTE)


def test_failures_and_losses_that_cannot_be_brought_about_become_successes() -> None:
    events = (SubmitRequested(at=0, job_id="j1"), JobFailed(at=1, job_id="j1"), JobReleased(at=2, job_id="j1"))
    assert [type(event) for event in softened(Case(name="", events=events)).events[1:]] == [JobSucceeded] * 2
    with pytest.raises(NotApplicable, match="lose a job"):
        plan_of(Case(name="", events=(events[0], JobReleased(at=1, job_id="j1"))))


# --- whoever is wrong is found -----------------------------------------------------------------------------------

WRONG: dict[str, Profile] = {
    "the interactive TTL is a second short": IBM_GUIDE.with_values(interactive_ttl=59 * SECOND),
    "idle sessions end": IBM_GUIDE.with_values(idle_action="end"),
    "idle sessions stay active": IBM_GUIDE.with_values(idle_action="none"),
    "queued jobs are cancelled at the end": IBM_GUIDE.with_values(queued_at_end="cancel"),
    "running jobs are stopped at the end": IBM_GUIDE.with_values(on_device_at_end="stop"),
    "sessions start at their creation": IBM_GUIDE.with_values(start_event="create"),
    "unused sessions end too late": IBM_GUIDE.with_values(no_submission=1801 * SECOND),
    "dedicated sessions share the device": IBM_GUIDE.with_values(exclusive="no"),
    "usage is counted by lanes": IBM_GUIDE.with_values(usage="lanes"),
    "the execution limit is too short": IBM_GUIDE.with_values(execution_limit=20 * SECOND),
    "a session takes two jobs only": IBM_GUIDE.with_values(job_limit=2),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_target_is_found_though_it_ends_its_jobs_when_it_likes(fault: str) -> None:
    for seed in range(150):
        found = judged(seed, SelfDriven(seed, WRONG[fault], lag=seed % 2 == 0))
        if found is not None:
            assert found.rules
            assert found.differences
            assert found.possible, "the last possible states are told"
            return
    raise AssertionError("it was never found")


class Forgetful(SelfDriven):
    """Takes jobs after the session was closed."""

    def apply(self, event: Event) -> Outcome:
        outcome = super().apply(event)
        return Accepted(id="another") if isinstance(outcome, Rejected) and outcome.code == 1217 else outcome


def test_what_was_possible_and_what_was_seen_instead_is_told() -> None:
    events = (
        OpenRequested(at=0, session_id="a"),
        CloseRequested(at=1, session_id="a"),
        SubmitRequested(at=2, job_id="j1", session_id="a"),
    )
    found = FreeRun(Forgetful(0)).judge(Case(name="closed", events=events))
    assert found is not None
    assert found.kind is Kind.OUTCOME
    assert found.rules[0] == "S-06"
    assert found.possible == ("a is closed (closed)",)
    assert [str(difference) for difference in found.differences] == [
        "answer should be 'rejected with code 1217', and is 'accepted'"
    ]


class Odd(SelfDriven):
    """Does one odd thing when it is looked at for the third time."""

    def __init__(self, oddity: Any) -> None:
        super().__init__(0)
        self._oddity = oddity
        self._left = 3

    def observe(self) -> View:
        view = super().observe()
        self._left -= 1
        return self._oddity(view) if self._left <= 0 else view


def crash(_view: View) -> View:
    raise RuntimeError("out of order")


@pytest.mark.parametrize(
    ("oddity", "kind"),
    [
        (crash, Kind.CRASH),
        (lambda _view: None, Kind.NONSENSE),
        (lambda view: replaced(view, at="now"), Kind.NONSENSE),
        (lambda view: replaced(view, at=view.at - 10 * SECOND), Kind.CLOCK),
        (lambda view: replaced(view, sessions={}), Kind.OBSERVATION),
    ],
    ids=["a crash", "nothing", "a time that is none", "time that runs backwards", "a session that vanishes"],
)
def test_odd_answers_end_in_a_finding(oddity: Any, kind: Kind) -> None:
    events = (OpenRequested(at=0, session_id="a"), Advanced(at=SECOND), CloseRequested(at=SECOND, session_id="a"))
    found = FreeRun(Odd(oddity)).judge(Case(name="odd", events=events))
    assert found is not None
    assert found.kind is kind


class Idle(SelfDriven):
    """Never starts a job."""

    def __init__(self, *, busy: bool) -> None:
        super().__init__(0, lag=True)
        self._paused = True
        self._busy = busy

    def alone(self) -> bool:
        return not self._busy


def test_a_job_that_never_starts_is_a_finding_only_where_nobody_else_can_have_the_device() -> None:
    case = Case(name="idle", events=(SubmitRequested(at=0, job_id="j1"), JobSucceeded(at=1, job_id="j1")))
    found = FreeRun(Idle(busy=False), settle_s=0.05, prompt=True).judge(case)
    assert found is not None
    assert found.rules == ("D-03",)
    for busy, prompt in ((True, True), (False, False)):
        with pytest.raises(Inconclusive, match="did not start"):
            FreeRun(Idle(busy=busy), settle_s=0.05, prompt=prompt).judge(case)


def test_more_possibilities_than_are_kept_are_no_verdict() -> None:
    possible = Possible(worlds_max=1, missing=UNTOLD)
    possible.request(OpenRequested(at=0, session_id="a"))
    possible.request(SubmitRequested(at=0, job_id="j1", session_id="a"))
    possible.elapse(MINUTE)
    hidden = JobView(id="j1", status="completed")
    with pytest.raises(TooManyError):
        possible.observed(View(at=MINUTE, sessions={"a": SessionView(id="a")}, jobs={"j1": hidden}))


# --- records in which something is missing -----------------------------------------------------------------------


def test_a_record_may_leave_out_starts_and_tell_ends() -> None:
    possible = Possible(missing=("JobStarted",))
    possible.request(OpenRequested(at=0, session_id="a"), Accepted(id="a"))
    possible.request(SubmitRequested(at=5, job_id="j1", session_id="a"), Accepted(id="j1"))
    possible.report(JobSucceeded(at=9, job_id="j1"))
    shown = SessionView(id="a", state="active", last_job_completed=9)
    possible.observed(View(at=10, sessions={"a": shown}, jobs={}), whole=False)
    possible.elapse(9 + MINUTE)
    shown = SessionView(id="a", state="inactive")
    possible.observed(View(at=9 + MINUTE, sessions={"a": shown}, jobs={}), whole=False)
    assert all("a is inactive" in state for state in possible.states())


def test_a_start_that_is_told_must_be_possible() -> None:
    possible = Possible(missing=())
    for name in ("a", "b"):
        possible.request(OpenRequested(at=0, session_id=name))
        possible.request(SubmitRequested(at=1, job_id=f"{name}1", session_id=name))
    possible.report(JobStarted(at=2, job_id="a1"))
    possible.settle()
    possible.report(JobStarted(at=3, job_id="b1"))
    with pytest.raises(Impossible) as raised:
        possible.settle()
    assert [difference.what for difference in raised.value.missed.differences] == ["job b1: status"]


def test_an_end_that_is_not_told_did_not_happen_where_ends_are_told() -> None:
    possible = Possible(missing=("JobStarted",))
    possible.request(SubmitRequested(at=1, job_id="j1"))
    job = JobView(id="j1", status="completed", reason_code=UNSEEN)
    with pytest.raises(Impossible):
        possible.observed(View(at=2, sessions={}, jobs={"j1": job}))


def test_a_request_may_be_missing_too() -> None:
    possible = Possible(missing=(*UNTOLD, "CloseRequested"))
    possible.request(OpenRequested(at=0, session_id="a"))
    shown = SessionView(id="a", state="closed", state_reason="closed", closed_at=7)
    possible.observed(View(at=9, sessions={"a": shown}, jobs={}))
    assert "which nobody told" in possible.states()[0]


def test_a_wrong_answer_rules_a_possibility_out() -> None:
    possible = Possible()
    possible.request(OpenRequested(at=0, session_id="a"))
    possible.request(CancelRequested(at=1, session_id="a"), Rejected(http_status=409))
    with pytest.raises(Impossible, match="answer should be 'accepted'"):
        possible.settle()


def test_times_within_the_tolerance_agree() -> None:
    possible = Possible(tolerance_us=SECOND)
    possible.request(OpenRequested(at=0, session_id="a"))
    late = 1800 * SECOND + SECOND // 2
    shown = SessionView(id="a", state="open", created_at=SECOND // 2)
    possible.observed(View(at=late, sessions={"a": shown}, jobs={}))
    shown = SessionView(id="a", state="closed", state_reason="no_submission", closed_at=late)
    possible.observed(View(at=late + SECOND, sessions={"a": shown}, jobs={}))
    with pytest.raises(Impossible):
        possible.observed(View(at=late + 9 * SECOND, sessions={"a": SessionView(id="a", state="open")}, jobs={}))


# --- the catalogue, with jobs that end by themselves ---------------------------------------------------------------

SHOWN = ("F-01", "F-02", "F-05", "F-07", "F-10", "F-11", "F-12", "F-13", "F-14", "F-21", "F-22", "F-28", "F-44", "O-01",
         "O-13", "O-20", "O-44", "O-72")  # fmt: skip
"""Some faults of every kind that show without a hand on the device."""


@cache
def short_cases() -> tuple[Case, ...]:
    """What is run over HTTP as well."""
    few = chosen(smoke(IBM_GUIDE), seconds_max=20)
    return (*wire_cases(IBM_GUIDE), *few.cases)


def verdict_on(device: PlainDevice) -> Finding | None:
    for case in short_cases():
        try:
            found = FreeRun(SelfEnding(device.__class__(device.profile)), settle_s=0.05, prompt=True).judge(case)
        except NotApplicable:
            continue
        if found is not None:
            return found
    return None


def test_a_right_device_that_is_not_ours_is_not_accused() -> None:
    assert verdict_on(PlainDevice(IBM_GUIDE)) is None


@pytest.mark.parametrize("fault_id", SHOWN)
def test_a_fault_of_the_catalogue_is_found_through_the_jobs_that_end_by_themselves(fault_id: str) -> None:
    found = verdict_on(by_id(fault_id).make())
    assert found is not None
    assert found.rules

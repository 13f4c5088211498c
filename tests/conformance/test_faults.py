"""The implementations with which the kit's power is measured."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from sessioncore.conformance import judge
from sessioncore.conformance.awaited import Awaited, is_async
from sessioncore.conformance.cases import Case
from sessioncore.conformance.faults import CATALOGUE, VARIANTS, Fault, PlainDevice, Variant, by_id
from sessioncore.conformance.faults.catalogue import ELSEWHERE
from sessioncore.conformance.faults.fault import KINDS, NEEDS
from sessioncore.conformance.faults.racing import Interrupted
from sessioncore.conformance.faults.shortest import answer, moves, same_answer, searched, shortest_trace, shows
from sessioncore.conformance.reference import CoreTarget
from sessioncore.conformance.rules import RULES
from sessioncore.conformance.running import NotApplicable, Run
from sessioncore.core import (
    AZURE,
    IBM_GUIDE,
    IBM_TODAY,
    PASQAL_BATCH,
    SCALEWAY,
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    JobSucceeded,
    OfflineRequested,
    OpenRequested,
    PauseRequested,
    Profile,
    ResumeRequested,
    SubmitRequested,
)

from .walks import walk

SHORT = IBM_GUIDE.with_values(max_ttl=40, interactive_ttl=9, no_submission=13, execution_limit=11)

PROFILES: dict[str, Profile] = {
    "ibm-guide": IBM_GUIDE,
    "ibm-today": IBM_TODAY,
    "azure": AZURE,
    "scaleway": SCALEWAY,
    "pasqal-batch": PASQAL_BATCH,
    "short": SHORT,
    "azure, aborting": AZURE.with_values(interactive_ttl=9, failure_policy="abort"),
    "scaleway, short": SCALEWAY.with_values(max_ttl=40, interactive_ttl=9),
    "budgets": SHORT.with_values(usage_limit=17, job_limit=3),
    "usage limit, stopped at the end": SHORT.with_values(usage_limit=12, on_device_at_end="stop"),
    "aborting": SHORT.with_values(failure_policy="abort", queued_at_end="cancel", on_device_at_end="stop"),
    "from the last submission": SHORT.with_values(idle_from="last_submission", interactive_ttl=60),
}


SEQUENTIAL = [fault for fault in CATALOGUE if fault.sequential]
RACES = [fault for fault in CATALOGUE if not fault.sequential]
SEARCHED = [fault for fault in SEQUENTIAL if (fault.shortest or 0) <= 4 and "batch" not in fault.needs]
"""The faults whose search takes a moment; the others take seconds each, and were searched when their traces were
written down."""


def named(thing: Fault | Variant) -> str:
    """The id, for pytest."""
    return thing.id


# --- the plain implementation ------------------------------------------------------------------------------------


@pytest.mark.parametrize("lanes", [1, 2, 3])
@pytest.mark.parametrize("name", PROFILES)
def test_the_plain_implementation_does_what_the_core_does(name: str, lanes: int) -> None:
    profile = PROFILES[name]
    for seed in range(12):
        plain = PlainDevice(profile, lanes=lanes, origin=0 if seed % 3 else 5_000_000)
        core = CoreTarget(profile, lanes=lanes, origin=plain.now)
        trace = []
        for event in walk(plain, Random(f"{name} {lanes} {seed}"), 60):
            trace.append(event)
            answers = plain.apply(event), core.apply(event)
            assert same_answer(*answers), (answers, trace)
            assert plain.observe() == core.observe(), trace


def test_a_copy_goes_its_own_way() -> None:
    plain = PlainDevice(SHORT)
    for event in walk(plain, Random(7), 40):
        plain.apply(event)
    before = plain.observe()
    twin = plain.copy()
    for event in walk(twin, Random(8), 40):
        twin.apply(event)
    assert plain.observe() == before
    assert twin.observe() != before


# --- the catalogue -----------------------------------------------------------------------------------------------


def test_the_pages_tell_how_many_faults_are_known() -> None:
    root = Path(__file__).parents[2]
    for page in (root / "README.md", root / "specs" / "conformance.md"):
        assert f" {len(CATALOGUE)} known fault" in page.read_text("utf-8"), page.name


def test_the_catalogue_has_every_published_fault_that_an_object_can_have() -> None:
    numbers = {fault.number for fault in CATALOGUE}
    assert {*range(1, 46)} - numbers == set(ELSEWHERE)


def test_the_catalogue_has_faults_of_our_own_some_of_them_held_out() -> None:
    own = [fault for fault in CATALOGUE if fault.number is None]
    assert len(own) >= 20
    assert sum(fault.held_out for fault in own) >= 8
    assert any(fault.parts for fault in own)


def test_every_fault_is_described_in_known_words() -> None:
    assert len({fault.id for fault in CATALOGUE}) == len(CATALOGUE)
    assert len({fault.title for fault in CATALOGUE}) == len(CATALOGUE)
    for fault in CATALOGUE:
        assert fault.rules, fault.id
        assert set(fault.rules) <= set(RULES), fault.id
        assert fault.kind in KINDS, fault.id
        assert set(fault.needs) <= set(NEEDS), fault.id
        assert all(by_id(part) for part in fault.parts)


@pytest.mark.parametrize("fault", SEQUENTIAL, ids=named)
def test_a_fault_shows_on_its_trace_and_only_at_the_end_of_it(fault: Fault) -> None:
    assert fault.trace is not None
    assert shows(fault, fault.trace)


@pytest.mark.parametrize("fault", SEQUENTIAL, ids=named)
def test_the_kit_sees_a_fault_on_its_trace(fault: Fault) -> None:
    assert fault.trace is not None
    found = Run(fault.make(), profile=fault.profile).judge(Case(name=fault.id, events=fault.trace))
    assert found is not None


@pytest.mark.parametrize("fault", SEARCHED, ids=named)
def test_no_trace_is_shorter(fault: Fault) -> None:
    assert fault.shortest is not None
    assert shortest_trace(fault, depth=fault.shortest - 1) is None


@pytest.mark.parametrize("fault", RACES, ids=named)
def test_a_race_does_not_show_while_nobody_interferes(fault: Fault) -> None:
    wrong = fault.make()
    core = CoreTarget(fault.profile, origin=wrong.now)
    for event in walk(wrong, Random(fault.id), 60):
        assert same_answer(wrong.apply(event), core.apply(event))
        assert wrong.observe() == core.observe()


def interrupted_by(fault_id: str, events: list[Event]) -> Interrupted:
    """A racing implementation with a session ``a``, its running job ``j1`` and its queued job ``j2``; the events
    come in the middle of its next half-done step."""
    device = by_id(fault_id).make()
    assert isinstance(device, Interrupted)
    left: list[Event] = []

    def now_the_others() -> None:
        while left:
            device.apply(left.pop(0))

    device._others_first = now_the_others  # type: ignore[method-assign]
    device.apply(OpenRequested(at=device.now, session_id="a"))
    device.apply(SubmitRequested(at=device.now, job_id="j1", session_id="a"))
    device.apply(SubmitRequested(at=device.now, job_id="j2", session_id="a"))
    left.extend(events)
    return device


def test_a_submission_races_a_cancel() -> None:
    at = PlainDevice().now
    device = interrupted_by("F-32", [CancelRequested(at=at, session_id="a")])
    device.apply(SubmitRequested(at=at, job_id="j3", session_id="a"))
    assert device.observe().jobs["j3"].status == "queued"
    assert device.observe().sessions["a"].state == "closed"


def test_a_cancelled_job_races_its_result() -> None:
    at = PlainDevice().now
    device = interrupted_by("O-95", [JobSucceeded(at=at, job_id="j1")])
    device.apply(JobCancelRequested(at=at, job_id="j1"))
    assert device.observe().jobs["j1"].status == "cancelled"


def test_a_cancelled_job_races_its_start() -> None:
    at = PlainDevice().now
    device = interrupted_by("O-96", [JobSucceeded(at=at, job_id="j1")])
    with pytest.raises(ValueError, match="not in list"):
        device.apply(JobCancelRequested(at=at, job_id="j2"))


def test_a_look_races_a_cancel() -> None:
    at = PlainDevice().now
    device = interrupted_by("O-97", [])
    seen = []
    device._others_first = lambda: seen.append(device.observe())  # type: ignore[method-assign]
    device.apply(CancelRequested(at=at, session_id="a"))
    assert (seen[0].sessions["a"].state, seen[0].jobs["j2"].status) == ("closed", "queued")


def test_a_wider_alphabet_may_give_a_shorter_trace() -> None:
    lost = by_id("O-60")
    with_a_session = shortest_trace(lost)
    alone = searched(lost)
    assert with_a_session is not None
    assert alone == lost.trace
    assert len(alone or ()) < len(with_a_session)


def test_the_search_finds_nothing_in_what_is_right() -> None:
    right = Fault(id="none", title="", rules=(), kind="state", target=PlainDevice)
    assert shortest_trace(right, depth=3) is None
    assert list(moves(PlainDevice(), PlainDevice(), ()))
    assert answer(PlainDevice(), CloseRequested(at=0, session_id="a")) == "ValueError"


# --- the variants ------------------------------------------------------------------------------------------------


def test_there_are_variants_that_decide_otherwise_only_what_was_decided_here() -> None:
    assert len(VARIANTS) >= 6
    for variant in VARIANTS:
        assert all(RULES[rule].level == "SHOULD" for rule in variant.rules), variant.id


def suits(variant: Variant, event: Event, guide: PlainDevice) -> bool:
    """Whether the variant can be asked that: some have one session, no job mode and no pause."""
    if variant.id not in ("dispatched", "one-session"):
        return True
    if isinstance(event, OpenRequested):
        return not guide.sessions
    if isinstance(event, SubmitRequested):
        return event.session_id is not None
    return not isinstance(event, PauseRequested | OfflineRequested | ResumeRequested)


@pytest.mark.parametrize("variant", VARIANTS, ids=named)
def test_a_variant_is_right_but_for_the_rules_it_names(variant: Variant) -> None:
    judged = 0
    for seed in range(15):
        guide = PlainDevice(variant.profile, lanes=2 if variant.id == "two-lanes" else 1, origin=0)
        events = []
        for event in walk(guide, Random(f"{variant.id} {seed}"), 25):
            if suits(variant, event, guide):
                guide.apply(event)
                events.append(event)
        target = variant.factory()()
        target = Awaited(target) if is_async(target) else target
        run = Run(target, profile=variant.profile)
        try:
            found = run.judge(Case(name=variant.id, events=tuple(events)))
        except NotApplicable:
            continue
        finally:
            target.close()
        judged += 1
        assert found is None or (found.strict_only and set(found.rules[:1]) <= set(variant.rules)), found
    assert judged


@pytest.mark.parametrize("variant", ["numbered", "crossed-ids"])
def test_ids_that_look_like_names_of_the_kit_are_no_fault(variant: str) -> None:
    (made,) = (one.factory() for one in VARIANTS if one.id == variant)
    report = judge(made, tiers=("smoke", "standard"), diagnosed=False)
    assert report.passed, [finding.summary() for finding in report.findings]

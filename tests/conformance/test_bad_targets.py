"""A target that hangs, crashes, talks nonsense or turns its clock back ends in a verdict with the reason; never in a
traceback, never in a hang."""

import threading
import time

import pytest

from sessioncore.conformance import Accepted, Capabilities, SessionView, View, judge
from sessioncore.conformance.reference import CoreTarget
from sessioncore.conformance.results import Kind, Verdict
from sessioncore.core import CloseRequested, SubmitRequested


class Spoilt:
    """Our own core behind a face that can be spoilt."""

    capabilities = Capabilities(patience_s=0.4)
    asked = False

    def __init__(self):
        self.core = CoreTarget()

    def apply(self, event):
        self.asked = True
        return self.core.apply(event)

    def advance(self, microseconds):
        self.core.advance(microseconds)

    def observe(self):
        return self.core.observe()

    def close(self):
        self.core.close()


def kinds(factory, **more):
    report = judge(factory, tiers=("smoke",), **more)
    assert not report.passed
    return report, {finding.kind for finding in report.findings}


def test_a_target_that_hangs_is_left_behind_and_the_rest_is_said_to_be_left_out():
    never = threading.Event()

    class Hangs(Spoilt):
        def apply(self, event):
            if isinstance(event, CloseRequested):
                never.wait()
            return super().apply(event)

    began = time.monotonic()
    report, found = kinds(Hangs)
    assert time.monotonic() - began < 15
    assert Kind.HANG in found
    hang = next(finding for finding in report.findings if finding.kind is Kind.HANG)
    assert isinstance(hang.events[-1], CloseRequested)
    assert "0.4 s" in hang.said
    assert any("left out after 3 hangs" in note for note in report.tiers[0].notes)
    never.set()


def test_a_crash_is_told_with_its_exception_and_the_event():
    class Crashes(Spoilt):
        def apply(self, event):
            if isinstance(event, SubmitRequested) and event.session_id:
                raise KeyError(event.session_id)
            return super().apply(event)

    report, found = kinds(Crashes)
    assert found == {Kind.CRASH}
    assert report.of("S-05").verdict is Verdict.FAIL
    assert report.findings[0].said.startswith("apply() raised KeyError")
    assert isinstance(report.findings[0].events[-1], SubmitRequested)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ({"apply": lambda _self, _event: "ok"}, "the answer should be Accepted or Rejected or Unsupported"),
        ({"apply": lambda _self, _event: Accepted(id=7)}, "the id of what was made should be str"),
        ({"observe": lambda _self: {"sessions": []}}, "what observe() gives should be View"),
        ({"observe": lambda _self: View(at=1.5, sessions={}, jobs={})}, "the time of a view should be int"),
    ],
    ids=["answer", "id", "view", "time"],
)
def test_nonsense_is_told_with_what_was_expected(spoil, said):
    report, found = kinds(type("Nonsense", (Spoilt,), spoil))
    assert Kind.NONSENSE in found
    assert any(said in finding.said for finding in report.findings)


def test_a_clock_that_runs_backwards_breaks_the_law_of_time():
    class Backwards(Spoilt):
        turned = 0

        def observe(self):
            view = super().observe()
            at, self.turned = view.at - self.turned, self.turned + 5
            return View(at=at, sessions=view.sessions, jobs=view.jobs)

    report, found = kinds(Backwards)
    assert found == {Kind.CLOCK}
    assert report.of("T-04").verdict is Verdict.FAIL


def test_a_factory_that_gives_the_same_target_twice_is_found_out():
    only = CoreTarget()
    report, found = kinds(lambda: only)
    assert found == {Kind.FACTORY}
    assert "shows on the next" in report.findings[0].said


def test_a_factory_that_gives_a_used_target_is_found_out():
    def used():
        target = CoreTarget()
        target.apply(SubmitRequested(at=target.observe().at, job_id="left over"))
        return target

    report, _ = kinds(used)
    assert "shows sessions or jobs already" in report.findings[0].said


def test_a_factory_that_raises_is_told():
    def broken():
        raise OSError("no such device")

    report, found = kinds(broken)
    assert found == {Kind.CRASH}
    assert "OSError: no such device" in report.findings[0].said


def test_a_session_that_nobody_opened_is_no_secret():
    class Invents(Spoilt):
        def observe(self):
            view = super().observe()
            extra = {"ghost": SessionView(id="ghost", state="open")} if self.asked else {}
            return View(at=view.at, sessions={**view.sessions, **extra}, jobs=view.jobs)

    report, _ = kinds(Invents)
    assert any("ghost" in finding.summary() for finding in report.findings)


class NoText(Exception):
    """Cannot even be told."""

    def __str__(self):
        raise ValueError("no")


class NoRepr:
    def __repr__(self):
        raise ValueError("no")


def raises(error):
    def method(*_arguments):
        raise error

    return method


@pytest.mark.parametrize(
    ("spoil", "kind", "said"),
    [
        ({"apply": raises(SystemExit(4))}, Kind.CRASH, "apply() raised SystemExit: 4"),
        ({"apply": raises(KeyboardInterrupt())}, Kind.CRASH, "apply() raised KeyboardInterrupt"),
        ({"apply": raises(NoText())}, Kind.CRASH, "apply() raised NoText: its text cannot be shown"),
        ({"apply": lambda _self, _event: NoRepr()}, Kind.NONSENSE, "and is a NoRepr that cannot be shown"),
        ({"close": raises(OSError("in use"))}, Kind.CRASH, "close() raised OSError: in use"),
        ({"close": raises(SystemExit(5))}, Kind.CRASH, "close() raised SystemExit: 5"),
        ({"__init__": raises(SystemExit(3))}, Kind.CRASH, "making a target raised SystemExit: 3"),
        ({"close": None}, Kind.NONSENSE, "a Bad has no close"),
        ({"capabilities": "all"}, Kind.NONSENSE, "its capabilities should be Capabilities, and is 'all'"),
    ],
)
def test_whatever_a_target_raises_or_is_becomes_a_finding(spoil, kind, said):
    report, found = kinds(type("Bad", (Spoilt,), spoil), diagnosed=False)
    assert kind in found
    assert any(said in finding.said for finding in report.findings), [finding.said for finding in report.findings]


@pytest.mark.parametrize("tier", ["smoke", "parallel", "learn"])
@pytest.mark.parametrize(
    "odd",
    [
        {"sessions": [1]},
        {"sessions": {"a": "open"}},
        {"sessions": {"a": SessionView(id="a", created_at="yesterday")}},
        {"jobs": {"j1": 7}},
    ],
    ids=["list", "text", "time", "job"],
)
def test_a_view_that_nobody_can_read_is_nonsense_and_no_traceback(tier, odd):
    class Odd(Spoilt):
        def observe(self):
            view = super().observe()
            shown = {"sessions": view.sessions, "jobs": view.jobs} | (odd if self.asked else {})
            return View(at=view.at, **shown)

    report = judge(Odd, tiers=(tier,), diagnosed=False)
    assert not report.passed or tier == "learn", "what was learned is that it breaks"


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: None, "a NoneType has no apply, advance, observe, close"),
        (lambda: Spoilt, "it is the class Spoilt, not an object of it"),
        (lambda: object(), "a object has no apply"),
    ],
)
def test_a_factory_that_gives_no_target_is_told_what_is_missing(made, said):
    report, found = kinds(made)
    assert found == {Kind.NONSENSE}
    assert report.findings[0].said.startswith("what the factory gives is no target: ")
    assert said in report.findings[0].said


def test_an_asynchronous_factory_is_told_that_it_is_not_awaited():
    async def factory():
        return Spoilt()

    report, _ = kinds(factory)
    assert "a factory is not awaited" in report.findings[0].said


@pytest.mark.parametrize(
    ("tier", "number"),
    [("smoke", 1), ("smoke", 2), ("smoke", 3), ("smoke", 7), ("complete", 3), ("explore", 3), ("parallel", 3),
     ("parallel", 4), ("learn", 3), ("learn", 7)],
)  # fmt: skip
def test_a_factory_that_hangs_or_fails_sooner_or_later_ends_in_a_verdict(tier, number, monkeypatch):
    monkeypatch.setattr("sessioncore.conformance.making.PATIENCE_S", 0.3)
    monkeypatch.setattr("sessioncore.conformance.parallel.tier.PATIENCE_S", 0.3)
    never = threading.Event()
    for does, kind in ((never.wait, Kind.HANG), (raises(OSError("no more")), Kind.CRASH)):
        counted = iter(range(1, 10**6))

        def factory(does=does, counted=counted):
            if next(counted) >= number:
                does()
            return Spoilt()

        began = time.monotonic()
        report = judge(factory, tiers=(tier,), diagnosed=tier == "smoke")
        found = {finding.kind for finding in report.findings}
        assert kind in found, found
        assert time.monotonic() - began < 30
    never.set()


@pytest.mark.parametrize("what", ["observe", "apply", "close"])
def test_a_first_target_that_hangs_is_told_by_what_it_was_asked(what):
    never = threading.Event()
    report, found = kinds(type("Hangs", (Spoilt,), {what: lambda *_: never.wait()}))
    assert found == {Kind.HANG}
    assert report.findings[0].said.startswith(what)
    assert report.findings[0].said.endswith(": no answer within 0.4 s")
    never.set()


@pytest.mark.parametrize("tier", ["smoke", "parallel"])
def test_a_target_that_breaks_after_a_few_looks_ends_in_a_verdict(tier):
    class Tires(Spoilt):
        looks = 0

        def observe(self):
            self.looks += 1
            if self.looks > 3:
                raise SystemExit
            return super().observe()

    report = judge(Tires, tiers=(tier,), diagnosed=False)
    found = {finding.kind for finding in report.findings}
    assert found == {Kind.CRASH}
    assert all("observe() raised SystemExit" in finding.said for finding in report.findings)

"""A target that hangs, crashes, talks nonsense or turns its clock back ends in a verdict with the reason; never in a
traceback, never in a hang."""

import asyncio
import math
import threading
import time
from collections.abc import Mapping
from enum import IntEnum, StrEnum

import attrs
import pytest

from sessioncore.conformance import Accepted, Capabilities, JobView, Rejected, SessionView, View, judge
from sessioncore.conformance.making import made
from sessioncore.conformance.reference import CoreTarget
from sessioncore.conformance.reports import write_all
from sessioncore.conformance.results import Kind, Verdict
from sessioncore.conformance.shapes import read_view
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


class Ugly(Exception):
    """An exception that ends the program of whoever prints it."""

    def __str__(self):
        raise SystemExit


class Ending(BaseException):
    """What ``except Exception`` does not catch."""


class Odd:
    """A value that is like any other, and can be neither compared nor hashed nor shown without harm."""

    def __init__(self, does):
        self.does = does

    def __eq__(self, other):
        return self.does()

    def __hash__(self):
        return self.does()

    def __repr__(self):
        return self.does()


class Unreadable(Mapping):
    """A mapping that breaks whoever looks into it."""

    def __getitem__(self, name):
        raise Ending

    def __iter__(self):
        raise Ending

    def __len__(self):
        return 1


@pytest.mark.parametrize("tier", ["smoke", "parallel"])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (GeneratorExit(), "apply() raised GeneratorExit"),
        (asyncio.CancelledError(), "apply() raised CancelledError"),
        (Ending("now"), "apply() raised Ending: now"),
        (Ugly(), "apply() raised Ugly: its text cannot be shown (SystemExit)"),
        (KeyboardInterrupt(), "apply() raised KeyboardInterrupt"),
        (ValueError("x" * 10**6), "apply() raised ValueError: xxx"),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("awaited", [False, True], ids=["plain", "async"])
def test_whatever_class_of_exception_it_raises_is_told_in_a_bounded_text(tier, error, said, awaited, tmp_path):
    async def rises(_self, _event):
        raise error

    made = type("Raises", (Spoilt,), {"apply": rises if awaited else raises(error)})
    report = judge(made, tiers=(tier,), diagnosed=False)
    assert not report.passed
    assert any(finding.said.startswith(said) for finding in report.findings)
    assert all(len(finding.said) < 3000 for finding in report.findings)
    assert write_all(report, tmp_path)


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ({"state": []}, "state of a session should be str, and is []"),
        ({"state": Odd(lambda: True)}, "state of a session should be str, and is a Odd that cannot be shown"),
        ({"status": Odd(lambda: 1 / 0)}, "status of a session should be str"),
        ({"usage_time": Odd(lambda: time.sleep(1e6))}, "usage_time of a session should be int"),
        ({"created_at": math.nan}, "created_at of a session should be int, and is nan"),
        ({"closed_at": 10**5000}, "closed_at of a session should be a number of up to 256 bits"),
    ],
    ids=["unhashable", "lax", "raising", "hanging", "nan", "huge"],
)
def test_a_field_of_a_wrong_type_is_nonsense_before_anything_is_done_with_it(shown, said, tmp_path):
    class Shows(Spoilt):
        def observe(self):
            view = super().observe()
            sessions = {name: attrs.evolve(one, **shown) for name, one in view.sessions.items()}
            return View(at=view.at, sessions=sessions, jobs=view.jobs)

    report, found = kinds(Shows)
    hangs = "usage_time" in shown  # its repr is asked for
    assert found == {Kind.HANG if hangs else Kind.NONSENSE}
    assert hangs or any(finding.said.startswith(said) for finding in report.findings)
    assert write_all(report, tmp_path)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ({"apply": lambda _self, _event: Accepted(id=[])}, "the id of what was made should be str, and is []"),
        ({"apply": lambda _self, _event: Rejected(code=Odd(dict))}, "the code of a refusal should be str or int"),
        ({"apply": lambda _self, _event: Accepted(id="x" * 2000)}, "should have up to 1000 characters, and has 2000"),
        ({"observe": lambda _self: View(at=10**5000, sessions={}, jobs={})}, "the time of a view should be"),
        ({"observe": lambda _self: View(at=0, sessions=Unreadable(), jobs={})}, "cannot be read: Ending"),
        ({"observe": lambda _self: View(at=0, sessions={}, jobs={7: JobView(id="7", status="queued")})}, "the id of a"),
    ],
    ids=["id", "code", "long", "clock", "mapping", "key"],
)
def test_what_nobody_can_read_is_nonsense_and_can_be_reported(spoil, said, tmp_path):
    report, found = kinds(type("Nonsense", (Spoilt,), spoil))
    assert found == {Kind.NONSENSE}
    assert any(said in finding.said for finding in report.findings), [finding.said for finding in report.findings]
    assert write_all(report, tmp_path)


def test_words_and_numbers_of_enumerations_and_libraries_are_what_they_say():
    class Library:
        def __index__(self):
            return 7

    class Lax(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other):
            return True

    closed = StrEnum("Word", ["closed"]).closed
    session = SessionView(id="a", state=closed, status=Lax("Closed"), max_time=Library(), usage_time=3.0)
    view = read_view(View(at=IntEnum("At", ["one"]).one, sessions={Lax("a"): session}, jobs={}))
    read = view.sessions["a"]
    shown = (view.at, read.state, read.status, read.max_time, read.usage_time)
    assert [(type(value), value) for value in shown] == [(int, 1), (str, "closed"), (str, "Closed"), (int, 7), (int, 3)]


@pytest.mark.parametrize(
    ("can", "said"),
    [
        ({"lanes": 0}, "its number of lanes should be from 1 to 1000, and is 0"),
        ({"lanes": "2"}, "its number of lanes should be int, and is '2'"),
        ({"lanes": 10**5000}, "and is a number of 16610 bits"),
        ({"tolerance_us": -5}, "its tolerance_us should not be negative, and is -5"),
        ({"tolerance_us": 60_000_000}, "it is not below the interactive_ttl, which is 60000000 us"),
        ({"patience_s": "x"}, "its patience_s should be int or float, and is 'x'"),
        ({"patience_s": math.nan}, "its patience_s should be some seconds, and is nan"),
        ({"unsupported": "PauseRequested"}, "what it calls unsupported should be tuple"),
        ({"unsupported": ("Pause",)}, "what it calls unsupported is no event: 'Pause'; there are CancelRequested,"),
        ({"clock": None}, "its capability clock should be bool, and is None"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_capabilities_that_cannot_be_are_one_clear_finding(can, said):
    report, found = kinds(type("Claims", (Spoilt,), {"capabilities": Capabilities(**can)}))
    assert found == {Kind.NONSENSE}
    (finding,) = report.findings
    assert said in finding.said


def test_the_users_own_interruption_ends_the_kit():
    class Interrupted(Spoilt):
        def observe(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(Interrupted).observe()


def test_a_factory_that_runs_out_of_targets_is_told():
    given = iter(range(20))
    report, found = kinds(lambda: None if next(given, None) is None else Spoilt())
    assert found == {Kind.NONSENSE}
    assert "what the factory gives is no target: a NoneType has no apply" in report.findings[0].said


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

"""The second statement of the rules, in TLA+: its properties hold, and each of them fails where its rule is broken."""

from __future__ import annotations

import errno
import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from shutil import which

import pytest

from sessioncore.core.errors import BackendError
from sessioncore.explore import MATRIX, Setting, tlc

missing = tlc.available()
with_tlc = pytest.mark.skipif(missing is not None, reason=missing or "")

SMALL = Setting(jobs=2, max_ttl=2, interactive_ttl=1, no_submission=2)
LIVELY = tuple(setting for setting in MATRIX if setting.jobs < 3)
"""Three jobs say nothing about liveness that two do not, and take minutes."""

FAULTS = tuple((name, fault) for name, claim in tlc.PROPERTIES.items() for fault in claim.faults)


def named(broken: tuple[str, tlc.Fault]) -> str:
    """A fault for people: the property, and what is put in the place of what."""
    name, fault = broken
    return f"{name}-{'-'.join(fault.replacing.values()) or fault.specification}"


@pytest.fixture(scope="module")
def verdicts(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[tlc.Verdict]]]:
    """What TLC says of each fault that this session of pytest asks for, two at a time: most of it is Java starting."""
    asked = [item.callspec.params.get("broken") for item in request.session.items if hasattr(item, "callspec")]
    with ThreadPoolExecutor(max_workers=2) as pool:
        yield {named(broken): pool.submit(tlc.check_fault, *broken) for broken in asked if broken in FAULTS}
        pool.shutdown(cancel_futures=True)


@with_tlc
def test_a_session_is_safe_in_every_setting_of_the_matrix() -> None:
    verdict = tlc.check_safety("Session", MATRIX)
    assert verdict.ok, verdict.told


@with_tlc
def test_what_must_come_to_a_session_comes() -> None:
    verdict = tlc.check_liveness("Session", LIVELY)
    assert verdict.ok, verdict.told


@with_tlc
def test_a_device_is_safe_with_any_two_kinds_of_workload_on_it() -> None:
    verdict = tlc.check_safety("Device", tlc.PLANS)
    assert verdict.ok, verdict.told


@with_tlc
def test_every_job_ends_on_a_device_that_is_not_paused_for_ever() -> None:
    verdict = tlc.check_liveness("Device", tlc.LIVELY_PLANS)
    assert verdict.ok, verdict.told


@with_tlc
@pytest.mark.parametrize("broken", FAULTS, ids=named)
def test_a_broken_rule_breaks_its_property(
    broken: tuple[str, tlc.Fault], verdicts: dict[str, Future[tlc.Verdict]]
) -> None:
    verdict = verdicts[named(broken)].result()
    assert verdict.violated == broken[0], verdict.told


def test_every_property_that_is_stated_is_listed_with_a_fault_and_every_listed_one_is_stated() -> None:
    stated = {
        name: module
        for module in ("SessionProperties", "DeviceProperties")
        for name in re.findall(
            r"^(\w+) == +\\\* [A-Z]-\d\d.*$", (tlc.SPECS / f"{module}.tla").read_text(), re.MULTILINE
        )
    }
    assert {name: claim.module for name, claim in tlc.PROPERTIES.items()} == stated
    assert [name for name, claim in tlc.PROPERTIES.items() if not claim.faults] == []


def test_the_rules_beside_a_property_are_those_in_the_list() -> None:
    for name, claim in tlc.PROPERTIES.items():
        text = (tlc.SPECS / f"{claim.module}.tla").read_text(encoding="utf-8")
        line = re.search(rf"^{name} ==.*$", text, re.MULTILINE)
        assert line is not None
        assert set(re.findall(r"[A-Z]-\d\d", line[0])) == set(claim.rules.split()), name


def test_every_fault_that_is_written_is_used() -> None:
    used = {word for _, fault in FAULTS for word in (*fault.replacing.values(), fault.specification)}
    for model in ("Session", "Device"):
        text = (tlc.SPECS / f"{model}Faults.tla").read_text(encoding="utf-8")
        assert set(re.findall(r"^(\w+)(?:\([\w, ]+\))? ==", text, re.MULTILINE)) <= used


@with_tlc
def test_the_graph_of_a_session_has_every_edge_that_an_event_can_make() -> None:
    (edges,) = tlc.graphs([SMALL]).values()
    happened = {label for _, label, _ in edges}
    reports = {"JobStarted", "JobSucceeded", "JobFailed", "JobReleased"}
    time_passing = {
        "ReportsOver",
        "TimersOver",
        "Tick",
        "MaxTtlExpired",
        "InteractiveTtlExpired",
        "NoSubmissionExpired",
    }
    requests = {"Submit", "Close", "Cancel", "JobCancel"}
    assert happened == (
        {f"{event}:done" for event in reports | time_passing | requests}
        | {f"{event}:nothing" for event in reports | {"Close", "Cancel"}}
        | {"Submit:refused", "JobCancel:refused"}
    )
    assert {label for before, label, after in edges if before == after and label.endswith(":done")} == set()
    assert {label for before, label, after in edges if before != after and not label.endswith(":done")} == set()
    assert ("open", True, ("unused", "unused"), None, None, 2, "requests") in {before for before, _, _ in edges}


@with_tlc
@pytest.mark.parametrize("model", ["Session", "Device"])
def test_the_files_to_run_by_hand_ask_for_every_property(model: str, tmp_path: object) -> None:
    asked = (tlc.SPECS / f"{model}ByHand.cfg").read_text(encoding="utf-8").split("\n\n", 1)[1].split()
    listed = [name for name, claim in tlc.PROPERTIES.items() if claim.module.startswith(model)]
    assert sorted(asked) == sorted(["INVARIANTS", "PROPERTIES", *listed])
    java = which("java")
    assert java is not None
    room = [f"-Djava.io.tmpdir={tmp_path}", "-cp", str(tlc.jar()), "tlc2.TLC", "-metadir", f"{tmp_path}/states"]
    command = [java, *room, f"{model}ByHand.tla"]
    done = subprocess.run(command, cwd=tlc.SPECS, capture_output=True, text=True, timeout=120, check=False)
    assert "No error has been found" in done.stdout, done.stdout


class Kernel:
    """Refuses to start a program, some times, before it starts it."""

    def __init__(self, number: int, refusals: int) -> None:
        self.number, self.refusals, self.asked = number, refusals, 0

    def run(self, command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        self.asked += 1
        if self.asked <= self.refusals:
            raise OSError(self.number, os.strerror(self.number), command[0])
        return subprocess.CompletedProcess(command, 0, "Model checking completed. No error has been found.", "")


@with_tlc
@pytest.mark.parametrize(
    ("number", "refusals", "asked"), [(errno.EFAULT, 2, 3), (errno.EFAULT, 9, 3), (errno.EACCES, 9, 1)]
)
def test_a_start_that_the_kernel_refuses_by_mistake_is_tried_again(
    number: int, refusals: int, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Kernel(number, refusals)
    monkeypatch.setattr(subprocess, "run", kernel.run)
    if refusals < asked:
        assert tlc.check_safety("Session", [SMALL]).ok
    else:
        with pytest.raises(BackendError, match="Java could not be started"):
            tlc.check_safety("Session", [SMALL])
    assert kernel.asked == asked


@with_tlc
def test_a_model_that_tlc_cannot_read_is_an_error_that_says_why() -> None:
    with pytest.raises(BackendError, match="NoSuchThing"):
        tlc.check("Session", [SMALL], ["TypeOK"], replacing={"Lost": "NoSuchThing"})


def test_without_java_it_is_said_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert tlc.available() == "TLC needs Java, which is not installed: install a Java runtime, 11 or later."
    with pytest.raises(BackendError, match="needs Java"):
        tlc.graphs([SMALL])


def test_the_page_shows_every_property_with_its_rules_and_faults() -> None:
    page = (tlc.SPECS / "README.md").read_text(encoding="utf-8")
    kinds = {"state": "every state", "step": "every step", "end": "the end"}
    for name, claim in tlc.PROPERTIES.items():
        faults = "<br>".join(
            ", ".join(f"`{old} <- {new}`" for old, new in fault.replacing.items()) or f"`{fault.specification}`"
            for fault in claim.faults
        )
        assert f"| {name} | {kinds[claim.kind]} | {claim.rules.replace(' ', ', ')} | {faults} |" in page

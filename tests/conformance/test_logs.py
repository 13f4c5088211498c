"""The tier ``log``: traces of our own and logs of others, good ones and faulty ones."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessioncore.conformance.faults import CATALOGUE, PlainDevice
from sessioncore.conformance.kit import report_of
from sessioncore.conformance.logs import LogError, Mapping, judge_log, polling, read_log
from sessioncore.conformance.logs.faults import FAULTS, LogFault
from sessioncore.conformance.logs.items import Did
from sessioncore.conformance.logs.own import log_of
from sessioncore.conformance.logs.power import FORMS, judged_as, kills
from sessioncore.conformance.logs.programs import BRIEF, program, recorded, watched
from sessioncore.conformance.logs.rendering import DAEMON, LAB, SERVICES, Service
from sessioncore.conformance.logs.search import follow
from sessioncore.conformance.logs.subject import Subject
from sessioncore.conformance.logs.variants import VARIANTS, LogVariant
from sessioncore.conformance.logs.zones import NOW, ORIGIN, Zone
from sessioncore.conformance.protocol import Rejected
from sessioncore.conformance.reference import CoreTarget
from sessioncore.conformance.reports import summary, to_html
from sessioncore.conformance.results import Kind, TierResult
from sessioncore.core import (
    AZURE,
    IBM_GUIDE,
    PASQAL_BATCH,
    SCALEWAY,
    CloseRequested,
    JobSucceeded,
    OpenRequested,
    Profile,
    SubmitRequested,
)
from sessioncore.core.durations import SECOND
from sessioncore.trace import Recorded, Trace, TraceError, write

from ..host.conftest import World

PROFILES: dict[str, Profile] = {
    "brief": BRIEF,
    "azure, aborting": AZURE.with_values(interactive_ttl=9 * SECOND, failure_policy="abort"),
    "scaleway": SCALEWAY.with_values(max_ttl=60 * SECOND, interactive_ttl=9 * SECOND),
    "pasqal-batch": PASQAL_BATCH,
    "budgets": BRIEF.with_values(usage_limit=17 * SECOND, job_limit=4),
    "stopping": BRIEF.with_values(usage_limit=12 * SECOND, on_device_at_end="stop", queued_at_end="cancel"),
    "from the last submission": BRIEF.with_values(idle_from="last_submission"),
}


def told(result: TierResult) -> str:
    """The findings, for a failing test."""
    return "\n".join(f"{one.case}: {one.summary()} {one.possible}" for one in result.findings)


def of_service(service: Service, trace: Trace, **changes: Any) -> TierResult:
    return judge_log(service.log(trace), mapping=service.mapping(**changes), profile=trace.header.profile)


# --- our own traces ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROFILES)
def test_a_good_trace_passes_whole_and_divided_and_as_the_log_of_another_service(name: str) -> None:
    profile = PROFILES[name]
    for seed in range(2):
        lanes = 1 + seed
        trace = recorded(program(seed, 40, profile=profile, lanes=lanes), profile=profile, lanes=lanes, every=5)
        whole = judge_log(trace)
        assert not whole.findings, told(whole)
        assert whole.extra.complete
        assert whole.exercised["S-05"]
        divided = log_of(trace, source="divided")
        courses = [follow(Subject(name, divided)) for name in divided.subjects]
        assert not [course.subject.name for course in courses if course.fell]
        for service in SERVICES:
            result = of_service(service, trace, lanes=lanes)
            assert not result.findings, told(result)


def test_a_trace_on_disk_is_judged_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    write(path, recorded(program(1), every=3))
    heard: list[tuple[str, int, int]] = []
    result = judge_log(path, progress=lambda *told: heard.append(told))
    assert (result.name, result.findings) == ("log", ())
    assert result.coverage.rows
    assert result.coverage.boundaries
    assert "explained" in result.notes[-1]
    assert heard


def test_the_journal_of_our_own_service_passes() -> None:
    world = World()
    try:
        session = world.open()
        first, second = world.submit(session), world.submit(session)
        world.end(first.id)
        world.runtime.advance(5 * SECOND)
        world.fail(second.id)
        alone = world.submit()
        world.runtime.advance(90 * SECOND)
        world.end(alone.id)
        world.runtime.advance(9 * 3600 * SECOND)
        result = judge_log(world.runtime.trace())
    finally:
        world.runtime.shutdown()
    assert not result.findings, told(result)
    assert {"S-01", "S-09", "S-14", "S-15", "S-24", "D-03"} <= set(result.exercised)
    assert "S-20" not in result.exercised  # what the log never shows is untested


def test_a_difference_is_told_with_its_line_its_rule_and_the_last_possible_state() -> None:
    trace = recorded(program(3, 40))
    rows = [{getattr(one, "row", "") for one in getattr(entry, "effects", ())} for entry in trace.entries]
    place = next(number for number, fired in enumerate(rows) if "S-14.deactivate" in fired)
    entry = trace.entries[place]
    assert isinstance(entry, Recorded)
    kept = tuple(one for one in entry.effects or () if getattr(one, "row", "") != "S-14.deactivate")
    entries = (*trace.entries[:place], attrs.evolve(entry, effects=kept), *trace.entries[place + 1 :])  # type: ignore[misc]
    result = judge_log(Trace(header=trace.header, entries=entries))
    finding = result.findings[0]
    assert finding.rules[0] == "S-14"
    assert f"line {entry.seq}" in finding.case
    assert "inactive" in finding.possible[0] or "closed" in finding.possible[0]
    assert finding.trace[0].event.at <= finding.trace[-1].event.at
    assert len(result.findings) == 1  # the other sessions are explained by themselves


def test_time_that_runs_backwards_is_a_finding_about_the_clock() -> None:
    trace = recorded(program(3, 12))
    entries = [*trace.entries]
    last = entries[-1]
    assert isinstance(last, Recorded)
    event = attrs.evolve(last.event, at=0)  # type: ignore[misc]
    entries[-1] = Recorded(seq=last.seq, event=event, effects=last.effects, host=last.host)
    found = judge_log(Trace(header=trace.header, entries=tuple(entries))).findings
    assert [(one.kind, one.rules) for one in found] == [(Kind.CLOCK, ("T-04",))]


def test_a_trace_of_another_chart_or_no_trace_at_all_is_refused_with_a_reason(tmp_path: Path) -> None:
    trace = recorded(program(1, 5))
    with pytest.raises(TraceError, match="chart version"):
        judge_log(Trace(header=attrs.evolve(trace.header, chart=999), entries=()))  # type: ignore[misc]
    path = tmp_path / "nothing.jsonl"
    path.write_text("this is no trace\n")
    with pytest.raises(TraceError, match="line 1"):
        judge_log(path)


def test_of_two_devices_the_good_one_stays_good() -> None:
    bad = FAULTS[0].example()
    good = recorded(program(5, 30))
    header = attrs.evolve(bad.header, devices=(*bad.header.devices, attrs.evolve(bad.header.devices[0], id="other")))  # type: ignore[misc]
    entries = [*bad.entries, *(attrs.evolve(one, device="other") for one in good.entries)]  # type: ignore[misc]
    entries = [attrs.evolve(one, seq=number) for number, one in enumerate(entries, start=1)]  # type: ignore[misc]
    result = judge_log(Trace(header=header, entries=tuple(entries)))
    assert result.findings
    assert all(int(one.case.split("line ")[1].split(":")[0]) <= len(bad.entries) for one in result.findings)


# --- lines that are missing ----------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.sampled_from((0.03, 0.1, 0.3)), effects=st.booleans())
def test_a_good_trace_with_some_of_its_lines_removed_is_never_accused(seed: int, share: float, effects: bool) -> None:
    lanes, rng = 1 + seed % 2, Random(seed)
    trace = recorded(program(seed, 20, lanes=lanes), lanes=lanes, every=5)
    kept = [entry for entry in trace.entries if rng.random() > share]
    if not effects:
        kept = [attrs.evolve(one, effects=None) if isinstance(one, Recorded) else one for one in kept]  # type: ignore[misc]
    result = judge_log(Trace(header=trace.header, entries=tuple(kept)))
    assert not result.findings, told(result)


def test_missing_lines_are_counted_and_what_they_hide_is_inferred() -> None:
    events = [
        OpenRequested(at=0, session_id="s"),
        SubmitRequested(at=SECOND, job_id="j", session_id="s"),
        CloseRequested(at=2 * SECOND, session_id="s"),
        JobSucceeded(at=3 * SECOND, job_id="j"),
    ]
    trace = recorded(events)
    result = judge_log(Trace(header=trace.header, entries=(*trace.entries[:2], *trace.entries[3:])))
    assert not result.findings, told(result)
    assert any(note.startswith("1 lines are missing") for note in result.notes)
    assert any("inferred" in note and "CloseRequested" in note for note in result.notes)


def test_a_log_that_stops_is_no_fault() -> None:
    lines = LAB.log(recorded(program(2, 40)))
    for length in range(1, len(lines), 17):
        assert not judge_log(lines[:length], mapping=LAB.mapping(), profile=BRIEF).findings


# --- faults --------------------------------------------------------------------------------------------------------

EVERYWHERE = [fault for fault in FAULTS if not fault.observed]

LEFT_OPEN = {
    ("L-08", "daemon"): "it does not tell whether a session accepts",
    ("L-15", "daemon"): "it does not tell what the device reported",
}
"""What a log cannot show, with why."""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_a_faulty_log_is_caught_in_every_form_that_can_show_it(fault: LogFault) -> None:
    for kill in kills([fault]):
        if (kill.fault, kill.form) in LEFT_OPEN:
            assert not kill.caught, f"{kill} is caught after all: {LEFT_OPEN[kill.fault, kill.form]} no more"
        else:
            assert kill.caught, kill


def test_in_most_faulty_logs_the_rule_that_is_blamed_first_is_one_that_was_broken() -> None:
    found = kills(forms=("trace", "lab"))
    right = sum(kill.right for kill in found)
    assert right >= 0.9 * len(found), [kill for kill in found if not kill.right]


def test_the_sequential_faults_of_the_catalogue_show_in_the_trace_of_what_they_do() -> None:
    caught, missed = 0, []
    for fault in CATALOGUE:
        if fault.trace is None:
            continue
        trace = watched(fault.make(), fault.trace, profile=fault.profile, lanes=fault.lanes)
        if judge_log(trace).findings:
            caught += 1
        else:
            missed.append(fault.id)
    assert caught > 100
    assert not missed


@pytest.mark.parametrize("make", [CoreTarget, PlainDevice])
def test_what_a_correct_target_does_is_never_accused(make: Any) -> None:
    for seed in range(20):
        trace = watched(make(BRIEF), program(seed, 25))
        result = judge_log(trace)
        assert not result.findings, told(result)


def test_half_of_the_faults_of_the_catalogue_show_in_a_log_of_requests_and_of_what_was_seen_to_change() -> None:
    shown = [fault for fault in CATALOGUE if fault.trace is not None and _polled(fault.make(), fault.trace, fault)]
    assert len(shown) >= 75, [fault.id for fault in shown]
    assert {"F-01", "F-02", "F-03", "F-08", "O-33"} <= {fault.id for fault in shown}


def _polled(target: Any, events: Any, fault: Any) -> bool:
    trace = watched(target, events, profile=fault.profile, lanes=fault.lanes)
    log, mapping = polling.polled(trace), polling.mapping(lanes=fault.lanes)
    return bool(judge_log(log, mapping=mapping, profile=fault.profile).findings)


@pytest.mark.parametrize("make", [CoreTarget, PlainDevice])
def test_a_log_of_what_was_seen_of_a_correct_target_is_never_accused(make: Any) -> None:
    for seed in range(10):
        trace = watched(make(BRIEF), program(seed, 25))
        result = judge_log(polling.polled(trace), mapping=polling.mapping(lanes=1), profile=BRIEF)
        assert not result.findings, told(result)
        assert not result.extra.undecided


def test_a_target_that_raises_is_told_as_a_crash() -> None:
    fault = next(fault for fault in CATALOGUE if fault.id == "F-42")
    assert fault.trace is not None
    findings = judge_log(watched(fault.make(), fault.trace, profile=fault.profile)).findings
    assert [one.kind for one in findings] == [Kind.CRASH]
    assert "KeyError" in findings[0].said


def test_a_faulty_session_does_not_make_the_others_guilty() -> None:
    lines = LAB.log(FAULTS[0].example())
    result = judge_log(lines, mapping=LAB.mapping(), profile=BRIEF)
    assert len(result.findings) == 1
    assert result.extra.explained == result.cases - 1


# --- legal variants ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_a_log_that_is_only_written_differently_is_never_accused(variant: LogVariant) -> None:
    for seed in range(20):
        lines, mapping = variant.log(recorded(program(seed, 20)), seed)
        result = judge_log(lines, mapping=mapping, profile=BRIEF)
        assert not result.findings, told(result)


def test_a_timer_that_is_late_within_the_tolerance_is_no_fault_and_beyond_it_is() -> None:
    lines = [
        _line(0, "session.created", sid="s", mode="dedicated", http=200),
        _line(1, "job.submitted", sid="s", job="j", http=200),
        _line(1, "job.running", sid="s", job="j"),
        _line(2, "device.report", sid="s", job="j", outcome="success"),
    ]
    for late, tolerance, right in ((0.5, "1s", True), (0.5, "100ms", False), (-0.5, "100ms", False), (0, "1us", True)):
        log = [*lines, _line(12 + late, "session.state", sid="s", state="INACTIVE", accepting=True)]
        result = judge_log(log, mapping=LAB.mapping(clock_tolerance=tolerance), profile=BRIEF)
        assert bool(result.findings) is not right
        assert all(one.rules[0] in ("S-14", "S-13") for one in result.findings)


def test_a_timer_with_a_line_of_its_own_must_be_due_then() -> None:
    mapping = LAB.mapping(events=_parsed(LAB.mapping_text)["events"] | {"idle.over": "InteractiveTtlExpired"})
    lines = [
        _line(0, "session.created", sid="s", mode="dedicated", http=200),
        _line(1, "job.submitted", sid="s", job="j", http=200),
        _line(1, "job.running", sid="s", job="j"),
        _line(2, "device.report", sid="s", job="j", outcome="success"),
    ]
    for at, right in ((12, True), (11, False), (13, False)):
        log = [*lines, _line(at, "idle.over", sid="s"), _line(at, "session.state", sid="s", state="INACTIVE")]
        findings = judge_log(log, mapping=mapping, profile=BRIEF).findings
        assert bool(findings) is not right
        assert all(one.rules[0] in ("S-13", "S-14") for one in findings)
    unarmed = judge_log([lines[0], _line(2, "idle.over", sid="s")], mapping=mapping, profile=BRIEF).findings
    assert [one.rules[0] for one in unarmed] == ["S-14"]


# --- foreign logs --------------------------------------------------------------------------------------------------


def _line(at: float, event: str, **fields: Any) -> str:
    seconds, rest = divmod(round(at * 1_000_000), 1_000_000)
    return json.dumps({"ts": f"2026-01-05T10:00:{seconds:02}.{rest:06}Z", "event": event, **fields})


QUANTUMHUB = """
format = "json"
unlogged = ["JobStarted", "JobReleased"]
clock_tolerance = "20ms"

[fields]
event = "type"
time = "time.ms"
session = "group"
job = "task"
answer = "result"
job_status = "status"

[units]
time = "ms"

[events]
"group-open" = "OpenRequested mode=dedicated"
"task-add" = "SubmitRequested"
"group-shut" = "CloseRequested"
"status=done" = ["JobSucceeded", "job status=completed"]
"status=bad" = ["JobFailed", "job status=failed"]
"poll" = "session state=closed state_reason=closed"
"ping*" = "ignore"

[words.answer]
ok = "accepted"
no = "rejected"
"""


def _hub(*events: tuple[int, dict[str, Any]]) -> list[str]:
    return [json.dumps({"time": {"ms": at}, "group": "g", **fields}) for at, fields in events]


GOOD_HUB = (
    (0, {"type": "group-open", "result": "ok"}),
    (10, {"type": "task-add", "task": "t1", "result": "ok"}),
    (15, {"type": "ping-1"}),
    (20, {"type": "task-add", "task": "t2", "result": "ok"}),
    (30, {"type": "group-shut", "result": "ok"}),
    (900, {"type": "end", "task": "t1", "status": "done"}),
)


def test_a_mapping_file_explains_a_log_that_never_tells_of_starts(tmp_path: Path) -> None:
    path = tmp_path / "hub.toml"
    path.write_text(QUANTUMHUB)
    good = _hub(*GOOD_HUB, (1900, {"type": "end", "task": "t2", "status": "bad"}), (2500, {"type": "poll"}))
    result = judge_log(good, mapping=path)
    assert not result.findings, told(result)
    assert any("2 JobStarted" in note for note in result.notes)
    assert any("1 lines were passed over" in note for note in result.notes)
    assert result.exercised["S-19"]
    assert not result.exercised["S-20"]


def test_of_a_log_that_is_counted_which_can_be_known_and_the_rest_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "hub.toml"
    path.write_text(QUANTUMHUB)
    good = _hub(*GOOD_HUB, (1900, {"type": "end", "task": "t2", "status": "bad"}), (2500, {"type": "poll"}))
    result = judge_log(good, mapping=path)
    assert set(result.coverage.states) == {"open", "closed"}, "whether a job starts before the close is not told"
    assert ("none", "S-01.open") in result.coverage.transitions
    assert ("S-05.submit", "fits", "yes") in result.coverage.guards
    report = report_of([result], target="hub.log", profile=result.extra.profile)
    [line] = [line for line in summary(report).splitlines() if line.startswith("Covered: ")]
    assert "states 2/7" in line
    assert " 0/" not in line
    assert "Not counted in a log: " in to_html(report)


def test_a_session_that_is_seen_closed_while_a_job_of_it_must_still_run_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "hub.json"
    path.write_text(json.dumps(_parsed(QUANTUMHUB) | {"unlogged": ["JobStarted"]}))
    log = _hub(*GOOD_HUB, (1200, {"type": "poll"}), (1900, {"type": "end", "task": "t2", "status": "done"}))
    finding = judge_log(log, mapping=path).findings[0]
    assert "line 8" in finding.case
    assert finding.rules[0] == "S-19"
    assert finding.possible == ("g is closed (closed)",)


def _parsed(text: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(text)


def test_the_two_made_up_services_write_different_logs_that_say_the_same() -> None:
    trace = recorded(program(6, 20))
    lab, daemon = (service.log(trace) for service in SERVICES)
    assert lab[0].startswith("{")
    assert not daemon[0].startswith("{")
    by_lab = read_log(lab, LAB.mapping())
    by_daemon = read_log(daemon, DAEMON.mapping())
    assert set(by_lab.subjects) == set(by_daemon.subjects)


def test_a_log_without_numbers_of_answers_says_that_they_were_taken_as_allowed() -> None:
    told_all = map(json.loads, LAB.log(recorded(program(6))))
    lines = [json.dumps({name: said for name, said in line.items() if name != "http"}) for line in told_all]
    result = judge_log(lines, mapping=LAB.mapping(), profile=BRIEF)
    assert not result.findings, told(result)
    assert any("do not tell what was answered" in note for note in result.notes)


def test_more_jobs_at_once_than_the_device_has_lanes_shows_across_sessions() -> None:
    lines = [
        _line(0, "session.created", sid="a", mode="batch", http=200),
        _line(0, "session.created", sid="b", mode="batch", http=200),
        _line(1, "job.submitted", sid="a", job="j", http=200),
        _line(1, "job.submitted", sid="b", job="k", http=200),
        _line(2, "job.running", sid="a", job="j"),
        _line(3, "job.running", sid="b", job="k"),
        _line(4, "device.report", sid="a", job="j", outcome="success"),
        _line(5, "device.report", sid="b", job="k", outcome="success"),
    ]
    one, two = (judge_log(lines, mapping=LAB.mapping(lanes=lanes), profile=BRIEF).findings for lanes in (1, 2))
    assert [finding.rules for finding in one] == [("D-04",)]
    assert not two


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"fromat": "json"}, "'fromat' is no key"),
        ({"format": "xml"}, "format must be"),
        ({"pattern": "x"}, "needs a pattern"),
        ({"format": "text", "pattern": "("}, "no regular expression"),
        ({"format": "text", "pattern": "(?P<when>x)"}, "no group 'event'"),
        ({"fields": {"event": "event"}}, "which field holds the time"),
        ({"fields": {"colour": "c"}}, "not 'colour'"),
        ({"events": {}}, "[events] is empty"),
        ({"events": {"x": "JobExploded"}}, "'JobExploded' is no event"),
        ({"events": {"x": "session state"}}, "must be NAME=WORD"),
        ({"events": {"x": 5}}, "must be a text"),
        ({"unlogged": ["Started"]}, "'Started' is no event"),
        ({"missing": "JobStarted"}, "must be a list"),
        ({"reordered_within": "soon"}, "must be a length of time"),
        ({"clock_tolerance": 5}, "must be a length of time"),
        ({"units": {"time": "days"}}, "units.time must be"),
        ({"profile": "acme"}, "there is no profile 'acme'"),
        ({"profile": []}, "there is no profile []"),
        ({"units": {"time": ["%"]}}, "units.time must be"),
        ({"units": {"duration": []}}, "units.duration must be"),
        ({"reordered_within": "9" * 400 + "s"}, "longer than any length of time"),
        ({"values": {"max_ttl": "9" * 400 + "h"}}, "longer than any length of time"),
        ({"events": {"x": "job status=failed reason_code=none"}}, "reason_code must be a whole number"),
        ({"values": {"max_tll": "5s"}}, "'max_tll' is no parameter"),
        ({"values": {"max_ttl": 0}}, "at least 1"),
        ({"lanes": 0}, "lanes must be"),
        ({"ignore": ["["]}, "no regular expression"),
        ({"constants": {"time": "now"}}, "[constants] 'time'"),
    ],
)
def test_a_bad_mapping_is_refused_with_what_is_wrong(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(LogError) as caught:
        LAB.mapping(**changes)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [("broken.toml", "events = ["), ("deep.toml", "a = " + "[" * 100_000), ("deep.json", "[" * 100_000)],
    ids=["broken", "deep toml", "deep json"],
)  # fmt: skip
def test_a_mapping_file_that_cannot_be_read_is_named(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(LogError, match=f"{name}: this mapping cannot be read"):
        Mapping.from_file(path)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("no JSON", "line 2: not JSON"),
        ("[1]", "must be a JSON object"),
        (json.dumps({"event": "job.status"}), "there is no time"),
        (json.dumps({"ts": "yesterday", "event": "session.close", "sid": "s"}), "does not read"),
        (json.dumps({"ts": "2026-01-05T10:00:00Z", "event": "session.close"}), "names no session"),
        (_line(1, "session.created", sid="s", mode="solo"), "neither dedicated nor batch"),
        (_line(1, "session.created", sid="s", mode="batch", ttl="long"), "must be a number"),
        (_line(1, "session.created", sid="s", mode="batch", ttl="1e999999"), "must be a number"),
        (_line(1, "session.created", sid="s", mode="batch", ttl="1e99999"), "longer than any time"),
        (_line(1, "session.created", sid="s", mode="batch", ttl=1e308), "longer than any time"),
        (_line(1, "session.close", sid="s", http="fine"), "no HTTP status"),
        (_line(1, "session.close", sid="s", http="\u00b2"), "no HTTP status"),
        (_line(1, "session.close", sid="s", http="700"), "no HTTP status"),
        (_line(1, "session.state", sid="s", accepting="perhaps"), "must be true or false"),
        (_line(1, "job.status", sid="s", job="j"), "needs its id and its status"),
    ],
)
def test_a_bad_line_is_refused_with_its_number_and_what_to_do(line: str, says: str) -> None:
    good = _line(0, "session.created", sid="s", mode="batch", http=200)
    with pytest.raises(LogError) as caught:
        judge_log([good, line], mapping=LAB.mapping())
    assert "line 2" in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize("number", ["1e999999", "1e99999", 1e308, float("inf"), "NaN"])
def test_a_number_beyond_all_time_is_refused_wherever_it_stands(number: Any) -> None:
    fields = {"event": "event", "time": "t", "job": "job", "reason_code": "why"}
    mapping = Mapping.from_record(
        {"fields": fields, "units": {"time": "s"}, "events": {"failed": "JobFailed"}}, source="mapping"
    )
    for line in ({"t": number, "why": 1}, {"t": 1, "why": number}):
        if line["why"] == 1e308:
            continue  # a code, if a strange one
        with pytest.raises(LogError, match="the log, line 1: "):
            read_log([json.dumps({"event": "failed", "job": "j", **line})], mapping)


@pytest.mark.parametrize("code", ["--5", "\u00b2", "E-12", 1e300])
def test_a_code_that_is_no_number_of_the_vendors_is_none(code: Any) -> None:
    fields = {"event": "event", "time": "ts", "session": "sid", "answer": "http", "code": "code"}
    mapping = Mapping.from_record({"fields": fields, "events": {"close": "CloseRequested"}})
    line = {"ts": "2026-01-05T10:00:00Z", "event": "close", "sid": "s", "http": "404", "code": code}
    (item,) = read_log([json.dumps(line)], mapping).subjects["session s"]
    assert isinstance(item.what, Did)
    assert item.what.outcome == Rejected(code=None)


def test_a_line_of_text_that_the_pattern_does_not_fit_is_shown() -> None:
    with pytest.raises(LogError, match="the pattern does not fit 'gibberish'"):
        judge_log(["gibberish"], mapping=DAEMON.mapping())


def test_an_empty_log_proves_nothing_and_breaks_nothing() -> None:
    result = judge_log([], mapping=LAB.mapping())
    assert (result.findings, result.cases, result.exercised.total()) == ((), 0, 0)


def test_a_log_with_more_ways_to_explain_it_than_are_followed_is_inconclusive() -> None:
    everything = ["SubmitRequested", "CloseRequested", "CancelRequested", "JobCancelRequested", "JobSucceeded"]
    lines = LAB.log(recorded(program(8, 12)))
    result = judge_log(lines, mapping=LAB.mapping(missing=everything, lanes=3), profile=BRIEF)
    assert not result.findings, told(result)
    assert result.extra.undecided
    assert any(note.startswith("inconclusive") for note in result.notes)


# --- bounds on instants --------------------------------------------------------------------------------------------


def test_bounds_say_exactly_which_instants_are_possible() -> None:
    zone = Zone()
    zone.within(NOW, ORIGIN, 10, 20)
    zone.put("start")
    zone.pass_time()
    zone.within(NOW, "start", 5, 5)
    assert zone.span(NOW, ORIGIN) == (15, 25)
    narrow = zone.copy()
    narrow.within(NOW, ORIGIN, 24, 30)
    assert narrow.span("start", ORIGIN) == (19, 20)
    assert zone.holds(narrow)
    assert not narrow.holds(zone)
    narrow.within("start", ORIGIN, 0, 18)
    assert narrow.empty
    assert not zone.empty


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(-6, 6)), max_size=8))
def test_bounds_are_empty_exactly_if_no_instants_meet_them(limits: list[tuple[int, int, int]]) -> None:
    zone = Zone()
    zone.within(NOW, ORIGIN, 0, 4)
    names = [ORIGIN, NOW, "a", "b"]
    for name in names[2:]:
        zone.put(name)
        zone.pass_time()
        zone.within(NOW, ORIGIN, 0, 4)
    usual = [(now, a, b) for now in range(5) for a in range(now + 1) for b in range(a, now + 1)]
    for later, earlier, most in limits:
        if not zone.empty and later != earlier:
            zone.limit(names[later], names[earlier], most)
            usual = [t for t in usual if (0, *t)[later] - (0, *t)[earlier] <= most]
    assert zone.empty == (not usual)


def test_instants_are_told_from_the_beginning_of_the_log() -> None:
    record = polling.MAPPING_RECORD | {
        "events": polling.MAPPING_RECORD["events"] | {"moved": "session-change"},
        "constants": {"max_ttl": "default", "max_execution": "default"},
    }
    begun = 1_767_607_200 * SECOND
    lines = [
        {"us": begun, "what": "Open", "answer": "accepted", "mode": "dedicated"},
        {"us": begun + SECOND, "what": "Submit", "job": "j", "answer": "accepted"},
        {"us": begun + 9 * SECOND, "what": "JobSucceeded", "job": "j"},
        {"us": begun + 75 * SECOND, "what": "moved", "state": "inactive"},
    ]
    told = (json.dumps({"session": "s", **line}) for line in lines)
    [finding] = judge_log(told, mapping=Mapping.from_record(record, source="a test")).findings
    assert finding.rules[0] == "S-14"
    assert str(finding.differences[0]) == "time of the change should be '69 s', and is '75 s'"


def test_every_form_has_a_judge() -> None:
    trace = recorded(program(1, 10))
    assert all(not judged_as(trace, form).findings for form in FORMS)
    assert IBM_GUIDE.name == LAB.mapping().profile.name

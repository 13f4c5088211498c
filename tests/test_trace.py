"""The trace: every line there and back, equal bytes for equal events, and a replay that notices every difference."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args, get_type_hints

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessioncore.core import IBM_GUIDE, PROFILES, HostError, JobStatus, Mode, Policy
from sessioncore.core.effects import AnyEffect
from sessioncore.core.events import (
    REPORTS,
    REQUESTS,
    TIMERS,
    Advanced,
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    JobStarted,
    JobSucceeded,
    MaxTtlExpired,
    OpenRequested,
    SubmitRequested,
)
from sessioncore.trace import (
    EFFECT_TYPES,
    EVENT_TYPES,
    DeviceHeader,
    Entry,
    Header,
    Note,
    Observation,
    Recorded,
    Trace,
    TraceError,
    decode,
    encode,
    encode_event,
    fresh_cores,
    lines_of,
    read_trace,
    replay,
    take,
    write,
)

EVENT_CLASSES = (*REQUESTS, *REPORTS, Advanced, *TIMERS)
EFFECT_CLASSES = get_args(AnyEffect)

numbers = st.integers(min_value=-(2**70), max_value=2**70)
texts = st.text(max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(texts, json_values, max_size=3)
st.register_type_strategy(int, numbers)
st.register_type_strategy(str, texts)


def values_of(cls: type) -> st.SearchStrategy[Any]:
    """Any value of an event's or effect's class, field by field."""
    hints = get_type_hints(cls)
    return st.builds(cls, **{field.name: st.from_type(hints[field.name]) for field in attrs.fields(cls)})


events = st.sampled_from(EVENT_CLASSES).flatmap(values_of)
effects = st.lists(st.sampled_from(EFFECT_CLASSES).flatmap(values_of), max_size=3).map(tuple)
seqs = st.integers(min_value=1, max_value=2**60)
devices = st.none() | texts
entries: st.SearchStrategy[Entry] = st.one_of(
    st.builds(
        Recorded,
        seq=seqs,
        event=events,
        device=devices,
        effects=st.none() | effects,
        host=st.none() | objects,
    ),
    st.builds(Observation, seq=seqs, at=numbers, observed=objects, device=devices),
    st.builds(Note, seq=seqs, at=numbers, host=objects, device=devices),
)

HEADER = Header(devices=(DeviceHeader(id="d"),))


def test_every_event_and_every_effect_of_the_core_has_a_type_in_the_trace() -> None:
    assert set(EVENT_TYPES.values()) == set(EVENT_CLASSES) == set(Event.__subclasses__()) & set(EVENT_CLASSES)
    assert set(EFFECT_TYPES.values()) == set(EFFECT_CLASSES)
    assert all(EVENT_TYPES[cls.__name__] is cls for cls in EVENT_CLASSES)


@given(entries)
def test_every_line_reads_back_to_what_was_written_and_writes_to_the_same_bytes(entry: Entry) -> None:
    line = encode(entry)
    assert "\n" not in line
    assert line.isascii()
    again = decode(line)
    assert again == entry
    assert encode(again) == line


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_a_header_carries_the_whole_profile_and_policy(profile: Any) -> None:
    header = Header(
        devices=(DeviceHeader(id="a", lanes=3), DeviceHeader(id="b")),
        profile=profile,
        policy=Policy(name="fair_share", allocations=(("x", 2),)),
        started_at=5,
    )
    line = encode(header)
    assert decode(line) == header
    said = json.loads(line)
    assert (said["format"], said["version"], said["chart"]) == ("sessioncore-trace", 1, 1)
    assert said["devices"] == [{"id": "a", "lanes": 3}, {"id": "b", "lanes": 1}]
    assert said["profile"]["dedicated"]["max_ttl"] == profile.dedicated.max_ttl


def test_an_event_line_has_its_keys_in_a_fixed_order_and_no_white_space() -> None:
    line = encode_event(SubmitRequested(at=7, job_id="j", session_id="s"), 3, (), {"user": "me"}, device="d")
    assert line == (
        '{"seq":3,"at":7,"device":"d","type":"SubmitRequested","job_id":"j","session_id":"s",'
        '"max_execution":null,"instance":"","effects":[],"host":{"user":"me"}}'
    )


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("", "JSON"),
        ("[]", "object"),
        ('{"format":"other","version":1}', "only 'sessioncore-trace'"),
        ('{"format":"sessioncore-trace","version":2}', "version 2"),
        ('{"format":"sessioncore-trace","version":1,"devices":[]}', "at least one device"),
        ('{"format":"sessioncore-trace","version":1,"devices":[{"id":"a"},{"id":"a"}]}', "each once"),
        ('{"format":"sessioncore-trace","version":1,"devices":[{"id":"a"}],"colour":1}', "header"),
        ('{"format":"sessioncore-trace","version":1,"devices":[{"id":"a"}],"profile":"ibm-guide"}', "str where an obj"),
        ('{"format":"sessioncore-trace","version":1,"devices":[{"id":"a"}],"profile":[]}', "list where an object"),
        ('{"format":"sessioncore-trace","version":1,"devices":["a"]}', "str where an object"),
        ('{"at":1,"type":"Advanced"}', "seq"),
        ('{"seq":1,"at":1}', "neither"),
        ('{"seq":1,"at":1,"observed":{},"host":{}}', "neither"),
        ('{"seq":1,"at":1,"observed":{},"more":1}', "neither"),
        ('{"seq":1,"at":1,"type":"Vanished"}', "no such type"),
        ('{"seq":1,"at":1,"type":[]}', "no such type"),
        ('{"seq":1,"at":"1","type":"Advanced"}', "not of type int"),
        ('{"seq":1,"at":true,"type":"Advanced"}', "not of type int"),
        ('{"seq":1,"at":1.0,"type":"Advanced"}', "not of type int"),
        ('{"seq":1,"type":"Advanced"}', "Advanced"),
        ('{"seq":1,"at":1,"type":"Advanced","more":1}', "more"),
        ('{"seq":1,"at":1,"type":"OpenRequested","session_id":"s","mode":"shared"}', "shared"),
        ('{"seq":1,"at":1,"type":"Advanced","effects":{}}', "effects a list"),
        ('{"seq":1,"at":1,"type":"Advanced","effects":[1]}', "no effect"),
        ('{"seq":1,"at":1,"type":"Advanced","effects":[{"type":"StartJob","at":1}]}', "StartJob"),
        ("[" * 100_000, "JSON"),
    ],
)
def test_a_line_that_is_no_trace_says_what_is_wrong_with_it(line: str, complaint: str) -> None:
    with pytest.raises(TraceError, match=complaint):
        decode(line)


def life() -> Trace:
    """A small run, with the effects that the core really had."""
    core = fresh_cores(HEADER)["d"]
    happened = [
        OpenRequested(at=0, session_id="s", max_ttl=50),
        SubmitRequested(at=1, job_id="a", session_id="s"),
        SubmitRequested(at=2, job_id="b", session_id="s"),
        CloseRequested(at=3, session_id="s"),
        JobSucceeded(at=51, job_id="a"),
        JobCancelRequested(at=52, job_id="b"),
    ]
    lines: list[Entry] = []
    for seq, event in enumerate(happened[:-1], start=1):
        lines.append(Recorded(seq=seq, event=event, effects=take(core, event)))
    lines.append(Observation(seq=9, at=51, observed={"sessions": {}}))
    lines.append(Recorded(seq=10, event=Advanced(at=60), effects=take(core, Advanced(at=60))))
    return Trace(header=HEADER, entries=tuple(lines))


def test_a_replay_gives_the_cores_that_the_run_had() -> None:
    cores = replay(life())
    assert cores["d"].jobs["a"].status is JobStatus.COMPLETED
    assert cores["d"].jobs["b"].status is JobStatus.FAILED
    cores["d"].check()


def test_a_replay_without_recorded_effects_compares_nothing() -> None:
    trace = life()
    bare = tuple(attrs.evolve(entry, effects=None) if isinstance(entry, Recorded) else entry for entry in trace.entries)
    assert replay(attrs.evolve(trace, entries=bare))["d"].snapshot() == replay(trace)["d"].snapshot()


@pytest.mark.parametrize("change", ["other", "more", "fewer"])
def test_a_replay_says_where_the_first_difference_is(change: str) -> None:
    trace = life()
    second = trace.entries[1]
    assert isinstance(second, Recorded)
    assert second.effects
    changed = {
        "other": (attrs.evolve(second.effects[0], at=99), *second.effects[1:]),
        "more": (*second.effects, second.effects[0]),
        "fewer": second.effects[:-1],
    }[change]
    entries = (trace.entries[0], attrs.evolve(second, effects=changed), *trace.entries[2:])
    with pytest.raises(TraceError, match=r"line 2 \(SubmitRequested at 1\): effect \d was recorded as"):
        replay(attrs.evolve(trace, entries=entries))


def test_what_a_core_refuses_or_makes_itself_does_not_replay() -> None:
    for event in (
        CancelRequested(at=0, session_id="nobody"),
        MaxTtlExpired(at=0, session_id="s"),
        JobStarted(at=0, job_id="j"),
    ):
        with pytest.raises(TraceError):
            replay(Trace(header=HEADER, entries=(Recorded(seq=1, event=event),)))
    elsewhere = Recorded(seq=1, event=Advanced(at=0), device="e")
    with pytest.raises(TraceError, match="no device 'e'"):
        replay(Trace(header=HEADER, entries=(elsewhere,)))
    with pytest.raises(TraceError, match="chart version"):
        replay(Trace(header=attrs.evolve(HEADER, chart=0)))


def test_a_forgotten_job_is_forgotten_in_the_replay_as_well() -> None:
    trace = life()
    note = Note(seq=11, at=60, host={"note": "forgotten", "job_id": "a"})
    other = Note(seq=12, at=60, host={"note": "tags", "job_id": "b"})
    assert set(replay(attrs.evolve(trace, entries=(*trace.entries, note, other)))["d"].jobs) == {"b"}
    with pytest.raises(TraceError, match="line 13"):
        replay(attrs.evolve(trace, entries=(*trace.entries, note, attrs.evolve(note, seq=13))))


def test_a_trace_survives_a_file(tmp_path: Path) -> None:
    trace = life()
    path = tmp_path / "run.jsonl"
    write(path, trace)
    assert read_trace(path) == read_trace(str(path)) == trace
    again = tmp_path / "again.jsonl"
    write(again, read_trace(path))
    assert again.read_bytes() == path.read_bytes()
    assert read_trace(["", *lines_of(trace), "\n"]) == trace


def test_a_trace_that_is_out_of_order_is_refused() -> None:
    header, *lines = lines_of(life())
    for wrong, complaint in (
        ([], "empty"),
        (lines, "begins with its header"),
        ([header, header], "one header"),
        ([header, lines[1], lines[0]], "seq must rise"),
        ([header, "{"], "line 2 of the trace is not JSON"),
    ):
        with pytest.raises(TraceError, match=complaint):
            read_trace(wrong)


def test_several_devices_share_one_trace() -> None:
    header = Header(devices=(DeviceHeader(id="a"), DeviceHeader(id="b", lanes=2)), profile=IBM_GUIDE)
    opened = OpenRequested(at=0, session_id="s", mode=Mode.BATCH)
    entries = (
        Recorded(seq=1, event=opened, device="a"),
        Recorded(seq=2, event=opened, device="b"),
        Recorded(seq=3, event=CloseRequested(at=4, session_id="s")),
    )
    cores = replay(Trace(header=header, entries=entries))
    assert [cores[name].sessions["s"].closed_at for name in ("a", "b")] == [4, None]
    assert cores["b"].lanes == 2


def test_a_profile_that_makes_no_sense_is_a_trace_error_and_not_the_hosts() -> None:
    said = json.loads(encode(HEADER))
    said["profile"]["dedicated"]["max_ttl"] = -1
    with pytest.raises(TraceError, match="max_ttl") as caught:
        decode(json.dumps(said))
    assert not isinstance(caught.value, HostError)


def test_importing_the_package_or_the_trace_does_not_load_cattrs() -> None:
    code = "import sessioncore, sessioncore.trace, sys; print('cattrs' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

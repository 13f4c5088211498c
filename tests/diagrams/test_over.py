"""What can be drawn over a chart: another profile, a coverage, the path of a trace, where something stands."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import pytest

from sessioncore.core import (
    AZURE,
    IBM_GUIDE,
    PASQAL_BATCH,
    SCALEWAY,
    DeviceCore,
    Mode,
    OfflineRequested,
    OpenRequested,
    ResumeRequested,
    SubmitRequested,
)
from sessioncore.diagrams import MARKED, NAMES, Diagram, PictureError, draw
from sessioncore.diagrams.against import BOTH, HERE, THERE, compare
from sessioncore.diagrams.heat import Heat
from sessioncore.diagrams.path import numbers_told, span, time_left
from sessioncore.diagrams.pens import DARK, PALE, PLAIN
from sessioncore.diagrams.reading import picture_of
from sessioncore.trace import DeviceHeader, Header, Note, Observation, Recorded, Trace, TraceError

from .conftest import SECOND, SUBJECT


def dot(drawn: Diagram) -> str:
    """As DOT, with its long lines in one piece."""
    told = drawn.to("dot")
    assert isinstance(told, str)
    return told


def data(drawn: Diagram) -> Any:
    return json.loads(drawn.to("json"))


def edge(told: str, source: str, target: str, words: str) -> str:
    """The one edge of a DOT with these ends and words."""
    found = [line for line in told.splitlines() if f"{source} -> {target} [" in line and words in line]
    assert len(found) == 1, found
    return found[0]


# --- one profile against another -------------------------------------------------------------------------------


def test_a_row_of_one_profile_alone_is_marked_as_only_there() -> None:
    told = dot(draw("session", against=AZURE))
    line = edge(told, "timer_NoSubmissionExpired", "closed", "S-16.no-submission")
    assert "▸ only ibm-guide" in line
    assert "style=solid" in line


def test_the_same_event_with_another_target_is_drawn_twice_and_marked_as_different() -> None:
    told = dot(draw("session", against=AZURE))
    here = edge(told, "timer_InteractiveTtlExpired", "inactive", "S-14.deactivate")
    there = edge(told, "timer_InteractiveTtlExpired", "closed", "S-14.end")
    assert "▸ ibm-guide ≠" in here
    assert "▸ azure ≠" in there
    assert "style=solid" in here
    assert "style=dashed" in there


def test_what_both_do_is_not_marked() -> None:
    told = dot(draw("session", against=AZURE))
    assert "▸" not in edge(told, "open", "active", "S-09.start")


def test_a_timer_with_two_lengths_tells_both() -> None:
    told = dot(draw("session", against=AZURE))
    assert "60 s in ibm-guide,\\n10 min in azure" in told


def test_a_state_that_only_one_profile_reaches_says_so() -> None:
    told = dot(draw("session", profile=SCALEWAY, against=PASQAL_BATCH))
    (inactive,) = (line for line in told.splitlines() if line.strip().startswith("open [label="))
    assert "▸ only pasqal-batch" in inactive


@pytest.mark.parametrize("name", NAMES)
def test_every_difference_is_in_the_rows_of_exactly_one_profile(name: str) -> None:
    picture, difference = compare(name, IBM_GUIDE, PASQAL_BATCH, Mode.DEDICATED)
    ours = {row.id for row in picture_of(name, IBM_GUIDE, Mode.DEDICATED).rows}
    theirs = {row.id for row in picture_of(name, PASQAL_BATCH, Mode.DEDICATED).rows}
    for row in picture.rows:
        kind = difference.kind_of(row).removesuffix("≠")
        assert kind == {(True, True): BOTH, (True, False): HERE, (False, True): THERE}[row.id in ours, row.id in theirs]


def test_a_jobs_picture_shows_what_a_session_end_does_to_it_under_each_profile() -> None:
    told = data(draw("job", against=PASQAL_BATCH))["against"]
    assert told[HERE]["different"] == ["S-22.fail"]
    assert told[THERE]["different"] == ["S-22.cancel"]


def test_a_profile_against_itself_differs_in_nothing() -> None:
    told = dot(draw("session", against=IBM_GUIDE))
    assert "Both do the same." in told
    assert "▸" not in told


def test_the_legend_says_which_profile_has_which_line() -> None:
    told = dot(draw("session", against=AZURE))
    for says in ("both", '"only ibm-guide"', '"only azure"', '"ibm-guide ≠"', '"azure ≠"'):
        assert f"label={says}" in told
    assert "each answer is drawn" in told


# --- coverage ----------------------------------------------------------------------------------------------------


def test_a_row_that_never_answered_is_pale_and_says_so() -> None:
    told = dot(draw("session", coverage={"S-01.open": 3}))
    assert "▸ never" in edge(told, "open", "active", "S-09.start")
    assert "▸ 3×" in edge(told, "none", "open", "S-01.open")


def test_often_is_hotter_and_thicker_than_seldom() -> None:
    counts = {"S-01.open": 1, "S-09.start": 40, "S-05.submit": 900}
    picture = picture_of("session", IBM_GUIDE, Mode.DEDICATED)
    heat = Heat(picture, counts)
    rows = {row.id: row for row in picture.rows}
    pens = [heat.pen([rows[row]], ["open"], PLAIN) for row in counts]
    assert len({pen.color for pen in pens}) == 3
    assert sorted(pens, key=lambda pen: float(pen.width)) == pens


@pytest.mark.parametrize("most", [1, 2, 3, 4, 7, 100, 10**6])
def test_the_scale_goes_from_one_to_the_most_without_a_gap(most: int) -> None:
    heat = Heat(picture_of("session", IBM_GUIDE, Mode.DEDICATED), {"S-01.open": most})
    says = [sample.says for sample in heat.samples()]
    assert says[0] == "never"
    bounds = [part for word in says[1:] for part in (word.removesuffix("×").split(" to ") * 2)[:2]]
    numbers = [int(part) for part in bounds]
    assert numbers[0] == 1
    assert numbers[-1] == most
    assert all(after == before + 1 for before, after in zip(numbers[1:-1:2], numbers[2::2], strict=True))


def test_the_coverage_of_a_trace_counts_the_rows_that_answered(trace: Trace) -> None:
    told = data(draw("session", coverage=trace))["coverage"]
    assert told["S-01.open"] == 2
    assert told["S-14.deactivate"] == 1
    assert told["S-15.max-ttl"] == 0


def test_the_legend_of_a_coverage_names_what_is_missing() -> None:
    told = dot(draw("device", coverage={"D-03.start": 1}))
    assert "1 of 12 rows were met." in told
    assert "Never: D-01.held, D-03.out-of-time" in told


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ({"S-99.fly": 1}, "no chart has a row 'S-99.fly'"),
        ({"S-01.open": -1}, "the count of S-01.open is -1"),
        ({"S-01.open": "3"}, "whole number"),
    ],
)
def test_counts_that_make_no_sense_are_refused(counts: dict[str, Any], says: str) -> None:
    with pytest.raises(PictureError, match=says) as refused:
        draw("session", coverage=counts)
    assert "\n" not in str(refused.value)


def test_a_line_inside_a_state_that_was_never_met_is_pale_in_the_svg() -> None:
    told = str(draw("session", coverage={"S-05.submit": 1}).to("svg"))
    pale = re.findall(r'<text class="never"[^>]*>([a-z ]*)<', told)
    assert "job overran " in pale
    assert "submit requested " in pale, "an inactive session took none"
    assert told.count(">submit requested ") == 3


# --- the path of a trace -----------------------------------------------------------------------------------------


def test_the_steps_of_a_session_are_numbered_on_the_arrows_it_took(trace: Trace) -> None:
    told = dot(draw("session", trace=trace, subject="long"))
    assert "▸ 1 " in edge(told, "none", "open", "S-01.open")
    assert "▸ 2 " in edge(told, "open", "active", "S-09.start")
    assert "▸ 3 " in edge(told, "timer_InteractiveTtlExpired", "inactive", "S-14.deactivate")
    assert "▸ 4 " in edge(told, "inactive", "active", "S-11.resume")
    assert "▸ 5 " in edge(told, "active", "active_draining", "S-17.active")
    assert "▸ 6 " in edge(told, "inactive_draining", "closed", "S-19.failed")
    assert "▸" not in edge(told, "open", "open_draining", "S-17.open")
    assert "long: 6 steps" in told


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("session", ["S-01.open", "S-09.start", "S-14.deactivate", "S-11.resume", "S-17.active", "S-19.failed"]),
        ("job", ["J-01.submit", "J-01.start", "J-01.complete"]),
        ("device", ["D-05.pause", "D-05.resume"]),
    ],
)
def test_the_path_is_the_rows_that_changed_a_state_in_order(name: str, rows: list[str], trace: Trace) -> None:
    steps = data(draw(name, trace=trace, subject=SUBJECT[name]))["path"]["steps"]
    assert [step["row"] for step in steps] == rows
    assert [step["number"] for step in steps] == list(range(1, len(rows) + 1))
    assert all(before["target"] == after["source"] for before, after in pairwise(steps))


def test_profile_and_mode_are_those_of_the_trace(trace: Trace) -> None:
    told = data(draw("session", trace=trace, subject="short"))
    assert (told["profile"], told["mode"]) == ("ibm-guide", "batch")


def test_a_step_is_on_the_arrow_from_its_own_state_only() -> None:
    """One row can be drawn from several states."""
    header = Header(devices=(DeviceHeader(id="qpu"),))
    entries = (
        Recorded(seq=1, event=OfflineRequested(at=1)),
        Recorded(seq=2, event=ResumeRequested(at=2)),
    )
    told = dot(draw("device", trace=Trace(header=header, entries=entries)))
    assert "▸ 1 " in edge(told, "online", "offline", "D-05.offline")
    assert "▸" not in edge(told, "paused", "offline", "D-05.offline")
    assert "▸ 2 " in edge(told, "offline", "online", "D-05.resume")


def test_notes_and_observations_are_no_steps(trace: Trace) -> None:
    entries = (
        *trace.entries,
        Note(seq=90, at=150 * SECOND, host={"note": "forgotten", "job_id": "first"}),
        Observation(seq=91, at=150 * SECOND, observed={}),
    )
    told = data(draw("job", trace=Trace(header=trace.header, entries=entries), subject="first"))
    assert told["path"]["state"] == "completed"


def test_many_numbers_on_one_arrow_are_told_by_the_first_two_and_the_last() -> None:
    assert numbers_told([3]) == "3"
    assert numbers_told([2, 4, 6, 8]) == "2, 4, 6, 8"
    assert numbers_told([2, 4, 6, 8, 10]) == "2, 4, … 10"


@pytest.mark.parametrize(
    ("name", "subject", "says"),
    [
        ("session", "nobody", "this trace has no session 'nobody': it has long, short"),
        ("session", None, "this trace has 2 sessions, and a picture is about one: name one of long, short"),
        ("job", "nobody", "it has first, second, third, fourth, fifth"),
        ("device", "nobody", "it has qpu"),
    ],
)
def test_who_is_not_in_the_trace_is_refused_with_who_is(
    name: str, subject: str | None, says: str, trace: Trace
) -> None:
    with pytest.raises(PictureError, match=says):
        draw(name, trace=trace, subject=subject)


def test_an_empty_trace_has_nobody_to_follow(trace: Trace) -> None:
    with pytest.raises(PictureError, match="this trace has 0 sessions"):
        draw("session", trace=Trace(header=trace.header))


def test_a_trace_that_does_not_replay_is_refused_with_its_line(trace: Trace) -> None:
    entries = (Recorded(seq=7, event=SubmitRequested(at=1, job_id="lost", session_id="nobody")),)
    with pytest.raises(TraceError, match="line 7: the core refuses it: Session not found"):
        draw("session", trace=Trace(header=trace.header, entries=entries))
    entries = (Recorded(seq=8, event=OpenRequested(at=1, session_id="s", mode=Mode.BATCH), device="elsewhere"),)
    with pytest.raises(TraceError, match="line 8: the header names no device 'elsewhere'"):
        draw("session", coverage=Trace(header=trace.header, entries=entries))


def test_a_profile_under_which_the_path_cannot_be_is_refused(trace: Trace) -> None:
    with pytest.raises(PictureError, match="under scaleway, dedicated, no session is ever inactive or open"):
        draw("session", trace=trace, subject="long", profile=SCALEWAY)


# --- where something stands --------------------------------------------------------------------------------------


def test_the_state_at_the_end_of_a_trace_stands_out(trace: Trace) -> None:
    told = dot(draw("session", at=trace, subject="short"))
    (active,) = (line for line in told.splitlines() if line.strip().startswith("active [label="))
    assert "▸ now" in active
    assert "short is active. Timers that run: 1, counted from the trace's last line." in told


def test_an_armed_timer_says_when_it_is_due(trace: Trace) -> None:
    told = dot(draw("session", at=trace, subject="short"))
    (clock,) = (line for line in told.splitlines() if line.strip().startswith("timer_MaxTtlExpired [label="))
    assert "▸ due in 7 h 59 min" in clock
    (idle,) = (line for line in told.splitlines() if line.strip().startswith("timer_InteractiveTtlExpired [label="))
    assert "due" not in idle.split("tooltip")[0]


def test_only_what_can_happen_next_is_drawn_in_full(trace: Trace) -> None:
    told = dot(draw("session", at=trace, subject="short"))
    assert PALE in edge(told, "open", "active", "S-09.start")
    assert PALE not in edge(told, "active", "active_draining", "S-17.active")
    assert PALE not in edge(told, "inactive_draining", "closed", "S-20.cancel")
    assert PALE in edge(told, "timer_InteractiveTtlExpired", "inactive", "S-14.deactivate")


def test_live_values_of_the_core_can_be_drawn_where_they_stand() -> None:
    core = DeviceCore("qpu")
    core.handle(OpenRequested(at=0, session_id="s", mode=Mode.BATCH))
    session = core.session("s")
    assert session is not None
    assert data(draw("session", at=session))["at"]["state"] == "open"
    assert "due at 30 min" in dot(draw("session", at=session))
    core.handle(SubmitRequested(at=1, job_id="j", session_id="s"))
    assert data(draw("job", at=core.jobs["j"]))["at"]["state"] == "running"
    assert data(draw("device", at=core))["at"] == {"subject": "qpu", "state": "online", "now": 1, "timers": []}


def test_a_thing_stands_in_its_own_chart_only() -> None:
    with pytest.raises(PictureError, match="qpu is a device: it stands in the chart 'device', not in 'session'"):
        draw("session", at=DeviceCore("qpu"))


def test_spans_are_for_people() -> None:
    assert span(48 * SECOND) == "48 s"
    assert span(28_781 * SECOND) == "7 h 59 min"
    assert span(3_600 * SECOND) == "1 h"
    assert span(1_500) == "1500 µs"
    assert time_left(5 * SECOND, 5 * SECOND) == "due now"
    assert time_left(5 * SECOND, None) == "due at 5 s"


# --- all of them -------------------------------------------------------------------------------------------------


def over(trace: Trace) -> list[dict[str, Any]]:
    """One picture of each kind."""
    one = {"subject": "long"}
    return [{"against": AZURE}, {"coverage": trace}, {"trace": trace, **one}, {"at": trace, **one}]


def test_every_format_that_shows_what_is_over_a_chart_says_it_in_its_title(trace: Trace) -> None:
    for asked in over(trace):
        drawn = draw("session", **asked)
        for kind in MARKED:
            if kind not in ("png", "pdf", "json"):
                title = "azure" if "against" in asked else drawn.overlay.title
                assert title in str(drawn.to(kind)), kind


def test_the_same_question_gives_the_same_answer(trace: Trace) -> None:
    for asked in over(trace):
        assert draw("session", **asked).to("svg") == draw("session", **asked).to("svg")


def test_scxml_is_the_chart_and_nothing_over_it(trace: Trace) -> None:
    for asked in over(trace):
        with pytest.raises(PictureError, match="scxml holds the chart and nothing over it: take dot, svg"):
            draw("session", **asked).to("scxml")


def test_one_thing_at_a_time_is_drawn_over_a_chart(trace: Trace) -> None:
    with pytest.raises(PictureError, match="one thing can be drawn over a chart, not against and trace"):
        draw("session", against=AZURE, trace=trace)


def test_a_subject_without_a_trace_is_refused() -> None:
    with pytest.raises(PictureError, match="give trace or at"):
        draw("session", subject="long")


def test_pictures_with_something_over_them_have_dark_colours_too(trace: Trace) -> None:
    for asked in over(trace):
        assert set(re.findall(r"#[0-9a-f]{6}", dot(draw("session", **asked)))) <= set(DARK)

"""The coverage of a trace counts a row only in the states in which it answered."""

from __future__ import annotations

import re

import pytest

from sessioncore.core import (
    CloseRequested,
    JobCancelRequested,
    JobFailed,
    JobSucceeded,
    Mode,
    OfflineRequested,
    OpenRequested,
    PauseRequested,
    ResumeRequested,
    SubmitRequested,
)
from sessioncore.core.events import Event
from sessioncore.diagrams import NAMES, draw
from sessioncore.diagrams.journey import ROWS, Run
from sessioncore.diagrams.pens import FADED_LOOK
from sessioncore.trace import DeviceHeader, Header, Recorded, Trace

from .conftest import SECOND
from .test_over import data, dot, edge


def trace_of(*events: Event) -> Trace:
    """On one device with one lane."""
    entries = tuple(Recorded(seq=seq, event=event) for seq, event in enumerate(events, start=1))
    return Trace(header=Header(devices=(DeviceHeader(id="qpu"),)), entries=entries)


@pytest.fixture
def open_to_the_end() -> Trace:
    """A session that starts three jobs, is never closed, and so never drains."""
    submits = (SubmitRequested(at=at, job_id=f"j{at}", session_id="s") for at in (1, 2, 3))
    ends = (JobSucceeded(at=at * SECOND, job_id=f"j{at}") for at in (1, 2))
    return trace_of(OpenRequested(at=0, session_id="s", mode=Mode.DEDICATED), *submits, *ends)


def place(told: str, state: str) -> str:
    """The one state of a DOT."""
    (found,) = (line for line in told.splitlines() if line.strip().startswith(f"{state} [label="))
    return found


def test_a_row_of_two_states_is_counted_in_the_one_where_it_was_met(open_to_the_end: Trace) -> None:
    told = dot(draw("session", coverage=open_to_the_end))
    assert re.search(r"job started ▸ 2× · S-12.start", place(told, "active"))
    assert re.search(r"job started ▸ never · S-12.start", place(told, "active_draining"))
    assert FADED_LOOK.text in place(told, "active_draining")


def test_a_row_that_was_met_in_both_of_its_states_is_counted_in_each(open_to_the_end: Trace) -> None:
    told = data(draw("session", coverage=open_to_the_end))
    assert told["coverage"]["S-05.submit"] == 3
    assert told["coverage_by_state"]["open"]["S-05.submit"] == 1
    assert told["coverage_by_state"]["active"]["S-05.submit"] == 2


def test_an_arrow_counts_its_row_from_its_own_state_only() -> None:
    told = dot(draw("device", coverage=trace_of(PauseRequested(at=1), OfflineRequested(at=2), ResumeRequested(at=3))))
    assert "▸ 1×" in edge(told, "paused", "offline", "D-05.offline")
    assert "▸ never" in edge(told, "online", "offline", "D-05.offline")
    assert "▸ never" in edge(told, "paused", "online", "D-05.resume")


def test_where_everything_begins_is_not_greyed_out(open_to_the_end: Trace) -> None:
    """No row has to lead to it."""
    told = dot(draw("device", coverage=open_to_the_end))
    assert FADED_LOOK.text not in place(told, "online")
    assert FADED_LOOK.text in place(told, "offline")


def test_what_stays_in_a_state_is_counted_there() -> None:
    """Where no notice tells it: a device that makes jobs wait, a close that comes twice, a report that comes late."""
    events = (
        OpenRequested(at=0, session_id="s", mode=Mode.DEDICATED),
        PauseRequested(at=1),
        SubmitRequested(at=2, job_id="a", session_id="s"),
        SubmitRequested(at=3, job_id="b", session_id="s"),
        CloseRequested(at=4, session_id="s"),
        CloseRequested(at=5, session_id="s"),
        OfflineRequested(at=6),
        JobCancelRequested(at=7, job_id="b"),
        ResumeRequested(at=8),
        JobFailed(at=9, job_id="a", reason="it broke"),
        JobSucceeded(at=10, job_id="a"),
        JobSucceeded(at=11, job_id="b"),
    )
    met = Run(trace_of(*events)).met
    waits = {state: count for (state, row), count in met.items() if row == "D-05.wait"}
    assert waits == {"paused": 4, "offline": 2}
    assert met["open_draining", "S-21.close-draining"] == 1
    assert met["open_draining", "J-02.leave-draining"] == 1
    assert (met["failed", "J-06.succeeded-ended"], met["cancelled", "J-06.succeeded-ended"]) == (1, 1)


def test_what_timers_meet_is_told_from_what_the_request_after_them_meets() -> None:
    """The device is still paused when a session ends by its timer, and offline an instant later."""
    events = (
        OpenRequested(at=0, session_id="idle", mode=Mode.BATCH),
        OpenRequested(at=1, session_id="waiting", mode=Mode.BATCH),
        PauseRequested(at=2),
        SubmitRequested(at=3, job_id="a", session_id="waiting"),
        OfflineRequested(at=3600 * SECOND),
    )
    met = Run(trace_of(*events)).met
    assert (met["paused", "D-05.wait"], met["offline", "D-05.wait"]) == (2, 1)


def test_the_states_of_a_row_together_have_its_count(trace: Trace, open_to_the_end: Trace) -> None:
    for run in (Run(trace), Run(open_to_the_end)):
        for row, count in run.counts().items():
            assert sum(met for (_, other), met in run.met.items() if other == row) == count, row
        for state, row in run.met:
            assert state in {source.value for source in ROWS[row].sources}, row


def test_counts_alone_say_no_states() -> None:
    """Then a count stands wherever its row does, and the legend says so."""
    for name in NAMES:
        drawn = draw(name, coverage={"S-12.start": 2})
        assert "coverage_by_state" not in data(drawn)
        assert "wherever the row was met" in dot(drawn)
    assert dot(draw("session", coverage={"S-12.start": 2})).count("▸ 2×") == 2

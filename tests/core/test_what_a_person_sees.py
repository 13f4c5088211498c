"""Semantics, *What a person sees*: V-01 to V-03."""

from __future__ import annotations

import pytest

from sessioncore.core import (
    JOB_CHART,
    SESSION_CHART,
    ClientError,
    Disposition,
    Fault,
    HostError,
    InvariantError,
    SessionCoreError,
    wire_status,
)

from .session_bench import HOUR, SECOND, device, lone_session


@pytest.mark.rule("V-01")
def test_status_is_worded_as_the_guide_does() -> None:
    bench = lone_session()
    bench.at(0).open("s")
    assert bench.status("s") == "Pending"
    bench.at(0).submit("a", "s").start("a")
    assert bench.status("s") == "In progress, accepting new jobs"
    bench.at(1).succeed("a")
    bench.at(61).nothing()
    assert bench.status("s") == "Pending"
    bench.at(62).submit("b", "s").close("s")
    assert bench.status("s") == "Pending"
    bench.at(63).start("b")
    assert bench.status("s") == "In progress, not accepting new jobs"
    bench.at(64).succeed("b")
    assert bench.status("s") == "Closed"


@pytest.mark.rule("V-01")
@pytest.mark.parametrize(
    ("state", "accepting", "shown"),
    [
        ("open", True, "Pending"),
        ("inactive", False, "Pending"),
        ("active", True, "In progress, accepting new jobs"),
        ("active", False, "In progress, not accepting new jobs"),
        ("pending_inactive", False, "In progress, accepting new jobs"),
        ("pending_closed", True, "In progress, not accepting new jobs"),
        ("closed", False, "Closed"),
        ("strange", True, "Strange"),
    ],
)
def test_the_words_of_the_wire_are_read_as_the_stock_client_reads_them(state: str, accepting: bool, shown: str) -> None:
    assert wire_status(state, accepting) == shown


@pytest.mark.rule("V-02", "S-03")
def test_details_have_the_fields_of_the_guide_but_the_backends_name_which_is_the_hosts() -> None:
    bench = device()
    bench.at(1).open_batch("s", max_ttl=HOUR)
    assert bench.details("s") == {
        "id": "s",
        "interactive_timeout": 60 * SECOND,
        "max_time": HOUR,
        "active_timeout": HOUR,
        "state": "open",
        "accepting_jobs": True,
        "last_job_started": None,
        "last_job_completed": None,
        "started_at": None,
        "closed_at": None,
        "activated_at": None,
        "mode": "batch",
        "usage_time": 0,
    }
    bench.at(2).submit("a", "s")
    bench.at(5).succeed("a")
    bench.at(70).submit("b", "s")
    bench.at(71).succeed("b").close("s")
    bench.at(80).nothing()
    seen = bench.details("s")
    assert (seen["state"], seen["accepting_jobs"]) == ("closed", False)
    times = ("started_at", "activated_at", "last_job_started", "last_job_completed", "closed_at", "usage_time")
    assert [seen[name] // SECOND for name in times] == [2, 70, 70, 71, 71, 4]


@pytest.mark.rule("V-03")
@pytest.mark.parametrize(
    "row",
    [row for chart in (SESSION_CHART, JOB_CHART) for row in chart.rows if row.fault is Fault.CLIENT],
    ids=lambda row: row.id,
)
def test_every_row_that_refuses_a_client_has_a_code_a_status_a_sentence_and_a_remedy(row: object) -> None:
    assert row.disposition is Disposition.FORBIDDEN  # type: ignore[attr-defined]  # a Row
    assert row.code in (1208, 1217, 1290, 1291, 1292)  # type: ignore[attr-defined]
    assert row.http_status in (400, 404, 409)  # type: ignore[attr-defined]
    assert row.says.endswith(".")  # type: ignore[attr-defined]
    assert row.remedy.endswith(".")  # type: ignore[attr-defined]


@pytest.mark.rule("V-03", "S-06")
def test_a_refusal_is_one_message_with_the_vendors_sentence_the_row_the_state_the_story_and_the_remedy() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s")
    bench.at(1, 500_000).cancel("s")
    refused = bench.refusal(lambda: bench.at(2).submit("b", "s"))
    assert str(refused) == (
        "Session has been closed. [S-06.closed] It is closed after S-01.open (+0.000 s), S-05.submit (+0.000 s),"
        " S-09.start (+0.000 s), S-20.cancel (+1.500 s). Open a new session and submit the job there."
    )
    assert refused.rule == "S-06"


@pytest.mark.rule("V-03")
def test_a_refusal_without_a_state_or_story_still_reads_as_a_sentence() -> None:
    bare = ClientError("No.", rule="S-02", row="S-02.x", code=1, http_status=400, remedy="Do it.")
    assert str(bare) == "No. [S-02.x] Do it."
    stateful = ClientError("No.", rule="S-02", row="S-02.x", code=1, http_status=400, remedy="Do it.", state="open")
    assert str(stateful) == "No. [S-02.x] It is open. Do it."


@pytest.mark.rule("V-03")
def test_an_unknown_session_has_no_story() -> None:
    bench = device()
    assert bench.core.story("nowhere") == ()
    assert bench.core.timers("nowhere") == ()
    assert bench.core.session("nowhere") is None


@pytest.mark.rule("V-03")
def test_errors_are_named_by_whose_fault_they_are_and_say_which_rule_is_broken() -> None:
    assert str(HostError("Too late.", rule="T-04")) == "Too late. (T-04)"
    assert str(HostError("Twice.", rule="J-09", row="J-09.job-twice")) == "Twice. (J-09.job-twice)"
    assert str(InvariantError("It cannot be.", rule="D-01")) == "It cannot be. (D-01)"
    for error in (HostError, ClientError, InvariantError):
        assert issubclass(error, SessionCoreError)

"""The timers in a picture of one session or job are as long as was agreed for it, whatever its profile says."""

from __future__ import annotations

import pytest

from sessioncore.core import AZURE, IBM_GUIDE, DeviceCore, Mode, OpenRequested, SubmitRequested
from sessioncore.diagrams import Diagram, draw
from sessioncore.trace import DeviceHeader, Header, Recorded, Trace

from .conftest import SECOND
from .test_over import data, dot

AGREED = "Its timers are as long as was agreed for it."


def lengths(drawn: Diagram) -> dict[str, str]:
    """How long each timer of a picture runs."""
    return {timer["trigger"]: timer["length"] for timer in data(drawn)["timers"]}


@pytest.fixture
def brief() -> Trace:
    """One session that asked for six seconds, with a job that asked for two."""
    entries = (
        Recorded(seq=1, event=OpenRequested(at=0, session_id="brief", mode=Mode.DEDICATED, max_ttl=6 * SECOND)),
        Recorded(seq=2, event=SubmitRequested(at=1, job_id="j", session_id="brief", max_execution=2 * SECOND)),
    )
    return Trace(header=Header(devices=(DeviceHeader(id="qpu"),)), entries=entries)


def test_a_timer_is_as_long_as_the_session_agreed_at_its_opening(brief: Trace) -> None:
    """S-03: the profile's interactive TTL of 60 s cannot outlive this session either."""
    for drawn in (draw("session", trace=brief), draw("session", at=brief)):
        told = lengths(drawn)
        assert (told["MaxTtlExpired"], told["InteractiveTtlExpired"]) == ("6 s", "6 s")
        assert told["NoSubmissionExpired"] == "30 min"
        assert AGREED in dot(drawn)


def test_a_live_session_and_a_live_job_have_timers_of_their_own_lengths(brief: Trace) -> None:
    core = DeviceCore("qpu")
    for entry in brief.entries:
        assert isinstance(entry, Recorded)
        core.handle(entry.event)
    assert lengths(draw("session", at=core.session("brief")))["MaxTtlExpired"] == "6 s"
    assert lengths(draw("job", at=core.job("j"))) == {"ExecutionLimitExpired": "2 s"}


def test_the_execution_limit_of_a_job_is_its_own(brief: Trace) -> None:
    assert lengths(draw("job", trace=brief)) == {"ExecutionLimitExpired": "2 s"}


def test_a_session_that_agreed_on_the_usual_says_nothing_of_it(trace: Trace) -> None:
    drawn = draw("session", trace=trace, subject="long")
    assert lengths(drawn)["MaxTtlExpired"] == "8 h"
    assert AGREED not in dot(drawn)


def test_under_another_profile_the_lengths_are_those_of_that_profile(brief: Trace) -> None:
    assert lengths(draw("session", trace=brief, profile=AZURE)) == lengths(draw("session", profile=AZURE))


def test_a_session_that_asked_for_an_end_has_its_timer_where_the_profile_has_none() -> None:
    header = Header(devices=(DeviceHeader(id="qpu"),), profile=IBM_GUIDE.with_values(max_ttl=None))
    event = OpenRequested(at=0, session_id="s", mode=Mode.BATCH, max_ttl=6 * SECOND)
    told = lengths(draw("session", trace=Trace(header=header, entries=(Recorded(seq=1, event=event),))))
    assert told["MaxTtlExpired"] == "6 s"

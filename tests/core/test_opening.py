"""Semantics, *Opening*: S-01 to S-03, and the core's part of S-04."""

from __future__ import annotations

import pytest

from sessioncore.core import (
    IBM_GUIDE,
    IBM_TODAY,
    PASQAL_BATCH,
    SCALEWAY,
    Mode,
    NotifySession,
    OpenRequested,
    SessionState,
    parse_duration,
)

from .session_bench import HOUR, MINUTE, SECOND, device, lone_session


@pytest.mark.rule("S-01")
@pytest.mark.parametrize("mode", list(Mode))
def test_a_new_session_is_open_and_accepting_with_only_its_creation_stamped_and_nothing_charged(mode: Mode) -> None:
    bench = device()
    bench.at(7).open("s", mode)
    session = bench.session("s")
    assert session.state is SessionState.OPEN
    assert session.accepting_jobs
    assert session.created_at == 7 * SECOND
    assert session.mode is mode
    assert session.state_reason is None
    stamps = (
        session.started_at,
        session.activated_at,
        session.closed_at,
        session.last_job_started,
        session.last_job_completed,
        session.last_submission,
    )
    assert stamps == (None,) * 6
    assert session.usage(8 * SECOND) == 0
    assert session.accepted == 0
    assert bench.core.fired == {"S-01.open": 1}
    assert bench.effects == (
        NotifySession(
            at=7 * SECOND,
            session_id="s",
            state=SessionState.OPEN,
            accepting_jobs=True,
            row="S-01.open",
            state_reason=None,
        ),
    )


@pytest.mark.rule("S-01")
def test_creating_a_session_holds_no_device() -> None:
    bench = device()
    bench.at(0).open("s").submit("alone")
    assert bench.core.holder is None
    assert bench.running() == ["alone"]


@pytest.mark.rule("S-02", "V-03")
@pytest.mark.parametrize("max_ttl", [0, -1, 8 * HOUR + 1, 1.5, "25m", True])
def test_a_session_is_refused_and_not_left_behind_when_its_max_ttl_is_not_possible(max_ttl: object) -> None:
    bench = device()
    refused = bench.refusal(lambda: bench.at(0).open("s", max_ttl=max_ttl))
    assert (refused.row, refused.code, refused.http_status) == ("S-02.max-ttl", 1208, 400)
    assert "at most 28800 s" in refused.remedy
    assert bench.core.session("s") is None
    bench.at(0).open("s")
    assert bench.state("s") == "open"


@pytest.mark.rule("S-02")
@pytest.mark.parametrize("max_ttl", [1, SECOND, 8 * HOUR])
def test_any_max_ttl_above_zero_up_to_the_ceiling_is_taken(max_ttl: int) -> None:
    bench = device()
    bench.at(0).open("s", max_ttl=max_ttl)
    assert bench.session("s").max_ttl == max_ttl


@pytest.mark.rule("S-02")
def test_a_profile_without_a_ceiling_takes_any_max_ttl_above_zero() -> None:
    bench = device(profile=PASQAL_BATCH)
    bench.at(0).open("s", max_ttl=1000 * HOUR)
    assert bench.session("s").max_ttl == 1000 * HOUR
    refused = bench.refusal(lambda: bench.at(0).open("other", max_ttl=0))
    assert "at most" not in refused.remedy


@pytest.mark.rule("S-02")
@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("25m", 25 * MINUTE),
        ("2h 30m 40s", 2 * HOUR + 30 * MINUTE + 40 * SECOND),
        ("2h30m40s", 2 * HOUR + 30 * MINUTE + 40 * SECOND),
        ("1d", 24 * HOUR),
        ("1d 1s", 24 * HOUR + SECOND),
        ("28800s", 8 * HOUR),
        (90, 90 * SECOND),
        (1, SECOND),
    ],
)
def test_a_length_of_time_is_text_with_units_or_a_whole_number_of_seconds(text: str | int, microseconds: int) -> None:
    assert parse_duration(text) == microseconds


@pytest.mark.rule("S-02")
@pytest.mark.parametrize(
    "text",
    [
        "1.5h", "25m xyz", "90", "", " ", "25m ", " 25m", "25m\n", "2h  30m", "1d  30m", "30m 2h", "2h 2h", "25 m",
        "-25m", "+1h", "1H", "1w", "٢m", "h", 1.5, True, False, None, b"25m", "9999999999s",
    ],
)  # fmt: skip
def test_a_malformed_length_of_time_is_an_error_that_says_what_is_expected(text: object) -> None:
    with pytest.raises(ValueError, match=r'write it as "25m", "2h 30m 40s", "1d", or as a whole number of seconds'):
        parse_duration(text)  # type: ignore[arg-type]  # that is the question


@pytest.mark.rule("S-02")
@pytest.mark.parametrize("text", ["0m", "0d 0h", 0, -5])
def test_a_length_of_time_of_zero_or_less_is_an_error_that_says_so(text: str | int) -> None:
    with pytest.raises(ValueError, match="more than zero"):
        parse_duration(text)


@pytest.mark.rule("S-03")
def test_max_ttl_defaults_to_the_ceiling_and_the_interactive_ttl_to_the_profiles() -> None:
    bench = device()
    bench.at(0).open("s")
    session = bench.session("s")
    assert session.max_ttl == 8 * HOUR
    assert session.interactive_ttl == 60 * SECOND


@pytest.mark.rule("S-03")
def test_an_interactive_ttl_above_the_sessions_max_ttl_is_reduced_to_it() -> None:
    bench = device()
    bench.at(0).open("s", max_ttl=20 * SECOND).open("t", max_ttl=60 * SECOND).open("u", max_ttl=61 * SECOND)
    assert [bench.session(name).interactive_ttl for name in "stu"] == [20 * SECOND, 60 * SECOND, 60 * SECOND]


@pytest.mark.rule("S-03")
def test_active_ttl_is_reported_as_max_ttl_and_no_rule_depends_on_it() -> None:
    bench = device()
    bench.at(0).open("s", max_ttl=30 * MINUTE)
    assert bench.session("s").active_ttl == 30 * MINUTE
    assert bench.details("s")["active_timeout"] == 30 * MINUTE


@pytest.mark.rule("S-04")
def test_what_an_instance_without_sessions_gets_is_a_value_of_the_profile_and_no_guard_of_the_chart() -> None:
    assert IBM_GUIDE.plan_denied == "job_mode"
    assert IBM_TODAY.plan_denied == "reject"
    assert IBM_GUIDE.dedicated == IBM_TODAY.dedicated
    assert IBM_GUIDE.batch == IBM_TODAY.batch


@pytest.mark.rule("S-04")
def test_a_job_without_a_session_has_session_id_none_and_runs_in_job_mode() -> None:
    bench = device()
    bench.at(0).submit("a")
    assert bench.job("a").session_id is None
    bench.at(3).succeed("a")
    assert bench.job("a").status == "completed"


@pytest.mark.rule("S-01", "S-09", "S-10")
def test_a_service_that_starts_sessions_at_creation_starts_and_arms_them_there() -> None:
    bench = device(profile=SCALEWAY)
    bench.at(5).open("s")
    session = bench.session("s")
    assert bench.state("s") == "active"
    assert session.started_at == session.activated_at == session.created_at == 5 * SECOND
    assert session.max_ttl_due == 5 * SECOND + 59 * MINUTE
    assert bench.core.holder == "s"
    assert bench.usage("s") == 0
    bench.at(6).nothing()
    assert bench.usage("s") == SECOND


@pytest.mark.rule("J-09")
def test_a_session_id_used_twice_is_the_hosts_error_whatever_else_is_wrong_with_the_request() -> None:
    bench = device()
    bench.at(0).open("s")
    for terms in ({}, {"max_ttl": 0}):
        fault = bench.fault(lambda terms=terms: bench.at(1).open("s", **terms))
        assert fault.row == "J-09.session-twice"
    bench.at(2).close("s")
    assert bench.fault(lambda: bench.at(3).open("s")).row == "J-09.session-twice"


@pytest.mark.rule("J-09")
def test_a_core_of_one_session_takes_no_second_one() -> None:
    bench = lone_session()
    bench.at(0).open("s")
    assert "holds one session" in str(bench.fault(lambda: bench.at(0).do(OpenRequested(at=0, session_id="t"))))

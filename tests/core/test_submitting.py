"""Semantics, *Submitting*: S-05 to S-08."""

from __future__ import annotations

import pytest

from sessioncore.core import ClientError, Configuration, JobStatus, NotifyJob, SessionCore

from .session_bench import HOUR, SECOND, Bench, device, lone_session


@pytest.mark.rule("S-05")
def test_jobs_of_an_accepting_session_are_queued_and_start_in_the_order_of_submission() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s").submit("b", "s").submit("c", "s")
    assert bench.queued() == ["b", "c"]
    bench.at(1).succeed("a")
    bench.at(2).succeed("b")
    assert bench.started() == ["a", "b", "c"]


@pytest.mark.rule("S-05")
def test_a_submission_is_told_and_changes_the_session_only_in_its_counts() -> None:
    bench = lone_session()
    bench.at(0).open("s")
    bench.at(1).submit("a", "s", max_execution=SECOND)
    told = NotifyJob(at=SECOND, job_id="a", status=JobStatus.QUEUED, row="J-01.submit")
    assert bench.effects == (told,)
    session = bench.session("s")
    assert (session.queued, session.on_device, session.accepted) == (1, 0, 1)
    assert session.last_submission == SECOND
    assert session.work_ran_out_at is None
    assert bench.state("s") == "open"
    job = bench.job("a")
    assert (job.submitted_at, job.session_id, job.execution_limit) == (SECOND, "s", SECOND)


def _draining(configuration: str) -> Bench[SessionCore]:
    bench = lone_session()
    bench.at(0).open("s").submit("a", "s")
    if configuration != "open_draining":
        bench.at(1).start("a")
    if configuration == "inactive_draining":
        bench.at(2).succeed("a")
        bench.at(100).submit("b", "s")
    if configuration == "closed":
        bench.at(2).cancel("s")
    else:
        bench.at(100).close("s")
    assert bench.state("s") == configuration
    return bench


@pytest.mark.rule("S-06", "V-03")
@pytest.mark.parametrize("configuration", ["open_draining", "active_draining", "inactive_draining", "closed"])
@pytest.mark.parametrize("max_execution", [None, 0, -1, 100 * HOUR], ids=["good", "zero", "negative", "too-long"])
def test_a_session_that_does_not_accept_refuses_with_1217_and_400_before_any_other_reason(
    configuration: str, max_execution: int | None
) -> None:
    bench = _draining(configuration)
    refused = bench.refusal(lambda: bench.at(101).submit("x", "s", max_execution=max_execution))
    assert refused.row == ("S-06.closed" if configuration == "closed" else "S-06.draining")
    assert (refused.code, refused.http_status) == (1217, 400)
    assert refused.message == "Session has been closed."
    assert "x" not in bench.core.jobs
    assert refused.story == bench.core.story("s")
    assert refused.story


@pytest.mark.rule("S-06", "V-03")
def test_the_refusal_tells_how_the_session_got_where_it_is_and_what_to_do_instead() -> None:
    bench = _draining("inactive_draining")
    refused = bench.refusal(lambda: bench.at(101).submit("x", "s"))
    assert str(refused) == (
        "Session has been closed. [S-06.draining] It is inactive and not accepting jobs after S-01.open (+0.000 s),"
        " S-05.submit (+0.000 s), S-09.start (+1.000 s), J-01.end (+2.000 s), S-14.deactivate (+62.000 s),"
        " S-08.submit (+100.000 s), S-17.inactive (+100.000 s). Open a new session and submit the job there."
    )


@pytest.mark.rule("V-03")
def test_only_the_last_eight_steps_are_told() -> None:
    bench = lone_session()
    bench.at(0).open("s")
    for number in range(20):
        bench.at(number).submit(f"j{number}", "s")
    bench.at(30).cancel("s")
    refused = bench.refusal(lambda: bench.at(31).submit("x", "s"))
    assert len(refused.story) == 8
    assert refused.story[-1] == (30 * SECOND, "S-20.cancel")


@pytest.mark.rule("S-07")
@pytest.mark.parametrize("max_execution", [0, -1, HOUR + 1])
def test_a_job_that_is_to_run_for_nothing_or_longer_than_the_sessions_max_ttl_is_refused(max_execution: int) -> None:
    bench = device()
    bench.at(0).open("s", max_ttl=HOUR)
    refused = bench.refusal(lambda: bench.at(1).submit("a", "s", max_execution=max_execution))
    assert (refused.row, refused.code, refused.http_status) == ("S-07.session", 1208, 400)
    assert refused.state == "open"
    assert not bench.core.jobs


@pytest.mark.rule("S-07")
def test_a_job_may_run_exactly_as_long_as_the_sessions_max_ttl() -> None:
    bench = device()
    bench.at(0).open("s", max_ttl=HOUR).submit("a", "s", max_execution=HOUR)
    assert bench.job("a").execution_limit == HOUR


@pytest.mark.rule("S-07")
@pytest.mark.parametrize("max_execution", [0, -1])
def test_in_job_mode_only_zero_and_negative_lengths_are_refused(max_execution: int) -> None:
    bench = device()
    refused = bench.refusal(lambda: bench.at(0).submit("a", max_execution=max_execution))
    assert (refused.row, refused.code, refused.http_status) == ("S-07.job", 1208, 400)
    assert not bench.core.jobs
    bench.at(0).submit("long", max_execution=1000 * HOUR)
    assert bench.running() == ["long"]


@pytest.mark.rule("S-07")
def test_a_profile_without_max_ttl_refuses_only_zero_and_negative_lengths() -> None:
    bench = lone_session(max_ttl=None)
    bench.at(0).open("s").submit("a", "s", max_execution=1000 * HOUR)
    with pytest.raises(ClientError):
        bench.at(0).submit("b", "s", max_execution=0)


@pytest.mark.rule("S-08", "S-14")
def test_a_job_submitted_to_an_inactive_session_waits_and_the_session_stays_inactive_until_the_dispatch() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).succeed("a")
    bench.at(61).nothing()
    assert bench.state("s") == "inactive"
    bench.at(70).submit("other")
    bench.at(71).submit("b", "s")
    assert bench.state("s") == "inactive"
    assert bench.queued() == ["b"]
    assert bench.steps("s")[-1] == "S-08.submit"
    bench.at(80).succeed("other")
    assert bench.state("s") == "active"


@pytest.mark.rule("J-09")
def test_submitting_to_closing_or_cancelling_an_unknown_session_is_a_404() -> None:
    for bench in (device(), lone_session()):
        for row, act in {
            "J-09.submit-unknown": lambda bench=bench: bench.at(0).submit("a", "nowhere"),
            "J-09.close-unknown": lambda bench=bench: bench.at(0).close("nowhere"),
            "J-09.cancel-unknown": lambda bench=bench: bench.at(0).cancel("nowhere"),
        }.items():
            refused = bench.refusal(act)
            assert refused.http_status == 404
            assert refused.row == row
            assert not bench.core.jobs


@pytest.mark.rule("J-09", "S-06")
def test_a_job_id_used_twice_is_the_hosts_error_before_every_other_reason_to_refuse() -> None:
    bench = device()
    bench.at(0).open("s").submit("a", "s")
    bench.at(1).cancel("s")
    for act in (
        lambda: bench.at(2).submit("a", "s"),
        lambda: bench.at(2).submit("a", "nowhere"),
        lambda: bench.at(2).submit("a"),
        lambda: bench.at(2).submit("a", max_execution=0),
    ):
        assert bench.fault(act).row == "J-09.job-twice"


@pytest.mark.rule("D-04")
def test_a_core_of_one_session_has_no_job_mode() -> None:
    bench = lone_session()
    assert "has no job mode" in str(bench.fault(lambda: bench.at(0).submit("a")))


@pytest.mark.rule("S-05", "S-08")
def test_submissions_are_rows_of_their_own_in_each_accepting_state() -> None:
    bench = lone_session()
    bench.at(0).open("s").submit("a", "s")
    assert bench.session("s").configuration is Configuration.OPEN
    bench.at(1).start("a").submit("b", "s")
    assert bench.core.fired["S-05.submit"] == 2
    assert "S-08.submit" not in bench.core.fired

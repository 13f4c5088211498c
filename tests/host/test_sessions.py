"""Sessions through the runtime: their life on a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import attrs
import pytest

from sessioncore.core import ClientError, HostError, JobStatus, Mode, SessionState, StateReason
from sessioncore.core.profiles import SCALEWAY
from sessioncore.host import Caller

from .conftest import ME, MINUTE, SECOND, HandBackend, World, request

MakeWorld = Callable[..., World]


def refusal(call: Callable[[], Any]) -> ClientError:
    with pytest.raises(ClientError) as caught:
        call()
    assert caught.value.remedy
    return caught.value


def test_a_new_session_is_open_and_costs_nothing(world: World) -> None:
    """S-01."""
    session = world.open()
    assert (session.state, session.status, session.accepting_jobs) == (SessionState.OPEN, "Pending", True)
    assert session.timestamps == (("open", 0),)
    assert session.timers == (("NoSubmissionExpired", 30 * MINUTE),)
    assert world.runtime.usage(ME) == 0
    assert set(session.jobs.values()) == {0}


def test_its_first_job_starts_it_and_its_idle_time_deactivates_it(world: World) -> None:
    """S-09, S-13, S-14, S-11, U-01."""
    session = world.open()
    world.runtime.advance(5 * SECOND)
    job = world.submit(session)
    assert world.session(session).state is SessionState.ACTIVE
    world.runtime.advance(2 * SECOND)
    world.end(job.id)
    assert world.session(session).last_job_completed == 7 * SECOND
    world.runtime.advance(60 * SECOND)
    seen = world.session(session)
    assert (seen.state, seen.usage) == (SessionState.INACTIVE, 62 * SECOND)
    world.runtime.advance(10 * SECOND)
    again = world.submit(session)
    seen = world.session(session)
    assert seen.timestamps == (
        ("open", 0),
        ("active", 5 * SECOND),
        ("inactive", 67 * SECOND),
        ("active", 77 * SECOND),
    )
    assert (seen.started_at, seen.activated_at) == (5 * SECOND, 77 * SECOND)
    world.end(again.id)
    assert world.runtime.usage(ME) == world.session(session).usage == 62 * SECOND


def test_the_max_ttl_closes_it_and_its_queued_jobs_fail_while_the_running_one_goes_on(world: World) -> None:
    """S-15, S-22, S-23."""
    session = world.open(max_ttl=MINUTE)
    running, queued = world.submit(session), world.submit(session)
    world.runtime.advance(90 * SECOND)
    seen = world.session(session)
    assert (seen.state, seen.state_reason, seen.closed_at) == (
        SessionState.CLOSED,
        StateReason.MAX_TTL,
        MINUTE,
    )
    failed = world.job(queued)
    assert (failed.client_status, failed.reason_code, failed.ended_at) == ("Failed", 1217, MINUTE)
    assert failed.remedy is not None
    assert world.job(running).client_status == "Running"
    world.end(running.id)
    assert world.runtime.result(ME, running.id) == b"result of " + running.id.encode()
    assert world.session(session).usage == 90 * SECOND
    assert world.session(session).jobs["completed"] == world.session(session).jobs["failed"] == 1


def test_a_session_without_submissions_closes(world: World) -> None:
    """S-16."""
    session = world.open()
    world.runtime.advance(30 * MINUTE - 1)
    assert world.session(session).state is SessionState.OPEN
    world.runtime.advance(1)
    assert world.session(session).state_reason is StateReason.NO_SUBMISSION


def test_one_long_step_of_the_clock_fires_everything_at_its_own_instant(make_world: MakeWorld) -> None:
    """T-02, over several devices."""
    left, right = HandBackend("left"), HandBackend("right")
    world = make_world(left, right)
    one = world.open(max_ttl=MINUTE)
    two = world.open(backend="right", max_ttl=2 * MINUTE)
    world.submit(one)
    other = world.runtime.submit(ME, request("right", session_id=two.id))
    right.end(other.id)
    world.runtime.advance(10 * MINUTE)
    assert world.session(one).closed_at == MINUTE
    assert world.session(two).timestamps == (
        ("open", 0),
        ("active", 0),
        ("inactive", MINUTE),
        ("closed", 2 * MINUTE),
    )
    assert world.runtime.now() == 10 * MINUTE


def test_closing_drains_and_cancelling_does_not(world: World) -> None:
    """S-17, S-19, S-20, S-21."""
    drained, cancelled = world.open(), world.open()
    first, second = world.submit(drained), world.submit(drained)
    waiting = world.submit(cancelled)
    view = world.runtime.close_session(ME, drained.id)
    assert (view.state, view.status) == (SessionState.ACTIVE, "In progress, not accepting new jobs")
    again = world.runtime.close_session(ME, drained.id)
    assert attrs.evolve(again, story=view.story) == view
    world.end(first.id)
    world.end(second.id)
    assert world.session(drained).state_reason is StateReason.CLOSED
    assert world.device.running() == [waiting.id]
    queued = world.submit(cancelled)
    view = world.runtime.cancel_session(ME, cancelled.id)
    assert view.state_reason is StateReason.CANCELLED
    assert world.job(queued).reason_code == 1217
    again = world.runtime.cancel_session(ME, cancelled.id)
    assert attrs.evolve(again, story=view.story) == view


def test_a_session_that_is_closed_refuses_jobs_before_every_other_reason(world: World) -> None:
    """S-06."""
    session = world.open()
    world.runtime.close_session(ME, session.id)
    bad = request("elsewhere", program_id="none", session_id=session.id, max_execution=-1)
    for ask in (world.runtime.submit, world.runtime.admits):
        error = refusal(partial(ask, ME, bad))
        assert (error.rule, error.code, error.http_status) == ("S-06", 1217, 400)
        assert "closed" in str(error)
        assert "S-18.close" in str(error)


def test_a_refusal_changes_nothing_and_leaves_no_record(world: World) -> None:
    """T-03, V-03."""
    session = world.open()
    before = list(world.runtime.trace())
    snapshot = world.runtime._devices["hand"].core.snapshot()
    for bad in (
        request(max_execution=0),
        request(max_execution=True),
        request(session_id=session.id, max_execution=9 * 3600 * SECOND),
        request("elsewhere"),
        request(program_id="calibrate"),
        request(session_id="nobody's"),
        request(tags=("x",) * 101),
        request(params="text"),
    ):
        asked = refusal(partial(world.runtime.admits, ME, bad))
        told = refusal(partial(world.runtime.submit, ME, bad))
        assert (asked.row, asked.http_status) == (told.row, told.http_status)
    refusal(lambda: world.runtime.open_session(ME, backend="hand", mode=Mode.DEDICATED, max_ttl=-5))
    refusal(lambda: world.runtime.open_session(ME, backend="nowhere", mode=Mode.DEDICATED))
    refusal(lambda: world.runtime.open_session(ME, backend="hand", mode="shared"))  # type: ignore[arg-type]
    assert list(world.runtime.trace()) == before
    assert world.runtime._devices["hand"].core.snapshot() == snapshot
    assert world.runtime.health()["jobs"] == 0


def test_admits_says_nothing_against_a_good_job_and_does_not_take_it(world: World) -> None:
    session = world.open()
    world.runtime.admits(ME, request(session_id=session.id, max_execution=SECOND))
    assert world.session(session).jobs["queued"] == 0


def test_a_job_for_another_device_than_its_sessions_is_refused(make_world: MakeWorld) -> None:
    world = make_world(HandBackend("left"), HandBackend("right"))
    session = world.open()
    error = refusal(lambda: world.runtime.submit(ME, request("right", session_id=session.id)))
    assert error.http_status == 400
    assert "left" in str(error)


def test_what_another_instance_owns_is_not_found(world: World) -> None:
    """J-09: the same answer as for what does not exist."""
    stranger = Caller(instance="another")
    session, job = world.open(), world.submit()
    runtime = world.runtime
    of_a_session: list[Callable[[Caller, str], object]] = [
        runtime.session,
        runtime.close_session,
        runtime.cancel_session,
        lambda who, named: runtime.submit(who, request(session_id=named)),
    ]
    of_a_job: list[Callable[[Caller, str], object]] = [
        runtime.job,
        runtime.cancel_job,
        runtime.delete_job,
        lambda who, named: runtime.set_tags(who, named, []),
        runtime.params,
        runtime.result,
        runtime.log,
        runtime.when_final,
    ]
    for call, named in [(call, session.id) for call in of_a_session] + [(call, job.id) for call in of_a_job]:
        hidden = refusal(partial(call, stranger, named))
        absent = refusal(partial(call, ME, "absent"))
        assert hidden.http_status == absent.http_status == 404
        assert hidden.row == absent.row
    assert runtime.sessions(stranger) == []
    assert [view.id for view in runtime.sessions(ME)] == [session.id]
    assert runtime.usage(stranger) == 0


def test_sessions_are_listed_newest_first(world: World) -> None:
    made = [world.open().id for _ in range(3)]
    assert [view.id for view in world.runtime.sessions(ME)] == made[::-1]


def test_a_plan_without_sessions_gives_no_session_and_its_jobs_run_alone(
    make_world: MakeWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """S-04, job_mode."""
    world = make_world(plan_denied="job_mode")
    assert world.runtime.open_session(ME, backend="hand", mode=Mode.DEDICATED) is None
    assert "job mode" in caplog.text
    assert world.submit().session_id is None


def test_a_plan_without_sessions_can_refuse(make_world: MakeWorld) -> None:
    """S-04, reject."""
    world = make_world(plan_denied="reject")
    error = refusal(lambda: world.runtime.open_session(ME, backend="hand", mode=Mode.BATCH))
    assert (error.http_status, error.code) == (400, 1352)


def test_a_profile_whose_sessions_start_at_creation_meters_from_there(make_world: MakeWorld) -> None:
    world = make_world(profile=SCALEWAY)
    session = world.open()
    assert session.state is SessionState.ACTIVE
    world.runtime.advance(7 * SECOND)
    assert world.runtime.usage(ME) == 7 * SECOND
    world.runtime.close_session(ME, session.id)
    world.runtime.advance(7 * SECOND)
    assert world.runtime.usage(ME) == 7 * SECOND


def test_usage_adds_up_sessions_batches_and_jobs_of_their_own(make_world: MakeWorld) -> None:
    """U-01, U-02."""
    world = make_world(lanes=2)
    alone = world.submit()
    batch = world.open(Mode.BATCH)
    in_batch = world.submit(batch)
    world.runtime.advance(3 * SECOND)
    assert world.runtime.usage(ME) == 6 * SECOND
    world.end(alone.id)
    world.end(in_batch.id)
    world.runtime.advance(SECOND)
    world.runtime.delete_job(ME, alone.id)
    world.runtime.close_session(ME, batch.id)
    assert world.runtime.usage(ME) == 6 * SECOND
    assert world.job(in_batch).usage == 3 * SECOND


def test_settings_that_make_no_sense_are_the_hosts_error(make_world: MakeWorld) -> None:
    for settings in ({"plan_denied": "perhaps"}, {"policy": "lifo"}, {"lanes": 0}):
        with pytest.raises(HostError):
            make_world(**settings)
    with pytest.raises(HostError):
        make_world(HandBackend("same"), HandBackend("same"))


def test_an_id_that_comes_twice_is_the_hosts_error_and_keeps_the_first_payload(make_world: MakeWorld) -> None:
    """J-09."""
    world = make_world(ids=lambda: "same")
    job = world.submit(params=b"first")
    for again in (lambda: world.submit(params=b"second"), world.open):
        with pytest.raises(HostError):
            again()
    assert world.runtime.params(ME, job.id) == b"first"
    assert world.job(job).status is JobStatus.RUNNING

"""Jobs through the runtime: what they bring, how they end early, who may see what."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from sessioncore.core import ClientError, HostError, JobStatus
from sessioncore.host import HostLimits, JobFilter
from sessioncore.ports import Attempt, Failed, Outcome, Released, Succeeded

from .conftest import DEADLINE_S, ME, MINUTE, SECOND, HandBackend, World, request

MakeWorld = Callable[..., World]


def status(call: Callable[[], Any]) -> int:
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value.http_status


def test_a_job_goes_out_with_its_payload_and_comes_back_with_its_result(world: World) -> None:
    job = world.submit(params=b'{"pubs": []}')
    assert (job.status, job.client_status, job.final) == (JobStatus.RUNNING, "Running", False)
    assert world.device.attempts == [Attempt(job_id=job.id, program_id="sampler", params=b'{"pubs": []}')]
    assert world.runtime.result(ME, job.id) is None
    world.runtime.advance(SECOND)
    world.end(job.id, Succeeded(result=b"counts", metrics={"circuits_execution_time_ns": 5}))
    seen = world.job(job)
    assert (seen.client_status, seen.final, seen.usage) == ("Completed", True, SECOND)
    assert seen.metrics == {"circuits_execution_time_ns": 5}
    assert [world.runtime.result(ME, job.id) for _ in range(2)] == [b"counts"] * 2
    assert world.runtime.params(ME, job.id) == b'{"pubs": []}'
    assert world.runtime.log(ME, job.id) == ""


def test_a_job_that_fails_says_why_and_keeps_its_log(world: World) -> None:
    job = world.submit()
    world.fail(job.id)
    seen = world.job(job)
    assert (seen.client_status, seen.reason, seen.reason_code) == ("Failed", "it was bad", 1208)
    assert seen.remedy is not None
    assert world.runtime.log(ME, job.id) == "Traceback\nBad: bad"
    assert world.runtime.result(ME, job.id) is None


def test_a_job_that_the_device_lost_failed(world: World) -> None:
    """J-06."""
    job = world.submit()
    world.end(job.id, Released())
    seen = world.job(job)
    assert (seen.client_status, seen.reason) == ("Failed", "lost")
    assert seen.remedy is not None
    assert "again" in seen.remedy


def test_a_device_that_answers_inside_start_runs_a_whole_queue(make_world: MakeWorld) -> None:
    """The future is done already; nothing recurses and nothing locks up."""
    device = HandBackend(answer=Succeeded(result=b"at once"))
    world = make_world(device)
    world.runtime.hold("hand")
    jobs = [world.submit() for _ in range(2000)]
    world.runtime.release("hand")
    assert {world.job(job).client_status for job in jobs} == {"Completed"}
    assert [attempt.job_id for attempt in device.attempts] == [job.id for job in jobs]


def test_a_device_that_raises_in_start_fails_the_job_and_not_its_neighbours(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.device.broken = RuntimeError("secret path")
    job = world.submit()
    seen = world.job(job)
    assert seen.client_status == "Failed"
    assert seen.reason == "The device could not start the job (RuntimeError)."
    assert "secret path" in caplog.text
    world.device.broken = None
    good = world.submit()
    world.end(good.id)
    assert world.job(good).client_status == "Completed"
    assert world.runtime.health()["backend_faults"] == 1


def test_a_future_that_breaks_the_port_fails_its_job(make_world: MakeWorld) -> None:
    class Breaking(HandBackend):
        def start(self, attempt: Attempt) -> Future[Outcome]:
            self.future = super().start(attempt)
            return self.future

    device = Breaking()
    world = make_world(device)
    raised = world.submit()
    device.future.set_exception(ValueError("not allowed here"))
    assert world.job(raised).reason == "The device failed (ValueError)."
    gone = world.submit()
    assert device.future.cancel()
    assert world.job(gone).reason == "lost"


def test_a_job_that_is_cancelled_while_running_keeps_its_lane_until_the_device_lets_go(world: World) -> None:
    """J-03, J-04."""
    world.device.deaf = True
    job, behind = world.submit(), world.submit()
    view = world.runtime.cancel_job(ME, job.id)
    assert (view.status, view.client_status, view.final) == (JobStatus.CANCELLING, "Cancelled", True)
    assert world.device.stopped == [job.id]
    assert world.job(behind).client_status == "Queued"
    assert status(lambda: world.runtime.cancel_job(ME, job.id)) == 409
    world.end(job.id)  # a result after all: it frees the lane and is dropped
    assert world.job(job).status is JobStatus.CANCELLED
    assert world.runtime.result(ME, job.id) is None
    assert world.job(behind).client_status == "Running"
    assert world.runtime.health()["stored_bytes"] == 4


def test_a_device_that_never_lets_go_loses_the_job_after_the_grace_period(make_world: MakeWorld) -> None:
    world = make_world(grace_us=30 * SECOND)
    world.device.deaf = True
    job, behind = world.submit(), world.submit()
    world.runtime.cancel_job(ME, job.id)
    world.runtime.advance(30 * SECOND - 1)
    assert world.job(behind).client_status == "Queued"
    world.runtime.advance(1)
    assert world.job(job).status is JobStatus.CANCELLED
    assert world.job(behind).started_at == 30 * SECOND
    world.end(job.id)
    assert world.runtime.health()["discarded_reports"] == 1
    assert world.runtime.store.get("result", f"{job.id}/1") is None


def test_a_job_that_runs_too_long_is_stopped(world: World) -> None:
    """J-05."""
    job = world.submit(max_execution=MINUTE)
    world.runtime.advance(2 * MINUTE)
    seen = world.job(job)
    assert (seen.client_status, seen.reason_code, seen.ended_at) == ("Cancelled", 1305, MINUTE)
    assert world.device.stopped == [job.id]


def test_a_device_that_never_finishes_holds_nobody_up(world: World) -> None:
    world.submit()
    session = world.open()
    world.submit(session)
    assert world.session(session).status == "Pending"
    assert world.runtime.device("hand").queue_length == 2


def test_deleting_a_final_job_forgets_it(world: World) -> None:
    job = world.submit()
    world.end(job.id)
    world.runtime.delete_job(ME, job.id)
    assert status(lambda: world.runtime.job(ME, job.id)) == 404
    assert world.runtime.health()["jobs"] == world.runtime.health()["stored_bytes"] == 0
    for kind, key in (("params", job.id), ("result", f"{job.id}/1"), ("log", job.id)):
        assert world.runtime.store.get(kind, key) is None


def test_deleting_a_queued_job_cancels_and_forgets_it(world: World) -> None:
    session = world.open()
    running, queued = world.submit(session), world.submit(session)
    world.runtime.delete_job(ME, queued.id)
    assert world.runtime.jobs(ME, JobFilter(session_id=session.id))[1] == 1
    counts = world.session(session).jobs
    assert (counts["running"], counts["cancelled"], counts["queued"]) == (1, 1, 0)
    world.end(running.id)


def test_deleting_a_running_job_hides_it_at_once_and_forgets_it_when_it_is_released(world: World) -> None:
    world.device.deaf = True
    job = world.submit()
    waiting = world.runtime.when_final(ME, job.id)
    world.runtime.delete_job(ME, job.id)
    assert status(lambda: world.runtime.job(ME, job.id)) == 404
    assert world.runtime.jobs(ME, JobFilter()) == ([], 0)
    assert waiting.result(timeout=DEADLINE_S).client_status == "Cancelled"
    assert world.runtime.health()["jobs"] == 1
    assert world.runtime.device("hand").running == 1
    world.end(job.id)
    assert world.runtime.health()["jobs"] == world.runtime.health()["stored_bytes"] == 0
    assert world.runtime.device("hand").running == 0


def test_a_private_job_hides_its_inputs_and_hands_out_its_result_once(world: World) -> None:
    """J-08."""
    job = world.submit(private=True)
    world.end(job.id)
    assert world.runtime.params(ME, job.id) is None
    assert world.runtime.result(ME, job.id) is not None
    assert world.runtime.result(ME, job.id) is None
    assert world.runtime.store.get("result", f"{job.id}/1") is None
    assert world.job(job).client_status == "Completed"


def test_tags_are_replaced_and_a_query_wants_all_of_them(world: World) -> None:
    """J-07."""
    both = world.submit(tags=("vqe", "run-1"))
    one = world.submit(tags=("vqe",))
    found = lambda *tags: [view.id for view in world.runtime.jobs(ME, JobFilter(tags=tags))[0]]  # noqa: E731
    assert found("vqe") == [one.id, both.id]
    assert found("vqe", "run-1") == [both.id]
    assert found("vqe", "run-2") == []
    assert world.runtime.set_tags(ME, one.id, ["other"]).tags == ("other",)
    assert found("vqe") == [both.id]
    assert world.runtime.set_tags(ME, both.id, []).tags == ()
    assert found() == [one.id, both.id]
    assert status(lambda: world.runtime.set_tags(ME, one.id, ["x" * 2000])) == 400


def test_jobs_are_listed_in_pages_with_the_number_of_all_that_match(make_world: MakeWorld) -> None:
    world = make_world(HandBackend("left"), HandBackend("right"), limits=HostLimits(page_max=4))
    made = []
    for _ in range(6):
        made.append(world.submit().id)
        world.runtime.advance(SECOND)
    other = world.runtime.submit(ME, request("right", program_id="estimator")).id

    def found(**asked: Any) -> tuple[list[str], int]:
        page, total = world.runtime.jobs(ME, JobFilter(**asked))
        return [view.id for view in page], total

    assert found() == ([other, *made[:2:-1]], 7)
    assert found(offset=4) == (made[2::-1], 7)
    assert found(ascending=True, limit=2) == (made[:2], 7)
    assert found(limit=100) == ([other, *made[:2:-1]], 7)
    assert found(offset=9) == ([], 7)
    assert found(backend="right") == found(program_id="estimator") == ([other], 1)
    assert found(created_after=4 * SECOND, backend="left") == (made[:3:-1], 2)
    assert found(created_before=SECOND) == (made[1::-1], 2)
    world.end(made[0])
    assert found(pending=False) == (made[:1], 1)
    assert found(pending=True, limit=1)[1] == 6
    assert found(session_id="nobody's") == ([], 0)


def test_whoever_waits_for_a_job_is_told_when_its_client_sees_it_final(world: World) -> None:
    job = world.submit()
    first, second, third = (world.runtime.when_final(ME, job.id) for _ in range(3))
    assert second.cancel()
    assert world.runtime.health()["watchers"] == 2
    assert not first.done()
    world.end(job.id)
    assert first.result(timeout=DEADLINE_S).client_status == "Completed"
    assert third.result(timeout=DEADLINE_S).metrics == {}
    assert world.runtime.when_final(ME, job.id).result(timeout=0).id == job.id
    assert world.runtime.health()["watchers"] == 0


def test_a_callback_may_call_the_runtime(world: World) -> None:
    """It is made without the runtime's lock, and what it starts is delivered after it."""
    job = world.submit()
    seen: list[str] = []
    records: list[str] = []
    world.runtime.subscribe(lambda record: records.append(record["type"]))

    def submit_another(_done: object) -> None:
        again = world.submit()
        world.runtime.when_final(ME, again.id).add_done_callback(lambda done: seen.append(done.result().id))
        world.end(again.id)

    world.runtime.when_final(ME, job.id).add_done_callback(submit_another)
    world.end(job.id)
    assert len(seen) == 1
    assert records == ["JobSucceeded", "SubmitRequested", "JobSucceeded"]


def test_a_subscriber_sees_every_record_until_it_ends_and_may_not_spoil_it_for_others(
    make_world: MakeWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world = make_world(limits=HostLimits(subscribers_max=2))
    seen: list[Any] = []

    def spoil(_record: object) -> None:
        raise RuntimeError("spoilt")

    world.runtime.subscribe(spoil)
    stop = world.runtime.subscribe(seen.append)
    assert status(lambda: world.runtime.subscribe(seen.append)) == 429
    job = world.submit()
    stop()
    world.end(job.id)
    assert [record["type"] for record in seen] == ["SubmitRequested"]
    assert seen[0]["device"] == "hand"
    assert seen[0]["effects"][-1] == {"type": "StartJob", "at": 0, "job_id": job.id}
    assert "spoilt" in caplog.text
    assert world.runtime.health()["subscriber_faults"] == 2


def test_records_beyond_what_slow_subscribers_may_leave_unread_are_dropped_and_counted(
    make_world: MakeWorld,
) -> None:
    world = make_world(limits=HostLimits(unread_max=3))
    seen: list[str] = []

    def slow(record: Any) -> None:
        if not seen:
            seen.append(record["type"])
            for _ in range(5):
                world.open()
        else:
            seen.append(record["type"])

    world.runtime.subscribe(slow)
    world.submit()
    assert seen == ["SubmitRequested"] + ["OpenRequested"] * 3
    assert world.runtime.health()["dropped_records"] == 2


def test_every_bound_is_refused_before_anything_is_accepted(make_world: MakeWorld) -> None:
    limits = HostLimits(
        sessions_max=1, jobs_max=4, queued_max=2, payload_bytes_max=10, stored_bytes_max=12, watchers_max=1
    )
    world = make_world(limits=limits)
    world.open()
    assert status(world.open) == 429
    assert status(lambda: world.submit(params=b"x" * 11)) == 400
    jobs = [world.submit(), world.submit(), world.submit()]
    with pytest.raises(ClientError, match="Too many concurrent jobs") as caught:
        world.submit()
    assert (caught.value.code, caught.value.http_status) == (3458, 400)
    world.runtime.when_final(ME, jobs[0].id)
    assert status(lambda: world.runtime.when_final(ME, jobs[0].id)) == 429
    world.runtime.cancel_job(ME, jobs[2].id)
    assert status(lambda: world.submit(params=b"x" * 7)) == 429  # stored bytes
    jobs.append(world.submit())
    world.runtime.cancel_job(ME, jobs[1].id)
    assert status(world.submit) == 429  # jobs kept
    world.runtime.delete_job(ME, jobs[1].id)
    world.submit()


def test_a_device_that_will_never_run_anything_again_takes_no_jobs_and_health_says_so(make_world: MakeWorld) -> None:
    sound, broken = HandBackend("sound"), HandBackend("broken")
    world = make_world(sound, broken)
    before = world.runtime.submit(ME, request("broken"))
    broken.failure = "its workers die while they start"
    with pytest.raises(ClientError, match="workers die while they start") as caught:
        world.runtime.submit(ME, request("broken"))
    assert (caught.value.http_status, caught.value.row) == (503, "host.device-failed")
    assert world.submit().client_status == "Running"
    health = world.runtime.health()
    assert (health["status"], health["jobs"]) == ("failing", 2)
    assert health["devices_failed"] == {"broken": "its workers die while they start"}
    assert world.job(before).client_status == "Running", "its own report says what becomes of it"


def test_tags_are_bytes_that_are_kept_for_good_since_the_journal_tells_them(make_world: MakeWorld) -> None:
    world = make_world(limits=HostLimits(stored_bytes_max=300))
    job = world.submit(params=b"1234", tags=("abc",))
    kept = 4 + len('["abc"]')
    assert world.runtime.health()["stored_bytes"] == kept
    for _ in range(2):
        world.runtime.set_tags(ME, job.id, ["x" * 100])
        kept += len('[""]') + 100
        assert world.runtime.health()["stored_bytes"] == kept
    assert status(lambda: world.runtime.set_tags(ME, job.id, ["\N{GRINNING FACE}" * 10])) == 429, "12 bytes each"
    assert world.job(job).tags == ("x" * 100,)
    assert status(lambda: world.submit(tags=("y" * 100,))) == 429
    assert world.runtime.health()["stored_bytes"] == kept


def test_a_result_log_or_metrics_without_measure_are_cut(make_world: MakeWorld) -> None:
    world = make_world(limits=HostLimits(result_bytes_max=5, log_chars_max=4, metrics_chars_max=20))
    large, chatty, verbose, odd = (world.submit() for _ in range(4))
    world.end(large.id, Succeeded(result=b"123456"))
    assert world.job(large).client_status == "Failed"
    assert "limit is 5" in (world.job(large).reason or "")
    world.end(chatty.id, Failed(reason="r" * 20_000, log="first last"))
    assert world.runtime.log(ME, chatty.id) == "last"
    assert len(world.job(chatty).reason or "") == 10_000
    world.end(verbose.id, Succeeded(result=b"ok", metrics={"much": "x" * 30}))
    world.end(odd.id, Succeeded(result=b"ok", metrics={"odd": object()}))
    assert world.job(verbose).metrics == world.job(odd).metrics == {}
    assert world.job(odd).client_status == "Completed"


def test_the_journal_keeps_room_for_the_end_of_what_was_accepted(make_world: MakeWorld) -> None:
    world = make_world(limits=HostLimits(journal_max=32))
    world.device.deaf = True
    jobs = []
    with pytest.raises(ClientError, match="journal is nearly full") as caught:
        jobs += [world.submit() for _ in range(40)]
    assert caught.value.http_status == 429
    running = world.device.running()[0]
    world.runtime.cancel_job(ME, running)
    world.runtime.cancel_job(ME, f"id-{5}")
    assert status(lambda: world.runtime.cancel_job(ME, f"id-{6}")) == 429
    world.end(running)
    world.end(world.device.running()[0])
    assert world.runtime.health()["status"] == "ok"
    with pytest.raises(HostError, match="journal is full"):
        world.runtime.hold("hand")
    assert world.runtime.health()["status"] == "read-only"


def test_a_device_that_raises_in_stop_keeps_its_job_until_it_lets_go(
    make_world: MakeWorld, caplog: pytest.LogCaptureFixture
) -> None:
    class Stubborn(HandBackend):
        def stop(self, job_id: str) -> None:
            raise RuntimeError(f"will not stop {job_id}")

    world = make_world(Stubborn())
    job = world.submit()
    assert world.runtime.cancel_job(ME, job.id).client_status == "Cancelled"
    assert "will not stop" in caplog.text
    assert world.runtime.device("hand").running == 1
    world.end(job.id)
    assert world.runtime.device("hand").running == 0


def test_an_answer_for_a_job_that_ended_already_is_dropped_and_counted(make_world: MakeWorld) -> None:
    """J-06: the host's fence, before the core's row. Two futures for one job, as after a restart of an adapter."""
    world = make_world()
    job = world.submit()
    answered = world.runtime._loop.flights._answered
    late: Future[Outcome] = Future()
    late.set_result(Succeeded(result=b"late"))
    world.end(job.id)
    answered(job.id, 1, late)
    answered(job.id, 2, late)
    world.runtime.devices()
    assert world.runtime.health()["discarded_reports"] == 2
    assert world.runtime.store.get("result", f"{job.id}/2") is None
    assert world.runtime.result(ME, job.id) == b"result of " + job.id.encode()

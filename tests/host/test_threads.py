"""Many threads at once, on a real clock: every operation is atomic, and nothing locks up."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

import pytest

from sessioncore.core import IBM_GUIDE, ClientError, SessionState, StateReason
from sessioncore.core.durations import SECOND
from sessioncore.host import JobFilter, JobView, RealClock, SessionView
from sessioncore.ports import Attempt, Outcome, Succeeded

from .conftest import DEADLINE_S, ME, HandBackend, World

MakeWorld = Callable[..., World]


class PoolBackend(HandBackend):
    """Runs its jobs on threads of its own, each for a moment."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        super().__init__()
        self.pool = pool

    def start(self, attempt: Attempt) -> Future[Outcome]:
        self.attempts.append(attempt)
        return self.pool.submit(lambda: Succeeded(result=attempt.params))

    def stop(self, job_id: str) -> None:
        self.stopped.append(job_id)


def at_once(*calls: Callable[[], object]) -> None:
    """Run all calls in threads of their own, let go together; raise what any of them raises."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        barrier.wait(DEADLINE_S)
        call()

    with ThreadPoolExecutor(len(calls)) as pool:
        done = [pool.submit(run, call) for call in calls]
        for future in done:
            future.result(timeout=2 * DEADLINE_S)


@pytest.mark.parametrize("ending", ["close", "cancel"])
@pytest.mark.parametrize("finish_inside_start", [False, True])
def test_threads_that_submit_and_end_one_session_agree_on_one_order(
    make_world: MakeWorld, ending: str, finish_inside_start: bool
) -> None:
    """S-05, S-06, S-17, S-20: no submission is accepted once a close has been answered, and the sums are right."""
    for _ in range(5):
        with ThreadPoolExecutor(2) as pool:
            device = HandBackend(answer=Succeeded(result=b"")) if finish_inside_start else PoolBackend(pool)
            world = make_world(device, clock=RealClock(), lanes=2)
            race_to_the_end(world, ending)
            world.check()
            world.runtime.shutdown()


def race_to_the_end(world: World, ending: str) -> None:
    """Four threads submit to one session while two end it; then look at what came of it."""
    session = world.open()
    accepted: list[JobView] = []
    refused: Counter[str] = Counter()
    ended = threading.Event()
    late: list[JobView] = []

    def submit() -> None:
        for _ in range(20):
            was_ended = ended.is_set()
            try:
                view = world.submit(session)
            except ClientError as error:
                refused[error.rule] += 1
                continue
            accepted.append(view)
            if was_ended:
                late.append(view)

    def end() -> None:
        getattr(world.runtime, f"{ending}_session")(ME, session.id)
        ended.set()

    at_once(submit, submit, submit, submit, end, end)
    assert late == []
    assert set(refused) <= {"S-06"}
    assert len(accepted) + sum(refused.values()) == 80
    wait_until_quiet(world, session)
    seen = world.session(session)
    counts = seen.jobs
    assert counts["completed"] + counts["failed"] == sum(counts.values()) == len(accepted)
    assert seen.state is SessionState.CLOSED
    assert seen.state_reason is StateReason("closed" if ending == "close" else "cancelled")
    if ending == "close":
        assert counts["failed"] == 0


def wait_until_quiet(world: World, session: SessionView) -> None:
    """Until no job of the session is left to end; fails after a deadline."""
    page, _ = world.runtime.jobs(ME, JobFilter(session_id=session.id, pending=True))
    ends = [world.runtime.when_final(ME, view.id) for view in page]
    assert not wait(ends, timeout=DEADLINE_S).not_done


def test_a_whole_crowd_of_operations_keeps_every_invariant(make_world: MakeWorld) -> None:
    with ThreadPoolExecutor(3) as pool:
        world = make_world(PoolBackend(pool), clock=RealClock(), lanes=3)
        runtime = world.runtime
        sessions = [world.open() for _ in range(3)]
        ended: list[Future[JobView]] = []
        records: list[int] = []
        runtime.subscribe(lambda record: records.append(record["seq"]))

        def submit(session: SessionView | None) -> Callable[[], None]:
            def run() -> None:
                for number in range(25):
                    view = world.submit(session, params=str(number).encode(), tags=(f"n{number}",))
                    ended.append(runtime.when_final(ME, view.id))
                    runtime.set_tags(ME, view.id, ["seen"])

            return run

        refusals: list[str] = []

        def cancel_some() -> None:
            for _ in range(25):
                page, _ = runtime.jobs(ME, JobFilter(pending=True, limit=3))
                for view in page:
                    try:
                        runtime.cancel_job(ME, view.id)
                    except ClientError as error:
                        refusals.append(error.rule)

        def operate() -> None:
            for _ in range(25):
                runtime.pause("hand")
                runtime.devices()
                runtime.resume("hand")
                runtime.usage(ME)

        at_once(*(submit(one) for one in (*sessions, None)), cancel_some, operate)
        for session in sessions:
            runtime.close_session(ME, session.id)
        assert not wait(ended, timeout=DEADLINE_S).not_done
        assert len(ended) == 100
        assert set(refusals) <= {"J-04"}
        assert Counter(future.result().client_status for future in ended).keys() <= {"Completed", "Cancelled"}
        world.check()
        assert records == sorted(records)
        assert runtime.health()["dropped_records"] == 0


def test_the_timer_thread_fires_on_a_real_clock_without_any_request(make_world: MakeWorld) -> None:
    """S-16, noticed by nobody but the clock's own thread."""
    profile = IBM_GUIDE.with_values(no_submission=SECOND // 20)
    world = make_world(clock=RealClock(), profile=profile)
    told = threading.Event()
    world.runtime.subscribe(lambda record: told.set() if record["type"] == "Advanced" else None)
    session = world.open()
    assert told.wait(DEADLINE_S)
    seen = world.session(session)
    assert seen.state_reason is StateReason.NO_SUBMISSION
    assert seen.closed_at == seen.created_at + SECOND // 20


def test_a_timer_that_was_far_away_does_not_hide_a_near_one(make_world: MakeWorld) -> None:
    profile = IBM_GUIDE.with_values(no_submission=SECOND * 3600)
    world = make_world(clock=RealClock(), profile=profile)
    world.open()
    job = world.submit(max_execution=SECOND // 20)
    seen = world.runtime.when_final(ME, job.id).result(timeout=DEADLINE_S)
    assert (seen.client_status, seen.reason_code) == ("Cancelled", 1305)


def test_a_shutdown_waits_for_running_jobs_and_starts_no_others(make_world: MakeWorld) -> None:
    world = make_world(clock=RealClock())
    running, queued = world.submit(), world.submit()
    stopped = threading.Thread(target=lambda: world.runtime.shutdown(drain_s=DEADLINE_S))
    stopped.start()
    deadline = time.monotonic() + DEADLINE_S
    while world.runtime.health()["status"] != "stopping":
        assert time.monotonic() < deadline
        threading.Event().wait(0.001)
    world.end(running.id)
    stopped.join(DEADLINE_S)
    assert not stopped.is_alive()
    assert world.job(running).client_status == "Completed"
    assert world.job(queued).client_status == "Queued"


def test_a_shutdown_does_not_wait_for_ever(make_world: MakeWorld) -> None:
    world = make_world(clock=RealClock())
    job = world.submit()
    world.runtime.shutdown(drain_s=0.05)
    assert world.job(job).client_status == "Running"


def test_a_callback_may_end_the_runtime(make_world: MakeWorld) -> None:
    """Also on the runtime's own thread, which cannot wait for itself."""
    world = make_world(clock=RealClock())
    job = world.submit(max_execution=SECOND // 50)
    ended = threading.Event()

    def end(_done: object) -> None:
        world.runtime.shutdown()
        ended.set()

    world.runtime.when_final(ME, job.id).add_done_callback(end)
    assert ended.wait(DEADLINE_S)
    world.runtime.shutdown()


def test_a_device_that_answers_while_it_holds_a_lock_of_its_own_locks_nothing_up(make_world: MakeWorld) -> None:
    """The adapter's lock is held while the answer is given, and taken by ``start`` under the runtime's lock."""

    class Locking(HandBackend):
        def __init__(self) -> None:
            super().__init__()
            self.lock = threading.Lock()

        def start(self, attempt: Attempt) -> Future[Outcome]:
            with self.lock:
                return super().start(attempt)

        def end(self, job_id: str, outcome: Outcome | None = None) -> None:
            with self.lock:
                super().end(job_id, outcome)

    device = Locking()
    world = make_world(device, clock=RealClock())
    count = 300

    def submit_all() -> None:
        for _ in range(count):
            world.submit()

    def end_all() -> None:
        for number in range(count):
            device.wait_for(lambda number=number: len(device.attempts) > number)  # type: ignore[misc]
            device.end(device.attempts[number].job_id)

    at_once(submit_all, end_all)
    page, total = world.runtime.jobs(ME, JobFilter())
    assert total == count
    assert {view.client_status for view in page} == {"Completed"}


def test_a_real_clock_never_runs_back() -> None:
    """T-04."""
    clock = RealClock()
    readings = [clock.now() for _ in range(1000)]
    assert readings == sorted(readings)
    assert abs(readings[0] - time.time_ns() // 1000) < 10 * SECOND

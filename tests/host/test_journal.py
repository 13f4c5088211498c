"""What the journal promises: it comes before the effects, it tells the whole truth, and nothing goes on without it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from sessioncore.core import ClientError, HostError, Mode
from sessioncore.host import Runtime, VirtualClock
from sessioncore.stores import MemoryStore
from sessioncore.trace import read_trace, replay

from .conftest import ME, MINUTE, SECOND, HandBackend, World, request

MakeWorld = Callable[..., World]


class FailingStore:
    """A memory store that can be told to fail, as a full disk does."""

    def __init__(self) -> None:
        self.inner = MemoryStore()
        self.broken: set[str] = set()
        self.at_append: Callable[[], None] = lambda: None

    def _try(self, what: str) -> None:
        if what in self.broken:
            raise OSError(f"no room for {what}")

    def append(self, records: Sequence[Mapping[str, Any]]) -> None:
        self._try("append")
        self.at_append()
        self.inner.append(records)

    def records(self) -> Iterator[Mapping[str, Any]]:
        self._try("records")
        return self.inner.records()

    def put(self, kind: str, key: str, body: bytes) -> None:
        self._try(f"put {kind}")
        self.inner.put(kind, key, body)

    def get(self, kind: str, key: str) -> bytes | None:
        return self.inner.get(kind, key)

    def delete(self, kind: str, key: str) -> None:
        self._try("delete")
        self.inner.delete(kind, key)

    def close(self) -> None:
        pass


def busy_life(world: World) -> None:
    """A bit of everything that can happen."""
    session, batch = world.open(max_ttl=10 * MINUTE), world.open(Mode.BATCH)
    first, second = world.submit(session, tags=("a",)), world.submit(session, private=True)
    in_batch, alone = world.submit(batch), world.submit(max_execution=MINUTE)
    world.runtime.set_tags(ME, first.id, ["b"])
    world.runtime.advance(3 * SECOND)
    world.end(first.id)
    world.fail(second.id)
    world.runtime.hold("hand")
    world.runtime.advance(2 * MINUTE)
    world.runtime.release("hand")
    world.end(in_batch.id)
    world.runtime.delete_job(ME, first.id)
    world.runtime.delete_job(ME, alone.id)
    again = world.submit(session)
    world.runtime.advance(20 * MINUTE)
    world.end(again.id)
    world.runtime.cancel_session(ME, batch.id)


def test_an_event_is_in_the_journal_before_its_effects_are_carried_out(make_world: MakeWorld) -> None:
    store, device = FailingStore(), HandBackend()
    world = make_world(device, store=store)
    started: list[int] = []
    store.at_append = lambda: started.append(len(device.attempts))
    world.submit()
    assert started == [0]
    assert len(device.attempts) == 1


def test_a_journal_that_fails_undoes_the_request_and_makes_the_runtime_read_only(
    make_world: MakeWorld, caplog: pytest.LogCaptureFixture
) -> None:
    store, device = FailingStore(), HandBackend()
    world = make_world(device, store=store)
    session = world.open()
    done, running = world.submit(session), world.submit(session)
    world.end(done.id)
    before = world.runtime._devices["hand"].core.snapshot()
    waiting = world.runtime.when_final(ME, running.id)
    store.broken = {"append"}
    with pytest.raises(HostError, match="not carried out"):
        world.submit(session)
    assert world.runtime._devices["hand"].core.snapshot() == before
    assert world.session(session).jobs["running"] == 1
    assert world.runtime.jobs(ME, _everything())[1] == 2
    assert store.get("params", "id-4") is None
    assert "read-only" in caplog.text
    assert "no room for append" in world.runtime.health()["failure"]
    assert isinstance(waiting.exception(timeout=0), HostError)
    store.broken = set()
    for call in (
        lambda: world.submit(session),
        world.open,
        lambda: world.runtime.cancel_session(ME, session.id),
        lambda: world.runtime.delete_job(ME, done.id),
        lambda: world.runtime.advance(5),
        lambda: world.runtime.pause("hand"),
        lambda: world.runtime.when_final(ME, running.id),
    ):
        with pytest.raises(ClientError) as caught:
            call()
        assert caught.value.http_status == 503
    assert world.runtime.result(ME, done.id) is not None
    world.end(running.id)
    assert world.runtime.health()["discarded_reports"] == 1
    assert world.job(running).client_status == "Running"


def test_a_journal_that_cannot_even_be_read_back_shows_nothing_any_more(make_world: MakeWorld) -> None:
    store = FailingStore()
    world = make_world(store=store)
    job = world.submit()
    store.broken = {"append", "records"}
    with pytest.raises(HostError):
        world.submit()
    with pytest.raises(HostError, match="cannot be read back"):
        world.job(job)


def test_a_report_that_cannot_be_recorded_makes_the_runtime_read_only(make_world: MakeWorld) -> None:
    store, device = FailingStore(), HandBackend()
    world = make_world(device, store=store)
    job = world.submit()
    store.broken = {"append"}
    world.end(job.id)
    assert world.runtime.health()["status"] == "read-only"
    assert world.job(job).client_status == "Running"


def test_a_payload_that_cannot_be_kept_is_no_job_and_a_result_that_cannot_be_kept_is_a_failed_one(
    make_world: MakeWorld,
) -> None:
    store, device = FailingStore(), HandBackend()
    world = make_world(device, store=store)
    store.broken = {"put params", "delete"}
    with pytest.raises(HostError, match="there is no job"):
        world.submit()
    assert world.runtime.health()["jobs"] == 0
    store.broken = {"put result"}
    job = world.submit()
    world.end(job.id)
    assert world.job(job).reason == "The result could not be stored."


def test_the_trace_of_a_run_replays_to_the_same_cores(world: World) -> None:
    busy_life(world)
    world.check()
    trace = read_trace(world.runtime.trace())
    assert len(trace.entries) == world.runtime.health()["records"]
    moments = [json.loads(line)["at"] for line in list(world.runtime.trace())[1:]]
    assert moments == sorted(moments)
    assert replay(trace)["hand"].session("id-1") == world.runtime._devices["hand"].core.session("id-1")


def test_the_same_events_give_the_same_bytes(make_world: MakeWorld) -> None:
    one, two = make_world(), make_world()
    for world in (one, two):
        busy_life(world)
    assert list(one.runtime.trace()) == list(two.runtime.trace())


def test_what_only_the_host_knows_stands_under_host_and_payloads_do_not(world: World) -> None:
    job = world.submit(params=b'{"secret": 1}', tags=("t",))
    world.end(job.id)
    lines = list(world.runtime.trace())
    submitted, succeeded = (json.loads(line) for line in lines[-2:])
    assert submitted["host"]["params"] == f"params/{job.id}"
    assert (submitted["host"]["instance"], submitted["host"]["program_id"]) == ("default", "sampler")
    assert succeeded["host"]["attempt"] == 1
    assert "secret" not in "".join(lines)


def test_a_store_that_holds_a_journal_is_not_taken_over(make_world: MakeWorld) -> None:
    store = MemoryStore()
    make_world(store=store)
    with pytest.raises(HostError, match="a store of its own"):
        make_world(store=store)


def test_a_clock_moved_by_hand_is_noticed_late_and_stamped_in_time(make_world: MakeWorld) -> None:
    """T-02: the timer takes effect at its deadline."""
    clock = VirtualClock(0)
    world = make_world(clock=clock)
    session = world.open()
    clock.move_to(31 * MINUTE)
    assert world.session(session).closed_at == 30 * MINUTE
    with pytest.raises(HostError):
        clock.move_to(MINUTE)


def test_only_a_virtual_clock_can_be_advanced_and_only_forward(make_world: MakeWorld) -> None:
    world = make_world()
    for wrong in (-1, 1.5, True):
        with pytest.raises(ClientError):
            world.runtime.advance(wrong)  # type: ignore[arg-type]
    from sessioncore.host import RealClock

    real = make_world(clock=RealClock())
    with pytest.raises(ClientError) as caught:
        real.runtime.advance(1)
    assert caught.value.http_status == 400


def test_after_the_shutdown_nothing_is_taken_and_everything_can_be_read(world: World) -> None:
    """T-06."""
    job, queued = world.submit(), world.submit()
    session = world.open()
    world.runtime.close_session(ME, session.id)
    waiting = world.runtime.when_final(ME, job.id)
    world.runtime.shutdown()
    world.runtime.shutdown()
    for call in (world.submit, world.open, lambda: world.runtime.cancel_job(ME, job.id)):
        with pytest.raises(ClientError) as caught:
            call()
        assert caught.value.http_status == 503
    with pytest.raises(ClientError, match="closed"):
        world.submit(session)
    assert isinstance(waiting.exception(timeout=0), HostError)
    world.end(job.id)
    assert world.runtime.health()["discarded_reports"] == 1
    assert world.job(queued).client_status == "Queued"


def test_a_runtime_is_a_context_manager(make_world: MakeWorld) -> None:
    world = make_world()
    with world.runtime as runtime:
        assert isinstance(runtime, Runtime)
    with pytest.raises(ClientError):
        runtime.submit(ME, request())


def _everything() -> Any:
    from sessioncore.host import JobFilter

    return JobFilter()


def test_a_fault_of_the_core_itself_makes_the_runtime_read_only_and_not_wrong(
    make_world: MakeWorld, caplog: pytest.LogCaptureFixture
) -> None:
    clock = VirtualClock(0)
    world = make_world(clock=clock)
    session = world.open()

    def broken(_now: int) -> Any:
        raise AssertionError("cannot be")

    world.runtime._devices["hand"].core.advance = broken  # type: ignore[method-assign]
    clock.move_to(31 * MINUTE)
    assert world.session(session).status == "Pending"
    assert "cannot be" in world.runtime.health()["failure"]
    assert "cannot be" in caplog.text
    with pytest.raises(ClientError):
        world.open()


def test_a_payload_that_the_store_lost_fails_its_job(make_world: MakeWorld) -> None:
    store = MemoryStore()
    world = make_world(store=store)
    world.runtime.hold("hand")
    job = world.submit()
    store.delete("params", job.id)
    world.runtime.release("hand")
    assert world.job(job).client_status == "Failed"


def test_bytes_that_the_store_cannot_forget_are_only_a_waste_of_room(make_world: MakeWorld) -> None:
    store = FailingStore()
    world = make_world(store=store)
    job = world.submit()
    world.end(job.id)
    store.broken = {"delete"}
    world.runtime.delete_job(ME, job.id)
    assert world.runtime.health()["jobs"] == 0

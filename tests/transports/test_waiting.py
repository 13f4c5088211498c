"""Waiting for futures of other threads without threads of our own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from sessioncore.host import Caller, DeviceSpec, HostLimits, JobRequest, Runtime
from sessioncore.transports.answers import json_answer
from sessioncore.transports.waiting import FinalWaits, settled

from .conftest import WHO, InMemoryBackend


@pytest.fixture
def alpha() -> InMemoryBackend:
    """The device."""
    return InMemoryBackend("alpha")


@pytest.fixture
def runtime(alpha: InMemoryBackend) -> Iterator[Runtime]:
    """A runtime without a server, in which two jobs may be watched."""
    with Runtime([DeviceSpec(backend=alpha)], limits=HostLimits(watchers_max=2)) as made:
        yield made


def submit(runtime: Runtime) -> str:
    return runtime.submit(WHO, JobRequest(backend="alpha", program_id="sampler", params=b"{}")).id


def test_a_future_is_waited_for_and_never_cancelled() -> None:
    async def wait() -> None:
        done: Future[int] = Future()
        done.set_result(1)
        assert await settled(done, 0)
        never: Future[int] = Future()
        assert not await settled(never, 0.01)
        assert not never.cancelled()
        never.set_result(2)  # after the wait has ended
        later: Future[int] = Future()
        threading.Timer(0.01, later.set_result, [3]).start()
        assert await settled(later, 5)

    asyncio.run(wait())


def test_a_future_may_end_after_the_loop_has() -> None:
    late: Future[int] = Future()
    asyncio.run(settled(late, 0.01))
    late.set_result(1)


def test_many_answers_wait_with_one_watch_of_the_host(runtime: Runtime, alpha: InMemoryBackend) -> None:
    async def wait() -> None:
        waits = FinalWaits(runtime, waiting_max=100)
        job_id = submit(runtime)
        polls = [asyncio.create_task(waits.final(WHO, job_id, 5)) for _ in range(50)]
        await asyncio.sleep(0)
        assert waits.waiting == 50
        assert runtime.health()["watchers"] == 1
        await asyncio.to_thread(alpha.succeed, job_id)
        await asyncio.wait_for(asyncio.gather(*polls), 5)
        assert waits.waiting == 0
        assert runtime.job(WHO, job_id).final

    asyncio.run(wait())


def test_a_job_that_others_wait_for_is_not_shown_to_strangers(runtime: Runtime, alpha: InMemoryBackend) -> None:
    async def wait() -> None:
        waits = FinalWaits(runtime, waiting_max=100)
        job_id = submit(runtime)
        poll = asyncio.create_task(waits.final(WHO, job_id, 5))
        await asyncio.sleep(0)
        stranger = Caller(instance="another")
        assert await asyncio.wait_for(waits.final(stranger, job_id, 60), 1) is None
        await asyncio.to_thread(alpha.succeed, job_id)
        ended = await asyncio.wait_for(poll, 5)
        assert ended is not None
        assert ended.final

    asyncio.run(wait())


def test_a_job_that_is_final_is_answered_without_a_watch(runtime: Runtime, alpha: InMemoryBackend) -> None:
    async def wait() -> None:
        waits = FinalWaits(runtime, waiting_max=100)
        job_id = submit(runtime)
        alpha.succeed(job_id)
        runtime.when_final(WHO, job_id).result(5)
        ended = await asyncio.wait_for(waits.final(WHO, job_id, 60), 1)
        assert ended is not None
        assert ended.final
        assert waits._watched == {}
        assert await waits.final(WHO, "no such job", 60) is None

    asyncio.run(wait())


def test_nothing_is_left_of_waits_that_ended_in_vain(runtime: Runtime, alpha: InMemoryBackend) -> None:
    async def wait() -> None:
        waits = FinalWaits(runtime, waiting_max=100)
        job_id = submit(runtime)
        for _ in range(3):
            await waits.final(WHO, job_id, 0.01)
            assert runtime.health()["watchers"] == 0
        assert waits._watched == {}
        alpha.succeed(job_id)

    asyncio.run(wait())


def test_when_the_host_watches_no_more_jobs_the_answer_does_not_wait(runtime: Runtime) -> None:
    async def wait() -> None:
        waits = FinalWaits(runtime, waiting_max=100)
        jobs = [submit(runtime) for _ in range(3)]
        polls = [asyncio.create_task(waits.final(WHO, job_id, 0.5)) for job_id in jobs[:2]]
        await asyncio.sleep(0)
        await asyncio.wait_for(waits.final(WHO, jobs[2], 60), 0.4)
        await asyncio.gather(*polls)

    asyncio.run(wait())


def test_no_more_answers_wait_than_may(runtime: Runtime) -> None:
    async def wait() -> None:
        waits = FinalWaits(runtime, waiting_max=1)
        job_id = submit(runtime)
        poll = asyncio.create_task(waits.final(WHO, job_id, 0.2))
        await asyncio.sleep(0)
        await asyncio.wait_for(waits.final(WHO, job_id, 60), 0.1)
        await poll

    asyncio.run(wait())


def test_an_answer_can_be_made_of_anything_that_a_device_may_tell() -> None:
    assert json_answer({"a": {1}}).body == b'{"a":"{1}"}'
    assert json_answer({"reason": "half a character: \ud800"}).body == b'{"reason":"half a character: \\ud800"}'

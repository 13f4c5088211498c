"""Waiting for futures of other threads on the event loop, without using up threads and without cancelling anything."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import Any, final

from sessioncore.core.errors import ClientError
from sessioncore.host import Caller, JobView, Runtime


def _wake(waiter: asyncio.Future[bool], settled: bool) -> None:
    if not waiter.done():
        waiter.set_result(settled)


def hand_over(loop: asyncio.AbstractEventLoop, *call: Any) -> None:
    """Hand a call over to the loop. A loop that has ended meanwhile has nobody left who waits."""
    if not loop.is_closed():
        try:
            loop.call_soon_threadsafe(*call)
        except RuntimeError:
            if not loop.is_closed():
                raise


async def settled(future: Future[Any], seconds: float) -> bool:
    """Wait until ``future`` is done, at most ``seconds``; whether it is. The future itself is never cancelled."""
    if future.done():
        return True
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[bool] = loop.create_future()
    future.add_done_callback(lambda _: hand_over(loop, _wake, waiter, True))
    timer = loop.call_later(seconds, _wake, waiter, False)
    try:
        return await waiter
    finally:
        timer.cancel()


@final
class FinalWaits:
    """Answers that wait for a job to become final (ibm-rest 7, *Beating the polling step*).

    However many requests ask, each job has one future of the host's, and at most ``waiting_max`` answers wait at a
    time; one more is answered at once. Used from one event loop only.
    """

    def __init__(self, runtime: Runtime, waiting_max: int) -> None:
        self._runtime = runtime
        self._waiting_max = waiting_max
        self._waiting = 0
        self._watched: dict[str, _Watched] = {}

    @property
    def waiting(self) -> int:
        """How many answers wait now."""
        return self._waiting

    async def final(self, who: Caller, job_id: str, seconds: float) -> JobView | None:
        """Return when the job is final to the client, with the job as it ended, or after ``seconds`` with None.

        Who may not see the job, or whom the host lets wait no more, is answered None at once.
        """
        if seconds <= 0 or self._waiting >= self._waiting_max:
            return None
        loop = asyncio.get_running_loop()
        watched = self._watched.get(job_id)
        try:
            if watched is not None:
                view = self._runtime.job(who, job_id)  # it is somebody's who may see it; is it this caller's?
                if view.final:
                    return view
            else:
                future = self._runtime.when_final(who, job_id)
                if future.done():
                    return future.result()
                watched = self._watched[job_id] = _Watched(future)
                future.add_done_callback(lambda _: hand_over(loop, self._ended, job_id, watched))
        except ClientError:
            return None
        waiter: asyncio.Future[bool] = loop.create_future()
        watched.waiters.add(waiter)
        timer = loop.call_later(seconds, _wake, waiter, False)
        self._waiting += 1
        try:
            await waiter
        finally:
            self._waiting -= 1
            timer.cancel()
            watched.waiters.discard(waiter)
            if not watched.waiters and self._watched.get(job_id) is watched:
                del self._watched[job_id]
                watched.future.cancel()  # which tells the host that nobody watches any more
        future = watched.future
        ended = future.done() and not future.cancelled() and future.exception() is None
        return future.result() if ended else None

    def _ended(self, job_id: str, watched: _Watched) -> None:
        if self._watched.get(job_id) is watched:
            del self._watched[job_id]
        for waiter in watched.waiters:
            _wake(waiter, True)


class _Watched:
    """A job that somebody waits for: the host's future, and the answers that wait."""

    __slots__ = ("future", "waiters")

    def __init__(self, future: Future[JobView]) -> None:
        self.future = future
        self.waiters: set[asyncio.Future[bool]] = set()

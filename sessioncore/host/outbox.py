"""What others are told: journal records to subscribers, final jobs to those who wait.

Both are callbacks into foreign code, so they are made without the runtime's lock, by one thread at a time and in
order. A callback may call the runtime; what that gives rise to is delivered after it.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from threading import Lock
from typing import TypeAlias, final

from sessioncore.core.errors import SessionCoreError
from sessioncore.trace import Record

from .refusals import full
from .values import HostLimits, JobView

_log = logging.getLogger(__name__)

Subscriber: TypeAlias = Callable[[Record], None]


@final
class Outbox:
    """Bounded: so many subscribers, so many waiting futures, so many unread records."""

    def __init__(self, limits: HostLimits) -> None:
        self.dropped = 0
        """Records that no subscriber saw, because subscribers were too slow."""
        self.faults = 0
        """Callbacks that raised."""
        self._limits = limits
        self._lock = Lock()
        self._delivering = Lock()
        self._subscribers: dict[int, Subscriber] = {}
        self._next_subscriber = 0
        self._watchers: dict[str, list[Future[JobView]]] = {}
        self._watching = 0
        self._items: deque[Callable[[], None]] = deque()
        self._unread = 0

    @property
    def watching(self) -> int:
        """How many futures wait for a job."""
        return self._watching

    @property
    def subscribers(self) -> int:
        """How many subscribers there are."""
        return len(self._subscribers)

    # --- who wants to know ------------------------------------------------------------------------------

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Call ``callback`` with every record from now on; returns the end of it. Raises :class:`ClientError` (429)."""
        with self._lock:
            if len(self._subscribers) >= self._limits.subscribers_max:
                raise full(
                    "Too many subscribers",
                    self._limits.subscribers_max,
                    "End another subscription first.",
                    row="host.subscribers-max",
                )
            number = self._next_subscriber
            self._next_subscriber += 1
            self._subscribers[number] = callback

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers.pop(number, None)

        return unsubscribe

    def watch(self, job_id: str) -> Future[JobView]:
        """A future for the job's end. Cancelled, it is forgotten. Raises :class:`ClientError` (429)."""
        future: Future[JobView] = Future()
        with self._lock:
            if self._watching >= self._limits.watchers_max:
                raise full(
                    "Too many waiting requests",
                    self._limits.watchers_max,
                    "Ask for the job's status instead of waiting for its end.",
                    row="host.watchers-max",
                )
            self._watching += 1
            self._watchers.setdefault(job_id, []).append(future)
        future.add_done_callback(lambda done: self._cancelled(job_id, done))
        return future

    def _cancelled(self, job_id: str, future: Future[JobView]) -> None:
        """Forget a future that its owner cancelled. Those with a result were forgotten before they got it."""
        with self._lock:
            waiting = self._watchers.get(job_id, [])
            if future in waiting:
                waiting.remove(future)
                self._watching -= 1
                if not waiting:
                    del self._watchers[job_id]

    # --- what there is to tell --------------------------------------------------------------------------

    def publish(self, record: Record) -> None:
        """A record was written. Called under the runtime's lock; calls nobody yet."""
        if not self._subscribers:
            return
        if self._unread >= self._limits.unread_max:
            self.dropped += 1
            return
        with self._lock:
            self._unread += 1
        self._items.append(partial(self._tell_subscribers, record))

    def is_watched(self, job_id: str) -> bool:
        """Whether anybody waits for this job, so that no view is made for nobody."""
        return job_id in self._watchers

    def settle(self, job_id: str, outcome: JobView | SessionCoreError) -> None:
        """A job is final to its client, or nobody will ever know. Called under the runtime's lock; calls nobody yet."""
        with self._lock:
            waiting = self._watchers.pop(job_id, [])
            self._watching -= len(waiting)
        for future in waiting:
            self._items.append(partial(_answer, future, outcome))

    def settle_all(self, error: SessionCoreError) -> None:
        """Nobody who still waits will be answered otherwise."""
        for job_id in list(self._watchers):
            self.settle(job_id, error)

    # --- telling ----------------------------------------------------------------------------------------

    def deliver(self) -> None:
        """Make the callbacks that are due, unless another thread (or an outer call) is at it: then that one will.

        Must not be called under the runtime's lock.
        """
        # Looking again after the release: whoever posted while we held it relies on us.
        while self._items and self._delivering.acquire(blocking=False):
            try:
                while self._items:
                    self._items.popleft()()
            finally:
                self._delivering.release()

    def _tell_subscribers(self, record: Record) -> None:
        with self._lock:
            self._unread -= 1
            subscribers = tuple(self._subscribers.values())
        for subscriber in subscribers:
            try:
                subscriber(record)
            except Exception:  # noqa: BLE001 - foreign code; its fault must not stop the others
                self.faults += 1
                _log.exception("a subscriber to the journal raised")


def _answer(future: Future[JobView], outcome: JobView | SessionCoreError) -> None:
    if not future.set_running_or_notify_cancel():
        return
    if isinstance(outcome, SessionCoreError):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)

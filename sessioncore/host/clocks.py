"""The two clocks: one that runs by itself, and one that stands still until it is moved."""

from __future__ import annotations

import time
from threading import Condition, Lock
from typing import final

from sessioncore.core.errors import HostError

WAIT_S_MAX = 3600.0
"""The longest single sleep; who wakes early looks at the clock and sleeps again."""


@final
class RealClock:
    """The epoch at the start plus the monotonic time since: no step of the system's clock can turn it back (T-04)."""

    def __init__(self) -> None:
        """Read the system's clock once."""
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    def now(self) -> int:
        """Microseconds since the Unix epoch."""
        return (self._offset_ns + time.monotonic_ns()) // 1000

    def wait(self, condition: Condition, until: int | None) -> None:
        """Wait on ``condition`` until it is notified or ``until`` (microseconds) has come; may return early."""
        if until is None:
            condition.wait(WAIT_S_MAX)
            return
        left_s = (until - self.now()) / 1e6
        if left_s > 0:
            condition.wait(min(left_s, WAIT_S_MAX))


@final
class VirtualClock:
    """Time that a test or an operator moves. Nothing else moves it, however long anything takes."""

    def __init__(self, start: int = 1_700_000_000_000_000) -> None:
        """``start`` in microseconds since the Unix epoch."""
        self._lock = Lock()
        self._now = start
        self._waiting: list[Condition] = []

    def now(self) -> int:
        """Microseconds since the Unix epoch."""
        return self._now

    def move_to(self, instant: int) -> None:
        """Set the time and wake whoever waits for it. Raises :class:`HostError` for time that runs back (T-04).

        A runtime moves its own clock deadline by deadline (``Runtime.advance``); moved by hand, it notices late (T-02).
        """
        with self._lock:
            if instant < self._now:
                raise HostError(f"time would run back from {self._now} to {instant}", rule="T-04")
            self._now = instant
            waiting, self._waiting = self._waiting, []
        for condition in waiting:
            with condition:
                condition.notify_all()

    def wait(self, condition: Condition, until: int | None) -> None:
        """Wait on ``condition`` until it is notified or the time is ``until``; may return early."""
        with self._lock:
            if until is not None and self._now >= until:
                return
            if condition not in self._waiting:
                self._waiting.append(condition)
        # The caller holds the condition until it sleeps, so a move between here and there notifies it afterwards.
        condition.wait()

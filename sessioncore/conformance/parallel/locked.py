"""A lock around a target that is not made for threads."""

from __future__ import annotations

import threading
from typing import final

from sessioncore.core.events import Event

from ..cases import translated
from ..protocol import Capabilities, Outcome, SystemUnderTest, View


@final
class Locked:
    """One operation at a time. With ``stamps`` it stamps what arrives with its own time, as a service does, so that
    time may pass while others ask for something."""

    def __init__(self, target: SystemUnderTest, *, stamps: bool = False) -> None:
        self._target = target
        self._lock = threading.Lock()
        self.stamps = stamps
        self._now = target.observe().at if stamps else 0

    @property
    def capabilities(self) -> Capabilities:
        """What the target can do."""
        return self._target.capabilities

    def apply(self, event: Event) -> Outcome:
        """One request or report."""
        with self._lock:
            return self._target.apply(translated(event, self._now, {}) if self.stamps else event)

    def advance(self, microseconds: int) -> None:
        """Time passes."""
        with self._lock:
            self._target.advance(microseconds)
            self._now += microseconds

    def observe(self) -> View:
        """What a client sees."""
        with self._lock:
            return self._target.observe()

    def close(self) -> None:
        """Free what it holds."""
        self._target.close()

"""One device of the runtime: its adapter, its core, and what operators want of it."""

from __future__ import annotations

from typing import final

import attrs

from sessioncore.core.device_core import DeviceCore
from sessioncore.core.events import Event, OfflineRequested, PauseRequested, ResumeRequested
from sessioncore.core.states import DeviceState
from sessioncore.ports import Backend

from .values import DeviceView

REQUEST_FOR: dict[DeviceState, type[OfflineRequested | PauseRequested | ResumeRequested]] = {
    DeviceState.ONLINE: ResumeRequested,
    DeviceState.PAUSED: PauseRequested,
    DeviceState.OFFLINE: OfflineRequested,
}
"""The request that brings a core into a state."""


@final
@attrs.define(kw_only=True, eq=False)
class Device:
    """Mutable, under the runtime's lock. ``shown`` is what clients see, ``held`` whether dispatch is stopped anyway."""

    backend: Backend
    core: DeviceCore
    qubits: int
    shown: DeviceState = DeviceState.ONLINE
    held: bool = False

    @property
    def name(self) -> str:
        """The device's name, which is its core's id as well."""
        return self.core.id

    @property
    def failure(self) -> str | None:
        """Why its adapter will never run anything again; None while it can, or where it cannot tell."""
        return getattr(self.backend, "failure", None)

    def wish(self, at: int) -> Event:
        """The request that makes the core what operators want: a held device that is online is paused inside."""
        inside = self.shown
        if self.held and inside is DeviceState.ONLINE:
            inside = DeviceState.PAUSED
        return REQUEST_FOR[inside](at=at)

    def view(self, queued: int) -> DeviceView:
        """The device as clients see it. ``queued`` is how many of its jobs wait."""
        return DeviceView(
            name=self.name,
            state=self.shown,
            held=self.held,
            queue_length=queued + self.core.running,
            lanes=self.core.lanes,
            running=self.core.running,
            qubits=self.qubits,
            simulator=False,
            active_session=self.core.holder,
        )

"""What every part of the runtime works with: devices, loop, ledger, and how things are looked up and shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sessioncore.core.errors import HostError
from sessioncore.core.profiles import Profile
from sessioncore.ports import Clock, Store

from .device import Device
from .ledger import HostJob, HostSession
from .loop import Loop
from .refusals import no_device, no_job, no_session, unavailable
from .values import Caller, DeviceView, HostLimits, JobView, SessionView
from .views import job_view, session_view


class RuntimeBase:
    """The common ground of the runtime's operations. Not for use on its own."""

    profile: Profile
    clock: Clock
    store: Store
    started_at: int
    plan_denied: str
    limits: HostLimits
    _ids: Callable[[], str]
    _devices: Mapping[str, Device]
    _loop: Loop
    _accepting: bool

    def _require_open(self) -> None:
        self._loop.require_writable()
        if not self._accepting:
            raise unavailable(
                "The service is shutting down.",
                "Nothing was accepted; try again when it is back.",
                row="host.stopping",
            )

    def _new_id(self, made: str) -> None:
        """J-09: the ids port must never repeat itself; looked at before anything is kept under the id."""
        if made in self._loop.ledger.jobs or made in self._loop.ledger.sessions:
            raise HostError(f"the id {made!r} exists already", rule="J-09")

    def _device(self, name: str, *, http_status: int = 404) -> Device:
        device = self._devices.get(name)
        if device is None:
            raise no_device(name, list(self._devices), http_status=http_status)
        return device

    def _session(self, who: Caller, session_id: str) -> HostSession:
        known = self._loop.ledger.session_of(who.instance, session_id)
        if known is None:
            raise no_session(session_id)
        return known

    def _job(self, who: Caller, job_id: str) -> HostJob:
        known = self._loop.ledger.job_of(who.instance, job_id)
        if known is None:
            raise no_job(job_id)
        return known

    def _view_session(self, known: HostSession, now: int) -> SessionView:
        return session_view(self._devices[known.device].core, known, now)

    def _view_job(self, known: HostJob, now: int) -> JobView:
        return job_view(self._devices[known.device].core, known, now)

    def _view_device(self, device: Device) -> DeviceView:
        return device.view(self._loop.ledger.queued[device.name])

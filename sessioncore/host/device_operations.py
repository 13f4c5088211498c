"""What callers and operators may do with devices (D-05, D-06), and what instances used (U-01, U-02)."""

from __future__ import annotations

from sessioncore.core.states import DeviceState
from sessioncore.ports import Backend

from .base import RuntimeBase
from .device import Device
from .refusals import no_operational_device
from .values import Caller, DeviceView


class DeviceOperations(RuntimeBase):
    """Showing, pausing and holding devices."""

    def devices(self) -> list[DeviceView]:
        """Every device, in the order in which they were given."""
        with self._loop.turn():
            return [self._view_device(device) for device in self._devices.values()]

    def device(self, name: str) -> DeviceView:
        """One device. Raises :class:`ClientError` (404)."""
        with self._loop.turn():
            return self._view_device(self._device(name))

    def backend(self, name: str) -> Backend:
        """The adapter of a device. Raises :class:`ClientError` (404)."""
        return self._device(name).backend

    def least_busy(self) -> DeviceView:
        """The operational device with the shortest queue; among equals the first (D-06)."""
        online = [view for view in self.devices() if view.state is DeviceState.ONLINE]
        if not online:
            raise no_operational_device()
        return min(online, key=lambda view: view.queue_length)

    def pause(self, name: str) -> DeviceView:
        """Running jobs end, nothing starts (D-05)."""
        return self._operate(name, shown=DeviceState.PAUSED)

    def resume(self, name: str) -> DeviceView:
        """Online again (D-05); a hold stays."""
        return self._operate(name, shown=DeviceState.ONLINE)

    def take_offline(self, name: str) -> DeviceView:
        """For jobs the same as a pause (D-05)."""
        return self._operate(name, shown=DeviceState.OFFLINE)

    def hold(self, name: str) -> DeviceView:
        """Stop dispatch behind the clients' backs: the device still looks online. For tests and demonstrations."""
        return self._operate(name, held=True)

    def release(self, name: str) -> DeviceView:
        """End a :meth:`hold`."""
        return self._operate(name, held=False)

    def _operate(self, name: str, *, shown: DeviceState | None = None, held: bool | None = None) -> DeviceView:
        with self._loop.turn() as now:
            device = self._device(name)
            self._loop.require_writable()
            wished = Device(
                backend=device.backend,
                core=device.core,
                qubits=device.qubits,
                shown=device.shown if shown is None else shown,
                held=device.held if held is None else held,
            )

            def keep() -> None:
                device.shown, device.held = wished.shown, wished.held

            facts = {"shown": str(wished.shown), "held": wished.held}
            self._loop.handle(device, wished.wish(now), facts, keep)
            return self._view_device(device)

    def usage(self, who: Caller) -> int:
        """What the caller's instance has used so far, in microseconds (U-01, U-02)."""
        with self._loop.turn() as now:
            cores = {name: device.core for name, device in self._devices.items()}
            return self._loop.ledger.usage(who.instance, cores, now)

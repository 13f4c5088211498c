"""The runtime: sessions and jobs on a set of devices, for callers in any thread.

Every method is atomic, quick and thread-safe: it takes the loop's turn, asks or tells the core, and returns a view.
Refusals are the core's :class:`ClientError`, faults of ours :class:`HostError`. Times are integer microseconds.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pkgutil import resolve_name
from types import TracebackType
from typing import Any, Self, final

from sessioncore.core.device_core import DeviceCore
from sessioncore.core.errors import HostError
from sessioncore.core.profiles import IBM_GUIDE, Policy, Profile
from sessioncore.core.states import DeviceState
from sessioncore.ports import Clock, Store
from sessioncore.trace import DeviceHeader, Header, Record, dumps

from .clocks import RealClock, VirtualClock
from .device import Device
from .device_operations import DeviceOperations
from .job_operations import JobOperations
from .loop import Loop
from .refusals import invalid
from .session_operations import SessionOperations
from .values import DeviceSpec, HostLimits

_log = logging.getLogger(__name__)

GRACE_US = 60_000_000
"""On a real clock: how long a device may take to let go of a job that it was told to stop."""

DEFAULT_STORE = "sessioncore.stores:MemoryStore"
"""The store of a runtime that is given none. Named and not imported: the host knows its ports and no adapter."""

PLANS = ("off", "job_mode", "reject")


def new_id() -> str:
    """An id that nobody can guess (122 random bits)."""
    return str(uuid.uuid4())


@final
class Runtime(SessionOperations, JobOperations, DeviceOperations):
    """Devices with their sessions and jobs, running. Also a context manager that shuts down at its end.

    ``plan_denied`` says what becomes of a new session (S-04): ``off`` opens it, ``job_mode`` opens none and says so
    in the log, ``reject`` refuses. ``policy`` and ``allocations`` are D-03's. ``grace_us`` is how long a device may
    take to let go of a job that it was told to stop before its lane is given up; 0 is for ever, None is
    :data:`GRACE_US` on a real clock and for ever on a virtual one, whose time has nothing to do with a worker's.
    ``ids`` makes the ids of sessions and jobs.

    Backends and a store that was given belong to the caller, who closes them after :meth:`shutdown`. Raises
    :class:`HostError` for settings that make no sense.
    """

    def __init__(
        self,
        devices: Sequence[DeviceSpec],
        *,
        profile: Profile = IBM_GUIDE,
        clock: Clock | None = None,
        store: Store | None = None,
        plan_denied: str = "off",
        policy: str = "fifo",
        allocations: Mapping[str, int] | None = None,
        limits: HostLimits = HostLimits(),  # noqa: B008 - a frozen value
        grace_us: int | None = None,
        ids: Callable[[], str] = new_id,
    ) -> None:
        names = [spec.backend.name for spec in devices]
        if not names or len(set(names)) != len(names):
            raise HostError(f"devices need names of their own, at least one: {names}", rule="S-02")
        if plan_denied not in PLANS:
            raise HostError(f"plan_denied can be {' or '.join(PLANS)}: {plan_denied!r}", rule="S-04")
        self.profile = profile
        self.clock: Clock = RealClock() if clock is None else clock
        self.store: Store = resolve_name(DEFAULT_STORE)() if store is None else store
        self.started_at = self.clock.now()
        self.plan_denied = plan_denied
        self.limits = limits
        self._ids = ids
        self._accepting = True
        rules = Policy(name=policy, allocations=tuple(sorted((allocations or {}).items())))
        header = Header(
            devices=tuple(DeviceHeader(id=one.backend.name, lanes=one.lanes) for one in devices),
            profile=profile,
            policy=rules,
            started_at=self.started_at,
        )
        self._devices = {spec.backend.name: _device(spec, profile, rules, self.started_at) for spec in devices}
        self._loop = Loop(
            self._devices,
            header=header,
            clock=self.clock,
            store=self.store,
            limits=limits,
            grace_us=_grace(grace_us, self.clock),
        )
        self._loop.start()

    def __enter__(self) -> Self:
        """The runtime itself; it runs already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Shut down without waiting for running jobs."""
        self.shutdown()

    # --- the rest ---------------------------------------------------------------------------------------

    def now(self) -> int:
        """The time of this runtime's clock."""
        return self.clock.now()

    def advance(self, microseconds: int) -> int:
        """Move the virtual clock; everything that falls due fires at its own instant. Returns the new time.

        Raises :class:`ClientError` (400) on a real clock, and for time that would not pass.
        """
        clock = self.clock
        if not isinstance(clock, VirtualClock):
            raise invalid(
                "This clock runs by itself.",
                "Start the service with a virtual clock to move it.",
                row="host.real-clock",
            )
        if type(microseconds) is not int or microseconds < 0:
            raise invalid(
                f"A clock cannot be moved by {microseconds!r} microseconds.",
                "Give a whole number of microseconds, 0 or more.",
                row="T-04.advance",
            )
        with self._loop.turn() as now:
            self._loop.require_writable()
            self._loop.move(clock, now + microseconds)
            return clock.now()

    def trace(self) -> Iterator[str]:
        """The journal as a ``sessioncore-trace``: the header's line, then one line an event, as far as it has come."""
        return (dumps(record) for record in self.store.records())

    def subscribe(self, callback: Callable[[Record], None]) -> Callable[[], None]:
        """Call ``callback`` with every journal record (the JSON object of its trace line) soon after it is written.

        In order, by one thread at a time, never under the runtime's lock: it may call the runtime, and should be
        quick, since others' requests deliver it. Returns the end of the subscription.
        """
        return self._loop.outbox.subscribe(callback)

    def health(self) -> dict[str, Any]:
        """How the runtime is, in numbers. ``status``: ok, stopping, failing (a device is beyond repair) or
        read-only."""
        loop = self._loop
        status = "ok" if self._accepting else "stopping"
        failed = {name: device.failure for name, device in self._devices.items() if device.failure is not None}
        if failed:
            status = "failing"
        return {
            "status": status if loop.failure is None else "read-only",
            "failure": loop.failure,
            "devices_failed": failed,
            "started_at": self.started_at,
            "now": self.now(),
            "sessions": len(loop.ledger.sessions),
            "jobs": len(loop.ledger.jobs),
            "queued": sum(loop.ledger.queued.values()),
            "in_flight": loop.flights.count,
            "stored_bytes": loop.ledger.stored_bytes,
            "records": loop.records,
            "records_max": self.limits.journal_max,
            "watchers": loop.outbox.watching,
            "subscribers": loop.outbox.subscribers,
            "dropped_records": loop.outbox.dropped,
            "subscriber_faults": loop.outbox.faults,
            "discarded_reports": loop.flights.discarded,
            "backend_faults": loop.flights.backend_faults,
        }

    def shutdown(self, *, drain_s: float = 0) -> None:
        """Take no new work, start no queued job, wait for running ones up to ``drain_s`` real seconds, stop.

        The devices go offline first (T-06). Reading still works afterwards. Backends, and a store that was given, are
        closed by whoever made them. Safe to call twice.
        """
        try:
            with self._loop.turn() as now:
                first, self._accepting = self._accepting, False
                if first and self._loop.failure is None:
                    for device in self._devices.values():
                        device.shown = DeviceState.OFFLINE
                        self._loop.handle(device, device.wish(now), {"shutdown": True})
            if drain_s > 0 and self._loop.failure is None:
                self._loop.flights.wait_for_landing(drain_s)
        except HostError:
            # The journal failed, now or before, and the log says so. It is no reason to go on running.
            _log.error("the end of the service could not be recorded")
        finally:
            self._loop.stop()


def _device(spec: DeviceSpec, profile: Profile, policy: Policy, now: int) -> Device:
    backend = spec.backend
    qubits = backend.configuration().get("n_qubits", 0)
    core = DeviceCore(backend.name, lanes=spec.lanes, profile=profile, policy=policy, now=now)
    return Device(backend=backend, core=core, qubits=qubits if isinstance(qubits, int) else 0)


def _grace(asked: int | None, clock: Clock) -> int | None:
    if asked is None:
        return None if isinstance(clock, VirtualClock) else GRACE_US
    return asked or None

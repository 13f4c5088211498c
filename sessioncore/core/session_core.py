"""The core of one session, for hosts that have a scheduler of their own."""

from __future__ import annotations

from typing import Self, final

from .effects import AnyEffect
from .engine import Engine
from .errors import HostError
from .events import JobStarted, OpenRequested, SubmitRequested
from .invariants import check_snapshot
from .snapshot import Snapshot, load_engine, save_engine
from .workload import Workload


@final
class SessionCore(Engine):
    """One session with its jobs. Pure: it reads no clock and calls nobody.

    The host decides when a job starts and says so with ``JobStarted``; the core never answers with ``StartJob``.
    ``now`` is the time in microseconds at which its life begins.
    """

    def snapshot(self) -> Snapshot:
        """Everything this core knows, as one value. O(n)."""
        return save_engine(self, None)

    @classmethod
    def restore(cls, snapshot: Snapshot) -> Self:
        """A core that goes on exactly where the snapshot was taken. O(n log n)."""
        if snapshot.device is not None:
            raise HostError("this is the snapshot of a device; DeviceCore can restore it", rule="T-03")
        core = cls(profile=snapshot.profile, now=snapshot.now)
        load_engine(core, snapshot)
        return core

    def check(self) -> None:
        """Look at every invariant. O(n). Raises :class:`InvariantError`, naming the rule, if one is broken."""
        check_snapshot(self.snapshot())

    def _open(self, event: OpenRequested, out: list[AnyEffect]) -> Workload:
        if self._workloads and event.session_id not in self._workloads:
            raise HostError("a SessionCore holds one session; DeviceCore holds many", rule="J-09")
        return super()._open(event, out)

    def _submit_alone(self, event: SubmitRequested, out: list[AnyEffect]) -> Workload:  # noqa: ARG002 - refused whatever it is
        raise HostError("a SessionCore has no job mode; DeviceCore has", rule="D-04")

    _handlers = Engine._handlers | {OpenRequested: _open, JobStarted: Engine._job_event}

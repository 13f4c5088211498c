"""The core of one device: its queue, its lanes, its sessions and the jobs of their own."""

from __future__ import annotations

from typing import Self, final

from .chart import select
from .device_chart import DEVICE_CHART
from .dispatch import Candidate, Exported, Order
from .effects import AnyEffect, NotifyDevice, StartJob
from .engine import Engine
from .errors import HostError, InvariantError
from .events import Event, JobStarted, OfflineRequested, PauseRequested, ResumeRequested
from .invariants import check_snapshot
from .parameters import Policy, Profile
from .profiles import FIFO, IBM_GUIDE
from .session import STARTED, Session
from .signals import JobReady
from .snapshot import DeviceSnapshot, Snapshot, load_engine, save_engine
from .states import DeviceState
from .values import maker
from .workload import Workload

LANES_MAX = 10_000

candidate, job_started, start_job = maker(Candidate), maker(JobStarted), maker(StartJob)


@final
class DeviceCore(Engine):
    """One QPU with everything that is queued for it or runs on it. Pure: it reads no clock and calls nobody.

    ``lanes`` is how many jobs may be on it at once, ``policy`` the order of waiting workloads (D-03), ``now`` the
    time in microseconds at which its life begins. A start is this core's own decision (T-05): it answers with
    ``StartJob``.
    """

    def __init__(
        self, device_id: str, *, lanes: int = 1, profile: Profile = IBM_GUIDE, policy: Policy = FIFO, now: int = 0
    ) -> None:
        if type(lanes) is not int or not 1 <= lanes <= LANES_MAX:
            raise HostError(f"lanes must be a whole number from 1 to {LANES_MAX}; it is {lanes!r}", rule="D-04")
        super().__init__(profile=profile, now=now)
        self.id = device_id
        self.lanes = lanes
        self.policy = policy
        self.state = DeviceState.ONLINE
        self._order = Order(policy)
        self._holders: dict[str, Workload] = {}
        self._settled_at = now

    @property
    def running(self) -> int:
        """How many lanes are taken."""
        return self._lanes_taken

    @property
    def holder(self) -> str | None:
        """The id of the exclusive session that holds the device, or None (D-01)."""
        return next(iter(self._holders), None)

    def instance_usage(self, instance: str, at: int) -> int:
        """What ``fair_share`` counts for the instance at ``at``, in microseconds; 0 under ``fifo``."""
        return self._order.shares.used(instance, at)

    def snapshot(self) -> Snapshot:
        """Everything this core knows, as one value. O(n)."""
        return save_engine(
            self,
            DeviceSnapshot(
                id=self.id,
                lanes=self.lanes,
                state=self.state,
                policy=self.policy,
                holders=tuple(self._holders),
                settled_at=self._settled_at,
                shares=self._order.shares.export(),
            ),
        )

    @classmethod
    def restore(cls, snapshot: Snapshot) -> Self:
        """A core that goes on exactly where the snapshot was taken. O(n log n)."""
        device = snapshot.device
        if device is None:
            raise HostError("this is the snapshot of a session alone; SessionCore can restore it", rule="T-03")
        core = cls(device.id, lanes=device.lanes, profile=snapshot.profile, policy=device.policy, now=snapshot.now)
        core.state = device.state
        core._settled_at = device.settled_at
        load_engine(core, snapshot)
        core._place_all(device.holders, device.shares)
        return core

    def fork(self) -> Self:
        """An independent copy that can be driven elsewhere, for searches and what-if questions. O(n log n)."""
        twin = super().fork()
        twin.id, twin.lanes, twin.policy, twin.state = self.id, self.lanes, self.policy, self.state
        twin._settled_at = self._settled_at
        twin._order = Order(self.policy)
        twin._place_all(tuple(self._holders), self._order.shares.export())
        return twin

    def _place_all(self, holders: tuple[str, ...], shares: Exported) -> None:
        """Make holders and order anew, from what a snapshot or another core tells."""
        self._holders = {name: self._workloads[name] for name in holders}
        self._order.shares.load(shares)
        for load in (*self._workloads.values(), *self._solo.values()):
            self._order.place(load, self._jobs)
            load.shared_rate = load.rate

    def check(self) -> None:
        """Look at every invariant. O(n). Raises :class:`InvariantError`, naming the rule, if one is broken.

        What could start is asked as of the last step: under ``fair_share`` the mere passing of time changes who stands
        first, but only steps start jobs (T-05).
        """
        check_snapshot(self.snapshot())
        could_start = self.fork()._first_to_start(self._settled_at)
        if could_start is not None:
            raise InvariantError(f"a lane is free while {could_start.id} could start", rule="T-05")

    # --- dispatch --------------------------------------------------------------------------------------------

    def _settle(self, load: Workload | None, at: int, out: list[AnyEffect]) -> None:
        """T-05: whatever may start starts, at that instant and in D-03's order."""
        if load is not None:
            self._follow(load, at)
        self._settled_at = at
        while (load := self._first_to_start(at)) is not None:
            job = load.head(self._jobs)
            assert job is not None
            self._job_event(job_started(at=at, job_id=job.id), out)
            self._follow(load, at)
            out.append(start_job(at=at, job_id=job.id))

    def _follow(self, load: Workload, at: int) -> None:
        """The workload has changed: its place in the order, what its instance uses, and whether it holds the device."""
        session = load.session
        if session is not None and session.terms.parameters.exclusive == "yes":
            if session.configuration in STARTED:
                self._holders.setdefault(load.id, load)
            else:
                self._holders.pop(load.id, None)
        self._order.place(load, self._jobs)
        self._order.shares.follow(load, at)

    def _first_to_start(self, at: int) -> Workload | None:
        """The workload whose oldest queued job starts now, or None. Asks the chart about the first in order, and
        about the next only where the answer was *pass over*."""
        holder = next(iter(self._holders.values()), None)
        load = self._order.first(at)
        while load is not None:
            effect = self._ask(load, holder, at)
            if effect != "pass_over":
                return load if effect == "start" else None
            if holder is None:
                # Its session is out of time, and ends by a timer of this very instant: it needs no place any more.
                load.placed = None
                load = self._order.first(at)
            else:
                # D-01 passes over everybody but the holder; where it was asked already, nobody is left to ask.
                load = holder if load is not holder and holder.head(self._jobs) else None
        return None

    def _ask(self, load: Workload, holder: Workload | None, at: int) -> str:
        """One question to the device's chart: start, wait or pass_over."""
        session = load.session
        asked = candidate(
            held=holder is not None and holder is not load,
            in_time=session is None or session.may_start(at),
            free_lanes=self.lanes - self._lanes_taken,
            exclusive=_exclusive(session),
            foreign=self._lanes_taken - len(load.on_device),
        )
        row = select(DEVICE_CHART.cells[JobReady][self.state], asked, None)
        self._count(row)
        return row.effect

    # --- steps ---------------------------------------------------------------------------------------------

    def _device_request(self, event: Event, out: list[AnyEffect]) -> Workload | None:
        row = select(DEVICE_CHART.cells[event.__class__][self.state], None, event)
        self._count(row)
        if row.target is not None:
            self.state = DeviceState(row.target)
            out.append(NotifyDevice(at=event.at, state=self.state, row=row.id))
        return None

    _handlers = Engine._handlers | dict.fromkeys((PauseRequested, OfflineRequested, ResumeRequested), _device_request)


def _exclusive(session: Session | None) -> bool:
    return session is not None and session.terms.parameters.exclusive == "yes"

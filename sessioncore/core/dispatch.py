"""In which order a device's workloads stand (D-03), and what the device is asked about the first of them."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import TypeAlias, final

from .durations import DAY
from .job import Job
from .parameters import Policy
from .session import STARTED
from .values import value
from .workload import Workload

ROLLING_WINDOW = 28 * DAY
"""Over how long ``fair_share`` counts usage, in microseconds (D-03)."""

Exported: TypeAlias = tuple[tuple[str, int, int, tuple[tuple[int, int, int], ...]], ...]
"""What :class:`Shares` knows, for a snapshot: (instance, since, rate, past) in order of instance."""

Place: TypeAlias = tuple[int, Workload]
"""(number of the oldest queued job, workload). Numbers are unique, so workloads are never compared."""


@final
@value
class Candidate:
    """What the device's chart asks about the job that stands first: see the atoms of ``device_chart``."""

    held: bool
    in_time: bool
    free_lanes: int
    exclusive: bool
    foreign: int


@final
class Order:
    """Active sessions first, oldest job first; then the queue, where a workload stands at its oldest queued job.

    Places are filed in heaps and checked when they come up: O(log n) per change, with instances searched one by one
    under ``fair_share``.
    """

    def __init__(self, policy: Policy) -> None:
        self._fair = policy.name == "fair_share"
        self._allocations = dict(policy.allocations)
        self._active: list[Place] = []
        self._waiting: dict[str, list[Place]] = {"": []}
        self.shares = Shares(kept=self._fair)

    def place(self, load: Workload, jobs: dict[str, Job]) -> None:
        """File the workload where it stands now, if it has a queued job and has moved."""
        head = load.head(jobs)
        if head is None:
            load.placed = None
            return
        active = load.session is not None and load.session.configuration in STARTED
        key = (active, head.number)
        if load.placed != key:
            load.placed = key
            account = load.instance if self._fair else ""
            heap = self._active if active else self._waiting.setdefault(account, [])
            heappush(heap, (head.number, load))

    def first(self, at: int) -> Workload | None:
        """The workload whose oldest queued job stands first, or None when nothing is queued."""
        load = _top(self._active, active=True)
        if load is not None:
            return load
        return self._first_by_share(at) if self._fair else _top(self._waiting[""], active=False)

    def _first_by_share(self, at: int) -> Workload | None:
        """D-03, ``fair_share``: the instance with the least usage for its allocation; among equals the oldest job.
        O(instances)."""
        best: tuple[int, int, int, Workload] | None = None
        for instance, heap in self._waiting.items():
            load = _top(heap, active=False)
            if load is not None:
                self.shares.trim(instance, at)
                used, share = self.shares.used(instance, at), self._allocations.get(instance, 1)
                number = heap[0][0]
                if best is None or (used * best[1], number) < (best[0] * share, best[2]):
                    best = (used, share, number, load)
        return None if best is None else best[3]


def _top(heap: list[Place], *, active: bool) -> Workload | None:
    """The first place that is still true; others are dropped on the way."""
    while heap:
        number, load = heap[0]
        if load.placed == (active, number):
            return load
        heappop(heap)
    return None


@final
class Shares:
    """How much each instance used over the last :data:`ROLLING_WINDOW`, exactly, in microseconds (D-03).

    One entry per change of an instance's rate within the window; nothing where they are not ``kept``.
    """

    def __init__(self, *, kept: bool) -> None:
        self._kept = kept
        self._past: dict[str, deque[tuple[int, int, int]]] = {}
        self._sum: dict[str, int] = {}
        self._now: dict[str, tuple[int, int]] = {}

    def follow(self, load: Workload, at: int) -> None:
        """The workload has changed at ``at``, and with it perhaps the rate at which its instance uses the device."""
        if not self._kept or (rate := load.rate) == load.shared_rate:
            return
        instance = load.instance
        since, before = self._now.get(instance, (at, 0))
        if before and at > since:
            self._past.setdefault(instance, deque()).append((since, at, before))
            self._sum[instance] = self._sum.get(instance, 0) + before * (at - since)
        self._now[instance] = (at, before + rate - load.shared_rate)
        load.shared_rate = rate
        self.trim(instance, at)

    def trim(self, instance: str, at: int) -> None:
        """Drop what has left the window that ends at ``at``; nobody will ask about an earlier one. Amortised O(1)."""
        start = at - ROLLING_WINDOW
        past = self._past.get(instance, deque())
        while past and past[0][1] <= start:
            since, until, rate = past.popleft()
            self._sum[instance] -= rate * (until - since)

    def used(self, instance: str, at: int) -> int:
        """Usage within the window that ends at ``at``. O(1) after :meth:`trim`; a question changes nothing."""
        start = at - ROLLING_WINDOW
        total = self._sum.get(instance, 0)
        for since, until, rate in self._past.get(instance, ()):
            if since >= start:
                break
            total -= rate * (min(until, start) - since)
        since, rate = self._now.get(instance, (at, 0))
        return total + rate * (at - max(since, start))

    def export(self) -> Exported:
        """Everything it knows."""
        return tuple(
            (instance, *self._now[instance], tuple(self._past.get(instance, ()))) for instance in sorted(self._now)
        )

    def load(self, exported: Exported) -> None:
        """Take over what :meth:`export` gave."""
        for instance, since, rate, past in exported:
            self._now[instance] = (since, rate)
            self._past[instance] = deque(past)
            self._sum[instance] = sum(pace * (until - begun) for begun, until, pace in past)

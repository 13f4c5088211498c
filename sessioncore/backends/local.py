"""A simulated device on this machine, as a :class:`~sessioncore.ports.Backend`: a translator between ports and pool."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from importlib.util import find_spec
from typing import TypeVar, final
from weakref import WeakSet

from sessioncore.core.errors import BackendError
from sessioncore.ports import Attempt, Failed, Json, Limits, Outcome, Refused, Released, Succeeded

from .devices import Device, device
from .pool import WorkerPool
from .tasks import Answered, Lost, Role, Task

params_bytes_max = 64 * 2**20
"""Largest ``params`` that is passed to a worker, in bytes."""

inspection = Limits(cpu_seconds=2.0, wall_seconds=3.0, memory_bytes=2**30)
"""What looking at a payload may cost. Beyond it nothing is found against the payload, and the job tells."""

invalid_code = 1208
"""The vendor's number for a request that is not valid."""

too_long_code = 1305
"""The vendor's number for a job that ran too long."""

internal_error_code = 9707
"""The vendor's number for a failure that is the service's own."""

_T = TypeVar("_T")
_pools: WeakSet[WorkerPool] = WeakSet()
_CLASSIC = frozenset({"sampler", "estimator"})


@final
class LocalBackend:
    """One simulated device. Its workers are shared with the other devices of its pool."""

    def __init__(self, of: Device, pool: WorkerPool, limits: Limits) -> None:
        self._device = of
        self._pool = pool
        self._limits = limits
        self._closed = False
        executes = find_spec("samplomatic") is not None
        self._programs = _CLASSIC | {"executor"} if executes else _CLASSIC
        pool.share()

    @property
    def name(self) -> str:
        """The device's name, as clients use it."""
        return self._device.name

    @property
    def programs(self) -> frozenset[str]:
        """``sampler`` and ``estimator``, and ``executor`` where the package samplomatic is installed."""
        return self._programs

    @property
    def failure(self) -> str | None:
        """Why nothing will ever run here again: its workers cannot be started. None while they can."""
        return self._pool.failure

    @property
    def pool(self) -> WorkerPool:
        """The workers behind this device."""
        return self._pool

    def configuration(self) -> Mapping[str, Json]:
        """The vendor's backend configuration. Not to be changed."""
        return self._device.configuration

    def properties(self) -> Mapping[str, Json]:
        """The vendor's backend properties, empty for an ideal device. Not to be changed."""
        return self._device.properties

    def wait_warm(self, timeout_s: float) -> None:
        """Wait until every worker is ready. Raises :class:`BackendError` when they cannot be, or not in time."""
        self._pool.wait_warm(timeout_s)

    def inspect(self, program_id: str, params: bytes) -> Future[Refused | None]:
        """Look whether the payload fits the device, in a worker; one is kept for this alone, so no job can block it."""
        future: Future[Refused | None] = Future()
        if program_id not in self._programs:
            future.set_result(
                Refused(
                    message=f"The program {program_id!r} is not run here.",
                    remedy=f"Use one of {', '.join(sorted(self._programs))}.",
                )
            )
            return future
        if len(params) > params_bytes_max:
            future.set_result(
                Refused(
                    message=f"The params are {len(params)} bytes; {params_bytes_max} are allowed.",
                    remedy="Spread the work over several jobs.",
                )
            )
            return future

        def done(end: Answered | Lost) -> None:
            _settle(future, refusal(end))

        head = self._head("inspect", program_id, inspection)
        wall_s = inspection.wall_seconds
        self._pool.submit(Task(Role.INSPECT, "", head, params, wall_s, done))
        return future

    def start(self, attempt: Attempt) -> Future[Outcome]:
        """Run the attempt; returns at once. Callbacks on the future run in the pool's thread and should be short."""
        future: Future[Outcome] = Future()
        if attempt.program_id not in self._programs or len(attempt.params) > params_bytes_max:
            reason = f"The program {attempt.program_id!r} with these params is not run here."
            future.set_result(Failed(reason=reason, log=reason))
            return future
        limits = tighter(attempt.limits, self._limits)
        head = self._head("run", attempt.program_id, limits)

        def done(end: Answered | Lost) -> None:
            _settle(future, outcome(end))

        key = self._key(attempt.job_id)
        self._pool.submit(Task(Role.RUN, key, head, attempt.params, limits.wall_seconds, done))
        return future

    def stop(self, job_id: str) -> None:
        """Ask for the job to be let go; its future then answers :class:`Released`. Unknown jobs are ignored."""
        self._pool.stop(self._key(job_id))

    def close(self) -> None:
        """Let go of the workers; they end with the last device that uses them. Safe to call twice."""
        if not self._closed:
            self._closed = True
            self._pool.release()

    def _key(self, job_id: str) -> str:
        return f"{self._device.name}/{job_id}"

    def _head(self, do: str, program_id: str, limits: Limits) -> dict[str, Json]:
        return {
            "do": do,
            "program": program_id,
            "device": self._device.spelling,
            "limits": {
                "cpu_seconds": limits.cpu_seconds,
                "memory_bytes": limits.memory_bytes,
            },
        }


def refusal(end: Answered | Lost) -> Refused | None:
    """What an inspection found. A worker has read hostile bytes, so its answer is not taken on trust."""
    found = end.head.get("refused") if isinstance(end, Answered) else None
    if not isinstance(found, dict):
        return None
    code = found.get("code")
    return Refused(
        message=str(found.get("message", "")),
        remedy=str(found.get("remedy", "")),
        code=code if isinstance(code, int) else invalid_code,
    )


def outcome(end: Answered | Lost) -> Outcome:
    """What became of an attempt, in the words of the port."""
    if isinstance(end, Lost):
        if end.kind == "stopped":
            return Released(reason=end.reason)
        of_kind = too_long_code if end.kind == "time" else internal_error_code
        return Failed(reason=end.reason, reason_code=of_kind, log=end.reason)
    if "failed" in end.head:
        code = end.head.get("code")
        return Failed(
            reason=str(end.head["failed"]),
            reason_code=code if isinstance(code, int) else None,
            log=str(end.head.get("log", "")),
        )
    metrics = end.head.get("metrics")
    return Succeeded(result=end.body, metrics=metrics if isinstance(metrics, dict) else {})


def tighter(one: Limits, other: Limits) -> Limits:
    """The smaller of each limit."""
    return Limits(
        cpu_seconds=min(one.cpu_seconds, other.cpu_seconds),
        wall_seconds=min(one.wall_seconds, other.wall_seconds),
        memory_bytes=min(one.memory_bytes, other.memory_bytes),
    )


def open_backends(
    names: Sequence[str], *, workers: int | None = None, limits: Limits | None = None
) -> list[LocalBackend]:
    """Open the devices called ``names`` behind one pool of worker processes, which start to warm up at once.

    ``workers`` is how many jobs run at once over all devices, by default one per processor; ``limits`` is the most that
    any attempt may use, whatever it asks for. Raises :class:`BackendError` for unknown or repeated names.
    """
    devices = [device(name) for name in names]
    plain = [chosen.name for chosen in devices]
    twice = sorted({name for name in plain if plain.count(name) > 1})
    if twice:
        raise BackendError(f"Devices given twice, or with and without noise: {', '.join(twice)}.")
    if not devices:
        raise BackendError("No device was given.")
    pool = WorkerPool([chosen.spelling for chosen in devices], workers=workers)
    _pools.add(pool)
    most = Limits() if limits is None else limits
    return [LocalBackend(chosen, pool, most) for chosen in devices]


def wait_warm(timeout_s: float) -> None:
    """Wait until the workers of every open device are ready.

    Raises :class:`BackendError` when they cannot be, or not in time.
    """
    end = time.monotonic() + timeout_s
    for pool in list(_pools):
        if not pool.closed:
            pool.wait_warm(max(0.0, end - time.monotonic()))


def make_backend(
    name: str,
    *,
    noise: bool | None = None,
    workers: int | None = None,
    limits: Limits | None = None,
) -> LocalBackend:
    """Open one device with a pool of its own.

    ``noise=False`` is the same as the ending ``:noiseless`` of the name.
    Raises :class:`BackendError` for an unknown name.
    """
    if noise is False and not name.endswith(":noiseless"):
        name += ":noiseless"
    if noise is True and name.endswith(":noiseless"):
        name = name.removesuffix(":noiseless")
    return open_backends([name], workers=workers, limits=limits)[0]


def _settle(future: Future[_T], result: _T) -> None:
    with suppress(InvalidStateError):  # whoever asked has cancelled the future and does not want to know
        future.set_result(result)

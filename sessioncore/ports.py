"""The few Protocols that a host needs: a clock, a store, a backend.

An in-memory version of each ships with the project and is what the tests use. Everything that a host reads
from the world comes through here, so that a whole system can be simulated on one seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from threading import Condition
from typing import Any, Protocol, TypeAlias, final

from sessioncore.core.values import value

Json: TypeAlias = Any
"""A JSON value as ``json.loads`` returns it."""


class Clock(Protocol):
    """Where time comes from. It never runs backwards (T-04)."""

    def now(self) -> int:
        """The time in microseconds since the Unix epoch."""
        ...

    def wait(self, condition: Condition, until: int | None) -> None:
        """Wait on ``condition``, which the caller holds, until it is notified or the clock reads ``until``.

        ``until`` is in microseconds. It may return early; the caller looks again. None waits for a notification alone.
        """
        ...


@final
@value
class Limits:
    """What one attempt may use in its worker before it is killed."""

    cpu_seconds: float = 3 * 3600.0
    wall_seconds: float = 3 * 3600.0
    memory_bytes: int = 6 * 2**30


@final
@value
class Attempt:
    """One execution of one job: what a backend needs and nothing more.

    ``params`` is the job's ``params`` object as JSON bytes, exactly as the client sent it: it has been decoded by
    nobody. ``attempt`` fences late answers: a result for another attempt is discarded.
    """

    job_id: str
    program_id: str
    params: bytes
    attempt: int = 1
    limits: Limits = Limits()


@final
@value
class Succeeded:
    """The job ran. ``result`` is the body for the client, ``metrics`` what the device can tell about the run."""

    result: bytes
    metrics: Mapping[str, Json] = {}


@final
@value
class Failed:
    """The job ended with an error: a sentence for people, the vendor's number, and the text of its log."""

    reason: str
    reason_code: int | None = None
    log: str = ""


@final
@value
class Released:
    """The device let the job go without an outcome: stopped on request, or lost."""

    reason: str = ""


Outcome: TypeAlias = Succeeded | Failed | Released


@final
@value
class Refused:
    """A payload that can be seen not to fit this device, before a job exists. ``code`` is the vendor's number."""

    message: str
    remedy: str
    code: int = 1208


class Backend(Protocol):
    """One device's adapter. It translates and executes; it decides nothing about sessions or jobs.

    An adapter that can come to an end of its own may also have a property ``failure``: why it will never run anything
    again, None while it can. New jobs are refused from then on.
    """

    @property
    def name(self) -> str:
        """The device's name, as clients use it."""
        ...

    @property
    def programs(self) -> frozenset[str]:
        """The program ids that it runs, for example ``{"sampler", "estimator", "executor"}``."""
        ...

    def configuration(self) -> Mapping[str, Json]:
        """The vendor's backend configuration (ibm-rest: ``GET /backends/{name}/configuration``)."""
        ...

    def properties(self) -> Mapping[str, Json]:
        """The vendor's backend properties, or an empty mapping where the device has none."""
        ...

    def inspect(self, program_id: str, params: bytes) -> Future[Refused | None]:
        """Look whether the payload fits the device. None: nothing was found against it."""
        ...

    def start(self, attempt: Attempt) -> Future[Outcome]:
        """Run the attempt; returns at once. The future always gets a result, never an exception."""
        ...

    def stop(self, job_id: str) -> None:
        """Ask for the job to be let go; its future then answers :class:`Released`. Unknown jobs are ignored."""
        ...

    def close(self) -> None:
        """Stop every worker and free what is held. Safe to call twice."""
        ...


class Store(Protocol):
    """What a host keeps: the journal, and the bytes of jobs. Appending is atomic: all records or none."""

    def append(self, records: Sequence[Mapping[str, Json]]) -> None:
        """Add journal records, in order. When this returns they are kept as safely as the store can."""
        ...

    def records(self) -> Iterator[Mapping[str, Json]]:
        """The journal from its start."""
        ...

    def put(self, kind: str, key: str, body: bytes) -> None:
        """Keep ``body`` under (``kind``, ``key``), replacing what was there."""
        ...

    def get(self, kind: str, key: str) -> bytes | None:
        """The bytes kept under (``kind``, ``key``), or None."""
        ...

    def delete(self, kind: str, key: str) -> None:
        """Forget the bytes kept under (``kind``, ``key``); unknown keys are ignored."""
        ...

    def close(self) -> None:
        """Let go of files and connections. Safe to call twice."""
        ...

"""Attempts on their way: handed to a backend, and not yet answered.

Each attempt is answered once. What comes for another attempt, or a second time, is dropped and counted. A backend may
answer from any thread, also from inside ``start``, under whatever locks: its answer is put into a queue, and the loop
takes it from there.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from functools import partial
from threading import Condition
from typing import final

from sessioncore.core.errors import BackendError
from sessioncore.core.values import value
from sessioncore.ports import Attempt, Clock, Failed, Outcome, Released, Store, Succeeded

from .device import Device
from .ledger import HostJob
from .values import HostLimits

_log = logging.getLogger(__name__)

PARAMS, RESULT, LOG = "params", "result", "log"
"""The kinds of bytes that a host keeps of a job."""


def result_key(job_id: str, attempt: int) -> str:
    """Under which key the result of an attempt is stored: a late attempt cannot overwrite another's."""
    return f"{job_id}/{attempt}"


@final
@value
class Report:
    """The answer to one attempt, and when it arrived (microseconds)."""

    job_id: str
    attempt: int
    outcome: Outcome
    at: int


@final
class Flights:
    """What is with the backends. ``arrived`` is called after a report was queued, on the thread that brought it."""

    def __init__(
        self,
        *,
        clock: Clock,
        store: Store,
        limits: HostLimits,
        grace_us: int | None,
        arrived: Callable[[], None],
    ) -> None:
        self.reports: deque[Report] = deque()
        self.discarded = 0
        """Answers that nobody waited for any more."""
        self.backend_faults = 0
        """Exceptions out of adapters."""
        self._clock = clock
        self._store = store
        self._limits = limits
        self._grace_us = grace_us
        self._arrived = arrived
        self._open: dict[str, int] = {}
        """Job id -> the attempt that is to be answered."""
        self._graces: dict[str, tuple[int, int]] = {}
        """Job id -> (when its grace period ends, attempt). One length for all, so the first in is the first to end."""
        self._landed = Condition()

    @property
    def count(self) -> int:
        """How many attempts have not been answered."""
        return len(self._open)

    # --- going out: under the runtime's lock ------------------------------------------------------------

    def start(self, device: Device, job: HostJob) -> None:
        """Hand the job to its backend. Whatever goes wrong there becomes the job's failure."""
        self._open[job.id] = job.attempt
        answered = partial(self._answered, job.id, job.attempt)
        try:
            params = self._store.get(PARAMS, job.id)
            if params is None:
                raise BackendError("its payload is gone")
            future = device.backend.start(
                Attempt(
                    job_id=job.id,
                    program_id=job.program_id,
                    params=params,
                    attempt=job.attempt,
                    limits=self._limits.attempt,
                )
            )
        except Exception as error:  # noqa: BLE001 - an adapter's fault is this job's, not the runtime's
            self._adapter_failed(f"{device.name} could not start job {job.id}")
            self._queue(job.id, job.attempt, Failed(reason=f"The device could not start the job ({_name(error)})."))
        else:
            future.add_done_callback(answered)

    def stop(self, device: Device, job: HostJob) -> None:
        """Ask the backend to let the job go, and give it a grace period to do so."""
        if self._grace_us is not None and job.id in self._open:
            self._graces[job.id] = (self._clock.now() + self._grace_us, job.attempt)
        try:
            device.backend.stop(job.id)
        except Exception:  # noqa: BLE001 - an adapter's fault; the job keeps its lane until the device lets go
            self._adapter_failed(f"{device.name} could not stop job {job.id}")

    def next_grace(self) -> int | None:
        """When the first grace period ends."""
        return next(iter(self._graces.values()))[0] if self._graces else None

    def end_graces(self, due: int) -> None:
        """A device that was told to stop and did not answer in time has lost the job, as far as anybody can tell."""
        for job_id in [job_id for job_id, (end, _) in self._graces.items() if end <= due]:
            _, attempt = self._graces.pop(job_id)
            _log.error("job %s was not let go within its grace period; its lane is given up", job_id)
            self.reports.append(
                Report(job_id=job_id, attempt=attempt, outcome=Released(reason="did not stop when told to"), at=due)
            )

    def accept(self, report: Report) -> bool:
        """Whether this is the answer that its attempt was waiting for. If not, it is dropped and counted."""
        if self._open.get(report.job_id) != report.attempt:
            self.discard(report)
            return False
        del self._open[report.job_id]
        self._graces.pop(report.job_id, None)
        return True

    def discard(self, report: Report) -> None:
        """Drop an answer and the bytes that came with it."""
        self.discarded += 1
        self.drop_result(report)

    def drop_result(self, report: Report) -> None:
        """Forget the bytes of a result that nobody will ask for (J-03)."""
        if isinstance(report.outcome, Succeeded):
            self.drop_bytes(RESULT, result_key(report.job_id, report.attempt))

    # --- coming back: on any thread, under whatever locks -------------------------------------------------

    def _answered(self, job_id: str, attempt: int, future: Future[Outcome]) -> None:
        outcome = self._outcome(job_id, future)
        if self._open.get(job_id) != attempt:
            outcome = Released(reason="too late")  # it will be counted; its bytes must not replace anybody's
        elif isinstance(outcome, Succeeded):
            outcome = self._keep_result(outcome, result_key(job_id, attempt))
        self._queue(job_id, attempt, outcome)
        self._arrived()

    def _queue(self, job_id: str, attempt: int, outcome: Outcome) -> None:
        self.reports.append(Report(job_id=job_id, attempt=attempt, outcome=outcome, at=self._clock.now()))

    def _outcome(self, job_id: str, future: Future[Outcome]) -> Outcome:
        try:
            return future.result()
        except CancelledError:
            return Released(reason="the attempt was cancelled")
        except Exception as error:  # noqa: BLE001 - the port forbids it; the job pays for it, not the runtime
            self._adapter_failed(f"the attempt at job {job_id} ended with an exception")
            return Failed(reason=f"The device failed ({_name(error)}).")

    def _keep_result(self, outcome: Succeeded, key: str) -> Outcome:
        """Store a result before anybody hears of it, and outside the turn, so that a large one holds nobody up."""
        size, most = len(outcome.result), self._limits.result_bytes_max
        if size > most:
            return Failed(reason=f"The result has {size} bytes; the limit is {most}.", reason_code=1208)
        if not self.put_bytes(RESULT, key, outcome.result):
            return Failed(reason="The result could not be stored.")
        return outcome

    def _adapter_failed(self, what: str) -> None:
        self.backend_faults += 1
        _log.exception("%s", what)

    # --- bytes and landings -------------------------------------------------------------------------------

    def put_bytes(self, kind: str, key: str, body: bytes) -> bool:
        """Keep bytes that came back; whether that worked. A failure is the job's, and the log's."""
        try:
            self._store.put(kind, key, body)
        except Exception:  # noqa: BLE001 - whatever the store raises, the bytes are lost
            _log.exception("the store could not keep %s %s", kind, key)
            return False
        return True

    def drop_bytes(self, kind: str, key: str) -> None:
        """Forget bytes. If the store cannot, they are only a waste of room."""
        try:
            self._store.delete(kind, key)
        except Exception:  # noqa: BLE001 - see above
            _log.exception("the store could not forget %s %s", kind, key)

    def announce_landing(self) -> None:
        """Tell whoever waits that nothing is in flight, if so. Not under the runtime's lock."""
        if not self._open:
            with self._landed:
                self._landed.notify_all()

    def wait_for_landing(self, seconds: float) -> bool:
        """Wait until every attempt has been answered, at most so many seconds; whether that is so."""
        with self._landed:
            return self._landed.wait_for(lambda: not self._open, timeout=seconds)


def _name(error: Exception) -> str:
    """What a client is told of an exception: its kind. The rest is for the log."""
    return type(error).__name__

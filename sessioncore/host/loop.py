"""The effect loop: events in, journal first, then effects, and what they bring back is the next event.

Laws of this loop:

- Everything that touches a core, the ledger or the journal happens under one lock, the *turn*. A turn never waits: not
  for a job, not for a worker, not for a callback of somebody else.
- A turn begins with what has arrived: reports in the order of arrival, then every timer due by now, each at its own
  deadline (T-01, T-02). Then come the requests of whoever asked for the turn.
- An event's record is in the store before its effects are carried out. If the store fails, the event did not happen:
  the cores are rebuilt from the journal, the loop turns read-only and says so.
- Who brings an answer only puts it into a queue, and wakes the loop's own thread. The next turn takes it, that thread's
  or another's. So a backend may answer from any thread, also from inside ``start``, holding locks that ``start`` needs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Condition, Lock, Thread, current_thread
from typing import assert_never, final

from sessioncore.core.effects import AnyEffect, NotifyDevice, NotifyJob, NotifySession, StartJob, StopJob
from sessioncore.core.errors import HostError
from sessioncore.core.events import Advanced, Event
from sessioncore.core.job import FINAL
from sessioncore.core.states import JobStatus
from sessioncore.ports import Clock, Json, Store
from sessioncore.trace import (
    FORGOTTEN,
    Header,
    Note,
    Record,
    entry_record,
    event_record,
    header_record,
    replay,
    trace_of,
)

from .clocks import VirtualClock
from .device import Device
from .flights import LOG, PARAMS, RESULT, Flights, Report, result_key
from .ledger import CLIENT_FINAL, HostJob, Ledger
from .outbox import Outbox
from .refusals import unavailable
from .reports import event_of, trim
from .values import HostLimits
from .views import job_view

_log = logging.getLogger(__name__)


@final
class Loop:
    """The owner of the cores. :meth:`turn` is the only way in."""

    def __init__(
        self,
        devices: Mapping[str, Device],
        *,
        header: Header,
        clock: Clock,
        store: Store,
        limits: HostLimits,
        grace_us: int | None,
    ) -> None:
        self.devices = devices
        self.ledger = Ledger()
        self.outbox = Outbox(limits)
        self.flights = Flights(clock=clock, store=store, limits=limits, grace_us=grace_us, arrived=self._arrived)
        self.records = 0
        """How many records the journal has, besides its header."""
        self.failure: str | None = None
        """Why the loop is read-only, if it is."""
        self._header = header
        self._clock = clock
        self._store = store
        self._limits = limits
        self._lock = Lock()
        self._turn = Turn(self)
        self._records_before = 0
        """How many records there were when the turn began."""
        self._latest = header.started_at
        self._unreadable = False
        self._stopped = False
        self._wake = Condition()
        self._due: int | None = None
        self._cores_due: int | None = None
        self._cores_due_of = -1
        self._asleep_until: int | None = None
        self._thread = Thread(target=self._run, name="sessioncore-loop", daemon=True)

    # --- beginning and end ------------------------------------------------------------------------------

    def start(self) -> None:
        """Write the header and start the thread. Raises :class:`HostError` for a store that is in use."""
        for _ in self._store.records():
            raise HostError("this store holds a journal; give every runtime a store of its own", rule="J-09")
        self._store.append([header_record(self._header)])
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread, and drop what still comes back. Safe to call twice."""
        with self._lock:
            self._stopped = True
            self.outbox.settle_all(HostError("the runtime was shut down", rule="T-06"))
        self._after()
        with self._wake:
            self._wake.notify_all()
        # A callback that this very thread delivers may end the runtime; the thread ends after it.
        if self._thread.is_alive() and self._thread is not current_thread():
            self._thread.join()

    # --- the turn ---------------------------------------------------------------------------------------

    def turn(self) -> Turn:
        """Take the lock, catch up with the world, and hand over the time in microseconds.

        What is raised inside is passed on; nothing that the core refused has left a trace.
        """
        return self._turn

    def begin_turn(self) -> int:
        """The beginning of a turn. What it raises ends the turn as well."""
        self._lock.acquire()
        try:
            now = self._catch_up()
            self._records_before = self.records
            return now
        except BaseException:
            self._leave_turn()
            raise

    def end_turn(self, *, well: bool) -> None:
        """The end of a turn; ``well``: nothing was raised in it."""
        try:
            if well and (self.records != self._records_before or self.flights.reports):
                self._notice(self._latest)  # what adapters answered at once, and what fell due at once
        finally:
            self._leave_turn()

    def _leave_turn(self) -> None:
        try:
            self._note_due()
        finally:
            self._lock.release()
            self._after()

    def require_writable(self) -> None:
        """Raise :class:`ClientError` (503) if nothing can be recorded any more."""
        if self.failure is not None:
            raise unavailable(
                f"The service is read-only: {self.failure}.",
                "Nothing was changed. Results can still be read; ask the operator to restart the service.",
                row="host.read-only",
            )
        if self._stopped:
            raise unavailable("The service has been shut down.", "Nothing was changed.", row="host.stopped")

    def _catch_up(self) -> int:
        now = self._notice(max(self._clock.now(), self._latest))
        if self._unreadable:
            raise HostError("the journal failed and cannot be read back; see the log", rule="J-09")
        return now

    def _notice(self, now: int) -> int:
        """Take what came back and what fell due by ``now``, and say what time it is then: a report may be younger.

        If that goes wrong, it is nobody's request that failed: the log is told, and the loop is read-only from then on.
        """
        try:
            while True:
                self._take_reports()
                now = max(now, self._latest)
                if self.failure is not None or self._stopped:
                    break
                self._fire_until(now)
                if not self.flights.reports:  # of grace periods that ended, and of adapters that answer at once
                    break
        except Exception as error:  # noqa: BLE001 - see above
            if self.failure is None:
                _log.error("a timer or a report could not be taken", exc_info=error)
                self._fail(f"a timer or a report could not be taken ({type(error).__name__}: {error})")
        return max(now, self._latest)

    def _after(self) -> None:
        """What must not be done under the lock: callbacks into foreign code, and telling who waits for landings."""
        self.flights.announce_landing()
        self.outbox.deliver()

    def _arrived(self) -> None:
        """A report was queued, on whatever thread and under whatever locks."""
        with self._wake:
            self._wake.notify_all()

    # --- events -----------------------------------------------------------------------------------------

    def handle(
        self,
        device: Device,
        event: Event,
        host: Mapping[str, Json] | None = None,
        keep: Callable[[], None] | None = None,
    ) -> None:
        """One request, within a turn and at its time. ``keep`` makes the ledger ready once the event is recorded.

        Raises :class:`ClientError` for a refusal, and then nothing has happened; :class:`HostError` if the store
        failed.
        """
        effects = device.core.handle(event)
        self._record(device, event, effects, host)
        if keep is not None:
            keep()
        self._carry_out(device, effects)

    def note(self, device: Device, at: int, facts: Mapping[str, Json]) -> None:
        """Record something that only the host knows. Within a turn."""
        self._latest = max(self._latest, at)
        self._append(entry_record(Note(seq=self.records + 1, at=at, device=device.name, host=facts)))

    def forget(self, job: HostJob, at: int) -> None:
        """Drop a deleted job if it has ended; if not, that will happen when it does. Within a turn."""
        if job.status not in FINAL:
            return
        device = self.devices[job.device]
        self.note(device, at, {"note": FORGOTTEN, "job_id": job.id})
        device.core.forget(job.id)
        self.ledger.drop_job(job)
        for kind, key in ((PARAMS, job.id), (LOG, job.id), (RESULT, result_key(job.id, job.attempt))):
            self.flights.drop_bytes(kind, key)

    def _record(
        self, device: Device, event: Event, effects: Sequence[AnyEffect], host: Mapping[str, Json] | None = None
    ) -> None:
        self._latest = max(self._latest, event.at)
        self._append(event_record(event, self.records + 1, effects, host, device=device.name))

    def _append(self, record: Record) -> None:
        """Journal one record, or turn read-only: what is not in the journal did not happen."""
        try:
            if self.records >= self._limits.journal_max:
                raise HostError(f"the journal is full ({self.records} records)", rule="J-09")
            self._store.append([record])
        except Exception as error:
            self._fail(f"the journal could not be written ({type(error).__name__}: {error})")
            raise HostError(f"{self.failure}; the request was not carried out", rule="J-09") from error
        self.records += 1
        self.outbox.publish(record)

    def _fail(self, why: str) -> None:
        """Turn read-only. The cores go back to what the journal says: nobody is shown what was never recorded."""
        self.failure = why
        self._cores_due_of = -1
        _log.critical("the runtime is read-only from now on: %s", why)
        try:
            cores = replay(trace_of(self._store.records()))
            for name, device in self.devices.items():
                device.core = cores[name]
        except Exception:  # noqa: BLE001 - whatever the store raises, the answer is the same
            _log.critical("and its journal cannot be read back: nothing is shown any more", exc_info=True)
            self._unreadable = True
        self.outbox.settle_all(HostError(f"the runtime is read-only: {why}", rule="J-09"))

    # --- time -------------------------------------------------------------------------------------------

    def move(self, clock: VirtualClock, target: int) -> None:
        """Move a virtual clock to ``target``, deadline by deadline over all devices. Within a turn."""
        while (due := self._next_due()) is not None and due <= target:
            clock.move_to(max(due, clock.now()))
            self._fire_until(due)
            self._take_reports()
        clock.move_to(max(target, clock.now()))
        self._take_reports()

    def _next_due(self) -> int | None:
        """The earliest deadline of any core or grace period. A core's deadlines change with its records only."""
        if self._cores_due_of != self.records:
            found = [due for one in self.devices.values() if (due := one.core.next_deadline()) is not None]
            self._cores_due = min(found, default=None)
            self._cores_due_of = self.records
        grace = self.flights.next_grace()
        if grace is None or self._cores_due is None:
            return self._cores_due if grace is None else grace
        return min(self._cores_due, grace)

    def _fire_until(self, limit: int) -> None:
        """Everything due by ``limit`` takes effect at its own deadline, earliest first over all devices (T-02)."""
        while (due := self._next_due()) is not None and due <= limit:
            self._latest = max(self._latest, due)
            self.flights.end_graces(due)
            for device in self.devices.values():
                if device.core.next_deadline() == due:
                    effects = device.core.advance(due)
                    self._cores_due_of = -1
                    if effects:
                        self._record(device, Advanced(at=due), effects)
                        self._carry_out(device, effects)
            if self._next_due() == due:
                raise HostError(f"a timer due at {due} did not fire", rule="T-02")

    def _note_due(self) -> None:
        """Tell the sleeper, if it would wake too late. Under the lock."""
        due = None if self.failure is not None or self._stopped else self._next_due()
        if due == self._due:
            return
        with self._wake:
            self._due = due
            if due is not None and (self._asleep_until is None or due < self._asleep_until):
                self._wake.notify_all()

    def _run(self) -> None:
        """The one thread of the runtime: sleeps until the next deadline or report, and then takes a turn."""
        while True:
            with suppress(HostError), self.turn():  # raised while nothing can be shown any more
                pass
            with self._wake:
                if self._stopped:
                    return
                if self.flights.reports:
                    continue
                self._asleep_until = self._due
                self._clock.wait(self._wake, self._due)
                self._asleep_until = None

    # --- effects and reports ----------------------------------------------------------------------------

    def _carry_out(self, device: Device, effects: Sequence[AnyEffect]) -> None:
        """In the order given, after they were recorded."""
        for effect in effects:
            match effect:
                case StartJob():
                    self.flights.start(device, self.ledger.jobs[effect.job_id])
                case StopJob():
                    self.flights.stop(device, self.ledger.jobs[effect.job_id])
                case NotifyJob():
                    self._tell_job(device, effect)
                case NotifySession():
                    self.ledger.note_session(effect)
                case NotifyDevice():
                    pass  # clients are shown what operators wished (``Device.shown``)
                case _:
                    assert_never(effect)

    def _tell_job(self, device: Device, effect: NotifyJob) -> None:
        job = self.ledger.note_job(effect, device.core)
        if effect.status in CLIENT_FINAL and self.outbox.is_watched(job.id):
            self.outbox.settle(job.id, job_view(device.core, job, effect.at))
        if job.deleted:
            self.forget(job, self._latest)

    def _take_reports(self) -> None:
        """Hand in what has come back, in the order of arrival. Under the lock."""
        reports = self.flights.reports
        while reports:
            report = reports.popleft()
            if self.failure is not None or self._stopped:
                self.flights.discard(report)
            elif self.flights.accept(report):
                self._take(report)

    def _take(self, report: Report) -> None:
        job = self.ledger.jobs[report.job_id]
        device = self.devices[job.device]
        # It may have arrived before what was recorded last; nothing is stamped into the past (T-04).
        at = max(report.at, self._latest)
        self._fire_until(at - 1)
        event = event_of(report.outcome, report.job_id, at)
        effects = device.core.handle(event)
        facts = trim(report.outcome, report.attempt, self._limits)
        self._record(device, event, effects, facts.host)
        if _completes(effects, job.id):
            self.ledger.keep_result(job, facts.result_bytes, facts.metrics)
        else:
            self.flights.drop_result(report)
        if facts.log:
            self.flights.put_bytes(LOG, job.id, facts.log.encode("utf-8", "replace"))
        self._carry_out(device, effects)


@final
class Turn:
    """The turn of a loop as a context: one object serves every turn, since it keeps nothing."""

    __slots__ = ("_loop",)

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def __enter__(self) -> int:
        return self._loop.begin_turn()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._loop.end_turn(well=kind is None)


def _completes(effects: Sequence[AnyEffect], job_id: str) -> bool:
    """Whether these effects say that the job has its result."""
    return any(
        isinstance(told, NotifyJob) and told.job_id == job_id and told.status is JobStatus.COMPLETED for told in effects
    )

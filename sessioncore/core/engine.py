"""What both cores share: the laws of time, the table of jobs, and how a job's step becomes its session's.

One event meets the row of its job, then the row of the session that the job's row signals, and, where that closed the
session, the rows of its remaining jobs. Everything that can raise is computed before anything is written, so a refusal
leaves no trace (T-03).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from heapq import heapify, heappop, heappush
from types import MappingProxyType
from typing import Any, TypeAlias

from .chart import select
from .effects import AnyEffect
from .errors import HostError, Story
from .events import (
    REPORTS,
    TIMERS,
    Advanced,
    CancelRequested,
    CloseRequested,
    Event,
    ExecutionLimitExpired,
    InteractiveTtlExpired,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobSucceeded,
    MaxTtlExpired,
    NoSubmissionExpired,
    OpenRequested,
    SubmitRequested,
    UsageLimitReached,
)
from .job import FINAL, ON_DEVICE, Job, JobAnswer, job_answer, job_row, submit_job
from .profiles import IBM_GUIDE, Profile
from .session import Session
from .session_chart import session_chart
from .signals import JobLeftDevice, SessionEnded
from .states import Configuration, Mode
from .step import Answer, answer, open_session, refuse
from .values import maker
from .workload import Workload

CLOSED = Configuration.CLOSED
left_device = maker(JobLeftDevice)
EXECUTION_LIMIT = TIMERS.index(ExecutionLimitExpired)
SESSION_TIMERS = (MaxTtlExpired, UsageLimitReached, InteractiveTtlExpired, NoSubmissionExpired)

HEAP_SLACK = 64
"""Entries of the timer heap that may be stale before it is rebuilt, besides as many as are alive."""

TimerEntry: TypeAlias = tuple[int, int, int, Any]
"""(due, rank, number, workload or job id): tuples sort as T-02 wants timers to fire."""


class Engine:
    """Owns sessions and jobs, and is the only one to change them. Not for use on its own."""

    def __init__(self, *, profile: Profile = IBM_GUIDE, now: int = 0) -> None:
        self.profile = profile
        self.now = now
        self.fired: Counter[str] = Counter()
        self._jobs: dict[str, Job] = {}
        self._workloads: dict[str, Workload] = {}
        self._solo: dict[str, Workload] = {}
        self._timers: list[TimerEntry] = []
        self._next_session = 0
        self._next_job = 0
        self._lanes_taken = 0
        self._handlers: dict[type, Callable[[Any, list[AnyEffect]], None]] = {
            OpenRequested: self._open,
            SubmitRequested: self._submit,
            CloseRequested: self._session_request,
            CancelRequested: self._session_request,
            JobCancelRequested: self._job_event,
            JobSucceeded: self._job_event,
            JobFailed: self._job_event,
            JobReleased: self._job_event,
        }

    # --- the face ------------------------------------------------------------------------------------------

    def handle(self, event: Event) -> tuple[AnyEffect, ...]:
        """One request or report. Returns the effects, in the order in which they are to be carried out.

        Raises :class:`ClientError` for a request that the chart forbids, :class:`HostError` when time runs backwards
        (T-04), when timers due before the event have not fired (T-03) or an id is used twice (J-09). Then nothing has
        changed.
        """
        at = event.at
        handler = self._handlers.get(event.__class__)
        if handler is None:
            if event.__class__ is Advanced:
                return self.advance(at)
            raise HostError(f"{event.__class__.__name__} is not for this core to be handed", rule="T-05")
        if at < self.now:
            raise HostError(f"time ran backwards: the event is at {at}, the core is at {self.now}", rule="T-04")
        if self._timers and self._timers[0][0] <= at:
            self._require_fired(event)
        out: list[AnyEffect] = []
        handler(event, out)
        self.now = at
        self._settle(at, out)
        return tuple(out)

    def advance(self, now: int) -> tuple[AnyEffect, ...]:
        """Let time pass up to and including ``now``: everything due takes effect at its own deadline, in T-02's order.

        Going back by one microsecond is what T-01 asks before a second report of one instant, and does nothing;
        further back raises :class:`HostError` (T-04).
        """
        if now < self.now - 1:
            raise HostError(f"time ran backwards: asked to advance to {now}, the core is at {self.now}", rule="T-04")
        out: list[AnyEffect] = []
        while (entry := self._first_timer()) is not None and entry[0] <= now:
            self._fire(entry, out)
        if now > self.now:
            self.now = now
        return tuple(out)

    def next_deadline(self) -> int | None:
        """When the next timer is due, in microseconds; None when none is armed."""
        entry = self._first_timer()
        return None if entry is None else entry[0]

    @property
    def jobs(self) -> Mapping[str, Job]:
        """Every job that is not forgotten, by id. Read-only."""
        return MappingProxyType(self._jobs)

    @property
    def sessions(self) -> Mapping[str, Session]:
        """Every session that is not forgotten, by id, in the order of creation. A copy; O(n)."""
        return {name: load.session for name, load in self._workloads.items() if load.session is not None}

    def session(self, session_id: str) -> Session | None:
        """One session, or None."""
        load = self._workloads.get(session_id)
        return None if load is None else load.session

    def story(self, session_id: str) -> Story:
        """The last steps of a session, oldest first; empty for an unknown one."""
        load = self._workloads.get(session_id)
        return () if load is None else load.told()

    def timers(self, session_id: str) -> tuple[tuple[str, int], ...]:
        """The armed timers of a session as (event name, due in microseconds), the next one first."""
        session = self.session(session_id)
        if session is None:
            return ()
        return tuple((TIMERS[rank].__name__, due) for due, rank in sorted(session.deadlines()))

    def forget(self, job_id: str) -> None:
        """Drop a job that has ended, to free memory. Its id stays used: the host never gives it to another job (J-09).

        Raises :class:`HostError` if it has not ended, or is unknown.
        """
        job = self._jobs.get(job_id)
        if job is None or job.status not in FINAL:
            raise HostError(f"job {job_id} has not ended and cannot be forgotten", rule="J-01")
        del self._jobs[job_id]
        self._solo.pop(job_id, None)

    def forget_session(self, session_id: str) -> None:
        """Drop a closed session, to free memory. Its id stays used: the host never gives it to another session (J-09).

        Raises :class:`HostError` while it is not closed or a job of it is on the device.
        """
        load = self._workloads.get(session_id)
        if load is None or load.session is None or load.session.configuration is not CLOSED or load.on_device:
            raise HostError(f"session {session_id} is not over and cannot be forgotten", rule="S-23")
        del self._workloads[session_id]

    # --- time ----------------------------------------------------------------------------------------------

    def _require_fired(self, event: Event) -> None:
        """T-03: timers before a report, timers before or at a request, have fired."""
        due = self.next_deadline()
        if due is None:
            return
        report = isinstance(event, REPORTS)
        if due < event.at or (due == event.at and not report):
            until = event.at - 1 if report else event.at
            raise HostError(f"a timer is due at {due}: call advance({until}) first", rule="T-03")

    def _first_timer(self) -> TimerEntry | None:
        """The timer that fires next. Stale entries on top of the heap are dropped or filed anew on the way."""
        heap = self._timers
        while heap:
            entry = heap[0]
            due, rank, _, owner = entry
            if rank == EXECUTION_LIMIT:
                job = self._jobs.get(owner)
                if job is not None and job.execution_limit_due == due:
                    return entry
                heappop(heap)
                continue
            if owner.filed == (due, rank):
                if owner.session.next_timer() == (due, rank):
                    return entry
                owner.filed = None
                heappop(heap)
                self._file(owner)
                heap = self._timers  # filing may have made it anew
            else:
                heappop(heap)
        return None

    def _file(self, load: Workload) -> None:
        """Keep one entry per session in the heap, at or before its next timer. A later timer is filed when this one
        comes up."""
        assert load.session is not None
        key = load.session.next_timer()
        filed = load.filed
        if key is not None and (filed is None or key < filed):
            load.filed = key
            self._push((*key, load.number, load))

    def _push(self, entry: TimerEntry) -> None:
        """Add an entry, and drop the stale ones once they are the greater part."""
        heap = self._timers
        heappush(heap, entry)
        if len(heap) > 2 * (len(self._workloads) + self._lanes_taken) + HEAP_SLACK:
            self._rebuild_timers()

    def _rebuild_timers(self) -> None:
        """Make the heap anew from what is armed. O(n), and rare enough to cost O(1) per event."""
        heap: list[TimerEntry] = []
        for load in self._workloads.values():
            assert load.session is not None
            load.filed = load.session.next_timer()
            if load.filed is not None:
                heap.append((*load.filed, load.number, load))
        for load in (*self._workloads.values(), *self._solo.values()):
            for job_id in load.on_device:
                job = self._jobs[job_id]
                if job.execution_limit_due is not None:
                    heap.append((job.execution_limit_due, EXECUTION_LIMIT, job.number, job_id))
        heapify(heap)
        self._timers = heap

    def _fire(self, entry: TimerEntry, out: list[AnyEffect]) -> None:
        """T-02: a timer takes effect at its deadline; T-05: then whatever may start starts."""
        due, rank, _, owner = entry
        if rank == EXECUTION_LIMIT:
            self._job_event(ExecutionLimitExpired(at=due, job_id=owner), out)
        else:
            self._session_step(owner, SESSION_TIMERS[rank](at=due, session_id=owner.id), out)
        self.now = due
        self._settle(due, out)

    def _settle(self, at: int, out: list[AnyEffect]) -> None:
        """What follows at once from a step (T-05). Here nothing: a session alone starts no job."""

    # --- requests ------------------------------------------------------------------------------------------

    def _open(self, event: OpenRequested, out: list[AnyEffect]) -> None:
        load = self._workloads.get(event.session_id)
        if load is not None and load.session is not None:
            answer(load.session, event, load.story)
        opened = open_session(event, self.profile.half(event.mode))
        load = Workload(
            id=event.session_id,
            number=self._next_session,
            instance=event.instance,
            session=None,
            switches=opened.session.terms.parameters.switches,
        )
        self._next_session += 1
        self._workloads[load.id] = load
        self._commit_session(load, (opened.session, opened.effects, opened.row), event.at, out)

    def _submit(self, event: SubmitRequested, out: list[AnyEffect]) -> None:
        if event.job_id in self._jobs:
            job_row(self._jobs[event.job_id], event)  # J-09
        if event.session_id is None:
            self._submit_alone(event, out)
            return
        load = self._workload(event, event.session_id)
        assert load.session is not None
        stepped = answer(load.session, event, load.story)
        parameters = load.session.terms.parameters
        submitted = submit_job(
            event,
            job_row(None, event, load.job_cells),
            number=self._next_job,
            instance=load.instance,
            switches=parameters.switches,
            cap=parameters.execution_limit,
        )
        self._commit_submit(load, submitted, event.at, out)
        self._commit_session(load, stepped, event.at, out)

    def _submit_alone(self, event: SubmitRequested, out: list[AnyEffect]) -> None:
        """A job-mode job: a workload of one, without timers of its own but the execution limit."""
        submitted = submit_job(
            event,
            job_row(None, event),
            number=self._next_job,
            instance=event.instance,
            switches=self.profile.dedicated.switches,
            cap=self.profile.dedicated.execution_limit,
        )
        load = Workload(
            id=event.job_id,
            number=self._next_job,
            instance=event.instance,
            session=None,
            switches=self.profile.dedicated.switches,
        )
        self._solo[event.job_id] = load
        self._commit_submit(load, submitted, event.at, out)

    def _commit_submit(self, load: Workload, submitted: JobAnswer, at: int, out: list[AnyEffect]) -> None:
        self._next_job += 1
        load.queue.append(submitted[0].id)
        self._commit_job(load, submitted, at, out)

    def _session_request(self, event: CloseRequested | CancelRequested, out: list[AnyEffect]) -> None:
        self._session_step(self._workload(event, event.session_id), event, out)

    def _workload(self, event: Event, session_id: str) -> Workload:
        """The session that a request names. An unknown one is a row as well (J-09)."""
        load = self._workloads.get(session_id)
        if load is None:
            cells = session_chart(self.profile.half(Mode.DEDICATED).switches).cells
            row = select(cells[event.__class__][Configuration.NONE], None, event)
            raise refuse(row, subject=f"session {session_id}", state="unknown")
        return load

    # --- steps ---------------------------------------------------------------------------------------------

    def _session_step(self, load: Workload, event: Event, out: list[AnyEffect]) -> None:
        assert load.session is not None
        self._commit_session(load, answer(load.session, event, load.story), event.at, out)

    def _job_event(self, event: Any, out: list[AnyEffect]) -> None:
        """A report, a cancellation or an execution limit: the job's row first, then what its session makes of it."""
        job = self._jobs.get(event.job_id)
        if job is None:
            self.fired[job_row(None, event).id] += 1
            return
        session_id = job.session_id
        load = self._solo.get(job.id) if session_id is None else self._workloads.get(session_id)
        done = job_answer(job, event, None if load is None else load.job_cells)
        after, _, row = done
        if load is None or row.target is None:
            self.fired[row.id] += 1  # J-06: nothing changes, and the session may have been forgotten
            return
        signal = row.signal
        stepped: Answer | None = None
        if signal is not None and load.session is not None:
            stepped = answer(load.session, _signal(signal, event, after), load.story)
        self._commit_job(load, done, event.at, out)
        if stepped is not None:
            self._commit_session(load, stepped, event.at, out)

    def _commit_job(self, load: Workload, done: JobAnswer, at: int, out: list[AnyEffect]) -> None:  # noqa: ARG002 - the device meters
        job, effects, row = done
        job_id, status = job.id, job.status
        self.fired[row.id] += 1
        self._jobs[job_id] = job
        if status in ON_DEVICE:
            if job_id not in load.on_device:
                load.on_device[job_id] = None
                self._lanes_taken += 1
                if (due := job.execution_limit_due) is not None:
                    self._push((due, EXECUTION_LIMIT, job.number, job_id))
        elif status in FINAL and job_id in load.on_device:
            del load.on_device[job_id]
            self._lanes_taken -= 1
        out += effects

    def _commit_session(self, load: Workload, stepped: Answer, at: int, out: list[AnyEffect]) -> None:
        before = load.session
        after, effects, row = stepped
        load.session = after
        self.fired[row.id] += 1
        load.story.append((at, row.id))
        out += effects
        if after.configuration is CLOSED:
            if before is not None and before.configuration is not CLOSED:
                self._end_jobs(load, at, out)
        elif before is None or not after.keeps_timers(before):
            self._file(load)

    def _end_jobs(self, load: Workload, at: int, out: list[AnyEffect]) -> None:
        """S-22, S-23: the session's end reaches each of its open jobs, queued ones first. O(jobs)."""
        on_device = sorted((self._jobs[job_id] for job_id in load.on_device), key=lambda job: job.number)
        left = load.queued(self._jobs) + on_device
        load.queue.clear()
        for job in left:
            self._commit_job(load, job_answer(job, SessionEnded(at=at, job_id=job.id), load.job_cells), at, out)


def _signal(signal: type, event: Event, job: Job) -> Event:
    """What the session hears of a job's step."""
    if signal is event.__class__:
        return event
    if signal is JobLeftDevice:
        return left_device(at=event.at, session_id=job.session_id or "", job_id=job.id, status=job.status)
    made: Event = signal(at=event.at, session_id=job.session_id, job_id=job.id)
    return made

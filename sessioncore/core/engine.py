"""What both cores share: the laws of time, the table of jobs, and how a job's step becomes its session's.

One event meets the row of its job, then the row of the session that the job's row signals, and, where that closed the
session, the rows of its remaining jobs. All rows are looked up before anything is written, so a refusal leaves no trace
(T-03).

Sessions and jobs are drafts until somebody looks at them (``values``), and then change by copy. So a core that is only
asked for effects copies nothing, and nobody ever holds a value that changes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, ClassVar, Self, TypeAlias

from . import events
from .chart import Row, select
from .effects import AnyEffect
from .errors import HostError, Story
from .events import REPORTS, TIMERS, Advanced, Event, ExecutionLimitExpired, JobStarted, OpenRequested, SubmitRequested
from .job import FINAL, Job, carry_out_job, draft_job, job_row, submit_job, tell_job
from .job_chart import job_chart
from .parameters import Profile
from .profiles import IBM_GUIDE
from .session import Session
from .session_chart import session_chart
from .signals import JobLeftDevice, SessionEnded, heard
from .states import Configuration, Mode
from .step import carry_out, decide, draft_session, notice, open_session, refuse
from .values import freeze
from .workload import TimerEntry, Workload

CLOSED = Configuration.CLOSED
EXECUTION_LIMIT = TIMERS.index(ExecutionLimitExpired)
SESSION_TIMERS: tuple[Any, ...] = TIMERS[:EXECUTION_LIMIT]

SLACK = 64
"""Entries that the heap of timers, or a session's queue, may take in besides as many as were alive, before it is made
anew."""

Handler: TypeAlias = Callable[[Any, Any, list[AnyEffect]], Workload | None]


class Engine:
    """Owns sessions and jobs, and is the only one to change them. Not for use on its own."""

    def __init__(self, *, profile: Profile = IBM_GUIDE, now: int = 0) -> None:
        self.profile = profile
        self.now = now
        self._fired: defaultdict[str, int] = defaultdict(int)
        self._jobs: dict[str, Job] = {}
        self._drafts = False  # whether there may be drafts among them
        self._workloads: dict[str, Workload] = {}
        self._solo: dict[str, Workload] = {}
        self._timers: list[TimerEntry] = []
        self._timers_max = SLACK
        self._next_session = 0
        self._next_job = 0
        self._lanes_taken = 0

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
        timers = self._timers
        if timers and timers[0][0] <= at:
            until = at - 1 if event.__class__ in REPORTS else at  # T-01
            if (due := self._first_timer(until)) is not None:
                raise HostError(f"a timer is due at {due[0]}: call advance({until}) first", rule="T-03")
        out: list[AnyEffect] = []
        load = handler(self, event, out)
        self.now = at
        self._settle(load, at, out)
        return tuple(out)

    def advance(self, now: int) -> tuple[AnyEffect, ...]:
        """Let time pass up to and including ``now``: everything due takes effect at its own deadline, in T-02's order.

        Going back by one microsecond is what T-01 asks before a second report of one instant, and does nothing;
        further back raises :class:`HostError` (T-04).
        """
        if now < self.now - 1:
            raise HostError(f"time ran backwards: asked to advance to {now}, the core is at {self.now}", rule="T-04")
        out: list[AnyEffect] = []
        while (entry := self._first_timer(now)) is not None:
            self._fire(entry, out)
        if now > self.now:
            self.now = now
        return tuple(out)

    def next_deadline(self) -> int | None:
        """When the next timer is due, in microseconds; None when none is armed."""
        entry = self._first_timer()
        return None if entry is None else entry[0]

    @property
    def fired(self) -> Counter[str]:
        """How often each row of the charts was the answer, by its id. A copy."""
        return Counter(self._fired)

    @property
    def jobs(self) -> dict[str, Job]:
        """Every job that is not forgotten, by id, in the order of submission. A copy; O(n)."""
        if self._drafts:
            for job in self._jobs.values():
                freeze(job, Job)
            self._drafts = False
        return self._jobs.copy()

    @property
    def sessions(self) -> dict[str, Session]:
        """Every session that is not forgotten, by id, in the order of creation. A copy; O(n)."""
        looks = ((name, load.look()) for name, load in self._workloads.items())
        return {name: session for name, session in looks if session is not None}

    def job(self, job_id: str) -> Job | None:
        """One job, or None."""
        job = self._jobs.get(job_id)
        return None if job is None else freeze(job, Job)

    def session(self, session_id: str) -> Session | None:
        """One session, or None."""
        load = self._workloads.get(session_id)
        return None if load is None else load.look()

    def story(self, session_id: str) -> Story:
        """The last steps of a session, oldest first; empty for an unknown one."""
        load = self._workloads.get(session_id)
        return () if load is None else tuple(load.story)

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
        session = self.session(session_id)
        if session is None or session.configuration is not CLOSED or session.on_device:
            raise HostError(f"session {session_id} is not over and cannot be forgotten", rule="S-23")
        del self._workloads[session_id]

    def fork(self) -> Self:
        """An independent copy that can be driven elsewhere, for searches and what-if questions.

        O(n), but quick: values are frozen and shared, and only the tables that hold them are copied.
        """
        twin = object.__new__(type(self))  # attribute by attribute, since copying __dict__ takes three times as long
        twin.profile, twin.now = self.profile, self.now
        twin._fired = self._fired.copy()
        twin._jobs, twin._drafts = self.jobs, False
        twin._workloads = {name: load.fork() for name, load in self._workloads.items()}
        twin._solo = {name: load.fork() for name, load in self._solo.items()} if self._solo else {}
        twin._timers, twin._timers_max = self._timers.copy(), self._timers_max
        twin._next_session, twin._next_job = self._next_session, self._next_job
        twin._lanes_taken = self._lanes_taken
        return twin

    # --- time ----------------------------------------------------------------------------------------------

    def _first_timer(self, until: int | None = None) -> TimerEntry | None:
        """The timer that fires next, and by ``until`` if that is given.

        Stale entries on top of the heap are dropped or filed anew on the way.
        """
        while self._timers and (until is None or self._timers[0][0] <= until):
            entry = self._timers[0]
            due, rank, _, name = entry
            load = None
            if rank == EXECUTION_LIMIT:
                job = self._jobs.get(name)
                armed = job is not None and job.execution_limit_due == due
            else:
                load = self._workloads.get(name)
                armed = load is not None and load.next_timer() == (due, rank)
            if armed:
                return entry
            heappop(self._timers)
            if load is not None and load.filed is entry:
                load.filed = None
                self._file(load)
        return None

    def _file(self, load: Workload) -> None:
        """Keep one entry per session in the heap, at or before its next timer. A later timer is filed when this one
        comes up."""
        key = load.next_timer()
        if key is not None and (load.filed is None or key < load.filed[:2]):
            load.filed = (*key, load.number, load.id)
            self._push(load.filed)

    def _file_limit(self, job: Job) -> None:
        """An entry for the execution limit of a job that runs, if it has one."""
        if (due := job.execution_limit_due) is not None:
            self._push((due, EXECUTION_LIMIT, job.number, job.id))

    def _push(self, entry: TimerEntry) -> None:
        """Add an entry, and drop the stale ones once there may be more of them than of others."""
        heappush(self._timers, entry)
        if len(self._timers) > self._timers_max:
            self._rebuild_timers()

    def _rebuild_timers(self) -> None:
        """Make the heap anew from what is armed. O(n log n), and rare enough to cost O(log n) per event."""
        self._timers, self._timers_max = [], 2 * (len(self._workloads) + self._lanes_taken) + SLACK
        for load in (*self._workloads.values(), *self._solo.values()):
            load.filed = None
            self._file(load)
            for job_id in load.on_device:
                self._file_limit(self._jobs[job_id])

    def _fire(self, entry: TimerEntry, out: list[AnyEffect]) -> None:
        """T-02: a timer takes effect at its deadline; T-05: then whatever may start starts."""
        due, rank, _, name = entry
        if rank == EXECUTION_LIMIT:
            load = self._job_event(ExecutionLimitExpired(at=due, job_id=name), out)
        else:
            load = self._session_event(SESSION_TIMERS[rank](at=due, session_id=name), out)
        self._settle(load, due, out)

    def _settle(self, load: Workload | None, at: int, out: list[AnyEffect]) -> None:
        """What follows at once from a step, which changed ``load`` (T-05). Here nothing: the host starts jobs."""

    # --- steps -----------------------------------------------------------------------------------------------
    # Each looks up its rows first, which may raise, then carries them out, and answers with the workload that changed.

    def _open(self, event: OpenRequested, out: list[AnyEffect]) -> Workload:
        if (known := self.session(event.session_id)) is not None:
            decide(known, event)  # J-09
        parameters = self.profile.half(event.mode)
        opened = open_session(event, parameters)
        cells = job_chart(parameters.switches).cells
        load = Workload(event.session_id, self._next_session, event.instance, cells, opened.session)
        self._next_session += 1
        self._workloads[load.id] = load
        self._count(opened.row)
        load.story.append((event.at, opened.row.id))
        out += opened.effects
        self._file(load)
        return load

    def _submit(self, event: SubmitRequested, out: list[AnyEffect]) -> Workload:
        if event.job_id in self._jobs:
            job_row(self._jobs[event.job_id], event)  # J-09
        if event.session_id is None:
            return self._submit_alone(event, out)
        load, session = self._named(event)
        session_row = decide(session, event, load.story)
        job, row = submit_job(event, self._next_job, load.instance, session.terms.parameters, load.job_cells)
        if len(load.queue) > 2 * session.queued + SLACK:
            load.tidy(self._jobs)
        self._add_job(load, job, row, out)
        self._change_session(load, session_row, event, out)
        return load

    def _submit_alone(self, event: SubmitRequested, out: list[AnyEffect]) -> Workload:
        """A job-mode job: a workload of one, without timers of its own but the execution limit."""
        parameters = self.profile.dedicated
        load = Workload(event.job_id, self._next_job, event.instance, job_chart(parameters.switches).cells)
        job, row = submit_job(event, load.number, load.instance, parameters, load.job_cells)
        self._solo[job.id] = load
        self._add_job(load, job, row, out)
        return load

    def _named(self, event: Any) -> tuple[Workload, Session]:
        """The session that a request names. An unknown one is a row as well (J-09)."""
        load = self._workloads.get(event.session_id)
        if load is None:
            cells = session_chart(self.profile.half(Mode.DEDICATED).switches).cells
            row = select(cells[event.__class__][Configuration.NONE], None, event)
            raise refuse(row, subject=f"session {event.session_id}", state="unknown")
        assert load.session is not None
        return load, load.session

    def _session_event(self, event: Event, out: list[AnyEffect]) -> Workload:
        load, session = self._named(event)
        self._change_session(load, decide(session, event, load.story), event, out)
        return load

    def _job_event(self, event: Any, out: list[AnyEffect]) -> Workload | None:
        """A report, a cancellation or an execution limit: the job's row first, then what its session makes of it."""
        job = self._jobs.get(event.job_id)
        if job is None:
            self._count(job_row(None, event))
            return None
        name = job.session_id
        load = self._solo.get(job.id) if name is None else self._workloads.get(name)
        if load is None:
            self._count(job_row(job, event))  # J-06: its session has been forgotten
            return None
        row = job_row(job, event, load.job_cells)
        session = load.session
        if session is None or row.signal is None:
            self._change_job(load, job, row, event, out)
        else:
            signal: Any = event if row.signal is event.__class__ else heard(row, event, job)
            session_row = decide(session, signal, load.story)
            self._change_job(load, job, row, event, out)
            self._change_session(load, session_row, signal, out)
        return load

    def _count(self, row: Row) -> None:
        self._fired[row.id] += 1

    def _add_job(self, load: Workload, job: Job, row: Row, out: list[AnyEffect]) -> None:
        self._count(row)
        self._next_job += 1
        self._jobs[job.id], self._drafts = job, True
        load.queue.append(job.id)
        tell_job(job, row, job.submitted_at, out)

    def _change_job(self, load: Workload, job: Job, row: Row, event: Event, out: list[AnyEffect]) -> None:
        self._count(row)
        if row.target is None:
            return
        name = job.id
        if job.__class__ is Job:
            job = self._jobs[name] = draft_job(job)
            self._drafts = True
        carry_out_job(job, row, event)
        if row.signal is JobStarted:
            load.on_device[name] = None
            self._lanes_taken += 1
            self._file_limit(job)
        elif row.signal is JobLeftDevice:
            del load.on_device[name]
            self._lanes_taken -= 1
        tell_job(job, row, event.at, out)

    def _change_session(self, load: Workload, row: Row, event: Event, out: list[AnyEffect]) -> None:
        self._count(row)
        load.story.append((event.at, row.id))
        target = row.target
        if target is None and not row.effect:
            return
        session: Any = load.session
        if session.__class__ is Session:
            session = load.session = draft_session(session)
        carry_out(session, row, event)
        if target is not None:
            out.append(notice(session, event.at, row))
        if target is CLOSED:
            self._end_jobs(load, event.at, out)
        elif target or session.work_ran_out_at is not None or session.terms.parameters.usage_limit:
            # Anywhere else no timer can have come closer: the max TTL alone is armed, and never moves (S-10).
            self._file(load)

    def _end_jobs(self, load: Workload, at: int, out: list[AnyEffect]) -> None:
        """S-22, S-23: the session's end reaches each of its open jobs, queued ones first. O(jobs)."""
        on_device = sorted((self._jobs[job_id] for job_id in load.on_device), key=lambda job: job.number)
        queued = load.queued(self._jobs)
        load.queue.clear()
        for job in queued + on_device:
            event = SessionEnded(at=at, job_id=job.id)
            self._change_job(load, job, job_row(job, event, load.job_cells), event, out)

    _handlers: ClassVar[dict[type, Handler]] = {
        OpenRequested: _open,
        SubmitRequested: _submit,
        events.CloseRequested: _session_event,
        events.CancelRequested: _session_event,
        events.JobCancelRequested: _job_event,
        events.JobSucceeded: _job_event,
        events.JobFailed: _job_event,
        events.JobReleased: _job_event,
    }
    """Who answers what a host may hand in."""

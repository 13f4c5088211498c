"""Implementations that are right as long as one thread uses them, and wrong when several do; and two that are right.

Each is ordinary Python: something is looked at, and acted upon later, without a lock around both. None of them waits
anywhere on purpose; without control of the schedule most runs go well.
"""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from typing import Any

from sessioncore.core.events import (
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    SubmitRequested,
)
from sessioncore.core.profiles import IBM_GUIDE, Profile
from sessioncore.core.values import replaced

from ..faults.fault import Fault
from ..faults.plain import DONE, NO_SESSION, PlainDevice
from ..faults.records import PlainJob, PlainSession
from ..protocol import Accepted, Outcome

THREE_JOBS = IBM_GUIDE.with_values(job_limit=3)
"""A session takes three jobs."""

PATIENCE_S = 0.5
"""How long one waits for the implementation that locks up, in seconds."""


class ChecksThenSubmits(PlainDevice):
    """Whether the session takes jobs is looked at before the job is entered."""

    def apply(self, event: Event) -> Outcome:
        """Submissions are checked in one step and entered in another."""
        if not isinstance(event, SubmitRequested):
            return super().apply(event)
        with self.lock:
            self._catch_up(event.at)
            session = self.sessions.get(event.session_id or "")
            refusal = self._refusal(event, session)
        if refusal is not None:
            return refusal
        with self.lock:
            job = PlainJob(event, len(self.jobs), self._limit(event.max_execution, self.profile.batch.execution_limit))
            self.jobs[job.id] = job
            self._enqueue(job, session, event.at)
            self._dispatch(event.at)
        return Accepted(id=job.id)


class CountsApart(PlainDevice):
    """How many jobs a session has accepted is counted without a lock."""

    def apply(self, event: Event) -> Outcome:
        """After an accepted submission the counter is read, and written."""
        outcome = super().apply(event)
        if isinstance(event, SubmitRequested) and isinstance(outcome, Accepted) and event.session_id is not None:
            session = self.sessions[event.session_id]
            counted = session.accepted
            session.accepted = counted + 1
            limit = session.half.job_limit
            if limit is not None and session.accepted >= limit:
                session.accepting = False
        return outcome

    def _enqueue(self, job: PlainJob, session: PlainSession | None, at: int) -> None:
        self.waiting.append(job.id)
        if session is not None:
            session.queue.append(job.id)
            session.idle_since = None
            session.last_submission = at


class StartsTwice(PlainDevice):
    """What may start is looked for after the lock was given back."""

    def apply(self, event: Event) -> Outcome:
        """The step first, starts later."""
        outcome = super().apply(event)
        while self.online:
            job = self._first(event.at)
            if job is None or not self._fits(job):
                break
            self._start(job, event.at)
        return outcome

    def _dispatch(self, at: int) -> None:
        """Nothing: see :meth:`apply`."""

    def _start(self, job: PlainJob, at: int) -> None:
        if job.id in self.waiting:
            super()._start(job, at)
        else:
            self.on_device.append(job.id)


class CancelsWhatItSees(PlainDevice):
    """A cancel goes through the queue, and empties it afterwards: what was submitted in between is forgotten."""

    def apply(self, event: Event) -> Outcome:
        """A cancel takes two steps."""
        if not isinstance(event, CancelRequested) or event.session_id not in self.sessions:
            return super().apply(event)
        with self.lock:
            self._catch_up(event.at)
            session = self.sessions[event.session_id]
            queued = [*session.queue]
        for name in queued:
            job = self.jobs[name]
            if job.status == "queued":
                job.status, job.code = "failed", 1217
                self.waiting.remove(name)
        with self.lock:
            session.queue.clear()
            if session.state != "closed":
                self._end(session, "cancelled", event.at)
            self._dispatch(event.at)
        return DONE


class NumbersTwice(PlainDevice):
    """The number of a new job is read in one line and counted on in the next."""

    def __init__(self, profile: Profile = IBM_GUIDE, *, lanes: int = 1, **more: Any) -> None:
        super().__init__(profile, lanes=lanes, **more)
        self.numbered = 0

    def apply(self, event: Event) -> Outcome:
        """Jobs get a number as their id."""
        if isinstance(event, SubmitRequested):
            number = self.numbered
            self.numbered = number + 1
            event = replaced(event, job_id=f"job-{number}")
        return super().apply(event)

    def _submit(self, event: SubmitRequested) -> Outcome:
        return Accepted(id=event.job_id) if event.job_id in self.jobs else super()._submit(event)


class ReportsOverCancels(PlainDevice):
    """A report looks whether the job runs, and settles it later: a cancel in between is overwritten."""

    def _handle(self, event: Event) -> Outcome:
        job = self.jobs.get(getattr(event, "job_id", ""))
        running = job is not None and job.status == "running"
        self.lock.release()
        self.lock.acquire()
        if running and job is not None and job.status == "cancelling" and not isinstance(event, JobCancelRequested):
            job.status = "running"
        return super()._handle(event)


class ClosesOnOldNews(PlainDevice):
    """A close looks whether there is work, and acts later: if the last job ends in between, nobody closes."""

    def apply(self, event: Event) -> Outcome:
        """A close takes two steps."""
        if not isinstance(event, CloseRequested):
            return super().apply(event)
        session = self.sessions.get(event.session_id)
        if session is None:
            return NO_SESSION
        with self.lock:
            self._catch_up(event.at)
            working = session.working
        with self.lock:
            if session.accepting:
                session.accepting = False
                if not working:
                    self._end(session, "closed", event.at)
            self._dispatch(event.at)
        return DONE


class LocksUp(PlainDevice):
    """Two locks, taken in one order by submissions and in the other by everything else."""

    def __init__(self, profile: Profile = IBM_GUIDE, *, lanes: int = 1, **more: Any) -> None:
        super().__init__(profile, lanes=lanes, **more)
        self.capabilities = replaced(self.capabilities, patience_s=PATIENCE_S)
        self.queue_lock = threading.Lock()

    def apply(self, event: Event) -> Outcome:
        """Both locks for every step."""
        if isinstance(event, SubmitRequested):
            with self.queue_lock:
                return super().apply(event)
        with self.lock, self.queue_lock:
            return super().apply(event)


# --- right ones ------------------------------------------------------------------------------------------------


class OneLock(PlainDevice):
    """Everything under one lock."""


class LockPerSession(PlainDevice):
    """A lock per session, and one for what they share: submissions are checked under the first alone."""

    def __init__(self, profile: Profile = IBM_GUIDE, *, lanes: int = 1, **more: Any) -> None:
        super().__init__(profile, lanes=lanes, **more)
        self.locks: defaultdict[str, Any] = defaultdict(threading.Lock)

    def apply(self, event: Event) -> Outcome:
        """One session at a time; what it shares with others is short."""
        name = self._owner(event)
        with self.locks[name]:
            if isinstance(event, SubmitRequested):
                refusal = self._refused(event)
                if refusal is not None:
                    return refusal
            return super().apply(event)

    def _refused(self, event: SubmitRequested) -> Outcome | None:
        """A session stops accepting under its own lock alone, as long as time stands still."""
        if event.at > self.now:
            return None
        return self._refusal(event, self.sessions.get(event.session_id or ""))

    def _owner(self, event: Any) -> str:
        name: str | None = getattr(event, "session_id", None)
        if name is not None:
            return name
        job = self.jobs.get(getattr(event, "job_id", ""))
        return "" if job is None else job.session_id or ""


_FAULTS = (
    ("A submission is checked before and entered after a close.", ("S-06", "S-17"), ChecksThenSubmits, IBM_GUIDE),
    ("Two submissions at once are counted as one.", ("S-25",), CountsApart, THREE_JOBS),
    ("A job is started by two threads, and takes two lanes.", ("T-05", "D-04"), StartsTwice, IBM_GUIDE),
    ("A job that is submitted during a cancel is forgotten.", ("S-22", "S-20"), CancelsWhatItSees, IBM_GUIDE),
    ("Two jobs that are submitted at once get one id.", ("J-09",), NumbersTwice, IBM_GUIDE),
    ("A result overwrites a cancel that was accepted.", ("J-03", "J-04"), ReportsOverCancels, IBM_GUIDE),
    ("A close at the moment of the last job's end never closes.", ("S-19", "S-18"), ClosesOnOldNews, IBM_GUIDE),
    ("Two locks are taken in two orders.", (), LocksUp, IBM_GUIDE),
)

_numbers = itertools.count(1)

RACY: tuple[Fault, ...] = tuple(
    Fault(
        id=f"R-{next(_numbers):02}",
        title=title,
        rules=rules,
        kind="race",
        target=target,
        sequential=False,
        needs=("threads",),
        profile=profile,
    )
    for title, rules, target, profile in _FAULTS
)
"""Faults that only threads can show, by id."""

THREAD_SAFE: tuple[type[PlainDevice], ...] = (OneLock, LockPerSession)
"""Implementations that many threads may use."""



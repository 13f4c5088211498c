"""The books of the plain implementation: a session's life, usage, and who may have the device."""

from __future__ import annotations

from threading import RLock
from typing import Self

from sessioncore.core.profiles import IBM_GUIDE, Profile

from ..protocol import Capabilities
from .records import PlainJob, PlainSession

ORIGIN = 7_000_000_000
"""Where its clock begins, in microseconds."""


class PlainLife:
    """What happens to sessions and jobs, and which job starts when."""

    def __init__(self, profile: Profile = IBM_GUIDE, *, lanes: int = 1, origin: int = ORIGIN) -> None:
        self.capabilities = Capabilities(lanes=lanes)
        self.profile = profile
        self.lanes = lanes
        self.now = origin
        self.online = True
        self.sessions: dict[str, PlainSession] = {}
        self.jobs: dict[str, PlainJob] = {}
        self.waiting: list[str] = []
        self.on_device: list[str] = []
        self.active: list[str] = []
        self.notes: dict[str, int] = {}
        self.lock = RLock()

    def copy(self) -> Self:
        """An independent copy, for searches."""
        twin: Self = object.__new__(type(self))
        for name, kept in self.__dict__.items():
            twin.__dict__[name] = kept.copy() if isinstance(kept, list | set | dict) else kept
        twin.sessions = {name: session.copy() for name, session in self.sessions.items()}
        twin.jobs = {name: job.copy() for name, job in self.jobs.items()}
        twin.lock = RLock()
        return twin

    # --- a session's life ------------------------------------------------------------------------------------

    def _activate(self, session: PlainSession, at: int) -> None:
        """S-09, S-11."""
        session.state = "active"
        session.activated = at
        if session.started is None:
            session.started = at
        self.active.append(session.id)
        if session.half.usage == "windows":
            session.window = at

    def _deactivate(self, session: PlainSession, at: int) -> None:
        """S-14."""
        session.state = "inactive"
        self.active.remove(session.id)
        self._end_window(session, at)

    def _end(self, session: PlainSession, reason: str, at: int) -> None:
        """The session closes, for whatever reason."""
        if session.id in self.active:
            self.active.remove(session.id)
        session.state = "closed"
        session.accepting = False
        session.closed = at
        session.reason = reason
        self._take_queue(session)
        self._leave_device_jobs(session)
        if not session.on_device:
            self._end_window(session, at)

    def _take_queue(self, session: PlainSession) -> None:
        """S-22."""
        status = "failed" if session.half.queued_at_end == "fail" else "cancelled"
        for name in session.queue:
            job = self.jobs[name]
            job.status, job.code = status, 1217
            self.waiting.remove(name)
            session.failed += status == "failed"
        session.queue.clear()

    def _leave_device_jobs(self, session: PlainSession) -> None:
        """S-23: what becomes of its jobs on the device."""
        if session.half.on_device_at_end == "stop":
            for name in session.on_device:
                job = self.jobs[name]
                if job.status == "running":
                    job.status, job.code = "cancelling", 1217

    def _end_window(self, session: PlainSession, at: int) -> None:
        if session.window is not None:
            session.used += at - session.window
            session.window = None

    def _usage(self, session: PlainSession, at: int) -> int:
        """U-01, U-02: microseconds."""
        if session.half.usage == "windows":
            return session.used + (0 if session.window is None else at - session.window)
        return session.used + sum(self._held(self.jobs[name], at) for name in session.on_device)

    def _held(self, job: PlainJob, at: int) -> int:
        """For how long a job has held a lane."""
        return 0 if job.started is None else at - job.started

    # --- dispatch ------------------------------------------------------------------------------------------

    def _dispatch(self, at: int) -> None:
        """T-05: start what may start."""
        while self.online:
            job = self._first(at)
            if job is None or not self._fits(job):
                return
            self._start(job, at)

    def _first(self, at: int) -> PlainJob | None:
        """The job whose turn it is (D-01, D-03)."""
        holder = self._holder()
        first = None
        for name in self.waiting:
            job = self.jobs[name]
            if holder is not None and job.session_id != holder:
                continue
            session = self._session_of(job)
            if session is not None and not self._in_time(session, at):
                continue
            if session is not None and session.state == "active":
                return job
            first = first or job
        return first

    def _holder(self) -> str | None:
        """The session that has the device for itself."""
        for name in self.active:
            if self.sessions[name].exclusive:
                return name
        return None

    def _in_time(self, session: PlainSession, at: int) -> bool:
        """S-15, S-25: whether a job of it may still start."""
        due, limit = self._due_max_ttl(session), session.half.usage_limit
        return (due is None or at < due) and (limit is None or self._usage(session, at) < limit)

    def _due_max_ttl(self, session: PlainSession) -> int | None:
        """S-10."""
        if session.started is None or session.max_ttl is None:
            return None
        return session.started + session.max_ttl

    def _fits(self, job: PlainJob) -> bool:
        """D-02, D-04: whether there is room for it now."""
        if len(self.on_device) >= self.lanes:
            return False
        session = self._session_of(job)
        if session is None or not session.exclusive:
            return True
        return all(self.jobs[name].session_id == session.id for name in self.on_device)

    def _start(self, job: PlainJob, at: int) -> None:
        job.status, job.started = "running", at
        self.waiting.remove(job.id)
        self.on_device.append(job.id)
        session = self._session_of(job)
        if session is None:
            return
        session.queue.remove(job.id)
        session.on_device.append(job.id)
        session.last_started = at
        if session.state != "active":
            self._activate(session, at)

    def _session_of(self, job: PlainJob) -> PlainSession | None:
        return None if job.session_id is None else self.sessions[job.session_id]

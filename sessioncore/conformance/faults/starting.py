"""Faults of dispatch: who starts when, and who has the device."""

from __future__ import annotations

from sessioncore.core.events import Event

from ..protocol import Outcome
from .fault import fault
from .plain import PlainDevice
from .records import PlainJob, PlainSession
from .timers import Timer


@fault("F-23", "Two jobs run on one lane.", "D-04", kind="dispatch")
class OneLaneTooMany(PlainDevice):
    def _fits(self, job: PlainJob) -> bool:
        self.lanes += 1
        try:
            return super()._fits(job)
        finally:
            self.lanes -= 1


@fault("F-43", "Of a session's queued jobs, the newest starts first.", "S-05", "D-03", kind="dispatch")
class NewestFirst(PlainDevice):
    def _first(self, at: int) -> PlainJob | None:
        job = super()._first(at)
        session = None if job is None else self._session_of(job)
        return job if session is None else self.jobs[session.queue[-1]]


@fault("O-71", "A session that became inactive keeps the device.", "S-14", "D-01", kind="dispatch", needs=("two",))
class InactiveHolds(PlainDevice):
    def _holder(self) -> str | None:
        for session in self.sessions.values():
            if session.state in ("active", "inactive") and session.exclusive and not session.queue:
                return session.id
        return super()._holder()


@fault("O-72", "While a dedicated session is idle, jobs of others start.", "D-01", kind="dispatch", needs=("solo",))
class IdleLetsIn(PlainDevice):
    def _holder(self) -> str | None:
        holder = super()._holder()
        return holder if holder is not None and self.sessions[holder].working else None


@fault("O-73", "Job-mode jobs start beside an active dedicated session.", "D-01", kind="dispatch", needs=("solo",))
class SoloSlipsIn(PlainDevice):
    def _first(self, at: int) -> PlainJob | None:
        job = super()._first(at)
        solo = (self.jobs[name] for name in self.waiting if self.jobs[name].session_id is None)
        return next(solo, None) if job is None else job


@fault("O-74", "A batch holds the device as a dedicated session does.", "D-04", kind="dispatch",
       needs=("batch", "solo"))  # fmt: skip
class BatchHolds(PlainDevice):
    def _holder(self) -> str | None:
        return self.active[0] if self.active else None


@fault("O-75", "A paused device goes on to start the jobs of active sessions.", "D-05", kind="dispatch",
       needs=("pause",))  # fmt: skip
class PauseSparesActive(PlainDevice):
    def _dispatch(self, at: int) -> None:
        super()._dispatch(at)
        while not self.online:
            job = self._first(at)
            session = None if job is None else self._session_of(job)
            if job is None or session is None or session.state != "active" or not self._fits(job):
                return
            self._start(job, at)


@fault("O-76", "Resuming a device starts nothing until something else happens.", "T-05", "D-05", kind="dispatch",
       needs=("pause",))  # fmt: skip
class ResumeStartsNothing(PlainDevice):
    def _resume(self, event: Event) -> Outcome:
        self.notes["resumed"] = 1
        return super()._resume(event)

    def _dispatch(self, at: int) -> None:
        if not self.notes.pop("resumed", 0):
            super()._dispatch(at)


@fault("O-77", "What a timer makes room for does not start until something else happens.", "T-05", kind="dispatch",
       needs=("solo",))  # fmt: skip
class TimersStartNothing(PlainDevice):
    def _fire(self, timer: Timer) -> None:
        self.notes["timer"] = 1
        super()._fire(timer)

    def _dispatch(self, at: int) -> None:
        if not self.notes.pop("timer", 0):
            super()._dispatch(at)


@fault("O-78", "Only one job starts at a time, though there are more lanes.", "T-05", "D-04", kind="dispatch", lanes=2,
       needs=("pause",), held_out=True)  # fmt: skip
class OneStartPerStep(PlainDevice):
    """After every step it starts at most one job."""

    def _dispatch(self, at: int) -> None:
        job = self._first(at) if self.online else None
        if job is not None and self._fits(job):
            self._start(job, at)


@fault("O-79", "A dedicated session starts beside jobs of others.", "D-02", kind="dispatch", needs=("solo",), lanes=2)
class StartsInCompany(PlainDevice):
    def _fits(self, job: PlainJob) -> bool:  # noqa: ARG002 - whosever it is
        return len(self.on_device) < self.lanes


@fault("O-80", "While the head of the queue waits for the device to be free, jobs behind it start.", "D-03",
       kind="dispatch", needs=("solo",), lanes=2)  # fmt: skip
class Backfill(PlainDevice):
    def _first(self, at: int) -> PlainJob | None:
        job = super()._first(at)
        if job is None or self._fits(job) or self._holder() is not None:
            return job
        waiting = (self.jobs[name] for name in self.waiting)
        return next((other for other in waiting if other.session_id is None and self._fits(other)), job)


@fault("O-81", "An active session's jobs stand in the queue like any other.", "S-12",
       kind="dispatch", outside="company",
       needs=("batch", "solo"))  # fmt: skip
class ActiveWaitsInLine(PlainDevice):
    def _first(self, at: int) -> PlainJob | None:
        job = super()._first(at)
        session = None if job is None else self._session_of(job)
        if session is None or session.state != "active" or session.exclusive:
            return job
        return self.jobs[self.waiting[0]] if self._holder() is None else job


@fault("O-82", "A session keeps its place in the queue when the job that gave it the place is cancelled.", "D-03",
       "J-02", kind="dispatch", outside="company", needs=("solo", "pause"),
       events=("OpenRequested", "SubmitRequested", "JobCancelRequested", "PauseRequested", "ResumeRequested"),
)  # fmt: skip
class PlaceKept(PlainDevice):
    def _enqueue(self, job: PlainJob, session: PlainSession | None, at: int) -> None:
        if session is not None and not session.queue:
            session.notes["place"] = job.number
        super()._enqueue(job, session, at)

    def _first(self, at: int) -> PlainJob | None:
        job = super()._first(at)
        if job is None or self._holder() is not None:
            return job
        heads = [self.jobs[session.queue[0]] for session in self.sessions.values() if session.state == "open"
                 and session.queue]  # fmt: skip
        return min((job, *heads), key=self._place)

    def _place(self, job: PlainJob) -> int:
        session = self._session_of(job)
        if session is None or session.state == "inactive":
            return job.number
        return -1 if session.state == "active" else session.notes["place"]


@fault("O-83", "A job stopped by the execution limit gives its lane back at once, and the next one starts.", "J-05",
       "D-04", kind="dispatch", outside="far", held_out=True)  # fmt: skip
class LimitMakesRoom(PlainDevice):
    def _fits(self, job: PlainJob) -> bool:
        stopped = sum(self.jobs[name].code == 1305 for name in self.on_device)
        self.lanes += stopped
        try:
            return super()._fits(job)
        finally:
            self.lanes -= stopped


@fault("O-84", "The jobs of a closed session no longer count as being on the device.", "S-23", "D-04", kind="dispatch",
       needs=("solo",))  # fmt: skip
class LeftoversForgotten(PlainDevice):
    def _fits(self, job: PlainJob) -> bool:
        everything = self.on_device
        self.on_device = [name for name in everything if not self._left_over(name)]
        try:
            return super()._fits(job)
        finally:
            self.on_device = everything

    def _left_over(self, name: str) -> bool:
        session = self._session_of(self.jobs[name])
        return session is not None and session.state == "closed"


@fault("O-85", "A session may start a job at the very instant of its max TTL.", "S-15",
       kind="dispatch", outside="ticks", held_out=True)  # fmt: skip
class StartsAtDeadline(PlainDevice):
    def _in_time(self, session: PlainSession, at: int) -> bool:
        return super()._in_time(session, at - 1)


@fault("O-86", "A session that drains has no precedence: its queued jobs go to the end of the queue.", "S-12", "S-17",
       kind="dispatch", outside="company", needs=("batch", "solo"), held_out=True,
       events=("OpenRequested", "SubmitRequested", "CloseRequested", "JobSucceeded"))  # fmt: skip
class DrainingGoesLast(PlainDevice):
    def _first(self, at: int) -> PlainJob | None:
        job = super()._first(at)
        session = None if job is None else self._session_of(job)
        if session is None or session.accepting or session.exclusive or self._holder() is not None:
            return job
        others = (self.jobs[name] for name in self.waiting if self.jobs[name].session_id is None)
        return next(others, job)


@fault("O-87", "What a timer makes room for starts at the time to which the clock jumped.", "T-02", "T-05",
       kind="clock", outside="company", needs=("two",), held_out=True,
       events=("OpenRequested", "SubmitRequested", "JobSucceeded", "Advanced"))  # fmt: skip
class StartsAtEndOfJump(PlainDevice):
    def _catch_up(self, until: int) -> None:
        self.notes["until"] = until
        super()._catch_up(until)

    def _dispatch(self, at: int) -> None:
        super()._dispatch(max(at, self.notes["until"]))

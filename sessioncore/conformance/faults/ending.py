"""Faults of a session's states: closing, draining, cancelling, becoming inactive and active again."""

from __future__ import annotations

from sessioncore.core.events import CancelRequested, CloseRequested
from sessioncore.core.profiles import AZURE, PASQAL_BATCH

from ..protocol import Outcome
from .fault import fault
from .plain import DONE, PlainDevice
from .records import PlainJob, PlainSession


@fault("F-07", "Queued jobs stay queued when the max TTL ends their session.", "S-15", "S-22", kind="state",
       needs=("pause",))  # fmt: skip
class TtlKeepsQueue(PlainDevice):
    def _take_queue(self, session: PlainSession) -> None:
        if session.reason != "max_ttl":
            super()._take_queue(session)


@fault("F-08", "The max TTL kills the running job.", "S-15", "S-23", kind="state")
class TtlKills(PlainDevice):
    def _leave_device_jobs(self, session: PlainSession) -> None:
        if session.reason == "max_ttl":
            self._kill(session)

    def _kill(self, session: PlainSession) -> None:
        for name in session.on_device:
            if self.jobs[name].status == "running":
                self.jobs[name].status, self.jobs[name].code = "cancelling", 1217


@fault("F-09", "Cancelling a session kills its running job.", "S-20", "S-23", kind="state")
class CancelKills(TtlKills):
    def _leave_device_jobs(self, session: PlainSession) -> None:
        if session.reason == "cancelled":
            self._kill(session)


@fault("F-10", "Cancelling a session leaves its last queued job in the queue.", "S-20", "S-22", kind="state")
class CancelLeavesOne(PlainDevice):
    def _take_queue(self, session: PlainSession) -> None:
        left = [session.queue.pop()] if session.reason == "cancelled" and session.queue else []
        super()._take_queue(session)
        session.queue.extend(left)


@fault("F-11", "Cancelling a draining session is ignored.", "S-20", kind="state")
class CancelIgnoredWhileDraining(PlainDevice):
    def _cancel(self, event: CancelRequested) -> Outcome:
        session = self.sessions.get(event.session_id)
        return super()._cancel(event) if session is None or session.accepting else DONE


@fault("F-12", "A session that is closed while a job runs closes at once.", "S-17", kind="state")
class ClosesBeforeDrained(PlainDevice):
    def _close(self, event: CloseRequested) -> Outcome:
        outcome = super()._close(event)
        session = self.sessions.get(event.session_id)
        if session is not None and session.state != "closed" and not session.queue:
            self._end(session, "closed", event.at)
        return outcome


@fault("F-13", "Closing a session fails its queued jobs.", "S-17", kind="state")
class CloseFailsQueue(PlainDevice):
    def _close(self, event: CloseRequested) -> Outcome:
        session = self.sessions.get(event.session_id)
        if session is not None and session.accepting:
            self._take_queue(session)
        return super()._close(event)


@fault("F-14", "Closing a draining session a second time ends it.", "S-21", kind="state")
class SecondCloseKills(PlainDevice):
    def _close(self, event: CloseRequested) -> Outcome:
        session = self.sessions.get(event.session_id)
        if session is not None and not session.accepting and session.state != "closed":
            self._end(session, "closed", event.at)
        return super()._close(event)


@fault("F-20", "An inactive session is active as soon as a job is submitted.", "S-08", kind="state", needs=("pause",))
class ActiveOnSubmit(PlainDevice):
    def _enqueue(self, job: PlainJob, session: PlainSession | None, at: int) -> None:
        super()._enqueue(job, session, at)
        if session is not None and session.state == "inactive":
            self._activate(session, at)


@fault("F-21", "A session that became inactive never starts a job again.", "S-11", kind="state")
class NeverResumes(PlainDevice):
    def _in_time(self, session: PlainSession, at: int) -> bool:
        return session.state != "inactive" and super()._in_time(session, at)


@fault("F-24", "A draining session does not close when its last work ends.", "S-19", kind="state")
class NeverDrained(PlainDevice):
    def _work_went(self, session: PlainSession, at: int) -> None:
        if session.accepting:
            super()._work_went(session, at)


@fault("F-25", "A draining session closes with its running job, and fails what is still queued.", "S-19", "S-17",
       kind="state")  # fmt: skip
class DrainForgetsQueue(PlainDevice):
    def _job_left(self, session: PlainSession, job: PlainJob, at: int) -> None:
        if not session.accepting and session.state != "closed" and session.on_device == [job.id]:
            self._end(session, "closed", at)
        super()._job_left(session, job, at)


@fault("F-31", "A result that arrives after the max TTL counts as a failure.", "S-23", "J-01", kind="job")
class LateResultFails(PlainDevice):
    def _job_left(self, session: PlainSession, job: PlainJob, at: int) -> None:
        if session.reason == "max_ttl" and job.status == "completed":
            job.status, job.code = "failed", 1217
        super()._job_left(session, job, at)


@fault("F-33", "Cancelling a closed session rewrites when it closed.", "S-21", kind="state")
class ClosedAtRewritten(PlainDevice):
    def _cancel(self, event: CancelRequested) -> Outcome:
        outcome = super()._cancel(event)
        session = self.sessions.get(event.session_id)
        if session is not None:
            session.closed = event.at
        return outcome


@fault("F-33b", "A session that drained has no closed_at.", "S-19", "V-02", kind="view")
class ClosedAtMissing(PlainDevice):
    def _work_went(self, session: PlainSession, at: int) -> None:
        super()._work_went(session, at)
        session.closed = None


@fault("O-39", "Cancelling a session is told as its close.", "S-20", kind="view")
class CancelToldAsClose(PlainDevice):
    def _end(self, session: PlainSession, reason: str, at: int) -> None:
        super()._end(session, "closed" if reason == "cancelled" else reason, at)


@fault("O-40", "Cancelling a session lets its queued jobs run first, as closing does.", "S-20", kind="state")
class CancelDrains(PlainDevice):
    def _cancel(self, event: CancelRequested) -> Outcome:
        session = self.sessions.get(event.session_id)
        if session is None or session.state == "closed" or not session.queue:
            return super()._cancel(event)
        session.accepting = False
        return DONE


@fault("O-41", "A failed job closes its session.", "S-24", kind="state")
class FailureCloses(PlainDevice):
    def _job_left(self, session: PlainSession, job: PlainJob, at: int) -> None:
        super()._job_left(session, job, at)
        if job.status == "failed" and session.state != "closed":
            self._end(session, "job_failed", at)


@fault("O-42", "A failed job ends a session that drains, though there is work left.", "S-24", "S-19", kind="state",
       held_out=True)  # fmt: skip
class FailureEndsDraining(PlainDevice):
    def _job_left(self, session: PlainSession, job: PlainJob, at: int) -> None:
        super()._job_left(session, job, at)
        if job.status == "failed" and session.state != "closed" and not session.accepting:
            self._end(session, "closed", at)


@fault("O-43", "Coming back from inactive, a session starts anew: started_at moves, and the max TTL with it.", "S-11",
       "S-10", kind="state")  # fmt: skip
class StartsAnew(PlainDevice):
    def _activate(self, session: PlainSession, at: int) -> None:
        super()._activate(session, at)
        session.started = at


@fault("O-44", "activated_at stays at the first activation.", "S-11", kind="view")
class ActivatedOnce(PlainDevice):
    def _activate(self, session: PlainSession, at: int) -> None:
        first = session.activated
        super()._activate(session, at)
        session.activated = at if first is None else first


@fault("O-45", "A session starts when its first job is submitted.", "S-09", kind="state", needs=("pause",))
class StartsOnSubmit(PlainDevice):
    def _enqueue(self, job: PlainJob, session: PlainSession | None, at: int) -> None:
        super()._enqueue(job, session, at)
        if session is not None and session.state == "open":
            self._activate(session, at)


@fault("O-46", "An inactive session runs jobs and stays inactive.", "S-11", kind="state")
class InactiveRuns(PlainDevice):
    def _activate(self, session: PlainSession, at: int) -> None:
        if session.started is None:
            super()._activate(session, at)


@fault("O-47", "A draining session whose last queued job is cancelled does not close.", "S-19", "J-02", kind="state",
       needs=("pause",))  # fmt: skip
class CancelledLastJobStays(PlainDevice):
    def _cancel_queued(self, job: PlainJob, at: int) -> None:
        session = self._session_of(job)
        draining = session is not None and not session.accepting
        if session is not None and draining:
            job.status = "cancelled"
            self.waiting.remove(job.id)
            session.queue.remove(job.id)
        else:
            super()._cancel_queued(job, at)


@fault("O-48", "A draining session closes although its last job is still being stopped.", "J-03", "S-19", kind="state",
       held_out=True)  # fmt: skip
class StoppingIsNoWork(PlainDevice):
    def _cancel_running(self, job: PlainJob, at: int) -> None:
        super()._cancel_running(job, at)
        session = self._session_of(job)
        if session is not None and session.state != "closed" and not session.accepting and not session.queue:
            self._end(session, "closed", at)


@fault("O-49", "The interactive timer starts when a running job is cancelled, not when the device lets go.", "J-03",
       "S-13", kind="timer", needs=("later",), held_out=True)  # fmt: skip
class StoppingIsIdle(PlainDevice):
    def _cancel_running(self, job: PlainJob, at: int) -> None:
        super()._cancel_running(job, at)
        session = self._session_of(job)
        if session is not None and session.state == "active" and not session.queue:
            session.notes["asked_to_stop"] = at

    def _work_went(self, session: PlainSession, at: int) -> None:
        super()._work_went(session, at)
        since = session.notes.pop("asked_to_stop", at)
        if session.idle_since == at and session.interactive is not None:
            session.idle_since = max(since, at + 1 - session.interactive)


@fault("O-50", "With abort, a failed job is forgiven while the session drains.", "S-24", kind="state",
       profile=AZURE.with_values(failure_policy="abort"))  # fmt: skip
class NoAbortWhileDraining(PlainDevice):
    def _job_left(self, session: PlainSession, job: PlainJob, at: int) -> None:
        if job.status == "failed" and not session.accepting and session.state != "closed":
            job.status = "completed"
            super()._job_left(session, job, at)
            job.status = "failed"
        else:
            super()._job_left(session, job, at)


@fault("O-51", "The queued jobs of a cancelled batch fail instead of being cancelled.", "S-22", kind="job",
       profile=PASQAL_BATCH, needs=("pause",))  # fmt: skip
class QueueFailsAnyway(PlainDevice):
    def _take_queue(self, session: PlainSession) -> None:
        names = session.queue.copy()
        super()._take_queue(session)
        for name in names:
            self.jobs[name].status = "failed"


@fault("O-52", "A result for a job whose session has closed reopens the session.", "S-23", kind="state")
class ResultReopens(PlainDevice):
    def _job_left(self, session: PlainSession, job: PlainJob, at: int) -> None:
        super()._job_left(session, job, at)
        if session.state == "closed" and session.reason == "cancelled" and job.status == "completed":
            session.state, session.idle_since = "inactive", None


@fault("O-53", "last_job_completed is not written for failed jobs.", "J-01", "V-02", kind="view")
class FailedNotCompleted(PlainDevice):
    def _job_left(self, session: PlainSession, job: PlainJob, at: int) -> None:
        before = session.last_completed
        super()._job_left(session, job, at)
        if job.status == "failed":
            session.last_completed = before


@fault("O-54", "last_job_completed is not written after the session closed.", "S-23", "V-02", kind="view",
       held_out=True)  # fmt: skip
class LateNotCompleted(PlainDevice):
    def _job_left(self, session: PlainSession, job: PlainJob, at: int) -> None:
        before, closed = session.last_completed, session.state == "closed"
        super()._job_left(session, job, at)
        if closed:
            session.last_completed = before


@fault("O-55", "A client that cancels a queued job also ends its open session.", "J-02", kind="state", needs=("pause",))
class CancelledJobEnds(PlainDevice):
    def _cancel_queued(self, job: PlainJob, at: int) -> None:
        super()._cancel_queued(job, at)
        session = self._session_of(job)
        if session is not None and session.state == "open" and not session.working:
            self._end(session, "closed", at)

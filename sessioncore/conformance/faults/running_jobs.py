"""Faults of jobs: their ends, their cancellation, the device's reports about them, and what they cost."""

from __future__ import annotations

from typing import Any

from sessioncore.core.events import CancelRequested, Event, JobFailed, JobReleased, JobSucceeded

from ..protocol import Outcome
from .fault import fault
from .plain import DONE, PlainDevice
from .records import PlainJob, PlainSession


@fault("F-26", "What the device reports after a session's end is lost: the job runs for ever.", "S-23", "J-01",
       kind="job")  # fmt: skip
class LateReportsLost(PlainDevice):
    def _report(self, event: Any) -> Outcome:
        job = self.jobs.get(event.job_id)
        session = None if job is None else self._session_of(job)
        return DONE if session is not None and session.state == "closed" else super()._report(event)


@fault("F-27", "A job that fails just before the max TTL counts as completed.", "J-01", kind="job")
class FailureNearTtl(PlainDevice):
    def _settle(self, job: PlainJob, event: Event) -> None:
        session = self._session_of(job)
        due = None if session is None else self._due_max_ttl(session)
        super()._settle(job, event)
        if job.status == "failed" and due is not None and session is not None and session.max_ttl is not None:
            near = session.max_ttl // 100
            if due - near <= event.at <= due:
                job.status, job.code = "completed", None


@fault("F-28", "A job cancelled in the queue counts as failed.", "J-02", kind="job", needs=("pause",))
class CancelledFails(PlainDevice):
    def _cancel_queued(self, job: PlainJob, at: int) -> None:
        super()._cancel_queued(job, at)
        job.status = "failed"


@fault("F-38", "A second report about a job changes how it ended.", "J-06", "J-01", kind="job")
class LastReportWins(PlainDevice):
    def _report(self, event: Any) -> Outcome:
        job = self.jobs.get(event.job_id)
        if job is not None and job.status in ("completed", "failed") and job.started is not None:
            self._settle(job, event)
        return super()._report(event)


@fault("F-40", "Cancelling a session also takes the queued jobs of other sessions.", "S-20", kind="job",
       needs=("two",))  # fmt: skip
class CancelTakesOthers(PlainDevice):
    def _cancel(self, event: CancelRequested) -> Outcome:
        outcome = super()._cancel(event)
        if event.session_id in self.sessions:
            for session in self.sessions.values():
                if session.queue:
                    self._take_queue(session)
                    self._work_went(session, event.at)
        return outcome


@fault("O-56", "A job that runs too long has failed at once, and its lane is free.", "J-05", kind="job", outside="far")
class LimitFails(PlainDevice):
    def _on_limit(self, job: PlainJob, at: int) -> None:
        job.status, job.code = "failed", 1305
        self._free_lane(job)
        session = self._session_of(job)
        if session is not None:
            self._job_left(session, job, at)


@fault("O-57", "A cancelled running job gives its lane back at once.", "J-03", kind="job")
class CancelFreesLane(PlainDevice):
    def _cancel_running(self, job: PlainJob, at: int) -> None:
        job.status = "cancelled"
        self._free_lane(job)
        session = self._session_of(job)
        if session is not None:
            self._job_left(session, job, at)


@fault("O-58", "A result that arrives while the job is being stopped makes it completed.", "J-03", "J-01", kind="job")
class ResultBeatsCancel(PlainDevice):
    def _settle(self, job: PlainJob, event: Event) -> None:
        if job.status == "cancelling" and isinstance(event, JobSucceeded):
            job.status = "running"
        super()._settle(job, event)


@fault("O-59", "A job that fails while it is being stopped counts as failed.", "J-03", "J-01", kind="job",
       held_out=True)  # fmt: skip
class FailureBeatsCancel(PlainDevice):
    def _settle(self, job: PlainJob, event: Event) -> None:
        if job.status == "cancelling" and isinstance(event, JobFailed):
            job.status = "running"
        super()._settle(job, event)


@fault("O-60", "A job that the device lost counts as cancelled.", "J-06", kind="job")
class LostIsCancelled(PlainDevice):
    def _settle(self, job: PlainJob, event: Event) -> None:
        super()._settle(job, event)
        if isinstance(event, JobReleased):
            job.status = "cancelled"


@fault("O-61", "A result for a job that still waits is believed.", "J-06", kind="job", needs=("pause",))
class EarlyReportBelieved(PlainDevice):
    def _report(self, event: Any) -> Outcome:
        job = self.jobs.get(event.job_id)
        if job is not None and job.status == "queued" and isinstance(event, JobSucceeded):
            self._cancel_queued(job, event.at)
            job.status = "completed"
        return super()._report(event)


@fault("O-62", "A job cancelled after it completed is shown as cancelled.", "J-04", "J-01", kind="job")
class CancelRewrites(PlainDevice):
    def _cancel_job(self, event: Any) -> Outcome:
        job = self.jobs.get(event.job_id)
        outcome = super()._cancel_job(event)
        if job is not None and job.status == "completed":
            job.status = "cancelled"
        return outcome


@fault("O-63", "A job that ran too long loses its reason code when the device lets go.", "J-05",
       kind="view", outside="far",
       held_out=True)  # fmt: skip
class CodeLost(PlainDevice):
    def _settle(self, job: PlainJob, event: Event) -> None:
        super()._settle(job, event)
        if job.status == "cancelled":
            job.code = None


@fault("O-64", "The device's reason code for a failed job is dropped.", "J-01", kind="view", outside="values")
class FailureCodeDropped(PlainDevice):
    def _settle(self, job: PlainJob, event: Event) -> None:
        super()._settle(job, event)
        job.code = None if job.status == "failed" else job.code


@fault("O-65", "Inactive time is charged.", "U-01", "S-14", kind="usage")
class InactiveCharged(PlainDevice):
    def _deactivate(self, session: PlainSession, at: int) -> None:
        window = session.window
        super()._deactivate(session, at)
        session.used -= 0 if window is None else at - window
        session.window = window

    def _activate(self, session: PlainSession, at: int) -> None:
        window = session.window
        super()._activate(session, at)
        session.window = session.window if window is None else window


@fault("O-66", "Usage ends with the session, though a job still runs.", "U-01", "S-23", kind="usage")
class UsageEndsAtClose(PlainDevice):
    def _end(self, session: PlainSession, reason: str, at: int) -> None:
        super()._end(session, reason, at)
        self._end_window(session, at)


@fault("O-67", "A dedicated session is charged only while its jobs run.", "U-01", kind="usage")
class IdleFree(PlainDevice):
    def _usage(self, session: PlainSession, at: int) -> int:
        if session.half.usage != "windows":
            return super()._usage(session, at)
        return session.notes.get("ran", 0) + sum(
            self._held(self.jobs[name], at) for name in session.on_device
        )

    def _job_left(self, session: PlainSession, job: PlainJob, at: int) -> None:
        session.notes["ran"] = session.notes.get("ran", 0) + self._held(job, at)
        super()._job_left(session, job, at)


@fault("O-68", "A batch is charged for its idle time as well.", "U-02",
       kind="usage", outside="company", needs=("batch",))  # fmt: skip
class BatchByWindows(PlainDevice):
    def _activate(self, session: PlainSession, at: int) -> None:
        super()._activate(session, at)
        session.window = at

    def _usage(self, session: PlainSession, at: int) -> int:
        if session.half.usage == "windows":
            return super()._usage(session, at)
        return session.notes.get("windows", 0) + (0 if session.window is None else at - session.window)

    def _end_window(self, session: PlainSession, at: int) -> None:
        if session.half.usage != "windows" and session.window is not None:
            session.notes["windows"] = session.notes.get("windows", 0) + at - session.window
        super()._end_window(session, at)


@fault("O-69", "A batch is not charged for jobs that failed or were cancelled.", "U-02",
       kind="usage", outside="company",
       needs=("batch",), held_out=True)  # fmt: skip
class BatchFailuresFree(PlainDevice):
    def _job_left(self, session: PlainSession, job: PlainJob, at: int) -> None:
        before = session.used
        super()._job_left(session, job, at)
        if session.half.usage == "lanes" and job.status != "completed":
            session.used = before


@fault("O-70", "The time for which a job is being stopped is not charged.", "U-01", "J-03", kind="usage",
       held_out=True)  # fmt: skip
class StoppingFree(PlainDevice):
    def _cancel_running(self, job: PlainJob, at: int) -> None:
        super()._cancel_running(job, at)
        job.notes["asked"] = at

    def _job_left(self, session: PlainSession, job: PlainJob, at: int) -> None:
        if "asked" in job.notes and session.half.usage == "windows":
            session.used -= at - job.notes["asked"]
        super()._job_left(session, job, at)

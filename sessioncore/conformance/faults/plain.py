"""A session service as an ordinary developer would write it: one device, lists, loops and ``if``.

It shares nothing with the core but events, profiles and words, and decides every rule a second time, so that it can
say what a correct implementation does that is not ours. The faulty implementations of the catalogue are small
overrides of it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sessioncore.core.events import (
    REPORTS,
    Advanced,
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobSucceeded,
    OfflineRequested,
    OpenRequested,
    PauseRequested,
    ResumeRequested,
    SubmitRequested,
)
from sessioncore.core.profiles import Parameters

from ..protocol import Accepted, JobView, Outcome, Rejected, SessionView, Unsupported, View
from .records import PlainJob, PlainSession
from .showing import show_job, show_session
from .timers import PlainTimers

SESSION_CLOSED = Rejected(code=1217, http_status=400, message="Session has been closed.")
IMPOSSIBLE = Rejected(code=1208, http_status=400, message="That length of time is not possible.")
NO_SESSION = Rejected(code=1290, http_status=404, message="No such session.")
NO_JOB = Rejected(code=1291, http_status=404, message="No such job.")
JOB_ENDED = Rejected(code=1292, http_status=409, message="The job has ended.")
DONE = Accepted()


class PlainDevice(PlainTimers):
    """One device with its sessions and jobs, driven by the kit. Its clock begins at ``origin``.

    Several threads may use it: every call is one step.
    """

    HANDLERS: ClassVar[dict[type, str]] = {
        OpenRequested: "_open",
        SubmitRequested: "_submit",
        CloseRequested: "_close",
        CancelRequested: "_cancel",
        JobCancelRequested: "_cancel_job",
        PauseRequested: "_pause",
        OfflineRequested: "_pause",
        ResumeRequested: "_resume",
        JobSucceeded: "_report",
        JobFailed: "_report",
        JobReleased: "_report",
    }

    # --- what the kit calls --------------------------------------------------------------------------------

    def apply(self, event: Event) -> Outcome:
        """One request or report, and what follows from it."""
        with self.lock:
            return self._handle(event)

    def advance(self, microseconds: int) -> None:
        """Let time pass."""
        with self.lock:
            self._catch_up(self.now + microseconds)

    def observe(self) -> View:
        """What a client sees now."""
        with self.lock:
            return View(
                at=self.now,
                sessions={name: self._show(session) for name, session in self.sessions.items()},
                jobs={name: self._show_job(job) for name, job in self.jobs.items()},
            )

    def _handle(self, event: Event) -> Outcome:
        at = event.at
        if type(event) is Advanced:
            self._catch_up(at)
            return DONE
        handler = self.HANDLERS.get(type(event))
        if handler is None:
            return Unsupported(why=f"{type(event).__name__} is not for this service")
        self._catch_up(self._time_before(event))
        self.now = at
        outcome: Outcome = getattr(self, handler)(event)
        self._dispatch(at)
        return outcome

    def _time_before(self, event: Event) -> int:
        """T-01: reports come before the timers of their instant, requests after them."""
        return event.at - 1 if isinstance(event, REPORTS) else event.at

    def _show(self, session: PlainSession) -> SessionView:
        return show_session(session, self._usage(session, self.now))

    def _show_job(self, job: PlainJob) -> JobView:
        return show_job(job)

    def close(self) -> None:
        """Nothing is held."""

    # --- requests ------------------------------------------------------------------------------------------

    def _open(self, event: OpenRequested) -> Outcome:
        if event.session_id in self.sessions:
            return Unsupported(why="an id is used once")
        half = self.profile.half(event.mode)
        if not self._possible_session(event, half):
            return IMPOSSIBLE
        max_ttl = half.max_ttl if event.max_ttl is None else event.max_ttl
        session = PlainSession(event, len(self.sessions), half, max_ttl)
        session.interactive = self._agreed_interactive(session)
        self.sessions[session.id] = session
        if half.start_event == "create":
            self._activate(session, event.at)
        return Accepted(id=session.id)

    def _possible_session(self, event: OpenRequested, half: Parameters) -> bool:
        """S-02."""
        return within(event.max_ttl, half.max_ttl)

    def _agreed_interactive(self, session: PlainSession) -> int | None:
        """S-03."""
        length = session.half.interactive_ttl
        return length if length is None or session.max_ttl is None else min(length, session.max_ttl)

    def _submit(self, event: SubmitRequested) -> Outcome:
        if event.job_id in self.jobs:
            return Unsupported(why="an id is used once")
        session = None if event.session_id is None else self.sessions.get(event.session_id)
        refusal = self._refusal(event, session)
        if refusal is not None:
            return refusal
        cap = (self.profile.dedicated if session is None else session.half).execution_limit
        job = PlainJob(event, len(self.jobs), self._limit(event.max_execution, cap))
        self.jobs[job.id] = job
        self._enqueue(job, session, event.at)
        return Accepted(id=job.id)

    def _refusal(self, event: SubmitRequested, session: PlainSession | None) -> Rejected | None:
        """S-06, S-07, J-09: why a job cannot be had."""
        if session is None and event.session_id is not None:
            return NO_SESSION
        if session is not None and not self._accepts(session):
            return SESSION_CLOSED
        return None if self._possible_job(event, session) else IMPOSSIBLE

    def _possible_job(self, event: SubmitRequested, session: PlainSession | None) -> bool:
        """S-07."""
        return within(event.max_execution, None if session is None else session.max_ttl)

    def _limit(self, asked: int | None, cap: int | None) -> int | None:
        """J-05: how long the job may run."""
        return min((length for length in (asked, cap) if length is not None), default=None)

    def _accepts(self, session: PlainSession) -> bool:
        """S-06."""
        return session.accepting

    def _enqueue(self, job: PlainJob, session: PlainSession | None, at: int) -> None:
        self.waiting.append(job.id)
        if session is not None:
            session.queue.append(job.id)
            session.idle_since = None
            session.last_submission = at
            session.accepted += 1
            limit = session.half.job_limit
            if limit is not None and session.accepted >= limit:
                session.accepting = False

    def _close(self, event: CloseRequested) -> Outcome:
        session = self.sessions.get(event.session_id)
        if session is None:
            return NO_SESSION
        if session.accepting:
            session.accepting = False
            if not session.working:
                self._end(session, "closed", event.at)
        return DONE

    def _cancel(self, event: CancelRequested) -> Outcome:
        session = self.sessions.get(event.session_id)
        if session is None:
            return NO_SESSION
        if session.state != "closed":
            self._end(session, "cancelled", event.at)
        return DONE

    def _cancel_job(self, event: JobCancelRequested) -> Outcome:
        job = self.jobs.get(event.job_id)
        if job is None:
            return NO_JOB
        if job.status == "queued":
            self._cancel_queued(job, event.at)
        elif job.status == "running":
            self._cancel_running(job, event.at)
        else:
            return JOB_ENDED
        return DONE

    def _cancel_queued(self, job: PlainJob, at: int) -> None:
        job.status = "cancelled"
        self.waiting.remove(job.id)
        session = self._session_of(job)
        if session is not None:
            session.queue.remove(job.id)
            self._work_went(session, at)

    def _cancel_running(self, job: PlainJob, at: int) -> None:  # noqa: ARG002 - overrides ask when
        job.status = "cancelling"

    def _pause(self, event: Event) -> Outcome:  # noqa: ARG002 - whatever it says
        self.online = False
        return DONE

    def _resume(self, event: Event) -> Outcome:  # noqa: ARG002 - whatever it says
        self.online = True
        return DONE

    # --- reports -------------------------------------------------------------------------------------------

    def _report(self, event: Any) -> Outcome:
        job = self.jobs.get(event.job_id)
        if job is None or job.status not in ("running", "cancelling"):
            return DONE
        self._settle(job, event)
        self._free_lane(job)
        session = self._session_of(job)
        if session is not None:
            self._job_left(session, job, event.at)
        return DONE

    def _settle(self, job: PlainJob, event: Event) -> None:
        """What becomes of a job that leaves the device (J-01, J-03, J-06)."""
        if job.status == "cancelling":
            job.status = "cancelled"
        elif isinstance(event, JobSucceeded):
            job.status = "completed"
        else:
            job.status = "failed"
            job.code = event.reason_code if isinstance(event, JobFailed) else None

    def _free_lane(self, job: PlainJob) -> None:
        self.on_device.remove(job.id)

    def _job_left(self, session: PlainSession, job: PlainJob, at: int) -> None:
        """A job of the session left the device."""
        session.on_device.remove(job.id)
        session.last_completed = at
        session.completed += job.status == "completed"
        session.failed += job.status == "failed"
        if session.half.usage == "lanes":
            session.used += self._held(job, at)
        if session.state == "closed":
            if not session.on_device:
                self._end_window(session, at)
        elif job.status == "failed" and session.half.failure_policy == "abort":
            self._end(session, "job_failed", at)
        else:
            self._work_went(session, at)

    def _work_went(self, session: PlainSession, at: int) -> None:
        """A job of a live session ended: was it the last work?"""
        if session.working:
            return
        session.idle_since = at
        if not session.accepting:
            self._end(session, "closed", at)


def within(asked: int | None, most: int | None) -> bool:
    """Whether a length of time can be had: above zero, and no more than there is."""
    return asked is None or (asked > 0 and (most is None or asked <= most))

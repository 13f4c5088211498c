"""Faults of opening and submitting: wrong answers, and jobs that are taken or lost."""

from __future__ import annotations

from sessioncore.core.events import (
    CancelRequested,
    CloseRequested,
    JobCancelRequested,
    OpenRequested,
    SubmitRequested,
)
from sessioncore.core.profiles import Parameters

from ..protocol import Accepted, Outcome, Rejected
from .fault import fault
from .plain import DONE, IMPOSSIBLE, JOB_ENDED, SESSION_CLOSED, PlainDevice, within
from .records import PlainJob, PlainSession


@fault("F-01", "A job is accepted while the session drains.", "S-06", "S-17", kind="answer")
class TakesWhileDraining(PlainDevice):
    def _accepts(self, session: PlainSession) -> bool:
        return session.state != "closed"


@fault("F-02", "A job is accepted after the session closed.", "S-06", kind="answer")
class TakesAfterClose(PlainDevice):
    def _accepts(self, session: PlainSession) -> bool:
        return session.accepting or session.state == "closed"


@fault("F-22", "An inactive session refuses jobs.", "S-08", "S-06", kind="answer")
class InactiveRefuses(PlainDevice):
    def _accepts(self, session: PlainSession) -> bool:
        return session.accepting and session.state != "inactive"


@fault("F-42", "Cancelling an unknown job raises KeyError.", "J-09", kind="answer", needs=("strangers",))
class UnknownJobRaises(PlainDevice):
    def _cancel_job(self, event: JobCancelRequested) -> Outcome:
        self.jobs[event.job_id]
        return super()._cancel_job(event)


@fault("O-01", "A job's max_execution_time is not checked.", "S-07",
       kind="answer", outside="values", needs=("lengths",))  # fmt: skip
class AnyExecutionTime(PlainDevice):
    def _possible_job(self, event: SubmitRequested, session: PlainSession | None) -> bool:  # noqa: ARG002
        return True


@fault(
    "O-02",
    "A job may ask for longer than its session's max TTL, up to the profile's.",
    "S-07",
    kind="answer",
    outside="values",
    needs=("lengths",),
    held_out=True,
)
class ExecutionAgainstCeiling(PlainDevice):
    def _possible_job(self, event: SubmitRequested, session: PlainSession | None) -> bool:
        most = None if session is None else session.half.max_ttl
        return within(event.max_execution, most)


@fault("O-03", "A max TTL above the ceiling is cut to it, not refused.", "S-02",
       kind="answer", outside="values", needs=("lengths",))  # fmt: skip
class CutsMaxTtl(PlainDevice):
    def _possible_session(self, event: OpenRequested, half: Parameters) -> bool:  # noqa: ARG002
        return event.max_ttl is None or event.max_ttl > 0

    def _open(self, event: OpenRequested) -> Outcome:
        outcome = super()._open(event)
        session = self.sessions.get(event.session_id)
        if session is not None and session.max_ttl is not None and session.half.max_ttl is not None:
            session.max_ttl = min(session.max_ttl, session.half.max_ttl)
        return outcome


@fault("O-04", "A refused creation leaves a session behind.", "S-02",
       kind="answer", outside="values", needs=("lengths",))  # fmt: skip
class RefusedButThere(PlainDevice):
    def _open(self, event: OpenRequested) -> Outcome:
        half = self.profile.half(event.mode)
        if not self._possible_session(event, half):
            self.sessions[event.session_id] = PlainSession(event, len(self.sessions), half, half.max_ttl)
            return IMPOSSIBLE
        return super()._open(event)


@fault("O-05", "A max TTL of zero means the profile's.", "S-02",
       kind="answer", outside="values", needs=("lengths",), held_out=True)  # fmt: skip
class ZeroIsDefault(PlainDevice):
    def _possible_session(self, event: OpenRequested, half: Parameters) -> bool:
        return not event.max_ttl or super()._possible_session(event, half)

    def _open(self, event: OpenRequested) -> Outcome:
        outcome = super()._open(event)
        session = self.sessions.get(event.session_id)
        if session is not None and not event.max_ttl:
            session.max_ttl = session.half.max_ttl
            session.interactive = session.half.interactive_ttl
        return outcome


@fault("O-06", "The interactive TTL is not reduced to a shorter max TTL.", "S-03",
       kind="view", outside="values", needs=("lengths",))  # fmt: skip
class LongInteractive(PlainDevice):
    def _agreed_interactive(self, session: PlainSession) -> int | None:
        return session.half.interactive_ttl


@fault("O-07", "A submission after the close is answered 404.", "S-06", kind="answer")
class NotFoundAfterClose(PlainDevice):
    def _refusal(self, event: SubmitRequested, session: PlainSession | None) -> Rejected | None:
        refusal = super()._refusal(event, session)
        closed = session is not None and session.state == "closed"
        return Rejected(code=1217, http_status=404, message="closed") if closed else refusal


@fault(
    "O-08",
    "A job's length is checked before whether its session still accepts jobs.",
    "S-06",
    "S-07",
    kind="answer",
    outside="values",
    needs=("lengths",),
    held_out=True,
)
class LengthFirst(PlainDevice):
    def _refusal(self, event: SubmitRequested, session: PlainSession | None) -> Rejected | None:
        return super()._refusal(event, session) if self._possible_job(event, session) else IMPOSSIBLE


@fault("O-09", "A job for an unknown session runs in job mode.", "J-09",
       kind="answer", outside="ids", needs=("strangers",))  # fmt: skip
class UnknownSessionIsNone(PlainDevice):
    def _submit(self, event: SubmitRequested) -> Outcome:
        if event.session_id is not None and event.session_id not in self.sessions:
            event = SubmitRequested(at=event.at, job_id=event.job_id, max_execution=event.max_execution)
        return super()._submit(event)


@fault("O-10", "A refused job is kept as a failed one.", "S-06", "S-07", kind="answer")
class RefusedJobKept(PlainDevice):
    def _refusal(self, event: SubmitRequested, session: PlainSession | None) -> Rejected | None:
        refusal = super()._refusal(event, session)
        if refusal is not None and session is not None:
            job = PlainJob(event, len(self.jobs), None)
            job.status, job.code = "failed", refusal.code
            self.jobs[job.id] = job
        return refusal


@fault("O-11", "Cancelling a closed session is refused.", "S-21", kind="answer")
class SecondCancelRefused(PlainDevice):
    def _cancel(self, event: CancelRequested) -> Outcome:
        session = self.sessions.get(event.session_id)
        if session is not None and session.state == "closed":
            return SESSION_CLOSED
        return super()._cancel(event)


@fault("O-12", "Closing a closed session is refused.", "S-21", kind="answer")
class SecondCloseRefused(PlainDevice):
    def _close(self, event: CloseRequested) -> Outcome:
        session = self.sessions.get(event.session_id)
        if session is not None and session.state == "closed":
            return SESSION_CLOSED
        return super()._close(event)


@fault("O-13", "Cancelling a job that has ended succeeds.", "J-04", kind="answer")
class CancelEndedAllowed(PlainDevice):
    def _cancel_job(self, event: JobCancelRequested) -> Outcome:
        outcome = super()._cancel_job(event)
        return DONE if outcome is JOB_ENDED else outcome


@fault("O-14", "Cancelling a job twice succeeds while it is being stopped.", "J-04", kind="answer", held_out=True)
class SecondJobCancelAllowed(PlainDevice):
    def _cancel_job(self, event: JobCancelRequested) -> Outcome:
        job = self.jobs.get(event.job_id)
        return DONE if job is not None and job.status == "cancelling" else super()._cancel_job(event)


@fault("O-15", "Cancelling an unknown session succeeds.", "J-09",
       kind="answer", outside="ids", needs=("strangers",), held_out=True)  # fmt: skip
class UnknownCancelSucceeds(PlainDevice):
    def _cancel(self, event: CancelRequested) -> Outcome:
        return super()._cancel(event) if event.session_id in self.sessions else DONE


@fault("O-16", "A paused device refuses jobs.", "D-05", "S-05", kind="answer", needs=("pause",), held_out=True)
class PausedRefuses(PlainDevice):
    def _refusal(self, event: SubmitRequested, session: PlainSession | None) -> Rejected | None:
        if not self.online:
            return Rejected(code=1234, http_status=400, message="The device is not available.")
        return super()._refusal(event, session)


@fault("O-17", "The id of a job is given back as the id of its session.", "S-05", kind="answer", held_out=True)
class WrongId(PlainDevice):
    def _submit(self, event: SubmitRequested) -> Outcome:
        outcome = super()._submit(event)
        return Accepted(id=event.session_id or event.job_id) if isinstance(outcome, Accepted) else outcome

"""Faults of the timers: due at the wrong time, not armed, not disarmed, or with the wrong effect."""

from __future__ import annotations

from sessioncore.core.events import CloseRequested, Event
from sessioncore.core.profiles import AZURE, IBM_GUIDE, SCALEWAY

from ..protocol import Outcome
from .fault import fault
from .plain import DONE, NO_SESSION, PlainDevice
from .records import PlainJob, PlainSession
from .timers import INTERACTIVE, MAX_TTL, NO_SUBMISSION, USAGE, Timer

BUDGETS = IBM_GUIDE.with_values(job_limit=2, usage_limit=600_000_000)
"""The guide's profile with both budgets: two jobs, ten minutes of usage."""


@fault("F-03", "The max TTL counts from the creation.", "S-10", "S-09", kind="timer")
class TtlFromCreation(PlainDevice):
    def _due_max_ttl(self, session: PlainSession) -> int | None:
        return None if session.max_ttl is None else session.created + session.max_ttl


@fault("F-04", "The max TTL is armed anew at each start of a job.", "S-10", kind="timer")
class TtlAtEachStart(PlainDevice):
    def _due_max_ttl(self, session: PlainSession) -> int | None:
        due = super()._due_max_ttl(session)
        if due is None or session.started is None or session.last_started is None:
            return due
        return due + session.last_started - session.started


@fault("F-05", "The max TTL fires a microsecond late.", "S-15", "S-10", kind="timer")
class TtlLate(PlainDevice):
    def _due_max_ttl(self, session: PlainSession) -> int | None:
        due = super()._due_max_ttl(session)
        return None if due is None else due + 1


@fault("F-06", "The max TTL stands still while the session is inactive.", "S-10", kind="timer")
class TtlPaused(PlainDevice):
    def _due_max_ttl(self, session: PlainSession) -> int | None:
        due = super()._due_max_ttl(session)
        notes = session.notes
        return None if due is None or "still_since" in notes else due + notes.get("stood_still", 0)

    def _deactivate(self, session: PlainSession, at: int) -> None:
        super()._deactivate(session, at)
        session.notes["still_since"] = at

    def _activate(self, session: PlainSession, at: int) -> None:
        since = session.notes.pop("still_since", at)
        session.notes["stood_still"] = session.notes.get("stood_still", 0) + at - since
        super()._activate(session, at)


@fault("F-15", "The interactive timer is armed for the first idle time only.", "S-13", kind="timer")
class InteractiveOnce(PlainDevice):
    def _enqueue(self, job: PlainJob, session: PlainSession | None, at: int) -> None:
        if session is not None and session.state in ("active", "inactive") and not session.working:
            session.notes["was_idle"] = 1
        super()._enqueue(job, session, at)

    def _due_interactive(self, session: PlainSession) -> int | None:
        return None if "was_idle" in session.notes else super()._due_interactive(session)


@fault(
    "F-16", "A submission does not stop the interactive timer; the start of a job does.", "S-13", kind="timer",
    needs=("pause",),
)  # fmt: skip
class InteractiveUntilStart(PlainDevice):
    def _enqueue(self, job: PlainJob, session: PlainSession | None, at: int) -> None:
        since = None if session is None or session.state != "active" else session.idle_since
        super()._enqueue(job, session, at)
        if session is not None:
            session.idle_since = since

    def _start(self, job: PlainJob, at: int) -> None:
        super()._start(job, at)
        session = self._session_of(job)
        if session is not None:
            session.idle_since = None


@fault("F-17", "Neither a submission nor the start of a job stops the interactive timer.", "S-13", kind="timer")
class InteractiveNeverStopped(PlainDevice):
    def _enqueue(self, job: PlainJob, session: PlainSession | None, at: int) -> None:
        since = None if session is None or session.state != "active" else session.idle_since
        super()._enqueue(job, session, at)
        if session is not None:
            session.idle_since = since

    def _deactivate(self, session: PlainSession, at: int) -> None:
        super()._deactivate(session, at)
        session.idle_since = None


@fault(
    "F-18", "The interactive timer runs while jobs are queued and none is on the device.", "S-13", kind="timer",
    needs=("pause",),
)  # fmt: skip
class InteractiveWithQueue(PlainDevice):
    def _job_left(self, session: PlainSession, job: PlainJob, at: int) -> None:
        super()._job_left(session, job, at)
        if session.state == "active" and not session.on_device:
            session.idle_since = at

    def _start(self, job: PlainJob, at: int) -> None:
        super()._start(job, at)
        session = self._session_of(job)
        if session is not None:
            session.idle_since = None


@fault("F-19", "The interactive timer fires a microsecond late.", "S-13", "S-14", kind="timer")
class InteractiveLate(PlainDevice):
    def _due_interactive(self, session: PlainSession) -> int | None:
        due = super()._due_interactive(session)
        return None if due is None else due + 1


@fault(
    "F-29", "Of two timers at one instant, the interactive one fires before the max TTL.", "T-02", kind="timer",
    profile=SCALEWAY,
)  # fmt: skip
class InteractiveFirst(PlainDevice):
    def _timers(self) -> list[Timer]:
        order = {MAX_TTL: INTERACTIVE + 0.5}
        timers = sorted(super()._timers(), key=lambda timer: (timer[0], order.get(timer[1], timer[1])))
        return timers[:1]


@fault("F-30", "The max TTL is lost when the session is idle for the second time.", "S-10", "S-15", kind="timer")
class TtlLostOnSecondIdle(PlainDevice):
    def _work_went(self, session: PlainSession, at: int) -> None:
        super()._work_went(session, at)
        if session.started is not None and not session.working:
            session.notes["idle_times"] = session.notes.get("idle_times", 0) + 1

    def _due_max_ttl(self, session: PlainSession) -> int | None:
        return None if session.notes.get("idle_times", 0) > 1 else super()._due_max_ttl(session)


@fault("F-37", "A jump of the clock over several deadlines fires only the first.", "T-02", "T-03",
       kind="clock", outside="ticks")  # fmt: skip
class OneTimerAtATime(PlainDevice):
    def _catch_up(self, until: int) -> None:
        timer = min(self._timers(), default=None)
        if timer is not None and timer[0] <= until:
            self._fire(timer)
        self.now = max(self.now, until)


@fault("F-41", "The max TTL timer survives a close, fires later, and rewrites why and when it closed.", "S-10", "S-15",
       kind="timer")  # fmt: skip
class TtlSurvivesClose(PlainDevice):
    def _timers(self) -> list[Timer]:
        found = super()._timers()
        for session in self.sessions.values():
            due = self._due_max_ttl(session)
            if session.state == "closed" and session.reason != "max_ttl" and due is not None:
                found.append((due, MAX_TTL, session.number, session.id))
        return found


@fault("O-18", "The interactive timer ends the session.", "S-14", kind="timer")
class IdleEnds(PlainDevice):
    def _deactivate(self, session: PlainSession, at: int) -> None:
        self._end(session, "interactive_ttl", at)


@fault("O-19", "The interactive time counts from the start of the last job.", "S-13", kind="timer")
class IdleFromStart(PlainDevice):
    def _due_interactive(self, session: PlainSession) -> int | None:
        due = super()._due_interactive(session)
        if due is None or session.last_started is None or session.idle_since is None:
            return due
        return max(session.idle_since, due - session.idle_since + session.last_started)


@fault("O-20", "A drained session waits for the interactive time before it closes.", "S-19", "S-13", kind="timer",
       held_out=True)  # fmt: skip
class DrainWaitsForIdle(PlainDevice):
    def _work_went(self, session: PlainSession, at: int) -> None:
        if not session.working:
            session.idle_since = at
            if not session.accepting and session.state != "active":
                self._end(session, "closed", at)

    def _due_interactive(self, session: PlainSession) -> int | None:
        since, length = session.idle_since, session.interactive
        if session.accepting or session.state != "active" or since is None or length is None:
            return super()._due_interactive(session)
        return since + length

    def _on_timer(self, session: PlainSession, kind: int, at: int) -> None:
        if kind == INTERACTIVE and not session.accepting:
            self._end(session, "closed", at)
        else:
            super()._on_timer(session, kind, at)


@fault("O-21", "Closing a session without work waits for its timer.", "S-18", kind="state")
class CloseWaits(PlainDevice):
    def _close(self, event: CloseRequested) -> Outcome:
        session = self.sessions.get(event.session_id)
        if session is None:
            return NO_SESSION
        session.accepting = False
        return DONE

    def _due_interactive(self, session: PlainSession) -> int | None:
        since, length = session.idle_since, session.interactive
        return since + length if session.state == "active" and since is not None and length is not None else None

    def _due_no_submission(self, session: PlainSession) -> int | None:
        since, length = session.idle_since, session.half.no_submission
        return since + length if session.state == "open" and since is not None and length is not None else None

    def _on_timer(self, session: PlainSession, kind: int, at: int) -> None:
        if kind in (INTERACTIVE, NO_SUBMISSION) and not session.accepting:
            self._end(session, "closed", at)
        else:
            super()._on_timer(session, kind, at)


@fault("O-22", "A session whose jobs were all cancelled in the queue never ends.", "S-16", kind="timer", outside="far",
       needs=("pause",))  # fmt: skip
class Immortal(PlainDevice):
    def _work_went(self, session: PlainSession, at: int) -> None:
        super()._work_went(session, at)
        if session.state == "open":
            session.idle_since = None


@fault("O-23", "A submission does not stop the no-submission timer; the start of a job does.", "S-16",
       kind="timer", outside="far",
       needs=("pause",))  # fmt: skip
class NoSubmissionUntilStart(PlainDevice):
    def _due_no_submission(self, session: PlainSession) -> int | None:
        length = session.half.no_submission
        return session.created + length if session.state == "open" and length is not None else None


@fault("O-24", "A session that is never used is never closed.", "S-16", kind="timer", outside="far")
class NoSubmissionOff(PlainDevice):
    def _due_no_submission(self, session: PlainSession) -> int | None:  # noqa: ARG002
        return None


@fault("O-25", "The no-submission timer closes inactive sessions as well.", "S-16", "S-14", kind="timer", outside="far",
       held_out=True)  # fmt: skip
class NoSubmissionWhenInactive(PlainDevice):
    def _due_no_submission(self, session: PlainSession) -> int | None:
        length = session.half.no_submission
        if session.state == "inactive" and session.accepting and session.idle_since is not None and length is not None:
            return session.idle_since + length
        return super()._due_no_submission(session)


@fault("O-26", "The max TTL does not end an inactive session.", "S-15", "S-10", kind="timer")
class TtlOnlyWhenActive(PlainDevice):
    def _on_timer(self, session: PlainSession, kind: int, at: int) -> None:
        if kind == MAX_TTL and session.state == "inactive":
            session.notes["expired"] = 1
        else:
            super()._on_timer(session, kind, at)

    def _due_max_ttl(self, session: PlainSession) -> int | None:
        return None if "expired" in session.notes else super()._due_max_ttl(session)


@fault("O-27", "The max TTL does not end a draining session.", "S-15", "S-17", kind="timer")
class TtlNotWhenDraining(PlainDevice):
    def _due_max_ttl(self, session: PlainSession) -> int | None:
        return super()._due_max_ttl(session) if session.accepting else None


@fault("O-28", "The max TTL stands still while the device is paused.", "S-10", "D-05", kind="timer",
       needs=("pause",), held_out=True)  # fmt: skip
class TtlStopsForPause(PlainDevice):
    def _pause(self, event: Event) -> Outcome:
        if self.online:
            self.notes["paused_at"] = event.at
        return super()._pause(event)

    def _resume(self, event: Event) -> Outcome:
        since = self.notes.pop("paused_at", event.at)
        for session in self.sessions.values():
            if session.started is not None and session.state != "closed":
                session.notes["stood_still"] = session.notes.get("stood_still", 0) + event.at - since
        return super()._resume(event)

    def _due_max_ttl(self, session: PlainSession) -> int | None:
        due = super()._due_max_ttl(session)
        return None if due is None or not self.online else due + session.notes.get("stood_still", 0)


@fault("O-29", "No job is ever stopped for running too long.", "J-05", kind="timer", outside="far")
class NoLimit(PlainDevice):
    def _due_limit(self, job: PlainJob) -> int | None:  # noqa: ARG002
        return None


@fault("O-30", "A job's own max_execution_time is not enforced, only the profile's cap.", "J-05",
       kind="timer", outside="values",
       needs=("lengths",))  # fmt: skip
class OwnLimitIgnored(PlainDevice):
    def _limit(self, asked: int | None, cap: int | None) -> int | None:  # noqa: ARG002
        return cap


@fault("O-31", "A job that asks for more than the profile's cap may run that long.", "J-05",
       kind="timer", outside="values",
       needs=("lengths",), held_out=True)  # fmt: skip
class OwnLimitWins(PlainDevice):
    def _limit(self, asked: int | None, cap: int | None) -> int | None:
        return cap if asked is None else asked


@fault("O-32", "The execution limit counts from the submission.", "J-05", kind="timer", outside="far", needs=("pause",))
class LimitFromSubmission(PlainDevice):
    def _enqueue(self, job: PlainJob, session: PlainSession | None, at: int) -> None:
        job.notes["submitted"] = at
        super()._enqueue(job, session, at)

    def _due_limit(self, job: PlainJob) -> int | None:
        due = super()._due_limit(job)
        if due is None or job.started is None or job.limit is None:
            return due
        return max(job.started, job.notes["submitted"] + job.limit)


@fault("O-33", "The execution limit strikes a microsecond early.", "J-05", kind="timer", outside="far", held_out=True)
class LimitEarly(PlainDevice):
    def _due_limit(self, job: PlainJob) -> int | None:
        due = super()._due_limit(job)
        return due if due is None or job.limit == 1 else due - 1


@fault("O-34", "The job limit lets one job too many in.", "S-25", kind="timer", profile=BUDGETS)
class JobLimitLate(PlainDevice):
    def _enqueue(self, job: PlainJob, session: PlainSession | None, at: int) -> None:
        if session is not None and session.half.job_limit == session.accepted + 1:
            session.accepted -= 1
            super()._enqueue(job, session, at)
            session.accepted += 1
            return
        super()._enqueue(job, session, at)


@fault("O-35", "The usage limit strikes only while a job is on the device.", "S-25",
       kind="timer", outside="far", profile=BUDGETS)  # fmt: skip
class UsageLimitNeedsJob(PlainDevice):
    def _due_usage(self, session: PlainSession) -> int | None:
        return super()._due_usage(session) if session.on_device else None


@fault("O-36", "The usage limit is told as the max TTL.", "S-25", kind="view", outside="far", profile=BUDGETS)
class UsageLimitAsTtl(PlainDevice):
    def _on_timer(self, session: PlainSession, kind: int, at: int) -> None:
        super()._on_timer(session, MAX_TTL if kind == USAGE else kind, at)


@fault("O-37", "The idle time counts from the end of the work, not from the last submission.", "S-13", "S-14",
       kind="timer", profile=AZURE)  # fmt: skip
class IdleFromWork(PlainDevice):
    def _due_interactive(self, session: PlainSession) -> int | None:
        due = super()._due_interactive(session)
        return due if due is None or session.idle_since is None else session.idle_since + (session.interactive or 0)


@fault("O-38", "The max TTL counts from the first job, though the session starts at its creation.", "S-10", "S-09",
       kind="timer", profile=SCALEWAY)  # fmt: skip
class TtlFromFirstJob(PlainDevice):
    def _start(self, job: PlainJob, at: int) -> None:
        super()._start(job, at)
        session = self._session_of(job)
        if session is not None:
            session.notes.setdefault("first_job", at)

    def _due_max_ttl(self, session: PlainSession) -> int | None:
        first = session.notes.get("first_job")
        return None if first is None or session.max_ttl is None else first + session.max_ttl

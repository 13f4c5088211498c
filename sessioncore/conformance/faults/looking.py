"""Faults of what is shown: words, flags and times that disagree with what is so; and of the clock."""

from __future__ import annotations

from sessioncore.core.events import CancelRequested, CloseRequested
from sessioncore.core.values import replaced

from ..protocol import JobView, Outcome, SessionView
from .fault import fault
from .plain import PlainDevice
from .records import PlainJob, PlainSession

HOUR = 3_600_000_000


@fault("F-34", "accepting_jobs stays true while the session drains.", "V-02", "S-17", kind="view")
class DrainingShownAccepting(PlainDevice):
    def _show(self, session: PlainSession) -> SessionView:
        return replaced(super()._show(session), accepting_jobs=session.state != "closed")


@fault("F-35", "The status of a draining session has another wording.", "V-01", kind="view")
class OtherWords(PlainDevice):
    def _show(self, session: PlainSession) -> SessionView:
        view = super()._show(session)
        return replaced(view, status=view.status.replace("not accepting new jobs", "not accepting jobs"))


@fault("F-35b", "States are written in capitals.", "V-02", kind="view")
class Capitals(PlainDevice):
    def _show(self, session: PlainSession) -> SessionView:
        view = super()._show(session)
        return replaced(view, state=view.state.upper())


@fault("F-36", "A clock that goes back is believed: timers get more time.", "T-04",
       kind="clock", outside="clock", needs=("back",))  # fmt: skip
class ClockGoesBack(PlainDevice):
    def _catch_up(self, until: int) -> None:
        if until < self.now - 1:
            self.now = until
        super()._catch_up(until)


@fault("F-44", "Looking at a session right after its close shows it as it was before.", "S-18", "S-20", kind="view")
class StaleAfterClose(PlainDevice):
    stale: tuple[SessionView, ...] = ()

    def _close(self, event: CloseRequested) -> Outcome:
        self._remember(event.session_id)
        return super()._close(event)

    def _cancel(self, event: CancelRequested) -> Outcome:
        self._remember(event.session_id)
        return super()._cancel(event)

    def _remember(self, session_id: str) -> None:
        session = self.sessions.get(session_id)
        if session is not None and session.state != "closed":
            self.notes["as_of"] = self.now
            self.stale = (super()._show(session),)

    def _show(self, session: PlainSession) -> SessionView:
        for view in self.stale:
            if view.id == session.id and self.notes["as_of"] == self.now:
                return view
        return super()._show(session)


@fault("F-45", "closed_at is cut to whole milliseconds.", "V-02", kind="view", outside="ticks")
class CutToMilliseconds(PlainDevice):
    def _show(self, session: PlainSession) -> SessionView:
        view = super()._show(session)
        return view if view.closed_at is None else replaced(view, closed_at=view.closed_at // 1000 * 1000)


@fault("F-45b", "started_at is told in local time.", "V-02", kind="view")
class LocalTime(PlainDevice):
    def _show(self, session: PlainSession) -> SessionView:
        view = super()._show(session)
        return view if view.started_at is None else replaced(view, started_at=view.started_at + 2 * HOUR)


@fault("O-88", "An inactive session is shown as in progress.", "V-01", kind="view")
class InactiveInProgress(PlainDevice):
    def _show(self, session: PlainSession) -> SessionView:
        view = super()._show(session)
        return replaced(view, status="In progress, accepting new jobs") if session.state == "inactive" else view


@fault("O-89", "last_job_started stays at the first job.", "V-02", kind="view")
class FirstJobStarted(PlainDevice):
    def _start(self, job: PlainJob, at: int) -> None:
        session = self._session_of(job)
        first = None if session is None else session.last_started
        super()._start(job, at)
        if session is not None:
            session.last_started = at if first is None else first


@fault("O-90", "A job that is being stopped is shown as running until the device lets go.", "J-03", kind="view")
class StoppingShownRunning(PlainDevice):
    def _cancel_running(self, job: PlainJob, at: int) -> None:
        super()._cancel_running(job, at)
        job.notes["asked"] = 1

    def _show_job(self, job: PlainJob) -> JobView:
        view = super()._show_job(job)
        return replaced(view, status="running") if job.status == "cancelling" and job.notes else view


@fault("O-91", "A session that closed by its max TTL keeps saying that it accepts jobs.", "S-15", "V-02", kind="view",
       held_out=True)  # fmt: skip
class ExpiredShownAccepting(PlainDevice):
    def _show(self, session: PlainSession) -> SessionView:
        return replaced(super()._show(session), accepting_jobs=session.accepting or session.reason == "max_ttl")


@fault("O-92", "The usage of a closed session goes on growing.", "U-01", kind="usage", held_out=True)
class UsageGoesOn(PlainDevice):
    def _usage(self, session: PlainSession, at: int) -> int:
        late = at - session.closed if session.closed is not None and session.activated is not None else 0
        return super()._usage(session, at) + late


@fault("O-93", "The times of a session that a timer closed are those of the next look at it.", "T-02", "S-15",
       kind="clock", outside="ticks")  # fmt: skip
class StampedWhenSeen(PlainDevice):
    def _catch_up(self, until: int) -> None:
        closed = {name for name, session in self.sessions.items() if session.state == "closed"}
        super()._catch_up(until)
        for name, session in self.sessions.items():
            if session.state == "closed" and name not in closed:
                session.closed = self.now


@fault("O-94", "active_timeout is the interactive TTL.", "S-03", "V-02", kind="view", held_out=True)
class ActiveIsInteractive(PlainDevice):
    def _show(self, session: PlainSession) -> SessionView:
        return replaced(super()._show(session), active_timeout=session.interactive)

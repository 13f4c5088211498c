"""The reference as a client sees it, and our own core as something to be judged."""

from __future__ import annotations

from typing import TypeAlias, final

from sessioncore.core.device_core import DeviceCore
from sessioncore.core.errors import ClientError, HostError
from sessioncore.core.events import REPORTS, Event, OpenRequested, SubmitRequested
from sessioncore.core.job import Job
from sessioncore.core.profiles import FIFO, IBM_GUIDE, Policy, Profile
from sessioncore.core.session import Session
from sessioncore.core.session_core import SessionCore
from sessioncore.core.states import JobStatus
from sessioncore.core.values import maker
from sessioncore.core.views import status

from .protocol import Accepted, Capabilities, JobView, Outcome, Rejected, SessionView, Unsupported, View

Core: TypeAlias = DeviceCore | SessionCore

SEEN_AS: dict[JobStatus, str] = {word: word.value for word in JobStatus} | {JobStatus.CANCELLING: "cancelled"}
"""What a client sees of a job: one that is being stopped is cancelled already (J-03)."""

ORIGIN = 1_700_000_000_000_000
"""Where the clock of our own targets begins, in microseconds: nobody may take it for 0."""

session_view, job_view, view = maker(SessionView), maker(JobView), maker(View)
accepted, rejected = maker(Accepted), maker(Rejected)


@final
class Kept:
    """What was last seen of each session, and when, and of each job: most steps change none of them."""

    def __init__(self) -> None:
        self.sessions: dict[str, tuple[Session, int, SessionView]] = {}
        self.jobs: dict[str, tuple[Job, JobView]] = {}


def view_of(core: Core, at: int, kept: Kept | None = None) -> View:
    """Everything a client sees of a core at ``at`` (V-01, V-02). ``kept`` serves the next call on the same core."""
    kept = kept or Kept()
    return view(
        at=at,
        sessions={name: _again(name, session, at, kept) for name, session in core.sessions.items()},
        jobs={name: _job_again(name, job, kept) for name, job in core.jobs.items()},
    )


def _again(name: str, session: Session, at: int, kept: Kept) -> SessionView:
    """The session as it was seen last, if it is the same and its usage does not run."""
    known = kept.sessions.get(name)
    if known is not None and known[0] is session and (known[1] == at or not session.rate):
        return known[2]
    seen = see_session(session, at)
    kept.sessions[name] = (session, at, seen)
    return seen


def _job_again(name: str, job: Job, kept: Kept) -> JobView:
    """The job as it was seen last, if it is the same."""
    known = kept.jobs.get(name)
    if known is not None and known[0] is job:
        return known[1]
    seen = see_job(job)
    kept.jobs[name] = (job, seen)
    return seen


def see_session(session: Session, at: int) -> SessionView:
    """One session with every field that a view has."""
    return session_view(
        id=session.id,
        state=session.state.value,
        accepting_jobs=session.accepting_jobs,
        status=status(session),
        mode=session.mode.value,
        state_reason=None if session.state_reason is None else session.state_reason.value,
        max_time=session.max_ttl,
        interactive_timeout=session.interactive_ttl,
        active_timeout=session.active_ttl,
        usage_time=session.usage(at),
        created_at=session.created_at,
        started_at=session.started_at,
        activated_at=session.activated_at,
        closed_at=session.closed_at,
        last_job_started=session.last_job_started,
        last_job_completed=session.last_job_completed,
    )


def see_job(job: Job) -> JobView:
    """One job."""
    return job_view(id=job.id, status=SEEN_AS[job.status], reason_code=job.reason_code)


class _OwnCore:
    """What our two targets have in common."""

    capabilities: Capabilities
    _core: Core
    _kept: Kept

    def apply(self, event: Event) -> Outcome:
        """Hand the event in, after the timers that come before it (T-01)."""
        try:
            self._core.advance(event.at - 1 if isinstance(event, REPORTS) else event.at)
            self._core.handle(event)
        except ClientError as error:
            return rejected(code=error.code, http_status=error.http_status, message=str(error))
        except HostError as error:
            if error.rule in ("T-05", "D-04", "J-09"):  # a core of another kind, not a fault of the event
                return Unsupported(why=str(error))
            raise
        if isinstance(event, OpenRequested):
            return accepted(id=event.session_id)
        return accepted(id=event.job_id if isinstance(event, SubmitRequested) else None)

    def advance(self, microseconds: int) -> None:
        """Let time pass."""
        self._core.advance(self._core.now + microseconds)

    def observe(self) -> View:
        """What a client sees."""
        return view_of(self._core, self._core.now, self._kept)

    def close(self) -> None:
        """Nothing is held."""


@final
class CoreTarget(_OwnCore):
    """A ``DeviceCore`` under judgement: it starts jobs by itself."""

    def __init__(
        self, profile: Profile = IBM_GUIDE, *, lanes: int = 1, policy: Policy = FIFO, origin: int = ORIGIN
    ) -> None:
        self.capabilities = Capabilities(lanes=lanes)
        self._kept = Kept()
        self._core = DeviceCore("device", lanes=lanes, profile=profile, policy=policy, now=origin)


@final
class SessionTarget(_OwnCore):
    """A ``SessionCore`` under judgement: one session, whose jobs start when the kit says so."""

    def __init__(self, profile: Profile = IBM_GUIDE, *, origin: int = ORIGIN) -> None:
        self.capabilities = Capabilities(dispatch=True)
        self._kept = Kept()
        self._core = SessionCore(profile=profile, now=origin)



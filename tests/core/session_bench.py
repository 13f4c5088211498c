"""A bench on which a core is driven, so that a test reads as the specification.

``bench.at(60).submit("a", "s")`` lets time pass to 60 s and hands in the event, as T-03 asks: before a request at t the
timers up to and including t fire, before a report at t those before t. ``at(60, -1)`` is one microsecond earlier,
``at(60, 1)`` one later. Calls can be chained; all of them happen at that instant, in that order.

After every step the bench asks the core for its invariants, and watches those that need two moments: accepting never
comes back, ``started_at`` and the max TTL deadline stay, a final status and a closed session stay, no job of a closed
session starts. A refusal must leave the snapshot as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import pytest

from sessioncore.core import (
    FIFO,
    IBM_GUIDE,
    CancelRequested,
    ClientError,
    CloseRequested,
    Configuration,
    DeviceCore,
    Event,
    HostError,
    Job,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobStarted,
    JobStatus,
    JobSucceeded,
    Mode,
    NotifyJob,
    OfflineRequested,
    OpenRequested,
    PauseRequested,
    Policy,
    Profile,
    ResumeRequested,
    Session,
    SessionCore,
    StartJob,
    StopJob,
    SubmitRequested,
    details,
    status,
)
from sessioncore.core.effects import AnyEffect
from sessioncore.core.events import REPORTS
from sessioncore.core.job import FINAL

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

Core = TypeVar("Core", SessionCore, DeviceCore)


class Moment:
    """One instant on a bench. Every method is one event; it returns the moment, so that events can be chained."""

    def __init__(self, bench: Bench[Any], at: int) -> None:
        self.bench = bench
        self.us = at

    def do(self, event: Event) -> Moment:
        """Any event."""
        self.bench.step(event)
        return self

    def nothing(self) -> Moment:
        """Time passes up to and including this instant."""
        self.bench.wait(self.us)
        return self

    def open(self, session: str, mode: Mode = Mode.DEDICATED, **terms: Any) -> Moment:
        return self.do(OpenRequested(at=self.us, session_id=session, mode=mode, **terms))

    def open_batch(self, session: str, **terms: Any) -> Moment:
        return self.open(session, Mode.BATCH, **terms)

    def submit(self, job: str, session: str | None = None, **terms: Any) -> Moment:
        return self.do(SubmitRequested(at=self.us, job_id=job, session_id=session, **terms))

    def close(self, session: str) -> Moment:
        return self.do(CloseRequested(at=self.us, session_id=session))

    def cancel(self, session: str) -> Moment:
        return self.do(CancelRequested(at=self.us, session_id=session))

    def cancel_job(self, job: str) -> Moment:
        return self.do(JobCancelRequested(at=self.us, job_id=job))

    def pause(self) -> Moment:
        return self.do(PauseRequested(at=self.us))

    def go_offline(self) -> Moment:
        return self.do(OfflineRequested(at=self.us))

    def resume(self) -> Moment:
        return self.do(ResumeRequested(at=self.us))

    def start(self, job: str) -> Moment:
        """The host's own scheduler started the job (a bench with a ``SessionCore``)."""
        return self.do(JobStarted(at=self.us, job_id=job))

    def succeed(self, job: str) -> Moment:
        return self.do(JobSucceeded(at=self.us, job_id=job))

    def fail(self, job: str, reason: str = "it broke", reason_code: int | None = None) -> Moment:
        return self.do(JobFailed(at=self.us, job_id=job, reason=reason, reason_code=reason_code))

    def release(self, job: str) -> Moment:
        return self.do(JobReleased(at=self.us, job_id=job))


class Bench(Generic[Core]):
    """A core under test, and what it said. ``effects`` are those of the last step, ``said`` all of them."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.effects: tuple[AnyEffect, ...] = ()
        self.said: list[AnyEffect] = []

    def at(self, seconds: int, microseconds: int = 0) -> Moment:
        """The instant so many seconds, and microseconds more or less, after the origin."""
        return Moment(self, seconds * SECOND + microseconds)

    def wait(self, until: int) -> None:
        """Let time pass up to and including ``until`` (microseconds)."""
        self._watched(lambda: self.core.advance(until))

    def step(self, event: Event) -> None:
        """One event, with the timers before it."""
        before = self._moving()
        passed = self.core.advance(event.at - 1 if isinstance(event, REPORTS) else event.at)
        self.core.check()
        self._compare(before, passed)
        self.said += passed
        self._watched(lambda: self.core.handle(event), passed)

    def refusal(self, act: Callable[[], object]) -> ClientError:
        """The refusal that a client gets; it tells all that V-03 asks for."""
        with pytest.raises(ClientError) as caught:
            act()
        refused = caught.value
        assert refused.rule
        assert refused.row.startswith(refused.rule)
        assert refused.state
        assert refused.remedy
        assert refused.message in str(refused)
        assert refused.row in str(refused)
        assert refused.state in str(refused)
        assert refused.remedy in str(refused)
        return refused

    def fault(self, act: Callable[[], object]) -> HostError:
        """The error that a host gets."""
        with pytest.raises(HostError) as caught:
            act()
        assert caught.value.rule in str(caught.value) or (caught.value.row or "") in str(caught.value)
        return caught.value

    # --- what can be seen ------------------------------------------------------------------------------------

    def session(self, session: str) -> Session:
        found = self.core.session(session)
        assert found is not None
        return found

    def job(self, job: str) -> Job:
        return self.core.jobs[job]

    def state(self, session: str) -> str:
        """The configuration: open, active, inactive, the same with ``_draining``, or closed."""
        return str(self.session(session).configuration)

    def reason(self, session: str) -> str | None:
        """Why it closed."""
        reason = self.session(session).state_reason
        return None if reason is None else str(reason)

    def status(self, session: str) -> str:
        return status(self.session(session))

    def details(self, session: str) -> dict[str, Any]:
        return details(self.session(session), self.core.now)

    def usage(self, session: str) -> int:
        """Its usage up to now, in microseconds."""
        return self.session(session).usage(self.core.now)

    def running(self) -> list[str]:
        """The jobs that hold a lane, in the order of submission."""
        return [job.id for job in self.core.jobs.values() if job.status in ("running", "cancelling")]

    def queued(self) -> list[str]:
        return [job.id for job in self.core.jobs.values() if job.status is JobStatus.QUEUED]

    def started(self) -> list[str]:
        """The jobs that the core told the device to start, in that order, since the bench was built."""
        return [effect.job_id for effect in self.said if isinstance(effect, StartJob)]

    def stopped(self) -> list[str]:
        """The jobs that the core told the device to stop, in that order."""
        return [effect.job_id for effect in self.said if isinstance(effect, StopJob)]

    def timers(self, session: str) -> dict[str, int]:
        """Its armed timers with their deadlines in microseconds."""
        return dict(self.core.timers(session))

    def steps(self, session: str) -> list[str]:
        """The rows of its last steps."""
        return [row for _, row in self.core.story(session)]

    # --- the watch -------------------------------------------------------------------------------------------

    def _watched(self, act: Callable[[], tuple[AnyEffect, ...]], passed: tuple[AnyEffect, ...] = ()) -> None:
        before, snapshot = self._moving(), self.core.snapshot()
        try:
            effects = act()
        except Exception:
            assert self.core.snapshot() == snapshot
            self.core.check()
            raise
        self.core.check()
        self._compare(before, effects)
        self.effects = passed + effects
        self.said += effects
        restored = type(self.core).restore(self.core.snapshot())
        assert restored.snapshot() == self.core.snapshot()
        assert restored.next_deadline() == self.core.next_deadline()

    def _moving(self) -> tuple[dict[str, Session], dict[str, Job]]:
        return self.core.sessions, dict(self.core.jobs)

    def _compare(self, before: tuple[dict[str, Session], dict[str, Job]], effects: tuple[AnyEffect, ...]) -> None:
        sessions, jobs = before
        for name, old in sessions.items():
            new = self.session(name)
            assert old.accepting_jobs or not new.accepting_jobs, "accepting never comes back"
            assert old.started_at in (None, new.started_at), "started_at is set once"
            assert old.max_ttl_due in (None, new.max_ttl_due), "the max TTL deadline stays"
            if old.configuration is Configuration.CLOSED:
                assert new.configuration is Configuration.CLOSED
                assert (new.closed_at, new.state_reason) == (old.closed_at, old.state_reason)
                assert new.last_job_started == old.last_job_started, "no job starts after the close"
        for name, was in jobs.items():
            if was.status in FINAL:
                assert self.job(name) == was, "a final job never changes"
        for effect in effects:
            if isinstance(effect, NotifyJob) and effect.job_id in jobs:
                assert jobs[effect.job_id].status not in FINAL, "nothing is told of a job that has ended"


def device(
    *, lanes: int = 1, profile: Profile = IBM_GUIDE, policy: Policy = FIFO, now: int = 0, **changes: Any
) -> Bench[DeviceCore]:
    """A device; ``changes`` are parameters that differ from the profile's, in both halves."""
    chosen = profile.with_values(**changes) if changes else profile
    return Bench(DeviceCore("device", lanes=lanes, profile=chosen, policy=policy, now=now))


def lone_session(*, profile: Profile = IBM_GUIDE, **changes: Any) -> Bench[SessionCore]:
    """A session whose jobs are started by the host's own scheduler."""
    return Bench(SessionCore(profile=profile.with_values(**changes) if changes else profile))

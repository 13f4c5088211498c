"""The reference without a clock: the real charts, driven with every event at 0.

What it holds then is where a session stands and which timers are armed, and nothing about when; the instants are kept
beside it, as bounds (:mod:`.zones`). So one state of it stands for everything that a service could be in.
"""

from __future__ import annotations

from typing import final

from sessioncore.core.effects import AnyEffect
from sessioncore.core.engine import Engine
from sessioncore.core.events import TIMERS, Event, ExecutionLimitExpired, JobStarted
from sessioncore.core.job import QUEUED, Job
from sessioncore.core.profiles import Profile
from sessioncore.core.session import Session
from sessioncore.core.workload import Workload

from ..cases import translated


@final
class Timeless(Engine):
    """One session with its jobs, or one job of its own, at the instant 0 for ever.

    Starts and timers are handed in like everything else: whoever drives it knows when they are due.
    """

    def __init__(self, profile: Profile) -> None:
        super().__init__(profile=profile)

    def take(self, event: Event) -> None:
        """One event, whenever it happens. Raises :class:`ClientError` and :class:`HostError` as every core does."""
        out: list[AnyEffect] = []
        self._handlers[event.__class__](self, translated(event, 0, {}), out)
        self._timers.clear()

    @property
    def only(self) -> Session | None:
        """Its session, if there is one."""
        for load in self._workloads.values():
            return load.session
        return None

    def head(self) -> Job | None:
        """The queued job whose turn it is (S-05)."""
        for load in (*self._workloads.values(), *self._solo.values()):
            return load.head(self._jobs)
        return None

    def queue(self) -> list[Job]:
        """Its queued jobs, oldest first."""
        loads: tuple[Workload, ...] = (*self._workloads.values(), *self._solo.values())
        return [job for load in loads for job in load.queued(self._jobs)]

    def last_rows(self) -> tuple[str, ...]:
        """The rows of its session's last steps, oldest first."""
        return tuple(row for name in self._workloads for _, row in self.story(name))

    def key(self) -> tuple[object, ...]:
        """Equal for states that behave alike for ever."""
        jobs = tuple((job.id, job.status, job.reason_code) for job in self._jobs.values())
        session = self.only
        if session is None:
            return (jobs,)
        return (
            session.configuration,
            session.state_reason,
            session.mode,
            session.max_ttl,
            session.work_ran_out_at is None,
            session.last_submission is None,
            session.started_at is None,
            session.last_job_started is None,
            session.last_job_completed is None,
            jobs,
            tuple(job.id for job in self.queue() if job.status is QUEUED),
        )

    _handlers = (
        Engine._handlers
        | {JobStarted: Engine._job_event, ExecutionLimitExpired: Engine._job_event}
        | dict.fromkeys(TIMERS[:-1], Engine._session_event)
    )

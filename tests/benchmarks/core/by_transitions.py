"""The same session driven by ``transitions.Machine``, in the way that is kindest to that library.

:class:`SessionByMachines` has a machine for the session and one for all its jobs, as the core has a chart for each.
:class:`SessionByMachine` keeps only the session's own states in a machine and the jobs in the hand-written table, which
is less than the core does. In both, rows are dicts, triggers are called without look-up, nothing is queued, no event
data is sent, and jobs are not registered as models (``add_model`` takes longer the more there are).
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush

from transitions import Machine

from sessioncore.core.effects import AnyEffect, NotifyJob
from sessioncore.core.events import (
    CloseRequested,
    Event,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobStarted,
    JobSucceeded,
    SubmitRequested,
)
from sessioncore.core.states import StateReason
from tests.benchmarks.core.by_hand import (
    ACTIVE,
    OPEN,
    RUNNING,
    TERMS,
    JobByHand,
    SessionByHand,
)

ACCEPTING = ["open", "active"]
DRAINING = ["open_draining", "active_draining"]
LIVE = ACCEPTING + DRAINING


def row(trigger: str, source: object, dest: str | None, after: str, *conditions: str) -> dict[str, object]:
    """One transition; ``dest`` None makes it internal."""
    return {"trigger": trigger, "source": source, "dest": dest, "after": after, "conditions": list(conditions)}


ROWS = (
    row("submit", ACCEPTING, None, "enqueued"),
    row("start", "open", "active", "started", "in_time"),
    row("start", "open_draining", "active_draining", "started", "in_time"),
    row("start", ["active", "active_draining"], None, "dispatched", "in_time"),
    row("leave_queue", ACCEPTING, None, "left_queue"),
    row("leave_queue", DRAINING, None, "left_queue", "work_left"),
    row("leave_queue", DRAINING, "closed", "emptied"),
    row("leave_device", "active", None, "left_device"),
    row("leave_device", "active_draining", None, "left_device", "work_left"),
    row("leave_device", "active_draining", "closed", "done"),
    row("leave_device", "closed", None, "left_device"),
    row("close", "open", "open_draining", "draining", "work_left"),
    row("close", "active", "active_draining", "draining", "work_left"),
    row("close", ACCEPTING, "closed", "closed_now"),
    row("close", [*DRAINING, "closed"], None, "unchanged"),
)

JOB_STATES = ("queued", "running", "cancelling", "completed", "failed", "cancelled")
JOB_ROWS = (
    {"trigger": "start", "source": "queued", "dest": "running"},
    {"trigger": "succeed", "source": "running", "dest": "completed"},
    {"trigger": "fail", "source": "running", "dest": "failed"},
    {"trigger": "release", "source": "running", "dest": "failed"},
    {"trigger": "succeed", "source": "cancelling", "dest": "cancelled"},
    {"trigger": "fail", "source": "cancelling", "dest": "cancelled"},
    {"trigger": "release", "source": "cancelling", "dest": "cancelled"},
    {"trigger": "cancel", "source": "queued", "dest": "cancelled"},
    {"trigger": "cancel", "source": "running", "dest": "cancelling"},
)
ENDS: dict[type, str] = {JobSucceeded: "succeed", JobFailed: "fail", JobReleased: "release"}


class SessionByMachine(SessionByHand):
    """The session's states in a machine; its jobs, counts and deadlines by hand."""

    submit: Callable[[Event], bool]
    start: Callable[[Event], bool]
    leave_queue: Callable[[Event], bool]
    leave_device: Callable[[Event], bool]
    close: Callable[[Event], bool]

    def __init__(self) -> None:
        super().__init__()
        self.out: list[AnyEffect] = []
        self.machine = Machine(
            model=self,
            states=[*LIVE, "closed"],
            transitions=list(ROWS),
            initial="open",
            auto_transitions=False,
            model_attribute="configuration",
        )

    # --- conditions ----------------------------------------------------------------------------------------------

    def in_time(self, event: Event) -> bool:
        """S-15."""
        return self.ttl_due is None or event.at < self.ttl_due

    def work_left(self, _event: Event) -> bool:
        """Whether something is queued or on the device; the trigger's own job has been taken away."""
        return bool(self.queued or self.on_device)

    # --- callbacks -----------------------------------------------------------------------------------------------

    def enqueued(self, _event: Event) -> None:
        """S-05."""
        self.idle_due = None

    def started(self, event: Event) -> None:
        """S-09."""
        self.started_at = self.activated_at = event.at
        self.ttl_due = event.at + TERMS.max_ttl
        self.state = ACTIVE
        self.out.append(self._notice(event.at, "S-09.start" if self.accepting else "S-09.start-draining"))

    def dispatched(self, _event: Event) -> None:
        """S-12."""

    def left_queue(self, event: Event) -> None:
        """J-02."""
        if not self.queued and not self.on_device:
            self.idle_due = event.at + (TERMS.no_submission if self.state is OPEN else TERMS.interactive_ttl)

    def left_device(self, event: Event) -> None:
        """J-01."""
        if not self.queued and not self.on_device and self.accepting:
            self.idle_due = event.at + TERMS.interactive_ttl

    def emptied(self, event: Event) -> None:
        """S-19, by a cancelled job."""
        self.out += self._end(event.at, StateReason.CLOSED, "S-19.queue-empty")

    def done(self, event: Event) -> None:
        """S-19, by a job that ended."""
        failed = event.__class__ is JobFailed
        self.out += self._end(event.at, StateReason.CLOSED, "S-19.failed" if failed else "S-19.done")

    def draining(self, event: Event) -> None:
        """S-17."""
        self.accepting = False
        self.out.append(self._notice(event.at, f"S-17.{self.state.value}"))

    def closed_now(self, event: Event) -> None:
        """S-18."""
        self.out += self._end(event.at, StateReason.CLOSED, "S-18.close")

    def unchanged(self, _event: Event) -> None:
        """S-21."""

    # --- events --------------------------------------------------------------------------------------------------

    def _submit(self, event: SubmitRequested) -> tuple[AnyEffect, ...]:
        self.submit(event)
        return super()._submit(event)

    def _start(self, event: JobStarted) -> tuple[AnyEffect, ...]:
        job = self.jobs.get(event.job_id)
        if job is None:
            return ()
        self._step_job("start", job)
        at = event.at
        job.status = RUNNING
        job.started_at = at
        job.due = at + job.limit
        heappush(self.limits, (job.due, job.id))
        self.queued -= 1
        self.on_device += 1
        self.last_job_started = at
        self.out = [NotifyJob(at=at, job_id=job.id, status=RUNNING, row="J-01.start")]
        self.start(event)
        return tuple(self.out)

    def _step_job(self, _trigger: str, job: JobByHand) -> None:
        """The job's own step; here nothing, the table is kept by hand."""

    def _ended(self, event: JobSucceeded | JobFailed | JobReleased, told: NotifyJob) -> tuple[AnyEffect, ...]:
        self._step_job(ENDS[event.__class__], self.jobs[event.job_id])
        self.out = [told]
        self.leave_device(event)
        return tuple(self.out)

    def _cancel_job(self, event: JobCancelRequested) -> tuple[AnyEffect, ...]:
        if event.job_id in self.jobs:
            self._step_job("cancel", self.jobs[event.job_id])
        return super()._cancel_job(event)

    def _left_queue(self, event: JobCancelRequested, told: NotifyJob) -> tuple[AnyEffect, ...]:
        self.out = [told]
        self.leave_queue(event)
        return tuple(self.out)

    def _close(self, event: CloseRequested) -> tuple[AnyEffect, ...]:
        self.out = []
        self.close(event)
        return tuple(self.out)


class JobByMachine(JobByHand):
    """One job, with the place where the machine of jobs says it stands."""

    __slots__ = ("place",)

    def __init__(self, job_id: str, at: int, limit: int) -> None:
        super().__init__(job_id, at, limit)
        self.place = "queued"


class SessionByMachines(SessionByMachine):
    """The session's states in one machine, the jobs' statuses in another."""

    job_class = JobByMachine

    def __init__(self) -> None:
        super().__init__()
        jobs = Machine(
            model=None,
            states=list(JOB_STATES),
            transitions=list(JOB_ROWS),
            initial="queued",
            auto_transitions=False,
            model_attribute="place",
        )
        self.triggers = {name: event.trigger for name, event in jobs.events.items()}

    def _step_job(self, trigger: str, job: JobByHand) -> None:
        self.triggers[trigger](job)

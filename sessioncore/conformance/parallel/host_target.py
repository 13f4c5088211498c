"""Our own host as something to be judged: a real runtime with a virtual clock, on a device that the kit plays."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, final

from sessioncore.core.errors import ClientError
from sessioncore.core.events import (
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
from sessioncore.core.profiles import IBM_GUIDE, Profile
from sessioncore.host import Caller, DeviceSpec, JobFilter, JobRequest, Runtime, VirtualClock
from sessioncore.host import JobView as HostJobView
from sessioncore.host import SessionView as HostSessionView
from sessioncore.ports import Attempt, Failed, Refused, Released, Succeeded
from sessioncore.ports import Outcome as Answer

from ..protocol import Accepted, Capabilities, JobView, Outcome, Rejected, SessionView, Unsupported, View
from ..reference import SEEN_AS

DEVICE = "device"
WHO = Caller()
DONE = Accepted()


@final
class KitDevice:
    """A backend whose jobs end when the kit says so."""

    name = DEVICE
    programs = frozenset({"sampler"})

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, Future[Answer]] = {}

    def configuration(self) -> Mapping[str, Any]:
        """The least that a host asks for."""
        return {"backend_name": DEVICE, "n_qubits": 1, "simulator": False}

    def properties(self) -> Mapping[str, Any]:
        """None."""
        return {}

    def inspect(self, program_id: str, params: bytes) -> Future[Refused | None]:  # noqa: ARG002 - the port's
        """Nothing is found against any payload."""
        done: Future[Refused | None] = Future()
        done.set_result(None)
        return done

    def start(self, attempt: Attempt) -> Future[Answer]:
        """The job runs until the kit ends it."""
        future: Future[Answer] = Future()
        with self._lock:
            self._open[attempt.job_id] = future
        return future

    def stop(self, job_id: str) -> None:
        """The kit says when the device lets go, not the host."""

    def end(self, job_id: str, answer: Answer) -> None:
        """The job's report. What is not on the device is ignored. Returns once the report has been handed over."""
        with self._lock:
            future = self._open.pop(job_id, None)
            if future is not None:
                future.set_result(answer)

    def close(self) -> None:
        """Nothing is held."""


@final
class HostTarget:
    """A ``sessioncore.host.Runtime`` under judgement. Safe to use from many threads, as the runtime is; it stamps what
    arrives with its own time."""

    stamps = True

    def __init__(self, profile: Profile = IBM_GUIDE, *, lanes: int = 1) -> None:
        self.capabilities = Capabilities(lanes=lanes)
        self._clock = VirtualClock()
        self._device = KitDevice()
        self._runtime = Runtime([DeviceSpec(backend=self._device, lanes=lanes)], profile=profile, clock=self._clock)

    def apply(self, event: Event) -> Outcome:
        """One request or report."""
        try:
            return self._apply(event)
        except ClientError as error:
            return Rejected(code=error.code, http_status=error.http_status, message=str(error))

    def advance(self, microseconds: int) -> None:
        """Let time pass."""
        self._runtime.advance(microseconds)

    def observe(self) -> View:
        """What a client sees: one question after another, so that only a host at rest gives one instant."""
        runtime = self._runtime
        sessions = reversed(runtime.sessions(WHO))
        jobs: list[HostJobView] = []
        while True:
            page, total = runtime.jobs(WHO, JobFilter(ascending=True, offset=len(jobs)))
            jobs += page
            if len(jobs) >= total or not page:
                break
        return View(
            at=runtime.now(),
            sessions={one.id: _session(one) for one in sessions},
            jobs={one.id: JobView(id=one.id, status=SEEN_AS[one.status], reason_code=one.reason_code) for one in jobs},
        )

    def close(self) -> None:
        """Shut the runtime down."""
        self._runtime.shutdown()

    def _apply(self, event: Event) -> Outcome:
        runtime = self._runtime
        match event:
            case OpenRequested():
                opened = runtime.open_session(WHO, backend=DEVICE, mode=event.mode, max_ttl=event.max_ttl)
                return Unsupported(why="its plan has no sessions") if opened is None else Accepted(id=opened.id)
            case SubmitRequested():
                return Accepted(id=runtime.submit(WHO, _request(event)).id)
            case CloseRequested():
                runtime.close_session(WHO, event.session_id)
            case CancelRequested():
                runtime.cancel_session(WHO, event.session_id)
            case JobCancelRequested():
                runtime.cancel_job(WHO, event.job_id)
            case PauseRequested():
                runtime.pause(DEVICE)
            case OfflineRequested():
                runtime.take_offline(DEVICE)
            case ResumeRequested():
                runtime.resume(DEVICE)
            case JobSucceeded():
                self._report(event, Succeeded(result=b"{}"))
            case JobFailed():
                self._report(event, Failed(reason=event.reason, reason_code=event.reason_code))
            case JobReleased():
                self._report(event, Released())
            case Advanced():
                runtime.advance(max(0, event.at - runtime.now()))
            case _:
                return Unsupported(why=f"{type(event).__name__} is not for a host")
        return DONE

    def _report(self, event: JobSucceeded | JobFailed | JobReleased, answer: Answer) -> None:
        """A report of the next microsecond comes before the timers of that microsecond (T-01): the clock is moved and
        the report brought in one turn of the host, so that its own thread cannot fire them in between."""
        if event.at > self._clock.now():
            with self._runtime._loop.turn():
                self._clock.move_to(max(event.at, self._clock.now()))
                self._device.end(event.job_id, answer)
        else:
            self._device.end(event.job_id, answer)
        self._runtime.devices()  # a turn, in which the report is taken if it has not been


def _request(event: SubmitRequested) -> JobRequest:
    return JobRequest(
        backend=DEVICE,
        program_id="sampler",
        params=b"{}",
        session_id=event.session_id,
        max_execution=event.max_execution,
    )


def _session(one: HostSessionView) -> SessionView:
    return SessionView(
        id=one.id,
        state=one.state.value,
        accepting_jobs=one.accepting_jobs,
        status=one.status,
        mode=one.mode.value,
        state_reason=None if one.state_reason is None else one.state_reason.value,
        max_time=one.max_ttl,
        interactive_timeout=one.interactive_ttl,
        active_timeout=one.active_ttl,
        usage_time=one.usage,
        created_at=one.created_at,
        started_at=one.started_at,
        activated_at=one.activated_at,
        closed_at=one.closed_at,
        last_job_started=one.last_job_started,
        last_job_completed=one.last_job_completed,
    )

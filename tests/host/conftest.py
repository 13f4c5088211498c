"""A runtime on devices that a test plays by hand."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any

import pytest

from sessioncore.core import IBM_GUIDE, Mode
from sessioncore.host import (
    Caller,
    DeviceSpec,
    JobRequest,
    JobView,
    Runtime,
    SessionView,
    VirtualClock,
)
from sessioncore.ports import Attempt, Failed, Outcome, Refused, Released, Succeeded
from sessioncore.trace import read_trace, replay

SECOND = 1_000_000
MINUTE = 60 * SECOND
ME = Caller()
DEADLINE_S = 20.0


class HandBackend:
    """A device in memory whose jobs end when the test says so, or, with ``answer``, at once and inside ``start``."""

    def __init__(self, name: str = "hand", *, answer: Outcome | None = None) -> None:
        self.name = name
        self.programs = frozenset({"sampler", "estimator"})
        self.answer = answer
        self.broken: Exception | None = None
        self.failure: str | None = None
        self.deaf = False
        self.attempts: list[Attempt] = []
        self.stopped: list[str] = []
        self._changed = threading.Condition()
        self._open: dict[str, Future[Outcome]] = {}

    def configuration(self) -> Mapping[str, Any]:
        return {"backend_name": self.name, "n_qubits": 5, "simulator": False}

    def properties(self) -> Mapping[str, Any]:
        return {}

    def inspect(self, program_id: str, params: bytes) -> Future[Refused | None]:  # noqa: ARG002 - the port's
        done: Future[Refused | None] = Future()
        done.set_result(None)
        return done

    def start(self, attempt: Attempt) -> Future[Outcome]:
        if self.broken is not None:
            raise self.broken
        future: Future[Outcome] = Future()
        with self._changed:
            self.attempts.append(attempt)
            self._open[attempt.job_id] = future
            self._changed.notify_all()
        if self.answer is not None:
            future.set_result(self.answer)
        return future

    def stop(self, job_id: str) -> None:
        with self._changed:
            self.stopped.append(job_id)
        if not self.deaf:
            self.end(job_id, Released(reason="stopped"))

    def close(self) -> None:
        pass

    # --- what a test does -------------------------------------------------------------------------------

    def end(self, job_id: str, outcome: Outcome | None = None) -> None:
        """Let the job end; without an outcome, well. A second end of one job is ignored, as by a real device."""
        with self._changed:
            future = self._open.pop(job_id, None)
        if future is not None:
            future.set_result(Succeeded(result=b"result of " + job_id.encode()) if outcome is None else outcome)

    def running(self) -> list[str]:
        """The jobs on the device, oldest first."""
        with self._changed:
            return list(self._open)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, timeout=DEADLINE_S)


def request(backend: str = "hand", **fields: Any) -> JobRequest:
    return JobRequest(**{"backend": backend, "program_id": "sampler", "params": b"{}", **fields})


class World:
    """One runtime and its hand-driven devices, with shorthands for what tests do all the time."""

    def __init__(self, *backends: HandBackend, lanes: int = 1, **settings: Any) -> None:
        self.backends = backends or (HandBackend(),)
        numbers = itertools.count(1)
        settings.setdefault("clock", VirtualClock(0))
        settings.setdefault("ids", lambda: f"id-{next(numbers)}")
        specs = [DeviceSpec(backend=one, lanes=lanes) for one in self.backends]
        self.runtime = Runtime(specs, **settings)

    @property
    def device(self) -> HandBackend:
        return self.backends[0]

    def open(self, mode: Mode = Mode.DEDICATED, **fields: Any) -> SessionView:
        view = self.runtime.open_session(ME, **{"backend": self.device.name, "mode": mode, **fields})
        assert view is not None
        return view

    def submit(self, session: SessionView | None = None, **fields: Any) -> JobView:
        return self.runtime.submit(ME, request(self.device.name, session_id=session.id if session else None, **fields))

    def end(self, job_id: str, outcome: Outcome | None = None) -> None:
        """Let the job end, and come back once the runtime has taken notice."""
        self.device.end(job_id, outcome)
        self.runtime.devices()

    def fail(self, job_id: str) -> None:
        self.end(job_id, Failed(reason="it was bad", reason_code=1208, log="Traceback\nBad: bad"))

    def session(self, session: SessionView) -> SessionView:
        return self.runtime.session(ME, session.id)

    def job(self, job: JobView) -> JobView:
        return self.runtime.job(ME, job.id)

    def check(self) -> None:
        """The cores keep every invariant, and the journal gives the same cores again."""
        cores = replay(read_trace(self.runtime.trace()))
        for name, device in self.runtime._devices.items():
            device.core.check()
            replayed = cores[name]
            replayed.advance(device.core.now)
            assert replayed.snapshot() == device.core.snapshot()


@pytest.fixture
def make_world() -> Iterator[Callable[..., World]]:
    """Makes worlds, and after the test checks and ends each."""
    made: list[World] = []

    def make(*backends: HandBackend, **settings: Any) -> World:
        made.append(World(*backends, **settings))
        return made[-1]

    yield make
    for world in made:
        if world.runtime.health()["status"] != "read-only":
            world.check()
        world.runtime.shutdown()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()


__all__ = ["IBM_GUIDE", "ME", "MINUTE", "SECOND", "HandBackend", "World", "request"]

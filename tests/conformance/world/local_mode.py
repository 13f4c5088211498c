"""The stock client's local testing mode as a system under test: no service, a fake device, jobs in threads.

What the mode does not have is not made up here: its sessions have no ids, no status and no details, so that a view
shows nothing of them but that they are there, under the names that this adapter gives to the Python objects.
"""

from __future__ import annotations

import threading
import time
import warnings
from functools import lru_cache
from typing import Any

from qiskit import QuantumCircuit
from qiskit_ibm_runtime import Batch, SamplerV2, Session
from qiskit_ibm_runtime.exceptions import IBMRuntimeError
from qiskit_ibm_runtime.fake_provider import FakeManilaV2

from sessioncore.conformance import (
    UNSEEN,
    Accepted,
    Capabilities,
    JobView,
    Outcome,
    Rejected,
    SessionView,
    Unsupported,
    View,
)
from sessioncore.core import (
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    Mode,
    OpenRequested,
    SubmitRequested,
)

SECOND = 1_000_000
MEDIUM_S = 0.06
HELD_S_MAX = 20.0
SHOTS = {"short": 1, "medium": 2, "long": 3}
STATUSES = {
    "INITIALIZING": "queued",
    "QUEUED": "queued",
    "RUNNING": "running",
    "DONE": "completed",
    "ERROR": "failed",
    "CANCELLED": "cancelled",
}


class TimedManila(FakeManilaV2):
    """The fake device, at which a circuit takes as long as its number of shots says; ``released`` ends long ones."""

    released = threading.Event()

    def __deepcopy__(self, _memo: Any) -> TimedManila:
        """The mode copies the options of a job, and the device is one of them."""
        return self

    def run(self, run_input: Any, **options: Any) -> Any:
        shots, released = options.get("shots"), self.released
        if shots == SHOTS["long"]:
            released.wait(HELD_S_MAX)
        elif shots == SHOTS["medium"]:
            time.sleep(MEDIUM_S)
        return super().run(run_input, **options)


@lru_cache
def device() -> TimedManila:
    """One for all: what it needs to simulate takes a second to make."""
    return TimedManila()


class LocalMode:
    """One program's sessions, batches and jobs. Targets are used one after another."""

    def __init__(self) -> None:
        self.capabilities = Capabilities(
            clock=False,
            reports=False,
            tolerance_us=SECOND // 4,
            lanes=1_000,  # every job has a thread of its own
            unsupported=("PauseRequested", "OfflineRequested", "ResumeRequested"),
        )
        self.device = device()
        self.device.released = threading.Event()
        self.sessions: dict[str, Session] = {}
        self.jobs: dict[str, Any] = {}
        self._lengths: dict[str, str] = {}

    def plan(self, lengths: dict[str, str]) -> None:
        """How long each job of the case is to run."""
        self._lengths = lengths

    def apply(self, event: Event) -> Outcome:
        """What a program calls. Warnings that an option has no effect are what a person would read."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            match event:
                case OpenRequested():
                    return self._open(event)
                case SubmitRequested():
                    return self._submit(event)
                case CloseRequested() | CancelRequested() if event.session_id not in self.sessions:
                    return Unsupported(why="its sessions are Python objects: none can be named that was not made")
                case CloseRequested():
                    self.sessions[event.session_id].close()
                    return Accepted()
                case CancelRequested():
                    self.sessions[event.session_id].cancel()
                    return Accepted()
                case JobCancelRequested() if event.job_id in self.jobs:
                    return Accepted() if self.jobs[event.job_id].cancel() else Rejected(message="cancel() is False")
        return Unsupported(why="there is nothing to call for it")

    def advance(self, microseconds: int) -> None:
        """Time passes by itself."""
        time.sleep(microseconds / SECOND)

    def observe(self) -> View:
        """What ``status()`` says, which for a session is nothing."""
        sessions = {
            name: SessionView(id=name, status=UNSEEN if (status := session.status()) is None else status)
            for name, session in self.sessions.items()
        }
        jobs = {name: JobView(id=name, status=STATUSES[job.status().name]) for name, job in self.jobs.items()}
        return View(at=time.time_ns() // 1000, sessions=sessions, jobs=jobs)

    def close(self) -> None:
        """Let every job end."""
        self.device.released.set()
        for job in self.jobs.values():
            job.result()

    def _open(self, event: OpenRequested) -> Outcome:
        kind = Batch if event.mode is Mode.BATCH else Session
        if event.max_ttl is not None and event.max_ttl % SECOND:
            return Unsupported(why="max_time is a whole number of seconds")
        max_time = None if event.max_ttl is None else event.max_ttl // SECOND
        name = f"{kind.__name__} {len(self.sessions) + 1}"
        self.sessions[name] = kind(backend=self.device, max_time=max_time)
        return Accepted(id=name)

    def _submit(self, event: SubmitRequested) -> Outcome:
        if event.session_id is None:
            sampler = SamplerV2(mode=self.device)
        elif event.session_id in self.sessions:
            sampler = SamplerV2(mode=self.sessions[event.session_id])
        else:
            return Unsupported(why="its sessions are Python objects: none can be named that was not made")
        if event.max_execution is not None:
            if event.max_execution % SECOND:
                return Unsupported(why="max_execution_time is a whole number of seconds")
            sampler.options.max_execution_time = event.max_execution // SECOND
        try:
            job = sampler.run([circuit()], shots=SHOTS[self._lengths.get(event.job_id, "short")])
        except IBMRuntimeError as error:
            return Rejected(message=str(error))
        self.jobs[job.job_id()] = job
        return Accepted(id=job.job_id())


@lru_cache
def circuit() -> QuantumCircuit:
    """One gate and one measurement."""
    made = QuantumCircuit(1, 1)
    made.sx(0)
    made.measure(0, 0)
    return made

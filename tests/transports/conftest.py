"""A real server over a real runtime, with devices whose jobs end when the test says so."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Lock
from typing import Any

import httpx
import orjson
import pytest

from sessioncore.host import Caller, DeviceSpec, Runtime
from sessioncore.ports import Attempt, Failed, Outcome, Refused, Released, Succeeded
from sessioncore.transports import Options, Server

CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/local:local-instance::"
WHO = Caller(instance=CRN)
TOKEN = "any token"
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Made once: no test here speaks TLS, and reading all certificates for every client takes longer than the tests."""
DEADLINE_S = 10.0


def wait_until(condition: Callable[[], Any]) -> Any:
    """What ``condition`` answers as soon as that is true; fails after a deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.002)
    raise AssertionError("the condition was not met in time")


def ask(method: str, url: str, **fields: Any) -> httpx.Response:
    """One request on a connection of its own."""
    with httpx.Client(timeout=DEADLINE_S, verify=NO_TLS) as client:
        return client.request(method, url, **fields)


class InMemoryBackend:
    """A device in memory. A job runs until the test ends it; with ``automatic`` it ends at once."""

    def __init__(self, name: str, qubits: int = 5) -> None:
        self.name = name
        self.programs = frozenset({"sampler", "estimator", "executor"})
        self.automatic = False
        self.verdict: Refused | None = None
        self.inspected: list[tuple[str, bytes]] = []
        self.answers_inspections = True
        self._lock = Lock()
        self._running: dict[str, tuple[Attempt, Future[Outcome]]] = {}
        self._configuration = {
            "backend_name": name,
            "backend_version": "1.2.3",
            "n_qubits": qubits,
            "simulator": False,
            "processor_type": {"family": "Test", "revision": 1},
        }
        self._properties = {"backend_name": name, "qubits": [], "gates": [], "general": []}

    def configuration(self) -> Mapping[str, Any]:
        return self._configuration

    def properties(self) -> Mapping[str, Any]:
        return self._properties

    def inspect(self, program_id: str, params: bytes) -> Future[Refused | None]:
        self.inspected.append((program_id, params))
        future: Future[Refused | None] = Future()
        if self.answers_inspections:
            future.set_result(self.verdict)
        return future

    def start(self, attempt: Attempt) -> Future[Outcome]:
        future: Future[Outcome] = Future()
        if self.automatic:
            future.set_result(Succeeded(result=b'{"ran":true}'))
            return future
        with self._lock:
            self._running[attempt.job_id] = (attempt, future)
        return future

    def stop(self, job_id: str) -> None:
        self._settle(job_id, Released(reason="stopped"))

    def close(self) -> None:
        for job_id in list(self._running):
            self.stop(job_id)

    def _settle(self, job_id: str, outcome: Outcome) -> None:
        with self._lock:
            found = self._running.pop(job_id, None)
        if found is not None:
            found[1].set_result(outcome)

    def is_running(self, job_id: str) -> bool:
        with self._lock:
            return job_id in self._running

    def attempt(self, job_id: str) -> Attempt:
        return self._running[job_id][0]

    def succeed(self, job_id: str, result: bytes = b'{"ran":true}', **metrics: Any) -> None:
        wait_until(lambda: self.is_running(job_id))
        self._settle(job_id, Succeeded(result=result, metrics=metrics))

    def fail(self, job_id: str, reason: str = "it broke", log: str = "") -> None:
        wait_until(lambda: self.is_running(job_id))
        self._settle(job_id, Failed(reason=reason, log=log))


class Service:
    """What a test needs of one service: the runtime, its devices, the server, and a client that is one caller."""

    def __init__(self, runtime: Runtime, devices: Mapping[str, InMemoryBackend], server: Server) -> None:
        self.runtime = runtime
        self.devices = devices
        self.server = server
        self.url = server.url
        self.client = self.caller()

    @property
    def alpha(self) -> InMemoryBackend:
        return self.devices["alpha"]

    def caller(self, token: str = TOKEN, instance: str = CRN, base: str = "/experimental") -> httpx.Client:
        return httpx.Client(
            base_url=self.url + base,
            headers={"Authorization": f"apikey {token}", "Service-CRN": instance},
            timeout=DEADLINE_S,
            verify=NO_TLS,
        )

    def open_session(self, **fields: Any) -> str:
        answer = self.client.post("/sessions", json={"mode": "dedicated", "backend": "alpha"} | fields)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def submit(self, session_id: str | None = None, **fields: Any) -> str:
        body = job_body(**fields)
        if session_id is not None:
            body["session_id"] = session_id
        answer = self.client.post("/jobs", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def done(self, session_id: str | None = None, **fields: Any) -> str:
        """A job that has completed."""
        job_id = self.submit(session_id, **fields)
        self.alpha.succeed(job_id)
        self.wait_status(job_id, "Completed")
        return job_id

    def wait_status(self, job_id: str, status: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            job: dict[str, Any] = self.client.get(f"/jobs/{job_id}", params={"exclude_params": "true"}).json()
            return job if job["state"]["status"] == status else None

        return dict(wait_until(look))

    def counts(self) -> tuple[int, int]:
        """How many sessions and jobs there are: what a refusal must not change."""
        from sessioncore.host import JobFilter

        return len(self.runtime.sessions(WHO)), self.runtime.jobs(WHO, JobFilter(limit=1))[1]


def job_body(**fields: Any) -> dict[str, Any]:
    return {"program_id": "sampler", "backend": "alpha", "params": {"pubs": []}} | fields


def error_of(answer: httpx.Response) -> dict[str, Any]:
    """The error in the vendor's shape, checked."""
    body = answer.json()
    assert set(body) == {"errors", "trace"}, answer.text
    assert isinstance(body["trace"], str)
    assert body["trace"]
    [error] = body["errors"]
    assert set(error) == {"code", "message", "solution", "more_info"}
    assert isinstance(error["code"], int)
    assert error["message"]
    assert error["solution"]
    assert answer.content == orjson.dumps(body), "the body is compact JSON"
    assert "Traceback" not in answer.text
    return dict(error)


@contextmanager
def serving(options: Options | None = None, **runtime_options: Any) -> Iterator[Service]:
    devices = {"alpha": InMemoryBackend("alpha"), "beta": InMemoryBackend("beta", qubits=127)}
    runtime = Runtime([DeviceSpec(backend=device) for device in devices.values()], **runtime_options)
    try:
        with Server(runtime, options=options) as server:
            service = Service(runtime, devices, server)
            with service.client:
                yield service
    finally:
        runtime.shutdown()


@pytest.fixture
def service() -> Iterator[Service]:
    """A service of its own for one test."""
    with serving(Options(control=True)) as made:
        yield made


@pytest.fixture(scope="session")
def shared() -> Iterator[Service]:
    """One service for all tests that leave nothing behind."""
    with serving(Options(control=True)) as made:
        yield made

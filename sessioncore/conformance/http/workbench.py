"""A service to try the kit on: our own, over HTTP, with a device in memory whose jobs take as long as they are told.

Around it may stand an :class:`~.between.Between`, which makes of it a faulty service, or one that is legal and
different.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, cast, final

import uvicorn
from starlette.types import ASGIApp

from sessioncore.core.profiles import IBM_GUIDE, Profile
from sessioncore.core.values import replaced
from sessioncore.host import DeviceSpec, RealClock, Runtime, VirtualClock
from sessioncore.ports import Attempt, Failed, Outcome, Refused, Released, Succeeded
from sessioncore.transports import Options, make_app

from .between import Between, Changing
from .settings import Settings

MEDIUM_S = 0.06
START_S_MAX = 30.0
NAME = "workbench"


def payload(length: str) -> Mapping[str, Any]:
    """The body of a job of this length."""
    return {"program_id": "sampler", "params": {"length": length}}


@final
class TimedDevice:
    """A device in memory. ``short`` jobs end at once, ``medium`` ones after a moment, ``failing`` ones fail, and all
    others run until they are stopped."""

    def __init__(self) -> None:
        self.name = NAME
        self.programs = frozenset({"sampler"})
        self._lock = threading.Lock()
        self._running: dict[str, Future[Outcome]] = {}
        self._configuration = {"backend_name": NAME, "backend_version": "1.0.0", "n_qubits": 1, "simulator": False}

    def configuration(self) -> Mapping[str, Any]:
        """What clients are told of it."""
        return self._configuration

    def properties(self) -> Mapping[str, Any]:
        """It has none."""
        return {}

    def inspect(self, program_id: str, params: bytes) -> Future[Refused | None]:  # noqa: ARG002 - the shape of the port
        """Nothing is wrong with any payload."""
        future: Future[Refused | None] = Future()
        future.set_result(None)
        return future

    def start(self, attempt: Attempt) -> Future[Outcome]:
        """Run a job for as long as its payload says."""
        future: Future[Outcome] = Future()
        length = json.loads(attempt.params).get("length")
        if length == "short":
            future.set_result(Succeeded(result=b'{"ran":true}'))
        elif length == "failing":
            future.set_result(Failed(reason="it was told to fail", reason_code=9_707))
        else:
            with self._lock:
                self._running[attempt.job_id] = future
            if length == "medium":
                timer = threading.Timer(MEDIUM_S, self._end, (attempt.job_id, Succeeded(result=b'{"ran":true}')))
                timer.daemon = True
                timer.start()
        return future

    def stop(self, job_id: str) -> None:
        """Let a job go."""
        self._end(job_id, Released(reason="stopped"))

    def close(self) -> None:
        """Let every job go."""
        for job_id in list(self._running):
            self.stop(job_id)

    def _end(self, job_id: str, outcome: Outcome) -> None:
        with self._lock:
            future = self._running.pop(job_id, None)
        if future is not None:
            future.set_result(outcome)


@contextmanager
def workbench(
    changing: Changing | None = None, *, profile: Profile = IBM_GUIDE, lanes: int = 1, virtual: bool = True, **more: Any
) -> Iterator[Settings]:
    """A service on a free port, and the settings to judge it with; ``more`` are further settings."""
    device = TimedDevice()
    clock = VirtualClock() if virtual else RealClock()
    runtime = Runtime([DeviceSpec(backend=device, lanes=lanes)], profile=profile, clock=clock)
    app: ASGIApp = make_app(runtime, options=Options(control=True, wait_s=0.0))
    if changing is not None:
        app = cast(ASGIApp, Between(app, changing))
    try:
        with _serving(app) as url:
            made = Settings(
                url=url + "/api/v1",
                short=payload("short"),
                medium=payload("medium"),
                long=payload("long"),
                failing=payload("failing"),
            )
            yield replaced(made, **more)
    finally:
        runtime.shutdown()
        device.close()


@contextmanager
def _serving(app: ASGIApp) -> Iterator[str]:
    """uvicorn in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, loop="auto", ws="none", lifespan="off", log_config=None, log_level="critical",
                       access_log=False, timeout_graceful_shutdown=1)
    )  # fmt: skip
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True, name="workbench")
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(START_S_MAX)
        listener.close()

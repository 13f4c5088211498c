"""A real ``sessioncore serve`` in a process of its own, for tests that need a whole service."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import attrs

from sessioncore.transports import client_environment

READY_S_MAX = 120.0
STOP_S_MAX = 60.0


@attrs.frozen
class Served:
    """The process, where it listens, and the environment that points the stock client at it."""

    process: subprocess.Popen[str]
    url: str

    @property
    def environment(self) -> dict[str, str]:
        """For a program that is to run against the service."""
        return clean_environment() | client_environment(self.url)

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S_MAX)


def clean_environment() -> dict[str, str]:
    """This process's environment without what could lead a client elsewhere."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("QISKIT_", "IAM_"))}
    return kept | {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}


@contextmanager
def serve(*options: str, extra: Mapping[str, str] | None = None) -> Iterator[Served]:
    """``sessioncore serve --port 0 OPTIONS``, ready when the block begins and gone when it ends."""
    command = [sys.executable, "-m", "sessioncore", "serve", "--port", "0", *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=None, text=True, env=clean_environment() | dict(extra or {})
    )
    try:
        yield Served(process, _url(process))
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_S_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _url(process: subprocess.Popen[str]) -> str:
    """The address in the line that says the service is ready."""
    assert process.stdout is not None
    deadline = time.monotonic() + READY_S_MAX
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() < deadline:
            if not selector.select(timeout=1.0):
                continue
            line = process.stdout.readline()
            if line.startswith("listening on "):
                return line.split()[-1]
            assert line, f"the service ended with exit code {process.wait()} before it was ready"
    raise AssertionError("the service was not ready in time")

"""``localqpu`` (PyPI), an emulator of the vendor's API by other people, in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import httpx

from tests.service import clean_environment

READY_S_MAX = 60.0
PLACE = "SESSIONCORE_WORLD"
HOW_TO_GET = (
    f'localqpu is not there: pip install "sessioncore[world]", or pip install --target DIR --no-deps localqpu==0.3.0'
    f" and {PLACE}=DIR"
)


def environment() -> dict[str, str] | None:
    """The environment in which it can be imported; None where it is not installed."""
    place = os.environ.get(PLACE, "")
    if place and (Path(place) / "localqpu").is_dir():
        return clean_environment() | {"PYTHONPATH": os.pathsep.join([place, os.environ.get("PYTHONPATH", "")])}
    return clean_environment() if find_spec("localqpu") is not None else None


@contextmanager
def localqpu() -> Iterator[str]:
    """It runs on a free port while the block does. Gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", "from localqpu.cli import main; main()", "start", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, process)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:  # jobs that nobody can stop are still running
            process.kill()
            process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_S_MAX
    while time.monotonic() < deadline:
        assert process.poll() is None, f"localqpu ended with exit code {process.returncode}"
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/_localqpu/health", trust_env=False).status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError("localqpu was not ready in time")

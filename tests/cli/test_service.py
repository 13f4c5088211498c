"""``sessioncore serve`` and the commands that look at a running service."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sessioncore.transports import LOCAL_INSTANCE, LOCAL_TOKEN
from tests.service import Served, serve

HEADERS = {"Authorization": f"apikey {LOCAL_TOKEN}", "Service-CRN": LOCAL_INSTANCE}


@pytest.fixture(scope="module")
def service() -> Iterator[Served]:
    """One small service with control."""
    with serve("--backend", "ideal_5", "--workers", "1", "--control") as served:
        yield served


def ask(service: Served, *arguments: str) -> Any:
    """One command against the service, as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "sessioncore", *arguments, "--url", service.url, "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def open_session(service: Served) -> str:
    """A new session's id."""
    body = {"mode": "dedicated", "backend": "ideal_5"}
    answer = httpx.post(f"{service.url}/experimental/sessions", json=body, headers=HEADERS)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def test_sessions_are_listed_shown_closed_and_cancelled(service: Served) -> None:
    """From the command line, as from a program."""
    first, second = open_session(service), open_session(service)
    assert {first, second} <= {entry["id"] for entry in ask(service, "sessions")}
    assert ask(service, "sessions", "show", first)["state"] == "open"
    assert ask(service, "sessions", "close", first)["state_reason"] == "closed"
    assert ask(service, "sessions", "cancel", second)["state_reason"] == "cancelled"


def test_devices_are_listed_and_paused_and_come_back(service: Served) -> None:
    """Where the service allows control."""
    assert [device["name"] for device in ask(service, "devices")] == ["ideal_5"]
    assert ask(service, "devices", "pause", "ideal_5")["state"] == "paused"
    assert ask(service, "devices", "resume", "ideal_5")["state"] == "online"


def test_a_held_device_is_told_from_one_that_works(service: Served) -> None:
    """Which a client cannot: to it both are online (D-05)."""
    assert ask(service, "devices", "hold", "ideal_5")["held"] is True
    (listed,) = ask(service, "devices")
    assert (listed["status"]["name"], listed["held"]) == ("online", True)
    assert ask(service, "devices", "show", "ideal_5")["held"] is True
    command = [sys.executable, "-m", "sessioncore", "devices", "--url", service.url]
    assert "online, held" in subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert ask(service, "devices", "release", "ideal_5")["held"] is False
    assert ask(service, "devices")[0]["held"] is False


def test_jobs_are_listed_for_people_too(service: Served) -> None:
    """A table, or a sentence where there are none."""
    assert ask(service, "jobs") == []
    command = [sys.executable, "-m", "sessioncore", "jobs", "--url", service.url]
    assert subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout == "no jobs\n"


def test_what_the_service_refuses_is_told_in_its_own_words(service: Served) -> None:
    """One line, exit code 2."""
    command = [sys.executable, "-m", "sessioncore", "sessions", "show", "nobody", "--url", service.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "'nobody' not found" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_service_with_exit_code_0(number: signal.Signals) -> None:
    """After what runs has ended; SIGHUP is what a terminal sends that is closed."""
    with serve("--backend", "ideal_5", "--workers", "1") as served:
        served.process.send_signal(number)
        assert served.process.wait(60) == 0


@pytest.mark.stock
def test_what_runs_at_sigterm_ends_and_its_result_can_still_be_fetched(tmp_path: Path) -> None:
    """By the unmodified client, which only polls."""
    path = tmp_path / "program.py"
    path.write_text(
        "from qiskit import QuantumCircuit\n"
        "from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2\n"
        "backend = QiskitRuntimeService().least_busy(operational=True, simulator=False)\n"
        "circuit = QuantumCircuit(1, 1)\n"
        "circuit.x(0)\n"
        "circuit.measure(0, 0)\n"
        "job = SamplerV2(mode=backend).run([circuit] * 200, shots=50_000)\n"
        "while job.status() == 'QUEUED': pass\n"
        "print('running', flush=True)\n"
        "print(len(job.result()), flush=True)\n",
        encoding="utf-8",
    )
    with serve("--backend", "ideal_5", "--workers", "1") as served:
        command = [sys.executable, str(path)]
        with subprocess.Popen(command, env=served.environment, stdout=subprocess.PIPE, text=True) as program:
            assert program.stdout is not None
            assert program.stdout.readline() == "running\n"
            assert served.stop() == 0
            assert program.stdout.read() == "200\n"
            assert program.wait(60) == 0

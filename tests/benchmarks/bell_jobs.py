"""Bell jobs a second through the stock client: ``sessioncore serve`` against ``localqpu`` 0.3.0, interleaved.

    pip install localqpu==0.3.0
    python -m tests.benchmarks.bell_jobs [--rounds 3] [--jobs 60]

Every measurement is a fresh client process, so that both systems find the same client. In a round, each system runs the
jobs one after another in a session, then from 8 threads; the ratio is the median over the rounds. The CPU that the
service used is read from the operating system, the server process and its workers apart; each round also runs the same
simulation in one process, before the service's turn and after it, so that what the service adds to it can be read off.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psutil

from tests.service import clean_environment, serve

SHOTS = 1024
THREADS = 8
PORT = 8787
READY_S_MAX = 60.0
CLIENT = Path(__file__).with_name("bell_client.py")


def cpu_s(process: psutil.Process) -> float:
    """The CPU that one process has used."""
    times = process.cpu_times()
    return times.user + times.system


def measure(connect: str, environment: dict[str, str], jobs: int, server: int) -> dict[str, float]:
    """One fresh client process; its figures, and the service's CPU for each of its jobs in milliseconds."""
    root = psutil.Process(server)
    workers = root.children(recursive=True)
    before = cpu_s(root), sum(cpu_s(worker) for worker in workers)
    done = subprocess.run(
        [sys.executable, str(CLIENT), connect, str(jobs), str(THREADS), str(SHOTS)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    after = cpu_s(root), sum(cpu_s(worker) for worker in workers)
    figures["server_ms"] = (after[0] - before[0]) * 1000 / figures["jobs"]
    figures["workers_ms"] = (after[1] - before[1]) * 1000 / figures["jobs"]
    return figures


def in_process_ms(jobs: int) -> dict[str, float]:
    """CPU milliseconds of the same simulation, and of Aer's sampler, where there is no service."""
    environment = clean_environment() | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    command = [sys.executable, "-m", "tests.benchmarks.bell_in_process", str(jobs), str(SHOTS)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=600)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def localqpu_server() -> Iterator[int]:
    """``localqpu start`` on its usual port."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from localqpu.cli import main; main()", "start", "--port", str(PORT)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=clean_environment(),
    )
    try:
        deadline = time.monotonic() + READY_S_MAX
        while not _answers(PORT):
            if time.monotonic() > deadline or process.poll() is not None:
                sys.exit("localqpu does not start; try: localqpu start")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main() -> None:
    """Print every round, then the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=60)
    arguments = parser.parse_args()
    if find_spec("localqpu") is None:
        sys.exit("localqpu is not installed: pip install localqpu==0.3.0")
    ratios: dict[str, list[float]] = {"sequential": [], "threads": []}
    beyond: dict[str, list[float]] = {"same": [], "sampler": []}
    with serve() as ours, localqpu_server() as theirs:
        for number in range(arguments.rounds):
            before = in_process_ms(arguments.jobs)
            mine = measure("environment", ours.environment, arguments.jobs, ours.process.pid)
            after = in_process_ms(arguments.jobs)
            other = measure("localqpu", clean_environment(), arguments.jobs, theirs)
            alone = {name: (before[name] + after[name]) / 2 for name in beyond}
            for name, found in beyond.items():
                found.append(mine["server_ms"] + mine["workers_ms"] - alone[name])
            for name, found in ratios.items():
                found.append(mine[name] / other[name])
            print(f"round {number + 1}", flush=True)
            for name, figures in (("sessioncore", mine), ("localqpu", other)):
                print(
                    f"  {name:12} one after another {figures['sequential']:6.1f} jobs/s,"
                    f" {THREADS} threads {figures['threads']:6.1f} jobs/s;"
                    f" CPU ms a job: server {figures['server_ms']:.2f}, workers {figures['workers_ms']:.2f},"
                    f" client {figures['client_ms']:.2f}",
                    flush=True,
                )
            print(
                f"  in process   CPU ms a job: the same simulation {alone['same']:.2f}, Aer's sampler"
                f" {alone['sampler']:.2f}; the service adds {beyond['same'][-1]:.2f}, {beyond['sampler'][-1]:.2f}",
                flush=True,
            )
    for name, text in (("same", "the same simulation"), ("sampler", "Aer's sampler")):
        listed = ", ".join(f"{one:.2f}" for one in beyond[name])
        print(f"CPU that the service adds to {text}: median {statistics.median(beyond[name]):.2f} ms a job ({listed})")
    for name, found in ratios.items():
        print(f"{name}: median ratio {statistics.median(found):.2f} ({', '.join(f'{one:.2f}' for one in found)})")


if __name__ == "__main__":
    main()

"""Worker processes: limits, stopping, crashes, and what the neighbours notice of it, which is nothing."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from qiskit import QuantumCircuit

from sessioncore.backends import BackendError, LocalBackend, make_backend, open_backends, wait_warm
from sessioncore.backends.assignment import waiting_max
from sessioncore.ports import Attempt, Failed, Limits, Outcome, Released, Succeeded
from tests.backends.conftest import DEVICES, wait_s_max, wait_until
from tests.backends.payloads import bell, sampler

Backends = dict[str, LocalBackend]
Run = Callable[..., Outcome]


def _long_job() -> bytes:
    """Minutes of work: ten million shots, each simulated by itself."""
    circuit = QuantumCircuit(3, 3)
    for _ in range(10):
        circuit.sx(0)
        circuit.cx(0, 1)
        circuit.reset(0)
    circuit.measure(range(3), range(3))
    return sampler(*[(circuit, None, 100_000)] * 100)


LONG = _long_job()
SHORT = sampler((bell(), None, 16))


def _start(backend: LocalBackend, job_id: str, params: bytes, limits: Limits | None = None) -> Future[Outcome]:
    attempt = Attempt(job_id=job_id, program_id="sampler", params=params, limits=limits or Limits())
    return backend.start(attempt)


def _pid(backend: LocalBackend, job_id: str) -> int | None:
    for worker in backend.pool.processes():
        if worker.key == f"{backend.name}/{job_id}":
            return worker.pid
    return None


def _wait_running(backend: LocalBackend, job_id: str) -> int:
    wait_until(lambda: _pid(backend, job_id) is not None, f"{job_id} runs")
    pid = _pid(backend, job_id)
    assert pid is not None
    return pid


@pytest.fixture(autouse=True)
def _whole_again(backends: Backends) -> Iterator[None]:
    """However a test leaves the pool, it heals."""
    yield
    pool = backends["ideal_5"].pool
    wait_until(lambda: all(worker.state == "idle" for worker in pool.processes()), "all workers are idle")
    backends["ideal_5"].wait_warm(wait_s_max)
    assert pool.warming() == (3, 3)


def test_a_stopped_job_is_released_and_its_worker_replaced(backends: Backends, run: Run) -> None:
    backend = backends["ideal_5"]
    future = _start(backend, "stop-me", LONG)
    pid = _wait_running(backend, "stop-me")
    backend.stop("stop-me")
    assert isinstance(future.result(wait_s_max), Released)
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), "the process is gone")
    assert isinstance(run("sampler", SHORT), Succeeded)


def test_a_job_that_has_not_started_is_dropped(backends: Backends) -> None:
    backend = backends["ideal_5"]
    running = [_start(backend, f"running-{at}", LONG) for at in range(2)]
    waiting = _start(backend, "waiting", SHORT)
    behind = _start(backend, "behind", SHORT)
    backend.stop("waiting")
    assert isinstance(waiting.result(0.5), Released)
    assert not behind.done()
    for at in range(2):
        backend.stop(f"running-{at}")
    assert all(isinstance(future.result(wait_s_max), Released) for future in running)
    assert isinstance(behind.result(wait_s_max), Succeeded)


def test_stopping_an_unknown_or_finished_job_or_one_of_another_device_does_nothing(backends: Backends) -> None:
    backend = backends["ideal_5"]
    future = _start(backend, "finished", SHORT)
    assert isinstance(future.result(wait_s_max), Succeeded)
    backend.stop("finished")
    backend.stop("never-heard-of")
    running = _start(backend, "mine", LONG)
    _wait_running(backend, "mine")
    backends["noisy_5"].stop("mine")
    assert _pid(backend, "mine") is not None
    backend.stop("mine")
    assert isinstance(running.result(wait_s_max), Released)


def test_a_killed_worker_fails_its_job_alone_and_the_next_job_runs(backends: Backends, run: Run) -> None:
    backend = backends["ideal_5"]
    victim, neighbour = _start(backend, "victim", LONG), _start(backend, "neighbour", LONG)
    os.kill(_wait_running(backend, "victim"), signal.SIGKILL)
    outcome = victim.result(wait_s_max)
    assert isinstance(outcome, Failed)
    assert outcome.reason_code == 9707
    assert "killed" in outcome.reason
    assert isinstance(run("sampler", SHORT), Succeeded)
    assert not neighbour.done()
    backend.stop("neighbour")
    neighbour.result(wait_s_max)


def test_a_crashed_worker_says_by_which_signal(backends: Backends) -> None:
    backend = backends["ideal_5"]
    future = _start(backend, "crash", LONG)
    os.kill(_wait_running(backend, "crash"), signal.SIGSEGV)
    outcome = future.result(wait_s_max)
    assert isinstance(outcome, Failed)
    assert "crashed (SIGSEGV)" in outcome.reason


def test_killing_idle_workers_again_and_again_harms_nobody(backends: Backends, run: Run) -> None:
    pool = backends["ideal_5"].pool
    for _ in range(5):
        wait_until(lambda: len([w for w in pool.processes() if w.state == "idle"]) == 3, "all are idle")
        pids = [worker.pid for worker in pool.processes()]
        for pid in pids:
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda pids=pids: not {worker.pid for worker in pool.processes()} & set(pids), "they are replaced")
    assert isinstance(run("sampler", SHORT), Succeeded)


def test_a_job_that_runs_too_long_is_killed_by_the_wall_limit(run: Run) -> None:
    outcome = run("sampler", LONG, limits=Limits(wall_seconds=0.3))
    assert isinstance(outcome, Failed)
    assert outcome.reason_code == 1305
    assert outcome.reason == "It ran longer than its limit of 0.3 s and was stopped."


def test_a_job_that_takes_too_much_cpu_time_is_killed_by_the_cpu_limit(run: Run) -> None:
    outcome = run("sampler", LONG, limits=Limits(cpu_seconds=0.5))
    assert isinstance(outcome, Failed)
    assert outcome.reason_code == 1305
    assert "CPU time" in outcome.reason


def test_cpu_time_of_earlier_jobs_in_the_same_worker_does_not_count(run: Run) -> None:
    for _ in range(6):
        outcome = run("sampler", sampler((bell(), None, 100_000)), "noisy_5", limits=Limits(cpu_seconds=1))
        assert isinstance(outcome, Succeeded)


def test_a_job_that_needs_too_much_memory_fails_by_the_memory_limit(run: Run) -> None:
    line = [*range(13), 17, *range(30, 20, -1)]
    circuit = QuantumCircuit(127, len(line))
    for one, two in pairwise(line):
        circuit.sx(one)
        circuit.cz(one, two)
    circuit.measure(line, range(len(line)))
    params = sampler((circuit, None, 10))
    outcome = run("sampler", params, "ideal_127", limits=Limits(memory_bytes=100 * 2**20))
    assert isinstance(outcome, Failed)
    assert outcome.reason
    assert isinstance(run("sampler", SHORT), Succeeded)


def test_a_lost_fork_server_fails_what_runs_and_all_workers_come_back(backends: Backends, run: Run) -> None:
    backend = backends["ideal_5"]
    future = _start(backend, "lost", LONG)
    pid = _wait_running(backend, "lost")
    os.kill(backend.pool.server_pid, signal.SIGKILL)
    outcome = future.result(wait_s_max)
    assert isinstance(outcome, Failed)
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), "its workers died with it")
    assert isinstance(run("sampler", SHORT), Succeeded)


def test_fork_servers_may_be_lost_one_after_another_while_workers_start() -> None:
    """Each counts once, however many workers it takes with it."""
    (backend,) = open_backends(["ideal_5"], workers=3)
    try:
        for _ in range(2):
            lost = backend.pool.server_pid
            os.kill(lost, signal.SIGKILL)
            wait_until(lambda lost=lost: backend.pool.server_pid != lost, "another one is started")
        backend.wait_warm(wait_s_max)
        assert backend.failure is None
    finally:
        backend.close()


def test_a_pool_that_cannot_start_workers_says_why_for_good() -> None:
    (backend,) = open_backends(["ideal_5"], workers=1)
    try:
        deadline = time.monotonic() + wait_s_max
        while backend.failure is None:
            assert time.monotonic() < deadline
            with suppress(ProcessLookupError):
                os.kill(backend.pool.server_pid, signal.SIGKILL)
        assert "dies again and again" in backend.failure
        with pytest.raises(BackendError, match="dies again and again"):
            backend.wait_warm(wait_s_max)
    finally:
        backend.close()


def test_nothing_is_simulated_where_workers_are_forked_so_it_has_one_thread(backends: Backends) -> None:
    status = Path(f"/proc/{backends['ideal_5'].pool.server_pid}/status").read_text()
    assert "Threads:\t1\n" in status


def test_workers_know_no_secrets_of_the_server(backends: Backends) -> None:
    for worker in backends["ideal_5"].pool.processes():
        environment = Path(f"/proc/{worker.pid}/environ").read_bytes().split(b"\0")
        names = {entry.partition(b"=")[0] for entry in environment if entry}
        assert not [name for name in names if b"TOKEN" in name or b"QISKIT" in name or b"SECRET" in name]


def test_inspection_is_not_held_up_by_running_jobs(backends: Backends) -> None:
    backend = backends["ideal_5"]
    running = [_start(backend, f"busy-{at}", LONG) for at in range(4)]
    assert backend.inspect("sampler", SHORT).result(2) is None
    for at in range(4):
        backend.stop(f"busy-{at}")
    assert all(isinstance(future.result(wait_s_max), Released) for future in running)


def test_the_queue_is_bounded(backends: Backends) -> None:
    backend = backends["ideal_5"]
    blocking = [_start(backend, "block", LONG) for _ in range(2)]
    waiting = [_start(backend, "wait", SHORT) for _ in range(waiting_max)]
    refused = _start(backend, "wait", SHORT).result(0.5)
    assert isinstance(refused, Failed)
    assert "wait for a worker already" in refused.reason
    backend.stop("wait")
    backend.stop("block")
    assert all(isinstance(future.result(wait_s_max), Released) for future in [*blocking, *waiting])


def test_jobs_that_wait_run_in_the_order_of_their_start(backends: Backends) -> None:
    backend = backends["ideal_5"]
    blocking = [_start(backend, f"blocking-{at}", LONG) for at in range(2)]
    first, second = _start(backend, "first", LONG), _start(backend, "second", SHORT)
    backend.stop("blocking-0")
    _wait_running(backend, "first")
    assert not second.done()
    backend.stop("first")
    assert isinstance(second.result(wait_s_max), Succeeded)
    backend.stop("blocking-1")
    assert all(isinstance(future.result(wait_s_max), Released) for future in [*blocking, first])


def test_a_payload_larger_than_a_socket_takes_at_once_arrives_whole(run: Run) -> None:
    assert isinstance(run("sampler", SHORT + b" " * 10_000_000), Succeeded)


def test_a_failed_job_has_a_log_with_a_traceback_but_without_folders(run: Run) -> None:
    outcome = run("sampler", b'{"version":2,"pubs":[[null]]}')
    assert isinstance(outcome, Failed)
    assert "Traceback (most recent call last):" in outcome.log
    assert outcome.log.splitlines()[-1].startswith("PayloadError: A circuit was expected")
    assert str(Path(__file__).parents[2]) not in outcome.log


def test_closing_releases_what_runs_and_ends_every_process() -> None:
    backend = make_backend("ideal_5", workers=1)
    wait_warm(wait_s_max)
    pids = [worker.pid for worker in backend.pool.processes()] + [backend.pool.server_pid]
    running, waiting = _start(backend, "a", LONG), _start(backend, "b", SHORT)
    _wait_running(backend, "a")
    backend.close()
    backend.close()
    assert isinstance(running.result(wait_s_max), Released)
    assert isinstance(waiting.result(wait_s_max), Released)
    assert isinstance(_start(backend, "c", SHORT).result(1), Released)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "all processes are gone")
    with pytest.raises(BackendError, match="closed"):
        backend.wait_warm(1)


def test_the_devices_of_one_pool_share_its_workers(backends: Backends) -> None:
    assert len({id(backend.pool) for backend in backends.values()}) == 1
    assert len(backends) == len(DEVICES)
    assert backends["ideal_5"].pool.warming() == (3, 3)


def test_a_pool_without_workers_is_refused() -> None:
    with pytest.raises(BackendError, match="at least one worker"):
        make_backend("ideal_5", workers=0)

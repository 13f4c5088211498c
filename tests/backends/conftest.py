"""One pool of real worker processes for all tests of this room."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from time import monotonic, sleep

import pytest

from sessioncore.backends import LocalBackend, open_backends
from sessioncore.ports import Attempt, Limits, Outcome, Succeeded

DEVICES = ("ideal_5", "noisy_5", "ideal_127", "fake_manila", "fake_sherbrooke:noiseless")
wait_s_max = 60.0

Run = Callable[..., Outcome]


@pytest.fixture(scope="package")
def backends() -> Iterator[dict[str, LocalBackend]]:
    """Some devices, warm, that share two workers."""
    opened = open_backends(DEVICES, workers=2)
    opened[0].wait_warm(wait_s_max)
    yield {backend.name: backend for backend in opened}
    for backend in opened:
        backend.close()


@pytest.fixture(scope="package")
def run(backends: dict[str, LocalBackend]) -> Run:
    """Run one job to its end."""
    ids = itertools.count()

    def run(program_id: str, params: bytes, device: str = "ideal_5", limits: Limits | None = None) -> Outcome:
        attempt = Attempt(
            job_id=f"job-{next(ids)}",
            program_id=program_id,
            params=params,
            limits=limits or Limits(),
        )
        return backends[device].start(attempt).result(wait_s_max)

    return run


@pytest.fixture(scope="package")
def succeed(run: Run) -> Callable[..., bytes]:
    """Run one job, which must succeed; returns the body of its result."""

    def succeed(*args: object, **kwargs: object) -> bytes:
        outcome = run(*args, **kwargs)
        assert isinstance(outcome, Succeeded), outcome
        return outcome.result

    return succeed


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that other processes bring about."""
    end = monotonic() + wait_s_max
    while not condition():
        assert monotonic() < end, f"waited in vain until {what}"
        sleep(0.005)

"""Every example program, unmodified, with the stock client against a service of ours: only the environment differs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service import Served, serve

pytestmark = pytest.mark.stock

HERE = Path(__file__).parent
PROGRAMS = sorted(path.name for path in HERE.glob("*.py") if path.name not in {"test_examples.py", "__init__.py"})
PROGRAM_S_MAX = 120


@pytest.fixture(scope="module")
def service() -> Iterator[Served]:
    """One service for all programs, as several users would share it."""
    with serve() as served:
        yield served


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_program_runs_with_no_change_but_its_environment(name: str, service: Served) -> None:
    """Each program asserts what it shows; here it must end well."""
    done = subprocess.run(
        [sys.executable, str(HERE / name)],
        env=service.environment,
        capture_output=True,
        text=True,
        timeout=PROGRAM_S_MAX,
        check=False,
    )
    assert done.returncode == 0, f"{name} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert done.stdout.strip(), f"{name} shows nothing"


def test_every_thing_that_the_guide_shows_has_a_program() -> None:
    """So that none is dropped by accident."""
    assert {
        "open_with_class.py",
        "open_with_context_manager.py",
        "max_time.py",
        "close_session.py",
        "cancel_session.py",
        "several_primitives.py",
        "two_vqe_threads.py",
        "session_status.py",
        "session_details.py",
        "batch_mode.py",
        "job_mode.py",
        "from_id.py",
    } <= set(PROGRAMS)

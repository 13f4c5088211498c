"""The core is pure: it imports next to nothing, reaches for nothing of the world, and repeats itself exactly."""

from __future__ import annotations

import ast
import builtins
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .rich_scenario import walk

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "sessioncore" / "core"

PURE = {
    "__future__", "attr", "attrs", "collections", "enum", "functools", "heapq", "itertools", "re", "types", "typing",
}  # fmt: skip
"""All that the core may import, besides itself."""

IMPURE = {"time", "datetime", "asyncio", "threading", "random", "uuid", "os", "io", "logging", "socket"}

EXTRAS = {"starlette", "uvicorn", "qiskit", "rich", "cattrs", "graphviz", "transitions"}
"""What neither ``import sessioncore`` nor ``--help`` may load."""

CPU_SECONDS_MAX = 0.3


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level == 0:
                yield (node.module or "").split(".")[0]
            else:
                assert node.level == 1, f"{path.name} imports from outside the core"


@pytest.mark.parametrize("path", sorted(CORE.glob("*.py")), ids=lambda path: path.name)
def test_a_module_of_the_core_imports_only_what_is_pure(path: Path) -> None:
    found = set(_imported(path))
    assert found <= PURE
    assert not found & IMPURE


def _fresh(program: str, **environment: str) -> str:
    """What a program prints in an interpreter of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_core_loads_no_third_party_module_but_attrs() -> None:
    loaded = json.loads(
        _fresh(
            "import json, sys; before = set(sys.modules); import sessioncore.core;"
            "print(json.dumps(sorted({name.split('.')[0] for name in set(sys.modules) - before})))"
        )
    )
    assert set(loaded) - sys.stdlib_module_names - {"sessioncore"} == {"attr", "attrs"}


def _cost(program: str) -> tuple[float, set[str]]:
    """CPU seconds of a fresh interpreter, its start included, and the modules it ended with; the best of three runs."""
    whole = f"import json, sys, time\n{program}\nprint(json.dumps([time.process_time(), sorted(sys.modules)]))"
    runs = [json.loads(_fresh(whole).splitlines()[-1]) for _ in range(3)]
    return min(cost for cost, _ in runs), {name.split(".")[0] for name in runs[0][1]}


@pytest.mark.parametrize(
    "program",
    [
        "import sessioncore",
        "from sessioncore.cli import main\ntry: main(['--help'])\nexcept SystemExit as end: assert not end.code",
    ],
    ids=["import", "help"],
)
def test_starting_costs_little_and_loads_no_extra(program: str) -> None:
    cost, loaded = _cost(program)
    assert not loaded & EXTRAS
    assert cost < CPU_SECONDS_MAX


@pytest.fixture
def world_forbidden(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], Any]:
    """Calls a function while clocks, files, sockets, randomness and the environment raise, and only then.

    They raise in the caller's thread: worker pools of other tests may live in threads of their own.
    """
    mine = threading.get_ident()

    def forbid(original: Callable[..., Any]) -> Callable[..., Any]:
        def reached(*arguments: Any, **named: Any) -> Any:
            if threading.get_ident() == mine:
                raise AssertionError("the core reached for the world")
            return original(*arguments, **named)

        return reached

    def call(act: Callable[[], Any]) -> Any:
        with monkeypatch.context() as patch:
            for module, names in (
                (time, ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "sleep")),
                (builtins, ("open", "print", "input")),
                (socket, ("socket", "create_connection")),
                (os, ("getenv", "urandom", "open")),
                (random, ("random", "randrange", "choice")),
            ):
                for name in names:
                    patch.setattr(module, name, forbid(getattr(module, name)))
            return act()

    return call


def test_the_fixture_forbids_what_it_says_and_only_while_it_calls(
    world_forbidden: Callable[[Callable[[], Any]], Any],
) -> None:
    reaches: tuple[Callable[[], object], ...] = (
        lambda: time.time(),
        lambda: time.monotonic(),
        lambda: open(__file__, encoding="utf-8"),  # noqa: SIM115 - it must raise
        lambda: socket.socket(),
    )
    for reach in reaches:
        with pytest.raises(AssertionError, match="reached for the world"):
            world_forbidden(reach)
    assert time.time() > 0


def test_a_long_walk_through_the_cores_reaches_for_no_clock_file_socket_or_randomness(
    world_forbidden: Callable[[Callable[[], Any]], Any],
) -> None:
    assert walk(call=world_forbidden) == walk()


def test_the_same_events_give_the_same_answers_byte_by_byte() -> None:
    assert walk(seed=11).encode() == walk(seed=11).encode()
    assert walk(seed=11) != walk(seed=12)


def test_the_answers_do_not_depend_on_how_strings_are_hashed() -> None:
    program = (
        "from tests.core.rich_scenario import walk; import hashlib; print(hashlib.sha256(walk().encode()).hexdigest())"
    )
    answers = {_fresh(program, PYTHONHASHSEED=seed) for seed in ("0", "1", "4711")}
    assert len(answers) == 1

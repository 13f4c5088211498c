"""One frame in, one frame out: warm up, inspect a payload, or run a program, within the limits of one attempt."""

from __future__ import annotations

import gc
import logging
import math
import os
import resource
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import PurePath
from typing import Any

import numpy as np

from sessioncore.backends.devices import Device, device
from sessioncore.ports import Json

from . import decode, encode, estimator, executor, payload, sampler
from .decode import MalformedError, PayloadError
from .instructions import instruction_set
from .sampler import ResultTooLargeError
from .simulate import SimulationError

log_lines_max = 200
log_line_length_max = 2000

gc_thresholds = (20_000, 20, 20)
"""How rarely a worker looks for cycles: a small job leaves some dozens of objects, and no look finds much."""

_READ: Mapping[str, Callable[[Json, str], Any]] = {
    "sampler": sampler.read_sampler,
    "estimator": payload.estimator_pubs,
    "executor": executor.read_executor,
}
_RUN: Mapping[str, Callable[[Any, Device], Json]] = {
    "sampler": sampler.run_sampler,
    "estimator": estimator.run_estimator,
    "executor": executor.run_executor,
}
_kept: list[Any] = []
"""The job that the last inspection read, if it found nothing against it: who runs it here need not read it again."""

_log: list[str] = []
_versions: dict[str, str] = {}


class _Listener(logging.Handler):
    """Keeps what libraries have to say about the current attempt."""

    def emit(self, record: logging.LogRecord) -> None:
        _note(f"{record.levelname} {record.name}: {record.getMessage()}")


def _note(line: str) -> None:
    if len(_log) < log_lines_max:
        _log.append(line[:log_line_length_max])


def preload() -> None:
    """Import what is imported late, so that no job waits for it. Runs in the fork server: nothing is simulated here."""
    if find_spec("samplomatic") is not None:
        import samplomatic.quantum_program
        import samplomatic.serialization  # noqa: F401 - imported for those who come after
    _versions.update(qiskit=version("qiskit"), qiskit_aer=version("qiskit-aer"))


def settle() -> None:
    """What a worker does first, after it was forked."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # a worker has no business with files
    sys.dont_write_bytecode = True
    logging.getLogger().addHandler(_Listener(logging.WARNING))
    # It reports at this level every attempt to use a method that a circuit turns out not to suit.
    logging.getLogger("qiskit_aer").setLevel(logging.ERROR)
    warnings.simplefilter("always")
    warnings.showwarning = _show_warning  # type: ignore[assignment] # it takes more than it uses


def _show_warning(message: Warning | str, category: type[Warning], *_: object) -> None:
    _note(f"{category.__name__}: {message}")


def answer(head: Mapping[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    """What a frame asks for, done: the head and the body of the answer."""
    _log.clear()
    kept = _kept.pop() if _kept else None
    match head["do"]:
        case "warm":
            for spelling in head["devices"]:
                _warm(spelling)
            gc.collect()
            gc.freeze()  # what is warm now stays, and need not be looked through again
            gc.set_threshold(*gc_thresholds)
            return {"warm": _versions}, b""
        case "inspect":
            _limit(head["limits"])
            return _inspect(head["program"], body, head["device"]), b""
        case _:
            _limit(head["limits"])
            return _run(head["program"], kept if head.get("kept") else body, device(head["device"]), head["limits"])


def _limit(limits: Mapping[str, float]) -> None:
    """Allow this attempt so much more CPU time and memory than was used up to now."""
    _set_soft(resource.RLIMIT_CPU, math.ceil(time.process_time() + limits["cpu_seconds"]))
    _set_soft(resource.RLIMIT_AS, _address_space_bytes() + int(limits["memory_bytes"]))


def _set_soft(which: int, soft: int) -> None:
    hard = _hard(which)
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(which, (soft, hard))


@cache
def _hard(which: int) -> int:
    """The limit that this process cannot raise; nothing here lowers it."""
    return resource.getrlimit(which)[1]


def _address_space_bytes() -> int:
    file = _statm(os.getpid())
    return 0 if file is None else int(os.pread(file, 64, 0).split()[0]) * resource.getpagesize()


@cache
def _statm(pid: int) -> int | None:
    """What tells the size of this process, open; None outside Linux, where the limit then counts everything."""
    try:
        return os.open(f"/proc/{pid}/statm", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def _warm(spelling: str) -> None:
    """Run the way of the smallest job once for a device: first times are slow."""
    from qiskit import QuantumCircuit

    from .simulate import Sampler

    instruction_set(spelling)
    chosen = device(spelling)
    circuit = QuantumCircuit(1)
    circuit.rz(0.5, 0)
    circuit.measure_all()
    for shots in Sampler(chosen, 0).sample(circuit, np.zeros((1, 0)), 1):
        encode.array(shots.outcomes)


def _inspect(program_id: str, body: bytes, spelling: str) -> dict[str, Any]:
    try:
        _kept.append(_READ[program_id](decode.parse_json(body), spelling))
    except MalformedError:
        return {}  # only running it can say more; the job will fail with this reason
    except (PayloadError, ResultTooLargeError) as error:
        remedy = getattr(error, "remedy", "") or "See the documentation of the primitives."
        return {
            "refused": {
                "message": str(error),
                "remedy": remedy,
                "code": getattr(error, "code", 1208),
            }
        }
    return {"kept": True}


def _run(program_id: str, job: Any, of: Device, limits: Mapping[str, float]) -> tuple[dict[str, Any], bytes]:
    """Run a job, given as the bytes of its payload or as it was read from them."""
    wall, cpu = time.monotonic_ns(), time.process_time_ns()
    try:
        if isinstance(job, bytes):
            job = _READ[program_id](decode.parse_json(job), of.spelling)
        result = encode.to_bytes(_RUN[program_id](job, of))
    except MemoryError as error:
        mebibytes = int(limits["memory_bytes"]) // 2**20
        return _failed(f"The job needed more than its {mebibytes} MiB of memory.", error), b""
    except (PayloadError, ResultTooLargeError) as error:
        sentence = " ".join(filter(None, [str(error), getattr(error, "remedy", "")]))
        return _failed(sentence, error, getattr(error, "code", None)), b""
    except SimulationError as error:
        return _failed(f"The simulator could not run a circuit: {error}", error), b""
    except Exception as error:  # noqa: BLE001 - a job may fail in any way
        return _failed(f"The job failed: {type(error).__name__}: {error}", error), b""
    metrics = {
        "circuits_execution_time_ns": time.monotonic_ns() - wall,
        "cpu_time_ns": time.process_time_ns() - cpu,
        "qiskit_version": _versions.get("qiskit", ""),
    }
    return {"metrics": metrics}, result


def _failed(reason: str, error: BaseException, code: int | None = None) -> dict[str, Any]:
    return {"failed": reason[:log_line_length_max], "code": code, "log": _story(error)}


def _story(error: BaseException) -> str:
    """The log of a failed attempt: what was said, and a traceback that names modules but no folders."""
    lines = [*_log, "Traceback (most recent call last):"]
    for frame in traceback.extract_tb(error.__traceback__):
        path = PurePath(frame.filename)
        lines.append(f'  File "{"/".join(path.parts[-2:])}", line {frame.lineno}, in {frame.name}')
    lines.append(f"{type(error).__name__}: {error}"[:log_line_length_max])
    return "\n".join(lines)

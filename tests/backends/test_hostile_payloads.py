"""What a client may send to do harm: nothing of it is executed, and it costs at most the worker that read it."""

from __future__ import annotations

import base64
import io
import json
import os
import pickle
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sessioncore.backends import LocalBackend
from sessioncore.backends.worker.decode import qpy_bytes_max
from sessioncore.ports import Attempt, Failed, Limits, Outcome, Refused, Succeeded
from tests.backends.conftest import wait_s_max
from tests.backends.payloads import bell, pub_with, qpy_of, sampler, wire_circuit

Run = Callable[..., Outcome]

_endless_count_at = 34
"""In a QPY file of version 17, the high byte of a 32-bit count that sends the loader into a very long loop."""


class _Touch:
    """Unpickling this makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.path}",)


def _array(npy: bytes) -> dict[str, str]:
    packed = base64.b64encode(zlib.compress(npy)).decode()
    return {"__type__": "ndarray", "__value__": packed}


def _reason(outcome: Outcome) -> str:
    assert isinstance(outcome, Failed), outcome
    return outcome.reason


@pytest.mark.parametrize(
    ("kind", "module", "name"),
    [("settings", "subprocess", "Popen"), ("_json", "os", "system"), ("to_json", "builtins", "eval")],
)
def test_no_class_is_looked_up_by_a_name_from_the_payload(
    run: Run, tmp_path: Path, kind: str, module: str, name: str
) -> None:
    trace = tmp_path / "was-here"
    evil = {
        "__type__": kind,
        "__module__": module,
        "__class__": name,
        "__value__": {"args": ["touch", str(trace)]},
    }
    reason = _reason(run("sampler", pub_with(evil)))
    assert f"not an encoded '{kind}'" in reason
    circuit = wire_circuit(qpy_of(bell()))
    assert f"not an encoded '{kind}'" in _reason(run("sampler", pub_with(circuit, evil)))
    params = {"version": 2, "pubs": [[circuit, evil, None, None]]}
    assert f"cannot be an encoded '{kind}'" in _reason(run("estimator", json.dumps(params).encode()))
    assert not trace.exists()


def test_a_pickle_in_an_array_is_not_read(run: Run, tmp_path: Path) -> None:
    trace = tmp_path / "was-here"
    file = io.BytesIO()
    np.save(file, np.array([_Touch(trace)], dtype=object), allow_pickle=True)
    pickled = pub_with(wire_circuit(qpy_of(bell())), _array(file.getvalue()))
    assert "nothing is unpickled" in _reason(run("sampler", pickled))
    bare = pub_with(wire_circuit(qpy_of(bell())), _array(pickle.dumps(_Touch(trace))))
    assert "not a readable npy file" in _reason(run("sampler", bare))
    assert not trace.exists()


def test_an_array_whose_header_promises_more_than_its_data_is_not_made(run: Run) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"
    npy = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header) + 1) + header + b"\n"
    assert "does not fit its shape" in _reason(run("sampler", pub_with(wire_circuit(qpy_of(bell())), _array(npy))))


def test_a_zlib_bomb_is_not_inflated(run: Run) -> None:
    bomb = base64.b64encode(zlib.compress(b"QISKIT" + bytes(qpy_bytes_max), 1)).decode()
    node = {"__type__": "QuantumCircuit", "__value__": bomb}
    assert "inflates to more than" in _reason(run("sampler", pub_with(node)))


@pytest.mark.parametrize("depth", [300, 100_000])
def test_deep_nesting_is_refused(backends: dict[str, LocalBackend], run: Run, depth: int) -> None:
    params = b'{"version":2,"pubs":[[' + b"[" * depth + b"]" * depth + b"]]}"
    assert "nested deeper" in _reason(run("sampler", params))
    refused = backends["ideal_5"].inspect("sampler", params).result(wait_s_max)
    assert isinstance(refused, Refused)


def test_qpy_below_version_13_is_refused_by_its_header(backends: dict[str, LocalBackend], run: Run) -> None:
    old = bytearray(qpy_of(bell(), version=13))
    old[6] = 12
    params = pub_with(wire_circuit(bytes(old)))
    assert "QPY version 12; versions below 13 are refused" in _reason(run("sampler", params))
    refused = backends["ideal_5"].inspect("sampler", params).result(wait_s_max)
    assert isinstance(refused, Refused)
    assert "QPY version 12" in refused.message


def test_symbols_in_an_encoding_that_needs_another_library_are_refused(run: Run) -> None:
    data = bytearray(qpy_of(bell()))
    data[18:19] = b"e"
    assert "encoding that is not read here" in _reason(run("sampler", pub_with(wire_circuit(bytes(data)))))


def test_mutated_circuits_cost_at_most_their_worker(run: Run) -> None:
    source = random.Random(20)
    original = qpy_of(bell())
    for _ in range(60):
        mutated = bytearray(original)
        mutated[source.randrange(19, len(mutated))] = source.randrange(256)
        outcome = run("sampler", pub_with(wire_circuit(bytes(mutated)), None, 8), limits=Limits(cpu_seconds=1))
        assert isinstance(outcome, Succeeded | Failed)
        assert not isinstance(outcome, Failed) or outcome.reason
    assert isinstance(run("sampler", sampler((bell(), None, 8))), Succeeded)


def test_a_circuit_that_loads_for_ever_fails_alone_and_its_neighbours_run_on(
    backends: dict[str, LocalBackend], run: Run
) -> None:
    endless = bytearray(qpy_of(bell(), version=17))
    endless[_endless_count_at] = 0x40
    params = pub_with(wire_circuit(bytes(endless)))
    limits = Limits(cpu_seconds=1)
    attempt = Attempt(job_id="endless", program_id="sampler", params=params, limits=limits)
    inspected = backends["ideal_5"].inspect("sampler", params)
    future = backends["ideal_5"].start(attempt)
    for _ in range(20):
        assert isinstance(run("sampler", sampler((bell(), None, 8)), "noisy_5"), Succeeded)
    outcome = future.result(wait_s_max)
    assert isinstance(outcome, Failed)
    assert outcome.reason_code == 1305
    assert "more CPU time than its limit" in outcome.reason
    assert inspected.result(wait_s_max) is None
    good = sampler((bell(), None, 8))
    assert backends["ideal_5"].inspect("sampler", good).result(wait_s_max) is None

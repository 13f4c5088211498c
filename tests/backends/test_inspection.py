"""What can be seen not to fit, before a job exists."""

from __future__ import annotations

import base64
import dataclasses
import json
import zlib
from collections.abc import Mapping
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit_ibm_runtime.options import EstimatorOptions
from qiskit_ibm_runtime.options import SamplerOptions as ClassicSamplerOptions

from sessioncore.backends import LocalBackend
from sessioncore.backends.worker.options import KNOWN
from sessioncore.ports import Refused
from tests.backends.conftest import wait_s_max
from tests.backends.payloads import (
    SamplerOptions,
    bell,
    estimator,
    executor_sampler,
    pub_with,
    qpy_of,
    sampler,
    wire_circuit,
)

Backends = dict[str, LocalBackend]

CLIENT_OPTIONS = [("sampler", ClassicSamplerOptions), ("estimator", EstimatorOptions)]


def _inspect(backends: Backends, program: str, params: bytes, name: str = "ideal_5") -> Refused | None:
    return backends[name].inspect(program, params).result(wait_s_max)


def test_nothing_is_found_against_a_payload_that_fits(backends: Backends) -> None:
    assert _inspect(backends, "sampler", sampler((bell(), None, 10))) is None
    assert _inspect(backends, "estimator", estimator((bell(measure=False), "ZZ"))) is None
    executor = executor_sampler([(bell(),)], SamplerOptions(), shots=16)
    assert _inspect(backends, "executor", executor) is None


def test_an_instruction_that_the_device_lacks_is_named_with_its_qubits_and_code_1517(backends: Backends) -> None:
    circuit = QuantumCircuit(3)
    circuit.h(1)
    refused = _inspect(backends, "sampler", sampler((circuit, None, 1)))
    assert refused is not None
    assert (refused.code, refused.message) == (
        1517,
        "Pub 0: The instruction h on qubit 1 is not supported by ideal_5.",
    )
    assert "Transpile the circuit for this backend" in refused.remedy


def test_a_pair_of_qubits_that_is_not_connected_is_named(backends: Backends) -> None:
    circuit = QuantumCircuit(5, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.cx(0, 2)
    assert _inspect(backends, "sampler", sampler((circuit, None, 1))) is None
    refused = _inspect(backends, "sampler", sampler((circuit, None, 1)), "noisy_5")
    assert refused is not None
    assert "cx on qubits (0, 2) is not supported by noisy_5" in refused.message


def test_a_gate_against_its_native_direction_is_refused(backends: Backends) -> None:
    for pair, fits in (((1, 0), True), ((0, 1), False)):
        circuit = QuantumCircuit(2)
        circuit.ecr(*pair)
        refused = _inspect(backends, "sampler", sampler((circuit, None, 1)), "fake_sherbrooke")
        assert (refused is None) == fits


def test_more_qubits_than_the_device_has_are_refused(backends: Backends) -> None:
    refused = _inspect(backends, "sampler", sampler((QuantumCircuit(6), None, 1)))
    assert refused is not None
    assert refused.message == "Pub 0: The circuit has 6 qubits; ideal_5 has 5."


CIRCUIT = wire_circuit(qpy_of(bell()))


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ([], "'params' must be an object"),
        ({}, "'version' must be 2"),
        ({"version": 1, "pubs": []}, "'version' must be 2"),
        ({"version": 2}, "'pubs' must be a list"),
        ({"version": 2, "pubs": {}}, "'pubs' must be a list"),
        ({"version": 2, "pubs": []}, "at least one pub"),
        ({"version": 2, "pubs": [5]}, "Pub 0 must be a list"),
        ({"version": 2, "pubs": [[5]]}, "A circuit was expected, not a number"),
        ({"version": 2, "pubs": [[CIRCUIT, None, 0]]}, "must be a positive integer"),
        ({"version": 2, "pubs": [[CIRCUIT, None, -1]]}, "must be a positive integer"),
        ({"version": 2, "pubs": [[CIRCUIT, None, 1.5]]}, "must be a positive integer"),
        ({"version": 2, "pubs": [[CIRCUIT, None, True]]}, "must be a positive integer"),
        ({"version": 2, "pubs": [[CIRCUIT, None, "many"]]}, "must be a positive integer"),
        ({"version": 2, "pubs": [[CIRCUIT, None, 10**9]]}, "more than this device's"),
        ({"version": 2, "pubs": [[CIRCUIT, [1.0]]]}, "The circuit has 0 parameters"),
        ({"version": 2, "pubs": [[CIRCUIT, [["x"]]]]}, "A number was expected, not text"),
        ({"version": 2, "pubs": [[CIRCUIT]], "options": 7}, "'options' must be an object"),
        ({"version": 2, "pubs": [[CIRCUIT]], "options": {"default_shots": "x"}}, "'default_shots' must be"),
        ({"version": 2, "pubs": [[CIRCUIT]], "options": {"simulator": {"seed_simulator": -1}}}, "A seed must be"),
        ({"version": 2, "pubs": [[CIRCUIT]], "options": {"shotz": 5}}, "There is no option 'shotz'"),
        ({"version": 2, "pubs": [[CIRCUIT]], "options": {"seed_estimator": 5}}, "There is no option 'seed_estimator'"),
        ({"version": 2, "pubs": [[CIRCUIT]], "options": {"twirling": 7}}, "'twirling' must be an object"),
        (
            {"version": 2, "pubs": [[CIRCUIT]], "options": {"twirling": {"enable_gates": "yes"}}},
            "'enable_gates' must be true or false",
        ),
        (
            {"version": 2, "pubs": [[CIRCUIT]], "options": {"dynamical_decoupling": {"sequence_type": "XYZ"}}},
            "'sequence_type' must be one of XX, XpXm, XY4",
        ),
        (
            {"version": 2, "pubs": [[CIRCUIT]], "options": {"execution": {"rep_delay": "long"}}},
            "'rep_delay' must be a positive number",
        ),
        (
            {"version": 2, "pubs": [[CIRCUIT]], "options": {"execution": {"meas_type": "kerneled"}}},
            "needs the signals of real hardware",
        ),
        ({"version": 2, "pubs": [[CIRCUIT]] * 1001}, "too many for one job"),
        ({"version": 2, "pubs": [[CIRCUIT, None, 100_000]] * 101}, "more than 10000000 executions"),
    ],
)
def test_wrong_types_and_sizes_are_refused_in_words(backends: Backends, params: Any, says: str) -> None:
    refused = _inspect(backends, "sampler", json.dumps(params).encode())
    assert refused is not None
    assert says in refused.message
    assert refused.code == 1208
    assert refused.remedy


@pytest.mark.parametrize(("program", "of_client"), CLIENT_OPTIONS)
def test_every_option_that_the_stock_client_can_send_is_known(program: str, of_client: type) -> None:
    sent = {field.name for field in dataclasses.fields(of_client)} - {"_VERSION"}
    assert sent <= set(KNOWN[program])
    for name, section in KNOWN[program].items():
        if isinstance(section, Mapping) and name not in ("experimental", "environment"):
            fields = {field.name for field in dataclasses.fields(type(getattr(of_client(), name)))}
            assert fields == set(section) or (program, name) == ("estimator", "execution")


def test_unknown_names_inside_a_section_pass_since_experimental_options_stand_there(backends: Backends) -> None:
    params = {"version": 2, "pubs": [[CIRCUIT]], "options": {"execution": {"fast": True}, "experimental": {"x": 1}}}
    assert _inspect(backends, "sampler", json.dumps(params).encode()) is None


@pytest.mark.parametrize(
    ("observables", "says"),
    [
        ("ZZZ", "one letter"),
        ("Zz", "one letter"),
        ({}, "must be a label"),
        ({"ZZ": "x"}, "A number was expected"),
        ({"ZZ": {"__type__": "complex", "__value__": [1, 1]}}, "must be real"),
        ([["ZZ"], ["ZZ", "XX"]], "ragged"),
        (7, "must be a label"),
    ],
)
def test_wrong_observables_are_refused_in_words(backends: Backends, observables: Any, says: str) -> None:
    circuit = wire_circuit(qpy_of(bell(measure=False)))
    params = {"version": 2, "pubs": [[circuit, observables]]}
    refused = _inspect(backends, "estimator", json.dumps(params).encode())
    assert refused is not None
    assert says in refused.message


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema_version": "v9.9"}, "'v2.0' is"),
        ({"quantum_program": 5}, "'quantum_program' must be an object"),
        ({"quantum_program": {"shots": 0}}, "'shots' must be a positive integer"),
        ({"quantum_program": {"shots": 5, "items": 5}}, "'items' must be a list"),
        ({"quantum_program": {"shots": 5, "items": [{}]}}, "Item 0 must be"),
        ({"quantum_program": {"shots": 5, "items": [], "meas_level": "kerneled"}}, "signals of real"),
    ],
)
def test_wrong_executor_payloads_are_refused_in_words(backends: Backends, change: dict[str, Any], says: str) -> None:
    params = json.loads(executor_sampler([(bell(),)], SamplerOptions(), shots=16)) | change
    refused = _inspect(backends, "executor", json.dumps(params).encode())
    assert refused is not None
    assert says in refused.message


def test_an_unknown_program_is_refused_with_those_that_are_run(backends: Backends) -> None:
    refused = _inspect(backends, "noise-learner", b"{}")
    assert refused is not None
    assert refused.remedy == "Use one of estimator, executor, sampler."


@pytest.mark.parametrize(
    "circuit",
    [
        {"__type__": "QuantumCircuit", "__value__": "%%%"},
        {"__type__": "QuantumCircuit", "__value__": base64.b64encode(b"no zlib").decode()},
        {"__type__": "QuantumCircuit", "__value__": base64.b64encode(zlib.compress(b"no qpy")).decode()},
        wire_circuit(qpy_of(bell())[:200]),
    ],
)
def test_bytes_that_cannot_be_decoded_are_left_to_the_job_which_fails_by_them(
    backends: Backends, run: Any, circuit: dict[str, str]
) -> None:
    assert _inspect(backends, "sampler", pub_with(circuit)) is None
    outcome = run("sampler", pub_with(circuit))
    assert outcome.reason
    assert "Traceback" in outcome.log
    assert "/site-packages/" not in outcome.log

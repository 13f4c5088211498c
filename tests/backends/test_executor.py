"""The executor program, schema v2.0, with payloads that the client's new primitives prepare and results they read."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import pi

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import PauliLindbladMap, SparsePauliOp

from sessioncore.ports import Failed, Outcome
from tests.backends.payloads import (
    EstimatorOptions,
    SamplerOptions,
    bell,
    executor_estimator,
    executor_result,
    executor_sampler,
    noise_layers,
    transpiled,
)

Succeed = Callable[..., bytes]


@pytest.mark.parametrize("twirled", [False, True])
def test_the_new_sampler_gets_its_counts(succeed: Succeed, twirled: bool) -> None:
    options = SamplerOptions()
    options.twirling.enable_gates = twirled
    options.twirling.enable_measure = twirled
    params = executor_sampler([(bell(),)], options, shots=1024)
    kind = json.loads(params)["quantum_program"]["items"][0]["item_type"]
    assert kind == ("samplex" if twirled else "circuit")
    counts = executor_result(succeed("executor", params))[0].data.meas.get_counts()
    assert set(counts) == {"00", "11"}
    assert sum(counts.values()) == 1024


def test_the_new_sampler_sweeps_over_parameters(succeed: Succeed) -> None:
    angle = Parameter("angle")
    circuit = QuantumCircuit(1)
    circuit.rx(angle, 0)
    circuit.measure_all()
    for twirled in (False, True):
        options = SamplerOptions()
        options.twirling.enable_measure = twirled
        native = transpiled(circuit, "ideal_5")
        params = executor_sampler([(native, [[0.0], [pi]])], options, shots=64)
        bits = executor_result(succeed("executor", params))[0].data.meas
        assert bits.get_counts(0) == {"0": 64}
        assert bits.get_counts(1) == {"1": 64}


@pytest.mark.parametrize("level", [0, 1, 2])
def test_the_new_estimator_gets_its_values_at_every_resilience_level(succeed: Succeed, level: int) -> None:
    options = EstimatorOptions()
    options.resilience_level = level
    circuit = transpiled(bell(measure=False), "ideal_5")
    observables = [SparsePauliOp(label).apply_layout(circuit.layout) for label in ("ZZ", "XX", "ZI")]
    params = executor_estimator([(circuit, observables)], options)
    data = executor_result(succeed("executor", params))[0].data
    assert data.evs.tolist() == pytest.approx([1, 1, 0], abs=0.2)


def test_the_new_estimator_measures_all_127_qubits(succeed: Succeed) -> None:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    wide = transpiled(circuit, "ideal_127")
    options = EstimatorOptions()
    options.twirling.num_randomizations = 4
    options.twirling.shots_per_randomization = 64
    observable = SparsePauliOp("ZZ").apply_layout(wide.layout)
    params = executor_estimator([(wide, observable)], options)
    data = executor_result(succeed("executor", params, "ideal_127"))[0].data
    assert float(data.evs) == 1


def test_what_a_samplex_draws_comes_back_with_the_bits_the_signs_of_pec_included(succeed: Succeed) -> None:
    options = EstimatorOptions()
    options.resilience_level = 0
    options.twirling.enable_gates = True
    options.twirling.num_randomizations = 200
    options.twirling.shots_per_randomization = 10
    options.resilience.pec_mitigation = True
    circuit = transpiled(bell(measure=False), "ideal_5")
    weak = 0.01
    options.resilience.layer_noise_model = [
        (layer, PauliLindbladMap.from_sparse_list([("X", [0], weak)], num_qubits=len(layer.qubits)))
        for layer in noise_layers(circuit, options)
    ]
    params = executor_estimator([(circuit, SparsePauliOp("ZZ").apply_layout(circuit.layout))], options)
    body = succeed("executor", params)
    assert any("pauli_signs" in item["results"] for item in json.loads(body)["data"])
    assert 0.8 < float(executor_result(body)[0].data.evs) < 1.2


def test_passthrough_data_and_the_semantic_role_are_echoed(succeed: Succeed) -> None:
    payload = json.loads(executor_sampler([(bell(),)], SamplerOptions(), shots=16))
    payload["quantum_program"]["passthrough_data"] = {"any": [1, {"thing": None}]}
    payload["quantum_program"]["semantic_role"] = "somebody-else's"
    result = json.loads(succeed("executor", json.dumps(payload).encode()))
    assert result["passthrough_data"] == {"any": [1, {"thing": None}]}
    assert result["semantic_role"] == "somebody-else's"
    (chunk,) = result["metadata"]["chunk_timing"]
    assert chunk["parts"] == [{"idx_item": 0, "size": 1, "permutation": [], "element_range": [0, 1, 1]}]


def test_another_schema_version_is_refused_by_name(run: Callable[..., Outcome]) -> None:
    payload = json.loads(executor_sampler([(bell(),)], SamplerOptions(), shots=16))
    payload["schema_version"] = "v1.0"
    outcome = run("executor", json.dumps(payload).encode())
    assert isinstance(outcome, Failed)
    assert "'v2.0' is" in outcome.reason


def test_an_old_qpy_file_inside_a_samplex_is_refused_like_any_other(run: Callable[..., Outcome]) -> None:
    import base64

    options = SamplerOptions()
    options.twirling.enable_gates = True
    payload = json.loads(executor_sampler([(bell(),)], options, shots=64))
    samplex = payload["quantum_program"]["items"][0]["samplex"]
    graph = json.loads(samplex["samplex_json"])
    table = json.loads(graph["attrs"]["param_table"])
    inner = table if "circuit_base64" in table else json.loads(table["data"])
    old = bytearray(base64.b64decode(inner["circuit_base64"]))
    old[6] = 12
    inner["circuit_base64"] = base64.b64encode(bytes(old)).decode()
    if inner is not table:
        table["data"] = json.dumps(inner)
    graph["attrs"]["param_table"] = json.dumps(table)
    samplex["samplex_json"] = json.dumps(graph)
    outcome = run("executor", json.dumps(payload).encode())
    assert isinstance(outcome, Failed)
    assert "QPY version 12" in outcome.reason

"""The sampler program, in a real worker, read by the client's own decoder."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import cos, pi, sqrt

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.primitives import PrimitiveResult

from sessioncore.ports import Failed, Outcome
from tests.backends.payloads import bell, decoded, sampler, transpiled

Succeed = Callable[..., bytes]
sigmas = 6


def near(count: int, shots: int, probability: float) -> bool:
    return abs(count - shots * probability) < sigmas * sqrt(shots * probability * (1 - probability)) + 1


def test_a_bell_pair_gives_equal_bits(succeed: Succeed) -> None:
    result = decoded(succeed("sampler", sampler((bell(), None, 1024))))
    assert isinstance(result, PrimitiveResult)
    counts = result[0].data.meas.get_counts()
    assert set(counts) == {"00", "11"}
    assert sum(counts.values()) == 1024
    assert near(counts["00"], 1024, 0.5)


def test_the_metadata_says_version_2_and_when_each_shot_was_taken(succeed: Succeed) -> None:
    circuit = bell()
    circuit.metadata = {"note": "mine"}
    result = decoded(succeed("sampler", sampler((circuit, None, 100))))
    assert result.metadata["version"] == 2
    spans = result.metadata["execution"]["execution_spans"]
    assert spans[0].size == 100
    assert spans.start <= spans.stop
    assert result[0].metadata == {"circuit_metadata": {"note": "mine"}}


def test_without_shots_of_its_own_a_pub_takes_the_default_of_the_job_or_4096(succeed: Succeed) -> None:
    own, default = (
        decoded(succeed("sampler", sampler((bell(),), options=options)))[0].data.meas.num_shots
        for options in ({"default_shots": 77}, {})
    )
    assert (own, default) == (77, 4096)


def test_a_sweep_keeps_the_shape_of_its_parameter_values(succeed: Succeed) -> None:
    angle, other = Parameter("b"), Parameter("a")
    circuit = QuantumCircuit(2)
    circuit.rx(angle, 0)
    circuit.rx(other, 1)
    circuit.measure_all()
    angles = np.linspace(0, pi, 6).reshape(2, 3)
    values = {"b": angles, "a": np.full((2, 3), pi)}
    bits = decoded(succeed("sampler", sampler((circuit, values, 2000))))[0].data.meas
    assert bits.shape == (2, 3)
    for at in np.ndindex(2, 3):
        ones = bits.get_counts(at).get("11", 0)
        assert near(ones, 2000, (1 - cos(angles[at])) / 2)


def test_a_job_may_have_many_pubs_and_a_pub_many_registers(succeed: Succeed) -> None:
    qubits, low, high = QuantumRegister(5), ClassicalRegister(2, "low"), ClassicalRegister(9, "high")
    circuit = QuantumCircuit(qubits, low, high)
    circuit.x(0)
    circuit.x(3)
    circuit.measure([0, 1], low)
    circuit.measure([2, 3], [high[0], high[8]])
    result = decoded(succeed("sampler", sampler((circuit, None, 10), (bell(), None, 20))))
    assert result[0].data.low.get_counts() == {"01": 10}
    assert result[0].data.high.get_counts() == {"100000000": 10}
    assert result[1].data.meas.num_shots == 20


def test_measuring_in_mid_circuit_and_branching_on_it_work(succeed: Succeed) -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.sx(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.reset(0)
    circuit.delay(100, 0, unit="dt")
    circuit.measure(1, 1)
    for name in ("ideal_5", "noisy_5"):
        counts = decoded(succeed("sampler", sampler((circuit, None, 1000)), name))[0].data.c.get_counts()
        assert counts["00"] + counts["11"] >= (1000 if name == "ideal_5" else 900)
        assert 400 < counts["11"] < 600


def test_a_seed_repeats_a_run_and_none_does_not(succeed: Succeed) -> None:
    def shots(options: dict[str, object]) -> list[str]:
        params = sampler((bell(), None, 200), options=options)
        return decoded(succeed("sampler", params))[0].data.meas.get_bitstrings()

    seeded: dict[str, object] = {"simulator": {"seed_simulator": 7}}
    assert shots(seeded) == shots(seeded)
    assert shots({}) != shots({})


def test_options_without_a_meaning_for_a_simulator_do_no_harm(succeed: Succeed) -> None:
    options = {
        "execution": {"init_qubits": True, "rep_delay": 0.00025},
        "dynamical_decoupling": {"enable": True, "sequence_type": "XY4"},
        "twirling": {"enable_gates": True, "enable_measure": True, "num_randomizations": 8},
        "environment": {"log_level": "INFO", "job_tags": ["x"]},
        "experimental": {"anything": {"__type__": "settings", "__value__": {}}},
    }
    result = decoded(succeed("sampler", sampler((bell(), None, 64), options=options)))
    assert result[0].data.meas.num_shots == 64


def test_a_noisy_device_makes_errors_and_a_noiseless_one_does_not(succeed: Succeed) -> None:
    for name, at_least, at_most in (("noisy_5", 10, 600), ("fake_manila", 10, 900), ("ideal_5", 0, 0)):
        counts = decoded(succeed("sampler", sampler((bell(), None, 4000)), name))[0].data.meas.get_counts()
        wrong = counts.get("01", 0) + counts.get("10", 0)
        assert at_least <= wrong <= at_most, (name, wrong)


@pytest.mark.parametrize("name", ["ideal_127", "fake_sherbrooke"])
def test_a_127_qubit_device_runs_small_and_full_width_circuits(succeed: Succeed, name: str) -> None:
    small = QuantumCircuit(3)
    small.h(0)
    small.cx(0, 1)
    small.cx(1, 2)
    small.measure_all()
    spelled = name if name.startswith("ideal") else f"{name}:noiseless"
    counts = decoded(succeed("sampler", sampler((transpiled(small, spelled), None, 500)), name))
    assert set(counts[0].data.meas.get_counts()) == {"000", "111"}

    wide = QuantumCircuit(127)
    wide.x(range(0, 127, 2))
    wide.measure_all()
    bits = decoded(succeed("sampler", sampler((wide, None, 100)), name))[0].data.meas
    assert bits.get_counts() == {"10" * 63 + "1": 100}


@pytest.mark.parametrize("tilt", [0.0, 0.3])
def test_27_entangled_qubits_are_simulated_whether_clifford_or_not(succeed: Succeed, tilt: float) -> None:
    line = [*range(13), 17, *range(30, 17, -1)]
    cat = QuantumCircuit(127, len(line))

    def hadamard(qubit: int) -> None:
        cat.rz(pi / 2, qubit)
        cat.sx(qubit)
        cat.rz(pi / 2, qubit)

    hadamard(line[0])
    for one, two in pairwise(line):
        hadamard(two)
        cat.cz(one, two)
        hadamard(two)
    cat.rz(tilt, line[-1])
    cat.measure(line, range(len(line)))
    counts = decoded(succeed("sampler", sampler((cat, None, 50)), "ideal_127"))[0].data.c.get_counts()
    assert set(counts) == {"0" * len(line), "1" * len(line)}


def test_kerneled_measurements_are_refused_with_a_reason(run: Callable[..., Outcome]) -> None:
    params = sampler((bell(), None, 64), options={"execution": {"meas_type": "kerneled"}})
    outcome = run("sampler", params)
    assert isinstance(outcome, Failed)
    assert "signals of real hardware" in outcome.reason

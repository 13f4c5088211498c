"""The estimator program, in a real worker, read by the client's own decoder."""

from __future__ import annotations

from collections.abc import Callable
from math import pi

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp

from tests.backends.payloads import bell, decoded, estimator, transpiled

Succeed = Callable[..., bytes]


def test_a_bell_pair_has_the_correlations_that_it_is_known_for(succeed: Succeed) -> None:
    observables = ["ZZ", "XX", "YY", "II", "00", "01", "++", "rl"]
    data = decoded(succeed("estimator", estimator((bell(measure=False), observables))))[0].data
    assert data.evs.tolist() == pytest.approx([1, 1, -1, 1, 0.5, 0, 0.5, 0.5], abs=0.05)
    assert data.stds[:4].tolist() == [0, 0, 0, 0]
    assert 0.006 < data.stds[4] < 0.009


def test_a_single_observable_gives_arrays_without_axes(succeed: Succeed) -> None:
    result = decoded(succeed("estimator", estimator((bell(measure=False), "ZZ"))))
    data = result[0].data
    for field in (data.evs, data.stds, data.ensemble_standard_error):
        assert isinstance(field, np.ndarray)
        assert field.shape == ()


def test_by_default_the_precision_is_that_of_4096_shots_and_the_metadata_says_so(succeed: Succeed) -> None:
    metadata = decoded(succeed("estimator", estimator((bell(measure=False), "ZZ"))))[0].metadata
    assert metadata == {
        "shots": 4096,
        "target_precision": 0.015625,
        "circuit_metadata": {},
        "resilience": {},
        "num_randomizations": 1,
    }


def test_twirling_options_say_how_many_shots_there_were(succeed: Succeed) -> None:
    options = {
        "twirling": {"enable_gates": True, "num_randomizations": 16, "shots_per_randomization": 100},
        "resilience": {"pec_mitigation": True},
        "resilience_level": 1,
    }
    params = estimator((bell(measure=False), "ZZ"), options=options)
    metadata = decoded(succeed("estimator", params))[0].metadata
    assert (metadata["shots"], metadata["num_randomizations"]) == (1600, 16)
    assert metadata["sampling_overhead"] == 1.0


def test_observables_and_parameter_values_broadcast_against_each_other(succeed: Succeed) -> None:
    angle = Parameter("angle")
    circuit = QuantumCircuit(1)
    circuit.rx(angle, 0)
    angles = np.linspace(0, pi, 5)
    observables = [[SparsePauliOp(["Z", "I"], [2.0, 0.5])], ["Y"], ["1"]]
    params = estimator((circuit, observables, angles.reshape(5, 1), 0.01))
    data = decoded(succeed("estimator", params))[0].data
    assert data.evs.shape == (3, 5)
    expected = [2 * np.cos(angles) + 0.5, -np.sin(angles), (1 - np.cos(angles)) / 2]
    assert np.abs(data.evs - expected).max() < 0.1


def test_values_scatter_with_the_precision_that_was_asked_for(succeed: Succeed) -> None:
    circuit = QuantumCircuit(1)
    circuit.sx(0)
    precision = 0.05
    pubs = [(circuit, "Z", None, precision)] * 200
    result = decoded(succeed("estimator", estimator(*pubs)))
    values = np.array([pub.data.evs for pub in result])
    assert 0.6 < values.std() / precision < 1.5
    assert np.mean([pub.data.stds for pub in result]) == pytest.approx(precision, rel=0.05)


def test_a_seed_repeats_an_estimate(succeed: Succeed) -> None:
    def value(options: dict[str, object]) -> float:
        params = estimator((bell(measure=False), "ZI"), options=options)
        return float(decoded(succeed("estimator", params))[0].data.evs)

    assert value({"seed_estimator": 3}) == value({"seed_estimator": 3})


def test_observables_as_wide_as_127_qubits_are_estimated(succeed: Succeed) -> None:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    wide = transpiled(circuit, "ideal_127")
    observables = [SparsePauliOp(label).apply_layout(wide.layout) for label in ("ZZ", "XX", "ZI")]
    whole = SparsePauliOp("Z" * 127)
    params = estimator((wide, [*observables, whole]))
    data = decoded(succeed("estimator", params, "ideal_127"))[0].data
    assert data.evs.tolist() == pytest.approx([1, 1, 0, 1], abs=0.1)


def test_noise_takes_something_from_a_correlation(succeed: Succeed) -> None:
    for name in ("noisy_5", "fake_manila"):
        data = decoded(succeed("estimator", estimator((bell(measure=False), "ZZ")), name))[0].data
        assert 0.7 < float(data.evs) < 0.99


def test_the_precision_of_a_pub_comes_before_that_of_the_job(succeed: Succeed) -> None:
    circuit = bell(measure=False)
    pubs = ((circuit, "ZI", None, 0.1), (circuit, "ZI"))
    result = decoded(succeed("estimator", estimator(*pubs, options={"default_precision": 0.05})))
    assert [pub.metadata["shots"] for pub in result] == [100, 400]

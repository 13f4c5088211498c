"""The classic ``estimator`` program, version 2 (ibm-rest 8.1, 8.2).

Values are estimated as a device would: every observable is measured, in as few bases as a greedy grouping of its terms
finds, with as many shots as the precision asks for (``ceil(1 / precision**2)``). So values scatter about the exact ones
with the shot noise of a real run, an eigenstate gives its eigenvalue exactly, and ``stds`` are the standard errors of
what was measured. Options that ask for error mitigation are accepted and change nothing but the metadata.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from qiskit import ClassicalRegister, QuantumCircuit

from sessioncore.backends.devices import Device
from sessioncore.core.values import value
from sessioncore.ports import Json

from . import encode
from .options import Options
from .payload import EstimatorPub, Observable, basis_letter
from .sampler import metadata
from .simulate import Sampler, Shots

_register = "sessioncore_estimator"
_half_turn = math.pi / 2

Basis = dict[int, str]
"""From qubits to the axis, X, Y or Z, along which they are measured."""


@final
@value
class _Measurement:
    """One basis: which qubits are measured along which axes, and the terms that are read from it."""

    basis: Mapping[int, str]
    terms: tuple[str, ...]


def run_estimator(job: tuple[list[EstimatorPub], Options], device: Device) -> Json:
    """Run an estimator job as :func:`~.payload.estimator_pubs` reads it; returns the encoded ``PrimitiveResult``."""
    pubs, chosen = job
    sampler = Sampler(device, chosen.seed)
    results = [_pub(pub, chosen, sampler) for pub in pubs]
    return encode.primitive_result(results, {"version": 2})


def _pub(pub: EstimatorPub, chosen: Options, sampler: Sampler) -> Json:
    shots, randomizations = _shots(pub.precision, chosen)
    values, errors = _estimate(pub, shots, sampler)
    fields = {
        "evs": encode.array(values),
        "stds": encode.array(errors),
        "ensemble_standard_error": encode.array(errors),
    }
    about: dict[str, Json] = {
        "shots": shots,
        "target_precision": pub.precision,
        "circuit_metadata": metadata(pub.circuit),
        "resilience": {},
        "num_randomizations": randomizations,
    }
    if chosen.resilience.get("pec_mitigation") is True:
        about["sampling_overhead"] = 1.0
    return encode.pub_result("PubResult", encode.data_bin(pub.shape, fields), about)


def _shots(precision: float, chosen: Options) -> tuple[int, int]:
    """How many shots, and how many randomizations are reported: twirling options win over the precision."""
    if chosen.randomizations and chosen.shots_per_randomization:
        return chosen.randomizations * chosen.shots_per_randomization, chosen.randomizations
    shots = math.ceil(round(precision**-2, 6))
    return shots, chosen.randomizations or (32 if chosen.twirled else 1)


def _estimate(pub: EstimatorPub, shots: int, sampler: Sampler) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Expectation values and their standard errors, in the shape of the pub."""
    grid = pub.values.shape[:-1]
    points = pub.values.reshape(math.prod(grid), pub.values.shape[-1])
    rows = np.broadcast_to(np.arange(len(points)).reshape(grid), pub.shape).ravel()
    wanted: list[Observable] = list(np.broadcast_to(pub.observables, pub.shape).ravel())
    values = np.zeros(len(wanted))
    variances = np.zeros(len(wanted))
    of_row: dict[int, list[int]] = {}
    for at, row in enumerate(rows.tolist()):
        of_row.setdefault(row, []).append(at)
    # points at which the same terms are wanted are swept over together
    sweeps: dict[frozenset[str], list[int]] = {}
    for row, places in of_row.items():
        terms = frozenset(term for at in places for term in wanted[at])
        sweeps.setdefault(terms, []).append(row)
    for terms, in_sweep in sweeps.items():
        for measurement in group_terms(sorted(terms)):
            kept = frozenset(measurement.terms)
            circuit, qubits = measured_circuit(pub.circuit, measurement.basis)
            runs = sampler.sample(circuit, points[in_sweep], shots)
            for row, run in zip(in_sweep, runs, strict=True):
                per_term = _outcome_values(run, measurement, qubits, pub.circuit)
                weights = run.weights()
                for at in of_row[row]:
                    mean, variance = _mean(wanted[at], kept, per_term, weights)
                    values[at] += mean
                    variances[at] += variance / shots
    return values.reshape(pub.shape), np.sqrt(variances).reshape(pub.shape)


def group_terms(terms: Iterable[str]) -> list[_Measurement]:
    """Terms that can be read from one measurement, together: no qubit along two axes. Greedy, first fit."""
    groups: list[tuple[Basis, list[str]]] = []
    for term in terms:
        needs = {qubit: basis_letter(letter) for qubit, letter in enumerate(reversed(term)) if letter != "I"}
        for basis, members in groups:
            if all(basis.get(qubit, axis) == axis for qubit, axis in needs.items()):
                basis.update(needs)
                members.append(term)
                break
        else:
            groups.append((needs, [term]))
    return [_Measurement(basis=basis, terms=tuple(members)) for basis, members in groups]


def measured_circuit(circuit: QuantumCircuit, basis: Mapping[int, str]) -> tuple[QuantumCircuit, tuple[int, ...]]:
    """``circuit`` with its qubits measured along ``basis`` at its end, and those qubits in the order of the bits."""
    qubits = tuple(sorted(basis))
    extended = circuit.copy()
    register = ClassicalRegister(len(qubits), _register)
    extended.add_register(register)
    for bit, qubit in enumerate(qubits):
        axis = basis[qubit]
        if axis == "Y":
            extended.rz(-_half_turn, qubit)
        if axis != "Z":  # a Hadamard gate in gates that every device has
            extended.rz(_half_turn, qubit)
            extended.sx(qubit)
            extended.rz(_half_turn, qubit)
        extended.measure(qubit, register[bit])
    return extended, qubits


def _outcome_values(
    run: Shots, measurement: _Measurement, qubits: Sequence[int], circuit: QuantumCircuit
) -> dict[str, NDArray[np.float64]]:
    """Per term, its value for each outcome: a product of +-1 for Pauli letters, of 0 or 1 for projectors."""
    first = circuit.num_clbits
    column = {qubit: first + bit for bit, qubit in enumerate(qubits)}
    found = {}
    for term in measurement.terms:
        product = np.ones(len(run.outcomes))
        for qubit, letter in enumerate(reversed(term)):
            if letter == "I":
                continue
            bits: NDArray[Any] = run.outcomes[:, column[qubit]]
            if letter in "XYZ":
                product *= 1.0 - 2.0 * bits
            elif letter in "0+r":
                product *= 1.0 - bits
            else:
                product *= bits
        found[term] = product
    return found


def _mean(
    observable: Observable,
    kept: frozenset[str],
    per_term: Mapping[str, NDArray[np.float64]],
    weights: NDArray[np.intp],
) -> tuple[float, float]:
    """Mean and variance, over the shots of one measurement, of the observable's terms that are read from it."""
    total = sum(
        (coefficient * per_term[term] for term, coefficient in observable.items() if term in kept),
        start=np.zeros(len(weights)),
    )
    shots = weights.sum()
    mean = float(np.dot(total, weights) / shots)
    variance = float(np.dot((total - mean) ** 2, weights) / shots)
    return mean, variance

"""The parameters of each program, read and checked: what a job's ``params`` object must look like (ibm-rest 8).

The inspector and the worker read a payload with the same functions, so what one lets pass the other can run.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit

from sessioncore.backends.devices import device
from sessioncore.core.values import value
from sessioncore.ports import Json

from . import decode
from .decode import PayloadError
from .instructions import instruction_set
from .options import Options, object_of, options, positive_int, positive_number

default_shots = 4096
default_precision = 0.015625

pubs_max = 1000
"""Most pubs in one job."""

executions_max = 10_000_000
"""Most shots in one job, over all circuits and parameter values."""

schema_version = "v2.0"
"""The one version of the executor's schema that is read."""

kept_circuits_max = 16
"""How many circuits, each read and found to fit its device, a worker remembers: those used last."""

kept_qpy_bytes_max = 2**16
"""Largest QPY file, inflated, whose circuit is remembered."""

_circuits: OrderedDict[tuple[str, bytes], QuantumCircuit] = OrderedDict()
"""By device and QPY file: a program that iterates sends one circuit again and again, with other values."""

_BASIS_OF = {"Z": "Z", "0": "Z", "1": "Z", "X": "X", "+": "X", "-": "X", "Y": "Y", "r": "Y", "l": "Y"}
_ALPHABET = frozenset(_BASIS_OF) | {"I"}

Observable = dict[str, float]
"""From Pauli or projector labels, one letter per qubit, to coefficients."""


@final
@value
class SamplerPub:
    """A circuit, its parameter values of shape ``(*points, parameters)``, and its shots."""

    circuit: QuantumCircuit
    values: NDArray[np.float64]
    shots: int


@final
@value
class EstimatorPub:
    """A circuit, observables and parameter values that broadcast against one another, and a precision."""

    circuit: QuantumCircuit
    observables: NDArray[Any]
    values: NDArray[np.float64]
    precision: float

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the expectation values."""
        return np.broadcast_shapes(self.observables.shape, self.values.shape[:-1])


def _pubs(params: Json, program_id: str) -> list[list[Json]]:
    if not isinstance(params, dict):
        raise PayloadError("'params' must be an object.")
    if params.get("version") != 2:
        raise PayloadError(
            f"'version' must be 2 in the params of {program_id!r}.",
            remedy="Use the V2 primitives.",
        )
    pubs = params.get("pubs")
    if not isinstance(pubs, list) or not pubs:
        raise PayloadError("'pubs' must be a list of at least one pub.")
    if len(pubs) > pubs_max:
        raise PayloadError(
            f"{len(pubs)} pubs are too many for one job; {pubs_max} are allowed.",
            remedy="Spread them over several jobs.",
        )
    for at, pub in enumerate(pubs):
        if not isinstance(pub, list) or not pub:
            raise PayloadError(f"Pub {at} must be a list that starts with a circuit.")
    return pubs


def _circuit(node: Json, at: int, spelling: str) -> QuantumCircuit:
    """The circuit, which must fit the device. It may be handed out again, so nobody changes it."""
    data = decode.qpy_of(node)
    known = _circuits.get((spelling, data))
    if known is not None:
        _circuits.move_to_end((spelling, data))
        return known
    circuit = decode.circuit_from_qpy(data)
    try:
        instruction_set(spelling).check(circuit)
    except PayloadError as error:
        raise PayloadError(f"Pub {at}: {error}", remedy=error.remedy, code=error.code) from None
    if len(data) <= kept_qpy_bytes_max:
        _circuits[spelling, data] = circuit
        if len(_circuits) > kept_circuits_max:
            _circuits.popitem(last=False)
    return circuit


def _check_executions(total: int, shots: int, spelling: str) -> None:
    most = device(spelling).configuration.get("max_shots", executions_max)
    if shots > most:
        raise PayloadError(f"{shots} shots are more than this device's {most}.")
    if total > executions_max:
        raise PayloadError(
            f"The job asks for more than {executions_max} executions.",
            remedy="Ask for fewer shots, or spread the work over several jobs.",
        )


def sampler_pubs(params: Json, spelling: str) -> tuple[list[SamplerPub], Options]:
    """The pubs ``[circuit, values, shots]`` and options of a sampler job for the device that is spelled so."""
    nodes, chosen = _pubs(params, "sampler"), options(params, "sampler")
    twirled = (chosen.randomizations or 0) * (chosen.shots_per_randomization or 0)
    fallback = positive_int(params.get("shots"), "'shots'") or chosen.shots or twirled
    pubs: list[SamplerPub] = []
    total = 0
    for at, node in enumerate(nodes):
        if len(node) > 3:
            raise PayloadError(f"Pub {at} has more than a circuit, parameter values and shots.")
        circuit = _circuit(node[0], at, spelling)
        values = decode.parameter_values(node[1] if len(node) > 1 else None, circuit)
        own = positive_int(node[2], f"The shots of pub {at}") if len(node) > 2 else None
        pub = SamplerPub(circuit=circuit, values=values, shots=own or fallback or default_shots)
        total += pub.shots * math.prod(values.shape[:-1])
        _check_executions(total, pub.shots, spelling)
        pubs.append(pub)
    return pubs, chosen


def estimator_pubs(params: Json, spelling: str) -> tuple[list[EstimatorPub], Options]:
    """The pubs ``[circuit, observables, values, precision]`` and options of an estimator job."""
    nodes, chosen = _pubs(params, "estimator"), options(params, "estimator")
    fallback = positive_number(params.get("precision"), "'precision'") or chosen.precision
    if fallback is None and chosen.shots is not None:
        fallback = 1 / math.sqrt(chosen.shots)
    pubs: list[EstimatorPub] = []
    total = 0
    for at, node in enumerate(nodes):
        if not 2 <= len(node) <= 4:
            raise PayloadError(f"Pub {at} must be a circuit, observables, parameter values and a precision.")
        circuit = _circuit(node[0], at, spelling)
        own = positive_number(node[3], f"The precision of pub {at}") if len(node) > 3 else None
        pub = EstimatorPub(
            circuit=circuit,
            observables=observables(node[1], circuit.num_qubits),
            values=decode.parameter_values(node[2] if len(node) > 2 else None, circuit),
            precision=own or fallback or default_precision,
        )
        try:
            points = math.prod(pub.shape)
        except ValueError as error:
            raise PayloadError(f"Pub {at}: observables and parameter values do not fit together: {error}.") from None
        total += math.ceil(pub.precision**-2) * points
        _check_executions(total, 1, spelling)
        pubs.append(pub)
    return pubs, chosen


def observables(node: Json, qubits: int) -> NDArray[Any]:
    """An array of observables: nested lists of labels or of objects from labels to coefficients."""
    if decode.typed(node) in ("ObservablesArray", "ndarray"):
        node = node["__value__"]
    shape: list[int] = []
    flat: list[Json] = [node]
    while flat and isinstance(flat[0], list):
        sizes = {len(item) if isinstance(item, list) else -1 for item in flat}
        if len(sizes) != 1 or -1 in sizes:
            raise PayloadError("The observables are a ragged list.")
        shape.append(sizes.pop())
        flat = [child for item in flat for child in item]
    found = np.empty(len(flat), dtype=object)
    for at, item in enumerate(flat):
        found[at] = _observable(item, qubits)
    return found.reshape(shape)


def _observable(node: Json, qubits: int) -> Observable:
    terms: Mapping[str, Json]
    kind = decode.typed(node)
    if kind is not None:
        raise PayloadError(
            f"An observable cannot be an encoded {kind[:40]!r}.",
            remedy="Send observables as objects from Pauli labels to numbers.",
        )
    if isinstance(node, str):
        terms = {node: 1.0}
    elif isinstance(node, dict) and node:
        terms = node
    else:
        raise PayloadError("An observable must be a label or an object from labels to numbers.")
    result: Observable = {}
    for label, coefficient in terms.items():
        if len(label) != qubits or not _ALPHABET.issuperset(label):
            raise PayloadError(
                f"The observable {label[:40]!r} must have one letter of I, X, Y, Z, 0, 1, +, -, r, l"
                f" for each of the circuit's {qubits} qubits.",
                remedy="Apply the circuit's layout to the observable: observable.apply_layout(...).",
            )
        number = decode.complex_number(coefficient)
        if number.imag != 0 or not math.isfinite(number.real):
            raise PayloadError("The coefficients of an observable must be real.")
        result[label] = number.real
    return result


def basis_letter(letter: str) -> str:
    """The axis, X, Y or Z, along which ``letter`` is measured."""
    return _BASIS_OF[letter]


def check_items(params: Json) -> Sequence[Mapping[str, Json]]:
    """The items of an executor job, after its outer shape was checked (ibm-rest 8.3)."""
    if not isinstance(params, dict):
        raise PayloadError("'params' must be an object.")
    if params.get("schema_version") != schema_version:
        raise PayloadError(
            f"'schema_version' {str(params.get('schema_version'))[:20]!r} is not read here; {schema_version!r} is.",
            remedy="Use a version of qiskit-ibm-runtime that writes it.",
        )
    program = params.get("quantum_program")
    if not isinstance(program, dict):
        raise PayloadError("'quantum_program' must be an object.")
    object_of(params.get("options"), "'options'")
    if positive_int(program.get("shots"), "'shots'") is None:
        raise PayloadError("'shots' must be a positive integer.")
    if program.get("meas_level", "classified") != "classified":
        raise PayloadError(
            f"'meas_level' {str(program.get('meas_level'))[:20]!r} needs the signals of real hardware.",
            remedy="Leave 'meas_level' out; a simulated device gives classified bits.",
        )
    items = program.get("items")
    if not isinstance(items, list) or len(items) > pubs_max:
        raise PayloadError(f"'items' must be a list of at most {pubs_max} items.")
    for at, item in enumerate(items):
        if not isinstance(item, dict) or item.get("item_type") not in ("circuit", "samplex"):
            raise PayloadError(f"Item {at} must be an object of type 'circuit' or 'samplex'.")
    return items

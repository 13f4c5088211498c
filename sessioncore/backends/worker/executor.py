"""The ``executor`` program, schema v2.0 (ibm-rest 8.3, 9).

The JSON is read here, array by array, and never by the client library's own decoders. Samplomatic is used for what
only it can do, which is to draw from a samplex; the few entry points of it stand in this module alone.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit, qpy
from qiskit.quantum_info import PauliLindbladMap

from sessioncore.backends.devices import Device, device
from sessioncore.ports import Json

from . import decode, encode
from .decode import MalformedError, PayloadError
from .instructions import instruction_set
from .payload import check_items, executions_max
from .sampler import ResultTooLargeError, bits_bytes_max, register_bits
from .simulate import Sampler, dense_qubits_max

samplex_json_bytes_max = 64 * 2**20
"""Longest samplex, in characters."""

_clifford_tolerance = 1e-5


ExecutorJob = tuple[Mapping[str, Json], list[QuantumCircuit]]
"""The params, and the circuits in them, one per item."""


def read_executor(params: Json, spelling: str) -> ExecutorJob:
    """An executor job, its circuits checked against the device that is spelled so."""
    items = check_items(params)
    program = params["quantum_program"]
    circuits = decode.circuits_from_qpy(
        decode.circuit_file(program.get("circuits")), {"samplomatic": _annotation_serializer}
    )
    if len(circuits) != len(items):
        raise PayloadError(f"There are {len(circuits)} circuits for {len(items)} items.")
    for at, circuit in enumerate(circuits):
        try:
            instruction_set(spelling).check(circuit)
        except PayloadError as error:
            raise PayloadError(f"Item {at}: {error}", remedy=error.remedy, code=error.code) from None
    most = device(spelling).configuration.get("max_shots", executions_max)
    if program["shots"] > most:
        raise PayloadError(f"{program['shots']} shots are more than this device's {most}.")
    return params, circuits


def _annotation_serializer() -> Any:
    from ibm_quantum_schemas.common.annotation_serializer import AnnotationSerializer

    return AnnotationSerializer()


def run_executor(job: ExecutorJob, of: Device) -> Json:
    """Run an executor job; returns the encoded result, which echoes ``passthrough_data`` and ``semantic_role``."""
    start = datetime.now(UTC)
    params, circuits = job
    program = params["quantum_program"]
    sampler = Sampler(of, _seed(params))
    budget = _Budget(program["shots"])
    data, shapes = [], []
    for circuit, item in zip(circuits, program["items"], strict=True):
        extra: dict[str, NDArray[Any]] = {}
        if item["item_type"] == "circuit":
            values = _circuit_arguments(item, circuit)
        else:
            values, extra = _draw(item, circuit, sampler.rng)
        shapes.append(values.shape[:-1])
        bits = _run_item(circuit, values, budget, sampler)
        tensors = {name: encode.tensor(array) for name, array in {**extra, **bits}.items()}
        data.append({"results": tensors, "metadata": {}})
    return {
        "schema_version": "v2.0",
        "data": data,
        "metadata": {"chunk_timing": [_chunk(start, datetime.now(UTC), shapes)]},
        "passthrough_data": program.get("passthrough_data"),
        "semantic_role": program.get("semantic_role"),
    }


def _seed(params: Mapping[str, Json]) -> int | None:
    options = params.get("options") or {}
    experimental = options.get("experimental")
    seed = experimental.get("seed_simulator") if isinstance(experimental, dict) else None
    return seed if isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0 else None


def _chunk(start: datetime, stop: datetime, shapes: Iterable[tuple[int, ...]]) -> Json:
    parts = [
        {
            "idx_item": at,
            "size": math.prod(shape),
            "permutation": list(range(len(shape))),
            "element_range": [0, math.prod(shape), 1],
        }
        for at, shape in enumerate(shapes)
    ]
    return {"start": start.isoformat(), "stop": stop.isoformat(), "parts": parts}


class _Budget:
    """What a job may still run and hand back."""

    def __init__(self, shots: int) -> None:
        self.shots = shots
        self._executions = executions_max
        self._bytes = bits_bytes_max

    def spend(self, points: int, bits: int) -> None:
        self._executions -= points * self.shots
        self._bytes -= points * self.shots * bits
        if self._executions < 0:
            raise PayloadError(
                f"The job asks for more than {executions_max} executions.",
                remedy="Ask for fewer shots or randomizations, or spread them over several jobs.",
            )
        if self._bytes < 0:
            raise ResultTooLargeError(
                f"The result would take more than {bits_bytes_max} bytes."
                " Ask for fewer shots or randomizations in one job."
            )


def _run_item(
    circuit: QuantumCircuit, values: NDArray[np.float64], budget: _Budget, sampler: Sampler
) -> dict[str, NDArray[np.bool_]]:
    """The bits of every register, shape ``(*points, shots, register)``, bit 0 first."""
    shape = values.shape[:-1]
    registers = register_bits(circuit)
    points = math.prod(shape)
    budget.spend(points, sum(len(bits) for bits in registers.values()))
    found = {name: np.empty((points, budget.shots, len(bits)), np.bool_) for name, bits in registers.items()}
    rows = values.reshape(points, values.shape[-1])
    if circuit.num_qubits > dense_qubits_max:
        rows = _near_clifford(rows)
    for at, shots in enumerate(sampler.sample(circuit, rows, budget.shots)):
        for name, bits in registers.items():
            found[name][at] = shots.outcomes[:, bits].astype(np.bool_)[shots.index]
    return {name: bits.reshape(*shape, budget.shots, bits.shape[-1]) for name, bits in found.items()}


def _near_clifford(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angles that are multiples of pi/2 but for rounding, made exact: wide Clifford circuits need that."""
    quarter = math.pi / 2
    exact = np.round(values / quarter) * quarter
    return np.where(np.abs(values - exact) < _clifford_tolerance, exact, values)


def _circuit_arguments(item: Mapping[str, Json], circuit: QuantumCircuit) -> NDArray[np.float64]:
    node = item.get("circuit_arguments")
    values = decode.tensor(node) if node is not None else np.zeros((0,))
    if values.dtype.kind not in "biuf" or values.ndim == 0:
        raise PayloadError("'circuit_arguments' must be real numbers with at least one axis.")
    if values.shape[-1] != circuit.num_parameters:
        raise PayloadError(
            f"The circuit has {circuit.num_parameters} parameters, but the last axis of its"
            f" arguments has length {values.shape[-1]}."
        )
    if not np.isfinite(values).all():
        raise PayloadError("'circuit_arguments' must be finite numbers.")
    own = tuple(_shape(item))
    shape = np.broadcast_shapes(own, values.shape[:-1])
    return np.broadcast_to(values, (*shape, values.shape[-1])).astype(np.float64)


def _shape(item: Mapping[str, Json]) -> list[int]:
    shape = item.get("shape") or []
    if not isinstance(shape, list) or not all(
        isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= executions_max for size in shape
    ):
        raise PayloadError("An item's 'shape' must be a list of sizes.")
    if math.prod(shape) > executions_max:
        raise PayloadError(f"An item's 'shape' asks for more than {executions_max} executions.")
    return shape


def _draw(
    item: Mapping[str, Json], circuit: QuantumCircuit, rng: np.random.Generator
) -> tuple[NDArray[np.float64], dict[str, NDArray[Any]]]:
    """Draw the circuit's parameter values, and what else the samplex gives, from a samplex item.

    Axes that its arguments have are swept over; the others are randomizations.
    """
    from samplomatic.quantum_program import SamplexItem

    samplex = _samplex(item.get("samplex"))
    given = item.get("samplex_arguments") or {}
    if not isinstance(given, dict):
        raise PayloadError("'samplex_arguments' must be an object.")
    arguments = {name: _argument(node) for name, node in given.items()}
    try:
        checked = SamplexItem(circuit, samplex, samplex_arguments=arguments, shape=tuple(_shape(item)))
    except (ValueError, TypeError, KeyError) as error:
        raise PayloadError(f"The arguments of a samplex do not fit it: {error}") from error
    shape, bound = checked.shape, checked.samplex_arguments
    if math.prod(shape) > executions_max:
        raise PayloadError(f"An item's shape asks for more than {executions_max} executions.")
    own = (1,) * (len(shape) - bound.ndim) + tuple(bound.shape)
    swept = tuple(size if size > 1 else 1 for size in own)
    loose = tuple(1 if size > 1 else full for size, full in zip(own, shape, strict=True))
    found: dict[str, NDArray[Any]] = {}
    for at in np.ndindex(swept):
        chosen = tuple(0 if size == 1 else place for size, place in zip(own, at, strict=True))
        drawn = samplex.sample(
            bound[chosen[len(shape) - bound.ndim :]],
            num_randomizations=math.prod(loose),
            rng=rng,
        )
        target = tuple(place if size > 1 else slice(None) for size, place in zip(own, at, strict=True))
        spread = tuple(full for size, full in zip(own, shape, strict=True) if size == 1)
        for name, array in dict(drawn).items():
            if name not in found:
                found[name] = np.empty((*shape, *array.shape[1:]), array.dtype)
            found[name][target] = array.reshape(*spread, *array.shape[1:])
    values = found.pop("parameter_values", np.zeros((*shape, 0)))
    return values.astype(np.float64), found


def _argument(node: Json) -> Any:
    if decode.is_tensor(node):
        return decode.tensor(node)
    if isinstance(node, dict):
        return _pauli_lindblad_map(node)
    if isinstance(node, bool | int | float):
        return node
    raise PayloadError("A samplex argument must be a number, an array or a Pauli-Lindblad map.")


def _pauli_lindblad_map(node: Mapping[str, Json]) -> PauliLindbladMap:
    terms, qubits = node.get("sparse_terms"), node.get("num_qubits")
    if not isinstance(terms, list) or not isinstance(qubits, int):
        raise PayloadError("A Pauli-Lindblad map needs 'sparse_terms' and 'num_qubits'.")
    try:
        return PauliLindbladMap.from_sparse_list(
            [(str(letters), list(places), float(rate)) for letters, places, rate in terms], qubits
        )
    except Exception as error:
        raise PayloadError(f"A Pauli-Lindblad map cannot be read: {error}.") from error


def _samplex(node: Json) -> Any:
    """A samplex from its JSON text. It must be finalized before it is drawn from."""
    from samplomatic.serialization import parameter_expression_serializer, samplex_from_json

    # A samplex carries a QPY file of its own; it is held to the same rule as every other.
    parameter_expression_serializer.load = _guarded_qpy_load
    text = node.get("samplex_json") if isinstance(node, dict) else None
    if not isinstance(text, str) or len(text) > samplex_json_bytes_max:
        raise PayloadError("A samplex must be an object with a 'samplex_json' text.")
    try:
        return samplex_from_json(text).finalize()
    except PayloadError:
        raise
    except Exception as error:
        raise MalformedError(f"A samplex could not be read: {error}") from error


def _guarded_qpy_load(file: io.BytesIO) -> list[Any]:
    decode.check_qpy_header(file.getbuffer().tobytes())
    loaded: list[Any] = qpy.load(file)
    return loaded

"""Sampling circuits with Aer: the one module that knows how a simulator is chosen and called.

Without noise, and where all measurements stand at the end, the exact probabilities are computed once and the shots
drawn from them, one entangled group of qubits at a time: a shot then costs nanoseconds, not microseconds, and qubits
that never meet do not multiply. Everything else goes shot by shot through Aer: a state vector or density matrix for few
qubits, a stabilizer or matrix-product state for many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from functools import lru_cache
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, Qubit
from qiskit_aer import AerSimulator
from qiskit_aer.jobs import utils
from qiskit_aer.library import SaveProbabilities

from sessioncore.backends.devices import Device
from sessioncore.core.values import value

from .circuits import FinalMeasurements, compact, split_final_measurements
from .noise import noise_model, uses, with_delay_noise

dense_qubits_max = 24
"""Most qubits that are simulated as a state vector, which then takes 256 MiB."""

exact_qubits_max = 16
"""Most qubits in one entangled group whose probabilities are computed exactly."""

pack_qubits_max = 8
"""Groups that are smaller share one circuit up to this many qubits; a call to Aer costs more than their product."""

batch_values_max = 2**22
"""Most probabilities that are held at once, over all points of a sweep."""

_simulator_qubits_max = 10_000


class SimulationError(Exception):
    """Aer could not run a circuit; the message is its own."""


@final
@value
class Shots:
    """What was measured: shot ``s`` gave ``outcomes[index[s]]``, one 0 or 1 per classical bit of the circuit."""

    outcomes: NDArray[np.uint8]
    index: NDArray[np.intp]

    def weights(self) -> NDArray[np.intp]:
        """How often each outcome came."""
        return np.bincount(self.index, minlength=len(self.outcomes))


@final
class Sampler:
    """Samples circuits as one device would; every draw comes from one seeded generator."""

    def __init__(self, device: Device, seed: int | None = None) -> None:
        self._device = device
        self._rng = np.random.default_rng(seed)

    @property
    def rng(self) -> np.random.Generator:
        """The generator that everything random in a job draws from."""
        return self._rng

    def sample(
        self,
        circuit: QuantumCircuit,
        points: NDArray[np.float64],
        shots: int,
    ) -> Iterator[Shots]:
        """Run ``circuit`` for each row of ``points`` (values in the order of its parameters), ``shots`` times each.

        Raises :class:`SimulationError`.
        """
        parameters = list(circuit.parameters)
        if not self._device.noise:
            split = split_final_measurements(circuit)
            if split is not None:
                plan = _plan(split)
                if plan is not None:
                    yield from self._exact(circuit.num_clbits, plan, parameters, points, shots)
                    return
        small = compact(circuit, keep_delays=self._device.noise)
        for row in points:
            bound = _bind(small.circuit, parameters, row)
            yield self._shot_by_shot(bound, small.physical, shots)

    def _exact(
        self,
        clbits: int,
        plan: Sequence[_Pack],
        parameters: Sequence[Parameter],
        points: NDArray[np.float64],
        shots: int,
    ) -> Iterator[Shots]:
        groups = [group for pack in plan for group in pack.groups]
        held = sum(2 ** len(group.clbits) for group in groups)
        step = max(1, batch_values_max // max(1, held))
        for start in range(0, len(points), step):
            for found in _probabilities(plan, parameters, points[start : start + step]):
                yield self._draw(clbits, groups, found, shots)

    def _draw(
        self,
        clbits: int,
        groups: Sequence[_Group],
        found: Sequence[NDArray[np.float64]],
        shots: int,
    ) -> Shots:
        """Draw ``shots`` outcomes of independent groups of bits from each group's probabilities."""
        if len(groups) == 1:
            local, order = self._draw_group(found[0], len(groups[0].clbits), shots)
            outcomes = np.zeros((len(local), clbits), np.uint8)
            outcomes[:, groups[0].clbits] = local
            return Shots(outcomes=outcomes, index=order)
        if not groups:
            nothing = np.zeros((1, clbits), np.uint8)
            return Shots(outcomes=nothing, index=np.zeros(shots, np.intp))
        outcomes = np.zeros((shots, clbits), np.uint8)
        for group, probabilities in zip(groups, found, strict=True):
            local, order = self._draw_group(probabilities, len(group.clbits), shots)
            outcomes[:, group.clbits] = local[order]
        return Shots(outcomes=outcomes, index=np.arange(shots))

    def _draw_group(
        self, probabilities: NDArray[np.float64], bits: int, shots: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        weights = np.clip(probabilities, 0.0, None)
        drawn = self._rng.multinomial(shots, weights / weights.sum())
        seen = np.flatnonzero(drawn)
        order = np.repeat(np.arange(len(seen)), drawn[seen])
        self._rng.shuffle(order)
        return (seen[:, np.newaxis] >> np.arange(bits)) & 1, order

    def _shot_by_shot(self, circuit: QuantumCircuit, physical: tuple[int, ...], shots: int) -> Shots:
        if not circuit.num_clbits:
            return Shots(outcomes=np.zeros((1, 0), np.uint8), index=np.zeros(shots, np.intp))
        run: dict[str, Any] = {"shots": shots, "seed_simulator": int(self._rng.integers(2**31))}
        methods = ["statevector"]
        if self._device.noise:
            used = uses(circuit)
            run["noise_model"] = noise_model(self._device.spelling, physical, used)
            if any(name == "delay" for name, _ in used):
                circuit = with_delay_noise(self._device.spelling, physical, circuit)
            methods = ["automatic"]
        if circuit.num_qubits > dense_qubits_max:
            methods = ["matrix_product_state"]
            if not self._device.noise:
                # Aer says at once whether a circuit is of Clifford gates alone
                methods.insert(0, "stabilizer")
        for method in methods:
            result = _aer(method).run(circuit, **run).result()
            if result.success:
                return self._shots_of(result.data(0)["counts"], circuit.num_clbits)
        raise SimulationError(_reason(result))

    def _shots_of(self, counts: dict[str, int], clbits: int) -> Shots:
        width = (clbits + 7) // 8
        raw = b"".join(int(key, 16).to_bytes(width, "little") for key in counts)
        packed = np.frombuffer(raw, np.uint8).reshape(len(counts), width)
        outcomes = np.unpackbits(packed, axis=1, count=clbits, bitorder="little")
        index = np.repeat(np.arange(len(counts)), list(counts.values()))
        self._rng.shuffle(index)
        return Shots(outcomes=outcomes, index=index)


@final
@value
class _Group:
    """What is measured of qubits that are entangled with one another, and the bits that it is measured into."""

    qubits: tuple[Qubit, ...]
    clbits: tuple[int, ...]


@final
@value
class _Pack:
    """Groups that share one circuit, which saves the probabilities of group ``i`` under ``str(i)``."""

    circuit: QuantumCircuit
    groups: list[_Group]


def _plan(split: FinalMeasurements) -> list[_Pack] | None:
    """How to compute the probabilities of what is measured; None where a group is too large for it."""
    root: dict[Qubit, Qubit] = {qubit: qubit for qubit in split.qubits}

    def find(qubit: Qubit) -> Qubit:
        while root[qubit] != qubit:
            root[qubit] = root[root[qubit]]
            qubit = root[qubit]
        return qubit

    for gate in split.gates:
        for qubit in gate.qubits:
            root.setdefault(qubit, qubit)
            root[find(qubit)] = find(gate.qubits[0])
    members: dict[Qubit, list[Qubit]] = {}
    for qubit in root:
        members.setdefault(find(qubit), []).append(qubit)
    measured: dict[Qubit, _Group] = {}
    for qubit, clbit in zip(split.qubits, split.clbits, strict=True):
        known = measured.setdefault(find(qubit), _Group(qubits=(), clbits=()))
        measured[find(qubit)] = _Group(qubits=(*known.qubits, qubit), clbits=(*known.clbits, clbit))
    packs: list[_Pack] = []
    pack_of: dict[Qubit, QuantumCircuit] = {}
    room = 0
    for at in sorted(measured, key=lambda of: len(members[of])):
        size = len(members[at])
        if size > dense_qubits_max or len(measured[at].qubits) > exact_qubits_max:
            return None
        if not packs or size > room:
            packs.append(_Pack(circuit=QuantumCircuit(), groups=[]))
            room = max(pack_qubits_max, size)
        packs[-1].groups.append(measured[at])
        packs[-1].circuit.add_bits(members[at])
        pack_of[at] = packs[-1].circuit
        room -= size
    for gate in split.gates:
        if gate.qubits and (circuit := pack_of.get(find(gate.qubits[0]))) is not None:
            circuit._append(gate)  # the public append() checks and copies anew
    for pack in packs:
        for label, group in enumerate(pack.groups):
            pack.circuit.append(SaveProbabilities(len(group.qubits), label=str(label)), group.qubits)
    return packs


def _probabilities(
    packs: Sequence[_Pack], parameters: Sequence[Parameter], points: NDArray[np.float64]
) -> list[list[NDArray[np.float64]]]:
    """Per point, the probabilities of every group of every pack, in order."""
    still = [pack for pack in packs if not pack.circuit.num_parameters]
    moving = [pack for pack in packs if pack.circuit.num_parameters]
    columns = dict(zip(parameters, points.T, strict=True))
    binds = [{parameter: columns[parameter].tolist() for parameter in pack.circuit.parameters} for pack in moving]
    fixed = _run_exact(still, None)
    varied = _run_exact(moving, binds)
    found = []
    for at in range(len(points)):
        of_still = iter(fixed)
        of_moving = iter(varied[at :: len(points)])
        found.append(
            [
                probabilities
                for pack in packs
                for probabilities in next(of_moving if pack.circuit.num_parameters else of_still)
            ]
        )
    return found


def _run_exact(
    packs: Sequence[_Pack], binds: list[dict[Parameter, list[float]]] | None
) -> list[list[NDArray[np.float64]]]:
    if not packs:
        return []
    run = {} if binds is None else {"parameter_binds": binds}
    result = _aer("statevector").run([pack.circuit for pack in packs], shots=1, **run).result()
    if not result.success:
        raise SimulationError(_reason(result))
    found = []
    points = len(result.results) // len(packs)
    for at, of_result in enumerate(result.results):
        data = of_result.data.to_dict()
        found.append([data[str(label)] for label in range(len(packs[at // points].groups))])
    return found


class _AtOnce(Executor):
    """Runs Aer in the thread that asks: a worker does one thing at a time, and a switch of threads costs more."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call, and keep what came of it."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - it is raised again where the result is asked for
            future.set_exception(error)
        return future


@lru_cache(maxsize=8)
def _aer(method: str) -> AerSimulator:
    simulator = AerSimulator(
        method=method,
        max_parallel_threads=1,
        max_parallel_experiments=1,
        max_parallel_shots=1,
    )
    simulator.set_max_qubits(_simulator_qubits_max)
    utils.DEFAULT_EXECUTOR = _AtOnce()  # Aer's own option for it is not looked at
    return simulator


def _bind(circuit: QuantumCircuit, parameters: Sequence[Parameter], row: NDArray[np.float64]) -> QuantumCircuit:
    if not circuit.num_parameters:
        return circuit
    values = dict(zip(parameters, row.tolist(), strict=True))
    return circuit.assign_parameters({parameter: values[parameter] for parameter in circuit.parameters})


def _reason(result: Any) -> str:
    failed = [str(item.status) for item in result.results if not item.success]
    return "; ".join(dict.fromkeys(failed)) or str(result.status)

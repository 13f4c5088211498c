"""A device's noise for one circuit: gate errors and relaxation from calibration data, readout errors, delays.

Only what the circuit uses is built, on the circuit's own compact qubits, so a large noisy device costs no more than
a small one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, final

from qiskit import QuantumCircuit
from qiskit.circuit import Measure
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.providers import QubitProperties
from qiskit.transpiler import InstructionProperties, Target
from qiskit_aer.noise import (
    NoiseModel,
    QuantumError,
    ReadoutError,
    RelaxationNoisePass,
)
from qiskit_aer.noise.device import basic_device_gate_errors

from sessioncore.backends.devices import Device, device

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "ps": 1e-12}
_HERTZ = {"Hz": 1.0, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9}

Uses = frozenset[tuple[str, tuple[int, ...]]]
"""Which instructions a circuit applies to which of its own qubits."""


def uses(circuit: QuantumCircuit) -> Uses:
    """The instructions of ``circuit`` and of the blocks in it, with their qubits."""
    found: set[tuple[str, tuple[int, ...]]] = set()
    _collect(circuit, tuple(range(circuit.num_qubits)), found)
    return frozenset(found)


def _collect(
    circuit: QuantumCircuit,
    places: tuple[int, ...],
    found: set[tuple[str, tuple[int, ...]]],
) -> None:
    index = dict(zip(circuit.qubits, places, strict=True))
    for instruction in circuit.data:
        at = tuple(index[qubit] for qubit in instruction.qubits)
        if instruction.is_control_flow():
            for block in instruction.operation.blocks:
                _collect(block, at, found)
        else:
            found.add((instruction.name, at))


@lru_cache(maxsize=128)
def noise_model(spelling: str, physical: tuple[int, ...], used: Uses) -> NoiseModel:
    """The noise of the instructions in ``used`` on a device whose qubits ``physical`` carry the circuit."""
    calibration = _calibration(spelling)
    model = NoiseModel(basis_gates=sorted({name for name, _ in used if name in _GATES}))
    for name, at in sorted(used):
        place = tuple(physical[qubit] for qubit in at)
        if name == "measure":
            readout = calibration.readout_error(place[0])
            if readout is not None:
                model.add_readout_error(readout, at)
        else:
            error = calibration.gate_error(name, place)
            if error is not None:
                model.add_quantum_error(error, name, at)
    return model


def with_delay_noise(spelling: str, physical: tuple[int, ...], circuit: QuantumCircuit) -> QuantumCircuit:
    """``circuit`` with the relaxation that happens during its delays."""
    calibration = _calibration(spelling)
    dt = calibration.dt_s
    noise_pass = RelaxationNoisePass(
        t1s=[calibration.qubit(qubit).t1 or float("inf") for qubit in physical],
        t2s=[calibration.t2(qubit) for qubit in physical],
        dt=dt,
        op_types=_GATES["delay"].__class__,
    )
    return noise_pass(circuit)


_GATES: Mapping[str, Any] = get_standard_gate_name_mapping()


@lru_cache(maxsize=16)
def _calibration(spelling: str) -> Calibration:
    return Calibration(device(spelling))


@final
class Calibration:
    """The properties of a device, read on demand."""

    def __init__(self, of: Device) -> None:
        self._qubits = [_entries(entries) for entries in of.properties.get("qubits", ())]
        self._gates = {
            (gate["gate"], tuple(gate["qubits"])): _entries(gate["parameters"])
            for gate in of.properties.get("gates", ())
        }
        self._errors: dict[tuple[str, tuple[int, ...]], QuantumError | None] = {}
        dt_ns = of.configuration.get("dt")
        self.dt_s: float | None = dt_ns * 1e-9 if dt_ns else None

    def qubit(self, at: int) -> QubitProperties:
        """Relaxation times in seconds and the frequency in hertz of one qubit."""
        entries = self._qubits[at] if at < len(self._qubits) else {}
        return QubitProperties(
            t1=_scaled(entries, "T1", _SECONDS),
            t2=_scaled(entries, "T2", _SECONDS),
            frequency=_scaled(entries, "frequency", _HERTZ),
        )

    def t2(self, at: int) -> float:
        """The dephasing time in seconds, at most twice the relaxation time, as physics has it."""
        of = self.qubit(at)
        t1 = of.t1 or float("inf")
        return min(of.t2 or float("inf"), 2 * t1)

    def readout_error(self, at: int) -> ReadoutError | None:
        """The assignment errors of one qubit."""
        entries = self._qubits[at] if at < len(self._qubits) else {}
        both = entries.get("readout_error", {}).get("value", 0.0)
        one_for_zero = entries.get("prob_meas1_prep0", {}).get("value", both)
        zero_for_one = entries.get("prob_meas0_prep1", {}).get("value", both)
        if not one_for_zero and not zero_for_one:
            return None
        return ReadoutError([[1 - one_for_zero, one_for_zero], [zero_for_one, 1 - zero_for_one]])

    def gate_error(self, name: str, place: tuple[int, ...]) -> QuantumError | None:
        """The error of one instruction on its device qubits."""
        key = (name, place)
        if key not in self._errors:
            self._errors[key] = self._make_gate_error(name, place)
        return self._errors[key]

    def _make_gate_error(self, name: str, place: tuple[int, ...]) -> QuantumError | None:
        entries = self._gates.get((name, place))
        operation = _GATES.get(name)
        if entries is None or operation is None or isinstance(operation, Measure):
            return None
        target = Target(num_qubits=len(place), qubit_properties=[self.qubit(qubit) for qubit in place])
        properties = InstructionProperties(
            error=entries.get("gate_error", {}).get("value"),
            duration=_scaled(entries, "gate_length", _SECONDS),
        )
        target.add_instruction(operation, {tuple(range(len(place))): properties})
        errors = basic_device_gate_errors(target=target)
        return errors[0][2] if errors else None


def _entries(entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in entries}


def _scaled(entries: Mapping[str, Mapping[str, Any]], name: str, units: Mapping[str, float]) -> float | None:
    entry = entries.get(name)
    if entry is None or entry.get("value") is None:
        return None
    number: float = entry["value"] * units.get(entry.get("unit", ""), 1.0)
    return number

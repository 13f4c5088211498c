"""Circuits made ready for a simulator: only the qubits that are used, and what is measured at the end."""

from __future__ import annotations

from typing import final

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, Clbit, Qubit

from sessioncore.core.values import value

_IDLE = frozenset({"barrier", "delay"})


@final
@value
class Compact:
    """A circuit without its idle qubits; ``physical[i]`` is the device's qubit of its qubit ``i``."""

    circuit: QuantumCircuit
    physical: tuple[int, ...]


def compact(circuit: QuantumCircuit, *, keep_delays: bool) -> Compact:
    """``circuit`` on the qubits that something happens to.

    Barriers go; delays go with them where they mean nothing because there is no noise.
    """
    ignored = frozenset({"barrier"}) if keep_delays else _IDLE
    used: set[Qubit] = set()
    dropped = False
    for instruction in circuit.data:
        if instruction.name in ignored:
            dropped = True
        elif instruction.name in _IDLE:
            continue
        else:
            used.update(instruction.qubits)
    if len(used) == circuit.num_qubits and not dropped:
        return Compact(circuit=circuit, physical=tuple(range(circuit.num_qubits)))
    physical = tuple(at for at, qubit in enumerate(circuit.qubits) if qubit in used)
    smaller = QuantumCircuit(
        [circuit.qubits[at] for at in physical],
        circuit.clbits,
        *circuit.cregs,
        global_phase=circuit.global_phase,
    )
    for variable in circuit.iter_declared_vars():
        smaller.add_uninitialized_var(variable)
    for instruction in circuit.data:
        if instruction.name not in ignored and used.issuperset(instruction.qubits):
            smaller._append(instruction)  # the public append() checks and copies each one anew
    return Compact(circuit=smaller, physical=physical)


@final
@value
class FinalMeasurements:
    """A circuit's gates and, apart from them, its measurements, which all stood at its end.

    Qubit ``qubits[i]`` is measured into bit ``clbits[i]``. Barriers and delays are left out.
    """

    gates: tuple[CircuitInstruction, ...]
    qubits: tuple[Qubit, ...]
    clbits: tuple[int, ...]


def split_final_measurements(circuit: QuantumCircuit) -> FinalMeasurements | None:
    """The gates and the final measurements of a circuit; None where it also measures, resets or branches on the way."""
    measured: dict[Qubit, Clbit] = {}
    written: set[Clbit] = set()
    gates: list[CircuitInstruction] = []
    for instruction in circuit.data:
        name = instruction.name
        if name == "measure":
            qubit, clbit = instruction.qubits[0], instruction.clbits[0]
            if qubit in measured or clbit in written:
                return None
            measured[qubit] = clbit
            written.add(clbit)
        elif name in _IDLE:
            continue
        elif (
            name == "reset"
            or instruction.clbits
            or instruction.is_control_flow()
            or not measured.keys().isdisjoint(instruction.qubits)
        ):
            return None
        else:
            gates.append(instruction)
    if any(True for _ in circuit.iter_vars()):
        return None
    index = {clbit: at for at, clbit in enumerate(circuit.clbits)}
    return FinalMeasurements(
        gates=tuple(gates),
        qubits=tuple(measured),
        clbits=tuple(index[clbit] for clbit in measured.values()),
    )

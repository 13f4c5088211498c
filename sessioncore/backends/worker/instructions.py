"""Whether circuits are written in a device's own instructions: what the vendor calls ISA circuits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, final

from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, Qubit

from sessioncore.backends.devices import Device, device
from sessioncore.core.values import value

from .decode import PayloadError

not_native_code = 1517
"""The vendor's number for circuits that do not match the device."""

_ALWAYS = frozenset({"barrier", "store", "break_loop", "continue_loop"})


@final
@value
class InstructionSet:
    """What a device can do: per instruction the qubit tuples it works on, None for any."""

    device: str
    qubits: int
    places: Mapping[str, frozenset[tuple[int, ...]] | None]

    def check(self, circuit: QuantumCircuit) -> None:
        """Raise :class:`PayloadError`, code 1517, where ``circuit`` does not fit the device."""
        if circuit.num_qubits > self.qubits:
            raise PayloadError(
                f"The circuit has {circuit.num_qubits} qubits; {self.device} has {self.qubits}.",
                remedy="Choose a larger backend or a smaller circuit.",
                code=not_native_code,
            )
        self._check(circuit, range(circuit.num_qubits))

    def _check(self, circuit: QuantumCircuit, physical: Sequence[int]) -> None:
        index: dict[Qubit, int] = dict(zip(circuit.qubits, physical, strict=True))
        good: set[tuple[str, tuple[Qubit, ...]]] = set()
        for instruction in circuit.data:
            name, qubits = instruction.name, tuple(instruction.qubits)
            if (name, qubits) in good and name not in ("if_else", "switch_case"):
                continue
            at = tuple(index[qubit] for qubit in qubits)
            if name not in _ALWAYS:
                places = self.places.get(name, frozenset())
                if places is not None and at not in places:
                    raise self._refusal(name, at)
            operation = instruction.operation if instruction.is_control_flow() else None
            if isinstance(operation, ControlFlowOp):
                for block in operation.blocks:
                    self._check(block, at)
            else:
                good.add((name, qubits))

    def _refusal(self, name: str, at: tuple[int, ...]) -> PayloadError:
        where = f"qubit {at[0]}" if len(at) == 1 else f"qubits {at}"
        return PayloadError(
            f"The instruction {name} on {where} is not supported by {self.device}.",
            remedy=(
                "Transpile the circuit for this backend, for example with"
                " generate_preset_pass_manager(backend=backend), and apply the circuit's layout to"
                " the observables."
            ),
            code=not_native_code,
        )


@lru_cache(maxsize=64)
def instruction_set(spelling: str) -> InstructionSet:
    """The instruction set of the device that is spelled so."""
    return _from_configuration(device(spelling))


def _from_configuration(of: Device) -> InstructionSet:
    configuration: Mapping[str, Any] = of.configuration
    places: dict[str, frozenset[tuple[int, ...]] | None] = dict.fromkeys(
        [*configuration.get("supported_instructions", ()), *configuration["basis_gates"]]
    )
    for gate in configuration["gates"]:
        if gate["name"] in places and gate.get("coupling_map"):
            places[gate["name"]] = frozenset(tuple(place) for place in gate["coupling_map"])
    return InstructionSet(device=of.name, qubits=configuration["n_qubits"], places=places)

"""The devices there are: their names, configurations and properties, as plain JSON.

Nothing of Qiskit is imported here, because the server reads this module. The vendor's fake devices are read from the
data files of the installed ``qiskit_ibm_runtime``, which is located but not imported (importing it costs seconds).
Shapes: ibm-rest section 5.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, final

from sessioncore.core.errors import BackendError
from sessioncore.core.values import value

DEFAULT_DEVICES: tuple[str, ...] = ("ideal_5", "noisy_5", "ideal_127")
"""What ``run`` and ``serve`` offer when nothing is asked for."""

shots_max = 100_000
"""Shots that one execution of a circuit may ask for on our own devices."""

_NOISELESS = ":noiseless"
_FAKE = "fake_"
_SNAPSHOT_DATE = "2026-01-01T00:00:00+00:00"
_ONE_QUBIT_GATES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("id", ()),
    ("rz", ("theta",)),
    ("sx", ()),
    ("x", ()),
    ("rx", ("theta",)),
)
_CONTROL_FLOW = ("if_else", "while_loop", "for_loop", "switch_case")

Edge = tuple[int, int]


@final
@value
class Device:
    """One device: what it is called, how it is described to clients, and whether its noise is simulated."""

    name: str
    noise: bool
    configuration: Mapping[str, Any]
    properties: Mapping[str, Any]

    @property
    def spelling(self) -> str:
        """The name that :func:`device` takes to make this device again."""
        return self.name if self.noise or self.name.startswith("ideal_") else self.name + _NOISELESS


def device_names() -> list[str]:
    """Every name that :func:`device` accepts, without the ending ``:noiseless``."""
    return [*DEFAULT_DEVICES, *(_FAKE + path.name for path in _fake_device_folders())]


@lru_cache(maxsize=64)
def device(name: str) -> Device:
    """The device called ``name``; ``fake_manila:noiseless`` is ``fake_manila`` with its noise off.

    The ending is not part of the name that clients see, so a program need not change when the noise is switched off.
    Raises :class:`BackendError` for an unknown name; the message lists what is accepted.
    """
    plain = name.removesuffix(_NOISELESS)
    noise = plain == name
    if plain in ("ideal_5", "ideal_127"):
        configuration = _ideal_5() if plain == "ideal_5" else _ideal_127()
        properties = _ideal_properties(configuration)
        return Device(name=plain, noise=False, configuration=configuration, properties=properties)
    if plain == "noisy_5":
        configuration = _noisy_5()
        properties = _line_properties(configuration)
        return Device(name=plain, noise=noise, configuration=configuration, properties=properties)
    if plain.startswith(_FAKE):
        found = _fake_device(plain, noise)
        if found is not None:
            return found
    raise BackendError(_unknown(name))


def _unknown(name: str) -> str:
    names = device_names()
    near = get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    missing = (
        ""
        if len(names) > len(DEFAULT_DEVICES)
        else " The vendor's fake devices come with the extra 'sessioncore[ibm]'."
    )
    return (
        f"There is no device {name!r}.{hint} Devices: {', '.join(names)}; each may end in"
        f" '{_NOISELESS}' to switch its noise off.{missing}"
    )


# --- the vendor's fake devices ---------------------------------------------------------------------------------


def _fake_device_folders() -> list[Path]:
    spec = importlib.util.find_spec("qiskit_ibm_runtime")
    if spec is None or not spec.submodule_search_locations:
        return []
    root = Path(spec.submodule_search_locations[0]) / "fake_provider" / "backends"
    return sorted(path.parent for path in root.glob("*/conf_*.json"))


def _fake_device(name: str, noise: bool) -> Device | None:
    for folder in _fake_device_folders():
        if _FAKE + folder.name == name:
            configuration = _read(folder / f"conf_{folder.name}.json")
            properties = _read(folder / f"props_{folder.name}.json")
            configuration["backend_name"] = name
            configuration["simulator"] = False
            configuration["local"] = False
            configuration.setdefault("supported_instructions", [])
            for instruction in ("measure", "reset", "delay"):
                if instruction not in configuration["supported_instructions"]:
                    configuration["supported_instructions"].append(instruction)
            if properties:
                properties["backend_name"] = name
            return Device(name=name, noise=noise, configuration=configuration, properties=properties)
    return None


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    if not isinstance(content, dict):
        raise BackendError(f"{path.name} of the vendor's package is not a JSON object.")
    return content


# --- our own devices -------------------------------------------------------------------------------------------


def _ideal_5() -> dict[str, Any]:
    pairs = [(a, b) for a in range(5) for b in range(5) if a != b]
    return _configuration("ideal_5", 5, "cx", pairs, "5 qubits without noise, every pair connected", fractional=True)


def _noisy_5() -> dict[str, Any]:
    pairs = sorted([(q, q + 1) for q in range(4)] + [(q + 1, q) for q in range(4)])
    return _configuration("noisy_5", 5, "cx", pairs, "5 noisy qubits in a line")


def _ideal_127() -> dict[str, Any]:
    return _configuration(
        "ideal_127",
        127,
        "cz",
        _heavy_hexagons(),
        "127 qubits without noise in heavy hexagons",
        fractional=True,
    )


def _heavy_hexagons() -> list[Edge]:
    """The 127-qubit lattice of the vendor's Eagle processors: 7 rows, joined by 4 bridge qubits each; both directions.

    Rows are 15 qubits long but the first and the last, which lack one; bridges stand in columns 0, 4, 8, 12 below even
    rows and 2, 6, 10, 14 below odd rows.
    """
    rows: list[dict[int, int]] = []
    bridges: list[dict[int, int]] = []
    next_qubit = 0
    for row in range(7):
        columns = range(14) if row == 0 else range(1, 15) if row == 6 else range(15)
        rows.append({column: next_qubit + at for at, column in enumerate(columns)})
        next_qubit += len(columns)
        if row < 6:
            places = range(0, 15, 4) if row % 2 == 0 else range(2, 15, 4)
            bridges.append({column: next_qubit + at for at, column in enumerate(places)})
            next_qubit += len(places)
    pairs = [(row[column], row[column + 1]) for row in rows for column in row if column + 1 in row]
    for above, bridge, below in zip(rows, bridges, rows[1:], strict=False):
        for column, qubit in bridge.items():
            pairs += [(above[column], qubit), (qubit, below[column])]
    return sorted(pairs + [(b, a) for a, b in pairs])


def _configuration(
    name: str,
    qubits: int,
    two_qubit_gate: str,
    pairs: Sequence[Edge],
    description: str,
    *,
    fractional: bool = False,
) -> dict[str, Any]:
    """A backend configuration as the stock client reads it (ibm-rest section 5); ``dt`` is in nanoseconds."""
    singles = [gate for gate in _ONE_QUBIT_GATES if fractional or gate[0] != "rx"]
    doubles: list[tuple[str, tuple[str, ...]]] = [(two_qubit_gate, ())]
    if fractional:
        doubles.append(("rzz", ("theta",)))
    gates = [_gate(gate, ((qubit,) for qubit in range(qubits))) for gate in singles]
    gates += [_gate(gate, pairs) for gate in doubles]
    names = [gate["name"] for gate in gates]
    return {
        "backend_name": name,
        "backend_version": "1.0.0",
        "description": description,
        "n_qubits": qubits,
        "basis_gates": names,
        "gates": gates,
        "coupling_map": [list(pair) for pair in pairs],
        "supported_instructions": [*names, "measure", "reset", "delay", *_CONTROL_FLOW],
        "supported_features": ["qasm3"],
        "simulator": False,
        "local": False,
        "conditional": False,
        "memory": True,
        "open_pulse": False,
        "max_shots": shots_max,
        "max_experiments": 300,
        "n_registers": 1,
        "credits_required": False,
        "online_date": _SNAPSHOT_DATE,
        "dt": 4.0,
        "dtm": 4.0,
        "timing_constraints": {
            "acquire_alignment": 1,
            "granularity": 1,
            "min_length": 1,
            "pulse_alignment": 1,
        },
        "dynamic_reprate_enabled": True,
        "rep_delay_range": [0.0, 500.0],
        "default_rep_delay": 250.0,
        "meas_levels": [2],
        "meas_map": [list(range(qubits))],
        "multi_meas_enabled": True,
        "parallel_compilation": False,
        "processor_type": {"family": "Simulated", "revision": "1"},
        "quantum_volume": None,
        "clops_h": None,
    }


def _gate(gate: tuple[str, tuple[str, ...]], places: Iterable[Sequence[int]]) -> dict[str, Any]:
    name, parameters = gate
    return {
        "name": name,
        "parameters": list(parameters),
        "qasm_def": f"gate {name}",
        "coupling_map": [list(place) for place in places],
    }


def _entry(name: str, unit: str, number: float) -> dict[str, Any]:
    """One calibrated figure."""
    return {"date": _SNAPSHOT_DATE, "name": name, "unit": unit, "value": number}


def _ideal_properties(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Calibration data of a device without noise; where properties are empty, the stock client asks for them again."""
    return {
        "backend_name": configuration["backend_name"],
        "backend_version": configuration["backend_version"],
        "last_update_date": _SNAPSHOT_DATE,
        "qubits": [[_entry("readout_error", "", 0.0)] for _ in range(configuration["n_qubits"])],
        "gates": [],
        "general": [],
    }


def _line_properties(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Calibration data of :data:`noisy_5`: figures of our own, of the size that such processors show."""
    qubits = [
        [
            _entry("T1", "us", 120.0 + 10 * qubit),
            _entry("T2", "us", 80.0 + 8 * qubit),
            _entry("frequency", "GHz", 4.9 + 0.05 * qubit),
            _entry("anharmonicity", "GHz", -0.34),
            _entry("readout_error", "", 0.020 + 0.002 * qubit),
            _entry("prob_meas0_prep1", "", 0.026 + 0.002 * qubit),
            _entry("prob_meas1_prep0", "", 0.014 + 0.002 * qubit),
            _entry("readout_length", "ns", 1200.0),
        ]
        for qubit in range(configuration["n_qubits"])
    ]
    gates = []
    for gate in configuration["gates"]:
        for place in gate["coupling_map"]:
            double = len(place) == 2
            error = 0.0 if gate["name"] == "rz" else 0.008 if double else 0.00025
            length = 0.0 if gate["name"] == "rz" else 320.0 if double else 36.0
            gates.append(
                {
                    "qubits": list(place),
                    "gate": gate["name"],
                    "parameters": [
                        _entry("gate_error", "", error),
                        _entry("gate_length", "ns", length),
                    ],
                    "name": gate["name"] + "_".join(str(qubit) for qubit in place),
                }
            )
    return {
        "backend_name": configuration["backend_name"],
        "backend_version": configuration["backend_version"],
        "last_update_date": _SNAPSHOT_DATE,
        "qubits": qubits,
        "gates": gates,
        "general": [],
    }

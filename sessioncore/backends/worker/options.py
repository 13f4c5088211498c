"""The options of the classic primitives: which there are, what they may be, and the few that change a simulation.

Names and values are those of the stock client's option classes. A name on the top level that is none of them is
refused; inside a section it is let pass, because the client puts whatever stands under ``experimental`` there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, final

from sessioncore.core.values import value
from sessioncore.ports import Json

from .decode import PayloadError


@final
@value
class Options:
    """The few options that change what a simulator does. The others are checked and have no effect."""

    shots: int | None
    precision: float | None
    seed: int | None
    randomizations: int | None
    shots_per_randomization: int | None
    resilience: Mapping[str, Json]
    twirled: bool


def object_of(node: Json, what: str) -> dict[str, Json]:
    """``node`` as an object; null is an empty one."""
    if node is None:
        return {}
    if not isinstance(node, dict):
        raise PayloadError(f"{what} must be an object.")
    return node


def positive_int(number: Json, what: str) -> int | None:
    """``number`` if it is a positive integer; None for null and ``"auto"``."""
    if number is None or number == "auto":
        return None
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise PayloadError(f"{what} must be a positive integer.")
    return number


def positive_number(number: Json, what: str) -> float | None:
    """``number`` if it is finite and above 0; None for null."""
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number) or number <= 0:
        raise PayloadError(f"{what} must be a positive number.")
    return float(number)


def _seed(number: Json, what: str) -> int | None:
    if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 0):
        raise PayloadError(f"{what}: A seed must be an integer that is not negative.")
    return number


def _flag(node: Json, what: str) -> None:
    if node is not None and not isinstance(node, bool):
        raise PayloadError(f"{what} must be true or false.")


def _list(node: Json, what: str) -> None:
    if node is not None and not isinstance(node, list):
        raise PayloadError(f"{what} must be a list.")


def _any(node: Json, what: str) -> None:
    """Anything may stand here."""


def _one_of(*allowed: str) -> Callable[[Json, str], None]:
    def check(node: Json, what: str) -> None:
        if node is not None and node not in allowed:
            raise PayloadError(f"{what} must be one of {', '.join(allowed)}.")

    return check


def _measurement(node: Json, what: str) -> None:
    _one_of("classified", "kerneled", "avg_kerneled")(node, what)
    if node not in (None, "classified"):
        raise PayloadError(
            f"'meas_type' {node!r} needs the signals of real hardware.",
            remedy="Leave 'meas_type' out; a simulated device gives classified bits.",
        )


_Fields: TypeAlias = Mapping[str, "Callable[[Json, str], Any] | _Fields"]

_RANDOMIZING: _Fields = {"num_randomizations": positive_int, "shots_per_randomization": positive_int}
_COMMON: _Fields = {
    "default_shots": positive_int,
    "dynamical_decoupling": {
        "enable": _flag,
        "sequence_type": _one_of("XX", "XpXm", "XY4"),
        "extra_slack_distribution": _one_of("middle", "edges"),
        "scheduling_method": _one_of("alap", "asap"),
        "skip_reset_qubits": _flag,
    },
    "execution": {"init_qubits": _flag, "rep_delay": positive_number, "meas_type": _measurement},
    "twirling": {
        "enable_gates": _flag,
        "enable_measure": _flag,
        **_RANDOMIZING,
        "strategy": _one_of("active", "active-accum", "active-circuit", "all"),
    },
    "simulator": {"noise_model": _any, "seed_simulator": _seed, "coupling_map": _list, "basis_gates": _list},
    "environment": {},
    "max_execution_time": positive_number,
    "experimental": {},
}
_ESTIMATOR: _Fields = {
    **_COMMON,
    "default_precision": positive_number,
    "seed_estimator": _seed,
    "resilience_level": _any,
    "optimization_level": _any,
    "resilience": {
        "measure_mitigation": _flag,
        "measure_noise_learning": _RANDOMIZING,
        "zne_mitigation": _flag,
        "zne": {
            "amplifier": _one_of("gate_folding", "gate_folding_front", "gate_folding_back", "pea"),
            "noise_factors": _list,
            "extrapolator": _any,
            "extrapolated_noise_factors": _list,
        },
        "pec_mitigation": _flag,
        "pec": {"max_overhead": positive_number, "noise_gain": _any},
        "layer_noise_learning": {
            **_RANDOMIZING,
            "max_layers_to_learn": _any,
            "layer_pair_depths": _list,
        },
        "layer_noise_model": _any,
    },
}
KNOWN: Mapping[str, _Fields] = {"sampler": _COMMON, "estimator": _ESTIMATOR}
"""By program, every option and what checks it; an option that is a mapping is a section of options."""


def options(params: Mapping[str, Json], program_id: str) -> Options:
    """The options of a sampler or estimator job. Raises :class:`PayloadError` for one that is not what it must be."""
    given = object_of(params.get("options"), "'options'")
    known = KNOWN[program_id]
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise PayloadError(
            f"There is no option {unknown[0][:40]!r} for the {program_id}.",
            remedy=f"Use one of {', '.join(sorted(known))}.",
        )
    _check(given, known)
    twirling = object_of(given.get("twirling"), "'twirling'")
    simulator = object_of(given.get("simulator"), "'simulator'")
    return Options(
        shots=positive_int(given.get("default_shots"), "'default_shots'"),
        precision=positive_number(given.get("default_precision"), "'default_precision'"),
        seed=simulator.get("seed_simulator", given.get("seed_estimator")),
        randomizations=positive_int(twirling.get("num_randomizations"), "'num_randomizations'"),
        shots_per_randomization=positive_int(twirling.get("shots_per_randomization"), "'shots_per_randomization'"),
        resilience=dict(object_of(given.get("resilience"), "'resilience'")),
        twirled=any(twirling.get(switch) is True for switch in ("enable_gates", "enable_measure")),
    )


def _check(given: Mapping[str, Json], known: _Fields) -> None:
    for name, check in known.items():
        if name not in given:
            continue
        if isinstance(check, Mapping):
            _check(object_of(given[name], f"'{name}'"), check)
        else:
            check(given[name], f"'{name}'")

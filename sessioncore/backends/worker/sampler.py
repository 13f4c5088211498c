"""The classic ``sampler`` program, version 2 (ibm-rest 8.1, 8.2)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit

from sessioncore.backends.devices import Device
from sessioncore.ports import Json

from . import encode
from .options import Options
from .payload import SamplerPub, sampler_pubs
from .simulate import Sampler, Shots

bits_bytes_max = 256 * 2**20
"""Largest result of a job before it is packed, in bytes."""


class ResultTooLargeError(Exception):
    """The result would not fit into memory or a response; the message says by how much."""


SamplerJob = tuple[list[SamplerPub], Options]


def read_sampler(params: Json, spelling: str) -> SamplerJob:
    """A sampler job, checked against the device that is spelled so."""
    pubs, chosen = sampler_pubs(params, spelling)
    check_size(pubs)
    return pubs, chosen


def run_sampler(job: SamplerJob, device: Device) -> Json:
    """Run a sampler job; returns the encoded ``PrimitiveResult``."""
    start = datetime.now(UTC)
    pubs, chosen = job
    sampler = Sampler(device, chosen.seed)
    results = [
        encode.pub_result("SamplerPubResult", _data(pub, sampler), {"circuit_metadata": metadata(pub.circuit)})
        for pub in pubs
    ]
    spans = encode.execution_spans(start, datetime.now(UTC), [(*pub.values.shape[:-1], pub.shots) for pub in pubs])
    return encode.primitive_result(results, {"execution": {"execution_spans": spans}, "version": 2})


def check_size(pubs: Sequence[SamplerPub]) -> None:
    """Raise :class:`ResultTooLargeError` where the bits of all shots are too many."""
    size = sum(
        math.prod(pub.values.shape[:-1]) * pub.shots * ((register.size + 7) // 8)
        for pub in pubs
        for register in pub.circuit.cregs
    )
    if size > bits_bytes_max:
        raise ResultTooLargeError(
            f"The result would take {size} bytes; at most {bits_bytes_max} are kept."
            " Ask for fewer shots or parameter values in one job."
        )


def metadata(circuit: QuantumCircuit) -> Mapping[str, Json]:
    """The circuit's own metadata, as far as it is JSON."""
    given = circuit.metadata
    if not given or not isinstance(given, dict):
        return {}
    try:
        encode.to_bytes(given)
    except (TypeError, ValueError, RecursionError):
        return {}
    return given


def _data(pub: SamplerPub, sampler: Sampler) -> Json:
    shape = pub.values.shape[:-1]
    points = pub.values.reshape(math.prod(shape), pub.values.shape[-1])
    registers = register_bits(pub.circuit)
    packed = {
        name: np.empty((len(points), pub.shots, (len(bits) + 7) // 8), np.uint8) for name, bits in registers.items()
    }
    for at, shots in enumerate(sampler.sample(pub.circuit, points, pub.shots)):
        for name, bits in registers.items():
            packed[name][at] = pack_register(shots, bits)
    fields = {
        name: encode.bit_array(packed[name].reshape(*shape, pub.shots, packed[name].shape[-1]), len(bits))
        for name, bits in registers.items()
    }
    return encode.data_bin(shape, fields)


def register_bits(circuit: QuantumCircuit) -> dict[str, list[int]]:
    """Per classical register of the circuit, where its bits stand among all classical bits."""
    index: dict[Any, int] = {clbit: at for at, clbit in enumerate(circuit.clbits)}
    return {register.name: [index[clbit] for clbit in register] for register in circuit.cregs}


def pack_register(shots: Shots, bits: Sequence[int]) -> NDArray[np.uint8]:
    """The bits of one register, shape ``(shots, bytes)``: bit 0 is the last bit of the last byte."""
    padding = -len(bits) % 8
    chosen = np.zeros((len(shots.outcomes), padding + len(bits)), np.uint8)
    chosen[:, padding:] = shots.outcomes[:, bits[::-1]]
    packed: NDArray[np.uint8] = np.packbits(chosen, axis=1)[shots.index]
    return packed

"""Payloads as the stock client writes them: its own encoders are called, so nothing here is a guess at the wire."""

from __future__ import annotations

import base64
import json
import warnings
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from io import BytesIO
from math import pi
from typing import Any

from qiskit import QuantumCircuit, qpy
from qiskit.circuit import CircuitInstruction
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.transpiler import Target, generate_preset_pass_manager

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the client warns about itself while it is imported
    from qiskit_ibm_runtime import RuntimeDecoder, RuntimeEncoder
    from qiskit_ibm_runtime.decoders.executor.decoder import ExecutorResultDecoder
    from qiskit_ibm_runtime.decoders.executor_estimator.decoder import ClientSideEstimatorDecoder
    from qiskit_ibm_runtime.decoders.executor_sampler.decoder import ClientSideSamplerResultDecoder
    from qiskit_ibm_runtime.executor_estimator.finalize_options import finalize_estimator_options
    from qiskit_ibm_runtime.executor_estimator.prepare import prepare as prepare_estimator
    from qiskit_ibm_runtime.executor_estimator.utils import estimator_options_to_boxing_options
    from qiskit_ibm_runtime.executor_sampler.prepare import prepare as prepare_sampler
    from qiskit_ibm_runtime.options_models.estimator import EstimatorOptions
    from qiskit_ibm_runtime.options_models.sampler import SamplerOptions
    from qiskit_ibm_runtime.quantum_program.converters.converters_2_0 import quantum_program_to_2_0
    from qiskit_ibm_runtime.utils.backend_converter import convert_to_target
    from qiskit_ibm_runtime.utils.backend_decoder import (
        configuration_from_server_data,
        properties_from_server_data,
    )
    from samplomatic import InjectNoise
    from samplomatic.transpiler import generate_boxing_pass_manager
    from samplomatic.utils import get_annotation

from sessioncore.backends.devices import device

__all__ = ["EstimatorOptions", "SamplerOptions"]


def bell(*, measure: bool = True) -> QuantumCircuit:
    """A Bell pair in the gates of our small devices."""
    circuit = QuantumCircuit(2)
    circuit.rz(pi / 2, 0)
    circuit.sx(0)
    circuit.rz(pi / 2, 0)
    circuit.cx(0, 1)
    if measure:
        circuit.measure_all()
    return circuit


def sampler(*pubs: object, options: Mapping[str, Any] | None = None) -> bytes:
    """The params of a sampler job."""
    return _params([SamplerPub.coerce(pub) for pub in pubs], options)


def estimator(*pubs: object, options: Mapping[str, Any] | None = None) -> bytes:
    """The params of an estimator job."""
    return _params([EstimatorPub.coerce(pub) for pub in pubs], options)


def _params(pubs: Sequence[object], options: Mapping[str, Any] | None) -> bytes:
    params = {"pubs": pubs, "options": options or {}, "version": 2, "support_qiskit": True}
    return json.dumps(params, cls=RuntimeEncoder).encode()


def pub_with(circuit: Any, *rest: Any) -> bytes:
    """The params of a sampler job whose circuit is given as it stands on the wire."""
    return json.dumps({"pubs": [[circuit, *rest]], "version": 2, "options": {}}).encode()


def wire_circuit(qpy_bytes: bytes) -> dict[str, str]:
    """A QPY file in the client's envelope."""
    packed = base64.b64encode(zlib.compress(qpy_bytes)).decode()
    return {"__type__": "QuantumCircuit", "__value__": packed}


def qpy_of(circuit: QuantumCircuit, version: int = 17) -> bytes:
    """A circuit as a QPY file."""
    file = BytesIO()
    qpy.dump(circuit, file, version=version)
    return file.getvalue()


def decoded(result: bytes) -> Any:
    """What the client makes of a classic result."""
    return json.loads(result, cls=RuntimeDecoder)


@lru_cache(maxsize=16)
def target(name: str) -> Target:
    """The transpiler's view of a device, made by the client from the configuration that clients are sent."""
    chosen = device(name)
    configuration = configuration_from_server_data(json.loads(json.dumps(chosen.configuration)))
    assert configuration is not None
    properties = None
    if chosen.properties:
        properties = properties_from_server_data(json.loads(json.dumps(chosen.properties)))
    return convert_to_target(configuration, properties)


def transpiled(circuit: QuantumCircuit, name: str) -> QuantumCircuit:
    """The circuit for a device."""
    manager = generate_preset_pass_manager(1, target=target(name), seed_transpiler=1)
    return manager.run(circuit)


def executor_sampler(pubs: Sequence[object], options: SamplerOptions, shots: int) -> bytes:
    """The params that the executor-based sampler sends."""
    program, executor_options = prepare_sampler(pubs, options, shots=shots)
    program._semantic_role = "sampler_v2"
    return quantum_program_to_2_0(program, executor_options).model_dump_json().encode()


def executor_estimator(pubs: Sequence[object], options: EstimatorOptions) -> bytes:
    """The params that the executor-based estimator sends."""
    program, executor_options = prepare_estimator(pubs, options)
    program._semantic_role = "estimator_v2"
    return quantum_program_to_2_0(program, executor_options).model_dump_json().encode()


def noise_layers(circuit: QuantumCircuit, options: EstimatorOptions) -> list[CircuitInstruction]:
    """The layers of a circuit that the executor-based estimator wants to know the noise of."""
    twirling = finalize_estimator_options(options).twirling
    boxing = estimator_options_to_boxing_options(twirling, False, True, False)
    boxing |= {"inject_noise_targets": "gates", "inject_noise_strategy": "uniform_modification"}
    boxed = generate_boxing_pass_manager(**boxing).run(circuit)
    return [box for box in boxed if get_annotation(box.operation, InjectNoise) is not None]


def executor_result(result: bytes) -> Any:
    """What the client makes of an executor's result, after its own processing."""
    raw = ExecutorResultDecoder.decode(result.decode())
    decoders = (ClientSideSamplerResultDecoder, ClientSideEstimatorDecoder)
    for decoder in decoders:
        if decoder.is_applicable(raw):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # exact results have no spread to fit a curve to
                return decoder.decode(raw)
    return raw

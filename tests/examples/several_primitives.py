"""A sampler and an estimator in one session."""

from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import EstimatorV2, QiskitRuntimeService, SamplerV2, Session

service = QiskitRuntimeService()
backend = service.least_busy(operational=True, simulator=False)
passes = generate_preset_pass_manager(optimization_level=1, backend=backend)

pair = QuantumCircuit(2)
pair.h(0)
pair.cx(0, 1)
circuit = passes.run(pair)
observable = SparsePauliOp(["ZZ", "XX"], [0.5, 0.5]).apply_layout(circuit.layout)
measured = passes.run(pair.measure_all(inplace=False))

with Session(backend=backend) as session:
    sampler, estimator = SamplerV2(), EstimatorV2()
    sampled = sampler.run([measured])
    estimated = estimator.run([(circuit, observable)])
    print(f"counts: {sampled.result()[0].data.meas.get_counts()}")
    value = float(estimated.result()[0].data.evs)
    print(f"expectation value: {value:.3f}, metadata: {estimated.result()[0].metadata}")

assert abs(value - 1) < 0.1
assert {sampled.session_id, estimated.session_id} == {session.session_id}

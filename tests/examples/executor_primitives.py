"""The newer generation of primitives (program ``executor``): a sampler and an estimator in one session."""

from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService, Session
from qiskit_ibm_runtime.executor_estimator import Estimator
from qiskit_ibm_runtime.executor_sampler import Sampler

service = QiskitRuntimeService()
backend = service.least_busy(operational=True, simulator=False)
passes = generate_preset_pass_manager(optimization_level=1, backend=backend)

pair = QuantumCircuit(2)
pair.h(0)
pair.cx(0, 1)
circuit = passes.run(pair)
observable = SparsePauliOp(["ZZ"]).apply_layout(circuit.layout)
measured = passes.run(pair.measure_all(inplace=False))

with Session(backend=backend) as session:
    sampled = Sampler(mode=session).run([measured], shots=512)
    estimated = Estimator(mode=session).run([(circuit, observable)])
    counts = sampled.result()[0].data.meas.get_counts()
    value = float(estimated.result()[0].data.evs)

print(f"counts: {dict(sorted(counts.items()))}")
print(f"expectation value: {value:.3f}")
assert set(counts) == {"00", "11"}
assert abs(value - 1) < 0.1

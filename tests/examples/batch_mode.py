"""A batch: many jobs at once, on a device that is shared."""

from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import Batch, QiskitRuntimeService, SamplerV2

service = QiskitRuntimeService()
backend = service.least_busy(operational=True, simulator=False)

circuits = []
for number in range(4):
    circuit = QuantumCircuit(2)
    for qubit in range(2):
        if number >> qubit & 1:
            circuit.x(qubit)
    circuit.measure_all()
    circuits.append(circuit)
circuits = generate_preset_pass_manager(optimization_level=1, backend=backend).run(circuits)

with Batch(backend=backend) as batch:
    sampler = SamplerV2()
    jobs = [sampler.run([circuit], shots=200) for circuit in circuits]

for number, job in enumerate(jobs):
    counts = job.result()[0].data.meas.get_counts()
    print(f"{number:02b}: {counts}")
    assert max(counts, key=counts.get) == f"{number:02b}"
assert batch.details()["mode"] == "batch"
assert batch.status() == "Closed"

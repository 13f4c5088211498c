"""What status() says from the creation of a session to its end."""

from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2, Session

service = QiskitRuntimeService()
backend = service.least_busy(operational=True, simulator=False)

circuit = QuantumCircuit(2, 2)
circuit.h(0)
circuit.cx(0, 1)
circuit.measure([0, 1], [0, 1])
circuit = generate_preset_pass_manager(optimization_level=1, backend=backend).run(circuit)

seen = []
session = Session(backend=backend)
seen.append(session.status())
sampler = SamplerV2(mode=session)
sampler.run([circuit], shots=10).result()
seen.append(session.status())
job = sampler.run([circuit] * 50, shots=20_000)
session.close()
seen.append(session.status())
job.result()
seen.append(session.status())

print("\n".join(seen))
assert seen == [
    "Pending",
    "In progress, accepting new jobs",
    "In progress, not accepting new jobs",
    "Closed",
]

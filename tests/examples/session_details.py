"""Everything that details() and usage() say of a session."""

from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2, Session

service = QiskitRuntimeService()
backend = service.least_busy(operational=True, simulator=False)

circuit = QuantumCircuit(1, 1)
circuit.x(0)
circuit.measure(0, 0)
circuit = generate_preset_pass_manager(optimization_level=1, backend=backend).run(circuit)

with Session(backend=backend, max_time=600) as session:
    before = session.details()
    SamplerV2(mode=session).run([circuit], shots=10).result()
    details = session.details()

for name, shown in details.items():
    print(f"{name:20} {shown}")
assert before["started_at"] is None
assert details["started_at"] == details["activated_at"] is not None
assert (details["state"], details["accepting_jobs"], details["mode"]) == ("active", True, "dedicated")
assert details["backend_name"] == backend.name
assert details["max_time"] == 600
assert session.usage() > 0
print(f"usage: {session.usage():.3f} s, reason: {session.details()['state']}")

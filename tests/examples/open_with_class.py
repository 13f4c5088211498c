"""Open a session with the class and close it by hand; what was submitted before the close still runs."""

from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2, Session

service = QiskitRuntimeService()
backend = service.least_busy(operational=True, simulator=False)

flip = QuantumCircuit(1)
flip.x(0)
flip.measure_all()
circuit = generate_preset_pass_manager(optimization_level=1, backend=backend).run(flip)

session = Session(backend=backend)
try:
    sampler = SamplerV2(mode=session)
    jobs = [sampler.run([circuit], shots=100) for _ in range(3)]
finally:
    session.close()

for job in jobs:
    ones = job.result()[0].data.meas.get_counts().get("1", 0)
    print(f"{job.job_id()}: {ones} of 100 flipped")
    assert ones > 50
print(f"afterwards: {session.status()}")
assert session.status() == "Closed"

"""The context manager opens a session for the primitives made inside it, and closes it on the way out."""

from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2, Session

service = QiskitRuntimeService()
backend = service.least_busy(operational=True, simulator=False)

coin = QuantumCircuit(1)
coin.h(0)
coin.measure_all()
circuit = generate_preset_pass_manager(optimization_level=1, backend=backend).run(coin)

with Session(backend=backend) as session:
    sampler = SamplerV2()
    job = sampler.run([circuit], shots=1000)
    heads = job.result()[0].data.meas.get_counts().get("0", 0)

print(f"{heads} of 1000 heads, job of session {job.session_id}")
assert job.session_id == session.session_id
assert 300 < heads < 700
assert session.status() == "Closed"

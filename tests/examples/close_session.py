"""After close() a session takes no new jobs, runs the ones it has, and closes with the last of them."""

from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2, Session
from qiskit_ibm_runtime.exceptions import IBMRuntimeError

service = QiskitRuntimeService()
backend = service.least_busy(operational=True, simulator=False)

circuit = QuantumCircuit(2, 2)
circuit.h(0)
circuit.cx(0, 1)
circuit.measure([0, 1], [0, 1])
circuit = generate_preset_pass_manager(optimization_level=1, backend=backend).run(circuit)

session = Session(backend=backend)
sampler = SamplerV2(mode=session)
long_job = sampler.run([circuit] * 50, shots=20_000)
short_job = sampler.run([circuit], shots=10)

other_handle = Session.from_id(session.session_id, service)
session.close()
print(f"after close(): {session.status()}")
assert session.status() in ("In progress, not accepting new jobs", "Pending")

# The handle that closed refuses by itself; another one learns it from the service.
try:
    SamplerV2(mode=other_handle).run([circuit])
except IBMRuntimeError as error:
    print(f"refused: {str(error)[:120]} ...")
    assert '"code":1217' in str(error)
else:
    raise AssertionError("a closed session must refuse jobs")

print(f"the long job: {sum(pub.data.c.num_shots for pub in long_job.result())} shots")
print(f"the short job: {short_job.result()[0].data.c.num_shots} shots")
assert session.status() == "Closed"

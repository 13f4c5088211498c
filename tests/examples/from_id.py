"""Come back to a session by its id, from another program or another part of this one."""

from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2, Session
from qiskit_ibm_runtime.exceptions import IBMInputValueError

service = QiskitRuntimeService()
backend = service.least_busy(operational=True, simulator=False)

circuit = QuantumCircuit(1, 1)
circuit.x(0)
circuit.measure(0, 0)
circuit = generate_preset_pass_manager(optimization_level=1, backend=backend).run(circuit)

opened = Session(backend=backend)
again = Session.from_id(opened.session_id, service)
job = SamplerV2(mode=again).run([circuit], shots=10)
print(f"{job.job_id()} of session {again.session_id}: {job.result()[0].data.c.get_counts()}")
assert job.session_id == opened.session_id
again.close()
assert opened.status() == "Closed"

try:
    Session.from_id("no-such-session", service)
except IBMInputValueError as error:
    print(f"refused: {error}")
else:
    raise AssertionError("an unknown session must not be found")

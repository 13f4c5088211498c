"""cancel() ends a session at once: queued jobs fail, a running one goes on, and leaving the block is no error."""

from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2, Session
from qiskit_ibm_runtime.exceptions import RuntimeJobFailureError

service = QiskitRuntimeService()
backend = service.least_busy(operational=True, simulator=False)

circuit = QuantumCircuit(2, 2)
circuit.h(0)
circuit.cx(0, 1)
circuit.measure([0, 1], [0, 1])
circuit = generate_preset_pass_manager(optimization_level=1, backend=backend).run(circuit)

with Session(backend=backend) as session:
    sampler = SamplerV2(mode=session)
    running = sampler.run([circuit] * 50, shots=20_000)
    queued = [sampler.run([circuit], shots=10) for _ in range(2)]
    session.cancel()
    print(f"after cancel(): {session.status()}")

for job in queued:
    try:
        job.result()
    except RuntimeJobFailureError as error:
        print(f"{job.job_id()} {job.status()}: {error}")
    else:
        raise AssertionError("a queued job must fail with its session")
print(f"{running.job_id()} {running.status()}")
print(f"its shots: {sum(pub.data.c.num_shots for pub in running.result())}")
assert running.status() == "DONE"

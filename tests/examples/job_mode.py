"""A job of its own, without any session; tags, metrics and the list of jobs."""

from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2

service = QiskitRuntimeService()
backend = service.least_busy(operational=True, simulator=False)

circuit = QuantumCircuit(1, 1)
circuit.x(0)
circuit.measure(0, 0)
circuit = generate_preset_pass_manager(optimization_level=1, backend=backend).run(circuit)

sampler = SamplerV2(mode=backend)
sampler.options.environment.job_tags = ["alone"]
job = sampler.run([circuit], shots=100)
print(f"{job.job_id()}: {job.result()[0].data.c.get_counts()}")

assert job.session_id is None
assert job.status() == "DONE"
assert job.metrics()["usage"]["status"] == "complete"
job.update_tags(["alone", "kept"])
print(f"tags: {service.job(job.job_id()).tags}")
assert [found.job_id() for found in service.jobs(job_tags=["alone", "kept"], limit=5)] == [job.job_id()]

"""A Bell pair in a session: the first program to run. ``sessioncore run tests/examples/bell.py``"""

from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService, Session
from qiskit_ibm_runtime.executor_sampler import Sampler

service = QiskitRuntimeService()
backend = service.least_busy(operational=True, simulator=False)
print(f"device: {backend.name}, {backend.num_qubits} qubits")

bell = QuantumCircuit(2)
bell.h(0)
bell.cx(0, 1)
bell.measure_all()
circuit = generate_preset_pass_manager(optimization_level=1, backend=backend).run(bell)

with Session(backend=backend) as session:
    print(f"session: {session.session_id}, {session.status()}")
    sampler = Sampler(mode=session)
    for shots in (256, 512, 1024):
        counts = sampler.run([circuit], shots=shots).result()[0].data.meas.get_counts()
        print(f"counts of {shots} shots: {dict(sorted(counts.items()))}")
    print(f"session: {session.status()}")
print(f"session: {session.status()}")

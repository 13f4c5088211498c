"""A session with a time limit: the limit counts from its first job, and no job may ask for longer."""

from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2, Session
from qiskit_ibm_runtime.exceptions import IBMRuntimeError

service = QiskitRuntimeService()
backend = service.least_busy(operational=True, simulator=False)

circuit = QuantumCircuit(1, 1)
circuit.measure(0, 0)
circuit = generate_preset_pass_manager(optimization_level=1, backend=backend).run(circuit)

with Session(backend=backend, max_time="25m") as session:
    details = session.details()
    print(f"max_time {details['max_time']} s, interactive_timeout {details['interactive_timeout']} s")
    assert details["max_time"] == 25 * 60

    sampler = SamplerV2(mode=session)
    sampler.options.max_execution_time = 26 * 60
    try:
        sampler.run([circuit])
    except IBMRuntimeError as error:
        print(f"refused: {error}")
        assert '"code":1208' in str(error)
    else:
        raise AssertionError("a job longer than its session must be refused")

    sampler.options.max_execution_time = 60
    print(f"ran: {sampler.run([circuit], shots=10).result()[0].data.c.get_counts()}")

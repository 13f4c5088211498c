"""Two VQE searches at once in one session, each in a thread, told apart by tags."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from qiskit.circuit.library import real_amplitudes
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import EstimatorV2, QiskitRuntimeService, Session
from scipy.optimize import minimize

service = QiskitRuntimeService()
backend = service.least_busy(operational=True, simulator=False)

hamiltonian = SparsePauliOp(["ZZ", "XI", "IX"], [1.0, 0.5, 0.5])
exact = float(np.linalg.eigvalsh(hamiltonian.to_matrix())[0])
ansatz = generate_preset_pass_manager(optimization_level=1, backend=backend).run(real_amplitudes(2, reps=1))
observable = hamiltonian.apply_layout(ansatz.layout)
start = np.full(ansatz.num_parameters, 0.6)
options = {
    "COBYLA": {"maxiter": 40},
    # Steps that are large against the noise of the device; the default ones drown in it.
    "Nelder-Mead": {"maxiter": 40, "initial_simplex": np.vstack([start, start + 2 * np.eye(len(start))])},
}


def search(estimator: EstimatorV2, method: str) -> float:
    """The lowest energy that one optimizer finds."""

    def energy(angles: np.ndarray) -> float:
        return float(estimator.run([(ansatz, observable, angles)]).result()[0].data.evs)

    return float(minimize(energy, start, method=method, options=options[method]).fun)


with Session(backend=backend) as session, ThreadPoolExecutor() as threads:
    found = {}
    for method in options:
        # Made here: a primitive made in a worker thread would not see the session.
        estimator = EstimatorV2(mode=session)
        estimator.options.environment.job_tags = [method.lower()]
        found[method] = threads.submit(search, estimator, method)
    energies = {method: future.result() for method, future in found.items()}

print(f"exact ground state energy: {exact:.3f}")
for method, energy in energies.items():
    jobs = service.jobs(session_id=session.session_id, job_tags=[method.lower()], limit=None)
    print(f"{method}: {energy:.3f} after {len(jobs)} jobs")
    assert energy < exact + 0.5
    assert len(jobs) >= 20
assert session.status() == "Closed"

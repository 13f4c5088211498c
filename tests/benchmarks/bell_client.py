"""One client process of ``bell_jobs``: Bell jobs in a session, one after another and from threads; prints JSON."""

import json
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

warnings.simplefilter("ignore")

from qiskit import QuantumCircuit  # noqa: E402 - the filter comes first
from qiskit.transpiler import generate_preset_pass_manager  # noqa: E402
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2, Session  # noqa: E402

connect, jobs, threads, shots = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
if connect == "localqpu":
    import localqpu

    service = localqpu.connect(port=8787)
else:
    service = QiskitRuntimeService()
backend = service.least_busy(operational=True, simulator=False)

bell = QuantumCircuit(2)
bell.h(0)
bell.cx(0, 1)
bell.measure_all()
circuit = generate_preset_pass_manager(optimization_level=1, backend=backend).run(bell)


def run_one(sampler: SamplerV2) -> None:
    """One job, to its result."""
    counts = sampler.run([circuit], shots=shots).result()[0].data.meas.get_counts()
    assert sum(counts.values()) == shots


figures: dict[str, float] = {"jobs": 2 * jobs + 4}
with Session(backend=backend) as session:
    sampler = SamplerV2(mode=session)
    for _ in range(4):
        run_one(sampler)
    cpu, start = time.process_time(), time.perf_counter()
    for _ in range(jobs):
        run_one(sampler)
    figures["sequential"] = jobs / (time.perf_counter() - start)
    samplers = [SamplerV2(mode=session) for _ in range(threads)]
    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda number: run_one(samplers[number % threads]), range(jobs)))
    figures["threads"] = jobs / (time.perf_counter() - start)
    figures["client_ms"] = (time.process_time() - cpu) * 1000 / (2 * jobs)
print(json.dumps(figures))

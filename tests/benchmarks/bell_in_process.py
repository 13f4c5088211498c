"""The same Bell jobs without any service: Aer's own sampler in this process. Prints CPU milliseconds a job."""

import sys
import time

from qiskit import QuantumCircuit, transpile
from qiskit_aer.primitives import SamplerV2

jobs, shots = int(sys.argv[1]), int(sys.argv[2])
bell = QuantumCircuit(2)
bell.h(0)
bell.cx(0, 1)
bell.measure_all()
circuit = transpile(bell, basis_gates=["rz", "sx", "x", "cx"])
sampler = SamplerV2()
for _ in range(4):
    sampler.run([circuit], shots=shots).result()
start = time.process_time()
for _ in range(jobs):
    sampler.run([circuit], shots=shots).result()
print((time.process_time() - start) * 1000 / jobs)

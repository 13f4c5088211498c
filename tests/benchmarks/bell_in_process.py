"""The same Bell jobs without any service; prints JSON: CPU milliseconds a job, twice.

``same``: the very simulation that a worker makes of the job, from the decoded circuit to the packed bits of its shots.
``sampler``: Aer's own sampler as a user would call it, which has Aer draw the shots and reads them back one by one.
"""

import json
import sys
import time
from collections.abc import Callable

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit_aer.primitives import SamplerV2

from sessioncore.backends.devices import device
from sessioncore.backends.worker.sampler import pack_register, register_bits
from sessioncore.backends.worker.simulate import Sampler

DEVICE = "ideal_5"
"""The device that the stock client finds least busy on an idle service."""

jobs, shots = int(sys.argv[1]), int(sys.argv[2])
chosen = device(DEVICE)
bell = QuantumCircuit(2)
bell.h(0)
bell.cx(0, 1)
bell.measure_all()
circuit = transpile(
    bell,
    basis_gates=chosen.configuration["basis_gates"],
    coupling_map=chosen.configuration["coupling_map"],
    optimization_level=1,
)
sampler = SamplerV2()
no_parameters = np.zeros((1, 0))


def same() -> None:
    """What ``run_sampler`` does, without the encoding."""
    registers = register_bits(circuit)
    for measured in Sampler(chosen).sample(circuit, no_parameters, shots):
        for bits in registers.values():
            pack_register(measured, bits)


def aer() -> None:
    """One job of Aer's sampler."""
    sampler.run([circuit], shots=shots).result()


def cpu_ms(run_one: Callable[[], None]) -> float:
    """CPU milliseconds a job, warm."""
    for _ in range(4):
        run_one()
    start = time.process_time()
    for _ in range(jobs):
        run_one()
    return (time.process_time() - start) * 1000 / jobs


print(json.dumps({"same": cpu_ms(same), "sampler": cpu_ms(aer)}))

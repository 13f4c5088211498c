"""What to submit when the owner of a service gives no payloads: small sampler jobs on one qubit.

The circuits are kept as the stock client packs them (QPY version 13, compressed, base64), so that neither Qiskit nor
the client need be installed: ``sx`` and a measurement, and the same twenty and a hundred times over. Where a qubit is
measured on the way, nothing can be sampled from a final state, so that a simulator works at every single shot.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ONCE = (
    "eNoL9Az29gzhZWJjYoAAxoJCBq40Bg4QE4pBgAmKYWyG5Myi5NLMEl0TQ6goQ3VtIUQHI2MhTCwZJpLMgA7YYBYyYAfBEe6JJakQk9iR1GJT75uaWFx"
    "aBFEMs+k/EoCpAwAAuxvD"
)
TWENTY_TIMES = (
    "eNoL9Az29gzhZWJjYoAAxoJCBq40Bg4QE4pBgAmKQUADRCRnFiWXZpbomhhBRRmqawshOhgZC2FiyTCRZAZ0wAazkAE7CI5wTyxJhZjEjqQWm3rf1MT"
    "i0iKI4uRR00dNHzV91PRR00dNH4GmMzD8RwIwdQBanpQT"
)
HUNDRED_TIMES = (
    "eNrtzUEKgzAQheFJFloKPYqb4h2KlC7ELtzKYMFdY3VVvJ+3aglJQIq9wf9gQhhevtRVc63uJ5tZCTFPJ8eHHPw1jo+N47P6Q4dR52EqynPcyntx"
    "4YUxLu00bVR+k6UPZT9Ne+mmPkj5prvXv/Xdax5DWdHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0f/oIp9NUu8L4dCOwQ=="
)


def sampler(circuit: str, shots: int, times: int = 1) -> Mapping[str, Any]:
    """The body of a sampler job: one circuit, ``times`` times with so many shots."""
    packed = {"__type__": "QuantumCircuit", "__value__": circuit}
    params = {"pubs": [[packed, None, shots]] * times, "options": {}, "version": 2, "support_qiskit": True}
    return {"program_id": "sampler", "params": params}


SHORT = sampler(ONCE, 1)
"""One shot."""

MEDIUM = sampler(TWENTY_TIMES, 3_000)
"""About an eighth of a second on a simulator."""

FAILING = sampler(ONCE[:60], 1)
"""A circuit that breaks off, which only whoever runs the job finds out: the request itself has the form of any other.
It costs no machine time anywhere. A service may refuse it as well, so it is tried before it is relied on."""

LONG = sampler(HUNDRED_TIMES, 100_000, 5)
"""Minutes, everywhere: it is there to be cancelled. Where machine time is paid for, give a cheaper one."""

"""Every faulty implementation of the object level.

``F-01`` to ``F-45`` carry the numbers of the published catalogue (``b`` marks the second half of an entry that names
two faults), ``O-..`` are our own, ``P-..`` are two at once. Number 39, a retry that creates two jobs, has no meaning
where an id is used once and nothing is sent twice: it lives at the level of HTTP.
"""

from __future__ import annotations

from . import ending, looking, pairs, racing, running_jobs, starting, submitting, timing
from .fault import Fault, entered

ROOMS = (submitting, timing, ending, running_jobs, starting, looking, racing, pairs)
"""Where the faults are written, each by the kind of what it breaks."""

CATALOGUE: tuple[Fault, ...] = entered()
"""Every fault, by id."""

ELSEWHERE = {39: "http"}
"""Numbers of the published catalogue that another level has."""


def by_id(fault_id: str) -> Fault:
    """One fault. Raises KeyError for an id that nobody has."""
    return {fault.id: fault for fault in CATALOGUE}[fault_id]

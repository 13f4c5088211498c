"""How long the tiers of the conformance kit take on a right target, and how many steps they are.

    python -m tests.benchmarks.conformance [TIER ...]

Seconds of wall time and of CPU; an object is our own core, a service is our own over HTTP with a virtual clock and a
device in memory.
"""

from __future__ import annotations

import sys
import time

from sessioncore.conformance.http.power import judged
from sessioncore.conformance.reference import CoreTarget
from sessioncore.conformance.results import TierResult
from sessioncore.conformance.tiers import TIERS
from sessioncore.conformance.tiers.runner import silent
from sessioncore.conformance.tiers.standard import smoke, standard
from sessioncore.core import IBM_GUIDE

SERVICE_S_MAX = 45.0


def measured(name: str) -> TierResult:
    """The result of a tier on something right."""
    if name.startswith("http "):
        cases = {"http smoke": smoke, "http standard": standard}[name]
        return judged(None, cases, tier=name.removeprefix("http "), seconds_max=SERVICE_S_MAX, findings_max=25)
    return TIERS[name](CoreTarget, profile=IBM_GUIDE, seed=0, progress=silent)


def main() -> None:
    """Print a line for each tier."""
    names = sys.argv[1:] or ["smoke", "standard", "complete", "explore", "learn", "http smoke", "http standard"]
    print(f"{'tier':14} {'cases':>7} {'steps':>8} {'wall s':>8} {'CPU s':>8}  findings")
    for name in names:
        began, used = time.perf_counter(), time.process_time()
        result = measured(name)
        wall, cpu = time.perf_counter() - began, time.process_time() - used
        print(f"{name:14} {result.cases:7,} {result.steps:8,} {wall:8.1f} {cpu:8.1f}  {len(result.findings)}")


if __name__ == "__main__":
    main()

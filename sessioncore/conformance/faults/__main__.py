"""Search the shortest traces again: of the faults whose ids are given, or of all."""

from __future__ import annotations

import sys

from .catalogue import CATALOGUE
from .shortest import searched
from .witnesses import witnesses, write


def main(names: list[str]) -> int:
    """Search, tell, and keep. Exit status 1 if one was not found."""
    found = {fault.id: witnesses()[fault.id] for fault in CATALOGUE if fault.id in witnesses()}
    missing = []
    for fault in CATALOGUE:
        if not fault.sequential or (names and fault.id not in names):
            continue
        trace = searched(fault)
        if trace is None:
            missing.append(fault.id)
        else:
            found[fault.id] = trace
            print(f"{fault.id}: {len(trace)}", flush=True)
    write(found)
    print(f"{len(found)} kept; not found: {', '.join(missing) or 'none'}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

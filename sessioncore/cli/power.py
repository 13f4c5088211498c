"""``sessioncore conform --power``: the kit itself, judged."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .conform import FELL_SHORT, shown_progress
from .messages import UsageError, print_json, print_table, require

if TYPE_CHECKING:
    from sessioncore.conformance.power import Power


def power(arguments: argparse.Namespace) -> int:
    """Print what the kit finds of the known faults, and whom it accuses wrongly; 1 if a fault lives or anybody is."""
    require("rich", "hypothesis")
    if arguments.target is not None:
        raise UsageError(f"--power judges the kit and not {arguments.target}: leave out one of the two")
    from sessioncore.conformance.power import LEVELS, TIERS_OF_OBJECTS, measure

    tiers = tuple(arguments.tier or TIERS_OF_OBJECTS)
    unknown = set(tiers) - set(TIERS_OF_OBJECTS)
    if unknown:
        raise UsageError(f"--power measures {', '.join(TIERS_OF_OBJECTS)}, and not {', '.join(sorted(unknown))}")
    with shown_progress(quiet=arguments.json) as progress:
        found = measure(tiers, levels=tuple(arguments.level or LEVELS), progress=progress)
    if arguments.json:
        print_json(found.facts())
    else:
        _show(found)
    return 0 if found.good() else FELL_SHORT


def _show(found: Power) -> None:
    tiers = found.tiers
    rows = []
    for fault in found.known:
        place = found.diagnosed.get(fault.id)
        steps = [found.steps(fault.id, tier) for tier in tiers]
        told = "" if place is None else "first" if place == 1 else f"no. {place}" if place else "not named"
        rows.append([fault.id, fault.title, *steps, found.length(fault), told])
    columns = ["fault", "what is wrong", *tiers, "events", "diagnosis"]
    print_table(columns, rows, empty="no faults")
    print("A number is how many steps it took until something was found; a dash means that nothing was.")
    print("events: how long the trace is when it was made short, and the shortest that there can be.")
    for line in found.lines():
        print(line)

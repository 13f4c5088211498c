"""``sessioncore conform --power``: the kit itself, judged."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .conform import FELL_SHORT, shown_progress
from .messages import UsageError, print_json, print_table, require

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessioncore.conformance.power import Power, Told


def power(arguments: argparse.Namespace) -> int:
    """Print what the kit finds of the known faults, how well it explains them, and whom it accuses wrongly; 1 if one of
    the numbers that it promises does not hold."""
    require("rich", "hypothesis")
    if arguments.target is not None:
        raise UsageError(f"--power judges the kit and not {arguments.target}: leave out one of the two")
    from sessioncore.conformance.power import LEVELS, TIERS_OF_OBJECTS, measure

    tiers = tuple(arguments.tier or TIERS_OF_OBJECTS)
    unknown = set(tiers) - set(TIERS_OF_OBJECTS)
    if unknown:
        raise UsageError(f"--power measures {', '.join(TIERS_OF_OBJECTS)}, and not {', '.join(sorted(unknown))}")
    with shown_progress(quiet=arguments.json) as progress:
        found = measure(
            tiers, levels=tuple(arguments.level or LEVELS), progress=progress, workers=arguments.workers
        )
    if arguments.json:
        print_json(found.facts())
    else:
        _show(found)
    return FELL_SHORT if found.unmet() else 0


def _show(found: Power) -> None:
    tiers, longer = found.tiers, found.longer()
    rows = []
    for fault in found.known:
        steps = [found.steps(fault.id, tier) for tier in tiers]
        rows.append([fault.id, fault.title, *steps, fault.outside, *_told(found.report_on(fault.id), longer)])
    columns = ["fault", "what is wrong", *tiers, "outside complete", "events", "diagnosis"]
    print_table(columns, rows, empty="no faults")
    print("A number is how many steps it took until something was found; a dash means that nothing was.")
    print("events: how long the shortest trace of a report is, and by how much longer than the shortest possible.")
    for line in found.lines():
        print(line)
    for line in found.unmet():
        print(f"does not hold: {line}")


def _told(told: Told | None, longer: Mapping[str, int]) -> tuple[str, str]:
    """How long the trace of a report is, and on which place its diagnosis puts the fault."""
    if told is None:
        return "", ""
    events = "-" if told.events is None else str(told.events)
    if told.fault in longer:
        events += f" (+{longer[told.fault]})"
    if told.place == 1:
        return events, "first" if told.equals < 2 else f"first, with {told.equals - 1} like it"
    return events, f"no. {told.place}" if told.place else "not named"

"""Whether a faulty object can fail any case of a suite, asked of all its cases at once.

The cases of a suite share their beginnings. So the faulty implementation and the right one that it was made from walk
through the tree of them side by side, and are copied where it branches. The right one passes every case; one that never
parts from it does so too, and need not be run through each case anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from sessioncore.core.events import Event

from ..cases import Case
from ..faults.fault import Fault
from ..faults.plain import PlainDevice
from ..faults.shortest import parted

Tree: TypeAlias = "dict[Event, Tree]"


def tree_of(cases: Iterable[Case]) -> Tree:
    """The cases, each beginning once."""
    root: Tree = {}
    for case in cases:
        node = root
        for event in case.events:
            node = node.setdefault(event, {})
    return root


def parts(fault: Fault, tree: Tree) -> bool:
    """Whether the fault shows anywhere in the tree."""
    right = PlainDevice(fault.profile, lanes=fault.lanes, origin=0)
    wrong = fault.target(fault.profile, lanes=fault.lanes, origin=0)
    waiting = [(right, wrong, tree)]
    while waiting:
        right, wrong, node = waiting.pop()
        for number, (event, below) in enumerate(node.items(), 1):
            last = number == len(node)
            good, bad = (right, wrong) if last else (right.copy(), wrong.copy())
            if _parted(good, bad, event):
                return True
            if below:
                waiting.append((good, bad, below))
    return False


def _parted(right: PlainDevice, wrong: PlainDevice, event: Event) -> bool:
    try:
        return parted(right, wrong, event)
    except Exception:  # noqa: BLE001 - only the faulty one raises here, and that shows
        return True

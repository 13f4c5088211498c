"""The two ways in which clients run at once, and which code is the target's."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Collection, Sequence
from random import Random

from .schedules import Client, Line, Ran, Schedule, Turns, Watched

APART_MAX_S = 0.002
"""How far apart clients begin at most, where no schedule decides."""

KIT = "sessioncore.conformance"
PLAYED = (f"{KIT}.faults", f"{KIT}.parallel.faults", f"{KIT}.parallel.racy", f"{KIT}.reference")
"""Modules of the kit that are targets themselves."""

TOOLS = ("pytest", "_pytest", "pluggy", "hypothesis", "attr", "attrs", "coverage")


def target_code(module: str) -> bool:
    """Whether a module's lines are the target's: everything but the standard library, the kit and test tools."""
    if module.startswith(PLAYED):
        return True
    top = module.partition(".")[0]
    return top not in sys.stdlib_module_names and top not in TOOLS and not module.startswith(KIT)


def by_schedule(
    schedule: Schedule,
    clients: Sequence[Client],
    patience_s: float,
    *,
    watched: Watched,
    held: Collection[Line] = (),
) -> Ran:
    """One at a time, as the schedule says."""
    return Turns(clients, schedule, watched=watched, patience_s=patience_s, held=held).run()


def freely(clients: Sequence[Client], patience_s: float, *, rng: Random) -> Ran:
    """All from one start, a little apart, as the system lets them. Nobody is waited for longer than the patience."""
    barrier = threading.Barrier(len(clients))
    apart = [rng.choice((0.0, rng.random() * APART_MAX_S)) for _ in clients]
    ended = [False for _ in clients]

    def work(number: int) -> None:
        barrier.wait(patience_s)
        if apart[number]:
            time.sleep(apart[number])
        clients[number](_nothing)
        ended[number] = True

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(len(clients))]
    for thread in threads:
        thread.start()
    ends = time.monotonic() + patience_s
    for thread in threads:
        thread.join(max(0.0, ends - time.monotonic()))
    stuck = tuple(f"client {number} got no answer" for number, done in enumerate(ended) if not done)
    return Ran(stuck=stuck)


def _nothing() -> None:
    """No schedule decides here."""

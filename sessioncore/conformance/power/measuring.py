"""All of it, on as many processes as there are cores."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any, NamedTuple

from sessioncore.core.profiles import IBM_GUIDE

from ..faults.catalogue import CATALOGUE
from ..faults.fault import Fault
from ..faults.variants import VARIANTS
from ..parallel.faults import RACY, THREAD_SAFE
from ..parallel.host_target import HostTarget
from ..reference import CoreTarget
from ..tiers.runner import Progress, silent
from .objects import accused, accused_at_once, examine, reported
from .values import Alarm, Kill, Known, Power, Told

SEQUENTIAL = ("smoke", "standard", "complete", "explore")
"""The tiers that do one thing after another."""

TIERS_OF_OBJECTS = (*SEQUENTIAL, "parallel")

LEVELS = ("object", "http", "log")

SEEDS = 20
"""With how many seeds the reference is judged by the tiers that draw."""

OBJECTS: tuple[Fault, ...] = (*CATALOGUE, *RACY)
"""Every faulty object. Those of the catalogue are in the dictionary of faults too, and so must be named by it."""

RIGHT_AT_ONCE: dict[str, Callable[[], Any]] = {
    "our host": HostTarget,
    **{target.__name__: target for target in THREAD_SAFE},
}
"""What is right however many threads use it."""


class Task(NamedTuple):
    """What one process does at a time: of which kind, with what, by which tiers, with which seed."""

    kind: str
    name: str
    tiers: tuple[str, ...] = ()
    seed: int = 0


def measure(
    tiers: Sequence[str] = TIERS_OF_OBJECTS,
    *,
    levels: Sequence[str] = LEVELS,
    progress: Progress = silent,
    workers: int | None = None,
    seeds: int = SEEDS,
    only: Iterable[str] = (),
) -> Power:
    """The kill matrix of these levels; ``tiers`` are those of the object level. Minutes.

    ``workers`` is how many processes do it, by default one a core; but for times in seconds, what comes of it does not
    depend on that. ``only`` names faults and variants, by id, to look at these alone.
    """
    began = time.perf_counter()
    wanted = frozenset(only)
    tasks = [task for level in levels for task in _tasks(level, tiers, seeds) if not wanted or task.name in wanted]
    count = workers or os.cpu_count() or 1
    found: dict[type, list[Any]] = {Kill: [], Told: [], Alarm: [], int: []}
    with ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_left_to_the_first) as pool:
        waiting = [pool.submit(done, task) for task in tasks]
        try:
            for number, future in enumerate(as_completed(waiting), 1):
                progress("power", number, len(waiting))
                for thing in future.result():
                    found[type(thing)].append(thing)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # else it would go on for minutes
            raise
    order = {tier: number for number, tier in enumerate((*TIERS_OF_OBJECTS, "http smoke", "http standard", "log"))}
    return Power(
        known=tuple(fault for fault in _known(levels) if not wanted or fault.id in wanted),
        kills=tuple(sorted(found[Kill], key=lambda kill: (order[kill.tier], kill.fault))),
        told=tuple(sorted(found[Told], key=lambda told: told.fault)),
        alarms=tuple(sorted(found[Alarm], key=lambda alarm: (alarm.variant, alarm.tier, alarm.said))),
        tried=sum(found[int]),
        workers=count,
        seconds=round(time.perf_counter() - began, 1),
    )


def _left_to_the_first() -> None:
    """An interrupt from the keyboard is for the process that waits for the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _known(levels: Sequence[str]) -> tuple[Known, ...]:
    found: list[Known] = []
    if "object" in levels:
        found += [
            Known(
                id=fault.id,
                title=fault.title,
                level="object",
                shortest=fault.shortest,
                sequential=fault.sequential,
                outside=fault.outside,
            )
            for fault in OBJECTS
        ]
    if set(levels) - {"object"}:
        from .wire import known

        found += [fault for fault in known() if fault.level in levels]
    return tuple(found)


def _tasks(level: str, tiers: Sequence[str], seeds: int) -> list[Task]:
    """What is to be done for a level, each in a process of its own, what takes longest first."""
    if level != "object":
        from ..http.variants import HTTP_VARIANTS

        found = [Task(level, fault.id) for fault in _known((level,))]
        if level == "log":
            return [Task("log variants", ""), *found]
        return [*(Task("http variant", variant.id) for variant in HTTP_VARIANTS), *found]
    return [*_right(tiers, seeds), *_faulty(tiers)]


def _right(tiers: Sequence[str], seeds: int) -> list[Task]:
    """The right objects. What takes a quarter of a minute is asked of few, since ``standard`` asks the like."""
    sequential = tuple(tier for tier in tiers if tier != "parallel")
    quick = tuple(tier for tier in sequential if tier != "complete")
    drawn = tuple(tier for tier in tiers if tier == "explore")
    found = [Task("variant", one.id, sequential if one.id == "plain" else quick) for one in VARIANTS]
    found += [Task("reference", "", drawn if seed else sequential, seed) for seed in range(seeds)]
    if "parallel" in tiers:
        found += [Task("right at once", name, ("parallel",), seed) for name in RIGHT_AT_ONCE for seed in range(seeds)]
    return [task for task in found if task.tiers]


def _faulty(tiers: Sequence[str]) -> list[Task]:
    """The faulty objects, and the reports on those of the catalogue."""
    found = []
    for one in OBJECTS:
        mine = tuple(tier for tier in tiers if (tier != "parallel") is one.sequential)
        if mine:
            found.append(Task("fault", one.id, mine))
        if one in CATALOGUE and ("standard" if one.sequential else "parallel") in tiers:
            found.append(Task("report", one.id))
    return sorted(found, key=lambda task: "parallel" not in task.tiers)


def done(task: Task) -> list[Any]:
    """Carry out a task: kills, reports, alarms, and how many right targets were judged."""
    kind, name, tiers, seed = task
    if kind in ("fault", "report"):
        fault = next(one for one in OBJECTS if one.id == name)
        return [reported(fault)] if kind == "report" else [examine(fault, tier, seed=seed) for tier in tiers]
    if kind == "variant":
        variant = next(one for one in VARIANTS if one.id == name)
        return [1, *accused(variant.id, variant.factory(), variant.profile, tiers, seed)]
    if kind == "reference":
        return [1, *accused(f"the reference, seed {seed}", CoreTarget, IBM_GUIDE, tiers, seed)]
    if kind == "right at once":
        return [1, *accused_at_once(f"{name}, seed {seed}", RIGHT_AT_ONCE[name], seed)]
    from . import wire

    if kind == "http":
        return list(wire.over_http(name))
    if kind == "log":
        return list(wire.in_logs(name))
    if kind == "http variant":
        return [1, *wire.accused_over_http(name)]
    count, alarms = wire.accused_in_logs()
    return [count, *alarms]

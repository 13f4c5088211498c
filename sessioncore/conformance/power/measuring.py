"""All of it, on as many processes as there are cores."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any

from sessioncore.core.profiles import IBM_GUIDE

from ..faults.catalogue import CATALOGUE
from ..faults.fault import Fault
from ..faults.variants import VARIANTS
from ..parallel.faults import RACY
from ..reference import CoreTarget
from ..tiers.runner import Progress, silent
from .objects import accused, examine, place
from .values import Alarm, Kill, Known, Power

SEQUENTIAL = ("smoke", "standard", "complete", "explore")
"""The tiers that do one thing after another."""

TIERS_OF_OBJECTS = (*SEQUENTIAL, "parallel")

LEVELS = ("object", "http", "log")

SEEDS = 20
"""With how many seeds the reference is judged by the tiers that draw."""

OBJECTS: tuple[Fault, ...] = (*CATALOGUE, *RACY)
"""Every faulty object."""

_Task = tuple[str, str, tuple[str, ...], int]
"""(kind, name, tiers, seed): what one process does at a time."""


def measure(
    tiers: Sequence[str] = TIERS_OF_OBJECTS,
    *,
    levels: Sequence[str] = LEVELS,
    progress: Progress = silent,
    workers: int | None = None,
    seeds: int = SEEDS,
) -> Power:
    """The kill matrix of these levels; ``tiers`` are those of the object level. Minutes."""
    began = time.perf_counter()
    tasks = [task for level in levels for task in _tasks(level, tiers, seeds)]
    kills: list[Kill] = []
    alarms: list[Alarm] = []
    diagnosed: dict[str, int] = {}
    tried = 0
    with ProcessPoolExecutor(workers or os.cpu_count() or 1, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(done, task) for task in tasks]
        for number, future in enumerate(as_completed(waiting), 1):
            progress("power", number, len(waiting))
            for thing in future.result():
                match thing:
                    case Kill():
                        kills.append(thing)
                    case Alarm():
                        alarms.append(thing)
                    case (fault, where):
                        diagnosed[fault] = where
                    case _:
                        tried += thing
    order = {tier: number for number, tier in enumerate((*TIERS_OF_OBJECTS, "http smoke", "http standard", "log"))}
    return Power(
        known=_known(levels),
        kills=tuple(sorted(kills, key=lambda kill: (order[kill.tier], kill.fault))),
        alarms=tuple(sorted(alarms, key=lambda alarm: (alarm.variant, alarm.tier))),
        diagnosed=dict(sorted(diagnosed.items())),
        tried=tried,
        seconds=round(time.perf_counter() - began, 1),
    )


def _known(levels: Sequence[str]) -> tuple[Known, ...]:
    found: list[Known] = []
    if "object" in levels:
        found += [
            Known(id=fault.id, title=fault.title, level="object", shortest=fault.shortest) for fault in OBJECTS
        ]
    if set(levels) - {"object"}:
        from .wire import known

        found += [fault for fault in known() if fault.level in levels]
    return tuple(found)


def _tasks(level: str, tiers: Sequence[str], seeds: int) -> list[_Task]:
    """What is to be done for a level, each in a process of its own."""
    if level != "object":
        from ..http.variants import HTTP_VARIANTS

        found: list[_Task] = [(level, fault.id, (), 0) for fault in _known((level,))]
        if level == "log":
            return [*found, ("log variants", "", (), 0)]
        return [*found, *(("http variant", variant.id, (), 0) for variant in HTTP_VARIANTS)]
    sequential = tuple(tier for tier in tiers if tier != "parallel")
    at_once = tuple(tier for tier in tiers if tier == "parallel")
    drawn = tuple(tier for tier in tiers if tier == "explore")
    return [
        *(("fault", fault.id, sequential if fault.sequential else at_once, 0) for fault in OBJECTS),
        *(("variant", variant.id, sequential, 0) for variant in VARIANTS),
        *(("reference", "", drawn if seed else sequential, seed) for seed in range(seeds)),
    ]


def done(task: _Task) -> list[Any]:
    """Carry out a task: kills, alarms, (fault, place of its diagnosis), and how many right targets were judged."""
    kind, name, tiers, seed = task
    if kind == "fault":
        fault = next(one for one in OBJECTS if one.id == name)
        kills: list[Any] = [examine(fault, tier, seed=seed) for tier in tiers]
        if fault in CATALOGUE and any(kill.steps is not None for kill in kills):
            kills.append((fault.id, place(fault)))
        return kills
    if kind == "variant":
        variant = next(one for one in VARIANTS if one.id == name)
        return [1, *accused(variant.id, variant.factory(), variant.profile, tiers, seed)]
    if kind == "reference":
        return [1, *accused(f"the reference, seed {seed}", CoreTarget, IBM_GUIDE, tiers, seed)]
    from . import wire

    if kind == "http":
        return list(wire.over_http(name))
    if kind == "log":
        return list(wire.in_logs(name))
    if kind == "http variant":
        return [1, *wire.accused_over_http(name)]
    count, alarms = wire.accused_in_logs()
    return [count, *alarms]

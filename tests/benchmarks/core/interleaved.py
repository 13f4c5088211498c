"""How the benchmarks measure: everything once a round, in an order that turns; ratios are medians of rounds."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from statistics import median
from time import process_time
from typing import Any

Times = dict[str, list[float]]
"""CPU seconds of every implementation, round by round."""


def measure(runs: dict[str, Callable[[], float]], rounds: int) -> Times:
    """Let every run take its turn in every round; a run answers with the CPU seconds that it took."""
    names = list(runs)
    times: Times = {name: [] for name in names}
    for turn in range(rounds):
        for place in range(len(names)):
            name = names[(turn + place) % len(names)]
            gc.collect()
            times[name].append(runs[name]())
    return times


def drive(handle: Callable[[Any], object], events: Iterable[Any]) -> float:
    """The CPU seconds that the events take. What they are answered with is made and dropped."""
    begin = process_time()
    for event in events:
        handle(event)
    return process_time() - begin


def ratio(above: list[float], below: list[float]) -> float:
    """The median of the ratios of the rounds."""
    return median(a / b for a, b in zip(above, below, strict=True))


def show(times: Times, base: str, events: int) -> None:
    """Print microseconds an event, and how many times the base that is."""
    for name, seconds in times.items():
        each = median(seconds) / events * 1e6
        print(f"{name:28}{each:9.2f} us an event {ratio(seconds, times[base]):9.2f} times {base}")


def assert_same_answers(makers: dict[str, Callable[[], Callable[[Any], Any]]], events: list[Any]) -> int:
    """Every implementation answers every event with equal effects, in the same order. Returns how many there were."""
    told: dict[str, list[Any]] = {}
    for name, make in makers.items():
        handle = make()
        told[name] = [handle(event) for event in events]
    (first_name, first), *others = told.items()
    for name, answers in others:
        for event, ours, theirs in zip(events, first, answers, strict=True):
            assert ours == theirs, (event, first_name, ours, name, theirs)
    return sum(len(answer) for answer in first)

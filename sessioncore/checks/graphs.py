"""The graphs of one session: the kept ones, and those of the hand-written TLA+ statement."""

from __future__ import annotations

from pathlib import Path

from .values import Made


def golden(root: Path) -> Made:
    """The file of graphs, explored again by the core as it runs."""
    from sessioncore.explore import golden_text
    from sessioncore.explore.golden import PLACE

    return Made(files={PLACE.as_posix(): golden_text(root).encode()})


def statement(root: Path) -> Made:  # noqa: ARG001 - TLC reads the modules beside the code that runs
    """Nothing is kept: TLC's graphs are compared with the core's, edge by edge, under every setting."""
    from sessioncore.explore import MATRIX, first_difference, graph_of, tlc

    missing = tlc.available()
    if missing is not None:
        return Made(files={}, unchecked=missing)
    stated = tlc.graphs(MATRIX)
    problems = []
    for setting in MATRIX:
        apart = first_difference(graph_of(setting), stated[setting.name])
        if apart is not None:
            said, way = apart
            steps = ", ".join(step.text for step in way) or "at the start"
            problems.append(f"{setting.name}: {said}; a shortest way there: {steps}")
    return Made(files={}, problems=tuple(problems))

"""The legend: every sign of a picture, drawn as it is drawn there, and what it means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from .overlay import Overlay, Sample
from .pens import (
    CLOCK_LOOK,
    FAINT,
    FINAL_LOOK,
    INK,
    JOB_PENS,
    PAPER,
    PENS,
    PLACE_LOOK,
    PLAIN,
)
from .picture import CLOCK_SIGN, Picture

COLUMNS = 4
"""How many samples stand side by side."""


def samples_of(picture: Picture, overlay: Overlay) -> Iterator[Sample]:
    """What the legend of a picture shows, in order."""
    yield Sample(look=PLACE_LOOK, says="state")
    if picture.finals:
        yield Sample(look=FINAL_LOOK, says="final state")
    if picture.timers:
        yield Sample(look=CLOCK_LOOK, says=f"{CLOCK_SIGN} timer")
    if not overlay.own_pens:
        yield Sample(pen=PLAIN, says="leads to")
        for reason in picture.reasons:
            yield Sample(pen=PENS[reason], says=f"ends: {reason.value}")
        for name in [state.value for state in picture.finals if state.value in JOB_PENS]:
            yield Sample(pen=JOB_PENS[name], says=f"ends: {name}")
    yield from overlay.samples()


def sentences_of(picture: Picture, overlay: Overlay) -> list[str]:
    """What the legend says in words, two sentences a line."""
    said = ["In a state: what happens there without leaving it."]
    if picture.groups:
        said.append("An arrow or a line of a frame holds for every state in it.")
    if picture.timers:
        said.append(f"{CLOCK_SIGN} A timer hangs on a dotted line where it is armed.")
    said.append("What is refused is left out.")
    if picture.specs is not None:
        said.append("An id leads to its sentence.")
    lines = ["  ".join(said[start : start + 2]) for start in range(0, len(said), 2)]
    return [*lines, *overlay.lines()]


def add_legend(graph: Any, picture: Picture, overlay: Overlay) -> None:
    """Add the legend below everything else."""
    samples = list(samples_of(picture, overlay))
    rows = [samples[start : start + COLUMNS] for start in range(0, len(samples), COLUMNS)]
    last = picture.finals[-1] if picture.finals else picture.states[-1]
    above = last.value
    with graph.subgraph(name="cluster_legend") as legend:
        legend.attr(label="", style="invis", margin="4")
        for number, row in enumerate(rows):
            middle = _add_row(legend, number, row)
            graph.edge(above, middle, style="invis")
            above = middle
        told = "".join(f"{line}\\l" for line in sentences_of(picture, overlay))
        legend.node("legend_words", label=told, shape="plaintext", style="", fontcolor=FAINT, fontsize="9",
                    **{"class": "legend"})  # fmt: skip
    graph.edge(above, "legend_words", style="invis")


def _add_row(legend: Any, number: int, row: Sequence[Sample]) -> str:
    """One row of samples; returns the node in its middle."""
    names: list[str] = []
    with legend.subgraph() as line:
        line.attr(rank="same")
        for place, sample in enumerate(row):
            names += _add_sample(line, f"legend_{number}_{place}", sample)
        for left, right in pairwise(names):
            if not right.endswith("_says"):
                line.edge(left, right, style="invis")
    return names[len(names) // 2]


def _add_sample(line: Any, name: str, sample: Sample) -> list[str]:
    """A box with its meaning inside, or a line with its meaning at its end."""
    words = {"fontsize": "9", "class": "legend"}
    if sample.look is not None:
        look = sample.look
        line.node(
            name,
            label=sample.says,
            style="rounded,filled" + (",dashed" if look.dashed else ""),
            fillcolor=look.fill,
            color=look.edge,
            fontcolor=look.text,
            penwidth=look.width,
            peripheries="2" if look is FINAL_LOOK else "1",
            height="0.2",
            margin="0.08,0.02",
            **words,
        )
        return [name]
    pen = sample.pen
    assert pen is not None
    says = f"{name}_says"
    line.node(name, label="", shape="point", width="0.01", color=PAPER)
    line.node(says, label=sample.says, shape="plaintext", style="", height="0.2", margin="0.04,0.02",
              fontcolor=pen.text or (INK if pen.color == INK else pen.color), **words)  # fmt: skip
    line.edge(
        name,
        says,
        color=f"{pen.color}:{pen.color}" if pen.twice else pen.color,
        style=pen.style,
        penwidth=pen.width,
        arrowhead=pen.head,
    )
    return [name, says]

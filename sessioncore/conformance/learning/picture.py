"""A learned machine drawn over the reference: what a client sees of the session, and where the target goes wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, final

import attrs

from sessioncore.core.errors import BackendError
from sessioncore.diagrams.pens import FADED, FAINT, FINAL_LOOK, INK, PAPER, PLACE_LOOK, PLAIN, RED, Look, Pen
from sessioncore.diagrams.render import svg_of

from ..model import Inputs
from .comparing import Place, Step, place_name

FONT = "Helvetica"
LISTED_MAX = 14
"""How many differences are told below the picture."""

LINE_MAX = 130
"""How many characters a line below the picture has at most."""

WRONG = Pen(color=RED, width="2.2")
MISSED = Pen(color=FAINT, style="dashed", text=FAINT)
WRONG_PLACE = Look(fill=PAPER, edge=RED, text=RED, width="2.2", dashed=True)


@final
@attrs.frozen(kw_only=True)
class Mark:
    """A way in which the target goes wrong: ``step`` shows it soonest, ``times`` is in how many states it was seen.

    ``confirmed`` says whether the target did it again when the step was replayed step by step beside the reference;
    ``rules`` are those to blame.
    """

    number: int
    step: Step
    times: int = 1
    confirmed: bool = False
    rules: tuple[str, ...] = ()

    def told(self) -> str:
        """One line: the inputs, and what is wrong then."""
        rule = f"\u00a0· {self.rules[0]}".replace(" ", "\u00a0") if self.rules else ""
        often = f" (so in {self.times} states)" if self.times > 1 else ""
        return f"{told(self.step.word)}: {'; '.join(self.step.wrong)}{often}{rule}"


def told(word: Inputs) -> str:
    """Inputs for people: what is repeated is counted, and the only session needs no name."""
    said = []
    for one, group in groupby(word):
        verb = one.partition(" ")[0]
        times = len(list(group))
        text = verb if verb in ("submit", "close", "cancel") else one
        said.append(f"{text} x{times}" if times > 1 else text)
    return ", ".join(said)


def dot_of(right: Sequence[Step], compared: Sequence[Step], marks: Sequence[Mark], title: str, tick_us: int) -> str:
    """The picture as DOT. ``right`` are the steps of the reference, ``compared`` those that it takes together with the
    target; a tick is so many microseconds."""
    try:
        from graphviz import Digraph
    except ImportError:
        raise BackendError('Drawing needs the graphviz package: pip install "sessioncore[diagrams]"') from None
    graph = Digraph(
        "learned",
        graph_attr={
            "label": f"{title}\n ", "labelloc": "t", "bgcolor": PAPER, "fontname": FONT, "fontcolor": INK,
            "fontsize": "15", "nodesep": "0.45", "ranksep": "0.55", "pad": "0.2", "tooltip": title,
        },
        node_attr={
            "fontname": FONT, "fontcolor": INK, "fontsize": "11", "shape": "box", "style": "rounded,filled",
            "margin": "0.14,0.08",
        },
        edge_attr={"fontname": FONT, "fontsize": "10", "arrowsize": "0.8"},
    )  # fmt: skip
    _add_places(graph, right, marks)
    _add_ways(graph, right, compared, marks)
    _add_marks(graph, marks)
    _add_list(graph, right, marks, tick_us)
    source: str = graph.source
    return source


def drawn(dot: str, title: str, marks: Sequence[Mark]) -> str:
    """The picture as an SVG. Raises :class:`BackendError` where nothing that can draw is installed."""
    summary = "; ".join(f"{mark.number}: {mark.told()}" for mark in marks)
    return svg_of(dot, title=title, summary=summary or "The target does all that the reference does.")


# --- parts -----------------------------------------------------------------------------------------------------


def _add_places(graph: Any, right: Iterable[Step], marks: Iterable[Mark]) -> None:
    ours = dict.fromkeys(step.right for step in right)
    theirs = [place for place in dict.fromkeys(mark.step.there for mark in marks) if place not in ours]
    for place in (*ours, *theirs):
        final = place is not None and place[0] == "closed"
        look = WRONG_PLACE if place in theirs else FINAL_LOOK if final else PLACE_LOOK
        graph.node(
            place_name(place).replace(":", ""),
            label=place_name(place).replace("_", " "),
            fillcolor=look.fill,
            color=look.edge,
            fontcolor=look.text,
            penwidth=look.width,
            style="rounded,filled" + (",dashed" if look.dashed else ""),
            peripheries="2" if final else "1",
            tooltip=f"{place_name(place)}: the reference never is" if place in theirs else place_name(place),
        )


def _add_ways(graph: Any, right: Iterable[Step], compared: Iterable[Step], marks: Iterable[Mark]) -> None:
    """The ways of the reference that lead from one place to another, as both take them, as the target misses them, or
    pale where a difference comes before them."""
    both = {(step.before, step.right, step.verb) for step in compared if not step.wrong}
    missed = {(mark.step.before, mark.step.right, mark.step.verb) for mark in marks} - both
    found: dict[tuple[Place, Place, str], list[str]] = {}
    for step in right:
        way = (step.before, step.right, step.verb)
        if step.before != step.right:
            kind = "both" if way in both else "missed" if way in missed else "beyond"
            verbs = found.setdefault((step.before, step.right, kind), [])
            if step.verb not in verbs:
                verbs.append(step.verb)
    pens = {"both": PLAIN, "missed": MISSED, "beyond": FADED}
    says = {
        "both": "as it should be",
        "missed": "the reference goes this way, the target does not",
        "beyond": "lies beyond a difference: not compared",
    }
    for (before, after, kind), verbs in found.items():
        _add_edge(graph, before, after, _lines(verbs), pens[kind], says[kind])


def _lines(verbs: Sequence[str]) -> str:
    """Verbs, two to a line; the ends of jobs are told as one."""
    ends = ("job succeeds", "job fails", "device lets go of job")
    if all(end in verbs for end in ends):
        verbs = [*(verb for verb in verbs if verb not in ends), "job ends"]
    return "\n".join(" / ".join(verbs[at : at + 2]) for at in range(0, len(verbs), 2))


def _add_marks(graph: Any, marks: Iterable[Mark]) -> None:
    """One arrow for all that goes wrong between two places, with the numbers of the lines below."""
    found: dict[tuple[Place, Place, bool], dict[str, list[Mark]]] = {}
    for mark in marks:
        verbs = found.setdefault((mark.step.before, mark.step.there, mark.confirmed), {})
        verbs.setdefault(mark.step.verb, []).append(mark)
    for (before, there, confirmed), verbs in found.items():
        label = "\n".join(f"{_numbers(same)}: {verb}" for verb, same in verbs.items())
        pen = WRONG if confirmed else Pen(color=RED, style="dotted", width="2.2")
        says = "; ".join(mark.told() for same in verbs.values() for mark in same)
        _add_edge(graph, before, there, label if confirmed else f"{label}\n(not confirmed)", pen, says)


def _numbers(marks: Iterable[Mark]) -> str:
    return ", ".join(str(mark.number) for mark in marks)


def _add_edge(graph: Any, before: Place, after: Place, label: str, pen: Pen, says: str) -> None:
    graph.edge(
        place_name(before).replace(":", ""),
        place_name(after).replace(":", ""),
        label="\n".join(f" {line} " for line in label.split("\n")),  # so that it does not touch the line
        color=pen.color,
        fontcolor=pen.text or pen.color,
        style=pen.style,
        penwidth=pen.width,
        tooltip=says,
        labeltooltip=says,
    )


def _add_list(graph: Any, right: Sequence[Step], marks: Sequence[Mark], tick_us: int) -> None:
    """What is wrong, in numbered lines below the picture, and what the lines mean."""
    ours = dict.fromkeys(step.right for step in right)
    finals = [place for place in ours if place is not None and place[0] == "closed"]
    lines = [line for mark in marks[:LISTED_MAX] for line in _broken(f"{mark.number}: {mark.told()}")]
    if len(marks) > LISTED_MAX:
        lines.append(f"and {len(marks) - LISTED_MAX} more")
    legend = [
        "Black: target and reference alike. Inputs that leave the session where it is are left out."
        if marks
        else "Target and reference alike. Inputs that leave the session where it is are left out.",
    ]
    if marks:
        legend.append("Red: what the target does instead; a red place is one where the reference never is.")
        legend.append("Dashed: where it should go. Pale: lies beyond a difference, and was not compared.")
        legend.append(f"Below: what shows it soonest, on a session just opened. A tick is {tick_us / 1e6:g} s.")
    above = place_name(finals[0]).replace(":", "") if finals else ""
    for name, told_lines, color, size in (("legend", legend, FAINT, "9"), ("wrong", lines, RED, "10")):
        if told_lines:
            graph.node(name, label="".join(f"{line}\\l" for line in told_lines), shape="plaintext", style="",
                       fontcolor=color, fontsize=size, **{"class": "legend"})  # fmt: skip
            if above:
                graph.edge(above, name, style="invis")
            above = name


def _broken(line: str) -> list[str]:
    """A line in pieces that are not too long."""
    pieces = [""]
    for word in line.split(" "):
        if len(pieces[-1]) + len(word) > LINE_MAX:
            pieces.append("    ")
        pieces[-1] += word + " "
    return [piece.rstrip().replace("\\", "") for piece in pieces]

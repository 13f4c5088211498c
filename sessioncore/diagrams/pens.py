"""Colours and lines. Every colour is for light paper, and stands in :data:`DARK` with another for dark screens."""

from __future__ import annotations

from typing import final

from sessioncore.core import StateReason
from sessioncore.core.values import value

INK = "#1f2328"
FAINT = "#59636e"
PALE = "#9aa3ad"
PAPER = "#ffffff"
FRAME = "#d1d9e0"
FIELD = "#f6f8fa"
FIELD_2 = "#eef1f4"
PLACE = "#ddf4ff"
PLACE_EDGE = "#0969da"
FINAL = "#e6eaef"
CLOCK = "#fff1cc"
CLOCK_EDGE = "#9a6700"
NOW = "#c9f2d0"
NOW_EDGE = "#1a7f38"
GREEN = "#1a7f37"
RED = "#cf222e"
ORANGE = "#bc4c00"
VIOLET = "#8250df"
PINK = "#bf3989"
TEAL = "#1b7c83"
HEAT = ("#b08800", "#d4691e", "#cf2a24", "#86061d")
"""From few to many."""

DARK = {
    INK: "#e6edf3",
    FAINT: "#98a0a9",
    PALE: "#69727d",
    PAPER: "#0d1117",
    FRAME: "#3d444d",
    FIELD: "#151b23",
    FIELD_2: "#1c232c",
    PLACE: "#10294a",
    PLACE_EDGE: "#4493f8",
    FINAL: "#2a313c",
    CLOCK: "#3a2c06",
    CLOCK_EDGE: "#d29922",
    NOW: "#12351d",
    NOW_EDGE: "#3fb951",
    GREEN: "#3fb950",
    RED: "#ff7b72",
    ORANGE: "#f0883e",
    VIOLET: "#ab7df8",
    PINK: "#f778ba",
    TEAL: "#39c5cf",
    HEAT[0]: "#8d7320",
    HEAT[1]: "#d98c2b",
    HEAT[2]: "#ff9a5c",
    HEAT[3]: "#ffd0a8",
}
"""Each colour on dark paper. On a dark screen what is hot is bright."""


@final
@value
class Pen:
    """How an arrow is drawn; ``twice`` doubles the line, ``text`` is the colour of its label if not that of the
    line."""

    color: str
    style: str = "solid"
    width: str = "1.3"
    head: str = "normal"
    twice: bool = False
    text: str | None = None


@final
@value
class Look:
    """How a place is drawn."""

    fill: str = PLACE
    edge: str = PLACE_EDGE
    text: str = INK
    width: str = "1.2"
    dashed: bool = False


PLAIN = Pen(color=INK)
BY_CLOCK = Pen(color=CLOCK_EDGE, text=INK)
FADED = Pen(color=PALE, width="1", text=PALE)
PENS: dict[StateReason, Pen] = {
    StateReason.CLOSED: Pen(color=GREEN, width="2"),
    StateReason.CANCELLED: Pen(color=RED, style="dashed", width="2", head="vee"),
    StateReason.MAX_TTL: Pen(color=ORANGE, style="dotted", width="2.6"),
    StateReason.NO_SUBMISSION: Pen(color=VIOLET, twice=True, width="1.3", head="empty"),
    StateReason.INTERACTIVE_TTL: Pen(color=TEAL, style="dashed", twice=True, width="1.2", head="empty"),
    StateReason.USAGE_LIMIT: Pen(color=CLOCK_EDGE, width="3", head="diamond"),
    StateReason.JOB_FAILED: Pen(color=PINK, style="dotted", twice=True, width="1.6", head="box"),
}
"""Every end reason has a colour and a line of its own, so that neither alone has to be seen."""

JOB_PENS = {
    "completed": Pen(color=GREEN, width="2"),
    "failed": Pen(color=RED, style="dashed", width="2", head="vee"),
    "cancelled": Pen(color=VIOLET, twice=True, width="1.3", head="empty"),
}
"""The same for the ends of a job."""

PLACE_LOOK = Look()
FINAL_LOOK = Look(fill=FINAL, edge=INK)
CLOCK_LOOK = Look(fill=CLOCK, edge=CLOCK_EDGE, dashed=True)
NOW_LOOK = Look(fill=NOW, edge=NOW_EDGE, width="3.2")
FADED_LOOK = Look(fill=FIELD, edge=PALE, text=PALE, width="1")

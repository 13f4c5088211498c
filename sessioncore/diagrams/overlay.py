"""What can be drawn over a picture: a comparison, a coverage, the path of a trace, where something stands.

An overlay changes pens and adds notes; it never changes what the picture says. Every note begins with
:data:`NOTE_SIGN`, by which the renderers know it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, final

from sessioncore.core import Row
from sessioncore.core.values import value

from .pens import Look, Pen
from .picture import Timer

NOTE_SIGN = "▸"


@final
@value
class Sample:
    """One entry of the legend: a line or a box as it is drawn, and what it means."""

    says: str
    pen: Pen | None = None
    look: Look | None = None


class Overlay:
    """Nothing over the picture. The kinds of overlay change what they need to.

    ``sources`` are the values of the states that an arrow leaves, or that a line inside a place or frame stands for.
    """

    title = ""
    """What is added to the title."""

    own_pens = False
    """Whether the legend's own samples take the place of those of the end reasons."""

    def pen(self, rows: Collection[Row], sources: Collection[str], pen: Pen) -> Pen:  # noqa: ARG002
        """How an arrow is drawn that stands for these rows, drawn with ``pen`` otherwise."""
        return pen

    def note(self, rows: Collection[Row], sources: Collection[str]) -> str:  # noqa: ARG002
        """What is told beside these rows; empty for nothing."""
        return ""

    def look(self, state: str, look: Look) -> Look:  # noqa: ARG002
        """How a place is drawn."""
        return look

    def clock(self, timer: Timer, look: Look) -> tuple[Look, str]:  # noqa: ARG002
        """How a timer is drawn, and what is told in it besides."""
        return look, ""

    def state_note(self, state: str) -> str:  # noqa: ARG002
        """What is told beside the name of a place; empty for nothing."""
        return ""

    def samples(self) -> tuple[Sample, ...]:
        """What the legend explains."""
        return ()

    def lines(self) -> tuple[str, ...]:
        """Sentences of the legend."""
        return ()

    def told(self) -> dict[str, Any]:
        """The same as data, for JSON."""
        return {}


NOTHING = Overlay()


def noted(text: str) -> str:
    """A note as it stands in a label."""
    return f"{NOTE_SIGN} {text}"

"""The one error of this room."""

from __future__ import annotations

from collections.abc import Iterable

from sessioncore.core import SessionCoreError

SHOWN_MAX = 6
"""How many of the possible answers a message names."""


class PictureError(SessionCoreError, ValueError):
    """What was asked for cannot be drawn. The message is one line, and says what can."""


def some_of(names: Iterable[str]) -> str:
    """The first names of many, for a message."""
    told = list(names)
    more = len(told) - SHOWN_MAX
    return ", ".join(told[:SHOWN_MAX]) + (f" and {more} more" if more > 0 else "") if told else "none"

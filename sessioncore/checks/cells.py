"""Markdown tables with short cells."""

from __future__ import annotations

from collections.abc import Sequence

BREAK = "<br>"
"""A new line within a cell."""


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; columns in which every row is empty are left out."""
    kept = [at for at in range(len(columns)) if any(row[at] for row in rows)]
    lines = [_line([columns[at] for at in kept]), "|" + "---|" * len(kept)]
    lines += [_line([row[at] for at in kept]) for row in rows]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def anchor(name: str) -> str:
    """Where ``name`` (a rule's or a row's id) can be linked to: its id in lower case."""
    return f'<a id="{name.lower()}"></a>'


def link(text: str, page: str, place: str = "") -> str:
    """A link to a page, or to a place on it; the page is empty for a place on the same page."""
    return f"[{text}]({page}{'#' + place.lower() if place else ''})"

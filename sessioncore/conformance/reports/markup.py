"""HTML and SVG as text, in which everything is escaped unless it was made here."""

from __future__ import annotations

from html import escape
from typing import Final

from .words import clean

EMPTY: Final = frozenset(("br", "hr", "meta", "img", "line", "path", "rect", "circle", "polygon"))
"""Elements without content. Those of SVG are closed in the same tag."""


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def text(content: object) -> Html:
    """Anything as markup: escaped, unless it is."""
    return content if isinstance(content, Html) else Html(escape(clean(str(content)), quote=False))


def tag(name: str, /, *content: object, **attributes: object) -> Html:
    """One element. An attribute that is None or False is left out; ``class_`` stands for ``class``, ``_`` for ``-``."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(clean(str(value)))}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in EMPTY:
        return Html(f"<{name}{told}/>")
    return Html(f"<{name}{told}>{''.join(map(text, content))}</{name}>")


def join(*content: object, between: str = "") -> Html:
    """Several after each other."""
    return Html(text(between).join(map(text, content)))

"""Pictures of the charts, made from the charts that the running code uses.

``diagram`` answers with text, or with bytes for ``png`` and ``pdf``. Nothing is imported before something is drawn.
"""

from __future__ import annotations

from pathlib import Path

from sessioncore.core import IBM_GUIDE, Mode, Profile

from .picture import NAMES, picture_of

FORMATS = ("dot", "svg", "png", "pdf", "mermaid", "plantuml", "scxml", "json")
"""In what a chart can be drawn."""

KEPT = ("dot", "svg")
"""The formats that :func:`write_all` writes."""

__all__ = ["FORMATS", "KEPT", "NAMES", "diagram", "write_all"]


def diagram(
    name: str,
    *,
    format: str,
    profile: Profile = IBM_GUIDE,
    mode: Mode = Mode.DEDICATED,
) -> str | bytes:
    """Draw the chart ``name`` (one of :data:`NAMES`) in a format (one of :data:`FORMATS`), for one half of a profile.

    The same arguments give the same text. Raises ValueError for a name or format that there is not, and
    :class:`~sessioncore.core.BackendError`, with what to install, where the format needs something that is missing.
    """
    if name not in NAMES:
        raise ValueError(f"there is no chart {name!r}: take {', '.join(NAMES)}")
    if format not in FORMATS:
        raise ValueError(f"there is no format {format!r}: take {', '.join(FORMATS)}")
    picture = picture_of(name, profile, mode)
    if format in ("mermaid", "plantuml", "scxml", "json"):
        from . import texts

        if format == "json":
            return texts.json_of(picture, profile, mode)
        writers = {"mermaid": texts.mermaid_of, "plantuml": texts.plantuml_of, "scxml": texts.scxml_of}
        return writers[format](picture)
    from .dot import dot_of
    from .render import image_of, svg_of

    source = dot_of(picture)
    if format == "dot":
        return source
    if format == "svg":
        return svg_of(source, title=picture.title, summary=picture.summary)
    return image_of(source, format)


def write_all(folder: Path) -> tuple[Path, ...]:
    """Write every chart of the default profile into a folder, in the formats :data:`KEPT`. Returns the files.

    Raises :class:`~sessioncore.core.BackendError` where a renderer is missing; then nothing has been written.
    """
    drawn = {folder / f"{name}.{kind}": diagram(name, format=kind) for name in NAMES for kind in KEPT}
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in drawn.items():
        assert isinstance(text, str)
        path.write_text(text, encoding="utf-8", newline="\n")
    return tuple(drawn)

"""Pictures of the charts, made from the charts that the running code uses.

``diagram`` answers with text, or with bytes for ``png`` and ``pdf``. ``draw`` answers with a value that shows itself in
notebooks and can have something drawn over the chart: another profile, a coverage, the path of a trace, where a live
session stands. Nothing is imported before something is drawn.
"""

from __future__ import annotations

from pathlib import Path

from sessioncore.core import IBM_GUIDE, Mode, Profile

from .drawing import FORMATS, MARKED, Diagram, draw
from .links import KEPT_SPECS
from .picture import NAMES
from .refusals import PictureError

KEPT = {"dot": "dot", "svg": "svg", "mermaid": "mmd", "plantuml": "puml", "scxml": "scxml", "json": "json"}
"""The formats that :func:`write_all` writes, and the ends of their files' names."""

__all__ = ["FORMATS", "KEPT", "MARKED", "NAMES", "Diagram", "PictureError", "diagram", "draw", "write_all"]


def diagram(
    name: str,
    *,
    format: str,
    profile: Profile = IBM_GUIDE,
    mode: Mode = Mode.DEDICATED,
    specs: str | None = None,
) -> str | bytes:
    """Draw the chart ``name`` (one of :data:`NAMES`) in a format (one of :data:`FORMATS`), for one half of a profile.

    ``specs`` is where the rules' sentences are, seen from the picture; without it ids are no links (see
    :meth:`Diagram.to`). The same arguments give the same text. Raises :class:`PictureError` (a ValueError) for a name
    or format that there is not, and :class:`~sessioncore.core.BackendError`, with what to install, where the format
    needs something that is missing.
    """
    return draw(name, profile=profile, mode=mode).to(format, specs=specs)


def write_all(folder: Path) -> tuple[Path, ...]:
    """Write every chart of the default profile into a folder beside ``specs/``, in the formats :data:`KEPT`. Returns
    the files.

    Raises :class:`~sessioncore.core.BackendError` where a renderer is missing; then nothing has been written.
    """
    drawn = {
        folder / f"{name}.{end}": diagram(name, format=kind, specs=KEPT_SPECS)
        for name in NAMES
        for kind, end in KEPT.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in drawn.items():
        assert isinstance(text, str)
        path.write_text(text, encoding="utf-8", newline="\n")
    return tuple(drawn)

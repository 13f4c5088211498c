"""``sessioncore diagram``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sessioncore.core.profiles import PROFILES
from sessioncore.core.states import Mode

from .messages import UsageError
from .parser import DIAGRAM_FORMATS

BINARY = ("png", "pdf")


def diagram(arguments: argparse.Namespace) -> int:
    """Draw one chart to stdout or to a file."""
    from sessioncore.diagrams import diagram as draw

    suffix = Path(arguments.output or "").suffix.removeprefix(".")
    wanted = arguments.format or (suffix if suffix in DIAGRAM_FORMATS else "dot")
    if wanted in BINARY and arguments.output is None and sys.stdout.isatty():
        raise UsageError(f"{wanted} is not for a terminal: add -o FILE.{wanted}")
    drawn = draw(
        arguments.name,
        format=wanted,
        profile=PROFILES[arguments.profile],
        mode=Mode(arguments.mode),
    )
    data = drawn.encode() if isinstance(drawn, str) else drawn
    if arguments.output is None:
        sys.stdout.buffer.write(data if data.endswith(b"\n") or wanted in BINARY else data + b"\n")
        return 0
    try:
        Path(arguments.output).write_bytes(data)
    except OSError as error:
        raise UsageError(f"cannot write {arguments.output}: {error.strerror}") from error
    return 0

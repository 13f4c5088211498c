"""The command line: ``sessioncore COMMAND``. Every command's work is imported only when it is asked for.

Exit codes: 0 ok, 1 the thing judged or run fell short, 2 wrong use. ``run`` passes its program's exit code on.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from .parser import build_parser

WRONG_USE = 2
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. What goes wrong is one line on stderr, never a traceback."""
    try:
        return _told(argv)
    except KeyboardInterrupt:
        return INTERRUPTED


def _told(argv: Sequence[str] | None) -> int:
    """Run one command; what is wrong with its use, or with the machine's files, is told."""
    from sessioncore.core.errors import SessionCoreError

    _open_missing_streams()
    try:
        try:
            arguments = build_parser().parse_args(argv)
            code: int = arguments.command(arguments)
        finally:
            sys.stdout.flush()  # here, where it can still be told that the disk is full
    except SessionCoreError as error:
        _say(str(error))
        return WRONG_USE
    except BrokenPipeError:
        # Whoever read our output (``| head``) has seen enough; nothing more can be said to it.
        _silence(sys.stdout.fileno())
        return 0
    except OSError as error:
        where = "" if error.filename is None else f"{error.filename}: "
        full = ": make room, or write elsewhere" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        _say(f"{where}{error.strerror or error}{full}")
        _silence(sys.stdout.fileno())
        return WRONG_USE
    return code


def _say(text: str) -> None:
    """One line on stderr, whatever lines the text has; nothing where stderr itself cannot be written to."""
    try:
        print(f"sessioncore: {' '.join(text.splitlines())}", file=sys.stderr, flush=True)
    except OSError:
        _silence(sys.stderr.fileno())


def _silence(stream: int) -> None:
    """Let what is still to be written there go nowhere, or the interpreter tells of it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream)


def _open_missing_streams() -> None:
    """Whoever started us may have closed stdin, stdout or stderr (``<&-``): Python has None there, which everything
    that asks for a terminal would fall over. The lowest first, so that each has its own number for our children."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115 - it stays open as long as we live
            with suppress(OSError):
                os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)

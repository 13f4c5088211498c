"""The command line: ``sessioncore COMMAND``. Every command's work is imported only when it is asked for.

Exit codes: 0 ok, 1 the thing judged or run fell short, 2 wrong use. ``run`` passes its program's exit code on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from .parser import build_parser

WRONG_USE = 2
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. What goes wrong is one line on stderr, never a traceback."""
    from sessioncore.core.errors import SessionCoreError

    parser = build_parser()
    arguments = parser.parse_args(argv)
    try:
        code: int = arguments.command(arguments)
    except SessionCoreError as error:
        print(f"sessioncore: {error}", file=sys.stderr)
        return WRONG_USE
    except BrokenPipeError:
        # Whoever read our output (``| head``) has seen enough; nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    return code

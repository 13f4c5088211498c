"""The user's own functions and classes, which the command line names ``MODULE:NAME``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .messages import UsageError


def load(name: str, kind: str) -> Callable[..., Any]:
    """What ``MODULE:NAME`` names, found in the current folder as well. ``kind`` says what it should be.

    Raises :class:`UsageError` where it cannot be imported, whatever its module raises, or cannot be called.
    """
    from pkgutil import resolve_name

    sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = resolve_name(name)
    except SystemExit as error:
        why = f"its module ends the program with exit({error.code!r}) when it is imported"
        raise UsageError(f"{name} cannot be loaded: {why}") from error
    except Exception as error:  # whatever the user's module raises while it is imported
        raise UsageError(f"{name} cannot be loaded: {type(error).__name__}: {error}; {kind}") from error
    finally:
        sys.path.pop(0)
    if not callable(found):
        raise UsageError(f"{name} cannot be called; {kind}")
    function: Callable[..., Any] = found
    return function

"""Whether what a target is, and what it shows, has the form that can be read at all."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from .protocol import DURATIONS, TIMES, UNSEEN, Capabilities, JobView, SessionView, View
from .watch import checked

METHODS = ("apply", "advance", "observe", "close")


def no_target(made: Any) -> str:
    """What is missing in what a factory gave; empty for a target."""
    if inspect.iscoroutine(made):
        made.close()
        return "it is a coroutine, and a factory is not awaited: its targets may be asynchronous, not itself"
    if isinstance(made, type):
        return f"it is the class {made.__name__}, not an object of it"
    missing = [name for name in METHODS if not callable(getattr(made, name, None))]
    if missing:
        return f"a {type(made).__name__} has no {', '.join(missing)}"
    try:
        checked(made.capabilities, Capabilities, "its capabilities")
    except TypeError as error:
        return str(error)
    except AttributeError:
        return f"a {type(made).__name__} has no capabilities"
    return ""


def oddity(view: Any) -> str:
    """What makes a view one that nobody can read; empty for one in good order, or if it was not looked at."""
    if not isinstance(view, View):
        return ""
    try:
        for what, kind, shown in (("session", SessionView, view.sessions), ("job", JobView, view.jobs)):
            checked(shown, Mapping, f"what a view shows of {what}s")
            for name, one in shown.items():
                checked(one, kind, f"{what} {name!r:.50}")
        for session in view.sessions.values():
            for field in (*TIMES, *DURATIONS, "usage_time"):
                value = getattr(session, field)
                if value is not None and value is not UNSEEN:
                    checked(value, int, f"{field} of a session")
        for job in view.jobs.values():
            checked(job.status, str, "the status of a job")
    except TypeError as error:
        return str(error)
    return ""

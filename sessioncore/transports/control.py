"""Our own routes under ``/_sessioncore/``: the clock, the devices, the journal. For tests and for operators."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from itertools import islice
from typing import final
from urllib.parse import urlsplit

from sessioncore.core.durations import SECOND
from sessioncore.host import Caller, DeviceView, Runtime, SessionView, VirtualClock

from .addressing import Scope
from .answers import Lines
from .fields import Body, whole, wrong
from .intake import header
from .refusals import FORBIDDEN, NOT_FOUND, refuse
from .wire import Wire, iso, session_wire

ADVANCE_US_MAX = 10 * 366 * 24 * 3600 * SECOND
NOW_US_MAX = 7_025 * 365 * 24 * 3600 * SECOND
"""In the year 8990: what lies ahead of it, such as a deadline, can still be told as a date."""

JOURNAL_LINES_PER_CHUNK = 200


def refuse_browsers(scope: Scope) -> None:
    """Raise ClientError (403) for a request that a page of another origin makes in somebody's browser."""
    origin = header(scope, b"origin")
    if origin is not None and urlsplit(origin).netloc != header(scope, b"host"):
        raise refuse(
            "Pages of other origins may not use the control routes.",
            "Call them from a program, or from a page that this server served.",
            status=403,
            code=FORBIDDEN,
            row="V-03.origin",
        )


def refuse_others(who: Caller, operators: frozenset[Caller] | None) -> None:
    """Raise ClientError (403) for a caller who is no operator: the control routes show and move what others own."""
    if operators is not None and who not in operators:
        raise refuse(
            "The control routes are for operators.",
            "Use the token of an operator; whoever runs the service names them in its file of tokens.",
            status=403,
            code=FORBIDDEN,
            row="V-03.operator",
        )


@final
class Control:
    """The operations behind ``/_sessioncore/``."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._actions: dict[str, Callable[[str], DeviceView]] = {
            "hold": runtime.hold,
            "release": runtime.release,
            "pause": runtime.pause,
            "resume": runtime.resume,
            "offline": runtime.take_offline,
        }

    def health(self) -> Wire:
        """Whether the service works, and how much it holds."""
        return dict(self._runtime.health())

    def clock(self) -> Wire:
        """What time it is here."""
        now = self._runtime.now()
        virtual = isinstance(self._runtime.clock, VirtualClock)
        return {"now_us": now, "now": iso(now), "clock": "virtual" if virtual else "real"}

    def advance(self, body: Body) -> Wire:
        """Move a virtual clock by ``microseconds`` or ``seconds``."""
        microseconds = whole(body, "microseconds", "a whole number of microseconds")
        given = body.get("seconds")
        if (microseconds is None) == (given is None):
            raise refuse(
                "It is not said how far to move the clock.",
                "Send either 'microseconds', a whole number, or 'seconds'.",
            )
        if microseconds is None:
            if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given * SECOND):
                raise wrong("seconds", given, "a number of seconds")
            microseconds = round(given * SECOND)
        name = "seconds" if given is not None else "microseconds"
        if not 0 <= microseconds <= ADVANCE_US_MAX:
            raise wrong(name, body[name], "a length of time from zero to ten years")
        if self._runtime.now() + microseconds > NOW_US_MAX:
            raise wrong(name, body[name], "a length of time that ends before the year 9000")
        self._runtime.advance(microseconds)
        return self.clock()

    def devices(self) -> Wire:
        """Every device, with what only an operator sees."""
        return {"devices": [_device(view) for view in self._runtime.devices()]}

    def device(self, name: str, action: str) -> Wire:
        """Hold, release, pause, resume a device, or take it offline (D-05)."""
        act = self._actions.get(action)
        if act is None:
            raise refuse(
                f"A device cannot do {action!r}.",
                f"Use one of: {', '.join(self._actions)}.",
                status=404,
                code=NOT_FOUND,
            )
        return _device(act(name))

    def sessions(self, who: Caller) -> Wire:
        """The caller's sessions with their status, timers and story."""
        return {"sessions": [_session(view) for view in self._runtime.sessions(who)]}

    def journal(self) -> Lines:
        """The journal so far, as a trace."""
        return Lines(self._journal())

    async def _journal(self) -> AsyncIterator[bytes]:
        lines = iter(self._runtime.trace())
        while chunk := list(islice(lines, JOURNAL_LINES_PER_CHUNK)):
            yield "".join(line if line.endswith("\n") else line + "\n" for line in chunk).encode()
            await asyncio.sleep(0)  # other requests have their turn


def _device(view: DeviceView) -> Wire:
    return {
        "name": view.name,
        "state": str(view.state),
        "held": view.held,
        "queue_length": view.queue_length,
        "running": view.running,
        "lanes": view.lanes,
        "qubits": view.qubits,
        "active_session": view.active_session,
    }


def _session(view: SessionView) -> Wire:
    return session_wire(view) | {
        "status": view.status,
        "instance": view.instance,
        "timers": [{"timer": name, "due": iso(due)} for name, due in view.timers],
        "jobs": dict(view.jobs),
        "story": [{"at": iso(at), "row": row} for at, row in view.story],
    }

"""Services that differ from ours in ways that the rules allow: none of them may be accused."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, final

import attrs

from .between import Asked, Changing, Forward, Told
from .fault import TIMES, Showing, ShowingJobs

DELAY_S = 0.1


@final
@attrs.frozen(kw_only=True)
class HttpVariant:
    """One of them. ``tolerance_us`` is what its owner would have to state."""

    id: str
    title: str
    make: Callable[[], Changing]
    tolerance_us: int = 0


class OtherIds:
    """Ids and texts are its own."""

    prefix = "r7-"

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Take the prefix off on the way there, and put it on on the way back."""
        asked.path = asked.path.replace(self.prefix, "")
        for fields in (asked.body if isinstance(asked.body, dict) else {}, asked.query):
            if fields.get("session_id"):
                fields["session_id"] = fields["session_id"].replace(self.prefix, "")
        told = await forward(asked)
        self._rename(told.body)
        return told

    def _rename(self, body: Any) -> None:
        if isinstance(body, list):
            for entry in body:
                self._rename(entry)
        elif isinstance(body, dict):
            for name in ("id", "session_id"):
                if isinstance(body.get(name), str) and len(body[name]) > 20:
                    body[name] = self.prefix + body[name]
            if "message" in body:
                body["message"] = "No."
            for entry in body.values():
                self._rename(entry)


class MoreFields:
    """Answers have fields and headers that nobody asked for, and their JSON is told by another content type."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Add them."""
        told = await forward(asked)
        if isinstance(told.body, dict):
            told.body |= {"href": "https://example.invalid", "tenant": {"id": None}, "etag": 7}
        told.headers = ((b"X-Request-ID", b"1"), (b"SERVER", b"another/1.0"))
        return told


class Milliseconds(Showing):
    """Timestamps are cut to milliseconds, and say UTC in another way."""

    def show(self, session: dict[str, Any]) -> None:
        """Cut them."""
        for name in TIMES:
            if session[name]:
                read = datetime.fromisoformat(session[name])
                session[name] = read.isoformat(timespec="milliseconds")


class OtherWords(ShowingJobs):
    """The status of a job is written in small letters, which the stock client reads as well."""

    def show(self, job: dict[str, Any]) -> None:
        """Write it so."""
        job["state"]["status"] = job["state"]["status"].lower()


class NothingOptional(Showing):
    """What may be left out is left out: the reason of an end, the history, and times that have not come."""

    def show(self, session: dict[str, Any]) -> None:
        """Leave it out."""
        for name in ("state_reason", "timestamps", "user_id"):
            session.pop(name, None)
        for name in [name for name in TIMES if session[name] is None]:
            del session[name]


class Delayed:
    """For a moment after a session was closed or cancelled it is still shown as it was."""

    def __init__(self) -> None:
        self._before: dict[str, tuple[float, Told]] = {}

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Show it late."""
        if asked.method in ("PATCH", "DELETE") and asked.parts[0] == "sessions":
            path = f"/sessions/{asked.parts[1]}"
            self._before[path] = (time.monotonic() + DELAY_S, await forward(asked.like("GET", path)))
        until, told = self._before.get(asked.path, (0.0, None))
        if asked.method == "GET" and told is not None and time.monotonic() < until:
            return told
        return await forward(asked)


HTTP_VARIANTS = (
    HttpVariant(id="HV-1", title="other ids and messages", make=OtherIds),
    HttpVariant(id="HV-2", title="more fields and headers", make=MoreFields),
    HttpVariant(id="HV-3", title="timestamps in milliseconds", make=Milliseconds, tolerance_us=1_000),
    HttpVariant(id="HV-4", title="statuses in small letters", make=OtherWords),
    HttpVariant(id="HV-5", title="nothing that is optional", make=NothingOptional),
    HttpVariant(id="HV-6", title="shown a moment late", make=Delayed, tolerance_us=500_000),
)
"""Every legal variant of this level."""

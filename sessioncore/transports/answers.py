"""Answers as they go over the socket: in one piece where the server can, else two ASGI messages; no copies."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, TypeAlias, final

import orjson

from sessioncore.core.errors import ClientError

from .refusals import error_body

Message: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

JSON = b"application/json"
TEXT = b"text/plain; charset=utf-8"
JSON_LINES = b"application/jsonl"

WHOLE = "sessioncore.whole"
"""Where in its scope a server offers to send a whole :class:`Answer` with one write."""

CLOSE = (b"connection", b"close")
"""The header that says it."""

CLOSING = frozenset({408, 413, 431})
"""Statuses after which the connection is closed: what the client is still sending cannot be read any more."""

RETRY_AFTER_S = b"1"


@final
class Answer:
    """One whole answer."""

    __slots__ = ("body", "content_type", "headers", "status")

    def __init__(
        self,
        body: bytes = b"",
        *,
        status: int = 200,
        content_type: bytes = JSON,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        self.body = body
        self.status = status
        self.content_type = content_type
        self.headers = headers

    def head(self) -> tuple[tuple[bytes, bytes], ...]:
        """Every header."""
        if self.status == 204:
            return self.headers
        return (*self.headers, (b"content-type", self.content_type), (b"content-length", b"%d" % len(self.body)))

    async def send(self, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.head()})
        await send({"type": "http.response.body", "body": self.body})


@final
class Lines:
    """An answer of many lines, sent as they come."""

    __slots__ = ("chunks",)

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self.chunks = chunks

    async def send(self, send: Send) -> None:
        """Send every chunk, as fast as the client reads."""
        headers = [(b"content-type", JSON_LINES)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for chunk in self.chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


NO_CONTENT = Answer(status=204)


def json_answer(content: object, status: int = 200) -> Answer:
    """An answer with a JSON body."""
    try:
        return Answer(orjson.dumps(content, default=_plain), status=status)
    except orjson.JSONEncodeError:
        # Texts with half characters in them, say from a program's own log: escaped they are JSON all the same.
        return Answer(json.dumps(content, default=_plain, separators=(",", ":")).encode(), status=status)


def _plain(entry: object) -> object:
    """What JSON has no word for, as something that it has."""
    return dict(entry) if isinstance(entry, Mapping) else str(entry)


def refusal(error: ClientError) -> Answer:
    """The answer to a request that was refused, in the vendor's shape (ibm-rest 3)."""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if error.http_status in CLOSING:
        headers = (CLOSE,)
    elif error.http_status in (429, 503):
        headers = ((b"retry-after", RETRY_AFTER_S),)
    return Answer(error_body(error), status=error.http_status, headers=headers)

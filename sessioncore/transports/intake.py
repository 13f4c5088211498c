"""Reading request bodies within bounds, whatever the headers claim."""

from __future__ import annotations

import asyncio
from typing import final

from .addressing import Scope
from .answers import Receive
from .options import Options
from .refusals import NOT_READABLE, OVERLOADED, TOO_LARGE, refuse

DRAINED_BODIES_MAX = 2
"""How many times the largest allowed body is read away after a refusal, so that the client gets to read the answer."""


DRAIN_IDLE_S_MAX = 1.0
"""How long a client that was refused may be silent before it is answered."""


class Disconnected(Exception):
    """The client went away while it was sending; nobody reads an answer."""


def header(scope: Scope, wanted: bytes) -> str | None:
    """The first value of a header, or None. Names are lower case."""
    for name, given in scope["headers"]:
        if name == wanted:
            return str(given, "latin-1")
    return None


@final
class Intake:
    """Reads bodies; together they never hold more than ``bodies_bytes_max``."""

    def __init__(self, options: Options) -> None:
        self._each_max = options.body_bytes_max
        self._all_max = options.bodies_bytes_max
        self._held = 0

    async def body(self, scope: Scope, receive: Receive) -> bytes:
        """The request's body. Raises ClientError (413, 415, 503), or :class:`Disconnected`."""
        encoding = header(scope, b"content-encoding")
        if encoding not in (None, "", "identity"):
            raise refuse(
                "The request body is compressed.",
                "Send it without a content-encoding.",
                status=415,
                code=NOT_READABLE,
            )
        if int(header(scope, b"content-length") or 0) > self._each_max:
            await self._refuse(receive, 0)
        chunks: list[bytes] = []
        size = 0
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Disconnected
                chunk: bytes = message.get("body", b"")
                more: bool = message.get("more_body", False)
                size += len(chunk)
                self._held += len(chunk)
                if size > self._each_max:
                    chunks.clear()
                    await self._refuse(receive, size if more else -1)
                if self._held > self._all_max:
                    raise refuse(
                        "The service is reading too much at once.",
                        "Nothing was accepted; send the request again in a moment.",
                        status=503,
                        code=OVERLOADED,
                        row="V-03.overload",
                    )
                if not more:
                    return chunk if not chunks else b"".join([*chunks, chunk])
                chunks.append(chunk)
        finally:
            self._held -= size

    async def _refuse(self, receive: Receive, already: int) -> None:
        """Read away the rest of a body that is too large (``already`` -1: there is none), within bounds; refuse."""
        read = already
        while 0 <= read <= DRAINED_BODIES_MAX * self._each_max:
            try:
                async with asyncio.timeout(DRAIN_IDLE_S_MAX):
                    message = await receive()
            except TimeoutError:
                break  # it sends nothing more, and may be waiting for this answer
            if message["type"] == "http.disconnect":
                raise Disconnected
            read += len(message.get("body", b""))
            if not message.get("more_body", False):
                break
        raise refuse(
            "The request body is too large.",
            f"Send at most {self._each_max} bytes, for example fewer circuits in one job.",
            status=413,
            code=TOO_LARGE,
        )

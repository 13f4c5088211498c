"""Something that stands between a service and its clients and changes what they say to each other."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, final
from urllib.parse import parse_qs, urlencode

import attrs

CONTROL = "/_sessioncore"


@final
@attrs.define(kw_only=True)
class Asked:
    """One request. ``path`` is without the prefix of the API, ``body`` the JSON, None where there is none."""

    method: str
    path: str
    body: Any
    query: dict[str, Any]
    scope: dict[str, Any]

    @property
    def parts(self) -> list[str]:
        """The segments of the path: ``["sessions", ID, "close"]``."""
        return self.path.strip("/").split("/")

    def about(self, method: str, *parts: str) -> bool:
        """Whether it is this method on this path; ``*`` stands for any segment."""
        mine = self.parts
        return (
            self.method == method
            and len(mine) == len(parts)
            and all(want in ("*", have) for want, have in zip(parts, mine, strict=True))
        )

    def like(self, method: str, path: str, body: Any = None) -> Asked:
        """Another request of the same caller."""
        return attrs.evolve(self, method=method, path=path, body=body, query={})


@final
@attrs.define
class Told:
    """One answer. ``body`` is JSON, or text where it is none; None for an empty one."""

    status: int
    body: Any = None
    content_type: str = "application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    broken: bool = False
    """Whether the connection breaks off in the middle of it."""

    @property
    def good(self) -> bool:
        """Whether the request was accepted."""
        return self.status < 400


Forward: TypeAlias = Callable[[Asked], Awaitable[Told]]
"""Hands a request on to the service."""

Changing: TypeAlias = Callable[[Asked, Forward], Awaitable[Told]]
"""What becomes of one request: usually it is handed on, before or after a change."""


@final
class Between:
    """An ASGI application around another."""

    def __init__(self, app: Any, changing: Changing) -> None:
        self._app = app
        self._changing = changing

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = await _read(scope, receive)
        told = await self._changing(asked, self._forward)
        await _write(told, send)

    async def _forward(self, asked: Asked) -> Told:
        raw = b"" if asked.body is None else json.dumps(asked.body).encode()
        scope = dict(asked.scope)
        base = "" if asked.path.startswith(CONTROL) else "/api/v1"
        scope["method"], scope["path"] = asked.method, base + asked.path
        scope["raw_path"] = scope["path"].encode()
        scope["query_string"] = urlencode(asked.query, doseq=True).encode()
        kept = [entry for entry in scope["headers"] if entry[0] not in (b"content-length", b"content-type")]
        scope["headers"] = [
            *kept, (b"content-length", str(len(raw)).encode()), (b"content-type", b"application/json"),
        ]  # fmt: skip
        sent = False
        told = Told(500)
        chunks: list[bytes] = []

        async def receive() -> dict[str, Any]:
            nonlocal sent
            if sent:
                return {"type": "http.disconnect"}
            sent = True
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                told.status = message["status"]
            else:
                chunks.append(message.get("body", b""))

        await self._app(scope, receive, send)
        text = b"".join(chunks)
        try:
            told.body = json.loads(text) if text else None
        except ValueError:
            told.body, told.content_type = text.decode("utf-8", "replace"), "text/plain"
        return told


async def _read(scope: Any, receive: Any) -> Asked:
    raw = b""
    while True:
        message = await receive()
        raw += message.get("body", b"")
        if not message.get("more_body"):
            break
    try:
        body = json.loads(raw) if raw else None
    except ValueError:
        body = None
    path = scope["path"].removeprefix("/api/v1")
    found = parse_qs(scope["query_string"].decode("latin-1"))
    query = {name: texts if len(texts) > 1 else texts[0] for name, texts in found.items()}
    return Asked(method=scope["method"], path=path, body=body, query=query, scope=dict(scope))


async def _write(told: Told, send: Any) -> None:
    if told.body is None:
        raw = b""
    elif told.content_type == "application/json":
        raw = json.dumps(told.body, separators=(",", ":")).encode()
    else:
        raw = str(told.body).encode()
    length = len(raw) + (100 if told.broken else 0)
    headers = [*told.headers, (b"content-length", str(length).encode())]
    if raw:
        headers.append((b"content-type", told.content_type.encode()))
    await send({"type": "http.response.start", "status": told.status, "headers": headers})
    await send({"type": "http.response.body", "body": raw, "more_body": False})

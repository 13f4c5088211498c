"""One conversation with a service: requests that end in an answer or in words for what is wrong, within a bound."""

from __future__ import annotations

import ipaddress
import json
import ssl
import time
from collections.abc import Mapping
from typing import Any, final

import httpx

from sessioncore.core.values import value

from ..results import Kind
from ..running import FellShort
from .settings import Settings

DROPS_MAX = 2
"""How many connections may break, in all, where asking once more is harmless: networks do that. More is a finding."""

IDLE_S = 2.0
"""A connection that was not used for so long is not used again: the service may be closing it."""

ANSWER_BYTES_MAX = 32 * 2**20
"""More is no answer to anything that is asked here."""

SHOWN = 200
"""Characters of an answer that are repeated in a finding."""


@final
@value
class Answer:
    """What came back: the status, the JSON of the body (None where there is none), the body as text."""

    status: int
    body: Any
    text: str

    @property
    def refused(self) -> bool:
        """Whether the service said no."""
        return self.status >= 400


@final
class Exchange:
    """Requests to one service on one kept connection. Everything unusable raises :class:`FellShort`."""

    def __init__(self, settings: Settings, transport: httpx.BaseTransport | None = None) -> None:
        self.url = settings.url.rstrip("/")
        self.requests = 0
        self.drops = 0
        self._patience_s = settings.patience_s
        plain = self.url.startswith("http://")
        host = httpx.URL(self.url).host
        self._client = httpx.Client(
            headers={
                "Authorization": f"apikey {settings.token}",
                "Service-CRN": settings.instance,
                "IBM-API-Version": "2026-04-15",
                "Accept": "application/json",
                **settings.headers,
            },
            timeout=settings.patience_s,
            limits=httpx.Limits(keepalive_expiry=IDLE_S),
            trust_env=not _is_loopback(host),
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True,
            transport=transport,
        )

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, query: Mapping[str, Any] | None = None
    ) -> Answer:
        """One request, and its answer whatever its status below 500."""
        self.requests += 1
        what = f"{method} {path}"
        url = path if path.startswith("http") else self.url + path
        while True:
            try:
                return self._once(what, method, url, body, query)
            except httpx.TimeoutException as error:
                raise FellShort(Kind.HANG, f"{what}: no answer within {self._patience_s:g} s") from error
            except httpx.ConnectError as error:
                raise FellShort(Kind.CRASH, f"{what}: cannot connect to {self.url} ({error})") from error
            except httpx.HTTPError as error:
                self.drops += 1
                if method != "GET" or self.drops > DROPS_MAX:
                    raise FellShort(Kind.CRASH, f"{what}: the connection broke ({_told(error)})") from error
                continue
            except (httpx.InvalidURL, ValueError) as error:
                raise FellShort(Kind.NONSENSE, f"{what}: {_told(error)}") from error

    def _once(
        self, what: str, method: str, url: str, body: Mapping[str, Any] | None, query: Mapping[str, Any] | None
    ) -> Answer:
        """The whole answer is bounded in time and size, and not only the silences in it: a trickle is a hang too."""
        deadline = time.monotonic() + self._patience_s
        with self._client.stream(method, url, json=body, params=query) as response:
            chunks, size = [], 0
            for chunk in response.iter_bytes():
                chunks.append(chunk)
                size += len(chunk)
                if time.monotonic() > deadline:
                    raise FellShort(Kind.HANG, f"{what}: the answer was not complete after {self._patience_s:g} s")
                if size > ANSWER_BYTES_MAX:
                    raise FellShort(Kind.NONSENSE, f"{what}: the answer is larger than {ANSWER_BYTES_MAX} bytes")
            text = b"".join(chunks).decode("utf-8", "replace")
            return _answer(what, response.status_code, response.headers.get("content-type", ""), text)

    def root(self, path: str) -> str:
        """The address of a path that stands at the root of the service, beside the vendor's routes."""
        return str(httpx.URL(self.url).copy_with(path=path, query=None))

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()


def _answer(what: str, status: int, content_type: str, text: str) -> Answer:
    shown = text[:SHOWN] or "(no body)"
    if status >= 500:
        raise FellShort(Kind.CRASH, f"{what}: HTTP status {status}: {shown}", answered=True)
    if 300 <= status < 400:
        raise FellShort(Kind.NONSENSE, f"{what}: HTTP status {status}, which leads elsewhere", answered=True)
    if not text:
        return Answer(status=status, body=None, text="")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        kind = content_type.partition(";")[0].strip().lower()
        if status < 400 and kind.endswith(("/json", "+json")):
            raise FellShort(Kind.NONSENSE, f"{what}: the answer is no JSON: {shown}", answered=True) from None
        body = None
    return Answer(status=status, body=body, text=text)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__

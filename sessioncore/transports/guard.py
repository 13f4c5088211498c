"""Keeps a program's HTTPS at home: a proxy that refuses every host, remembers it, and says what to change.

``sessioncore run`` points ``HTTPS_PROXY`` here. A program that names an account of its own (``token=``, a saved
account) would otherwise reach the vendor with it; so its first attempt fails, with the advice in the reason that its
exception shows.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self, final

from sessioncore.core.errors import SessionCoreError

from .waiting import hand_over

HEAD_BYTES_MAX = 8_192
HOSTS_MAX = 100
HOST_LENGTH_MAX = 255
CONNECTIONS_MAX = 100
REQUEST_S_MAX = 10.0
START_S_MAX = 10.0

ADVICE = (
    "this program runs against a local service and reaches no other host over HTTPS. If it names an account of its own,"
    " drop token=, url=, name= and filename= from QiskitRuntimeService(...), so that the account comes from the"
    " environment; if it needs other hosts, run it beside 'sessioncore serve' with the variables of 'sessioncore env'"
)


@final
class Guard:
    """The refusing proxy, on a free port of 127.0.0.1, in a thread of its own. Also a context manager."""

    def __init__(self, refused: Callable[[str], None] | None = None) -> None:
        """``refused`` is called, in the guard's thread, with each host the first time it is asked for."""
        self._refused = refused
        self._hosts: list[str] = []
        self._connections = 0
        self._port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._started = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The proxy's address, for ``HTTPS_PROXY``."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """Which hosts were asked for, in order; at most :data:`HOSTS_MAX`."""
        return tuple(self._hosts)

    @property
    def advice(self) -> str | None:
        """What to tell the user; None while nothing was asked for."""
        return f"refused to connect to {', '.join(self._hosts)}: {ADVICE}" if self._hosts else None

    def start(self) -> Self:
        """Listen."""
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="sessioncore-guard", daemon=True
        )
        self._thread.start()
        if not self._started.wait(START_S_MAX) or self._port == 0:
            raise SessionCoreError("the guard against outgoing HTTPS did not start; see the log")
        return self

    def stop(self) -> None:
        """Listen no more. Safe to call twice."""
        if self._thread is None or self._loop is None or self._stopping is None:
            return
        hand_over(self._loop, self._stopping.set)
        self._thread.join(REQUEST_S_MAX)
        self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        try:
            server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=HEAD_BYTES_MAX)
            self._port = server.sockets[0].getsockname()[1]
        finally:
            self._started.set()
        await self._stopping.wait()
        server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            if self._connections <= CONNECTIONS_MAX:
                async with asyncio.timeout(REQUEST_S_MAX):
                    await self._refuse(reader, writer)
        except (TimeoutError, OSError, EOFError, asyncio.LimitOverrunError):
            return  # whoever does not send a short head in time gets no answer
        finally:
            self._connections -= 1
            writer.close()

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        host = asked_host(head)
        self._remember(host)
        told = f"sessioncore refused to connect to {host}: {ADVICE}"
        body = told.encode("ascii", "replace")
        writer.write(
            b"HTTP/1.1 403 Forbidden - "
            + body
            + b"\r\ncontent-type: text/plain\r\nconnection: close\r\n"
            + b"content-length: %d\r\n\r\n" % len(body)
            + body
        )
        await writer.drain()

    def _remember(self, host: str) -> None:
        if host in self._hosts or len(self._hosts) >= HOSTS_MAX:
            return
        self._hosts.append(host)
        if self._refused is not None:
            self._refused(host)


def asked_host(head: bytes) -> str:
    """The host that the head of a proxy request asks for: ``CONNECT host:443`` or ``GET https://host/...``."""
    words = head.split(b"\r\n", 1)[0].decode("ascii", "replace").split(" ")
    target = words[1] if len(words) > 1 else ""
    authority = target.partition("://")[2].partition("/")[0] or target
    host = authority.rpartition("@")[2].rpartition(":")[0] or authority
    shown = "".join(char for char in host if char.isprintable())[:HOST_LENGTH_MAX]
    return shown or "an unnamed host"

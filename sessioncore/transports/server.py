"""A server for one runtime: uvicorn in a thread of its own, on a port that is really open when ``start`` returns."""

from __future__ import annotations

import ipaddress
import socket
import threading
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self, final

import uvicorn

from sessioncore.core.errors import SessionCoreError
from sessioncore.core.values import replaced
from sessioncore.host import Runtime

from .http import make_app
from .options import Options

BACKLOG = 1_024
START_S_MAX = 30.0
STOP_S_MAX = 5.0
"""How long answers under way may take when the server stops; long polls take less than a second."""


class TransportError(SessionCoreError):
    """The server cannot start; the message is one line that says why and what to do."""


class _Uvicorn(uvicorn.Server):
    """uvicorn, telling when it has started. It installs no signal handlers outside the main thread."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open for business, then say so."""
        await super().startup(sockets)
        self.listening.set()


@final
class Server:
    """Serves ``runtime`` over HTTP. Also a context manager; the runtime is the caller's and outlives the server.

    ``port`` 0 takes a free one. On a loopback address only loopback names, and those of account discovery, are
    answered.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        options: Options | None = None,
    ) -> None:
        self._runtime = runtime
        self._host = host
        self._port = port
        options = options or Options()
        if options.hosts is None and _is_loopback(host):
            options = replaced(options, hosts=frozenset({host}))
        self._options = options
        self._uvicorn: _Uvicorn | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where the server listens, for example ``http://127.0.0.1:8765``. The port is known once it has started."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    def start(self) -> Self:
        """Listen. Raises :class:`TransportError` where the address cannot be had."""
        listener = self._listen()
        self._port = listener.getsockname()[1]
        self._uvicorn = server = _Uvicorn(self._configuration())
        self._thread = threading.Thread(
            target=server.run,
            kwargs={"sockets": [listener]},
            name=f"sessioncore-http-{self._port}",
            daemon=True,
        )
        self._thread.start()
        if not server.listening.wait(START_S_MAX):
            self.stop()
            raise TransportError(f"the server on {self.url} did not start in {START_S_MAX:g} s; see the log")
        return self

    def stop(self) -> None:
        """Take no more requests, let answers under way end, and return when the port is free. Safe to call twice."""
        if self._uvicorn is None or self._thread is None:
            return
        self._uvicorn.should_exit = True
        self._thread.join(STOP_S_MAX + START_S_MAX)
        self._uvicorn = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _listen(self) -> socket.socket:
        """An open socket at the address, or :class:`TransportError`."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self._port))
            listener.listen(BACKLOG)
        except (OSError, OverflowError) as error:
            listener.close()
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise TransportError(
                f"cannot listen on {self._host}:{self._port} ({why}): stop what uses the port, or choose another"
                " (port 0 takes a free one)"
            ) from error
        listener.setblocking(False)
        return listener

    def _configuration(self) -> uvicorn.Config:
        app = make_app(self._runtime, options=self._options)
        http: Any = "h11"
        if find_spec("httptools") is not None:
            from .protocol import bounded

            http = bounded(self._options, app)
        return uvicorn.Config(
            app,
            http=http,
            loop="auto",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=self._options.keep_alive_s,
            timeout_graceful_shutdown=int(STOP_S_MAX),
            limit_concurrency=self._options.connections_max if http == "h11" else None,
            h11_max_incomplete_event_size=self._options.header_bytes_max,
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""uvicorn's HTTP connection, with bounds that it does not have and errors in the vendor's shape."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, ClassVar
from urllib.parse import unquote

from httptools import parse_url
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from .answers import CLOSE, WHOLE, Answer
from .http import Application
from .options import Options
from .refusals import HEADERS_TOO_LARGE, OVERLOADED, TIMED_OUT, error_body, refuse

CROWD = 2
"""At how many times the allowed connections one more is closed without a word."""

JOINED_BYTES_MAX = 2**16
"""Longest body that is copied behind its head."""

LINGER_S = 1.0
"""How long a connection that was turned away stays half open, so that the client gets to read why."""


class BoundedConnection(HttpToolsProtocol):
    """One connection. Bounded: how many there are, the bytes of a head, the seconds that a request may take.

    A plain GET is answered here and now where the service can; everything else takes uvicorn's way, in a task.
    """

    options: ClassVar[Options] = Options()
    service: ClassVar[Application]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._in_head = True
        self._clock: asyncio.TimerHandle | None = None
        self._due: float | None = None
        """When the request that is arriving must be here, in seconds of the loop's clock; None between requests."""
        self._turned_away = False
        self._answering: RequestResponseCycle | None = None
        self._last_words: bytes | None = None
        """What the client is told before the connection is closed, once what was accepted has been answered."""
        self._plain = False
        """Whether the request that is arriving is a GET that nothing stands in the way of, and has no body so far."""
        self._answered = False
        """Whether a request in the bytes at hand was answered at once: what is sent behind it lets others go first."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        """Take the connection, or turn it away if there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.options.connections_max:
            self._turn_away(
                503,
                OVERLOADED,
                "Too many connections are open.",
                "Nothing was accepted; close some connections and send the request again.",
            )
            return
        self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._due = None
        if self._clock is not None:
            self._clock.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head of the request is too long."""
        if self._turned_away:
            return
        if self._due is None and self._in_head:
            self._start_clock()
        if self._in_head:
            self._head_bytes += len(data)
        self._answered = False
        super().data_received(data)
        if self._in_head and self._head_bytes > self.options.header_bytes_max:
            self._turn_away(
                431,
                HEADERS_TOO_LARGE,
                "The request line and headers are too long.",
                f"Send at most {self.options.header_bytes_max} bytes of them.",
            )

    def on_message_begin(self) -> None:
        """The first byte of a request is here, perhaps right behind another one."""
        super().on_message_begin()
        if self._due is None:
            self._start_clock()

    def on_headers_complete(self) -> None:
        """The head is here; the body may follow."""
        self._in_head = False
        self._plain = (
            not self._answered
            and (self.cycle is None or self.cycle.response_complete)
            and self.parser.get_method() == b"GET"
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
            and not self.parser.should_upgrade()
            and not self.expect_100_continue
            and not self.flow.write_paused
        )
        if not self._plain:
            self._begin()

    def on_body(self, body: bytes) -> None:
        """A piece of the body is here."""
        if self._plain:
            self._plain = False
            self._begin()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The whole request is here; another one may follow."""
        self._in_head = True
        self._head_bytes = 0
        self._due = None
        if self._plain:
            self._plain = False
            if self._answer_at_once():
                return
            self._begin()
        super().on_message_complete()

    def _begin(self) -> None:
        """Take uvicorn's way."""
        super().on_headers_complete()
        scope: Any = self.scope
        scope[WHOLE] = partial(self._send_whole, self.cycle)

    def _answer_at_once(self) -> bool:
        """Answer the request now; whether that could be done."""
        scope: Any = self.scope
        target = parse_url(self.url)
        scope["method"] = "GET"
        scope["path"] = unquote(target.path.decode("ascii"))
        scope["query_string"] = target.query or b""
        answer = self.service.at_once(scope)
        if answer is None:
            return False
        self._answered = True
        self._write(answer, keep_alive=CLOSE not in answer.headers, with_body=True)
        self.on_response_complete()
        return True

    def _write(self, answer: Answer, *, keep_alive: bool, with_body: bool) -> None:
        """Write a whole answer, small ones with one system call, and close the connection if it is the last."""
        pieces = [STATUS_LINE[answer.status]]
        for name, given in (*self.server_state.default_headers, *answer.head()):
            pieces += (name, b": ", given, b"\r\n")
        if not keep_alive and CLOSE not in answer.headers:
            pieces.append(b"connection: close\r\n")
        pieces.append(b"\r\n")
        body = answer.body if with_body else b""
        if len(body) <= JOINED_BYTES_MAX:
            self.transport.write(b"".join([*pieces, body]))
        else:
            self.transport.write(b"".join(pieces))
            self.transport.write(body)
        if not keep_alive:
            self.transport.close()

    async def _send_whole(self, cycle: RequestResponseCycle, answer: Answer) -> None:
        """Send what ``cycle.send`` would send in two messages, with one write: system calls are most of its cost."""
        if self.flow.write_paused and not cycle.disconnected:
            await self.flow.drain()
        if cycle.disconnected:
            return
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.keep_alive = cycle.keep_alive and CLOSE not in answer.headers
        self._write(answer, keep_alive=cycle.keep_alive, with_body=cycle.scope["method"] != "HEAD")
        cycle.message_event.set()
        cycle.on_response()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, in the vendor's shape."""
        self._turn_away(400, 1208, msg, "Send a valid HTTP/1.1 request.")

    def _start_clock(self) -> None:
        """Begin to count; one timer serves many requests, since most are here at once and need none."""
        self._due = self.loop.time() + self.options.request_s_max
        if self._clock is None:
            self._clock = self.loop.call_at(self._due, self._strike)

    def _strike(self) -> None:
        self._clock = None
        if self._due is None:
            return
        if self.loop.time() < self._due:
            self._clock = self.loop.call_at(self._due, self._strike)
            return
        self._turn_away(
            408,
            TIMED_OUT,
            "The request took too long to arrive.",
            f"Send all of it within {self.options.request_s_max:g} seconds.",
        )

    def _turn_away(self, status: int, code: int, message: str, remedy: str) -> None:
        """Answer what was accepted, then say this, and close the connection. Nothing more is read from it."""
        if self._turned_away or self.transport.is_closing():
            return
        self._turned_away = True
        self._due = None
        if len(self.connections) > CROWD * self.options.connections_max:
            self.transport.close()
            return
        body = error_body(refuse(message, remedy, status=status, code=code))
        head = b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
        self._last_words = STATUS_LINE[status] + head + body
        begun = self.cycle
        if begun is not None and begun.more_body and not begun.response_complete:
            self._give_up(begun)
        if not self._busy():
            self._say_last_words()

    def _give_up(self, begun: RequestResponseCycle) -> None:
        """The request that has not wholly arrived is the one that is refused: nobody else answers it."""
        if begun.response_started:  # half an answer is there, and nothing can follow it
            self.transport.close()
        begun.disconnected = True
        begun.message_event.set()
        if self.pipeline and self.pipeline[0][0] is begun:
            self.pipeline.popleft()

    def _busy(self) -> bool:
        """Whether a request that was accepted on this connection is still to be answered."""
        now = self._answering
        return now is not None and not (now.response_complete or now.disconnected)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """A request has its turn: at once, or when those before it in the pipeline have been answered."""
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """An answer is out: the next request of the pipeline has its turn, or the last words are said."""
        super().on_response_complete()
        if not self._busy():
            self._say_last_words()

    def _say_last_words(self) -> None:
        if self._last_words is None or self.transport.is_closing():
            return
        self.transport.write(self._last_words)
        self._last_words = None
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(LINGER_S, self.transport.close)


def bounded(options: Options, app: Application) -> type[BoundedConnection]:
    """The connection class for a server of ``app`` with these options."""
    return type("BoundedConnection", (BoundedConnection,), {"options": options, "service": app})

"""The proxy that keeps a program's HTTPS at home."""

from __future__ import annotations

import socket

import httpx
import pytest

from sessioncore.transports import Guard
from sessioncore.transports.guard import CONNECTIONS_MAX, HEAD_BYTES_MAX, HOSTS_MAX, asked_host

from .conftest import wait_until


def ask(guard: Guard, head: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", int(guard.url.rpartition(":")[2])), timeout=5) as connection:
        connection.sendall(head)
        answer = b""
        while chunk := connection.recv(4096):
            answer += chunk
        return answer


def test_a_connect_is_refused_with_advice_and_the_host_is_remembered() -> None:
    told: list[str] = []
    with Guard(told.append) as guard:
        assert guard.advice is None
        answer = ask(guard, b"CONNECT quantum.cloud.ibm.com:443 HTTP/1.1\r\nHost: quantum.cloud.ibm.com:443\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 403 Forbidden - sessioncore refused to connect to quantum.cloud.ibm.com")
        assert b"drop token=" in answer
        ask(guard, b"GET https://iam.cloud.ibm.com/identity/token HTTP/1.1\r\n\r\n")
        ask(guard, b"CONNECT quantum.cloud.ibm.com:443 HTTP/1.1\r\n\r\n")
        assert guard.hosts == ("quantum.cloud.ibm.com", "iam.cloud.ibm.com") == tuple(told)
        assert guard.advice is not None
        assert "quantum.cloud.ibm.com, iam.cloud.ibm.com" in guard.advice


def test_a_client_shows_the_advice_in_its_exception() -> None:
    with Guard() as guard, httpx.Client(proxy=guard.url, timeout=5) as client:
        with pytest.raises(httpx.ProxyError, match=r"drop token="):
            client.get("https://quantum.cloud.ibm.com/api/v1/jobs")
        assert guard.hosts == ("quantum.cloud.ibm.com",)


def test_what_is_remembered_is_bounded_and_printable() -> None:
    with Guard() as guard:
        for number in range(HOSTS_MAX + 5):
            ask(guard, b"CONNECT host-%d:443 HTTP/1.1\r\n\r\n" % number)
        assert len(guard.hosts) == HOSTS_MAX
    assert asked_host(b"CONNECT \x1b[31mred:443 HTTP/1.1") == "[31mred"
    assert asked_host(b"") == "an unnamed host"
    assert asked_host(b"CONNECT user:secret@host.example:443 HTTP/1.1") == "host.example"
    assert len(asked_host(b"CONNECT " + b"x" * 5000)) == 255


def test_a_head_that_never_ends_gets_no_answer_and_harms_nobody() -> None:
    with Guard() as guard:
        assert ask(guard, b"CONNECT " + b"x" * (HEAD_BYTES_MAX * 3)) == b""
        assert ask(guard, b"CONNECT host:443 HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 403")


def test_more_connections_than_allowed_are_closed_at_once() -> None:
    with Guard() as guard:
        port = int(guard.url.rpartition(":")[2])
        silent = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(CONNECTIONS_MAX)]
        try:
            wait_until(lambda: guard._connections == CONNECTIONS_MAX)
            with socket.create_connection(("127.0.0.1", port), timeout=5) as one_more:
                assert one_more.recv(10) == b""
        finally:
            for connection in silent:
                connection.close()


def test_it_can_be_stopped_twice() -> None:
    guard = Guard().start()
    guard.stop()
    guard.stop()

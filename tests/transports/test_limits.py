"""Bounds: bodies, heads, connections, slowness, and what is no HTTP at all."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import orjson
import pytest

from sessioncore.transports import Options

from .conftest import CRN, NO_TLS, Service, error_of, job_body, serving, wait_until

BODY_BYTES_MAX = 100_000


@pytest.fixture(scope="module")
def small() -> Iterator[Service]:
    """A service with small bounds."""
    options = Options(body_bytes_max=BODY_BYTES_MAX, header_bytes_max=4_000, request_s_max=1.0)
    with serving(options) as made:
        yield made


def connect(service: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(service.url.rpartition(":")[2])), timeout=10)


def talk(service: Service, sent: bytes) -> bytes:
    with connect(service) as connection:
        connection.sendall(sent)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


def send_all(connection: socket.socket, chunk: bytes, times: int) -> None:
    for _ in range(times):
        connection.sendall(chunk)


def body_of(size: int) -> bytes:
    """A submission of exactly this many bytes."""
    empty = orjson.dumps(job_body(params={"x": ""}))
    return orjson.dumps(job_body(params={"x": "a" * (size - len(empty))}))


def test_a_body_of_the_largest_size_is_taken_and_one_byte_more_is_not(small: Service) -> None:
    assert small.client.post("/jobs", content=body_of(BODY_BYTES_MAX)).status_code == 200
    before = small.counts()
    answer = small.client.post("/jobs", content=body_of(BODY_BYTES_MAX + 1))
    assert answer.status_code == 413
    assert str(BODY_BYTES_MAX) in error_of(answer)["solution"]
    assert small.counts() == before


def test_a_body_that_is_only_announced_as_too_large_is_refused_without_waiting_for_it() -> None:
    with serving(Options(body_bytes_max=BODY_BYTES_MAX)) as patient, connect(patient) as connection:
        connection.settimeout(10)
        connection.sendall(
            b"POST /jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: apikey x\r\n"
            b"Content-Type: application/json\r\nContent-Length: 5000000000\r\n\r\n"
        )
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_a_chunked_body_is_measured_as_it_comes(small: Service) -> None:
    def chunks(size: int) -> Iterator[bytes]:
        body = body_of(size)
        for start in range(0, len(body), 5_000):
            yield body[start : start + 5_000]

    assert small.client.post("/jobs", content=chunks(BODY_BYTES_MAX)).status_code == 200
    before = small.counts()
    answer = small.client.post("/jobs", content=chunks(BODY_BYTES_MAX + 1))
    assert answer.status_code == 413
    error_of(answer)
    assert small.counts() == before


def test_an_endless_chunked_body_is_cut_off(small: Service) -> None:
    before = small.counts()
    head = b"POST /jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: apikey x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with connect(small) as connection:
        connection.sendall(head)
        chunk = b"2710\r\n" + b"x" * 10_000 + b"\r\n"
        with pytest.raises(OSError, match=r"(?i)reset|broken pipe"):
            send_all(connection, chunk, 10_000)
    assert small.counts() == before


def test_a_body_shorter_than_it_says_creates_nothing(small: Service) -> None:
    before = small.counts()
    body = body_of(1_000)
    head = b"POST /jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: apikey x\r\nContent-Length: 2000\r\n\r\n"
    with connect(small) as connection:
        connection.sendall(head + body)
    answer = talk(small, head + body)  # and waits for the rest
    assert answer.startswith(b"HTTP/1.1 408")
    assert small.counts() == before


@pytest.mark.parametrize("length", [b"-1", b"x", b"1, 2", b"99999999999999999999999"])
def test_a_content_length_that_is_none_is_refused(small: Service, length: bytes) -> None:
    head = b"POST /jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: apikey x\r\nContent-Length: " + length
    answer = talk(small, head + b"\r\n\r\n{}")
    assert answer.startswith(b"HTTP/1.1 4")
    orjson.loads(answer.partition(b"\r\n\r\n")[2])


def test_bodies_together_are_bounded() -> None:
    with serving(Options(body_bytes_max=10_000, bodies_bytes_max=5_000)) as service:
        before = service.counts()
        answer = service.client.post("/jobs", content=body_of(6_000))
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        error_of(answer)
        assert service.counts() == before
        assert service.client.post("/jobs", content=body_of(4_000)).status_code == 200


@pytest.mark.parametrize("where", ["path", "one header", "many headers"])
def test_a_head_that_is_too_long_is_refused(small: Service, where: str) -> None:
    head = {
        "path": b"GET /" + b"x" * 50_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "one header": b"GET /jobs HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 50_000 + b"\r\n\r\n",
        "many headers": b"GET /jobs HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: b\r\n" * 10_000 + b"\r\n",
    }[where]
    with connect(small) as connection:
        connection.sendall(head[:6_000])
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 431")
    error_of(httpx.Response(431, content=answer.partition(b"\r\n\r\n")[2]))


def test_a_head_that_never_ends_is_timed_out(small: Service) -> None:
    answer = talk(small, b"GET /jobs HTTP/1.1\r\nHost: loc")
    assert answer.startswith(b"HTTP/1.1 408")
    error_of(httpx.Response(408, content=answer.partition(b"\r\n\r\n")[2]))


def test_a_connection_that_says_nothing_is_timed_out(small: Service) -> None:
    assert talk(small, b"").startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"HELLO\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\r\n\r\nnonsense\r\n",
        b"GET http:// HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_http_for_us_is_refused(small: Service, sent: bytes) -> None:
    answer = talk(small, sent)
    assert answer.startswith(b"HTTP/1.1 4"), answer
    error_of(httpx.Response(400, content=answer.partition(b"\r\n\r\n")[2]))


def test_a_connection_upgrade_is_answered_as_plain_http(small: Service) -> None:
    head = (
        b"GET /experimental/stream/jobs/a HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\n"
        b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    with connect(small) as connection:
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 404")


def test_more_connections_than_allowed_are_turned_away_and_later_ones_are_taken() -> None:
    with serving(Options(connections_max=3)) as service:
        held = [connect(service) for _ in range(3)]
        answer = talk(service, b"GET /jobs HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 503")
        error_of(httpx.Response(503, content=answer.partition(b"\r\n\r\n")[2]))
        for connection in held:
            connection.close()

        def taken() -> bool:
            return service.client.get("/versions").status_code == 200

        wait_until(taken)


def test_one_connection_serves_many_requests_and_pipelined_ones(small: Service) -> None:
    request = b"GET /versions HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /versions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert talk(small, request * 20 + last).count(b"HTTP/1.1 200") == 21


GET = b"GET /jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: apikey x\r\nService-CRN: " + CRN.encode() + b"\r\n"
LAST = b"GET /versions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    "plain",
    [
        GET + b"\r\n",
        GET + b"Content-Length: 2\r\n\r\n{}",
        GET + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        GET.replace(b"/jobs", b"/%6aobs?limit=5") + b"\r\n",
        GET + b"Expect: 100-continue\r\n\r\n",
    ],
)
def test_a_get_is_answered_alike_whatever_way_it_takes(small: Service, plain: bytes) -> None:
    answers = talk(small, plain * 3 + LAST)
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == 4
    assert answers.count(b'"count":') == 3
    assert answers.count(b"date: ") == 4
    assert answers.count(b"connection: close") == 1
    assert answers.index(b'"versions"') > answers.rindex(b'"count":')


def test_answers_come_in_the_order_of_the_requests_also_behind_one_that_waits(small: Service) -> None:
    job_id = small.submit()
    path = f"/jobs/{job_id}?exclude_params=true".encode()
    answers = talk(small, GET.replace(b"/jobs", path) + b"\r\n" + GET + b"\r\n" + LAST)
    assert answers.index(f'"id":"{job_id}"'.encode()) < answers.index(b'"count":') < answers.index(b'"versions"')


OPEN = b'{"mode":"batch","backend":"alpha"}'
POST = GET.replace(b"GET /jobs", b"POST /sessions") + b"Content-Length: %d\r\n\r\n" % len(OPEN) + OPEN
PART = GET.replace(b"GET", b"POST") + b"Content-Length: 100\r\n\r\n{"


@pytest.mark.parametrize(
    ("accepted", "wrong", "refusal"),
    [
        ([POST], b"XXX\r\n\r\n", b"HTTP/1.1 400"),
        ([POST, POST, GET + b"\r\n"], b"XXX\r\n\r\n", b"HTTP/1.1 400"),
        ([GET + b"\r\n", POST], b"\x16\x03\x01", b"HTTP/1.1 400"),
        ([POST], PART, b"HTTP/1.1 408"),
        ([POST, POST], PART, b"HTTP/1.1 408"),
    ],
)
def test_what_was_accepted_is_answered_before_what_follows_is_refused(
    small: Service, accepted: list[bytes], wrong: bytes, refusal: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    before = small.counts()[0]
    answers = talk(small, b"".join(accepted) + wrong)
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == len(accepted)
    assert answers.count(refusal) == answers.count(b"HTTP/1.1 4") == 1
    assert answers.index(refusal) > answers.rindex(b"HTTP/1.1 200")
    assert small.counts()[0] == before + accepted.count(POST)
    assert "write_eof" not in caplog.text


def test_a_head_request_is_answered_without_a_body(small: Service) -> None:
    answers = talk(small, b"HEAD /versions HTTP/1.1\r\nHost: localhost\r\n\r\n" + LAST)
    head, _, rest = answers.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 405 ")
    assert b"allow: GET" in head
    assert rest.startswith(b"HTTP/1.1 200 ")


def test_an_old_client_gets_its_answer_and_the_end_of_the_connection(small: Service) -> None:
    answer = talk(small, b"GET /versions HTTP/1.0\r\nHost: localhost\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer


@pytest.fixture
def plain_parser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A service where httptools is not installed."""
    monkeypatch.setattr("sessioncore.transports.server.find_spec", lambda _: None)
    with serving(Options(header_bytes_max=4_000)) as made:
        yield made


def test_without_the_fast_parser_everything_works_too(plain_parser: Service) -> None:
    job_id = plain_parser.submit()
    plain_parser.alpha.succeed(job_id)
    plain_parser.wait_status(job_id, "Completed")
    headers = {"Authorization": "apikey x"}
    with httpx.Client(proxy=plain_parser.url, verify=NO_TLS, headers=headers) as client:
        assert client.get("http://quantum.quantum.invalid/api/v1/jobs").status_code == 200
        assert client.get("http://globalcatalog.quantum.invalid/api/v1/none").status_code == 404
        assert client.get("http://example.org/").status_code == 403
    head = b"GET /jobs HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 50_000 + b"\r\n\r\n"
    with connect(plain_parser) as connection:
        connection.sendall(head[:6_000])
        assert connection.recv(65536).startswith(b"HTTP/1.1 4")

"""Starting and stopping."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest

from sessioncore.host import DeviceSpec, Runtime
from sessioncore.transports import Options, Server, TransportError

from .conftest import InMemoryBackend, Service, ask, error_of, serving


def test_the_server_listens_when_start_returns_and_the_port_is_free_when_stop_does() -> None:
    runtime = Runtime([DeviceSpec(backend=InMemoryBackend("alpha"))])
    server = Server(runtime)
    assert server.start() is server
    port = int(server.url.rpartition(":")[2])
    assert server.url == f"http://127.0.0.1:{port}"
    assert ask("GET", server.url + "/versions").status_code == 200
    server.stop()
    server.stop()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
    again = Server(runtime, port=port).start()
    assert ask("GET", again.url + "/versions").status_code == 200
    again.stop()
    runtime.shutdown()


def test_a_busy_port_is_told_in_one_line_with_what_to_do() -> None:
    runtime = Runtime([DeviceSpec(backend=InMemoryBackend("alpha"))])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(TransportError) as caught:
            Server(runtime, port=port).start()
    assert str(port) in str(caught.value)
    assert "choose another" in str(caught.value)
    assert "\n" not in str(caught.value)
    runtime.shutdown()


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 99_999), ("192.0.2.1", 0), ("no.such.host.invalid", 0)])
def test_an_address_that_cannot_be_had_is_told_in_one_line(host: str, port: int) -> None:
    runtime = Runtime([DeviceSpec(backend=InMemoryBackend("alpha"))])
    with pytest.raises(TransportError) as caught:
        Server(runtime, host=host, port=port).start()
    assert "\n" not in str(caught.value)
    runtime.shutdown()


def test_stopping_lets_answers_under_way_end() -> None:
    with serving(Options(wait_s=1.0)) as service:
        job_id = service.submit()
        got: list[httpx.Response] = []
        poll = threading.Thread(target=lambda: got.append(service.client.get(f"/jobs/{job_id}?exclude_params=true")))
        poll.start()
        time.sleep(0.2)
        service.server.stop()
        poll.join(10)
        assert got[0].status_code == 200


def test_jobs_may_end_after_the_server_has_stopped() -> None:
    with serving(Options(wait_s=0.05)) as service:
        job_id = service.submit()
        service.client.get(f"/jobs/{job_id}?exclude_params=true")
        service.server.stop()
        service.alpha.succeed(job_id)


def test_a_fault_of_ours_is_told_without_a_traceback_and_logged_with_its_id(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(service.runtime, "usage", broken)
    answer = service.client.get("/instances/usage")
    assert answer.status_code == 500
    error_of(answer)
    assert "secret" not in answer.text
    assert answer.json()["trace"] in caplog.text
    assert "a secret detail" in caplog.text


def test_importing_the_transports_loads_no_server() -> None:
    program = (
        "import sys, sessioncore.transports as t; t.client_environment('http://127.0.0.1:1');"
        "print([m for m in ('starlette', 'uvicorn', 'orjson', 'asyncio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

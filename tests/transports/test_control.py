"""Our own routes: the clock, the devices, the journal, health."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import orjson
import pytest

from sessioncore.core.durations import SECOND
from sessioncore.host import VirtualClock
from sessioncore.transports import Options

from .conftest import NO_TLS, Service, ask, error_of, job_body, serving, wait_until


@pytest.fixture
def control(service: Service) -> Iterator[httpx.Client]:
    """A client of the control routes."""
    with httpx.Client(verify=NO_TLS, base_url=service.url + "/_sessioncore", timeout=10) as client:
        yield client


def test_a_virtual_clock_is_read_and_moved_and_timers_fire() -> None:
    with serving(Options(control=True), clock=VirtualClock()) as service:
        control = service.url + "/_sessioncore"
        before = ask("GET", control + "/clock").json()
        assert before["clock"] == "virtual"
        session_id = service.open_session()
        after = ask("POST", control + "/clock/advance", json={"seconds": 1800}).json()
        assert after["now_us"] - before["now_us"] == 1_800_000_000
        session = service.client.get(f"/sessions/{session_id}").json()
        assert (session["state"], session["state_reason"]) == ("closed", "no_submission")
        after = ask("POST", control + "/clock/advance", json={"microseconds": 7}).json()
        assert after["now_us"] - before["now_us"] == 1_800_000_007


@pytest.mark.parametrize(
    "body",
    [{}, {"seconds": -1}, {"seconds": "1"}, {"seconds": True}, {"seconds": 1e300}, {"seconds": 1e308},
     {"microseconds": 1.5}, {"microseconds": -1}, {"seconds": 1, "microseconds": 1}, {"microseconds": 10**18}, []],
)  # fmt: skip
def test_a_wrong_length_of_time_moves_nothing(body: object) -> None:
    with serving(Options(control=True), clock=VirtualClock()) as service:
        before = service.runtime.now()
        answer = ask("POST", service.url + "/_sessioncore/clock/advance", json=body)
        assert answer.status_code == 400
        error_of(answer)
        assert service.runtime.now() == before


def test_a_clock_stops_before_dates_do_and_what_lies_beyond_can_still_be_told() -> None:
    with serving(Options(control=True), clock=VirtualClock(253_402_300_700 * SECOND)) as service:
        opened = service.client.post("/sessions", json={"mode": "dedicated", "backend": "alpha"})
        assert opened.status_code == 200
        assert service.client.get("/workloads").json()["total_count"] == 1
        service.submit(opened.json()["id"])
        assert service.client.get(f"/sessions/{opened.json()['id']}").json()["timestamps"]
        answer = ask("POST", service.url + "/_sessioncore/clock/advance", json={"seconds": 3600})
        assert answer.status_code == 400
        assert "year 9000" in error_of(answer)["solution"]


def test_a_real_clock_cannot_be_moved(control: httpx.Client) -> None:
    assert control.get("/clock").json()["clock"] == "real"
    answer = control.post("/clock/advance", json={"seconds": 1})
    assert answer.status_code == 400
    error_of(answer)


def test_a_held_device_starts_nothing_until_it_is_released(service: Service, control: httpx.Client) -> None:
    assert control.post("/devices/alpha/hold").json()["held"] is True
    job_id = service.submit()
    assert service.client.get(f"/jobs/{job_id}").json()["state"]["status"] == "Queued"
    assert service.client.get("/backends/alpha/status").json()["state"] is True
    assert control.post("/devices/alpha/release").json()["held"] is False
    wait_until(lambda: service.alpha.is_running(job_id))


@pytest.mark.parametrize(("action", "state"), [("pause", "paused"), ("offline", "offline"), ("resume", "online")])
def test_devices_are_paused_taken_offline_and_resumed(control: httpx.Client, action: str, state: str) -> None:
    assert control.post(f"/devices/alpha/{action}").json()["state"] == state
    devices = {device["name"]: device for device in control.get("/devices").json()["devices"]}
    assert devices["alpha"]["state"] == state
    assert devices["beta"]["state"] == "online"


@pytest.mark.parametrize("path", ["/devices/alpha/explode", "/devices/nowhere/hold"])
def test_unknown_devices_and_actions_are_not_found(control: httpx.Client, path: str) -> None:
    answer = control.post(path)
    assert answer.status_code == 404
    error_of(answer)


def test_the_journal_is_a_trace(service: Service, control: httpx.Client) -> None:
    service.done(service.open_session())
    answer = control.get("/journal")
    assert answer.headers["content-type"] == "application/jsonl"
    lines = [orjson.loads(line) for line in answer.content.splitlines()]
    assert lines[0]["format"] == "sessioncore-trace"
    types = [line["type"] for line in lines[1:] if "type" in line]
    assert "OpenRequested" in types
    assert "SubmitRequested" in types
    assert "JobSucceeded" in types


def test_a_long_journal_is_sent_in_pieces(service: Service, control: httpx.Client) -> None:
    for _ in range(300):
        service.runtime.hold("beta")
        service.runtime.release("beta")
    assert len(control.get("/journal").content.splitlines()) > 600


def test_health_tells_how_the_service_is(control: httpx.Client) -> None:
    health = control.get("/health").json()
    assert health["answers_waiting"] == 0
    assert len(health) > 1


def test_a_refusal_is_in_no_journal(service: Service, control: httpx.Client) -> None:
    before = control.get("/journal").content
    service.client.post("/jobs", json=job_body(cost=-1))
    assert control.get("/journal").content == before

"""A service over HTTP is judged through its public interface alone."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from sessioncore.conformance.choosing import chosen
from sessioncore.conformance.http.between import Asked, Forward, Told
from sessioncore.conformance.http.faults import HTTP_FAULTS, HttpFault
from sessioncore.conformance.http.payloads import FAILING
from sessioncore.conformance.http.power import judged
from sessioncore.conformance.http.service import Service
from sessioncore.conformance.http.settings import Settings
from sessioncore.conformance.http.target import HttpTarget
from sessioncore.conformance.http.tier import judge_service
from sessioncore.conformance.http.variants import HTTP_VARIANTS, HttpVariant
from sessioncore.conformance.http.workbench import workbench
from sessioncore.conformance.kit import report_of
from sessioncore.conformance.protocol import Accepted, Rejected, Unsupported
from sessioncore.conformance.results import Kind, TierResult, Verdict
from sessioncore.conformance.running import FellShort, NotApplicable
from sessioncore.conformance.tiers.standard import smoke, standard
from sessioncore.core import (
    CancelRequested,
    CloseRequested,
    JobCancelRequested,
    JobSucceeded,
    Mode,
    OpenRequested,
    PauseRequested,
    ResumeRequested,
    SubmitRequested,
)
from sessioncore.core.profiles import IBM_GUIDE, Profile
from tests.service import serve

SECOND = 1_000_000


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Connections that a fault breaks off are in nobody's log."""
    caplog.set_level(logging.CRITICAL, logger="uvicorn.error")


def told(result: TierResult) -> str:
    """What was found, for the message of a test that failed."""
    return "\n".join([finding.summary() + "\n  " + "\n  ".join(map(str, finding.trace)) for finding in result.findings])


# --- our own service -----------------------------------------------------------------------------------------------


def test_our_service_passes_smoke_and_a_part_of_standard() -> None:
    with workbench() as settings:
        result = judge_service(settings, smoke, tier="smoke", seconds_max=6)
        assert not result.findings, told(result)
        more = judge_service(settings, standard, tier="standard", seconds_max=6)
    assert not more.findings, told(more)
    for rule in (
        "S-01",
        "S-06",
        "S-07",
        "S-17",
        "S-18",
        "S-20",
        "S-21",
        "J-02",
        "J-04",
        "J-07",
        "J-08",
        "J-09",
        "D-01",
    ):
        assert result.exercised[rule] > 0, rule
    assert any("cases were chosen" in note for note in more.notes), "what was left out is said"
    assert result.coverage.rows["S-19.done"] + result.coverage.rows["S-19.failed"] > 0


def test_our_service_passes_with_real_payloads_on_a_simulated_device() -> None:
    with serve("--backend", "ideal_5", "--control", "--clock", "virtual") as served:
        settings = Settings(url=served.url + "/api/v1", settle_s=10.0)
        result = judge_service(settings, smoke, tier="smoke", seconds_max=4)
    assert not result.findings, told(result)
    assert result.coverage.rows["J-01.complete"] > 0, "jobs of the built-in payloads run and end"
    assert result.coverage.rows["J-01.fail"] > 0, "and the built-in one that fails does so"
    assert result.exercised["S-24"] > 0
    assert not any("known to fail" in note for note in result.notes)


def test_our_service_passes_in_real_time_as_far_as_there_is_time() -> None:
    profile = IBM_GUIDE.with_values(interactive_ttl=2 * SECOND)
    with workbench(virtual=False, profile=profile, max_wait_s=4.0) as settings:
        result = judge_service(settings, smoke, tier="smoke", seconds_max=8)
    assert not result.findings, told(result)
    assert any("real time" in why for why in result.skipped), "timers beyond the budget are untested, and that is said"
    assert any("other lengths of time" in note for note in result.notes), "its own interactive TTL was taken"
    [timers] = [note for note in result.notes if note.startswith("Timers that were not tried: ")]
    assert "no_submission (30 min): it takes 30 min of real time, longer than --max-wait 4 s" in timers
    assert "execution_limit (3 h): it takes 3 h of real time, longer than" in timers
    assert "interactive_ttl" not in timers, "it was waited for"
    assert dict(result.untried)["S-16"] == "it takes 30 min of real time, longer than --max-wait 4 s"
    judged = report_of([result], target="it", profile=profile)
    assert judged.of("S-16").verdict is Verdict.UNTESTED
    assert "longer than --max-wait 4 s" in judged.of("S-16").why


def test_what_there_was_no_time_for_is_told_with_how_much_there_was() -> None:
    steps: list[tuple[str, int, int]] = []
    profile = IBM_GUIDE.with_values(interactive_ttl=2 * SECOND)
    with workbench(virtual=False, profile=profile, max_wait_s=4.0) as settings:
        progress = lambda *step: steps.append(step)  # noqa: E731 - one line
        result = judge_service(settings, smoke, tier="smoke", seconds_max=0.1, progress=progress)
    over = "time was over (a tier is given 0.1 to 0.16 s on a service)"
    assert any(over in note and "left out" in note for note in result.notes)
    assert dict(result.untried)["S-14"] == over
    assert any(f"interactive_ttl (2 s): {over}" in note for note in result.notes)
    assert ("looking at the service", 0, 0) in steps
    wire = [done for what, done, _ in steps if what == "smoke for the wire"]
    assert wire == list(range(len(wire)))
    assert wire, "every case of it is told"


def test_a_service_with_two_lanes_passes() -> None:
    with workbench(lanes=2) as settings:
        result = judge_service(settings, smoke, tier="smoke", seconds_max=3)
    assert not result.findings, told(result)


# --- power ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", HTTP_FAULTS, ids=lambda fault: fault.id)
def test_every_fault_over_http_is_found(fault: HttpFault) -> None:
    result = judged(fault.make(), smoke, tier="smoke", seconds_max=4)
    assert result.findings, f"{fault.title}: not found in {result.cases} cases"


@pytest.mark.parametrize("variant", HTTP_VARIANTS, ids=lambda variant: variant.id)
def test_no_legal_variant_is_accused(variant: HttpVariant) -> None:
    result = judged(variant.make(), smoke, tier="smoke", seconds_max=2, tolerance_us=variant.tolerance_us)
    assert not result.findings, told(result)
    assert result.steps > 50


def test_the_faults_are_many_and_each_has_an_id_of_its_own() -> None:
    assert len({fault.id for fault in HTTP_FAULTS}) == len(HTTP_FAULTS) >= 30
    assert len({fault.number for fault in HTTP_FAULTS if fault.number is not None}) >= 10


# --- bad targets -----------------------------------------------------------------------------------------------


@contextmanager
def listening(serve_one: Callable[[socket.socket], None]) -> Iterator[str]:
    """A port at which something answers each connection in its own way."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def loop() -> None:
        while not done.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                serve_one(connection)

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        done.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def answer(text: bytes, head: bytes = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n") -> Callable[..., None]:
    def serve_one(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(head + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(text) + text)

    return serve_one


def silence(connection: socket.socket) -> None:
    connection.settimeout(10)
    while connection.recv(65_536):
        pass


def trickle(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    try:
        for _ in range(200):
            connection.sendall(b" ")
            if threading.Event().wait(0.05):
                return
    except OSError:
        return


BAD: dict[str, tuple[Callable[..., None], Kind, str]] = {
    "never answers": (silence, Kind.HANG, "no answer within 0.5 s"),
    "answers drop by drop": (trickle, Kind.HANG, "not complete after 0.5 s"),
    "hangs up": (lambda connection: connection.recv(10), Kind.CRASH, "the connection broke"),
    "answers 500": (answer(b"oops", b"HTTP/1.1 500 Oops\r\n"), Kind.CRASH, "HTTP status 500"),
    "answers with a page": (
        answer(b"<html>", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"),
        Kind.NONSENSE,
        "<html>",
    ),
    "answers with half a JSON": (answer(b'{"devices": ['), Kind.NONSENSE, "no JSON"),
    "answers with another JSON": (answer(b"[1, 2]"), Kind.NONSENSE, "no JSON object"),
    "has no device": (answer(b'{"devices": []}'), Kind.OUTCOME, "online"),
    "leads elsewhere": (
        answer(b"", b"HTTP/1.1 302 Found\r\nLocation: http://example.invalid/\r\n"),
        Kind.NONSENSE,
        "elsewhere",
    ),
    "refuses the token": (answer(b"{}", b"HTTP/1.1 401 No\r\n"), Kind.OUTCOME, "401"),
    "speaks no HTTP": (answer(b"", b"220 smtp ready\r\n"), Kind.CRASH, "RemoteProtocolError"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_service_that_gives_no_usable_answer_is_told_so_in_time(what: str) -> None:
    serve_one, kind, said = BAD[what]
    began = time.monotonic()
    with listening(serve_one) as url:
        result = judge_service(Settings(url=url, patience_s=0.5), smoke, tier="smoke")
        assert time.monotonic() - began < 10
    [finding] = result.findings
    assert finding.kind is kind, finding.said
    assert said in finding.said


def test_a_port_where_nobody_listens_is_told_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    result = judge_service(Settings(url=f"http://127.0.0.1:{port}"), smoke, tier="smoke")
    assert "cannot connect" in result.findings[0].said


def test_a_url_that_is_none_is_told_so() -> None:
    result = judge_service(Settings(url="gopher://nowhere"), smoke, tier="smoke")
    assert result.findings[0].kind is not Kind.HANG


# --- the target itself -------------------------------------------------------------------------------------------


def test_requests_are_translated_and_answers_read() -> None:
    with workbench() as settings:
        service = Service(settings)
        target = HttpTarget(service)
        target.plan({"j2": "long"})
        opened = target.apply(OpenRequested(at=0, session_id="a", mode=Mode.BATCH, max_ttl=600 * SECOND))
        assert isinstance(opened, Accepted)
        assert opened.id is not None
        first = target.apply(SubmitRequested(at=0, job_id="j1", session_id=opened.id))
        second = target.apply(SubmitRequested(at=0, job_id="j2", session_id=opened.id, max_execution=60 * SECOND))
        assert isinstance(first, Accepted)
        assert isinstance(second, Accepted)
        assert target.wait(lambda: [job.status for job in target.observe().jobs.values()] == ["running", "completed"])
        target.advance(7)
        view = target.observe()
        session = view.sessions[opened.id]
        assert (session.state, session.mode, session.max_time) == ("active", "batch", 600 * SECOND)
        assert session.status == "In progress, accepting new jobs"
        assert session.usage_time == 7
        assert view.at == service.read_clock()
        assert target.apply(CloseRequested(at=0, session_id=opened.id)) == Accepted()
        late = target.apply(SubmitRequested(at=0, job_id="j3", session_id=opened.id))
        assert isinstance(late, Rejected)
        assert (late.code, late.http_status) == (1217, 400)
        assert second.id is not None
        assert target.apply(JobCancelRequested(at=0, job_id=second.id)) == Accepted()
        assert isinstance(target.apply(JobCancelRequested(at=0, job_id=second.id)), Rejected)
        assert target.apply(PauseRequested(at=0)) == Accepted()
        assert target.apply(ResumeRequested(at=0)) == Accepted()
        assert isinstance(target.apply(JobSucceeded(at=0, job_id=second.id)), Unsupported)
        odd = OpenRequested(at=0, session_id="b", max_ttl=1)
        assert isinstance(target.apply(odd), Unsupported), "the wire has whole seconds"
        target.close()
        service.close()


def test_what_a_case_leaves_behind_is_cancelled_and_the_device_is_free_again() -> None:
    with workbench() as settings:
        service = Service(settings)
        target = HttpTarget(service)
        target.plan({"j1": "long", "j2": "long"})
        opened = target.apply(OpenRequested(at=0, session_id="a"))
        assert isinstance(opened, Accepted)
        target.apply(SubmitRequested(at=0, job_id="j1", session_id=opened.id))
        target.apply(SubmitRequested(at=0, job_id="j2"))
        target.apply(PauseRequested(at=0))
        target.close()
        assert service.queue_length() == 0
        assert target.observe().sessions[opened.id or ""].state == "closed"
        status = httpx.get(settings.url + "/backends/workbench/status", headers={"Authorization": "apikey x"}).json()
        assert status["state"] is True, "it is online again"
        service.close()


def test_a_service_without_control_routes_is_judged_as_far_as_that_goes() -> None:
    with workbench(control=False) as settings:
        service = Service(settings)
        assert not service.capabilities.clock
        assert "PauseRequested" in service.capabilities.unsupported
        assert any("any number is allowed" in note for note in service.notes)
        assert any("clock is" in note for note in service.notes), "its virtual clock stands elsewhere than ours"
        target = HttpTarget(service)
        assert isinstance(target.apply(PauseRequested(at=0)), Unsupported)
        with pytest.raises(NotApplicable, match="real time"):
            target.advance(3600 * SECOND)
        service.close()


def test_without_a_payload_that_fails_no_failure_is_planned() -> None:
    with workbench(failing=None, settle_s=0.3) as settings:
        service = Service(settings)
        with pytest.raises(NotApplicable, match="fails"):
            HttpTarget(service).plan({"j1": "failing"})
        assert service.queue_length() == 0, "what was tried is cancelled"
        service.close()
        assert any("that did not end within 0.3 s" in note for note in service.notes)


class OtherPayloads:
    """Refuses the kit's own failing payload, or lets it succeed."""

    def __init__(self, *, refuses: bool) -> None:
        self.refuses = refuses

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        if asked.about("POST", "jobs") and asked.body.get("params") == FAILING["params"]:
            if self.refuses:
                return Told(400, {"errors": [{"code": 1208, "message": "half a circuit"}]})
            asked.body |= {"params": {"length": "short"}}
        return await forward(asked)


@pytest.mark.parametrize(("refuses", "said"), [(True, "was refused (HTTP status 400)"), (False, "ended as completed")])
def test_a_service_with_which_the_kits_payload_does_not_fail_is_not_accused(refuses: bool, said: str) -> None:
    with workbench(OtherPayloads(refuses=refuses), failing=None) as settings:
        result = judge_service(settings, no_cases, tier="wire", seconds_max=4)
    assert not result.findings, told(result)
    assert any(said in note and "--failing-job gives another" in note for note in result.notes)
    assert not result.coverage.rows["J-01.fail"]
    assert result.coverage.rows["J-01.complete"]


def test_a_payload_of_its_owners_is_taken_as_it_is() -> None:
    with workbench() as settings:
        service = Service(settings)
        assert service.failing is settings.failing
        assert service.exchange.ask("GET", "/jobs").body["count"] == 0, "nothing was tried"
        service.close()


def test_a_device_that_others_keep_busy_is_no_fault_and_what_was_not_seen_stays_open() -> None:
    with workbench(settle_s=0.05, patience_s=2.0) as settings:
        other = httpx.Client(headers={"Authorization": "apikey another"}, base_url=settings.url)
        with other:
            other.post("/jobs", json={**settings.long, "backend": "workbench"}).raise_for_status()
            result = judge_service(settings, no_cases, tier="wire")
    assert not result.findings, told(result)
    assert any("did not start within 0.05 s" in why for why in result.skipped)
    assert "S-09" in dict(result.inconclusive)
    assert result.exercised["S-18"] > 0, "what needs no job is judged all the same"


def no_cases(_profile: Profile, _lanes: int) -> list[Any]:
    return []


def test_a_token_that_is_not_accepted_is_told_before_anything_is_judged() -> None:
    with workbench() as settings, httpx.Client() as client:
        assert client.get(settings.url + "/backends").status_code == 401
        with pytest.raises(FellShort, match="HTTP status 401"):
            Service(Settings(url=settings.url, headers={"Authorization": ""}))


def _several_devices(*devices: tuple[str, int, str]) -> str:
    """The device that is taken of these, each with its queue and its status."""
    told = [
        {"name": name, "queue_length": length, "status": {"name": status}} for name, length, status in devices
    ]

    def answered(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/backends"):
            return httpx.Response(200, json={"devices": told})
        return httpx.Response(200, json={"id": "s", "state": "open", "accepting_jobs": True})

    service = Service(Settings(url="http://127.0.0.1:1", control=False), httpx.MockTransport(answered))
    service.close()
    return service.backend


def test_of_several_devices_the_first_with_the_shortest_queue_is_taken() -> None:
    assert _several_devices(("zeta", 0, "online"), ("alpha", 0, "online")) == "zeta"
    assert _several_devices(("zeta", 3, "online"), ("alpha", 0, "online")) == "alpha"
    assert _several_devices(("zeta", 0, "offline"), ("alpha", 3, "online")) == "alpha"


# --- choosing ------------------------------------------------------------------------------------------------------


def _profile_cases(profile: Profile) -> Any:
    return list(smoke(profile))


def test_where_time_is_short_the_cases_that_meet_the_most_are_taken() -> None:
    cases = _profile_cases(IBM_GUIDE)
    everything = chosen(cases, seconds_max=1e9)
    some = chosen(cases, seconds_max=2.0)
    assert everything.met == everything.goals
    assert len(some.cases) < len(everything.cases)
    assert some.met > 0.6 * everything.goals
    assert some.left_out > 0


def test_what_would_have_to_wait_too_long_is_left_out_with_the_reason() -> None:
    session = (OpenRequested(at=0, session_id="a"), CancelRequested(at=3600 * SECOND, session_id="a"))
    from sessioncore.conformance.cases import Case

    picked = chosen([Case(name="an hour", events=session)], seconds_max=10.0, wait_s_max=60.0)
    assert not picked.cases
    assert list(picked.skipped) == ["it would take more than 60 s of real time"]

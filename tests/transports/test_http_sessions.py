"""Sessions over HTTP (ibm-rest 6)."""

from __future__ import annotations

import re

import pytest

from .conftest import Service, error_of, job_body, serving, wait_until

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def test_a_new_session_is_open_and_accepting(service: Service) -> None:
    answer = service.client.post("/sessions", json={"mode": "dedicated", "backend": "alpha", "max_ttl": 900})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    session = answer.json()
    assert session["mode"] == "dedicated"
    assert session["backend_name"] == "alpha"
    assert session["state"] == "open"
    assert session["accepting_jobs"] is True
    assert session["max_ttl"] == session["active_ttl"] == 900
    assert session["interactive_ttl"] == 60
    assert TIMESTAMP.fullmatch(session["created_at"])
    assert session["elapsed_time"] == 0
    for name in ("started_at", "activated_at", "closed_at", "last_job_started", "last_job_completed", "state_reason"):
        assert session[name] is None
    assert service.client.get(f"/sessions/{session['id']}").json() == session


def test_a_session_defaults_to_the_ceiling(service: Service) -> None:
    session_id = service.open_session()
    assert service.client.get(f"/sessions/{session_id}").json()["max_ttl"] == 28_800


def test_raw_rest_may_write_max_ttl_as_strict_text(service: Service) -> None:
    session_id = service.open_session(max_ttl="2h 30m")
    assert service.client.get(f"/sessions/{session_id}").json()["max_ttl"] == 9_000


def test_the_backend_may_be_named_by_either_field(service: Service) -> None:
    answer = service.client.post("/sessions", json={"mode": "batch", "backend_name": "beta"})
    assert answer.json()["backend_name"] == "beta"
    assert answer.json()["mode"] == "batch"


def test_a_session_becomes_active_with_its_first_job_and_tells_its_history(service: Service) -> None:
    session_id = service.open_session()
    service.done(session_id)
    session = service.client.get(f"/sessions/{session_id}").json()
    assert session["state"] == "active"
    assert [entry["status"] for entry in session["timestamps"]][-1] == "active"
    for name in ("started_at", "activated_at", "last_job_started", "last_job_completed"):
        assert TIMESTAMP.fullmatch(session[name])
    assert session["elapsed_time"] > 0


def test_patch_closes_and_closing_again_changes_nothing(service: Service) -> None:
    session_id = service.open_session()
    for _ in range(2):
        answer = service.client.patch(f"/sessions/{session_id}", json={"accepting_jobs": False})
        assert (answer.status_code, answer.content) == (204, b"")
    session = service.client.get(f"/sessions/{session_id}").json()
    assert (session["state"], session["accepting_jobs"], session["state_reason"]) == ("closed", False, "closed")


def test_delete_close_cancels(service: Service) -> None:
    session_id = service.open_session()
    running = service.submit(session_id)
    queued = service.submit(session_id)
    wait_until(lambda: service.alpha.is_running(running))
    for _ in range(2):
        assert service.client.delete(f"/sessions/{session_id}/close").status_code == 204
    session = service.client.get(f"/sessions/{session_id}").json()
    assert (session["state"], session["state_reason"]) == ("closed", "cancelled")
    assert service.wait_status(queued, "Failed")["state"]["reason_code"] == 1217
    service.alpha.succeed(running)
    service.wait_status(running, "Completed")


@pytest.mark.parametrize(
    "spoilt",
    [
        {},
        {"params": None},
        {"params": [1]},
        {"program_id": 7},
        {"program_id": "unheard-of"},
        {"backend": "nowhere"},
        {"tags": "text"},
        {"cost": -1},
        {"cost": "long"},
        {"log_level": "LOUD"},
        {"calibration_id": "unknown"},
    ],
)
def test_a_job_for_a_closed_session_is_refused_with_1217_before_all_else(
    service: Service, spoilt: dict[str, object]
) -> None:
    session_id = service.open_session()
    service.client.patch(f"/sessions/{session_id}", json={"accepting_jobs": False})
    before = service.counts()
    answer = service.client.post("/jobs", json=job_body(session_id=session_id) | spoilt)
    assert answer.status_code == 400
    assert '"code":1217' in answer.text
    error = error_of(answer)
    assert error["message"].startswith("Session has been closed.")
    assert "S-06" in error["message"]
    assert service.counts() == before


def test_a_job_for_a_draining_session_is_refused_with_1217_and_its_story(service: Service) -> None:
    session_id = service.open_session()
    service.submit(session_id)
    service.client.patch(f"/sessions/{session_id}", json={"accepting_jobs": False})
    service.alpha.verdict = None
    error = error_of(service.client.post("/jobs", json=job_body(session_id=session_id)))
    assert error["code"] == 1217
    assert "S-17" in error["message"]


def test_unknown_sessions_are_not_found(shared: Service) -> None:
    for method, path in (("GET", "/sessions/none"), ("PATCH", "/sessions/none"), ("DELETE", "/sessions/none/close")):
        answer = shared.client.request(method, path, json={"accepting_jobs": False})
        assert answer.status_code == 404
        assert "J-09" in error_of(answer)["message"]


def test_sessions_of_another_instance_are_not_found(service: Service) -> None:
    session_id = service.open_session()
    with service.caller(instance="crn:other") as other:
        assert other.get(f"/sessions/{session_id}").status_code == 404
        assert other.delete(f"/sessions/{session_id}/close").status_code == 404
        answer = other.post("/jobs", json=job_body(session_id=session_id))
        assert answer.status_code == 400, "404 would mean 'program not found' to the stock client"
        error_of(answer)
    assert service.client.get(f"/sessions/{session_id}").json()["state"] == "open"


def test_a_plan_without_sessions_is_answered_as_the_profile_says() -> None:
    with serving(plan_denied="job_mode") as service:
        answer = service.client.post("/sessions", json={"mode": "dedicated", "backend": "alpha"})
        assert answer.status_code == 200
        assert "id" not in answer.json()
    with serving(plan_denied="reject") as service:
        answer = service.client.post("/sessions", json={"mode": "dedicated", "backend": "alpha"})
        assert answer.status_code == 400
        assert error_of(answer)["code"] == 1352


def test_timers_and_story_are_visible_to_whoever_controls_the_service(service: Service) -> None:
    session_id = service.open_session()
    [session] = service.client.get(f"{service.url}/_sessioncore/sessions").json()["sessions"]
    assert session["id"] == session_id
    assert session["status"] == "Pending"
    assert [entry["timer"] for entry in session["timers"]]
    assert [entry["row"] for entry in session["story"]]

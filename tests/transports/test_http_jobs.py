"""Jobs over HTTP (ibm-rest 7)."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from sessioncore.ports import Refused
from sessioncore.transports import Options

from .conftest import WHO, Service, error_of, job_body, serving, wait_until


def test_a_job_runs_and_hands_out_its_result(service: Service) -> None:
    answer = service.client.post("/jobs", json=job_body(params={"pubs": [[1, 2.5, "π"]]}))
    assert answer.status_code == 200
    assert answer.json() == {"id": answer.json()["id"], "backend": "alpha"}
    job_id = answer.json()["id"]
    assert service.client.get(f"/jobs/{job_id}/results").status_code == 204
    wait_until(lambda: service.alpha.is_running(job_id))
    assert service.alpha.attempt(job_id).params == '{"pubs":[[1,2.5,"π"]]}'.encode()
    service.alpha.succeed(job_id, b'{"counts":1}')
    job = service.wait_status(job_id, "Completed")
    assert job["status"] == "Completed"
    assert job["program"] == {"id": "sampler"}
    assert job["backend"] == "alpha"
    assert job["session_id"] is None
    assert job["usage"]["status"] == "complete"
    assert "params" not in job
    result = service.client.get(f"/jobs/{job_id}/results")
    assert (result.status_code, result.content) == (200, b'{"counts":1}')


def test_the_inputs_come_back_as_they_were_sent(service: Service) -> None:
    params = {"pubs": [[{"__type__": "QuantumCircuit", "__value__": "abc"}]], "options": {}, "version": 2}
    job_id = service.submit(params=params)
    job = service.client.get(f"/jobs/{job_id}").json()
    assert job["params"] == params
    assert "params" not in service.client.get(f"/jobs/{job_id}?exclude_params=true").json()
    assert service.client.get(f"/jobs/{job_id}?exclude_params=false").json()["params"] == params


def test_every_field_of_a_submission_is_kept(service: Service) -> None:
    job_id = service.submit(
        tags=["a", "b"], cost=300, log_level="info", runtime="image:1", private=False, program_id="estimator"
    )
    job = service.client.get(f"/jobs/{job_id}").json()
    assert job["tags"] == ["a", "b"]
    assert job["cost"] == 300
    assert job["runtime"] == "image:1"
    assert job["private"] is False
    assert job["program"] == {"id": "estimator"}
    for fields in ({}, {"cost": 10**12}):
        assert service.client.get(f"/jobs/{service.submit(**fields)}").json()["cost"] == 10_800


def test_without_a_backend_the_job_goes_to_its_sessions_or_to_the_least_busy_one(service: Service) -> None:
    body = job_body()
    del body["backend"]
    service.submit()
    assert service.client.post("/jobs", json=body).json()["backend"] == "beta"
    session_id = service.open_session()
    assert service.client.post("/jobs", json=body | {"session_id": session_id}).json() == {
        "id": service.client.get("/jobs?limit=1").json()["jobs"][0]["id"],
        "backend": "alpha",
        "session_id": session_id,
    }


def test_a_failed_job_tells_its_reason_and_its_result_is_the_traceback(service: Service) -> None:
    job_id = service.submit()
    service.alpha.fail(job_id, "the circuit is too wide", log="first\nTraceback (most recent call last):\nValueError")
    job = service.wait_status(job_id, "Failed")
    assert job["state"]["reason"] == "the circuit is too wide"
    result = service.client.get(f"/jobs/{job_id}/results")
    assert result.status_code == 200
    assert "Traceback" in result.text
    log = service.client.get(f"/jobs/{job_id}/logs")
    assert log.status_code == 200
    assert log.headers["content-type"] == "text/plain; charset=utf-8"
    assert "ValueError" in log.text


def test_a_failed_job_without_a_log_answers_its_reason(service: Service) -> None:
    job_id = service.submit()
    service.alpha.fail(job_id, "lost")
    service.wait_status(job_id, "Failed")
    assert "lost" in service.client.get(f"/jobs/{job_id}/results").text


def test_a_queued_and_a_running_job_can_be_cancelled_once(service: Service) -> None:
    running, queued = service.submit(), service.submit()
    wait_until(lambda: service.alpha.is_running(running))
    for job_id in (queued, running):
        answer = service.client.post(f"/jobs/{job_id}/cancel")
        assert (answer.status_code, answer.content) == (204, b"")
        assert service.client.get(f"/jobs/{job_id}").json()["state"]["status"] == "Cancelled"
        again = service.client.post(f"/jobs/{job_id}/cancel")
        assert again.status_code == 409
        assert "J-04" in error_of(again)["message"]
        assert service.client.get(f"/jobs/{job_id}/results").status_code == 204


def test_jobs_in_every_state_can_be_deleted(service: Service) -> None:
    final = service.done()
    running, queued = service.submit(), service.submit()
    wait_until(lambda: service.alpha.is_running(running))
    for job_id in (final, queued, running):
        answer = service.client.delete(f"/jobs/{job_id}")
        assert (answer.status_code, answer.content) == (204, b"")
        assert service.client.get(f"/jobs/{job_id}").status_code == 404
        assert service.client.delete(f"/jobs/{job_id}").status_code == 404
    assert service.client.get("/jobs").json()["count"] == 0


def test_tags_are_replaced_and_the_empty_list_clears_them(service: Service) -> None:
    job_id = service.submit(tags=["old"])
    for tags in (["new", "newer"], []):
        assert service.client.put(f"/jobs/{job_id}/tags", json={"tags": tags}).status_code == 204
        assert sorted(service.client.get(f"/jobs/{job_id}").json()["tags"]) == sorted(tags)


def test_a_private_job_hides_its_inputs_and_hands_out_its_result_once(service: Service) -> None:
    answer = service.client.post("/jobs", json=job_body(private=True, params={"secret": 1}))
    assert answer.json()["private"] is True
    job_id = answer.json()["id"]
    assert "params" not in service.client.get(f"/jobs/{job_id}").json()
    service.alpha.succeed(job_id)
    service.wait_status(job_id, "Completed")
    assert service.client.get(f"/jobs/{job_id}/results").status_code == 200
    assert service.client.get(f"/jobs/{job_id}/results").status_code == 204


def test_metrics_tell_times_usage_versions_and_the_caller(service: Service) -> None:
    body = job_body()
    headers = {"X-Qx-Client-Application": "qiskit-version-2/test/caller"}
    job_id = service.client.post("/jobs", json=body, headers=headers).json()["id"]
    before = service.client.get(f"/jobs/{job_id}/metrics").json()
    assert before["usage"]["status"] == "pending"
    assert before["timestamps"]["finished"] is None
    service.alpha.succeed(job_id, circuits_execution_time_ns=12)
    service.wait_status(job_id, "Completed")
    metrics = service.client.get(f"/jobs/{job_id}/metrics").json()
    assert metrics["usage"]["status"] == "complete"
    assert metrics["usage"]["quantum_seconds"] == metrics["usage"]["seconds"] > 0
    assert metrics["caller"] == headers["X-Qx-Client-Application"]
    assert metrics["circuits_execution_time_ns"] == 12
    assert metrics["qiskit_version"]
    assert metrics["timestamps"]["created"] <= metrics["timestamps"]["running"] <= metrics["timestamps"]["finished"]


def test_a_job_that_ran_too_long_is_shown_as_the_client_expects() -> None:
    with serving() as service:
        job_id = service.submit(cost=1)
        job = service.wait_status(job_id, "Cancelled")
        assert job["status"] == "Cancelled - Ran too long"
        assert job["state"]["reason_code"] == 1305
        assert service.client.get(f"/jobs/{job_id}/results").status_code == 200


# --- the list -------------------------------------------------------------------------------------------


def ids(service: Service, query: str) -> list[str]:
    answer = service.client.get(f"/jobs?{query}")
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert set(page) == {"jobs", "count", "limit", "offset"}
    assert page["count"] >= len(page["jobs"])
    assert all("params" not in job for job in page["jobs"])
    return [job["id"] for job in page["jobs"]]


def test_the_list_is_filtered_sorted_and_paged(service: Service) -> None:
    session_id = service.open_session(backend="beta")
    first = service.done(tags=["x", "y"])
    second = service.submit(tags=["x"], program_id="estimator")
    third = service.submit(session_id, backend="beta", tags=["y"])
    assert ids(service, "") == [third, second, first]
    assert ids(service, "sort=ASC") == [first, second, third]
    assert ids(service, "sort=ASC&limit=1") == [first]
    assert ids(service, "limit=1&offset=1") == [second]
    assert ids(service, "offset=9") == []
    assert ids(service, "backend=beta") == [third]
    assert ids(service, "pending=true") == [third, second]
    assert ids(service, "pending=False") == [first]
    assert ids(service, "program=estimator") == [second]
    assert ids(service, "tags=x") == [second, first]
    assert ids(service, "tags=x&tags=y") == [first]
    assert ids(service, f"session_id={session_id}") == [third]
    assert ids(service, "backend=unknown") == []
    created = {job["id"]: job["created"] for job in service.client.get("/jobs").json()["jobs"]}
    assert ids(service, f"created_after={created[second]}") == [third, second]
    assert ids(service, f"created_before={created[second]}&exclude_params=true&include_mocks=True") == [second, first]


def test_the_count_is_that_of_all_matches_on_every_page(service: Service) -> None:
    made = [service.submit() for _ in range(7)]
    seen: list[str] = []
    while True:
        page = service.client.get(f"/jobs?limit=3&offset={len(seen)}").json()
        assert page["count"] == 7
        if not page["jobs"]:
            break
        seen += [job["id"] for job in page["jobs"]]
    assert seen == made[::-1]


def test_jobs_of_another_instance_are_not_found(service: Service) -> None:
    job_id = service.submit()
    with service.caller(instance="crn:other") as other:
        assert other.get("/jobs").json()["count"] == 0
        for method, path in (
            ("GET", ""),
            ("GET", "/results"),
            ("GET", "/logs"),
            ("GET", "/metrics"),
            ("POST", "/cancel"),
            ("PUT", "/tags"),
            ("DELETE", ""),
        ):
            answer = other.request(method, f"/jobs/{job_id}{path}", json={"tags": []})
            assert answer.status_code == 404, (method, path)
            error_of(answer)
    assert service.client.get(f"/jobs/{job_id}").status_code == 200


# --- refusals at submission -------------------------------------------------------------------------------


def test_a_program_that_the_vendor_has_and_we_have_not_is_refused_with_what_there_is(service: Service) -> None:
    for program in ("noise-learner", "calibrate"):
        answer = service.client.post("/jobs", json=job_body(program_id=program))
        assert answer.status_code == 400
        assert "sampler" in error_of(answer)["solution"]
    assert service.counts()[1] == 0


def test_a_program_that_nobody_has_is_not_found(service: Service) -> None:
    answer = service.client.post("/jobs", json=job_body(program_id="hello-world"))
    assert answer.status_code == 404
    assert "sampler" in error_of(answer)["solution"]
    assert service.counts()[1] == 0


def test_a_payload_that_the_backend_refuses_makes_no_job(service: Service) -> None:
    service.alpha.verdict = Refused(message="The circuit has 9 qubits.", remedy="Use at most 5.", code=1208)
    answer = service.client.post("/jobs", json=job_body())
    assert answer.status_code == 400
    error = error_of(answer)
    assert error["message"].startswith("The circuit has 9 qubits.")
    assert error["solution"] == "Use at most 5."
    assert service.counts()[1] == 0
    assert service.alpha.inspected == [("sampler", b'{"pubs":[]}')]


def test_an_inspection_that_never_ends_holds_nobody_up_for_ever() -> None:
    with serving(Options(inspect_s_max=0.05)) as service:
        service.alpha.answers_inspections = False
        service.submit()


def test_a_session_that_closes_while_the_payload_is_inspected_refuses_the_job(service: Service) -> None:
    session_id = service.open_session()
    inspect = service.alpha.inspect

    def inspect_and_close(program_id: str, params: bytes) -> Future[Refused | None]:
        service.runtime.close_session(WHO, session_id)
        return inspect(program_id, params)

    service.alpha.inspect = inspect_and_close  # type: ignore[method-assign]  # what happens in between, happens now
    answer = service.client.post("/jobs", json=job_body(session_id=session_id))
    assert error_of(answer)["code"] == 1217
    assert service.counts()[1] == 0


# --- long polls and repeats ---------------------------------------------------------------------------------


def test_a_poll_waits_a_little_for_the_end_and_is_answered_at_it() -> None:
    with serving(Options(wait_s=5.0)) as service:
        job_id = service.submit()
        with ThreadPoolExecutor(4) as pool:
            polls = [pool.submit(service.client.get, f"/jobs/{job_id}?exclude_params=true") for _ in range(4)]
            began = time.monotonic()
            service.alpha.succeed(job_id)
            statuses = {poll.result().json()["state"]["status"] for poll in polls}
        assert statuses == {"Completed"}
        assert time.monotonic() - began < 4.0


def test_a_poll_of_a_long_job_is_answered_after_the_wait_and_the_next_one_waits_again() -> None:
    with serving(Options(wait_s=0.2)) as service:
        job_id = service.submit()
        for _ in range(3):
            began = time.monotonic()
            job = service.client.get(f"/jobs/{job_id}?exclude_params=true").json()
            assert job["state"]["status"] in ("Queued", "Running")
            assert time.monotonic() - began >= 0.15


def test_only_polls_wait() -> None:
    with serving(Options(wait_s=5.0)) as service:
        job_id = service.submit()
        began = time.monotonic()
        service.client.get(f"/jobs/{job_id}")
        service.client.get("/jobs?exclude_params=true")
        assert time.monotonic() - began < 3.0


def test_waiting_can_be_switched_off_and_is_bounded() -> None:
    for options in (Options(wait_s=0.0), Options(wait_s=5.0, waiting_max=0)):
        with serving(options) as service:
            job_id = service.submit()
            began = time.monotonic()
            service.client.get(f"/jobs/{job_id}?exclude_params=true")
            assert time.monotonic() - began < 3.0


def test_a_submission_repeated_with_its_key_is_carried_out_once(service: Service) -> None:
    headers = {"Idempotency-Key": "key-1"}
    answers = [service.client.post("/jobs", json=job_body(), headers=headers) for _ in range(3)]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert service.counts()[1] == 1
    other = service.client.post("/jobs", json=job_body(tags=["other"]), headers=headers)
    assert other.status_code == 422
    error_of(other)
    with service.caller(instance="crn:other") as somebody:
        assert somebody.post("/jobs", json=job_body(), headers=headers).status_code == 200


def test_a_refused_submission_may_be_mended_under_its_key(service: Service) -> None:
    headers = {"Idempotency-Key": "key-2"}
    service.alpha.verdict = Refused(message="Wrong.", remedy="Mend it.")
    assert service.client.post("/jobs", json=job_body(), headers=headers).status_code == 400
    service.alpha.verdict = None
    assert service.client.post("/jobs", json=job_body(), headers=headers).status_code == 200


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_is_empty_or_too_long_is_refused(shared: Service, key: str) -> None:
    before = shared.counts()
    answer = shared.client.post("/jobs", json=job_body(), headers={"Idempotency-Key": key})
    assert answer.status_code == 400
    error_of(answer)
    assert shared.counts() == before


def test_threads_may_submit_at_once(service: Service) -> None:
    session_id = service.open_session()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: service.submit(session_id), range(40)))
    assert len(set(made)) == 40
    assert service.client.get("/jobs?limit=1").json()["count"] == 40

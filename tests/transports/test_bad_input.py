"""Whatever is sent, the answer is a 4xx in the vendor's shape that says what to do, and nothing was created."""

from __future__ import annotations

import json
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import Service, error_of, job_body

HUGE = 10**30
NOT_TEXT: list[Any] = [7, 1.5, True, [], {}, ["alpha"], "", "x" * 1001]
NOT_FLAG: list[Any] = [0, 1, "true", [], {}, 1.0]
NOT_WHOLE: list[Any] = ["7", 1.5, True, [], {}, HUGE, "1e3"]


def spoilt_jobs() -> list[tuple[str, Any]]:
    return (
        [(name, wrong) for name in ("program_id", "backend", "session_id", "runtime") for wrong in NOT_TEXT]
        + [(name, wrong) for name in ("private", "start_session") for wrong in NOT_FLAG]
        + [("cost", wrong) for wrong in [*NOT_WHOLE, 0, -1]]
        + [("tags", wrong) for wrong in ["text", {}, 7, [7], [["a"]], [None], ["x" * 1001], ["x"] * 1001]]
        + [("params", wrong) for wrong in [None, [], "text", 7, True]]
        + [("log_level", wrong) for wrong in ["LOUD", "", 3, [], "x" * 2000]]
        + [("calibration_id", wrong) for wrong in [*NOT_TEXT, "unknown"]]
        + [("start_session", True), ("program_id", None), ("backend", "nowhere"), ("session_id", "none")]
    )


def refused(shared: Service, answer: httpx.Response, before: tuple[int, int]) -> dict[str, Any]:
    assert 400 <= answer.status_code < 500, answer.text
    assert shared.counts() == before
    return error_of(answer)


@pytest.mark.parametrize(("name", "wrong"), spoilt_jobs(), ids=lambda value: repr(value)[:24])
def test_a_job_with_a_wrong_field_is_refused(shared: Service, name: str, wrong: Any) -> None:
    before = shared.counts()
    body = orjson.dumps({k: v for k, v in (job_body() | {name: wrong}).items() if v != HUGE})
    if wrong == HUGE:
        body = body[:-1] + f',"{name}":{HUGE}}}'.encode()
    answer = shared.client.post("/jobs", content=body)
    assert answer.status_code != 404, "the stock client reads 404 as 'program not found'"
    refused(shared, answer, before)


def spoilt_sessions() -> list[tuple[str, Any]]:
    return (
        [(name, wrong) for name in ("mode", "backend", "backend_name", "instance") for wrong in NOT_TEXT]
        + [("mode", wrong) for wrong in ["DEDICATED", "open", None]]
        + [("backend", wrong) for wrong in ["nowhere", None]]
        + [("max_ttl", wrong) for wrong in [0, -1, 28_801, 1.5, True, [], {}, "1.5h", "25m xyz", "90", "", "0s", HUGE]]
        + [("interactive_ttl", 60), ("active_ttl", 900)]
    )


@pytest.mark.parametrize(("name", "wrong"), spoilt_sessions(), ids=lambda value: repr(value)[:24])
def test_a_session_with_a_wrong_field_is_refused(shared: Service, name: str, wrong: Any) -> None:
    before = shared.counts()
    body: dict[str, Any] = {"mode": "dedicated", "backend": "alpha"} | {name: wrong}
    if name == "backend_name":
        del body["backend"]
    content = orjson.dumps({k: v for k, v in body.items() if v != HUGE})
    if wrong == HUGE:
        content = content[:-1] + f',"{name}":{HUGE}}}'.encode()
    error = refused(shared, shared.client.post("/sessions", content=content), before)
    if name == "max_ttl":
        assert "S-02" in error["message"]


@pytest.mark.parametrize("wrong", [*NOT_FLAG, None, True])
def test_a_session_is_updated_with_accepting_jobs_false_and_nothing_else(service: Service, wrong: Any) -> None:
    session_id = service.open_session()
    answer = service.client.patch(f"/sessions/{session_id}", json={"accepting_jobs": wrong})
    assert answer.status_code == 400
    error_of(answer)
    assert service.client.get(f"/sessions/{session_id}").json()["accepting_jobs"] is True


@pytest.mark.parametrize("wrong", [None, "text", 7, [7], {}, [None], ["x" * 1001], ["x"] * 1001])
def test_wrong_tags_change_nothing(service: Service, wrong: Any) -> None:
    job_id = service.submit(tags=["kept"])
    answer = service.client.put(f"/jobs/{job_id}/tags", json={"tags": wrong})
    assert answer.status_code == 400
    error_of(answer)
    assert service.client.get(f"/jobs/{job_id}").json()["tags"] == ["kept"]


BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"7",
    b'"text"',
    b"\xff\xfe",
    b"\x00",
    b'{"program_id":NaN}',
    b'{"program_id":"\\ud800"}',
    b'{"params":Infinity}',
    b'{"a":' * 5000,
    b"[" * 100_000,
    b'{"params":' + b'{"a":' * 300 + b"1" + b"}" * 301,
    b'{"program_id":"sampler","backend":"alpha","params":' + b'{"a":' * 300 + b"1" + b"}" * 301,
    b'{"program_id":"sampler"',
    b"program_id=sampler",
]


@pytest.mark.parametrize("path", ["/jobs", "/sessions"])
@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:20]))
def test_a_body_that_is_no_object_is_refused(shared: Service, path: str, body: bytes) -> None:
    before = shared.counts()
    refused(shared, shared.client.post(path, content=body), before)


QUERIES = [
    "limit=0",
    "limit=-1",
    "limit=many",
    "limit=1.5",
    "limit=",
    "limit=1&limit=2",
    "limit=99999999999999999999",
    "offset=-1",
    "offset=x",
    "offset=99999999999",
    "pending=maybe",
    "pending=1",
    "pending=",
    "sort=UP",
    "sort=asc&sort=desc",
    "program=",
    "backend=",
    "session_id=",
    "created_after=yesterday",
    "created_before=",
    "created_after=2026-99-99T00:00:00Z",
    "tags=" + "x" * 1001,
    "session_id=" + "x" * 1001,
    "exclude_params=perhaps",
    "include_mocks=perhaps",
    "&".join(["tags=a"] * 201),
]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:30])
def test_a_list_with_a_wrong_filter_is_refused(shared: Service, query: str) -> None:
    answer = shared.client.get(f"/jobs?{query}")
    assert answer.status_code == 400, answer.text
    error_of(answer)


@pytest.mark.parametrize(
    "query",
    ["user=you", "sort=created", "limit=0", "next=x", "previous=-1", "status=done", "mode=dedicated", "backend=",
     "created_after=x", "created_before=x", "tags=" + "x" * 1001],
)  # fmt: skip
def test_workloads_with_a_wrong_filter_are_refused(shared: Service, query: str) -> None:
    answer = shared.client.get(f"/workloads?{query}")
    assert answer.status_code == 400, answer.text
    error_of(answer)


@pytest.mark.parametrize(
    "path",
    ["/backends?include_mocks=x", "/backends/alpha/properties?updated_before=x", "/jobs/none?exclude_params=x",
     "/backends/alpha/configuration?calibration_id=a&calibration_id=b"],
)  # fmt: skip
def test_other_wrong_queries_are_refused(shared: Service, path: str) -> None:
    answer = shared.client.get(path)
    assert answer.status_code == 400
    error_of(answer)


@pytest.mark.parametrize(
    "job_id", ["none", "%00", "%ff", "..", "a%2Fb", "x" * 5000, "%F0%9F%98%80", "'; DROP TABLE jobs;--", "{id}"]
)
def test_an_id_that_nobody_has_is_not_found(shared: Service, job_id: str) -> None:
    for path in (f"/jobs/{job_id}", f"/jobs/{job_id}/results", f"/sessions/{job_id}", f"/backends/{job_id}/status"):
        answer = shared.client.get(path)
        assert answer.status_code == 404
        error_of(answer)


@pytest.mark.parametrize("path", ["", "/", "/job", "/jobs/", "/jobs/a/b", "/users/me", "/v2/jobs", "/stream/jobs/a"])
def test_a_path_that_is_none_is_not_found_in_the_vendors_shape(shared: Service, path: str) -> None:
    answer = shared.client.get(path)
    assert answer.status_code == 404
    error_of(answer)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/jobs"),
        ("DELETE", "/sessions/a"),
        ("POST", "/jobs/a"),
        ("OPTIONS", "/jobs"),
        ("HEAD", "/jobs/a/results"),
        ("TRACE", "/backends"),
        ("PATCH", "/jobs/a/tags"),
    ],
)
def test_a_method_that_is_none_is_refused_in_the_vendors_shape(shared: Service, method: str, path: str) -> None:
    answer = shared.client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"]
    if method != "HEAD":
        error_of(answer)


def test_a_compressed_body_is_refused(shared: Service) -> None:
    before = shared.counts()
    answer = shared.client.post("/jobs", content=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415
    refused(shared, answer, before)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
JSON_VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(max_size=5), SCALARS, max_size=3)
LIKELY = st.sampled_from(["sampler", "alpha", "dedicated", 60, {}, ["tag"]])
JOB_FIELDS = ("session_id", "tags", "cost", "private", "runtime", "log_level", "calibration_id", "start_session")
SESSION_FIELDS = ("mode", "max_ttl", "backend_name", "instance", "session_time")
FIELDS = st.sampled_from([*job_body(), *JOB_FIELDS, *SESSION_FIELDS])
ANY_BODY = st.dictionaries(FIELDS, LIKELY | JSON_VALUES, max_size=5).map(
    lambda fields: {"program_id": "sampler", "backend": "alpha", "params": {}, "mode": "batch"} | fields
)
ANY_BYTES = st.binary(max_size=100) | st.builds(
    lambda body, cut: json.dumps(body).encode()[:cut], ANY_BODY, st.integers(0, 100)
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.sampled_from(["/jobs", "/sessions"]), body=ANY_BODY)
def test_no_json_object_makes_the_server_err(shared: Service, path: str, body: dict[str, Any]) -> None:
    before = shared.counts()
    answer = shared.client.post(path, content=json.dumps(body).encode())
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        refused(shared, answer, before)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    path=st.sampled_from(["/jobs", "/sessions", "/jobs/none/tags", "/identity/token", "/v3/resources/search"]),
    body=ANY_BYTES,
)
def test_no_bytes_make_the_server_err(shared: Service, path: str, body: bytes) -> None:
    method = "PUT" if path.endswith("tags") else "POST"
    answer = shared.client.request(method, path, content=body)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        error_of(answer)

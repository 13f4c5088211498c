"""Who may do what: every route of the table with every kind of token."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from sessioncore.host import Caller
from sessioncore.transports import Instance, Options
from sessioncore.transports.http import routes
from sessioncore.transports.routes import CONTROL_ROUTES, Operation

from .conftest import CRN, Service, ask, error_of, job_body, serving

TOKENS = {"annas-token": Caller(instance=CRN, user="anna"), "bens-token": Caller(instance="crn:ben", user="ben")}
INSTANCES = (Instance(), Instance(crn="crn:ben", name="bens", plan="premium", pricing_type="paid", tags=("b",)))
ROUTES = routes(Options(control=True))


@pytest.fixture(scope="module")
def guarded() -> Iterator[Service]:
    """A service that knows two tokens; Anna is its operator."""
    operators = frozenset((TOKENS["annas-token"],))
    with serving(Options(control=True, tokens=TOKENS, operators=operators, instances=INSTANCES)) as made:
        yield made


def address(operation: Operation) -> str:
    path = operation.path.replace("{crn:path}", "crn:ben")
    if operation.name == "plan":
        path = path.replace("/catalog", "")
    for name, value in (("{id}", "none"), ("{name}", "alpha"), ("{action}", "release"), ("{plan_id}", "none")):
        path = path.replace(name, value)
    return path


def try_route(service: Service, operation: Operation, authorization: str | None) -> httpx.Response:
    headers = {"Service-CRN": CRN}
    if authorization is not None:
        headers["Authorization"] = authorization
    if operation.name == "plan":
        headers["Host"] = "globalcatalog.quantum.invalid"
    return ask(operation.method, service.url + address(operation), headers=headers, json={})


def name_of(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


BAD = {
    "no token": None,
    "an empty token": "apikey",
    "an unknown key": "apikey unknown",
    "another scheme": "Basic YW5uYXMtdG9rZW46",
    "a key as access token": "Bearer annas-token",
    "a foreign access token": "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.AAAA",
}


@pytest.mark.parametrize("authorization", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("operation", ROUTES, ids=name_of)
def test_without_a_good_token_only_public_routes_answer(
    guarded: Service, operation: Operation, authorization: str | None
) -> None:
    answer = try_route(guarded, operation, authorization)
    if operation.access == "public":
        assert answer.status_code != 401
    else:
        assert answer.status_code == 401
        error_of(answer)


@pytest.mark.parametrize("operation", ROUTES, ids=name_of)
def test_with_a_good_token_every_route_answers(guarded: Service, operation: Operation) -> None:
    token = ask(
        "POST",
        guarded.url + "/iam/identity/token",
        data={"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": "annas-token"},
    ).json()["access_token"]
    for authorization in ("apikey annas-token", f"Bearer {token}"):
        answer = try_route(guarded, operation, authorization)
        assert answer.status_code != 401
        assert answer.status_code < 500


@pytest.mark.parametrize("operation", CONTROL_ROUTES, ids=name_of)
def test_control_routes_are_for_operators_and_what_they_show_is_for_nobody_else(
    guarded: Service, operation: Operation
) -> None:
    grant = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": "bens-token"}
    token = ask("POST", guarded.url + "/iam/identity/token", data=grant).json()["access_token"]
    for authorization in ("apikey bens-token", f"Bearer {token}"):
        answer = try_route(guarded, operation, authorization)
        assert answer.status_code == 403
        assert "operator" in error_of(answer)["solution"]


@pytest.mark.parametrize("operation", ROUTES, ids=name_of)
def test_where_tokens_are_not_checked_vendor_routes_still_want_one(shared: Service, operation: Operation) -> None:
    answer = try_route(shared, operation, None)
    assert (answer.status_code == 401) == (operation.access == "caller")


@pytest.mark.parametrize("operation", CONTROL_ROUTES, ids=name_of)
def test_control_routes_are_not_there_unless_asked_for(plain: Service, operation: Operation) -> None:
    answer = try_route(plain, operation, "apikey x")
    assert answer.status_code == 404
    assert "--control" in error_of(answer)["solution"]


@pytest.fixture(scope="module")
def plain() -> Iterator[Service]:
    """A service as it is by default."""
    with serving() as made:
        yield made


@pytest.mark.parametrize("operation", CONTROL_ROUTES, ids=name_of)
def test_pages_of_other_origins_may_not_use_control_routes(shared: Service, operation: Operation) -> None:
    headers = {"Origin": "http://evil.example"}
    answer = ask(operation.method, shared.url + address(operation), headers=headers, json={})
    assert answer.status_code == 403
    error_of(answer)


def test_our_own_pages_may(shared: Service) -> None:
    assert ask("GET", shared.url + "/_sessioncore/health", headers={"Origin": shared.url}).status_code == 200


def test_other_host_names_are_refused_on_loopback(shared: Service) -> None:
    answer = ask(
        "GET", shared.url + "/experimental/jobs", headers={"Host": "evil.example", "Authorization": "apikey x"}
    )
    assert answer.status_code == 403
    error_of(answer)


def test_tenants_do_not_see_each_other_whatever_instance_they_name(guarded: Service) -> None:
    with guarded.caller("annas-token", instance="crn:ben") as anna, guarded.caller("bens-token", instance=CRN) as ben:
        job_id = anna.post("/jobs", json=job_body()).json()["id"]
        assert anna.get(f"/jobs/{job_id}").json()["user_id"] == "anna"
        assert ben.get(f"/jobs/{job_id}").status_code == 404
        assert ben.get("/jobs").json()["count"] == 0
        assert ben.get("/instances/usage").json()["instance_id"] == "crn:ben"


def test_tokens_are_in_no_answer_and_no_log(guarded: Service, caplog: pytest.LogCaptureFixture) -> None:
    with guarded.caller("very-secret-and-wrong") as client:
        answer = client.get("/jobs")
    assert "very-secret-and-wrong" not in answer.text + caplog.text

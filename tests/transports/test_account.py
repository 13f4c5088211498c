"""Account discovery, by path and as an HTTP proxy (ibm-rest 2.2 recipes C, F and G; ibm-rest 4)."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from sessioncore.host import Caller
from sessioncore.transports import Instance, Options

from .conftest import CRN, NO_TLS, Service, ask, error_of, job_body, serving

INSTANCES = (
    Instance(),
    Instance(crn="crn:v1:bluemix:public:quantum-computing:eu-de:a/x:two::", name="two", plan="Premium",
             pricing_type="paid", tags=("blue", "green")),
)  # fmt: skip
GRANT = "urn:ibm:params:oauth:grant-type:apikey"


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A service with two instances."""
    with serving(Options(instances=INSTANCES)) as made:
        yield made


@pytest.fixture
def proxied(service: Service) -> Iterator[httpx.Client]:
    """A client that uses the service as its HTTP proxy, and so sends targets in absolute form."""
    headers = {"Authorization": "apikey x", "Service-CRN": CRN}
    with httpx.Client(proxy=service.url, verify=NO_TLS, headers=headers, timeout=10) as client:
        yield client


@pytest.mark.parametrize("path", ["/iam/identity/token", "/identity/token", "/experimental/identity/token"])
def test_access_tokens_are_handed_out_under_every_path_that_clients_use(service: Service, path: str) -> None:
    answer = ask("POST", service.url + path, data={"grant_type": GRANT, "apikey": "x", "response_type": "cloud_iam"})
    assert answer.status_code == 200
    assert answer.json()["access_token"].count(".") == 2


@pytest.mark.parametrize(
    "form",
    [b"", b"apikey=x", b"grant_type=other&apikey=x", b"grant_type=" + GRANT.encode(), b"\xff=\xff", b"a=1&" * 300],
    ids=lambda form: repr(form[:24]),
)
def test_a_form_that_is_none_gets_no_token(service: Service, form: bytes) -> None:
    answer = ask("POST", service.url + "/iam/identity/token", content=form)
    assert answer.status_code in (400, 401)
    error_of(answer)


def test_discovery_through_the_proxy_finds_instances_plans_and_names(proxied: httpx.Client) -> None:
    token = proxied.post("http://iam.quantum.invalid/identity/token", data={"grant_type": GRANT, "apikey": "x"})
    proxied.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
    found = proxied.post(
        "http://api.global-search-tagging.quantum.invalid/v3/resources/search?limit=100",
        json={"query": "service_name:quantum-computing", "fields": ["crn", "name"]},
    ).json()
    assert "search_cursor" not in found
    assert [item["crn"] for item in found["items"]] == [instance.crn for instance in INSTANCES]
    assert found["items"][1]["tags"] == ["blue", "green"]
    assert all(item["doc"]["extensions"] for item in found["items"])
    plan_id = found["items"][1]["service_plan_unique_id"]
    plan = proxied.get(f"http://globalcatalog.quantum.invalid/api/v1/{plan_id}").json()
    assert plan["overview_ui"]["en"]["display_name"] == "Premium"
    assert plan["metadata"]["pricing"]["type"] == "paid"
    crn = INSTANCES[1].crn
    base = "http://resource-controller.quantum.invalid/v2/resource_instances"
    for address in (f"{base}/{crn}", f"{base}/{crn.replace('/', '%2F').replace(':', '%3A')}"):
        assert proxied.get(address).json()["name"] == "two"
    assert proxied.get(base, params={"name": "two"}).json()["rows_count"] == 1
    assert proxied.get(base, params={"name": "three"}).json()["rows_count"] == 0
    assert proxied.get(base).json()["rows_count"] == 2


def test_search_pages_through_many_instances(service: Service) -> None:
    url = service.url + "/v3/resources/search?limit=1"
    headers = {"Authorization": "apikey x"}
    first = ask("POST", url, json={}, headers=headers).json()
    assert len(first["items"]) == 1
    second = ask("POST", url, json={"search_cursor": first["search_cursor"]}, headers=headers).json()
    assert second["items"][0]["name"] == "two"
    assert "search_cursor" not in second


@pytest.mark.parametrize("host", ["quantum.quantum.invalid", "eu-de.quantum.quantum.invalid"])
def test_the_runtime_is_served_to_clients_that_use_the_proxy(proxied: httpx.Client, host: str) -> None:
    base = f"http://{host}/api/v1"
    job_id = proxied.post(f"{base}/jobs", json=job_body()).json()["id"]
    assert proxied.get(f"{base}/jobs/{job_id}?exclude_params=true").json()["id"] == job_id


def test_nothing_is_forwarded_to_other_hosts(proxied: httpx.Client) -> None:
    answer = proxied.get("http://example.org/")
    assert answer.status_code == 403
    error_of(answer)


def test_https_through_this_proxy_is_refused(service: Service) -> None:
    with httpx.Client(proxy=service.url, verify=NO_TLS, timeout=10) as client, pytest.raises(httpx.ProxyError):
        client.get("https://quantum.cloud.ibm.com/api/v1/jobs")


@pytest.mark.parametrize("path", ["/catalog/none", "/v2/resource_instances/none", "/v3/resources/search?limit=0"])
def test_what_is_not_in_the_account_is_refused_in_the_vendors_shape(service: Service, path: str) -> None:
    method = "POST" if "search" in path else "GET"
    answer = ask(method, service.url + path, json={}, headers={"Authorization": "apikey x"})
    assert answer.status_code in (400, 404)
    error_of(answer)


@pytest.mark.parametrize("body", [{"search_cursor": "x"}, {"search_cursor": 7}, {"query": 7}, {"limit": "x"}, []])
def test_a_wrong_search_is_refused(service: Service, body: object) -> None:
    answer = ask("POST", service.url + "/v3/resources/search", json=body, headers={"Authorization": "apikey x"})
    assert answer.status_code == 400
    error_of(answer)


def test_a_caller_whose_token_belongs_to_one_instance_sees_that_one() -> None:
    tokens = {"t": Caller(instance=INSTANCES[1].crn), "u": Caller(instance="crn:unlisted")}
    with serving(Options(instances=INSTANCES, tokens=tokens)) as service:
        url = service.url + "/v3/resources/search"
        found = ask("POST", url, json={}, headers={"Authorization": "apikey t"}).json()
        assert [item["name"] for item in found["items"]] == ["two"]
        found = ask("POST", url, json={}, headers={"Authorization": "apikey u"}).json()
        assert [item["crn"] for item in found["items"]] == ["crn:unlisted"]

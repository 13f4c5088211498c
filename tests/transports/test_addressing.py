"""Which service a request is for (ibm-rest 2.2)."""

from __future__ import annotations

import pytest

from sessioncore.core.errors import ClientError
from sessioncore.transports import client_environment, service_origin
from sessioncore.transports.addressing import HOSTS_REMEMBERED_MAX, Addressing
from sessioncore.transports.environment import LOCAL_INSTANCE


def resolve(host: str, path: str, hosts: frozenset[str] | None = frozenset()) -> str:
    scope = {"path": path, "headers": [(b"accept", b"*/*"), (b"host", host.encode())]}
    return Addressing(hosts).path(scope)


@pytest.mark.parametrize("base", ["", "/experimental", "/api/v1"])
def test_the_runtime_api_is_served_under_every_base_path(base: str) -> None:
    assert resolve("127.0.0.1:8765", base + "/jobs/abc") == "/jobs/abc"


def test_a_path_that_only_begins_like_a_base_path_is_left_alone() -> None:
    assert resolve("localhost", "/experimentally/jobs") == "/experimentally/jobs"


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        ("iam.quantum.invalid", "/identity/token", "/identity/token"),
        ("private.iam.quantum.invalid", "/identity/token", "/identity/token"),
        ("127.0.0.1:1", "/iam/identity/token", "/identity/token"),
        ("127.0.0.1:1", "/identity/token", "/identity/token"),
        ("api.global-search-tagging.quantum.invalid", "/v3/resources/search", "/v3/resources/search"),
        ("globalcatalog.quantum.invalid", "/api/v1/plan-7", "/catalog/plan-7"),
        ("resource-controller.quantum.invalid", "/v2/resource_instances/crn", "/v2/resource_instances/crn"),
        ("quantum.quantum.invalid", "/api/v1/jobs", "/jobs"),
        ("eu-de.quantum.cloud.example", "/api/v1/jobs", "/jobs"),
        ("[::1]:8765", "/experimental/jobs", "/jobs"),
        ("sessioncore.localhost:8765", "/experimental/jobs", "/jobs"),
    ],
)
def test_services_are_told_apart_by_host_or_path(host: str, path: str, expected: str) -> None:
    assert resolve(host, path) == expected


def test_an_absolute_target_that_the_parser_left_is_taken_apart() -> None:
    assert resolve("127.0.0.1:1", "http://iam.quantum.invalid/identity/token") == "/identity/token"
    assert resolve("127.0.0.1:1", "http://globalcatalog.quantum.invalid/api/v1/p") == "/catalog/p"


def test_other_hosts_are_refused_because_this_is_no_open_proxy() -> None:
    with pytest.raises(ClientError) as caught:
        resolve("example.org", "/jobs")
    assert caught.value.http_status == 403
    with pytest.raises(ClientError):
        resolve("127.0.0.1:1", "http://example.org/jobs")


def test_a_server_that_others_reach_answers_to_the_names_it_was_given_or_to_any() -> None:
    assert resolve("gateway.lan:80", "/jobs", frozenset({"gateway.lan"})) == "/jobs"
    assert resolve("whatever.lan", "/jobs", None) == "/jobs"


def test_what_is_remembered_of_hosts_is_bounded() -> None:
    addressing = Addressing(None)
    for number in range(HOSTS_REMEMBERED_MAX * 2):
        addressing.path({"path": "/jobs", "headers": [(b"host", b"host-%d" % number)]})
    assert len(addressing._known) <= HOSTS_REMEMBERED_MAX


def test_the_environment_of_a_client_is_recipe_a() -> None:
    assert client_environment("http://127.0.0.1:8765", token="mine", instance=LOCAL_INSTANCE) == {
        "QISKIT_IBM_TOKEN": "mine",
        "QISKIT_IBM_URL": "http://127.0.0.1:8765/experimental",
        "QISKIT_IBM_INSTANCE": LOCAL_INSTANCE,
        "IAM_URL": "http://127.0.0.1:8765/iam",
        "QISKIT_FUNCTIONS_EXPERIMENTAL": "1",
    }


def test_the_environment_exempts_our_host_from_a_proxy_that_is_set() -> None:
    given = {"http_proxy": "http://proxy.lan:3128", "no_proxy": "intranet.lan"}
    made = client_environment("http://127.0.0.1:8765", environ=given)
    assert made["no_proxy"] == made["NO_PROXY"] == "intranet.lan,127.0.0.1"


@pytest.mark.parametrize(
    "url",
    [
        *("", "127.0.0.1:8765", "ftp://host", "http://", "http://[::1", "http://a b", "http://a\n:1", "http://me:pw@a"),
        *("http://a:99999", "http://a:0", "http://a:b", "http://:80"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="http://HOST:PORT"):
        client_environment(url)


@pytest.mark.parametrize("url", ["http://a", "https://a.b:80", "http://[::1]:8765", "http://127.0.0.1:1"])
def test_of_an_address_the_path_is_left_out(url: str) -> None:
    assert service_origin(url) == service_origin(f"{url}/experimental") == url

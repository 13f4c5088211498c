"""Every route of the service, as data: the application is built from it, and tests walk over it."""

from __future__ import annotations

from typing import Literal, TypeAlias, final

from sessioncore.core.values import value

Access: TypeAlias = Literal["public", "caller", "control"]
"""Who may call: anybody; whoever has a token; or, for our own routes, whoever has a token if tokens are checked."""


@final
@value
class Operation:
    """One method of one path; ``name`` is the method that carries it out."""

    method: str
    path: str
    name: str
    access: Access = "caller"


def _on(path: str, access: Access = "caller", **methods: str) -> tuple[Operation, ...]:
    return tuple(Operation(method=method, path=path, name=name, access=access) for method, name in methods.items())


# The order is that of matching: what every job needs comes first.
VENDOR_ROUTES: tuple[Operation, ...] = (
    *_on("/jobs/{id}", GET="job", DELETE="delete_job"),
    *_on("/jobs/{id}/results", GET="result"),
    *_on("/jobs", GET="jobs", POST="create_job"),
    *_on("/instances/usage", GET="usage"),
    *_on("/backends/{name}/status", GET="backend_status"),
    *_on("/sessions/{id}", GET="session", PATCH="update_session"),
    *_on("/sessions", POST="create_session"),
    *_on("/sessions/{id}/close", DELETE="cancel_session"),
    *_on("/jobs/{id}/metrics", GET="metrics"),
    *_on("/jobs/{id}/logs", GET="log"),
    *_on("/jobs/{id}/cancel", POST="cancel_job"),
    *_on("/jobs/{id}/tags", PUT="set_tags"),
    *_on("/backends", GET="backends"),
    *_on("/backends/{name}/configuration", GET="backend_configuration"),
    *_on("/backends/{name}/properties", GET="backend_properties"),
    *_on("/backends/{name}/defaults", GET="backend_defaults"),
    *_on("/workloads", GET="workloads"),
    *_on("/instance", GET="instance"),
    *_on("/versions", "public", GET="versions"),
)
"""The runtime API (ibm-rest 5 to 7)."""

ACCOUNT_ROUTES: tuple[Operation, ...] = (
    *_on("/identity/token", "public", POST="token"),
    *_on("/v3/resources/search", POST="search"),
    *_on("/catalog/{plan_id}", GET="plan"),
    *_on("/v2/resource_instances", GET="resources"),
    *_on("/v2/resource_instances/{crn:path}", GET="resource"),
)
"""Account discovery (ibm-rest 4)."""

CONTROL_ROUTES: tuple[Operation, ...] = (
    *_on("/_sessioncore/health", "control", GET="health"),
    *_on("/_sessioncore/clock", "control", GET="clock"),
    *_on("/_sessioncore/clock/advance", "control", POST="advance"),
    *_on("/_sessioncore/journal", "control", GET="journal"),
    *_on("/_sessioncore/sessions", "control", GET="sessions"),
    *_on("/_sessioncore/devices", "control", GET="devices"),
    *_on("/_sessioncore/devices/{name}/{action}", "control", POST="device"),
)
"""What is ours alone, served only where it is asked for."""

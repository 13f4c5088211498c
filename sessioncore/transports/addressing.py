"""Which service a request is for: by host name where the server acts as an HTTP proxy, else by path (ibm-rest 2.2).

Recipes A and C address this server itself, and tell services apart by path. Recipes F and G send everything here as
to a proxy, with the host of each service in the request target; the stock client makes those names from one it was
given.
"""

from __future__ import annotations

import ipaddress
from typing import Any, TypeAlias, final

from .environment import BASE_PATH, IAM_PATH
from .refusals import FORBIDDEN, refuse, shown

Scope: TypeAlias = dict[str, Any]
"""The scope of a request as ASGI defines it."""

HOSTS_REMEMBERED_MAX = 1_000

API_PATHS = (BASE_PATH, "/api/v1")
"""Under each of these the runtime API is served, as well as without any."""

RUNTIME = ""
SERVICE_PREFIXES = {
    "iam": "",
    "api.global-search-tagging": "",
    "resource-controller": "",
    "globalcatalog": "/catalog",
}
"""The first labels of the host names of account discovery, and where in our routes their paths hang."""


@final
class Addressing:
    """Turns the target of a request into a path of our route table."""

    def __init__(self, hosts: frozenset[str] | None) -> None:
        self._hosts = hosts
        self._known: dict[str, str | None] = {}

    def path(self, scope: Scope) -> str:
        """The path in our route table. Raises ClientError (403) for a host that is not ours: this is no open proxy."""
        path: str = scope["path"]
        host = ""
        for name, given in scope["headers"]:
            if name == b"host":
                host = given.decode("latin-1")
                break
        if not path.startswith("/"):
            # An absolute-form target that the HTTP parser left as it was.
            scheme, mark, rest = path.partition("://")
            if mark and scheme.lower() == "http":
                host, _, tail = rest.partition("/")
                path = "/" + tail
            else:
                path = "/" + path
        prefix = self._prefix(host)
        if prefix is None:
            raise refuse(
                f"This server does not serve the host {shown(host)}.",
                "Use the URL that the server printed; it forwards nothing to other hosts.",
                status=403,
                code=FORBIDDEN,
                row="V-03.host",
            )
        for base in API_PATHS:
            if path.startswith(base) and path[len(base) : len(base) + 1] == "/":
                path = path[len(base) :]
                break
        if path.startswith(IAM_PATH + "/"):
            path = path[len(IAM_PATH) :]
        return prefix + path

    def _prefix(self, host: str) -> str | None:
        try:
            return self._known[host]
        except KeyError:
            if len(self._known) >= HOSTS_REMEMBERED_MAX:
                self._known.clear()
            prefix = self._known[host] = self._look_up(host)
            return prefix

    def _look_up(self, host: str) -> str | None:
        name = _host_name(host)
        bare = name.removeprefix("private.")
        for label, prefix in SERVICE_PREFIXES.items():
            if bare.startswith(label + "."):
                return prefix
        if "quantum" in name.split(".") or self._hosts is None or name in self._hosts:
            return RUNTIME
        return RUNTIME if _is_loopback(name) else None


def _host_name(host: str) -> str:
    """The name or address in a Host header, without the port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()


def _is_loopback(name: str) -> bool:
    if name in ("", "localhost") or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False

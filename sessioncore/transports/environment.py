"""The environment variables that point an unmodified client at a service of ours (ibm-rest 2, recipe A)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

LOCAL_INSTANCE = "crn:v1:bluemix:public:quantum-computing:us-east:a/local:local-instance::"
"""The CRN of the instance that a local service offers by default."""

LOCAL_TOKEN = "sessioncore-local-token"  # noqa: S105 - a placeholder that any local service accepts, not a secret
"""What the stock client sends as a token where nobody checks it."""

BASE_PATH = "/experimental"
"""Under which path the runtime API is served; the word keeps the stock client from rewriting the URL (ibm-rest 2.1)."""

IAM_PATH = "/iam"
"""Under which path access tokens are handed out."""


def service_origin(url: str) -> str:
    """Scheme, host and port of a service's address, such as ``http://127.0.0.1:8765``; a path after them is left out.

    Raises ValueError for a URL that is not ``http://`` or ``https://`` with a host, and, if anything, a port.
    """
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and url.isprintable()
    except ValueError:  # a port that is none, or brackets that do not match
        right = False
    if not right or "@" in parts.netloc or " " in parts.netloc:
        raise ValueError(f"{url!r} is no address of a service: write it as http://HOST:PORT")
    return f"{parts.scheme}://{parts.netloc}"


def client_environment(
    url: str,
    *,
    token: str = LOCAL_TOKEN,
    instance: str = LOCAL_INSTANCE,
    environ: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The variables that make ``QiskitRuntimeService()`` use the service at ``url``, such as ``http://127.0.0.1:8765``.

    Where ``environ`` names an HTTP proxy, the exception for our own host is added to its ``NO_PROXY``.
    Raises ValueError for what :func:`service_origin` refuses.
    """
    origin = service_origin(url)
    variables = {
        "QISKIT_IBM_TOKEN": token,
        "QISKIT_IBM_URL": origin + BASE_PATH,
        "QISKIT_IBM_INSTANCE": instance,
        "IAM_URL": origin + IAM_PATH,
        "QISKIT_FUNCTIONS_EXPERIMENTAL": "1",
    }
    given = environ or {}
    if any(given.get(name) for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")):
        host = urlsplit(origin).hostname
        already = given.get("no_proxy") or given.get("NO_PROXY") or ""
        exempt = f"{already},{host}" if already else str(host)
        variables |= {"NO_PROXY": exempt, "no_proxy": exempt}
    return variables

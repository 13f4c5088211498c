"""``sessioncore env``, ``sessions``, ``jobs`` and ``devices``: a running service, seen from outside over its REST
API."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shlex
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from operator import itemgetter
from types import NoneType
from typing import Any, TypeAlias, final
from urllib.parse import quote

from sessioncore.core.views import wire_status

from .messages import UsageError, for_header, in_utf8, moment, print_json, print_table, require
from .parser import DEFAULT_URL

TIMEOUT_S = 30
PAGE = 50
ROWS_MAX = 1_000
"""The most rows that a listing fetches."""
SHOWN_MAX = 200
"""The most characters that are shown of an answer that is not understood."""

Field: TypeAlias = Callable[[dict[str, Any]], Any]

Shape: TypeAlias = Any
"""A type or several, or a table of keys that must be there, or a list with the shape of each of its things."""

SESSION_COLUMNS: dict[str, Field] = {
    "session": itemgetter("id"),
    "device": itemgetter("backend_name"),
    "mode": itemgetter("mode"),
    "status": itemgetter("status"),
    "reason": itemgetter("state_reason"),
    "usage s": itemgetter("elapsed_time"),
    "created": lambda session: moment(session["created_at"]),
}
JOB_COLUMNS: dict[str, Field] = {
    "job": itemgetter("id"),
    "device": itemgetter("backend"),
    "session": lambda job: job.get("session_id"),
    "program": lambda job: job["program"]["id"],
    "status": itemgetter("status"),
    "created": lambda job: moment(job["created"]),
}
"""Titles of a listing, and what stands under them."""

# What the answers of a service must have at least, for :func:`_fits`.
SESSION: Shape = {
    "id": str, "backend_name": str, "mode": str, "state": str, "accepting_jobs": bool, "state_reason": object,
    "elapsed_time": object, "created_at": (str, NoneType),
}  # fmt: skip
JOB: Shape = {"id": str, "backend": object, "program": {"id": object}, "status": object, "created": (str, NoneType)}
WORKLOADS: Shape = {"workloads": [{"id": str, "created": object}]}
JOBS: Shape = {"jobs": [JOB], "count": int}
DEVICES: Shape = {"devices": [{"name": str, "status": {"name": object}, "queue_length": object, "qubits": object}]}
DEVICE: Shape = {"name": str, "held": object}
HELD: Shape = {"devices": [DEVICE]}


def env(arguments: argparse.Namespace) -> int:
    """The variables of the stock client, as lines for a shell or as JSON."""
    from sessioncore.transports import LOCAL_INSTANCE, LOCAL_TOKEN, client_environment

    variables = client_environment(
        service_url(arguments.url),
        token=in_utf8("--token", arguments.token or LOCAL_TOKEN),
        instance=in_utf8("--instance", arguments.instance or LOCAL_INSTANCE),
        environ=os.environ,
    )
    if arguments.json:
        print_json(variables)
        return 0
    for name, text in variables.items():
        print(f"export {name}={shlex.quote(text)}")
    return 0


def service_url(given: str | None) -> str:
    """The service's origin: what was given, what the environment points the stock client at, or the default."""
    from sessioncore.transports import service_origin

    name, url = next(
        (name, url)
        for name, url in (("--url", given), ("QISKIT_IBM_URL", os.environ.get("QISKIT_IBM_URL")), ("", DEFAULT_URL))
        if url
    )
    try:
        return service_origin(url)
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None


@final
class Remote:
    """The service as a client sees it. What it refuses is raised as :class:`UsageError`, in its own words."""

    def __init__(self, url: str | None, token: str | None) -> None:
        from sessioncore.transports import LOCAL_INSTANCE, LOCAL_TOKEN

        self._origin = service_url(url)
        token = token or os.environ.get("QISKIT_IBM_TOKEN") or LOCAL_TOKEN
        self._headers = {
            "Authorization": f"apikey {for_header('the token', token)}",
            "Service-CRN": for_header("the instance", os.environ.get("QISKIT_IBM_INSTANCE", LOCAL_INSTANCE)),
            "Accept": "application/json",
        }

    def ask(self, method: str, path: str, shape: Shape = object, body: dict[str, Any] | None = None) -> Any:
        """One request; the answer as JSON, as text where it is none, or None where it is empty.

        An answer that is not of the ``shape`` is no service's of ours.
        """
        text = self._answer(method, path, body)
        try:
            said = json.loads(text) if text else None
        except RecursionError:
            raise self._foreign("its answer is nested too deeply") from None
        except ValueError:
            said = text
        if not _fits(said, shape):
            raise self._foreign(f"it answers {method} {path.partition('?')[0]} with {text[:SHOWN_MAX]!r}")
        return said

    def _answer(self, method: str, path: str, body: dict[str, Any] | None) -> str:
        """The text of an answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = self._headers | ({"Content-Type": "application/json"} if data else {})
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
            self._origin + path, data=data, headers=headers, method=method
        )
        # No proxy: the service is the user's own, and mostly on this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=TIMEOUT_S) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            raise UsageError(_told(_rest(error), error.code)) from error
        except (http.client.HTTPException, UnicodeDecodeError) as error:
            raise self._foreign(f"{type(error).__name__}: {error}") from error
        except (urllib.error.URLError, OSError, ValueError) as error:
            why = getattr(error, "reason", error)
            told = f"no service answers at {self._origin} ({why}): start one with: sessioncore serve"
            raise UsageError(told) from error

    def _foreign(self, why: str) -> UsageError:
        told = f"what answers at {self._origin} is no sessioncore service ({why}): give the address of one"
        return UsageError(told)

    def workloads(self, mode: str) -> list[dict[str, Any]]:
        """Every session or batch of the caller, newest first, at most :data:`ROWS_MAX`."""
        found: list[dict[str, Any]] = []
        while len(found) < ROWS_MAX:
            path = f"/workloads?mode={mode}&sort=-createdAt&limit={PAGE}&next={len(found)}"
            page = self.ask("GET", path, WORKLOADS)
            found += page["workloads"]
            if "next" not in page or not page["workloads"]:
                break
        return found


def _fits(said: Any, shape: Shape) -> bool:
    """Whether an answer has everything that ``shape`` asks for."""
    if isinstance(shape, dict):
        return isinstance(said, dict) and all(key in said and _fits(said[key], one) for key, one in shape.items())
    if isinstance(shape, list):
        return isinstance(said, list) and all(_fits(one, shape[0]) for one in said)
    return isinstance(said, shape)


def _rest(error: urllib.error.HTTPError) -> str:
    """The body of a refusal; what of it arrived, where the connection broke off."""
    try:
        return error.read().decode(errors="replace")
    except http.client.IncompleteRead as cut:
        return cut.partial.decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return ""


def _told(body: str, status: int) -> str:
    """The service's own words about a refusal."""
    try:
        error = json.loads(body)["errors"][0]
        solution = error.get("solution")
        return f"{error['message']} {solution}" if solution else str(error["message"])
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return f"the service answered {status}: {body[:SHOWN_MAX]}"


def _remote(arguments: argparse.Namespace) -> Remote:
    """The service, once it is clear that the command makes sense."""
    require("rich")
    if arguments.action != "list" and arguments.id is None:
        raise UsageError(f"{arguments.action} needs to know which one: add its id; list shows them")
    in_utf8("the id", arguments.id or "")
    return Remote(arguments.url, arguments.token)


def _show(arguments: argparse.Namespace, thing: Any) -> int:
    """One thing: as JSON, or a line for each field that says something."""
    if arguments.json or not isinstance(thing, dict):
        print_json(thing)
        return 0
    fields = dict(_flat(thing))
    width = max(map(len, fields), default=0)
    for name, shown in fields.items():
        print(f"{name:{width}}  {shown}")
    return 0


def _flat(thing: dict[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    """Each field with its value as text, ``outer.inner`` for what stands in another; what is empty is left out."""
    for name, shown in thing.items():
        if isinstance(shown, dict):
            yield from _flat(shown, f"{within}{name}.")
        elif shown is not None and shown != [] and shown != "":
            yield within + name, ", ".join(map(str, shown)) if isinstance(shown, list) else str(shown)


def sessions(arguments: argparse.Namespace) -> int:
    """List, show, close or cancel sessions."""
    remote = _remote(arguments)
    if arguments.action == "list":
        listed = [_with_status(remote.ask("GET", _path("sessions", entry["id"]), SESSION)) for entry in _newest(remote)]
        if arguments.json:
            print_json(listed)
            return 0
        rows = [[of(one) for of in SESSION_COLUMNS.values()] for one in listed]
        print_table(tuple(SESSION_COLUMNS), rows, empty="no sessions", spare=("created", "mode", "usage s", "device"))
        return 0
    path = _path("sessions", arguments.id)
    if arguments.action == "close":
        remote.ask("PATCH", path, body={"accepting_jobs": False})
    elif arguments.action == "cancel":
        remote.ask("DELETE", f"{path}/close")
    return _show(arguments, _with_status(remote.ask("GET", path, SESSION)))


def _path(things: str, name: str) -> str:
    return f"/{things}/{quote(name, safe='')}"


def _with_status(session: dict[str, Any]) -> dict[str, Any]:
    """The session with the words of V-01, which the wire does not carry."""
    return session | {"status": wire_status(session["state"], session["accepting_jobs"])}


def _newest(remote: Remote) -> list[dict[str, Any]]:
    entries = remote.workloads("session") + remote.workloads("batch")
    return sorted(entries, key=lambda entry: str(entry["created"]), reverse=True)


def jobs(arguments: argparse.Namespace) -> int:
    """List, show or cancel jobs; fetch a result or a log."""
    remote = _remote(arguments)
    if arguments.action == "list":
        listed = remote.ask("GET", f"/jobs?exclude_params=true&limit={PAGE}", JOBS)
        if arguments.json:
            print_json(listed["jobs"])
            return 0
        rows = [[of(job) for of in JOB_COLUMNS.values()] for job in listed["jobs"]]
        spare = ("created", "program", "device", "session")
        print_table(tuple(JOB_COLUMNS), rows, empty="no jobs", spare=spare)
        if listed["count"] > len(rows):
            print(f"the {len(rows)} newest of {listed['count']}")
        return 0
    path = _path("jobs", arguments.id)
    if arguments.action in ("result", "log"):
        remote.ask("GET", f"{path}?exclude_params=true", JOB)  # a result may be anything, what has one may not
        found = remote.ask("GET", path + ("/results" if arguments.action == "result" else "/logs"))
        if found is None or isinstance(found, str):
            print(found or "")
        else:
            print_json(found)
        return 0
    if arguments.action == "cancel":
        remote.ask("POST", f"{path}/cancel")
    return _show(arguments, remote.ask("GET", f"{path}?exclude_params=true", JOB))


def devices(arguments: argparse.Namespace) -> int:
    """List or show devices; hold, release, pause, resume them or take them offline (where the service allows
    control)."""
    remote = _remote(arguments)
    if arguments.action == "list":
        held = _held(remote)
        listed = [one | {"held": one["name"] in held} for one in remote.ask("GET", "/backends", DEVICES)["devices"]]
        if arguments.json:
            print_json(listed)
            return 0
        rows = [(one["name"], _standing(one), one["queue_length"], one["qubits"]) for one in listed]
        print_table(("device", "status", "queue", "qubits"), rows, empty="no devices")
        return 0
    if arguments.action == "show":
        shown = remote.ask("GET", f"{_path('backends', arguments.id)}/status", dict)
        return _show(arguments, shown | {"held": arguments.id in _held(remote)})
    path = f"{_path('_sessioncore/devices', arguments.id)}/{arguments.action}"
    return _show(arguments, remote.ask("POST", path, DEVICE))


def _held(remote: Remote) -> set[str]:
    """The devices that an operator holds: they look online to clients. Known only where the service allows control."""
    try:
        listed = remote.ask("GET", "/_sessioncore/devices", HELD)["devices"]
    except UsageError:
        return set()
    return {one["name"] for one in listed if one["held"]}


def _standing(device: dict[str, Any]) -> str:
    """How a device of the list stands, in a word or two."""
    return f"{device['status']['name']}, held" if device["held"] else str(device["status"]["name"])

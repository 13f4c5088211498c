"""The HTTP service: an ASGI application in the vendor's REST dialect over a :class:`Runtime` (ibm-rest 3 to 7)."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Mapping
from inspect import iscoroutinefunction
from re import Pattern
from typing import Any, TypeAlias, final

from starlette.routing import Router, compile_path

from sessioncore.core.errors import ClientError
from sessioncore.host import Caller, Runtime

from .addressing import Addressing, Scope
from .answers import WHOLE, Answer, Lines, refusal
from .control import refuse_browsers, refuse_others
from .credentials import Credentials
from .intake import Disconnected, Intake, header
from .operations import Action, Call, Operations
from .options import Options
from .refusals import METHOD_NOT_ALLOWED, NOT_FOUND, fault_body, refuse, shown
from .routes import ACCOUNT_ROUTES, CONTROL_ROUTES, VENDOR_ROUTES, Access, Operation

LOG = logging.getLogger(__name__)

Methods: TypeAlias = Mapping[str, tuple[Access, Action, bool]]
"""By method what one path of the service does: who may call, the operation, and whether it answers at once."""


@final
class Paths:
    """Finds what a path does: by itself, or by its first segment and then in the order of the routes."""

    def __init__(self, table: Mapping[str, Methods]) -> None:
        self._whole: dict[str, Methods] = {}
        self._patterns: dict[str, list[tuple[Pattern[str], Methods]]] = {}
        for path, methods in table.items():
            if "{" in path:
                self._patterns.setdefault(_first_segment(path), []).append((compile_path(path)[0], methods))
            else:
                self._whole[path] = methods

    def find(self, path: str) -> tuple[Methods, Mapping[str, str]]:
        """What it does, and the parameters in it. Raises ClientError (404)."""
        whole = self._whole.get(path)
        if whole is not None:
            return whole, {}
        for pattern, methods in self._patterns.get(_first_segment(path), ()):
            match = pattern.match(path)
            if match is not None:
                return methods, match.groupdict()
        ours = _first_segment(path) == "_sessioncore"
        raise refuse(
            f"There is nothing at {shown(path)}.",
            "Start the service with --control, which opens the routes that specs/rest.md lists under this path."
            if ours
            else "Check QISKIT_IBM_URL; 'sessioncore env' prints the variables that point a client here.",
            status=404,
            code=NOT_FOUND,
        )


def _first_segment(path: str) -> str:
    end = path.find("/", 1)
    return path[1:] if end < 0 else path[1:end]


@final
class Application:
    """The service: finds the operation, asks who calls, answers. No middleware, and nothing in between."""

    def __init__(
        self,
        paths: Paths,
        addressing: Addressing,
        credentials: Credentials,
        intake: Intake,
        operators: frozenset[Caller] | None = None,
    ) -> None:
        self._paths = paths
        self._addressing = addressing
        self._credentials = credentials
        self._intake = intake
        self._operators = operators
        self._others = Router()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; whatever goes wrong is told in the vendor's shape."""
        if scope["type"] != "http":
            await self._others(scope, receive, send)  # a server that starts or stops, a websocket that is closed
            return
        try:
            access, action, _, parameters = self._find(scope)
            reply = action(Call(scope, receive, self._caller(access, scope), self._intake, parameters))
            if not isinstance(reply, Answer | Lines):
                reply = await reply
        except ClientError as error:
            reply = refusal(error)
        except Disconnected:
            return
        except Exception:  # noqa: BLE001 - the last line of defence: no client ever sees a traceback
            reply = fault(scope)
        whole = scope.get(WHOLE)
        if whole is not None and isinstance(reply, Answer):
            await whole(reply)
        else:
            await reply.send(send)

    def at_once(self, scope: Scope) -> Answer | None:
        """The answer to a request without a body, where nothing need be waited for; None for every other."""
        try:
            access, action, at_once, parameters = self._find(scope)
            if not at_once:
                return None
            reply = action(Call(scope, None, self._caller(access, scope), self._intake, parameters))
        except ClientError as error:
            return refusal(error)
        except Exception:  # noqa: BLE001 - the last line of defence: no client ever sees a traceback
            return fault(scope)
        assert isinstance(reply, Answer), "an operation that waits is a coroutine"
        return reply

    def _find(self, scope: Scope) -> tuple[Access, Action, bool, Mapping[str, str]]:
        path = scope["path"] = self._addressing.path(scope)
        methods, parameters = self._paths.find(path)
        found = methods.get(scope["method"])
        if found is None:
            return "public", lambda call: wrong_method(call.scope["method"], path, methods), True, parameters
        return *found, parameters

    def _caller(self, access: Access, scope: Scope) -> Caller:
        if access == "public":
            return Caller()
        authorization = header(scope, b"authorization")
        instance = header(scope, b"service-crn")
        if access == "control":
            refuse_browsers(scope)
            if not self._credentials.checked:
                return Caller(instance=instance or Caller().instance)
        who = self._credentials.caller(authorization, instance)
        if access == "control":
            refuse_others(who, self._operators)
        return who


def wrong_method(method: str, path: str, allowed: Iterable[str]) -> Answer:
    """405 in the vendor's shape."""
    names = ", ".join(sorted(allowed))
    answer = refusal(
        refuse(
            f"The method {method} is not allowed for {shown(path)}.",
            f"Use one of: {names}.",
            status=405,
            code=METHOD_NOT_ALLOWED,
        )
    )
    answer.headers = ((b"allow", names.encode()),)
    return answer


def fault(scope: Scope) -> Answer:
    """500 in the vendor's shape. Called in an ``except`` clause; the traceback goes to the log, under the same id."""
    trace = str(uuid.uuid4())
    LOG.exception("fault %s in %s %s", trace, scope["method"], shown(scope["path"]))
    return Answer(fault_body(trace), status=500)


def make_app(runtime: Runtime, *, options: Options | None = None) -> Application:
    """The application that serves ``runtime``."""
    options = options or Options()
    credentials = Credentials(options.tokens, options.signing_key, options.token_life_s)
    operations = Operations(runtime, options, credentials)
    table: dict[str, dict[str, tuple[Access, Action, bool]]] = {}
    for operation in routes(options):
        action: Action = getattr(operations, operation.name)
        at_once = not iscoroutinefunction(action)
        table.setdefault(operation.path, {})[operation.method] = operation.access, action, at_once
    addressing, intake = Addressing(options.hosts), Intake(options)
    return Application(Paths(table), addressing, credentials, intake, options.operators)


def routes(options: Options) -> tuple[Operation, ...]:
    """The routes that a service with these options has."""
    return VENDOR_ROUTES + ACCOUNT_ROUTES + (CONTROL_ROUTES if options.control else ())

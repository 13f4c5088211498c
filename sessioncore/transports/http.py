"""The HTTP service: an ASGI application in the vendor's REST dialect over a :class:`Runtime` (ibm-rest 3 to 7)."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, cast, final

from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp

from sessioncore.core.errors import ClientError
from sessioncore.host import Caller, Runtime

from .addressing import Addressing, Scope
from .answers import Answer, Receive, Send, refusal
from .control import refuse_browsers
from .credentials import Credentials
from .intake import Disconnected, Intake, header
from .operations import Action, Call, Operations, Reply
from .options import Options
from .refusals import METHOD_NOT_ALLOWED, NOT_FOUND, fault_body, refuse, shown
from .routes import ACCOUNT_ROUTES, CONTROL_ROUTES, VENDOR_ROUTES, Access, Operation

LOG = logging.getLogger(__name__)


@final
class Endpoint:
    """One path of the service as an ASGI application: finds the method, asks who calls, answers."""

    def __init__(
        self,
        methods: Mapping[str, tuple[Access, Action]],
        credentials: Credentials,
        intake: Intake,
    ) -> None:
        self._methods = methods
        self._credentials = credentials
        self._intake = intake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever goes wrong is told in the vendor's shape."""
        reply: Reply
        try:
            found = self._methods.get(scope["method"])
            if found is None:
                reply = wrong_method(scope["method"], scope["path"], self._methods)
            else:
                access, action = found
                call = Call(scope, receive, self._caller(access, scope), self._intake)
                reply = await action(call)
        except ClientError as error:
            reply = refusal(error)
        except Disconnected:
            return
        except Exception:  # noqa: BLE001 - the last line of defence: no client ever sees a traceback
            reply = fault(scope)
        await reply.send(send)

    def _caller(self, access: Access, scope: Scope) -> Caller:
        if access == "public":
            return Caller()
        authorization = header(scope, b"authorization")
        instance = header(scope, b"service-crn")
        if access == "control":
            refuse_browsers(scope)
            if not self._credentials.checked:
                return Caller(instance=instance or Caller().instance)
        return self._credentials.caller(authorization, instance)


@final
class Addressed:
    """Middleware that turns request targets into paths of our route table, see :mod:`.addressing`."""

    def __init__(self, app: ASGIApp, addressing: Addressing) -> None:
        self._app = app
        self._addressing = addressing

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on under its path in our route table."""
        if scope["type"] == "http":
            try:
                scope["path"] = self._addressing.path(scope)
            except ClientError as error:
                await refusal(error).send(send)
                return
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        await self._app(scope, receive, send)


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


async def unmatched(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - the shape of an ASGI application
    """404 in the vendor's shape, for a path that no route has."""
    answer = refusal(
        refuse(
            f"There is nothing at {shown(scope['path'])}.",
            "Check QISKIT_IBM_URL; 'sessioncore env' prints the variables that point a client here.",
            status=404,
            code=NOT_FOUND,
        )
    )
    await answer.send(send)


def make_app(runtime: Runtime, *, options: Options | None = None) -> ASGIApp:
    """The application that serves ``runtime``: routes and no middleware, since every endpoint answers for itself."""
    options = options or Options()
    credentials = Credentials(options.tokens, options.signing_key, options.token_life_s)
    intake = Intake(options)
    operations = Operations(runtime, options, credentials)
    table: dict[str, dict[str, tuple[Access, Action]]] = {}
    for operation in routes(options):
        action: Action = getattr(operations, operation.name)
        table.setdefault(operation.path, {})[operation.method] = (operation.access, action)
    paths: list[BaseRoute] = [Route(path, Endpoint(methods, credentials, intake)) for path, methods in table.items()]
    router = Router(paths, redirect_slashes=False, default=cast(ASGIApp, unmatched))
    return Addressed(router, Addressing(options.hosts))


def routes(options: Options) -> tuple[Operation, ...]:
    """The routes that a service with these options has."""
    return VENDOR_ROUTES + ACCOUNT_ROUTES + (CONTROL_ROUTES if options.control else ())

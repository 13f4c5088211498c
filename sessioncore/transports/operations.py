"""What each route does: from a request on the wire to an operation of the dialect, and back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import Any, TypeAlias, final

from sessioncore.host import Caller, Runtime

from .account import Account
from .addressing import Scope
from .answers import NO_CONTENT, TEXT, Answer, Lines, Receive, json_answer
from .control import Control
from .credentials import Credentials
from .dialect import Dialect
from .fields import Query, parse_body, parse_query, query_flag
from .idempotency import Once
from .intake import Intake, header
from .options import Options
from .waiting import FinalWaits, settled

EXCLUDE_PARAMS = b"exclude_params=true"
"""The query string of nearly every request: the stock client's polling."""


@final
class Call:
    """One request on its way through an operation."""

    def __init__(
        self, scope: Scope, receive: Receive | None, who: Caller, intake: Intake, path: Mapping[str, str]
    ) -> None:
        self.scope = scope
        self.who = who
        self.path = path
        """The parameters in the path."""
        self._receive = receive
        self._intake = intake

    @cached_property
    def query(self) -> Query:
        """The query string, read."""
        return parse_query(self.scope["query_string"])

    async def raw(self) -> bytes:
        """The body as it came."""
        assert self._receive is not None, "only coroutines read bodies"
        return await self._intake.body(self.scope, self._receive)

    async def body(self) -> dict[str, Any]:
        """The body, which must be a JSON object."""
        return parse_body(await self.raw())


Reply: TypeAlias = Answer | Lines
Action: TypeAlias = Callable[[Call], Reply | Awaitable[Reply]]
"""What an operation is: a coroutine where it waits for something, be it its body or for the client to read on."""


@final
class Operations:
    """What each route does; the names are those of :mod:`.routes`."""

    def __init__(self, runtime: Runtime, options: Options, credentials: Credentials) -> None:
        self._dialect = Dialect(runtime, options.instances)
        self._runtime = runtime
        self._options = options
        self._account = Account(credentials, options.instances)
        self._control = Control(runtime)
        self._waits = FinalWaits(runtime, options.waiting_max)
        self._once = Once()
        self._documents: dict[tuple[str, str], tuple[object, Answer]] = {}

    # --- jobs -------------------------------------------------------------------------------------------

    async def create_job(self, call: Call) -> Answer:
        """``POST /jobs``. After the host accepted the job nothing can fail any more: the client repeats a 5xx."""
        raw = await call.raw()
        key = header(call.scope, b"idempotency-key")
        if key is None:
            return await self._create_job(call, raw)
        names = (call.who.instance, call.who.user, key)
        return await self._once.answer(names, raw, lambda: self._create_job(call, raw))

    async def _create_job(self, call: Call, raw: bytes) -> Answer:
        submission = self._dialect.prepare_job(call.who, parse_body(raw))
        await settled(submission.inspection, self._options.inspect_s_max)
        caller = header(call.scope, b"x-qx-client-application") or ""
        return json_answer(self._dialect.submit_job(call.who, submission, caller))

    async def job(self, call: Call) -> Answer:
        """``GET /jobs/{id}``; a client that polls waits here a little for the end (ibm-rest 7)."""
        who, job_id = call.who, call.path["id"]
        polling = call.scope["query_string"] == EXCLUDE_PARAMS
        if not polling:
            polling = query_flag(call.query, "exclude_params") or False
        ended = await self._waits.final(who, job_id, self._options.wait_s) if polling else None
        view = self._dialect.view(who, job_id) if ended is None else ended
        answer = json_answer(self._dialect.show(view))
        if not polling:
            params = self._dialect.params(who, job_id)
            if params is not None:  # JSON as the client sent it: put in as it is, not read
                answer.body = answer.body[:-1] + b',"params":' + params + b"}"
        return answer

    def jobs(self, call: Call) -> Answer:
        """``GET /jobs``."""
        return json_answer(self._dialect.jobs(call.who, call.query))

    def result(self, call: Call) -> Answer:
        """``GET /jobs/{id}/results``: 204 where there is nothing to read."""
        who, job_id = call.who, call.path["id"]
        found = self._dialect.result(who, job_id)
        if found is not None:
            return Answer(found)
        told = self._dialect.failure(who, job_id)
        return Answer(told.encode("utf-8", "replace"), content_type=TEXT) if told else NO_CONTENT

    def log(self, call: Call) -> Answer:
        """``GET /jobs/{id}/logs``."""
        told = self._dialect.log(call.who, call.path["id"])
        return Answer(told.encode("utf-8", "replace"), content_type=TEXT)

    def metrics(self, call: Call) -> Answer:
        """``GET /jobs/{id}/metrics``."""
        return json_answer(self._dialect.metrics(call.who, call.path["id"]))

    async def set_tags(self, call: Call) -> Answer:
        """``PUT /jobs/{id}/tags``: 204 exactly."""
        self._dialect.set_tags(call.who, call.path["id"], await call.body())
        return NO_CONTENT

    def cancel_job(self, call: Call) -> Answer:
        """``POST /jobs/{id}/cancel``."""
        self._dialect.cancel_job(call.who, call.path["id"])
        return NO_CONTENT

    def delete_job(self, call: Call) -> Answer:
        """``DELETE /jobs/{id}``."""
        self._dialect.delete_job(call.who, call.path["id"])
        return NO_CONTENT

    # --- sessions ---------------------------------------------------------------------------------------

    async def create_session(self, call: Call) -> Answer:
        """``POST /sessions``."""
        return json_answer(self._dialect.create_session(call.who, await call.body()))

    def session(self, call: Call) -> Answer:
        """``GET /sessions/{id}``."""
        return json_answer(self._dialect.session(call.who, call.path["id"]))

    async def update_session(self, call: Call) -> Answer:
        """``PATCH /sessions/{id}``."""
        self._dialect.update_session(call.who, call.path["id"], await call.body())
        return NO_CONTENT

    def cancel_session(self, call: Call) -> Answer:
        """``DELETE /sessions/{id}/close``."""
        self._dialect.cancel_session(call.who, call.path["id"])
        return NO_CONTENT

    # --- backends and the instance ------------------------------------------------------------------------

    def backends(self, call: Call) -> Answer:
        """``GET /backends``."""
        query_flag(call.query, "include_mocks")
        return json_answer(self._dialect.backends())

    def backend_status(self, call: Call) -> Answer:
        """``GET /backends/{name}/status``."""
        return json_answer(self._dialect.backend_status(call.path["name"]))

    def backend_configuration(self, call: Call) -> Answer:
        """``GET /backends/{name}/configuration``."""
        found = self._dialect.backend_configuration(call.path["name"], call.query)
        return self._document("configuration", call.path["name"], found)

    def backend_properties(self, call: Call) -> Answer:
        """``GET /backends/{name}/properties``."""
        found = self._dialect.backend_properties(call.path["name"], call.query)
        return self._document("properties", call.path["name"], found)

    def backend_defaults(self, call: Call) -> Answer:
        """``GET /backends/{name}/defaults``."""
        return json_answer(self._dialect.backend_defaults(call.path["name"]))

    def usage(self, call: Call) -> Answer:
        """``GET /instances/usage``."""
        return json_answer(self._dialect.usage(call.who))

    def instance(self, call: Call) -> Answer:
        """``GET /instance``."""
        return json_answer(self._dialect.instance(call.who))

    def workloads(self, call: Call) -> Answer:
        """``GET /workloads``."""
        return json_answer(self._dialect.workloads(call.who, call.query))

    def versions(self, call: Call) -> Answer:  # noqa: ARG002 - every operation takes its call
        """``GET /versions``."""
        return json_answer(self._dialect.versions())

    def _document(self, kind: str, name: str, found: Mapping[str, Any]) -> Answer:
        """A large document of a backend, encoded again only when the backend hands out another object."""
        known = self._documents.get((kind, name))
        if known is None or known[0] is not found:
            known = self._documents[kind, name] = (found, json_answer(found))
        return known[1]

    # --- the account ------------------------------------------------------------------------------------

    async def token(self, call: Call) -> Answer:
        """``POST /identity/token``."""
        return json_answer(self._account.token(await call.raw()))

    async def search(self, call: Call) -> Answer:
        """``POST /v3/resources/search``."""
        return json_answer(self._account.search(call.who, await call.body(), call.query))

    def plan(self, call: Call) -> Answer:
        """``GET /api/v1/{plan_id}`` on the catalog's host."""
        return json_answer(self._account.plan(call.path["plan_id"]))

    def resources(self, call: Call) -> Answer:
        """``GET /v2/resource_instances``."""
        return json_answer(self._account.resources(call.who, call.query))

    def resource(self, call: Call) -> Answer:
        """``GET /v2/resource_instances/{crn}``."""
        return json_answer(self._account.resource(call.who, call.path["crn"]))

    # --- ours -------------------------------------------------------------------------------------------

    def health(self, call: Call) -> Answer:  # noqa: ARG002 - every operation takes its call
        """``GET /_sessioncore/health``."""
        return json_answer(self._control.health() | {"answers_waiting": self._waits.waiting})

    def clock(self, call: Call) -> Answer:  # noqa: ARG002 - every operation takes its call
        """``GET /_sessioncore/clock``."""
        return json_answer(self._control.clock())

    async def advance(self, call: Call) -> Answer:
        """``POST /_sessioncore/clock/advance``."""
        return json_answer(self._control.advance(await call.body()))

    async def journal(self, call: Call) -> Lines:  # noqa: ARG002 - every operation takes its call
        """``GET /_sessioncore/journal``."""
        return self._control.journal()

    def sessions(self, call: Call) -> Answer:
        """``GET /_sessioncore/sessions``."""
        return json_answer(self._control.sessions(call.who))

    def devices(self, call: Call) -> Answer:  # noqa: ARG002 - every operation takes its call
        """``GET /_sessioncore/devices``."""
        return json_answer(self._control.devices())

    def device(self, call: Call) -> Answer:
        """``POST /_sessioncore/devices/{name}/{action}``."""
        return json_answer(self._control.device(call.path["name"], call.path["action"]))

"""The transport without a wire: the vendor's operations as Python calls, with the same JSON objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import TimeoutError as WaitedTooLong
from contextlib import suppress
from typing import Any, final

import orjson

from sessioncore.host import Caller, Runtime

from .dialect import Dialect
from .fields import Body, Query
from .wire import Wire

INSPECT_S_MAX = 10.0


@final
class InProcess:
    """One caller's view of a runtime in the same process. Threads may share it; every refusal is a ClientError."""

    def __init__(self, runtime: Runtime, caller: Caller | None = None) -> None:
        self.runtime = runtime
        self.caller = caller or Caller()
        self._dialect = Dialect(runtime)

    # --- sessions ---------------------------------------------------------------------------------------

    def create_session(self, body: Body) -> Wire:
        """``POST /sessions``."""
        return self._dialect.create_session(self.caller, body)

    def session(self, session_id: str) -> Wire:
        """``GET /sessions/{id}``."""
        return self._dialect.session(self.caller, session_id)

    def close_session(self, session_id: str) -> None:
        """``PATCH /sessions/{id}`` with ``accepting_jobs: false``."""
        self._dialect.update_session(self.caller, session_id, {"accepting_jobs": False})

    def cancel_session(self, session_id: str) -> None:
        """``DELETE /sessions/{id}/close``."""
        self._dialect.cancel_session(self.caller, session_id)

    # --- jobs -------------------------------------------------------------------------------------------

    def create_job(self, body: Body) -> Wire:
        """``POST /jobs``; waits for the backend to look at the payload, at most :data:`INSPECT_S_MAX`."""
        submission = self._dialect.prepare_job(self.caller, body)
        with suppress(WaitedTooLong):  # then the worker will judge the payload when it runs the job
            submission.inspection.exception(INSPECT_S_MAX)
        return self._dialect.submit_job(self.caller, submission)

    def job(self, job_id: str, *, exclude_params: bool = True) -> Wire:
        """``GET /jobs/{id}``; answers at once."""
        shown = self._dialect.show(self._dialect.view(self.caller, job_id))
        if not exclude_params:
            params = self._dialect.params(self.caller, job_id)
            if params is not None:
                shown["params"] = orjson.loads(params)
        return shown

    def wait_for_job(self, job_id: str, seconds: float) -> Wire:
        """The job once it is final, or as it is after ``seconds``."""
        final = self.runtime.when_final(self.caller, job_id)
        with suppress(WaitedTooLong):  # then it is shown as it is
            final.exception(seconds)
        final.cancel()  # which tells the host that nobody watches any more
        return self.job(job_id)

    def jobs(self, **query: object) -> Wire:
        """``GET /jobs``; the keywords are the query fields, for example ``limit=10, tags=["a", "b"]``."""
        return self._dialect.jobs(self.caller, _query(query))

    def result(self, job_id: str) -> str | None:
        """``GET /jobs/{id}/results``: the text of the result or of the failure, or None."""
        found = self._dialect.result(self.caller, job_id)
        if found is not None:
            return found.decode()
        return self._dialect.failure(self.caller, job_id) or None

    def log(self, job_id: str) -> str:
        """``GET /jobs/{id}/logs``."""
        return self._dialect.log(self.caller, job_id)

    def metrics(self, job_id: str) -> Wire:
        """``GET /jobs/{id}/metrics``."""
        return self._dialect.metrics(self.caller, job_id)

    def set_tags(self, job_id: str, tags: Iterable[str]) -> None:
        """``PUT /jobs/{id}/tags``."""
        self._dialect.set_tags(self.caller, job_id, {"tags": list(tags)})

    def cancel_job(self, job_id: str) -> None:
        """``POST /jobs/{id}/cancel``."""
        self._dialect.cancel_job(self.caller, job_id)

    def delete_job(self, job_id: str) -> None:
        """``DELETE /jobs/{id}``."""
        self._dialect.delete_job(self.caller, job_id)

    # --- backends and the instance ------------------------------------------------------------------------

    def backends(self) -> Wire:
        """``GET /backends``."""
        return self._dialect.backends()

    def backend_configuration(self, name: str, **query: object) -> Mapping[str, Any]:
        """``GET /backends/{name}/configuration``."""
        return self._dialect.backend_configuration(name, _query(query))

    def backend_properties(self, name: str, **query: object) -> Mapping[str, Any]:
        """``GET /backends/{name}/properties``."""
        return self._dialect.backend_properties(name, _query(query))

    def backend_status(self, name: str) -> Wire:
        """``GET /backends/{name}/status``."""
        return self._dialect.backend_status(name)

    def usage(self) -> Wire:
        """``GET /instances/usage``."""
        return self._dialect.usage(self.caller)

    def workloads(self, **query: object) -> Wire:
        """``GET /workloads``."""
        return self._dialect.workloads(self.caller, _query(query))


def _query(given: Mapping[str, object]) -> Query:
    """Keywords as the query string would have brought them; None leaves a field out."""
    found: dict[str, list[str]] = {}
    for name, entry in given.items():
        if isinstance(entry, str) or not isinstance(entry, Iterable):
            entries: list[object] = [] if entry is None else [entry]
        else:
            entries = list(entry)
        if entries:
            found[name] = [str(one) for one in entries]
    return found

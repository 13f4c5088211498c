"""The vendor's operations on jobs (ibm-rest 7)."""

from __future__ import annotations

import logging
from collections import OrderedDict
from concurrent.futures import Future
from typing import NoReturn, final

import orjson

from sessioncore.core.errors import ClientError
from sessioncore.core.values import value
from sessioncore.host import Caller, JobFilter, JobRequest, JobView, Runtime
from sessioncore.ports import Backend, Refused

from . import wire
from .fields import (
    Body,
    Query,
    cost,
    flag,
    missing,
    query_choice,
    query_count,
    query_flag,
    query_instant,
    query_tags,
    query_text,
    required_text,
    tags,
    text,
    wrong,
)
from .refusals import NOT_FOUND, refuse, with_status
from .wire import Wire

LOG = logging.getLogger(__name__)

JOBS_PAGE_MAX = 200
"""The largest page of ``GET /jobs``, and the default one; a larger ``limit`` is read as this (ibm-rest 7)."""

CALLERS_MAX = 10_000
"""For how many of the newest jobs the submitting program's name is remembered for the metrics."""

CALLER_LENGTH_MAX = 1_000

LOG_LEVELS = ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG")

VENDOR_PROGRAMS = frozenset({"sampler", "estimator", "executor", "noise-learner", "calibrate"})
"""The programs that the vendor's service has; a name outside is a program that cannot be found."""

PROGRAM_ROW = "host.program"
"""The row of the host's refusal of a program that the device does not run."""


@final
@value
class Submission:
    """A job that was read and may be submitted once ``inspection`` has found nothing against its payload."""

    request: JobRequest
    inspection: Future[Refused | None]


class JobOperations:
    """The operations on jobs over a :class:`Runtime`. Every refusal is a ClientError."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._callers: OrderedDict[str, str] = OrderedDict()
        limits = {half.execution_limit for half in (runtime.profile.dedicated, runtime.profile.batch)}
        self._limit = max((limit for limit in limits if limit is not None), default=None)

    # --- submitting: read and check, let the backend look, submit -------------------------------------------

    def prepare_job(self, who: Caller, body: Body) -> Submission:
        """The first half of ``POST /jobs``: everything that can be refused without looking into the payload.

        Nothing has happened yet; :meth:`submit_job` is the second half.
        """
        try:
            request, backend = self._request(who, body)
            self.runtime.admits(who, request)
            inspection = backend.inspect(request.program_id, request.params)
        except ClientError as error:
            self._refuse(who, body.get("session_id"), body.get("program_id"), error)
        return Submission(request=request, inspection=inspection)

    def submit_job(self, who: Caller, submission: Submission, caller: str = "") -> Wire:
        """The second half of ``POST /jobs`` (S-05 to S-08). ``caller``: the client program's own name, for metrics."""
        refused = _verdict(submission.inspection)
        request = submission.request
        try:
            if refused is not None:
                raise refuse(refused.message, refused.remedy, code=refused.code, row="V-03.payload")
            view = self.runtime.submit(who, request)
        except ClientError as error:
            self._refuse(who, request.session_id, request.program_id, error)
        if caller:
            self._callers[view.id] = caller[:CALLER_LENGTH_MAX]
            if len(self._callers) > CALLERS_MAX:
                self._callers.popitem(last=False)
        return wire.submitted_wire(view)

    def _request(self, who: Caller, body: Body) -> tuple[JobRequest, Backend]:
        """What the body asks for, and the backend that would run it."""
        program = required_text(body, "program_id", "the id of a program")
        session_id = text(body, "session_id", "the id of a session")
        name = text(body, "backend", "the name of a backend")
        if name is None:
            name = (
                self.runtime.least_busy().name
                if session_id is None
                else self.runtime.session(who, session_id).backend_name
            )
        backend = self.runtime.backend(name)
        params = body.get("params")
        if params is None:
            raise missing("params", "the program's inputs, a JSON object,")
        if not isinstance(params, dict):
            raise wrong("params", params, "a JSON object")
        if flag(body, "start_session"):
            raise refuse(
                "A job cannot create a session.",
                "Create the session with POST /sessions and send its id as 'session_id'.",
            )
        log_level = (text(body, "log_level") or "WARNING").upper()
        if log_level not in LOG_LEVELS:
            raise wrong("log_level", body["log_level"], " or ".join(LOG_LEVELS))
        calibration = text(body, "calibration_id")
        if calibration is not None and not self.has_calibration(backend, calibration):
            raise refuse(
                f"Calibration {calibration!r} of backend {name} was not found.",
                "Leave 'calibration_id' out to use the device as it is.",
                code=NOT_FOUND,
            )
        request = JobRequest(
            backend=name,
            program_id=program,
            params=_encoded(params),
            session_id=session_id,
            tags=tags(body) or (),
            private=flag(body, "private") or False,
            max_execution=cost(body),
            log_level=log_level,
            image=text(body, "runtime"),
            calibration_id=calibration,
        )
        return request, backend

    def _refuse(self, who: Caller, session_id: object, program_id: object, error: ClientError) -> NoReturn:
        """Raise what the client is told: before all else that its session is closed (S-06).

        404 is kept for a program that nobody has: the stock client reads it as *program not found* (ibm-rest 3.1).
        """
        if isinstance(session_id, str):
            self._refuse_closed(who, session_id)
        if error.row == PROGRAM_ROW and program_id not in VENDOR_PROGRAMS:
            raise with_status(error, 404) from None
        raise (with_status(error, 400) if error.http_status == 404 else error) from None

    def _refuse_closed(self, who: Caller, session_id: str) -> None:
        """Raise what a faultless submission to the session would raise, if anything."""
        try:
            name = self.runtime.session(who, session_id).backend_name
        except ClientError:
            return  # no such session: what was found before is the reason
        program = next(iter(self.runtime.backend(name).programs), "sampler")
        self.runtime.admits(who, JobRequest(backend=name, program_id=program, params=b"{}", session_id=session_id))

    @staticmethod
    def has_calibration(backend: Backend, calibration: str) -> bool:
        """Whether the device can be used as it was at this calibration: only at the one its configuration names."""
        return bool(backend.configuration().get("calibration_id") == calibration)

    # --- reading ----------------------------------------------------------------------------------------

    def view(self, who: Caller, job_id: str) -> JobView:
        """The job as the host knows it."""
        return self.runtime.job(who, job_id)

    def show(self, view: JobView) -> Wire:
        """A job as ``GET /jobs/{id}`` with ``exclude_params=true`` tells it."""
        lengths = [length for length in (view.max_execution, self._limit) if length is not None]
        return wire.job_wire(view, wire.seconds(min(lengths, default=None)))

    def params(self, who: Caller, job_id: str) -> bytes | None:
        """The job's ``params`` as JSON, or None for a private job (J-08)."""
        return self.runtime.params(who, job_id)

    def jobs(self, who: Caller, query: Query) -> Wire:
        """``GET /jobs``: one page, and how many jobs pass the filters altogether (J-07)."""
        query_flag(query, "include_mocks")
        query_flag(query, "exclude_params")
        limit = min(query_count(query, "limit", 1) or JOBS_PAGE_MAX, JOBS_PAGE_MAX)
        offset = query_count(query, "offset", 0) or 0
        wanted = JobFilter(
            limit=limit,
            offset=offset,
            backend=query_text(query, "backend"),
            pending=query_flag(query, "pending"),
            program_id=query_text(query, "program"),
            tags=query_tags(query),
            session_id=query_text(query, "session_id"),
            created_after=query_instant(query, "created_after"),
            created_before=query_instant(query, "created_before"),
            ascending=query_choice(query, "sort", ("ASC", "DESC")) == "ASC",
        )
        page, count = self.runtime.jobs(who, wanted)
        return {
            "jobs": [self.show(view) for view in page],
            "count": count,
            "limit": limit,
            "offset": offset,
        }

    def result(self, who: Caller, job_id: str) -> bytes | None:
        """``GET /jobs/{id}/results``: the result, or None where there is none, or none any more (J-08)."""
        return self.runtime.result(who, job_id)

    def failure(self, who: Caller, job_id: str) -> str:
        """What ``GET /jobs/{id}/results`` answers for a job that failed or ran too long: its log; else an empty text.

        The stock client shows it from the last line that says *Traceback* on (ibm-rest 7).
        """
        view = self.runtime.job(who, job_id)
        if view.client_status != "Failed" and view.reason_code != wire.RAN_TOO_LONG:
            return ""
        return self.runtime.log(who, job_id) or view.reason or ""

    def log(self, who: Caller, job_id: str) -> str:
        """``GET /jobs/{id}/logs``."""
        return self.runtime.log(who, job_id)

    def metrics(self, who: Caller, job_id: str) -> Wire:
        """``GET /jobs/{id}/metrics``."""
        view = self.runtime.job(who, job_id)
        return wire.metrics_wire(view, self._callers.get(view.id, ""))

    # --- changing ---------------------------------------------------------------------------------------

    def set_tags(self, who: Caller, job_id: str, body: Body) -> None:
        """``PUT /jobs/{id}/tags``: replaces them; the empty list clears them (J-07)."""
        given = tags(body)
        if given is None:
            raise missing("tags", "a list of texts")
        self.runtime.set_tags(who, job_id, given)

    def cancel_job(self, who: Caller, job_id: str) -> None:
        """``POST /jobs/{id}/cancel`` (J-02 to J-04)."""
        self.runtime.cancel_job(who, job_id)

    def delete_job(self, who: Caller, job_id: str) -> None:
        """``DELETE /jobs/{id}``."""
        self.runtime.delete_job(who, job_id)
        self._callers.pop(job_id, None)


def _verdict(inspection: Future[Refused | None]) -> Refused | None:
    """What the backend found against a payload so far. If it could not look, the job's worker will judge."""
    if not inspection.done() or inspection.cancelled():
        return None
    fault = inspection.exception()
    if fault is not None:
        LOG.warning("a backend could not inspect a payload: %r", fault)
        return None
    return inspection.result()


def _encoded(params: Body) -> bytes:
    """The payload as bytes again; nobody has looked into it."""
    try:
        return orjson.dumps(params)
    except orjson.JSONEncodeError:
        raise refuse("The value of 'params' is nested too deeply.", "Send at most 250 levels of nesting.") from None

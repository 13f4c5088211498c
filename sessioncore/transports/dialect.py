"""The vendor's operations: parsed input in, the vendor's JSON out (ibm-rest 5, 6). Jobs are in ``dialect_jobs.py``.

Both transports call these, so that a program in the same process and a program behind a socket see the same. Nothing
here decides on a session or a job: each operation reads what was sent, asks the host, and writes down the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sessioncore.core.durations import SECOND
from sessioncore.core.states import Mode
from sessioncore.core.values import replaced
from sessioncore.host import Caller, JobFilter, JobView, Runtime, SessionView
from sessioncore.ports import Backend

from . import wire
from .dialect_jobs import JOBS_PAGE_MAX, JobOperations
from .fields import (
    Body,
    Query,
    duration,
    flag,
    missing,
    one,
    query_choice,
    query_count,
    query_instant,
    query_tags,
    query_text,
    required_text,
    text,
    wrong,
)
from .options import Instance
from .refusals import NOT_FOUND, refuse
from .wire import Wire

WORKLOADS_PAGE_DEFAULT = 10
WORKLOADS_PAGE_MAX = 50
WORKLOADS_READ_MAX = 5_000
"""How many jobs ``GET /workloads`` looks at, newest or oldest first; older or newer ones are not counted."""

WORKLOAD_STATUSES = ("pending", "in_progress", "completed", "canceled", "failed")
API_VERSIONS = ("2024-01-01", "2025-05-01", "2026-04-15")


class Dialect(JobOperations):
    """The operations of the vendor's REST API over a :class:`Runtime`. Every refusal is a ClientError."""

    def __init__(self, runtime: Runtime, instances: Sequence[Instance] = (Instance(),)) -> None:
        super().__init__(runtime)
        self._plans = {instance.crn: instance.plan_id for instance in instances}

    # --- sessions ---------------------------------------------------------------------------------------

    def create_session(self, who: Caller, body: Body) -> Wire:
        """``POST /sessions`` (S-01 to S-04). An instance without sessions may be answered without an ``id``."""
        given_mode = required_text(body, "mode", '"dedicated" or "batch"')
        if given_mode not in tuple(Mode):
            raise wrong("mode", given_mode, '"dedicated" or "batch"')
        backend = text(body, "backend") or text(body, "backend_name")
        if backend is None:
            raise missing("backend", "the name of a backend")
        text(body, "instance")
        for name in ("interactive_ttl", "active_ttl"):
            if body.get(name) is not None:
                raise refuse(
                    f"The field '{name}' cannot be set.",
                    f"Leave '{name}' out; the service sets it. 'max_ttl' is yours to choose.",
                    rule="S-03",
                    row="S-03.not-the-users",
                )
        max_ttl = duration(body, "max_ttl", "S-02.max-ttl")
        view = self.runtime.open_session(who, backend=backend, mode=Mode(given_mode), max_ttl=max_ttl)
        return {} if view is None else wire.session_wire(view)

    def session(self, who: Caller, session_id: str) -> Wire:
        """``GET /sessions/{id}``."""
        return wire.session_wire(self.runtime.session(who, session_id))

    def update_session(self, who: Caller, session_id: str, body: Body) -> None:
        """``PATCH /sessions/{id}``: ``accepting_jobs: false`` closes the session (S-17, S-18, S-21)."""
        accepting = flag(body, "accepting_jobs")
        if accepting is None:
            raise missing("accepting_jobs", "false")
        if accepting:
            raise wrong("accepting_jobs", True, "false (a session never accepts jobs again)", "S-17.reopen")
        self.runtime.close_session(who, session_id)

    def cancel_session(self, who: Caller, session_id: str) -> None:
        """``DELETE /sessions/{id}/close`` (S-20, S-21)."""
        self.runtime.cancel_session(who, session_id)

    # --- backends ---------------------------------------------------------------------------------------

    def backends(self) -> Wire:
        """``GET /backends``."""
        return {
            "devices": [
                wire.device_wire(view, self.runtime.backend(view.name).configuration())
                for view in self.runtime.devices()
            ]
        }

    def backend_configuration(self, name: str, query: Query) -> Mapping[str, Any]:
        """``GET /backends/{name}/configuration``; an unknown ``calibration_id`` is not found."""
        backend = self._calibrated(name, query)
        return backend.configuration()

    def backend_properties(self, name: str, query: Query) -> Mapping[str, Any]:
        """``GET /backends/{name}/properties``. Devices here have one calibration, whatever ``updated_before`` says."""
        query_instant(query, "updated_before")
        return self._calibrated(name, query).properties()

    def backend_status(self, name: str) -> Wire:
        """``GET /backends/{name}/status``."""
        return wire.device_status_wire(self.runtime.device(name), self.runtime.backend(name).configuration())

    def backend_defaults(self, name: str) -> Wire:
        """``GET /backends/{name}/defaults``: pulses, which no device here offers."""
        self.runtime.device(name)
        return {}

    def _calibrated(self, name: str, query: Query) -> Backend:
        self.runtime.device(name)
        backend = self.runtime.backend(name)
        calibration = one(query, "calibration_id")
        if calibration is not None and not self.has_calibration(backend, calibration):
            raise refuse(
                f"Calibration {calibration!r} of backend {name} was not found.",
                "Leave 'calibration_id' out to use the device as it is.",
                status=404,
                code=NOT_FOUND,
            )
        return backend

    # --- the instance -----------------------------------------------------------------------------------

    def usage(self, who: Caller) -> Wire:
        """``GET /instances/usage``: what the instance has used; there is no limit here."""
        return {
            "instance_id": who.instance,
            "plan_id": self._plans.get(who.instance, "unknown"),
            "usage_consumed_seconds": self.runtime.usage(who) / SECOND,
            "usage_limit_reached": False,
        }

    def instance(self, who: Caller) -> Wire:
        """``GET /instance``: the devices of the caller's instance."""
        return {
            "backends": [view.name for view in self.runtime.devices()],
            "plan_id": self._plans.get(who.instance, "unknown"),
        }

    def versions(self) -> Wire:
        """``GET /versions``: the versions of the API that clients may ask for."""
        return {"versions": [{"version": day, "status": "live"} for day in API_VERSIONS]}

    # --- workloads --------------------------------------------------------------------------------------

    def workloads(self, who: Caller, query: Query) -> Wire:
        """``GET /workloads``: sessions, batches and jobs of their own, one page of them."""
        query_choice(query, "user", ("me",))
        newest_first = query_choice(query, "sort", ("createdAt", "-createdAt")) == "-createdAt"
        limit = query_count(query, "limit", 1) or WORKLOADS_PAGE_DEFAULT
        limit = min(limit, WORKLOADS_PAGE_MAX)
        start = query_count(query, "next", 0)
        if start is None:
            start = query_count(query, "previous", 0) or 0
        found = self._workloads(who, query)
        found.sort(key=lambda view: (view.created_at, view.id), reverse=newest_first)
        answer: Wire = {
            "workloads": [wire.workload_wire(view) for view in found[start : start + limit]],
            "total_count": len(found),
            "limit": limit,
        }
        if start + limit < len(found):
            answer["next"] = {"href": f"/workloads?next={start + limit}&limit={limit}"}
        if start > 0:
            answer["previous"] = {"href": f"/workloads?previous={max(0, start - limit)}&limit={limit}"}
        return answer

    def _workloads(self, who: Caller, query: Query) -> list[SessionView | JobView]:
        """Every workload that passes the filters, in no order."""
        mode = query_choice(query, "mode", ("job", "session", "batch"))
        backend = query_text(query, "backend")
        search = one(query, "search")
        statuses = query.get("status", ())
        after = query_instant(query, "created_after")
        before = query_instant(query, "created_before")
        tags = query_tags(query)
        for status in statuses:
            if status not in WORKLOAD_STATUSES:
                raise wrong("status", status, " or ".join(WORKLOAD_STATUSES))
        views: list[SessionView | JobView] = []
        if mode != "job":
            views += [
                view
                for view in self.runtime.sessions(who)
                if (after is None or view.created_at >= after) and (before is None or view.created_at <= before)
            ]
        if mode in (None, "job"):
            wanted = JobFilter(limit=JOBS_PAGE_MAX, backend=backend, created_after=after, created_before=before)
            views += self._own_jobs(who, wanted)
        return [
            view
            for view in views
            if (mode is None or wire.workload_mode(view) == mode)
            and (backend is None or view.backend_name == backend)
            and (not statuses or wire.workload_status(view) in statuses)
            and (not search or search in view.id or search in wire.workload_tags(view))
            and set(tags) <= set(wire.workload_tags(view))
        ]

    def _own_jobs(self, who: Caller, wanted: JobFilter) -> list[JobView]:
        """The jobs of their own among the first :data:`WORKLOADS_READ_MAX` that pass the filter."""
        read = 0
        found: list[JobView] = []
        while read < WORKLOADS_READ_MAX:
            page, count = self.runtime.jobs(who, replaced(wanted, offset=read))
            found += [view for view in page if view.session_id is None]
            read += len(page)
            if not page or read >= count:
                break
        return found

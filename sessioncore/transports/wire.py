"""What the host knows, as the vendor's JSON: seconds and ISO 8601 timestamps in UTC (ibm-rest 3, 5, 6, 7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeAlias

from sessioncore.core.states import DeviceState
from sessioncore.host import DeviceView, JobView, SessionView

Wire: TypeAlias = dict[str, Any]
"""A JSON object for a client."""

RAN_TOO_LONG = 1305
"""The vendor's number for a job that reached its execution limit (J-05)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def iso(at: int) -> str:
    """Microseconds since the epoch as ``2026-01-31T12:00:00.000000Z``; what is later than the year 9999 as its end."""
    return (_EPOCH + timedelta(microseconds=min(at, _LAST))).isoformat(timespec="microseconds")[:-6] + "Z"


def iso_or_none(at: int | None) -> str | None:
    """:func:`iso`, or None where it has not happened."""
    return None if at is None else iso(at)


def seconds(length: int | None) -> int | float | None:
    """Microseconds as seconds: a whole number wherever it is one, as the vendor's clients expect."""
    if length is None:
        return None
    whole, rest = divmod(length, _SECOND)
    return length / _SECOND if rest else whole


def session_wire(view: SessionView) -> Wire:
    """JobSession of the REST reference (ibm-rest 6)."""
    return {
        "id": view.id,
        "backend_name": view.backend_name,
        "mode": str(view.mode),
        "state": str(view.state),
        "state_reason": None if view.state_reason is None else str(view.state_reason),
        "accepting_jobs": view.accepting_jobs,
        "max_ttl": seconds(view.max_ttl),
        "active_ttl": seconds(view.active_ttl),
        "interactive_ttl": seconds(view.interactive_ttl),
        "created_at": iso(view.created_at),
        "started_at": iso_or_none(view.started_at),
        "activated_at": iso_or_none(view.activated_at),
        "closed_at": iso_or_none(view.closed_at),
        "last_job_started": iso_or_none(view.last_job_started),
        "last_job_completed": iso_or_none(view.last_job_completed),
        "elapsed_time": view.usage / _SECOND,
        "timestamps": [{"status": str(word), "timestamp": iso(at)} for word, at in view.timestamps],
        "user_id": view.user,
    }


def usage_wire(view: JobView) -> Wire:
    """A job's usage; ``pending`` until the device has let go of the job (ibm-rest 7)."""
    used = view.usage / _SECOND
    return {
        "quantum_seconds": used,
        "seconds": used,
        "qpu_charge_time_seconds": used,
        "status": "pending" if view.ended_at is None else "complete",
    }


def job_wire(view: JobView, cost: int | float | None) -> Wire:
    """JobResponse of the REST reference, without ``params``. ``cost``: how many seconds the job may run."""
    state: Wire = {"status": view.client_status}
    if view.reason is not None:
        state["reason"] = view.reason
    if view.reason_code is not None:
        state["reason_code"] = view.reason_code
    if view.remedy is not None:
        state["reason_solution"] = view.remedy
    ran_too_long = view.reason_code == RAN_TOO_LONG and view.client_status == "Cancelled"
    wire: Wire = {
        "id": view.id,
        "backend": view.backend_name,
        "state": state,
        "status": "Cancelled - Ran too long" if ran_too_long else view.client_status,
        "program": {"id": view.program_id},
        "created": iso(view.created_at),
        "cost": cost,
        "tags": list(view.tags),
        "session_id": view.session_id,
        "user_id": view.user,
        "usage": usage_wire(view),
        "private": view.private,
        "estimated_running_time_seconds": None,
    }
    if view.image is not None:
        wire["runtime"] = view.image
    if view.calibration_id is not None:
        wire["calibration_id"] = view.calibration_id
    return wire


def submitted_wire(view: JobView) -> Wire:
    """The answer to a submission (ibm-rest 7)."""
    wire: Wire = {"id": view.id, "backend": view.backend_name}
    if view.session_id is not None:
        wire["session_id"] = view.session_id
    if view.private:
        wire["private"] = True
    if view.calibration_id is not None:
        wire["calibration_id"] = view.calibration_id
    return wire


def metrics_wire(view: JobView, caller: str) -> Wire:
    """The metrics of a job: what the device told, then what the service knows (ibm-rest 7)."""
    return {
        "qiskit_version": qiskit_version(),
        **view.metrics,
        "timestamps": {
            "created": iso(view.created_at),
            "running": iso_or_none(view.started_at),
            "finished": iso_or_none(view.ended_at),
        },
        "usage": usage_wire(view),
        "caller": caller,
    }


@cache
def qiskit_version() -> str:
    """The installed version of Qiskit, read without importing it."""
    try:
        return version("qiskit")
    except PackageNotFoundError:
        return "unknown"


def device_wire(view: DeviceView, configuration: Mapping[str, Any]) -> Wire:
    """One entry of ``GET /backends`` (ibm-rest 5)."""
    status: Wire = {"name": str(view.state)}
    if view.state is not DeviceState.ONLINE:
        status["reason"] = f"{view.state} by an operator"
    wire: Wire = {
        "name": view.name,
        "status": status,
        "queue_length": view.queue_length,
        "qubits": view.qubits,
        "physical_qubits": view.qubits,
        "is_simulator": False,
    }
    for name in ("clops", "processor_type"):
        if configuration.get(name) is not None:
            wire[name] = configuration[name]
    return wire


def device_status_wire(view: DeviceView, configuration: Mapping[str, Any]) -> Wire:
    """``GET /backends/{name}/status``: operational means online (ibm-rest 5)."""
    online = view.state is DeviceState.ONLINE
    return {
        "state": online,
        "status": "active" if online else str(view.state),
        "message": "" if online else f"{view.state} by an operator",
        "length_queue": view.queue_length,
        "backend_version": str(configuration.get("backend_version", "0.0.0")),
    }


_WORKLOAD_STATUS = {
    "open": "pending",
    "inactive": "pending",
    "active": "in_progress",
    "closed": "completed",
    "Queued": "pending",
    "Running": "in_progress",
    "Completed": "completed",
    "Cancelled": "canceled",
    "Failed": "failed",
}
"""States of sessions and statuses of jobs in the words of ``GET /workloads``."""


def workload_mode(view: SessionView | JobView) -> str:
    """``session``, ``batch``, or ``job`` for a job of its own."""
    if isinstance(view, JobView):
        return "job"
    return "batch" if str(view.mode) == "batch" else "session"


def workload_status(view: SessionView | JobView) -> str:
    """How a workload stands, in the words of ``GET /workloads``."""
    if isinstance(view, JobView):
        return _WORKLOAD_STATUS[view.client_status]
    return "canceled" if str(view.state_reason) == "cancelled" else _WORKLOAD_STATUS[str(view.state)]


def workload_tags(view: SessionView | JobView) -> tuple[str, ...]:
    """The tags of a job of its own; a session has none."""
    return view.tags if isinstance(view, JobView) else ()


def workload_wire(view: SessionView | JobView) -> Wire:
    """A session, or a job of its own, as an entry of ``GET /workloads``."""
    entry: Wire = {
        "id": view.id,
        "created": iso(view.created_at),
        "ended": iso_or_none(view.ended_at if isinstance(view, JobView) else view.closed_at),
        "backend": view.backend_name,
        "instance": view.instance,
        "user_id": view.user,
        "accepting_jobs": None if isinstance(view, JobView) else view.accepting_jobs,
        "mode": workload_mode(view),
        "status": workload_status(view),
        "tags": list(workload_tags(view)),
    }
    if isinstance(view, JobView):
        usage = usage_wire(view)
        charged = {"qpu_charge_time_seconds": usage["qpu_charge_time_seconds"], "status": usage["status"]}
        return entry | {"status_reason": view.reason, "usage_seconds": usage["seconds"], "usage": charged}
    return entry | {
        "usage_seconds": view.usage / _SECOND,
        "usage": {"qpu_charge_time_seconds": view.usage / _SECOND},
    }

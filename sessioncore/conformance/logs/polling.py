"""The log of somebody who asks a service again and again: what was requested, what was answered, and what changed since
the last look. So a faulty object can be judged by a log alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sessioncore.core.events import OpenRequested, SubmitRequested
from sessioncore.trace import Observation, Recorded, Trace

from .mapping import Mapping as LogMapping

FIELDS: Final = (
    "state", "accepting_jobs", "state_reason", "status", "mode", "created_at", "started_at", "activated_at",
    "closed_at", "last_job_started", "last_job_completed", "usage_time",
)  # fmt: skip
"""What is noted of a session."""

MAPPING_RECORD: Final[dict[str, Any]] = {
    "resolution": "1us",
    "unlogged": ["JobStarted"],
    "fields": {
        "event": "what", "time": "us", "session": "session", "job": "job", "answer": "answer", "code": "code",
        "mode": "mode", "max_ttl": "max_ttl", "max_execution": "max_execution",
        "job_status": "job_status", "reason_code": "reason_code",
    } | {field: field for field in FIELDS},
    "units": {"time": "us", "duration": "us"},
    "events": {
        "seen-session": "session",
        "seen-job": "job",
        "Open*": "OpenRequested",
        "Submit*": "SubmitRequested",
        "Close*": "CloseRequested",
        "Cancel*": "CancelRequested",
        "JobCancel*": "JobCancelRequested",
        "JobSucceeded": "JobSucceeded",
        "JobFailed": "JobFailed",
        "JobReleased": "JobReleased",
        "Pause*": "PauseRequested",
        "Resume*": "ResumeRequested",
        "Offline*": "OfflineRequested",
    },
}  # fmt: skip


def mapping(**changes: Any) -> LogMapping:
    """By which such a log is read."""
    return LogMapping.from_record(MAPPING_RECORD | changes, source="the mapping of a polled service")


def polled(trace: Trace) -> list[str]:
    """The log of a trace with answers and observations, as JSON lines."""
    return [json.dumps(line) for line in _lines(trace)]


def _lines(trace: Trace) -> Iterator[dict[str, Any]]:
    last: dict[str, Mapping[str, Any]] = {}
    owner: dict[str, str | None] = {}
    for entry in trace.entries:
        if isinstance(entry, Recorded):
            event = entry.event
            if isinstance(event, SubmitRequested):
                owner.setdefault(event.job_id, event.session_id)
            answer = (entry.host or {}).get("answer") or {}
            if type(event).__name__ == "Advanced" or answer.get("type") in ("Unsupported", "Raised"):
                continue
            job = getattr(event, "job_id", None)
            yield {
                "us": event.at,
                "what": type(event).__name__,
                "session": getattr(event, "session_id", owner.get(job or "")),
                "job": job,
                "answer": "rejected" if answer.get("type") == "Rejected" else "accepted",
                "code": answer.get("code"),
                "mode": event.mode.value if isinstance(event, OpenRequested) else None,
                "max_ttl": getattr(event, "max_ttl", None),
                "max_execution": getattr(event, "max_execution", None),
                "reason_code": getattr(event, "reason_code", None),
            }
        elif isinstance(entry, Observation):
            yield from _changes(entry, last, owner)


def _changes(
    entry: Observation, last: dict[str, Mapping[str, Any]], owner: Mapping[str, str | None]
) -> Iterator[dict[str, Any]]:
    for name, seen in entry.observed["sessions"].items():
        if last.get(f"session {name}") != seen:
            last[f"session {name}"] = seen
            yield {"us": entry.at, "what": "seen-session", "session": name} | {one: seen.get(one) for one in FIELDS}
    for name, seen in entry.observed["jobs"].items():
        if last.get(f"job {name}") != seen:
            last[f"job {name}"] = seen
            line = {"us": entry.at, "what": "seen-job", "session": owner.get(name), "job": name}
            yield line | {"job_status": seen["status"], "reason_code": seen.get("reason_code")}

"""Observations of our own traces, and back: ``{"sessions": {id: {field: value}}, "jobs": {id: {...}}}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, final

import attrs

from ..protocol import (
    DURATIONS,
    FIELDS,
    TIMES,
    UNSEEN,
    Accepted,
    JobView,
    Outcome,
    Rejected,
    SessionView,
    Unsupported,
    View,
)
from .items import LogError


@final
class CrashedError(Exception):
    """The trace tells that the target raised; the text says what."""


RAISED = "Raised"
"""The type of an answer that is none: the target crashed."""

_NUMBERS = frozenset((*TIMES, *DURATIONS))


def view_of_record(at: int, observed: Mapping[str, Any], where: str) -> View:
    """What an observation shows. Fields that no view has are passed over. Raises :class:`LogError`."""
    sessions, jobs = observed.get("sessions", {}), observed.get("jobs", {})
    if not isinstance(sessions, Mapping) or not isinstance(jobs, Mapping):
        raise LogError(f"{where}: sessions and jobs of an observation must be objects, by id")
    return View(
        at=at,
        sessions={name: session_of_record(name, said, where) for name, said in sessions.items()},
        jobs={name: _job(name, said, where) for name, said in jobs.items()},
    )


def observed(view: View) -> dict[str, Any]:
    """What was seen, as an observation of a trace holds it; fields that were not seen are left out."""
    return {
        "sessions": {name: _shown(session) for name, session in view.sessions.items()},
        "jobs": {name: _shown(job) for name, job in view.jobs.items()},
    }


def _shown(view: SessionView | JobView) -> dict[str, Any]:
    fields = {field.name: getattr(view, field.name) for field in attrs.fields(cast("Any", type(view)))}
    return {name: shown for name, shown in fields.items() if shown is not UNSEEN}


def answered(outcome: Outcome) -> dict[str, Any]:
    """An answer, as a trace holds it under ``host``."""
    fields = {field.name: getattr(outcome, field.name) for field in attrs.fields(cast("Any", type(outcome)))}
    return {"type": type(outcome).__name__} | {name: said for name, said in fields.items() if said not in (None, "")}


def raised(error: Exception) -> dict[str, Any]:
    """What stands in a trace for an answer where the target raised."""
    return {"type": RAISED, "message": f"{type(error).__name__}: {error}"}


def session_of_record(name: str, said: Any, where: str) -> SessionView:
    """One session as it was seen."""
    if not isinstance(said, Mapping):
        raise LogError(f"{where}: what was seen of session {name!r} must be an object with fields")
    fields = {field: said[field] for field in FIELDS if field in said}
    for field, shown in fields.items():
        kinds: tuple[type, ...] = (str,)
        if field in _NUMBERS or field == "usage_time":
            kinds = (int,)
        elif field == "accepting_jobs":
            kinds = (bool,)
        if shown is None and field in (*_NUMBERS, "state_reason"):
            continue
        if type(shown) not in kinds:
            raise LogError(f"{where}: {field} of session {name!r} must be {kinds[0].__name__}; it is {shown!r}")
    return SessionView(id=name, **fields)


def _job(name: str, said: Any, where: str) -> JobView:
    if not isinstance(said, Mapping) or not isinstance(said.get("status"), str):
        raise LogError(f"{where}: what was seen of job {name!r} must be an object with a status")
    if "reason_code" in said:
        return JobView(id=name, status=said["status"], reason_code=said["reason_code"])
    return JobView(id=name, status=said["status"])


def outcome_of_record(said: Any, where: str) -> Outcome | None:
    """What was answered, as a trace keeps it under ``host``; None where nothing is kept."""
    if said is None:
        return None
    kind = said.get("type") if isinstance(said, Mapping) else None
    if kind == "Accepted":
        return Accepted(id=said.get("id"))
    if kind == "Rejected":
        message = str(said.get("message", ""))
        return Rejected(code=said.get("code"), http_status=said.get("http_status"), message=message)
    if kind == "Unsupported":
        return Unsupported(why=str(said.get("why", "")))
    if kind == RAISED:
        raise CrashedError(str(said.get("message", "")))
    raise LogError(f"{where}: an answer must be an object with the type Accepted, Rejected or Unsupported")

"""Two services that nobody runs, and how each of them would log: what foreign logs are tried on.

``lab`` writes a JSON object a line and tells nearly everything; ``daemon`` writes text, tells what became of sessions
and jobs, and never what the device reported or who cancelled a job.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, final

import attrs

from sessioncore.core.effects import NotifyJob, NotifySession
from sessioncore.core.events import (
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobSucceeded,
    OpenRequested,
    SubmitRequested,
)
from sessioncore.core.states import JobStatus
from sessioncore.trace import Recorded, Trace

from ..reference import SEEN_AS
from .mapping import Mapping

SECOND = 1_000_000

Told = Event | NotifyJob | NotifySession
"""What a service could write a line about."""


@final
@attrs.frozen(kw_only=True)
class Service:
    """One made-up service: how it writes what happened, and the mapping by which its log is read."""

    name: str
    mapping_text: str
    write: Callable[[int, Told, int | None, str | None], str | None]
    """(when, what, the code of a refusal or None, the session of a job) -> a line, or None for nothing."""

    def mapping(self, **changes: Any) -> Mapping:
        """The mapping, with some of its keys changed."""
        return Mapping.from_record(tomllib.loads(self.mapping_text) | changes, source=f"the mapping of {self.name}")

    def log(self, trace: Trace) -> list[str]:
        """The log that the service would have written of this trace. Its effects must have been recorded."""
        owner: dict[str, str | None] = {}
        lines = []
        for at, told, code in _happenings(trace):
            if isinstance(told, SubmitRequested):
                owner.setdefault(told.job_id, told.session_id)
            line = self.write(at, told, code, owner.get(getattr(told, "job_id", "")))
            if line is not None:
                lines.append(line)
        return lines


def _happenings(trace: Trace) -> Iterator[tuple[int, Told, int | None]]:
    for entry in trace.entries:
        if not isinstance(entry, Recorded):
            continue
        effects = [one for one in entry.effects or () if isinstance(one, NotifyJob | NotifySession)]
        early = [one for one in effects if one.at < entry.event.at]
        for one in early:
            yield one.at, one, None
        answer = (entry.host or {}).get("answer") or {}
        refused = answer.get("type") == "Rejected"
        yield entry.event.at, entry.event, (answer.get("code") or 0) if refused else None
        for one in effects[len(early) :]:
            yield one.at, one, None


# --- lab: JSON -------------------------------------------------------------------------------------------------

_NAMES = {
    OpenRequested: "session.created",
    SubmitRequested: "job.submitted",
    CloseRequested: "session.close",
    CancelRequested: "session.cancel",
    JobCancelRequested: "job.cancel",
    JobSucceeded: "device.report",
    JobFailed: "device.report",
    JobReleased: "device.report",
}
_REPORTS = {JobSucceeded: "success", JobFailed: "error", JobReleased: "gone"}


def _lab(at: int, told: Told, code: int | None, session: str | None) -> str | None:
    when = (datetime(2026, 1, 5, 10, tzinfo=UTC) + timedelta(microseconds=at)).isoformat(timespec="microseconds")
    line: dict[str, Any] = {"ts": when}
    if isinstance(told, NotifySession):
        line |= {"event": "session.state", "sid": told.session_id, "state": told.state.value.upper()}
        line |= {"accepting": told.accepting_jobs, "why": told.state_reason.value if told.state_reason else None}
    elif isinstance(told, NotifyJob):
        running = told.status is JobStatus.RUNNING
        line |= {"event": "job.running" if running else "job.status", "sid": session, "job": told.job_id}
        line |= {} if running else {"status": SEEN_AS[told.status]}
    elif type(told) in _NAMES:
        line |= {"event": _NAMES[type(told)], "sid": getattr(told, "session_id", session)}
        line |= {"job": told.job_id} if hasattr(told, "job_id") else {}
        if isinstance(told, OpenRequested):
            line |= {"mode": told.mode.value, "ttl": None if told.max_ttl is None else told.max_ttl / SECOND}
        if type(told) in _REPORTS:
            line["outcome"] = _REPORTS[type(told)]
        else:
            line |= {"http": 200} if code is None else {"http": 400, "error": {"code": code}}
    else:
        return None
    return json.dumps(line)


LAB = Service(
    name="lab",
    write=_lab,
    mapping_text="""
format = "json"
lanes = 1
resolution = "1us"
missing = []

[fields]
event = "event"
time = "ts"
session = "sid"
job = "job"
answer = "http"
code = "error.code"
mode = "mode"
max_ttl = "ttl"
state = "state"
accepting_jobs = "accepting"
state_reason = "why"
job_status = "status"

[constants]
max_execution = "default"

[words.state]
OPEN = "open"
ACTIVE = "active"
INACTIVE = "inactive"
CLOSED = "closed"

[events]
"session.created" = "OpenRequested"
"session.close" = "CloseRequested"
"session.cancel" = "CancelRequested"
"session.state" = "session-change"
"job.submitted" = "SubmitRequested"
"job.cancel" = "JobCancelRequested"
"job.running" = "JobStarted"
"job.status" = "job"
"event=device.report,outcome=success" = "JobSucceeded"
"event=device.report,outcome=error" = "JobFailed"
"event=device.report,outcome=gone" = "JobReleased"
""",
)


# --- daemon: text ----------------------------------------------------------------------------------------------


def _daemon(at: int, told: Told, code: int | None, session: str | None) -> str | None:
    when = (datetime(2026, 1, 5, 10, tzinfo=UTC) + timedelta(microseconds=at)).strftime("%d/%b/%Y %H:%M:%S.%f")
    said = _daemon_says(told, code, session)
    return None if said is None else f"{when} sessiond[12]: {said}"


def _daemon_says(told: Told, code: int | None, session: str | None) -> str | None:
    if isinstance(told, NotifySession):
        reason = "" if told.state_reason is None else f" ({told.state_reason.value})"
        return f"<{told.session_id}> is {told.state.value}{reason}"
    if isinstance(told, NotifyJob):
        word = "started" if told.status is JobStatus.RUNNING else SEEN_AS[told.status]
        return f"<{session or '-'}> job {told.job_id} {word}"
    if isinstance(told, SubmitRequested):
        word = "accepted" if code is None else "refused"
        return f"<{told.session_id or '-'}> job {told.job_id} {word} code={code or 0}"
    if isinstance(told, OpenRequested) and code is None:
        ttl = "" if told.max_ttl is None else f" ttl={told.max_ttl // SECOND}"
        return f"<{told.session_id}> opened mode={told.mode.value}{ttl}"
    if isinstance(told, CloseRequested | CancelRequested) and code is None:
        return f"<{told.session_id}> {'close' if isinstance(told, CloseRequested) else 'cancel'}-requested"
    return None


DAEMON = Service(
    name="daemon",
    write=_daemon,
    mapping_text=r"""
format = "text"
pattern = '''(?x)
    ^(?P<time>\S+[ ]\S+)[ ]sessiond\[\d+\]:[ ]<(?P<session>\S+)>[ ](?:job[ ](?P<job>\S+)[ ])?(?:is[ ])?(?P<event>\S+)
    (?:[ ]\((?P<state_reason>\w+)\))?(?:[ ]code=(?P<code>\d+))?(?:[ ]mode=(?P<mode>\w+))?(?:[ ]ttl=(?P<max_ttl>\d+))?$
'''
lanes = 1
ignore = ["heartbeat"]
unlogged = ["JobReleased", "JobFailed", "JobCancelRequested", "MaxTtlExpired"]

[units]
time = "%d/%b/%Y %H:%M:%S.%f"

[events]
"opened" = "OpenRequested answer=accepted"
"accepted" = "SubmitRequested answer=accepted"
"refused" = "SubmitRequested answer=rejected"
"close-requested" = "CloseRequested answer=accepted"
"cancel-requested" = "CancelRequested answer=accepted"
"started" = "JobStarted"
"completed" = ["JobSucceeded", "job status=completed"]
"failed" = "job status=failed"
"cancelled" = "job status=cancelled"
"queued" = "job status=queued"
"open" = "session-change state=open"
"active" = "session state=active"
"inactive" = "session-change state=inactive"
"closed" = "session-change state=closed"
""",
)

SERVICES = (LAB, DAEMON)

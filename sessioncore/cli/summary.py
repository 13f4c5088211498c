"""What a run came to: each session with its states, its reason, its usage and its jobs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .messages import UsageError, print_table, say, seconds

if TYPE_CHECKING:
    from sessioncore.host import Caller, JobView, Runtime, SessionView

REASONS = {
    "closed": "closed",
    "cancelled": "cancelled: queued jobs failed; close() would have kept them",
    "max_ttl": "its max_time was over: queued jobs failed; a longer max_time would have kept them",
    "interactive_ttl": "idle for too long",
    "no_submission": "no job was submitted in time",
    "usage_limit": "its usage limit was reached",
    "job_failed": "a job failed",
}
"""Every end said in words, with what would have kept the jobs."""


def summarise(runtime: Runtime, who: Caller) -> dict[str, Any]:
    """The summary as JSON values; lengths of time in seconds."""
    from sessioncore.host import JobFilter

    sessions = sorted(runtime.sessions(who), key=lambda view: (view.created_at, view.id))
    jobs, _ = runtime.jobs(who, JobFilter(ascending=True))
    return {
        "sessions": [_session(view) for view in sessions],
        "jobs_of_their_own": [_job(view) for view in jobs if view.session_id is None],
        "failed_jobs": [_job(view) for view in jobs if view.reason and view.final],
        "usage_s": runtime.usage(who) / 1e6,
    }


def _session(view: SessionView) -> dict[str, Any]:
    return {
        "id": view.id,
        "backend": view.backend_name,
        "mode": str(view.mode),
        "status": view.status,
        "states": [str(word) for word, _ in view.timestamps],
        "state_reason": None if view.state_reason is None else str(view.state_reason),
        "jobs": dict(view.jobs),
        "usage_s": view.usage / 1e6,
    }


def _job(view: JobView) -> dict[str, Any]:
    return {
        "id": view.id,
        "backend": view.backend_name,
        "program": view.program_id,
        "session": view.session_id,
        "status": view.client_status,
        "reason": view.reason,
        "reason_code": view.reason_code,
        "usage_s": view.usage / 1e6,
    }


def print_summary(summary: dict[str, Any]) -> None:
    """The summary for people, on stderr, so that stdout is the program's alone."""
    if summary["sessions"]:
        print_table(
            ("session", "device", "mode", "states", "why it ended", "jobs", "usage"),
            [_row(session) for session in summary["sessions"]],
            empty="",
            err=True,
        )
    alone = summary["jobs_of_their_own"]
    if alone:
        used = seconds(round(sum(job["usage_s"] for job in alone) * 1e6))
        say(f"{len(alone)} job{'s' if len(alone) > 1 else ''} in job mode, usage {used}")
    if not summary["sessions"] and not alone:
        say("no session was opened and no job was submitted")
    for job in summary["failed_jobs"]:
        code = f" (code {job['reason_code']})" if job["reason_code"] else ""
        say(f"job {job['id']}: {job['status']}, {job['reason']}{code}")


def _row(session: dict[str, Any]) -> tuple[str, ...]:
    reason = session["state_reason"]
    why = f"still {session['status']}; close it to stop its usage" if reason is None else REASONS.get(reason, reason)
    jobs = ", ".join(f"{count} {status}" for status, count in sorted(session["jobs"].items()) if count)
    usage = seconds(round(session["usage_s"] * 1e6))
    states = " > ".join(session["states"])
    return (session["id"], session["backend"], session["mode"], states, why, jobs or "none", usage)


def write_report(folder: str, runtime: Runtime, summary: dict[str, Any]) -> None:
    """``summary.json`` and ``trace.jsonl`` in ``folder``, which is made if need be."""
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
        (target / "summary.json").write_text(json.dumps(summary, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        with (target / "trace.jsonl").open("w", encoding="utf-8") as file:
            for line in runtime.trace():
                file.write(line if line.endswith("\n") else line + "\n")
    except OSError as error:
        raise UsageError(f"cannot write the report into {folder}: {error.strerror}") from error

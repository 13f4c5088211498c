"""What a run came to: each session with its states, its reason, its usage and its jobs."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .messages import UsageError, say, seconds

if TYPE_CHECKING:
    from sessioncore.host import Caller, JobView, Runtime, SessionView

REASONS = {
    "closed": ("closed, with nothing left to do", ""),
    "cancelled": ("cancelled", "close() would have kept them"),
    "max_ttl": ("its max_time was over", "a longer max_time would have kept them"),
    "interactive_ttl": ("idle for too long", ""),
    "no_submission": ("no job was submitted in time", ""),
    "usage_limit": ("its usage limit was reached", "a higher limit would have kept them"),
    "job_failed": ("a job failed", "failure_policy=continue would have kept them"),
}
"""Every end said in words, and what would have kept the jobs that it took."""

TAKEN_BY_END = 1217
"""The reason code of a job that went down with its session (S-22)."""


def summarise(runtime: Runtime, who: Caller) -> dict[str, Any]:
    """The summary as JSON values; lengths of time in seconds."""
    from sessioncore.host import JobFilter

    sessions = sorted(runtime.sessions(who), key=lambda view: (view.created_at, view.id))
    jobs, _ = runtime.jobs(who, JobFilter(ascending=True))
    taken = Counter(job.session_id for job in jobs if job.reason_code == TAKEN_BY_END)
    return {
        "sessions": [_session(view, taken.get(view.id, 0)) for view in sessions],
        "jobs_of_their_own": [_job(view) for view in jobs if view.session_id is None],
        "failed_jobs": [_job(view) for view in jobs if view.reason and view.final],
        "usage_s": runtime.usage(who) / 1e6,
    }


def _session(view: SessionView, taken: int) -> dict[str, Any]:
    return {
        "id": view.id,
        "backend": view.backend_name,
        "mode": str(view.mode),
        "status": view.status,
        "states": [str(word) for word, _ in view.timestamps],
        "state_reason": None if view.state_reason is None else str(view.state_reason),
        "jobs": dict(view.jobs),
        "jobs_taken_by_its_end": taken,
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
    for session in summary["sessions"]:
        for line in _lines(session):
            say(line)
    alone = summary["jobs_of_their_own"]
    if alone:
        used = seconds(round(sum(job["usage_s"] for job in alone) * 1e6))
        say(f"{len(alone)} job{'s' if len(alone) > 1 else ''} in job mode, usage {used}")
    if not summary["sessions"] and not alone:
        say("no session was opened and no job was submitted")
    for job in summary["failed_jobs"]:
        code = f" (code {job['reason_code']})" if job["reason_code"] else ""
        say(f"job {job['id']}: {job['status']}, {job['reason']}{code}")


def _lines(session: dict[str, Any]) -> tuple[str, ...]:
    """One session in three short lines."""
    jobs = ", ".join(f"{count} {status}" for status, count in sorted(session["jobs"].items()) if count)
    return (
        f"session {session['id']}",
        f"  {session['mode']} on {session['backend']}: {' > '.join(session['states'])}; {_why(session)}",
        f"  jobs: {jobs or 'none'}; usage {seconds(round(session['usage_s'] * 1e6))}",
    )


def _why(session: dict[str, Any]) -> str:
    """How it ended, and what would have kept the jobs that its end took."""
    if session["state_reason"] is None:
        return f"left open ({session['status']}): close() it, or use a with block"
    why, kept = REASONS[session["state_reason"]]
    taken = session["jobs_taken_by_its_end"]
    return f"{why}; {taken} queued failed with it ({kept})" if taken and kept else why


def make_folder(folder: str) -> None:
    """The folder of a report, made before the run so that no run is lost to a bad name."""
    if not folder:
        raise UsageError("--report '': give the name of a folder, or . for this one")
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--report {folder}: cannot make this folder ({error.strerror})") from error


def write_report(folder: str, runtime: Runtime, summary: dict[str, Any]) -> None:
    """``summary.json`` and ``trace.jsonl`` in ``folder``."""
    target = Path(folder)
    try:
        (target / "summary.json").write_text(json.dumps(summary, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        with (target / "trace.jsonl").open("w", encoding="utf-8") as file:
            for line in runtime.trace():
                file.write(line if line.endswith("\n") else line + "\n")
    except OSError as error:
        raise UsageError(f"cannot write the report into {folder}: {error.strerror}") from error

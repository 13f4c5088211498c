"""Services that show something wrong: states, times, usage, jobs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import attrs

from .between import CONTROL, Asked, Forward, Told
from .fault import TIMES, Showing, ShowingJobs, fault


@fault("H-09", "states begin with a capital letter", "V-02", "V-01", number=35)
class CapitalStates(Showing):
    """``Closed`` where the client looks for ``closed``."""

    def show(self, session: dict[str, Any]) -> None:
        """Change the word."""
        session["state"] = session["state"].capitalize()


@fault("H-10", "closed_at is missing", "S-18", "V-02", number=33)
class NoClosedAt(Showing):
    """The field is left out."""

    def show(self, session: dict[str, Any]) -> None:
        """Leave it out."""
        session.pop("closed_at")


@fault("H-11", "accepting_jobs is true until the session is closed", "S-17", number=34)
class AcceptsWhileDraining(Showing):
    """It disagrees with what happens to a submission."""

    def show(self, session: dict[str, Any]) -> None:
        """Guess from the state."""
        session["accepting_jobs"] = session["state"] != "closed"


@fault("H-12", "a session that was read is read from a cache for ever", "S-18", number=44)
class Stale:
    """A cache that only a submission empties."""

    def __init__(self) -> None:
        self._kept: dict[str, Told] = {}

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Answer from the cache."""
        if asked.about("POST", "jobs") or asked.path.startswith(CONTROL):
            self._kept.clear()
        if not asked.about("GET", "sessions", "*"):
            return await forward(asked)
        if asked.path not in self._kept:
            self._kept[asked.path] = await forward(asked)
        return self._kept[asked.path]


@fault("H-13", "timestamps do not say their zone", number=45)
class NoZone(Showing):
    """The letter at the end is missing."""

    def show(self, session: dict[str, Any]) -> None:
        """Cut it off."""
        for name in TIMES:
            session[name] = session[name] and session[name].removesuffix("Z")


@fault("H-14", "timestamps are local time and say that they are not", "S-01", "V-02", number=45)
class LocalTime(Showing):
    """Two hours off."""

    def show(self, session: dict[str, Any]) -> None:
        """Add them."""
        for name in TIMES:
            if session[name]:
                later = datetime.fromisoformat(session[name]) + timedelta(hours=2)
                session[name] = later.isoformat().replace("+00:00", "Z")


@fault("H-15", "usage is in milliseconds", "U-01")
class UsageInMilliseconds(Showing):
    """A thousand times too much."""

    def show(self, session: dict[str, Any]) -> None:
        """Multiply it."""
        session["elapsed_time"] *= 1000


@fault("H-16", "the reason of every end is the same", "S-20")
class OneReason(Showing):
    """``closed``, whatever happened."""

    def show(self, session: dict[str, Any]) -> None:
        """Overwrite it."""
        if session["state_reason"]:
            session["state_reason"] = "closed"


@fault("H-17", "every session is called dedicated", "S-01")
class AllDedicated(Showing):
    """A batch cannot be told."""

    def show(self, session: dict[str, Any]) -> None:
        """Overwrite the mode."""
        session["mode"] = "dedicated"


@fault("H-18", "the last job's end is that of its start", "J-01")
class EndIsStart(Showing):
    """The wrong column."""

    def show(self, session: dict[str, Any]) -> None:
        """Overwrite the time."""
        if session["last_job_completed"]:
            session["last_job_completed"] = session["created_at"]


@fault("H-19", "cancelled jobs are shown as failed", "J-02", number=28)
class CancelledIsFailed(ShowingJobs):
    """The client raises another exception for it."""

    def show(self, job: dict[str, Any]) -> None:
        """Change the word."""
        if job["state"]["status"] == "Cancelled":
            job["state"]["status"] = job["status"] = "Failed"


@fault("H-20", "queued jobs are shown as running", "D-05", "D-03")
class QueuedIsRunning(ShowingJobs):
    """As if it were being worked on."""

    def show(self, job: dict[str, Any]) -> None:
        """Change the word."""
        if job["state"]["status"] == "Queued":
            job["state"]["status"] = job["status"] = "Running"


@fault("H-21", "the reason of a job that lost its session is another", "S-22")
class OtherReasonCode(ShowingJobs):
    """The number is not 1217."""

    def show(self, job: dict[str, Any]) -> None:
        """Change the number."""
        if job["state"].get("reason_code") == 1217:
            job["state"]["reason_code"] = 9999


@fault("H-22", "the list of a session's jobs has everybody's", "S-05")
class ListIgnoresFilter:
    """``session_id`` is not looked at."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Drop the filter."""
        if asked.about("GET", "jobs"):
            asked.query.pop("session_id", None)
        return await forward(asked)


@fault("H-36", "a list by tags shows jobs that carry one of them", "J-07")
class AnyTag:
    """Only the last tag of the query is looked at."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Drop all tags but one."""
        if asked.about("GET", "jobs") and isinstance(asked.query.get("tags"), list):
            asked.query["tags"] = asked.query["tags"][:1]
        return await forward(asked)


@fault("H-37", "the result of a private job can be read again", "J-08")
class ReadTwice:
    """It is kept where it was handed out."""

    def __init__(self) -> None:
        self._results: dict[str, Told] = {}

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Remember it."""
        told = await forward(asked)
        if asked.about("GET", "jobs", "*", "results"):
            if told.status == 200:
                self._results[asked.path] = attrs.evolve(told)
            return self._results.get(asked.path, told)
        return told


@fault("H-38", "jobs that wait are listed as jobs that do not", "J-01")
class PendingIgnored:
    """The filter ``pending`` is not looked at."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Drop the filter."""
        if asked.about("GET", "jobs"):
            asked.query.pop("pending", None)
        return await forward(asked)

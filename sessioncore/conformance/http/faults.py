"""Services that are wrong in a known way over HTTP: our own, with something between it and its clients.

``number`` is that of the published catalogue of 45 faults, None for one that is not in it; ``rules`` are the rules
that are broken, the first one foremost; none for a service whose answers are of no use at all.
"""

from __future__ import annotations

import asyncio
from typing import Any

import attrs

from . import faults_shown
from .between import CONTROL, Asked, Forward, Told
from .fault import FOUND, HttpFault, Showing, fault


def refused(status: int, code: int, message: str) -> Told:
    """A refusal in the vendor's form."""
    return Told(status, {"errors": [{"code": code, "message": message, "solution": "", "more_info": ""}], "trace": "t"})


def code_of(told: Told) -> int | None:
    """The number of a refusal."""
    found = told.body["errors"][0]["code"] if isinstance(told.body, dict) and "errors" in told.body else None
    return found if isinstance(found, int) else None


# --- submitting ----------------------------------------------------------------------------------------------------


@fault("H-01", "a closed session is not found", "S-06")
class ClosedIsNotFound:
    """404 where 400 belongs: the stock client then says that its program was not found."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Change the status."""
        told = await forward(asked)
        if code_of(told) == 1217:
            told.status = 404
        return told


@fault("H-02", "a closed session has another number", "S-06")
class ClosedHasAnotherNumber:
    """Programs look for 1217."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Change the number."""
        told = await forward(asked)
        return refused(400, 1208, "Bad request.") if code_of(told) == 1217 else told


@fault("H-03", "a job for a closed session runs outside of it", "S-06", number=2)
class RunsOutside:
    """What was refused is submitted again without its session."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Try again in job mode."""
        told = await forward(asked)
        if code_of(told) == 1217:
            told = await forward(attrs.evolve(asked, body={**asked.body, "session_id": None}))
        return told


@fault("H-04", "one submission makes two jobs", "S-05", number=39)
class TwoJobs:
    """As a retry does behind a proxy when nothing says that it is one."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Submit twice, tell of one."""
        told = await forward(asked)
        if asked.about("POST", "jobs") and told.good:
            await forward(asked)
        return told


@fault("H-05", "a job that is refused has an id all the same", "S-06")
class IdOfNothing:
    """200 with an id that nobody knows."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Pretend."""
        told = await forward(asked)
        if code_of(told) == 1217:
            return Told(200, {"id": "a-job-that-is-not", "backend": asked.body["backend"]})
        return told


@fault("H-06", "a submission that was accepted ends in 500", "S-05")
class AcceptedIs500:
    """The client will send it again."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Hide the answer."""
        told = await forward(asked)
        return refused(500, 9707, "Internal error.") if asked.about("POST", "jobs") and told.good else told


@fault("H-07", "the limit of a job is ignored", "S-07", "J-05")
class LimitIgnored:
    """``cost`` is dropped."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Drop the field."""
        if asked.about("POST", "jobs") and asked.body:
            asked.body.pop("cost", None)
        return await forward(asked)


# --- ids -----------------------------------------------------------------------------------------------------------


@fault("H-08", "an unknown id ends in 500", "J-09", number=42)
class UnknownIs500:
    """A lookup that raises."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Change the status."""
        told = await forward(asked)
        return refused(500, 9707, "KeyError") if told.status == 404 else told


# --- ending --------------------------------------------------------------------------------------------------------


@fault("H-23", "cancelling a session only closes it", "S-20", number=11)
class CancelCloses:
    """Queued jobs go on."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Swap the request."""
        if asked.about("DELETE", "sessions", "*", "close"):
            asked = asked.like("PATCH", f"/sessions/{asked.parts[1]}", {"accepting_jobs": False})
        return await forward(asked)


@fault("H-24", "closing a session cancels it", "S-18", "S-17", number=13)
class CloseCancels:
    """Queued jobs fail."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Swap the request."""
        if asked.about("PATCH", "sessions", "*"):
            asked = asked.like("DELETE", f"/sessions/{asked.parts[1]}/close")
        return await forward(asked)


@fault("H-25", "closing is accepted and does nothing", "S-18")
class CloseIgnored:
    """204, and no more."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Do nothing."""
        return Told(204) if asked.about("PATCH", "sessions", "*") else await forward(asked)


@fault("H-26", "a session cannot be cancelled twice", "S-21", number=14)
class SecondCancelRefused:
    """409 for what should succeed and change nothing."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Look first."""
        if asked.about("DELETE", "sessions", "*", "close"):
            now = await forward(asked.like("GET", f"/sessions/{asked.parts[1]}"))
            if now.good and now.body["state"] == "closed":
                return refused(409, 1292, "The session has ended.")
        return await forward(asked)


@fault("H-27", "a job that has ended can be cancelled", "J-04")
class CancelOfEnded:
    """204 where 409 belongs."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Accept it."""
        told = await forward(asked)
        return Told(204) if asked.about("POST", "jobs", "*", "cancel") and told.status == 409 else told


@fault("H-28", "cancelling a job cancels one of another session", "J-02", number=40)
class CancelsElsewhere:
    """The wrong row of a table."""

    def __init__(self) -> None:
        self._jobs: dict[str, str | None] = {}

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Cancel another one as well."""
        told = await forward(asked)
        if asked.about("POST", "jobs") and told.good:
            self._jobs[told.body["id"]] = asked.body.get("session_id")
        elif asked.about("POST", "jobs", "*", "cancel") and told.good:
            mine = self._jobs.get(asked.parts[1])
            for job, session in self._jobs.items():
                if session != mine:
                    await forward(asked.like("POST", f"/jobs/{job}/cancel"))
        return told


# --- opening -------------------------------------------------------------------------------------------------------


@fault("H-29", "a session that is too long is cut to the ceiling", "S-02")
class TooLongIsCut:
    """Accepted where it must be refused."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Try again without a length."""
        told = await forward(asked)
        if asked.about("POST", "sessions") and not told.good and asked.body.pop("max_ttl", None):
            told = await forward(asked)
        return told


@fault("H-30", "the length that was asked for is ignored", "S-03")
class LengthIgnored:
    """Every session gets the ceiling."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Drop the field where it is possible."""
        if asked.about("POST", "sessions") and 0 < (asked.body.get("max_ttl") or 0) <= 8 * 3600:
            asked.body.pop("max_ttl")
        return await forward(asked)


# --- answers that are none -----------------------------------------------------------------------------------------


@fault("H-31", "connections break off")
class Breaks:
    """Every ninth answer."""

    def __init__(self) -> None:
        self._count = 0

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Break it off."""
        told = await forward(asked)
        self._count += 1
        told.broken = self._count % 9 == 0
        return told


@fault("H-32", "closing hangs", "S-18", "S-17")
class Hangs:
    """No answer, ever."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Wait."""
        if asked.about("PATCH", "sessions", "*"):
            await asyncio.sleep(3600)
        return await forward(asked)


@fault("H-33", "an ended session is shown as a web page", "S-18")
class WebPage:
    """As a proxy does."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Answer in HTML."""
        told = await forward(asked)
        if asked.about("GET", "sessions", "*") and told.good and told.body["state"] == "closed":
            return Told(200, "<html><body>Please log in</body></html>", "text/html")
        return told


@fault("H-34", "usage is a text")
class UsageIsText(Showing):
    """``"0.0 s"``."""

    def show(self, session: dict[str, Any]) -> None:
        """Write it out."""
        session["elapsed_time"] = f"{session['elapsed_time']} s"


@fault("H-35", "the clock runs backwards", "T-04", number=36)
class BackwardsClock:
    """By an hour, at the third move."""

    def __init__(self) -> None:
        self._moves = 0

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Tell an earlier time."""
        told = await forward(asked)
        if asked.path.startswith(f"{CONTROL}/clock") and told.good:
            self._moves += asked.method == "POST"
            if self._moves >= 3:
                told.body["now_us"] -= 3_600_000_000 * self._moves
        return told


HTTP_FAULTS: tuple[HttpFault, ...] = tuple(sorted(FOUND, key=lambda found: found.id))
"""Every fault of this level, by id."""

ROOMS = (faults_shown,)
"""Where the others are written."""

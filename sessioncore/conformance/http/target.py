"""A service over HTTP as something to be judged: one case's own sessions and jobs, and nobody else's."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, final

from sessioncore.core.durations import SECOND
from sessioncore.core.events import (
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    OpenRequested,
    SubmitRequested,
)
from sessioncore.core.values import replaced

from ..protocol import UNSEEN, Accepted, Capabilities, JobView, Outcome, SessionView, Unsupported, View
from ..results import Kind
from ..running import FellShort, NotApplicable
from .exchange import Answer
from .reading import job_of, nonsense, object_of, refusal_of, session_of, text_of
from .service import DEVICE_REQUESTS, Service

OPEN_STATUSES = ("queued", "running")
UNSETTLED = (*OPEN_STATUSES, "cancelled")
"""With a job that is shown so, something may happen unseen: the device may not have let it go yet (J-03)."""

READINGS_MAX = 6

PAGE = 50
"""More jobs than any case has."""

ANY = "*"
"""Every value of a field."""

NUDGE_S = 0.2
"""A job that has not moved for so long is asked for by itself, if lists never showed one that did: there are services
whose jobs go on only when they are asked for, as the stock client does all the time."""

NAP_S = 0.005
SLICE_S = 0.2


@final
class HttpTarget:
    """One case on a service that other cases use too: only the sessions and jobs that it made itself are looked at.

    ``beat`` is called while it waits. ``lengths`` says which payload each job of the case takes, see :meth:`plan`.
    """

    def __init__(self, service: Service, *, beat: Callable[[], None] = lambda: None) -> None:
        self.service = service
        self.beat = beat
        self.capabilities: Capabilities = service.capabilities
        self.strays: dict[str, str] = {}
        """Jobs that a list shows and that nobody submitted, with the session they are said to be of."""
        self._ask = service.exchange.ask
        self._lengths: Mapping[str, str] = {}
        self._sessions: dict[str, None] = {}
        self._jobs: dict[str, str | None] = {}
        self._views: dict[str, JobView] = {}
        self._still_since: dict[str, float] = {}
        self._paused = False

    # --- SystemUnderTest -------------------------------------------------------------------------------------

    def apply(self, event: Event) -> Outcome:
        """One request. Reports cannot be handed in: jobs end by themselves."""
        match event:
            case OpenRequested():
                return self._open(event)
            case SubmitRequested():
                return self._submit(event)
            case CloseRequested():
                return _done(self._ask("PATCH", f"/sessions/{event.session_id}", {"accepting_jobs": False}))
            case CancelRequested():
                return _done(self._ask("DELETE", f"/sessions/{event.session_id}/close"))
            case JobCancelRequested():
                return _done(self._ask("POST", f"/jobs/{event.job_id}/cancel"))
        action = DEVICE_REQUESTS.get(type(event).__name__)
        if action is None:
            return Unsupported(why="its jobs end by themselves")
        if not self.service.controlled:
            return Unsupported(why="nobody can pause its device from here")
        answer = self.service.operate(action)
        if answer.refused:
            return Unsupported(why=f"its device could not be told to {action}: {answer.text[:100]}")
        self._paused = action != "resume"
        return Accepted()

    def advance(self, microseconds: int) -> None:
        """Move the virtual clock, or wait. Raises :class:`NotApplicable` where that takes longer than allowed."""
        if self.service.virtual:
            self.service.advance(microseconds)
            return
        seconds = microseconds / SECOND
        if seconds > self.service.settings.max_wait_s:
            raise NotApplicable(f"it would take {seconds:g} s of real time")
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.beat()
            time.sleep(min(left, SLICE_S))

    def observe(self) -> View:
        """Every session and job of this case as a client sees them, all at one moment.

        They are asked for one after another while jobs start and end. So while there is work they are read until two
        readings of the jobs, and with several sessions of those too, are the same.
        """
        jobs = self._look_at_jobs()
        for _ in range(READINGS_MAX):
            sessions = {name: self._look_at(name) for name in self._sessions}
            if not any(view.status in UNSETTLED for view in jobs.values()):
                break
            again = self._look_at_jobs()
            settled = again == jobs and (
                len(sessions) < 2 or all(_same(self._look_at(name), view) for name, view in sessions.items())
            )
            jobs = again
            if settled:
                break
        else:
            raise NotApplicable("its jobs start and end faster than they can be looked at")
        self._views = jobs
        return View(at=self.service.now(), sessions=sessions, jobs=jobs)

    def close(self) -> None:
        """Cancel what is left and wait until the device is free, so that the next case finds it so."""
        if self._paused:
            self.service.operate("resume")
        for name in self._sessions:
            self._ask("DELETE", f"/sessions/{name}/close")
        busy = False
        for name in self._jobs:
            view = self._views.get(name)
            if view is None or view.status in OPEN_STATUSES:
                self._ask("POST", f"/jobs/{name}/cancel")
            busy = busy or view is None or view.status in UNSETTLED
        if busy:
            self.wait(lambda: not self.service.queue_length())

    # --- what only a target without reports has ---------------------------------------------------------------

    def plan(self, lengths: Mapping[str, str]) -> None:
        """Which payload each job of the case takes: ``short``, ``medium``, ``long`` or ``failing``, by the kit's name
        of the job. Raises :class:`NotApplicable` where there is no such payload."""
        if "failing" in lengths.values() and self.service.failing is None:
            raise NotApplicable("no payload is known that fails there")
        self._lengths = lengths

    def alone(self) -> bool:
        """Whether the device is known to have no work but this case's."""
        length = self.service.queue_length()
        return length is not None and length <= sum(view.status in OPEN_STATUSES for view in self._views.values())

    def wait(self, condition: Callable[[], bool], seconds: float | None = None) -> bool:
        """Look again and again until the condition holds, at most so long; whether it does."""
        until = time.monotonic() + (self.service.settings.settle_s if seconds is None else seconds)
        nap = NAP_S
        while not condition():
            if time.monotonic() > until:
                return False
            self.beat()
            time.sleep(nap)
            nap = min(2 * nap, 0.1)
        return True

    # --- requests --------------------------------------------------------------------------------------------

    def _open(self, event: OpenRequested) -> Outcome:
        body: dict[str, Any] = {
            "mode": event.mode.value,
            "backend": self.service.backend,
            "instance": self.service.settings.instance,
        }
        if event.max_ttl is not None:
            whole, rest = divmod(event.max_ttl, SECOND)
            if rest:
                return Unsupported(why="a session's max_ttl is a whole number of seconds on the wire")
            body["max_ttl"] = whole
        answer = self._ask("POST", "/sessions", body)
        if answer.refused:
            return refusal_of(answer)
        made = text_of(object_of(answer, "a new session"), "id", "a new session")
        self._sessions[made] = None
        return Accepted(id=made)

    def _submit(self, event: SubmitRequested) -> Outcome:
        length = self._lengths.get(event.job_id, "short")
        payload = self.service.failing if length == "failing" else getattr(self.service.settings, length)
        assert payload is not None, "see plan"
        body = {**payload, "backend": self.service.backend}
        if event.session_id is not None:
            body["session_id"] = event.session_id
        if event.max_execution is not None:
            whole, rest = divmod(event.max_execution, SECOND)
            if rest:
                return Unsupported(why="a job's max_execution_time is a whole number of seconds on the wire")
            body["cost"] = whole
        answer = self._ask("POST", "/jobs", body)
        known = event.session_id is None or event.session_id in self._sessions
        if answer.refused:
            # What is said of a session that does not exist is nowhere published: 404 is for programs (S-06).
            # Of one that has been closed a number is published and no status, but that it must not be 404 (S-06): any
            # other is the service's own choice.
            return refusal_of(answer, exact=known, status=known and answer.status in (400, 404))
        made = text_of(object_of(answer, "a new job"), "id", "a new job")
        if made in self._jobs:
            raise FellShort(Kind.NONSENSE, f"two jobs have the id {made!r}")
        self._jobs[made] = event.session_id
        return Accepted(id=made)

    # --- looking ---------------------------------------------------------------------------------------------

    def _look_at(self, name: str) -> SessionView:
        answer = self._ask("GET", f"/sessions/{name}")
        if answer.refused:
            raise FellShort(Kind.OBSERVATION, f"GET /sessions/{name}: HTTP status {answer.status}: {answer.text[:200]}")
        view = session_of(answer, name)
        blind = {field: UNSEEN for field, word in self.service.blind if word in (ANY, getattr(view, field))}
        return replaced(view, **blind)

    def _look_at_jobs(self) -> dict[str, JobView]:
        """The jobs of the case: session by session from lists, where an answer never waits for a job's end, and alone
        what no list shows."""
        found: dict[str, JobView] = {}
        for session in dict.fromkeys(self._jobs.values()):
            query = {"limit": PAGE, "exclude_params": "true"} | ({} if session is None else {"session_id": session})
            for view in self._listed(query):
                if view.id in self._jobs and (session is None or self._jobs[view.id] == session):
                    found[view.id] = view
                elif session is not None:
                    self.strays[view.id] = session
        for name in self._jobs:
            if name not in found:
                found[name] = self.job(name)
        if not self.service.moves:
            self._nudge(found)
        return found

    def _nudge(self, found: dict[str, JobView]) -> None:
        """Ask for jobs that do not move by themselves."""
        now = time.monotonic()
        for name, view in found.items():
            if name not in self._still_since and view.status in ("running", "completed"):
                self.service.moves = True
                return
            if view.status in OPEN_STATUSES and now - self._still_since.setdefault(name, now) > NUDGE_S:
                found[name] = self.job(name)

    def _listed(self, query: Mapping[str, Any]) -> list[JobView]:
        answer = self._ask("GET", "/jobs", query=query)
        if answer.refused:
            raise FellShort(Kind.OBSERVATION, f"GET /jobs: HTTP status {answer.status}: {answer.text[:200]}")
        jobs = object_of(answer, "the list of jobs").get("jobs")
        if not isinstance(jobs, list):
            raise nonsense("the list of jobs has no jobs", answer.text)
        return [job_of(job, "a job in a list") for job in jobs]

    def job(self, name: str) -> JobView:
        """One job, asked for by its id."""
        answer = self._ask("GET", f"/jobs/{name}", query={"exclude_params": "true"})
        if answer.refused:
            raise FellShort(Kind.OBSERVATION, f"GET /jobs/{name}: HTTP status {answer.status}: {answer.text[:200]}")
        return job_of(answer.body, f"job {name}")


def _done(answer: Answer) -> Outcome:
    return refusal_of(answer) if answer.refused else Accepted()


def _same(one: SessionView, other: SessionView) -> bool:
    """Whether two readings of a session tell the same, but for usage, which grows by itself."""
    return replaced(one, usage_time=0) == replaced(other, usage_time=0)

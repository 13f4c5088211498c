"""The timers of the plain implementation: every one is looked for whenever time passes."""

from __future__ import annotations

from typing import TypeAlias

from .life import PlainLife
from .records import PlainJob, PlainSession

MAX_TTL, USAGE, INTERACTIVE, NO_SUBMISSION, LIMIT = range(5)
"""The timers, in the order in which they fire at one instant (T-02)."""

Timer: TypeAlias = tuple[int, int, int, str]
"""Due, which timer, number of the session or job, its id."""


class PlainTimers(PlainLife):
    """Time passes by steps of its own."""

    def _catch_up(self, until: int) -> None:
        """Everything due by then happens at its own time (T-02)."""
        if until < self.now - 1:
            raise ValueError(f"time ran backwards: it is {self.now}, and {until} was asked for")
        while (timer := min(self._timers(), default=None)) is not None and timer[0] <= until:
            self._fire(timer)
        self.now = max(self.now, until)

    def next_deadline(self) -> int | None:
        """When the next timer is due."""
        return min((timer[0] for timer in self._timers()), default=None)

    def armed(self) -> set[int]:
        """When the timers that are armed are due, each at the time at which it will fire if nothing else happens."""
        return {timer[0] for timer in self._timers()}

    def _timers(self) -> list[Timer]:
        """Every timer that is armed."""
        found = []
        for session in self.sessions.values():
            if session.state == "closed":
                continue
            for kind, due in enumerate(self._deadlines(session)):
                if due is not None:
                    found.append((due, kind, session.number, session.id))
        for name in self.on_device:
            job = self.jobs[name]
            due = self._due_limit(job)
            if due is not None:
                found.append((due, LIMIT, job.number, name))
        return found

    def _deadlines(self, session: PlainSession) -> tuple[int | None, int | None, int | None, int | None]:
        return (
            self._due_max_ttl(session),
            self._due_usage(session),
            self._due_interactive(session),
            self._due_no_submission(session),
        )

    def _due_usage(self, session: PlainSession) -> int | None:
        limit = session.half.usage_limit
        if limit is None:
            return None
        left = limit - self._usage(session, self.now)
        if left <= 0:
            return self.now
        rate = self._usage(session, self.now + 1) - self._usage(session, self.now)
        return self.now + -(-left // rate) if rate else None

    def _due_interactive(self, session: PlainSession) -> int | None:
        since, length = session.idle_since, session.interactive
        if session.state != "active" or not session.accepting or since is None or length is None:
            return None
        if session.half.idle_action == "none":
            return None
        if session.half.idle_from == "last_submission" and session.last_submission is not None:
            return max(since, session.last_submission + length)
        return since + length

    def _due_no_submission(self, session: PlainSession) -> int | None:
        since, length = session.idle_since, session.half.no_submission
        if session.state != "open" or not session.accepting or since is None or length is None:
            return None
        return since + length

    def _due_limit(self, job: PlainJob) -> int | None:
        if job.status != "running" or job.limit is None or job.started is None:
            return None
        return job.started + job.limit

    def _fire(self, timer: Timer) -> None:
        """One timer takes effect at its deadline, and what may start then starts."""
        due, kind, _, name = timer
        self.now = due
        if kind == LIMIT:
            self._on_limit(self.jobs[name], due)
        else:
            self._on_timer(self.sessions[name], kind, due)
        self._dispatch(due)

    def _on_timer(self, session: PlainSession, kind: int, at: int) -> None:
        if kind == MAX_TTL:
            self._end(session, "max_ttl", at)
        elif kind == USAGE:
            self._end(session, "usage_limit", at)
        elif kind == NO_SUBMISSION:
            self._end(session, "no_submission", at)
        elif session.half.idle_action == "end":
            self._end(session, "interactive_ttl", at)
        else:
            self._deactivate(session, at)

    def _on_limit(self, job: PlainJob, at: int) -> None:
        """J-05: the job is being stopped."""
        job.status, job.code = "cancelling", 1305
        session = self._session_of(job)
        if session is not None and session.state != "closed" and session.half.failure_policy == "abort":
            self._end(session, "job_failed", at)

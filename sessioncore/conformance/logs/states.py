"""One state in which a service could be, and what can happen to it: the reference, with bounds on every instant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import final

from sessioncore.core.events import (
    Event,
    ExecutionLimitExpired,
    InteractiveTtlExpired,
    JobStarted,
    MaxTtlExpired,
    NoSubmissionExpired,
    OpenRequested,
    SubmitRequested,
    UsageLimitReached,
)
from sessioncore.core.job import RUNNING
from sessioncore.core.profiles import Profile
from sessioncore.core.session import STARTED, Session
from sessioncore.core.values import replaced

from ..tally import rules_shown
from .timeless import Timeless
from .zones import FAR, NOW, ORIGIN, Zone

ANY_LENGTH = 1 << 60
"""Stands for a length of time that the log does not tell and nothing bounds, in microseconds."""

CHANGED = "changed"
"""The instant at which the configuration last changed."""


@final
class State:
    """A state of the reference and a zone of instants. Changed only by the step that makes it.

    ``used`` bounds the usage up to the instant ``metered``. ``left`` is how many more lines may be missing here,
    ``lossy`` whether any were. ``loose`` names what is not known of it: ``max_ttl``, ``limit JOB``, ``reason JOB``.
    ``inferred`` are the steps that no line tells, each with its job; ``done`` says which lines it has explained.
    Where several ways lead here, ``unsure`` says how often each row fired and each rule was exercised in this one and
    not in all of them, and ``elsewhere`` which were in others alone.
    """

    __slots__ = (
        "core", "done", "elsewhere", "inferred", "keep", "left", "loose", "lossy", "unsure", "used", "zone",
    )  # fmt: skip

    def __init__(self, profile: Profile, keep: frozenset[str]) -> None:
        self.core = Timeless(profile)
        self.zone = Zone()
        self.keep = keep
        self.used = (0, 0)
        self.left = 0
        self.lossy = False
        self.loose: frozenset[str] = frozenset()
        self.inferred: tuple[tuple[str, str], ...] = ()
        self.done: tuple[int, frozenset[int]] = (0, frozenset())
        self.unsure: Counter[str] = Counter()
        self.elsewhere: frozenset[str] = frozenset()

    def copy(self) -> State:
        """A copy whose zone can be narrowed; the core is shared until a step forks it."""
        twin: State = object.__new__(State)
        for name in State.__slots__:
            setattr(twin, name, getattr(self, name))
        twin.zone = self.zone.copy()
        return twin

    def key(self) -> tuple[object, ...]:
        """Equal for states that differ in their instants, their usage and their missing lines alone."""
        return self.core.key(), self.zone.names, self.loose, self.lossy, self.done

    def covers(self, other: State) -> bool:
        """Whether whatever the other can explain, this one can. Both have the same key."""
        return (
            self.left >= other.left
            and self.used[0] <= other.used[0]
            and self.used[1] >= other.used[1]
            and self.zone.holds(other.zone)
        )

    def stands_for(self, other: State) -> bool:
        """Take note of another way that led here; whether that made anything less sure."""
        unsure = self.met - (self.sure & other.sure)
        elsewhere = (self.elsewhere | other.elsewhere | other.met.keys()) - self.met.keys()
        if (unsure, elsewhere) == (self.unsure, self.elsewhere):
            return False
        self.unsure, self.elsewhere = unsure, elsewhere
        return True

    @property
    def met(self) -> Counter[str]:
        """The rows that fired on this way, and the rules that they exercised."""
        fired = self.core.fired
        for row, times in tuple(fired.items()):
            fired.update(dict.fromkeys(rules_shown(row), times))
        return fired

    @property
    def sure(self) -> Counter[str]:
        """The same for every way that leads here, as often as it was in all of them."""
        return self.met - self.unsure

    # --- time ------------------------------------------------------------------------------------------------

    def timers(self) -> Iterator[tuple[Event, str, int, int]]:
        """Every armed timer: its event, the instant from which it counts, and how long after it is due."""
        session = self.core.only
        if session is not None:
            yield from self._session_timers(session)
        for job in self.core.jobs.values():
            if job.status is RUNNING and job.execution_limit is not None:
                least = most = job.execution_limit
                if f"limit {job.id}" in self.loose:
                    half = self.core.profile.dedicated if session is None else session.terms.parameters
                    least, most = 1, half.execution_limit or FAR
                yield ExecutionLimitExpired(at=0, job_id=job.id), f"start of {job.id}", least, most

    def _session_timers(self, session: Session) -> Iterator[tuple[Event, str, int, int]]:
        name, vague = session.id, "max_ttl" in self.loose
        if session.closed_at is not None:
            return
        if session.max_ttl_due is not None:
            assert session.max_ttl is not None
            yield MaxTtlExpired(at=0, session_id=name), "started_at", 1 if vague else session.max_ttl, session.max_ttl
        if session.interactive_due is not None:
            assert session.interactive_ttl is not None
            early = vague or session.terms.parameters.idle_from == "last_submission"
            least = 0 if early else session.interactive_ttl
            yield InteractiveTtlExpired(at=0, session_id=name), "work_ran_out", least, session.interactive_ttl
        if session.no_submission_due is not None:
            length = session.terms.parameters.no_submission
            assert length is not None
            yield NoSubmissionExpired(at=0, session_id=name), "work_ran_out", length, length
        limit = session.terms.parameters.usage_limit
        if limit is not None and session.configuration in STARTED and (session.rate or self.used[1] >= limit):
            rate = session.rate or 1
            least, most = (max(0, -(-(limit - used) // rate)) for used in reversed(self.used))
            most = most if session.rate or not most else FAR
            yield UsageLimitReached(at=0, session_id=name), "metered", least, most

    def wait(self, least: int, most: int, *, urgent: bool = True) -> bool:
        """Let time pass to an instant in ``[least, most]``; False where there is none before the next timer."""
        zone = self.zone
        zone.pass_time()
        zone.within(NOW, ORIGIN, least, most)
        if urgent:
            for _, base, _, length in self.timers():
                if zone.empty:
                    return False
                zone.limit(NOW, base, length)
        return not zone.empty

    # --- steps -----------------------------------------------------------------------------------------------

    def after(self, event: Event, least: int, most: int, *, urgent: bool = True) -> State | None:
        """The state once the event has happened at an instant in ``[least, most]``; None where there is no such
        instant. Raises what the core raises."""
        twin = self.copy()
        return twin.stepped(event) if twin.wait(least, most, urgent=urgent) else None

    def fire(self, event: Event, base: str, length: tuple[int, int], most: int) -> State | None:
        """The state once the timer has fired at its deadline, at ``most`` at the latest."""
        twin = self.copy()
        if not twin.wait(-FAR, most):
            return None
        twin.zone.within(NOW, base, *length)
        return None if twin.zone.empty else twin.stepped(event)

    def stepped(self, event: Event) -> State:
        """This state, changed by an event at the instant at which it stands. For a copy that nobody else has."""
        before, running = self.core.only, self._running()
        self.core = self.core.fork()
        self.core.take(event)
        self._note_jobs(running)
        after = self.core.only
        if after is not None and after is not before:
            self._note_session(before, after, event)
        return self

    def _running(self) -> frozenset[str]:
        return frozenset(job.id for job in self.core.jobs.values() if job.status is RUNNING)

    def _note_jobs(self, running: frozenset[str]) -> None:
        now = self._running()
        for job in now - running:
            if self.core.jobs[job].execution_limit is not None:
                self.zone.put(f"start of {job}")
        for job in running - now:
            self.zone.drop(f"start of {job}")

    def _note_session(self, before: Session | None, after: Session, event: Event) -> None:
        """Keep the instants that the step has set."""
        zone = self.zone
        if before is None or after.configuration is not before.configuration:
            self._put(CHANGED)
        if before is None:
            self._put("created_at")
            zone.put("work_ran_out")
            if after.started_at is not None:
                zone.put("started_at")
                self._put("activated_at")
            self._meter(0)
            return
        if after.rate != before.rate:
            self._meter(before.rate)
        if after.work_ran_out_at is None:
            zone.drop("work_ran_out")
        elif before.work_ran_out_at is None:
            zone.put("work_ran_out")
        if after.configuration in STARTED and before.configuration not in STARTED:
            self._put("activated_at")
            if before.started_at is None:
                zone.put("started_at")
        if after.on_device > before.on_device and isinstance(event, JobStarted):
            self._put("last_job_started")
        if after.on_device < before.on_device:
            self._put("last_job_completed")
        if after.closed_at is not None and before.closed_at is None:
            self._put("closed_at")
            zone.drop("work_ran_out")
            if "started_at" not in self.keep:
                zone.drop("started_at")

    def _put(self, name: str) -> None:
        if name in self.keep:
            self.zone.put(name)

    def _meter(self, rate: int) -> None:
        """U-01, U-02: the rate of usage changes now."""
        if "usage_time" not in self.keep:
            return
        if rate:
            self.used = self.usage(rate)
        self.zone.put("metered")

    def usage(self, rate: int) -> tuple[int, int]:
        """The least and the most that has been used by now."""
        least, most = self.zone.span(NOW, "metered")
        return self.used[0] + rate * least, self.used[1] + rate * most

    # --- what is not told ------------------------------------------------------------------------------------

    def opened(self, event: OpenRequested, vague: frozenset[str], least: int, most: int) -> State | None:
        """The state after an opening of which something may not be known."""
        loose = self.loose
        if "max_ttl" in vague and event.max_ttl is None:
            ceiling = self.core.profile.half(event.mode).max_ttl
            event, loose = replaced(event, max_ttl=ceiling or ANY_LENGTH), loose | {"max_ttl"}
        found = self.after(event, least, most)
        if found is not None:
            found.loose = loose
        return found

    def submitted(self, event: SubmitRequested, vague: frozenset[str], least: int, most: int) -> State | None:
        """The state after a submission of which something may not be known."""
        loose = self.loose
        if "max_execution" in vague and event.max_execution is None:
            session = self.core.only
            ceiling = None if session is None else session.max_ttl
            event, loose = replaced(event, max_execution=ceiling or ANY_LENGTH), loose | {f"limit {event.job_id}"}
        found = self.after(event, least, most)
        if found is not None:
            found.loose = loose
        return found

"""The worlds in which Hypothesis plays: profiles with timers of a few microseconds, and what both machines share."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from sessioncore.core import (
    AZURE,
    IBM_GUIDE,
    PASQAL_BATCH,
    SCALEWAY,
    CancelRequested,
    CloseRequested,
    Event,
    Job,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobStatus,
    JobSucceeded,
    MaxTtlExpired,
    OpenRequested,
    Parameters,
    Profile,
    Session,
    SessionState,
    SubmitRequested,
)
from sessioncore.core.values import replaced

from .model_driver import Pair

QUEUED = JobStatus.QUEUED
ON_DEVICE = (JobStatus.RUNNING, JobStatus.CANCELLING)
ENDED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)

FAMILIES = ("ibm-guide", "azure", "scaleway", "pasqal-batch", "any")
"""The profiles that are played; ``any`` draws every switch and limit at random."""

ROUNDS_MAX = 200
"""Steps within which a drive to the end must come to an end."""

WHEN = ("now", "now", "soon", "deadline", "deadline", "beyond")
REPORT_KINDS = (JobSucceeded, JobFailed, JobReleased)
kinds = st.sampled_from((JobSucceeded, *REPORT_KINDS))
indices = st.integers(0, 7)
lengths = st.sampled_from((None, None, None, 1, 2, 5, 40, 0, -1))


def _maybe(least: int, most: int) -> st.SearchStrategy[int | None]:
    return st.one_of(st.none(), st.integers(least, most))


def _half(*, dedicated: bool) -> st.SearchStrategy[Parameters]:
    """Any parameters at all; the first setting of a switch, which shrinking prefers, is the guide's."""
    return st.builds(
        Parameters,
        max_ttl=_maybe(2, 14),
        interactive_ttl=_maybe(1, 5),
        no_submission=_maybe(1, 6),
        execution_limit=_maybe(1, 8),
        job_limit=st.one_of(st.none(), st.none(), st.integers(1, 4)),
        usage_limit=st.one_of(st.none(), st.none(), st.integers(1, 10)),
        start_event=st.sampled_from(("first_dispatch", "first_dispatch", "first_dispatch", "create")),
        idle_from=st.sampled_from(("work_ran_out", "last_submission")),
        idle_action=st.sampled_from(("deactivate", "deactivate", "end", "none")),
        queued_at_end=st.sampled_from(("fail", "cancel")),
        on_device_at_end=st.sampled_from(("finish", "stop")),
        failure_policy=st.sampled_from(("continue", "continue", "abort")),
        exclusive=st.sampled_from(("yes", "yes", "yes", "no") if dedicated else ("no", "no", "no", "yes")),
        usage=st.sampled_from(("windows", "lanes") if dedicated else ("lanes", "windows")),
    )


def profiles(family: str) -> st.SearchStrategy[Profile]:
    """Profiles of one family, with timers short enough to tick through."""
    if family == "any":
        return st.builds(
            lambda dedicated, batch: Profile(name="any", dedicated=dedicated, batch=batch),
            _half(dedicated=True),
            _half(dedicated=False),
        )
    if family == "azure":
        azure = AZURE.with_values(interactive_ttl=4)
        return st.sampled_from((azure, azure.with_values(failure_policy="abort")))
    if family == "scaleway":
        return st.just(SCALEWAY.with_values(max_ttl=14, interactive_ttl=5))
    if family == "pasqal-batch":
        return st.just(PASQAL_BATCH)
    guide = IBM_GUIDE.with_values(max_ttl=14, interactive_ttl=3, no_submission=4, execution_limit=6)
    few = replaced(guide, dedicated=replaced(guide.dedicated, job_limit=3), batch=replaced(guide.batch, job_limit=2))
    return st.sampled_from((guide, few, guide, few, guide.with_values(usage_limit=9)))


class World(RuleBasedStateMachine):
    """One core under test with its reference, and the rules that make sense for both kinds of core.

    ``fired`` collects, over all runs of a machine, the chart rows that fired and the refused rows that were met.
    """

    family = "ibm-guide"
    fired: Counter[str]
    pair: Pair | None = None
    jobs_made = 0
    sessions_made = 0

    # --- what there is -------------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """The core's time."""
        assert self.pair is not None
        return self.pair.core.now

    def jobs(self, *statuses: JobStatus, of: str | None = None) -> list[Job]:
        """The jobs with one of these statuses, of one session or of all, oldest first."""
        assert self.pair is not None
        found = [job for job in self.pair.core.jobs.values() if job.status in statuses]
        return [job for job in found if of is None or job.session_id == of]

    def sessions(self, *, live: bool = True) -> list[Session]:
        """The sessions, all or only those that are not closed."""
        assert self.pair is not None
        every = list(self.pair.core.sessions.values())
        return [one for one in every if not live or one.state is not SessionState.CLOSED]

    def send(self, event: Event) -> bool:
        """Hand an event in; whether it was taken."""
        assert self.pair is not None
        return self.pair.send(event) is None

    def instant(self, when: str) -> int:
        """A moment: now, soon, exactly at the next deadline, or beyond it."""
        assert self.pair is not None
        due = self.pair.core.next_deadline()
        if when == "soon":
            return self.now + 1
        if when == "now" or due is None:
            return self.now
        return due if when == "deadline" else due + 2

    def begin(self, pair: Pair) -> None:
        """Play with this pair from now on."""
        self.collect()
        self.pair = pair

    def collect(self) -> None:
        """Count what the present core fired."""
        if self.pair is None:
            return
        self.fired.update(self.pair.core.fired)
        self.fired.update(self.pair.met)
        self.fired["steps"] += self.pair.steps

    # --- rules of both machines ----------------------------------------------------------------------------

    def new_job(self, session_id: str | None, length: int | None = None, *, instance: str = "", at: int = -1) -> bool:
        """Submit one more job."""
        self.jobs_made += 1
        name = f"j{self.jobs_made}"
        moment = max(at, self.now)
        return self.send(
            SubmitRequested(at=moment, job_id=name, session_id=session_id, max_execution=length, instance=instance)
        )

    @rule(index=indices, length=lengths, when=st.sampled_from(WHEN))
    def submit(self, index: int, length: int | None, when: str) -> None:
        """Into a live session if there is one; if not, most often a new one comes first."""
        if index and not self.sessions():
            self.open_another()
        targets = self.sessions() or self.sessions(live=False)
        if targets:
            self.new_job(targets[index % len(targets)].id, length, at=self.instant(when))

    @rule(index=indices, kind=kinds, when=st.sampled_from(WHEN))
    def report(self, index: int, kind: Any, when: str) -> None:
        """A job leaves the device."""
        targets = self.jobs(*ON_DEVICE)
        if targets:
            self.send(kind(at=self.instant(when), job_id=targets[index % len(targets)].id))

    @rule(index=indices, queued=st.booleans(), when=st.sampled_from(WHEN))
    def cancel_job(self, index: int, queued: bool, when: str) -> None:
        """Of the jobs that are queued, or of those that are not final."""
        targets = (queued and self.jobs(QUEUED)) or self.jobs(QUEUED, *ON_DEVICE)
        if targets:
            self.send(JobCancelRequested(at=self.instant(when), job_id=targets[index % len(targets)].id))

    @rule(index=indices, cancels=st.sampled_from((False, False, True)), when=st.sampled_from(WHEN))
    def end_session(self, index: int, cancels: bool, when: str) -> None:
        """Close or cancel a session, of those alive if there are."""
        targets = self.sessions() or self.sessions(live=False)
        if targets:
            kind = CancelRequested if cancels else CloseRequested
            self.send(kind(at=self.instant(when), session_id=targets[index % len(targets)].id))

    @rule(gap=st.integers(1, 9))
    def wait(self, gap: int) -> None:
        """Time passes."""
        assert self.pair is not None
        self.pair.advance(self.now + gap)

    @rule()
    def wait_for_the_next_deadline(self) -> None:
        """Time passes until exactly then."""
        assert self.pair is not None
        self.pair.advance(self.instant("deadline"))

    @rule(takes_over=st.booleans())
    def restore(self, takes_over: bool) -> None:
        """From here on a restored core goes along; or the one that went along takes over."""
        assert self.pair is not None
        if takes_over and self.pair.twin is not None:
            self.pair.core, self.pair.twin = self.pair.twin, None
        else:
            self.pair.twin = self.pair.core.fork()

    # --- what comes too late, or is about nobody -----------------------------------------------------------

    @rule(ghost=st.booleans())
    def stray(self, ghost: bool) -> None:
        """Reports and requests about what has ended or has not begun, or (``ghost``) about what never was."""
        for kind in REPORT_KINDS:
            for name in ("nobody",) if ghost else self.some_ids(QUEUED) + self.some_ids(*ENDED):
                self.send(kind(at=self.now, job_id=name))
        for name in ("nobody",) if ghost else self.some_ids(JobStatus.CANCELLING) + self.some_ids(*ENDED):
            self.send(JobCancelRequested(at=self.now, job_id=name))
            self.stray_start(name)
        over = [one.id for one in self.sessions(live=False) if one.state is SessionState.CLOSED][-1:]
        draining = [one.id for one in self.sessions() if not one.accepting_jobs][-1:]
        for name in ["nobody"] if ghost else over + draining:
            self.new_job(name)
            self.send(CloseRequested(at=self.now, session_id=name))
        for name in ["nobody"] if ghost else over:
            self.send(CancelRequested(at=self.now, session_id=name))

    def some_ids(self, *statuses: JobStatus) -> tuple[str, ...]:
        """The latest job with one of these statuses, if there is one."""
        return tuple(job.id for job in self.jobs(*statuses)[-1:])

    def stray_start(self, job_id: str) -> None:
        """A start that cannot be."""
        raise NotImplementedError

    @rule(what=st.sampled_from(("back", "forgotten", "twice", "timer")), late=st.integers(0, 3))
    def host_error(self, what: str, late: int) -> None:
        """Errors of the host: they raise, and nothing changes."""
        {
            "back": self.time_runs_back,
            "forgotten": lambda: self.timers_forgotten(late),
            "twice": self.ids_twice,
            "timer": self.timers_are_not_handed_in,
        }[what]()

    def time_runs_back(self) -> None:
        """T-04."""
        assert self.pair is not None
        self.pair.must_raise(JobSucceeded(at=self.now - 1, job_id="j1"), "T-04")
        back = self.now - 2
        core = self.pair.core
        self.pair.host_error("T-04", lambda: core.advance(back))

    def timers_forgotten(self, late: int) -> None:
        """T-03: a request at or after a deadline, a report after one."""
        assert self.pair is not None
        due = self.pair.core.next_deadline()
        if due is not None:
            self.pair.must_raise(JobCancelRequested(at=due + late, job_id="j1"), "T-03")
            self.pair.must_raise(JobSucceeded(at=due + 1 + late, job_id="j1"), "T-03")

    def ids_twice(self) -> None:
        """J-09, raised before everything else."""
        assert self.pair is not None
        self.pair.advance(self.now)
        for session in self.sessions(live=False)[:1]:
            self.pair.must_raise(OpenRequested(at=self.now, session_id=session.id, max_ttl=-1), "J-09")
        for job in self.jobs(*JobStatus)[:1]:
            twice = SubmitRequested(at=self.now, job_id=job.id, session_id="nobody", max_execution=-1)
            self.pair.must_raise(twice, "J-09")

    def timers_are_not_handed_in(self) -> None:
        """The core makes its timers itself."""
        assert self.pair is not None
        self.pair.advance(self.now)
        self.pair.must_raise(MaxTtlExpired(at=self.now, session_id="s1"), "T-05")

    # --- the end -------------------------------------------------------------------------------------------

    def finish_everything(self) -> None:
        """Liveness: every report comes, time goes on, clients close what has no end of its own; then all is over."""
        assert self.pair is not None
        for _ in range(ROUNDS_MAX):
            due = self.pair.core.next_deadline()
            on_device = self.jobs(*ON_DEVICE)
            if on_device:
                self.send(JobSucceeded(at=self.now, job_id=on_device[0].id))
            elif self.start_something():
                continue
            elif due is not None:
                self.pair.advance(due)
            elif not self.close_what_has_no_end():
                break
        else:
            raise AssertionError("it goes on for ever")
        assert not self.jobs(QUEUED, *ON_DEVICE), "fairness: an accepted job never ended"
        assert not self.sessions(), "fairness: a session that was closed, or whose time was bounded, never ended"

    def close_what_has_no_end(self) -> bool:
        """Close an idle session that no timer will ever end, if there is one; and look that it may be so. (Others may
        have been waiting for it: it can hold the device for ever.)"""
        for session in self.sessions():
            assert session.started_at is None or session.max_ttl is None, f"fairness: {session.id} outlives its max TTL"
            if self.jobs(QUEUED, of=session.id):
                continue
            limit = session.terms.parameters.no_submission
            assert session.started_at is not None or limit is None, f"fairness: {session.id} waits for ever for a job"
            return self.send(CloseRequested(at=self.now, session_id=session.id))
        return False

    def open_another(self) -> None:
        """One more session."""
        raise NotImplementedError

    def run_queued(self, of: str, most: int) -> None:
        """Bring up to ``most`` queued jobs of this session onto the device, as far as it is in the host's hands."""
        raise NotImplementedError

    def hold(self, yes: bool) -> None:
        """Let nothing start by itself, or let everything again."""
        raise NotImplementedError

    def start_something(self) -> bool:
        """What a fair host does for the queued jobs; whether there was something to do."""
        raise NotImplementedError

    def teardown(self) -> None:
        """Drive to the end, and count."""
        if self.pair is not None:
            self.finish_everything()
            self.collect()
            self.pair = None

"""What a case has in mind, for a target whose jobs start and end by themselves: how long each job should run, and how
far its jobs should have come at each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import attrs

from sessioncore.core.errors import HostError
from sessioncore.core.events import (
    REPORTS,
    Advanced,
    Event,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobStarted,
    JobSucceeded,
    SubmitRequested,
)
from sessioncore.core.profiles import FIFO, IBM_GUIDE, Policy, Profile
from sessioncore.core.states import JobStatus

from .cases import Case
from .oracle import Oracle, time_before
from .protocol import View
from .reference import SEEN_AS
from .running import NotApplicable

RANKS: Mapping[str, int] = {"queued": 0, "running": 1, "completed": 2, "failed": 2, "cancelled": 2}
"""How far a job has come; it never goes back (J-01)."""


@final
@attrs.frozen(kw_only=True)
class Plan:
    """``lengths`` says for each job whether it should be ``short``, ``medium``, ``long`` or ``failing``; ``reached``
    how far the jobs should have come after each event of the case."""

    lengths: Mapping[str, str]
    reached: tuple[Mapping[str, int], ...]

    def behind(self, step: int, view: View) -> str:
        """A job that has not come so far yet as it should after this step; empty if there is none."""
        for job, rank in self.reached[step].items():
            shown = view.jobs.get(job)
            if shown is None or RANKS.get(shown.status, 2) >= rank:
                continue
            if shown.status == "running" and self.lengths.get(job) == "long":
                continue  # it has started later than was meant, and nothing will end it now
            return job
        return ""


def softened(case: Case) -> Case:
    """The case for a target whose jobs cannot be made to fail or to be lost: there they succeed."""
    events = tuple(
        JobSucceeded(at=event.at, job_id=event.job_id) if isinstance(event, JobFailed | JobReleased) else event
        for event in case.events
    )
    return attrs.evolve(case, events=events)


def plan_of(case: Case, profile: Profile = IBM_GUIDE, *, lanes: int = 1, policy: Policy = FIFO) -> Plan:
    """The plan of a case: the reference lives through it, with jobs that end when the case says so.

    A job that succeeds in the very step after its start may be short; one that something else happens to on the way
    must run for a moment; one whose end the case does not tell must run on. Raises :class:`NotApplicable` for a case
    that no scheduler of its own could bring about.
    """
    oracle = Oracle(profile, lanes=lanes, policy=policy)
    lengths: dict[str, str] = {}
    started: dict[str, int] = {}
    reached: list[Mapping[str, int]] = []
    for step, event in enumerate(case.events):
        if event.at < oracle.now - isinstance(event, REPORTS):
            raise NotApplicable("time that runs backwards cannot be asked of a service")
        if isinstance(event, JobStarted):
            raise NotApplicable("its scheduler is its own")
        oracle.pass_time(max(time_before(event), oracle.now))
        if isinstance(event, JobReleased) and _status(oracle, event.job_id) is JobStatus.RUNNING:
            raise NotApplicable("its device cannot be made to lose a job")
        _note_starts(oracle, started, step)
        if isinstance(event, SubmitRequested):
            lengths[event.job_id] = "long"
        elif isinstance(event, JobSucceeded | JobFailed | JobCancelRequested):
            _shorten(event, lengths, started, step)
        if not isinstance(event, Advanced):
            try:
                oracle.apply(event)
            except HostError as error:
                raise NotApplicable(f"the case itself breaks {error.rule}") from error
            _note_starts(oracle, started, step)
        reached.append({name: RANKS[SEEN_AS[job.status]] for name, job in oracle.core.jobs.items()})
    return Plan(lengths=lengths, reached=tuple(reached))


def _status(oracle: Oracle, job: str) -> JobStatus:
    found = oracle.core.job(job)
    return JobStatus.NONE if found is None else found.status


def _note_starts(oracle: Oracle, started: dict[str, int], step: int) -> None:
    for _, job in oracle.started:
        started.setdefault(job, step)


def _shorten(event: Event, lengths: dict[str, str], started: Mapping[str, int], step: int) -> None:
    """A job that the case lets end by itself need not be long."""
    job = getattr(event, "job_id", "")
    if job not in started or isinstance(event, JobCancelRequested):
        return
    if isinstance(event, JobFailed):
        lengths[job] = "failing"
    elif lengths.get(job) == "long":
        lengths[job] = "short" if step == started[job] + 1 else "medium"

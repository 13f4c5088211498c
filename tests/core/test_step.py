"""The pure step: it answers with a new value and changes nothing that it was given."""

from __future__ import annotations

import random
from typing import Any

import attrs
import pytest

from sessioncore.core import (
    IBM_GUIDE,
    CancelRequested,
    ClientError,
    CloseRequested,
    Configuration,
    JobCancelRequested,
    JobFailed,
    JobStarted,
    JobStatus,
    JobSucceeded,
    NotifyJob,
    NotifySession,
    OpenRequested,
    SessionState,
    SubmitRequested,
    open_session,
    step,
    step_job,
)
from sessioncore.core.signals import JobOverran

from .session_bench import SECOND, Bench, lone_session

STARTED = JobStarted(at=2, job_id="a")


@pytest.mark.rule("S-01", "S-05", "S-09")
def test_a_session_is_opened_and_stepped_as_a_value() -> None:
    opened = open_session(OpenRequested(at=0, session_id="s"), IBM_GUIDE.dedicated)
    assert opened.row.id == "S-01.open"
    queued = step(opened.session, SubmitRequested(at=1, job_id="a", session_id="s"))
    assert (queued.row.id, queued.effects) == ("S-05.submit", ())
    started = step(queued.session, JobStarted(at=2, job_id="a"))
    assert started.row.id == "S-09.start"
    assert started.effects == (
        NotifySession(at=2, session_id="s", state=SessionState.ACTIVE, accepting_jobs=True, row="S-09.start"),
    )
    assert started.session.configuration is Configuration.ACTIVE
    assert opened.session.queued == 0, "the values before are as they were"
    assert (queued.session.queued, started.session.queued, started.session.on_device) == (1, 0, 1)


@pytest.mark.rule("S-02")
def test_opening_refuses_without_a_value() -> None:
    with pytest.raises(ClientError):
        open_session(OpenRequested(at=0, session_id="s", max_ttl=0), IBM_GUIDE.dedicated)


@pytest.mark.rule("S-21", "J-05", "S-17")
def test_a_step_that_changes_nothing_answers_with_the_very_value_and_the_row_that_says_so() -> None:
    opened = open_session(OpenRequested(at=0, session_id="s"), IBM_GUIDE.dedicated)
    started = step(step(opened.session, SubmitRequested(at=1, job_id="a", session_id="s")).session, STARTED).session
    draining = step(started, CloseRequested(at=3, session_id="s")).session
    closed = step(draining, CancelRequested(at=4, session_id="s")).session
    for before, event, row in (
        (started, JobOverran(at=5, session_id="s", job_id="a"), "J-05.continue"),
        (draining, CloseRequested(at=5, session_id="s"), "S-21.close-draining"),
        (closed, CloseRequested(at=5, session_id="s"), "S-21.close-closed"),
        (closed, CancelRequested(at=5, session_id="s"), "S-21.cancel-closed"),
    ):
        answer = step(before, event)
        assert answer.session is before
        assert (answer.effects, answer.row.id) == ((), row)


@pytest.mark.rule("J-01", "J-03")
def test_a_job_is_stepped_as_a_value() -> None:
    bench = lone_session()
    bench.at(0).open("s").submit("a", "s")
    queued = bench.job("a")
    running = step_job(queued, JobStarted(at=5, job_id="a"))
    assert (running.job.status, running.job.started_at) == (JobStatus.RUNNING, 5)
    assert running.effects == (NotifyJob(at=5, job_id="a", status=JobStatus.RUNNING, row="J-01.start"),)
    ended = step_job(running.job, JobSucceeded(at=6, job_id="a"))
    assert (ended.job.status, ended.row.id) == (JobStatus.COMPLETED, "J-01.complete")
    again = step_job(ended.job, JobFailed(at=7, job_id="a"))
    assert again.job is ended.job
    assert again.effects == ()
    assert queued.status is JobStatus.QUEUED


@pytest.mark.parametrize("seed", range(10))
def test_every_value_that_a_core_ever_showed_stays_as_it_was(seed: int) -> None:
    chosen = random.Random(seed)
    bench: Bench[Any] = lone_session(interactive_ttl=20 * SECOND)
    bench.at(0).open("s")
    kept = [bench.session("s")]
    looked = [(repr(kept[0]), hash(kept[0]))]
    for number in range(60):
        jobs = list(bench.core.jobs) or ["none"]
        at = number * 3 * SECOND
        event = chosen.choice(
            (
                SubmitRequested(at=at, job_id=f"j{number}", session_id="s"),
                SubmitRequested(at=at, job_id=f"j{number}", session_id="s"),
                *(JobStarted(at=at, job_id=job) for job in bench.queued()[:1]),
                *(JobSucceeded(at=at, job_id=job) for job in bench.running()[:1]),
                *(JobFailed(at=at, job_id=job) for job in bench.running()[:1]),
                *(JobCancelRequested(at=at, job_id=chosen.choice(jobs)) for _ in "a"),
                *(CloseRequested(at=at, session_id="s") for _ in "a" if number > 40),
                *(CancelRequested(at=at, session_id="s") for _ in "a" if number > 55),
            )
        )
        try:
            bench.step(event)
        except ClientError:
            continue
        kept.append(bench.session("s"))
        looked.append((repr(kept[-1]), hash(kept[-1])))
    assert [(repr(session), hash(session)) for session in kept] == looked


def test_values_cannot_be_changed() -> None:
    bench = lone_session()
    bench.at(0).open("s").submit("a", "s").start("a")
    for frozen in (bench.session("s"), bench.job("a"), *bench.said):
        for field in attrs.fields(type(frozen)):
            with pytest.raises(attrs.exceptions.FrozenInstanceError):
                setattr(frozen, field.name, None)
            with pytest.raises(attrs.exceptions.FrozenInstanceError):
                delattr(frozen, field.name)
        with pytest.raises((attrs.exceptions.FrozenInstanceError, AttributeError)):
            frozen.unheard_of = 1
        assert not hasattr(frozen, "__dict__")

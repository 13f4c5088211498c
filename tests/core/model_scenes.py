"""Scenes: rules of several steps that lead into the deep states, so that they are reached often and not by luck."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from sessioncore.core import (
    CancelRequested,
    CloseRequested,
    JobCancelRequested,
    JobFailed,
    JobStatus,
    JobSucceeded,
    Session,
    SessionState,
)

from .model_worlds import ON_DEVICE, QUEUED, World, indices, kinds

counts = st.integers(0, 3)


class Scenes(World):
    """The rules of :class:`World`, and scenes made of the same steps."""

    def accepting(self, index: int) -> str | None:
        """A session that accepts jobs; most often a new one if there is none."""
        for _ in range(2):
            found = [one.id for one in self.sessions() if one.accepting_jobs]
            if found:
                return found[index % len(found)]
            self.open_another()
        return None

    def session(self, name: str) -> Session:
        """The session of this name."""
        assert self.pair is not None
        found = self.pair.core.session(name)
        assert found is not None
        return found

    def wait_until(self, due: int | None) -> None:
        """Time passes until then, if it is not past."""
        if due is not None and due >= self.now:
            assert self.pair is not None
            self.pair.advance(due)

    def submit_some(self, name: str, count: int, length: int | None = None) -> None:
        """Jobs for one session, as long as it takes them."""
        for _ in range(count):
            if self.session(name).accepting_jobs:
                self.new_job(name, length)

    def end_all(self, name: str, kind: Any) -> None:
        """Every job of this session that is on the device leaves it."""
        for job in self.jobs(*ON_DEVICE, of=name):
            self.send(kind(at=self.now, job_id=job.id))

    @rule(index=indices, kind=kinds)
    def work_until_idle(self, index: int, kind: Any) -> None:
        """Submit, run, end: the session has no work left, and its idle timer runs."""
        name = self.accepting(index)
        if name is None:
            return
        self.submit_some(name, 1)
        for _ in range(8):
            if not self.jobs(QUEUED, *ON_DEVICE, of=name):
                return
            self.run_queued(name, 3)
            self.end_all(name, kind)

    @rule(index=indices, jobs=counts, closes=st.sampled_from((False, False, True)), resumes=st.booleans())
    def inactive_with_a_queue(self, index: int, jobs: int, closes: bool, resumes: bool) -> None:
        """S-08, S-11: idle until it turns inactive, then jobs that wait; closed now, it drains while inactive."""
        name = self.accepting(index)
        if name is None:
            return
        if self.session(name).state is not SessionState.INACTIVE:
            self.work_until_idle(index, JobSucceeded)
            self.wait_until(self.session(name).interactive_due)
        self.hold(True)
        self.submit_some(name, jobs)
        if closes:
            self.send(CloseRequested(at=self.now, session_id=name))
        if resumes:
            self.hold(False)
            self.run_queued(name, 3)

    @rule(index=indices, jobs=counts, running=counts, kind=kinds, last=kinds)
    def drain(self, index: int, jobs: int, running: int, kind: Any, last: Any) -> None:
        """S-17, S-19: close with work left, and let the work end."""
        name = self.accepting(index)
        if name is None:
            return
        self.submit_some(name, jobs)
        self.run_queued(name, running)
        self.send(CloseRequested(at=self.now, session_id=name))
        for job in self.jobs(*ON_DEVICE, of=name)[1:]:
            self.send(kind(at=self.now + 1, job_id=job.id))
        if running > 1:
            self.run_queued(name, 3)
            self.end_all(name, last)

    @rule(index=indices, jobs=counts, running=counts, stops_one=st.booleans(), how=st.integers(0, 3), kind=kinds)
    def end_with_work_left(
        self, index: int, jobs: int, running: int, stops_one: bool, how: int, kind: Any
    ) -> None:
        """S-15, S-20, S-22 to S-25: an end that takes jobs with it, by cancel, by a timer or by a failed job."""
        name = self.accepting(index)
        if name is None:
            return
        self.submit_some(name, jobs)
        self.run_queued(name, running)
        on_device = self.jobs(*ON_DEVICE, of=name)
        if stops_one and on_device:
            self.send(JobCancelRequested(at=self.now, job_id=on_device[0].id))
        if how == 0:
            self.send(CancelRequested(at=self.now, session_id=name))
        elif how == 1 and on_device:
            self.send(JobFailed(at=self.now, job_id=on_device[-1].id))
        else:
            self.run_out_of_time(name, exactly=how == 2, kind=kind)

    def run_out_of_time(self, name: str, *, exactly: bool, kind: Any) -> None:
        """The deadline of the max TTL or of the usage limit; ``exactly`` then a job leaves the device (T-01)."""
        session = self.session(name)
        due = min((due for due in (session.max_ttl_due, session.usage_limit_due) if due is not None), default=None)
        if due is None or due <= self.now or session.state is SessionState.CLOSED:
            return
        self.wait_until(due - 1)
        for job in self.jobs(*ON_DEVICE, of=name)[:1]:
            if exactly:
                self.send(kind(at=due, job_id=job.id))
                self.late_start(name, due)
        self.wait_until(due)

    def late_start(self, name: str, at: int) -> None:
        """A start at the deadline, where the host starts jobs."""

    @rule(index=indices, kind=kinds)
    def answer_after_cancel(self, index: int, kind: Any) -> None:
        """J-03: what a device answers after its job was cancelled is discarded, and frees the lane."""
        running = self.jobs(JobStatus.RUNNING)
        if running:
            job = running[index % len(running)]
            self.send(JobCancelRequested(at=self.now, job_id=job.id))
            self.send(kind(at=self.now, job_id=job.id))

    @rule(index=indices, jobs=counts, closes=st.booleans())
    def cancel_what_is_queued(self, index: int, jobs: int, closes: bool) -> None:
        """J-02, S-16, S-19: jobs leave the queue one by one, from a session that may be draining."""
        name = self.accepting(index)
        if name is None:
            return
        self.hold(True)
        self.submit_some(name, jobs)
        if closes:
            self.send(CloseRequested(at=self.now, session_id=name))
        for job in self.jobs(QUEUED, of=name):
            self.send(JobCancelRequested(at=self.now, job_id=job.id))
        self.hold(False)

    @rule(index=indices, length=st.integers(1, 3), outlives=st.booleans(), kind=kinds)
    def run_too_long(self, index: int, length: int, outlives: bool, kind: Any) -> None:
        """J-05: a job reaches its limit, perhaps after its session ended; then the device lets go."""
        name = self.accepting(index)
        if name is None:
            return
        self.submit_some(name, 1, length)
        self.run_queued(name, 3)
        if outlives:
            self.send(CancelRequested(at=self.now, session_id=name))
        for job in self.jobs(JobStatus.RUNNING, of=name):
            self.wait_until(job.execution_limit_due)
        self.end_all(name, kind)

"""What callers may do with jobs (S-05 to S-08, J-02 to J-04, J-07 to J-09)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from sessioncore.core.errors import ClientError, HostError
from sessioncore.core.events import JobCancelRequested, SubmitRequested

from .admission import KEPT_FOR_REPORTS, admit, check_bytes, check_journal, check_tags
from .base import RuntimeBase
from .flights import LOG, PARAMS, RESULT, result_key
from .ledger import CLIENT_FINAL, HostJob, tags_bytes
from .listing import page_of
from .values import Caller, JobFilter, JobRequest, JobView
from .views import job_view


class JobOperations(RuntimeBase):
    """Submitting, showing, cancelling and deleting jobs, and handing out what they brought."""

    def admits(self, who: Caller, request: JobRequest) -> None:
        """Raise what :meth:`submit` would raise now, S-06 before all else, and change nothing."""
        with self._loop.turn() as now:
            admit(self._loop, self.limits, who, request, now)
            self._require_open()

    def submit(self, who: Caller, request: JobRequest) -> JobView:
        """Submit a job into a session or, with ``session_id`` None, on its own (S-05 to S-08)."""
        job_id = self._ids()
        self._new_id(job_id)
        # The payload is kept before the job exists, so that no accepted job is ever without one; and outside
        # the turn, so that nobody waits for a large one to be written.
        if not self._loop.flights.put_bytes(PARAMS, job_id, request.params):
            raise HostError("the payload could not be stored; there is no job", rule="S-05")
        try:
            return self._submit(who, request, job_id)
        except BaseException:
            self._loop.flights.drop_bytes(PARAMS, job_id)
            raise

    def _submit(self, who: Caller, request: JobRequest, job_id: str) -> JobView:
        with self._loop.turn() as now:
            device = admit(self._loop, self.limits, who, request, now)
            self._require_open()
            job = _host_job(who, request, job_id, now)
            self._loop.handle(
                device,
                SubmitRequested(
                    at=now,
                    job_id=job_id,
                    session_id=request.session_id,
                    max_execution=request.max_execution,
                    instance=who.instance,
                ),
                _facts_of(job),
                keep=lambda: self._loop.ledger.add_job(job),
            )
            return job_view(device.core, job, now)

    def job(self, who: Caller, job_id: str) -> JobView:
        """One job of the caller's instance, as it is now."""
        with self._loop.turn() as now:
            return self._view_job(self._job(who, job_id), now)

    def jobs(self, who: Caller, filter: JobFilter) -> tuple[list[JobView], int]:
        """One page of the jobs that pass the filter, newest first unless asked otherwise, and how many pass it in all.

        A page has at most ``limits.page_max`` jobs. O(jobs of the instance, or of the session).
        """
        with self._loop.turn():
            known = self._loop.ledger.jobs_of(who.instance, filter.session_id)
        page, total = page_of(known, filter, self.limits.page_max)
        with self._loop.turn() as now:
            return [self._view_job(job, now) for job in page if job.id in self._loop.ledger.jobs], total

    def cancel_job(self, who: Caller, job_id: str) -> JobView:
        """J-02 to J-04: queued or running, the client sees Cancelled at once; final, it is refused (409)."""
        with self._loop.turn() as now:
            known = self._job(who, job_id)
            self._cancel(known, who, now)
            return self._view_job(known, now)

    def delete_job(self, who: Caller, job_id: str) -> None:
        """Hide the job at once and for ever; one that is not final is cancelled, and forgotten when it has ended."""
        with self._loop.turn() as now:
            known = self._job(who, job_id)
            self._loop.require_writable()
            try:
                self._cancel(known, who, now)
            except ClientError as error:
                if error.rule != "J-04":  # it is final already, which is all that is needed
                    raise
            device = self._devices[known.device]
            self._loop.note(device, now, {"note": "deleted", "job_id": job_id, "user": who.user})
            self._loop.ledger.hide_job(known)
            self._loop.forget(known, now)

    def set_tags(self, who: Caller, job_id: str, tags: Sequence[str]) -> JobView:
        """Replace the job's tags (J-07)."""
        with self._loop.turn() as now:
            known = self._job(who, job_id)
            self._loop.require_writable()
            check_tags(tuple(tags), self.limits)
            check_bytes(self._loop.ledger, self.limits, tags_bytes(tags))
            check_journal(self._loop, self.limits)
            facts = {"note": "tags", "job_id": job_id, "tags": list(tags), "user": who.user}
            self._loop.note(self._devices[known.device], now, facts)
            self._loop.ledger.set_tags(known, tuple(tags))
            return self._view_job(known, now)

    def params(self, who: Caller, job_id: str) -> bytes | None:
        """The job's ``params`` as they were sent; None for a private job (J-08)."""
        with self._loop.turn():
            if self._job(who, job_id).private:
                return None
        return self.store.get(PARAMS, job_id)

    def result(self, who: Caller, job_id: str) -> bytes | None:
        """The body of the result. None: there is none (yet), or it was private and has been handed out (J-08)."""
        with self._loop.turn() as now:
            known = self._job(who, job_id)
            if known.result_bytes is None:
                return None
            key = result_key(job_id, known.attempt)
            if known.private:
                self._loop.require_writable()
                body = self.store.get(RESULT, key)
                facts = {"note": "result handed out", "job_id": job_id, "user": who.user}
                self._loop.note(self._devices[known.device], now, facts)
                self._loop.ledger.drop_result(known)
                self._loop.flights.drop_bytes(RESULT, key)
                return body
        return self.store.get(RESULT, key)

    def log(self, who: Caller, job_id: str) -> str:
        """The text of the job's log, empty if there is none."""
        with self._loop.turn():
            self._job(who, job_id)
        return (self.store.get(LOG, job_id) or b"").decode("utf-8", "replace")

    def when_final(self, who: Caller, job_id: str) -> Future[JobView]:
        """A future for the job as it is when its client first sees it final. Cancel it to stop waiting."""
        with self._loop.turn() as now:
            known = self._job(who, job_id)
            if known.status in CLIENT_FINAL:
                done: Future[JobView] = Future()
                done.set_result(self._view_job(known, now))
                return done
            self._loop.require_writable()
            return self._loop.outbox.watch(job_id)

    def _cancel(self, known: HostJob, who: Caller, now: int) -> None:
        self._loop.require_writable()
        check_journal(self._loop, self.limits, KEPT_FOR_REPORTS)
        event = JobCancelRequested(at=now, job_id=known.id)
        self._loop.handle(self._devices[known.device], event, {"user": who.user})


def _host_job(who: Caller, request: JobRequest, job_id: str, now: int) -> HostJob:
    return HostJob(
        id=job_id,
        device=request.backend,
        session_id=request.session_id,
        instance=who.instance,
        user=who.user,
        program_id=request.program_id,
        tags=request.tags,
        private=request.private,
        max_execution=request.max_execution,
        log_level=request.log_level,
        image=request.image,
        calibration_id=request.calibration_id,
        created_at=now,
        payload_bytes=len(request.params),
    )


def _facts_of(job: HostJob) -> dict[str, Any]:
    """Under ``host`` in a submission's record: what the core does not know of the job, its payload by key."""
    return {
        "instance": job.instance,
        "user": job.user,
        "program_id": job.program_id,
        "params": f"{PARAMS}/{job.id}",
        "params_bytes": job.payload_bytes,
        "tags": list(job.tags),
        "private": job.private,
        "log_level": job.log_level,
        "image": job.image,
        "calibration_id": job.calibration_id,
    }

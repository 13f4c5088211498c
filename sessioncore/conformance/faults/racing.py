"""Faults that only threads can show: what was checked is no longer so when it is acted upon."""

from __future__ import annotations

import time

from sessioncore.core.events import SubmitRequested

from ..protocol import Rejected
from .fault import fault
from .plain import PlainDevice
from .records import PlainJob, PlainSession

YIELD_S = 0.0005
"""For how long other threads get their turn between check and act, in seconds: as long as a query to a database."""


class Interrupted(PlainDevice):
    """A service that lets go of its lock in the middle of a step."""

    def _others_first(self) -> None:
        """Other threads may do something here. Meanwhile this step is half done."""
        self.lock.release()
        try:
            time.sleep(YIELD_S)
        finally:
            self.lock.acquire()


@fault("F-32", "A job is accepted by a session that closes between the check and the act.", "S-06", kind="race",
       sequential=False, needs=("threads",))  # fmt: skip
class SubmitRacesClose(Interrupted):
    def _refusal(self, event: SubmitRequested, session: PlainSession | None) -> Rejected | None:
        refusal = super()._refusal(event, session)
        self._others_first()
        return refusal


@fault("O-95", "A job that completes while its cancellation is under way is shown as cancelled.", "J-01", "J-04",
       kind="race", sequential=False, needs=("threads",))  # fmt: skip
class JobCancelRacesResult(Interrupted):
    def _cancel_running(self, job: PlainJob, at: int) -> None:
        self._others_first()
        super()._cancel_running(job, at)


@fault("O-96", "Cancelling a queued job that starts meanwhile breaks off half done.", "J-02", "J-03", kind="race",
       sequential=False, needs=("threads",), held_out=True)  # fmt: skip
class JobCancelRacesStart(Interrupted):
    def _cancel_queued(self, job: PlainJob, at: int) -> None:
        self._others_first()
        super()._cancel_queued(job, at)


@fault("O-97", "While a session is being cancelled, it is seen closed with jobs still queued.", "S-22", "S-20",
       kind="race", sequential=False, needs=("threads",))  # fmt: skip
class HalfClosed(Interrupted):
    def _take_queue(self, session: PlainSession) -> None:
        if session.queue:
            self._others_first()
        super()._take_queue(session)

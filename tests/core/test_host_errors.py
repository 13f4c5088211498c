"""What only a faulty host can cause: written down here by hand, cell by cell, since the chart cannot be its own judge.

A client never sees any of it. The pure steps refuse it, so that a mistake of a scheduler shows where it is made.
"""

from __future__ import annotations

from typing import Any

import pytest

from sessioncore.core import (
    IBM_GUIDE,
    Configuration,
    ExecutionLimitExpired,
    Fault,
    HostError,
    InteractiveTtlExpired,
    Job,
    JobStarted,
    JobStatus,
    MaxTtlExpired,
    NoSubmissionExpired,
    OpenRequested,
    SubmitRequested,
    UsageLimitReached,
    job_chart,
    session_chart,
    step,
    step_job,
)
from sessioncore.core.chart import select
from sessioncore.core.signals import JobLeftDevice, JobLeftQueue, JobOverran, SessionEnded
from sessioncore.core.values import replaced

from .session_bench import HOUR, SECOND, lone_session
from .test_refusals import in_configuration

OPEN, ACTIVE, INACTIVE = Configuration.OPEN, Configuration.ACTIVE, Configuration.INACTIVE
OPEN_DRAINING, ACTIVE_DRAINING = Configuration.OPEN_DRAINING, Configuration.ACTIVE_DRAINING
INACTIVE_DRAINING, CLOSED, NONE = Configuration.INACTIVE_DRAINING, Configuration.CLOSED, Configuration.NONE
LIVE = (OPEN, ACTIVE, INACTIVE, OPEN_DRAINING, ACTIVE_DRAINING, INACTIVE_DRAINING)
NOT_ACTIVE = (OPEN, INACTIVE, OPEN_DRAINING, INACTIVE_DRAINING)

SIGNAL = {"session_id": "s", "job_id": "a"}
TIMER = {"session_id": "s"}

OF_A_SESSION: dict[str, tuple[type, dict[str, Any], tuple[Configuration, ...]]] = {
    "J-09.session-twice": (OpenRequested, TIMER, (*LIVE, CLOSED)),
    "J-01.start-nothing": (JobStarted, {"job_id": "a"}, (NONE, CLOSED)),
    "J-02.leave-nothing": (JobLeftQueue, SIGNAL, (NONE, CLOSED)),
    "J-01.end-nothing": (JobLeftDevice, {**SIGNAL, "status": JobStatus.COMPLETED}, (NONE, *NOT_ACTIVE)),
    "J-05.nothing": (JobOverran, SIGNAL, (NONE, *NOT_ACTIVE)),
    "S-10.not-armed": (MaxTtlExpired, TIMER, (NONE, OPEN, OPEN_DRAINING, CLOSED)),
    "S-25.not-armed": (UsageLimitReached, TIMER, (NONE, *NOT_ACTIVE, CLOSED)),
    "S-13.not-armed": (InteractiveTtlExpired, TIMER, (NONE, *NOT_ACTIVE, ACTIVE_DRAINING, CLOSED)),
    "S-16.not-armed": (NoSubmissionExpired, TIMER, (NONE, *(one for one in LIVE if one is not OPEN), CLOSED)),
}
"""By row: the event, and where it cannot happen."""


@pytest.mark.rule("T-03", "J-09", "S-10", "S-13", "S-16", "S-25")
@pytest.mark.parametrize("row_id", OF_A_SESSION)
def test_what_cannot_happen_to_a_session_is_the_hosts_error_wherever_it_cannot_happen(row_id: str) -> None:
    trigger, fields, places = OF_A_SESSION[row_id]
    event = trigger(at=100 * SECOND, **fields)
    for place in places:
        if place is NONE:
            row = select(session_chart(IBM_GUIDE.dedicated.switches).cells[trigger][NONE], None, event)
            assert (row.id, row.fault) == (row_id, Fault.HOST)
            continue
        with pytest.raises(HostError) as caught:
            step(in_configuration(place).session("s"), event)
        assert caught.value.row == row_id, place


@pytest.mark.rule("S-13")
def test_an_interactive_timer_that_the_profile_has_switched_off_does_not_fire() -> None:
    session = in_configuration(ACTIVE, idle_action="none").session("s")
    with pytest.raises(HostError) as caught:
        step(session, InteractiveTtlExpired(at=100 * SECOND, session_id="s"))
    assert caught.value.row == "S-13.switched-off"


@pytest.mark.rule("S-15")
@pytest.mark.parametrize("place", LIVE)
def test_no_job_starts_at_the_max_ttl_deadline_wherever_the_session_stands(place: Configuration) -> None:
    session = replaced(in_configuration(place).session("s"), started_at=0)
    with pytest.raises(HostError) as caught:
        step(session, JobStarted(at=8 * HOUR, job_id="a"))
    assert caught.value.row == "S-15.late"


OPEN_JOB = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.CANCELLING)
ENDED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)

OF_A_JOB: dict[str, tuple[type, tuple[JobStatus, ...]]] = {
    "J-09.job-twice": (SubmitRequested, (*OPEN_JOB, *ENDED)),
    "J-05.not-armed": (ExecutionLimitExpired, (JobStatus.NONE, JobStatus.QUEUED, JobStatus.CANCELLING, *ENDED)),
    "S-22.nothing": (SessionEnded, (JobStatus.NONE, *ENDED)),
}
"""By row: the event, and where it cannot happen."""


@pytest.mark.rule("J-01", "J-05", "J-09", "S-22")
@pytest.mark.parametrize("row_id", OF_A_JOB)
def test_what_cannot_happen_to_a_job_is_the_hosts_error_wherever_it_cannot_happen(row_id: str) -> None:
    trigger, places = OF_A_JOB[row_id]
    event = trigger(at=100 * SECOND, job_id="a")
    bench = lone_session()
    bench.at(0).open("s").submit("a", "s")
    job: Job = bench.job("a")
    for place in places:
        if place is JobStatus.NONE:
            row = select(job_chart(IBM_GUIDE.dedicated.switches).cells[trigger][place], None, event)
            assert (row.id, row.fault) == (row_id, Fault.HOST)
            continue
        with pytest.raises(HostError) as caught:
            step_job(replaced(job, status=place), event)
        assert caught.value.row == row_id, place

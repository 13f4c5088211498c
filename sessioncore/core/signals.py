"""What rooms of the core tell each other: a job's row signals its session, a session's end reaches its jobs.

Signals never come from outside and never stand in a trace: they follow from events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from .events import Event
from .states import JobStatus
from .values import maker, value

if TYPE_CHECKING:
    from .chart import Row
    from .job import Job


@final
@value
class JobLeftQueue(Event):
    """A queued job was cancelled by its client (J-02)."""

    session_id: str
    job_id: str


@final
@value
class JobLeftDevice(Event):
    """A job let go of its lane and is now ``status``: completed, failed or cancelled (J-01)."""

    session_id: str
    job_id: str
    status: JobStatus


@final
@value
class JobOverran(Event):
    """A running job reached its execution limit and is being stopped (J-05)."""

    session_id: str
    job_id: str


@final
@value
class SessionEnded(Event):
    """The session of this job closed at ``at`` and takes its queued jobs with it (S-22, S-23)."""

    job_id: str


@final
@value
class JobReady(Event):
    """This queued job stands first in the order of D-03 and asks the device for a lane (T-05)."""

    job_id: str


left_device = maker(JobLeftDevice)


def heard(row: Row, event: Event, job: Job) -> Event:
    """What its session hears when this row, which names a signal, is the answer to an event at a job."""
    signal: Any = row.signal
    if signal is JobLeftDevice:
        return left_device(at=event.at, session_id=job.session_id or "", job_id=job.id, status=row.target)
    made: Event = signal(at=event.at, session_id=job.session_id, job_id=job.id)
    return made

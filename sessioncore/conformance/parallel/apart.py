"""Which sessions cannot influence each other, so that each can be looked at alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sessioncore.core.device_core import DeviceCore
from sessioncore.core.events import (
    Advanced,
    Event,
    OfflineRequested,
    OpenRequested,
    PauseRequested,
    ResumeRequested,
    SubmitRequested,
)
from sessioncore.core.job import FINAL
from sessioncore.core.states import DeviceState

EVERYBODY = (Advanced, PauseRequested, OfflineRequested, ResumeRequested)
"""Events that concern every session."""


def stay_apart(start: DeviceCore, events: Sequence[Event]) -> bool:
    """Whether nothing that these events do to one session changes another: the device starts nothing at all, or it has
    room for every job at once and no session may have it alone."""
    if any(isinstance(event, EVERYBODY) for event in events):
        return False
    if start.state is not DeviceState.ONLINE:
        return True
    modes = {session.mode for session in start.sessions.values()}
    modes |= {event.mode for event in events if isinstance(event, OpenRequested)}
    if any(start.profile.half(mode).exclusive == "yes" for mode in modes):
        return False
    jobs = sum(job.status not in FINAL for job in start.jobs.values())
    return start.lanes >= jobs + sum(isinstance(event, SubmitRequested) for event in events)


def owner_of(start: DeviceCore, events: Sequence[Event]) -> Callable[[Event], str]:
    """Gives the session that an event is about; for a job of its own, the job."""
    owners = {name: job.session_id or name for name, job in start.jobs.items()}
    owners |= {event.job_id: event.session_id or event.job_id for event in events if isinstance(event, SubmitRequested)}

    def owner(event: Event) -> str:
        session: str | None = getattr(event, "session_id", None)
        if session is not None:
            return session
        job: str = getattr(event, "job_id", "")
        return owners.get(job, job)

    return owner


def names_of(start: DeviceCore, events: Sequence[Event]) -> frozenset[str]:
    """The sessions and jobs that these events are about, with the jobs that the sessions have already."""
    owner = owner_of(start, events)
    owners = {owner(event) for event in events}
    mine = {name for name, job in start.jobs.items() if (job.session_id or name) in owners}
    return frozenset(owners | mine | {event.job_id for event in events if isinstance(event, SubmitRequested)})

"""One step of the reference, for searches over many possible states of it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import final

import attrs

from sessioncore.core.device_core import DeviceCore
from sessioncore.core.errors import ClientError, HostError
from sessioncore.core.events import (
    Advanced,
    Event,
    JobReleased,
    JobSucceeded,
    OfflineRequested,
    OpenRequested,
    PauseRequested,
    ResumeRequested,
    SubmitRequested,
)
from sessioncore.core.job import ON_DEVICE
from sessioncore.core.states import DeviceState, JobStatus

from ..blame import Spot
from ..cases import translated
from ..oracle import DONE
from ..protocol import Accepted, Outcome, Rejected


@final
@attrs.frozen(kw_only=True)
class Laws:
    """What the reference may do by itself between two operations: internal steps, which nobody calls.

    ``ends``: a job on the device ends. ``late_starts``: what may start starts later than at once; then the cores of
    the search are paused inside, and what operators wished is kept beside them. ``until``: time passes up to this
    instant (microseconds), timer by timer.
    """

    ends: bool = False
    late_starts: bool = False
    until: int | None = None


NO_STEPS = Laws()
"""Nothing happens by itself: the target's clock stands still, its jobs end when the kit says so, and start at once."""


@final
@attrs.frozen(eq=False)
class Place:
    """One state in which the target may be. ``online`` is what operators wished, where starts come late."""

    core: DeviceCore
    online: bool = True

    @property
    def key(self) -> Hashable:
        """Everything that makes a difference later."""
        core = self.core
        return core.now, core.state, self.online, tuple(core.sessions.values()), tuple(core.jobs.values())


def stepped(core: DeviceCore, event: Event) -> tuple[DeviceCore, Outcome]:
    """A copy of the core after the event, and the right answer. The event happens at the core's own time; only
    ``Advanced`` says when. A refused request changes nothing, and gives the core itself."""
    twin = core.fork()
    if isinstance(event, Advanced):
        twin.advance(max(event.at, core.now))
        return twin, DONE
    try:
        twin.handle(translated(event, core.now, {}))
    except ClientError as error:
        return core, Rejected(code=error.code, http_status=error.http_status, message=error.message)
    if isinstance(event, OpenRequested):
        return twin, Accepted(id=event.session_id)
    return twin, Accepted(id=event.job_id) if isinstance(event, SubmitRequested) else DONE


def applied(place: Place, event: Event, laws: Laws) -> tuple[Place, Outcome]:
    """The same for a place: where starts come late, the device's requests only change what is wished."""
    if laws.late_starts and isinstance(event, PauseRequested | OfflineRequested | ResumeRequested):
        return Place(place.core, isinstance(event, ResumeRequested)), DONE
    core, outcome = stepped(place.core, event)
    return Place(core, place.online), outcome


def internal(place: Place, laws: Laws) -> list[Place]:
    """Every place that one internal step leads to."""
    core, found = place.core, []
    if laws.until is not None and (due := core.next_deadline()) is not None and due <= laws.until:
        twin = core.fork()
        twin.advance(due)
        found.append(Place(twin, place.online))
    if laws.ends:
        for job in core.jobs.values():
            if job.status in ON_DEVICE:
                end = JobReleased if job.status is JobStatus.CANCELLING else JobSucceeded
                found.append(Place(stepped(core, end(at=0, job_id=job.id))[0], place.online))
    if laws.late_starts and place.online:
        twin = core.fork()
        if twin.handle(ResumeRequested(at=twin.now))[1:]:  # besides the notice about the device: something started
            twin.handle(PauseRequested(at=twin.now))
            found.append(Place(twin, place.online))
    return found


def into(core: DeviceCore, laws: Laws) -> Place:
    """The place at which a search begins."""
    if not laws.late_starts:
        return Place(core)
    twin = core.fork()
    twin.handle(PauseRequested(at=twin.now))
    return Place(twin, core.state is DeviceState.ONLINE)


def closure(places: Iterable[Place], laws: Laws) -> list[Place]:
    """These places and every other one that internal steps alone lead to."""
    found: dict[Hashable, Place] = {}
    waiting = list(places)
    while waiting:
        place = waiting.pop()
        if place.key not in found:
            found[place.key] = place
            waiting += internal(place, laws)
    return list(found.values())


def spot(before: DeviceCore, event: Event) -> Spot:
    """What the reference does with the event, for saying which rule is broken where a target does something else."""
    after, outcome = before.fork(), None
    try:
        if isinstance(event, Advanced):
            after.advance(max(event.at, before.now))
        else:
            after.handle(translated(event, before.now, {}))
    except ClientError as error:
        outcome = error.row
    except HostError:  # it has been through this event already: no row of it can be named
        after = before
    rows = (outcome,) if outcome is not None else tuple(after.fired - before.fired)
    steps = {}
    for name in after.sessions:
        told = set(before.story(name))
        fresh = tuple(row for step in after.story(name) if step not in told for row in (step[1],))
        if fresh:
            steps[name] = fresh
    return Spot(event=event, rows=rows, steps=steps, core=after)

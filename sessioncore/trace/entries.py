"""What a trace consists of: a header, then events, observations and notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, final

from sessioncore.core.chart import CHART_VERSION
from sessioncore.core.effects import AnyEffect, NotifyDevice, NotifyJob, NotifySession, StartJob, StopJob
from sessioncore.core.errors import SessionCoreError
from sessioncore.core.events import REPORTS, REQUESTS, TIMERS, Advanced, Event
from sessioncore.core.profiles import FIFO, IBM_GUIDE, Policy, Profile
from sessioncore.core.values import value

FORMAT = "sessioncore-trace"
VERSION = 1
FORGOTTEN = "forgotten"
"""The name of the note that says that a final job was dropped."""

Json: TypeAlias = Any
Record: TypeAlias = Mapping[str, Json]
"""One line of a trace as a JSON object, in the form in which stores keep it and subscribers get it."""

EVENT_TYPES: Mapping[str, type[Event]] = {cls.__name__: cls for cls in (*REQUESTS, *REPORTS, Advanced, *TIMERS)}
"""Every event class by the ``type`` it has in a trace."""

EFFECT_TYPES: Mapping[str, type[AnyEffect]] = {
    cls.__name__: cls for cls in (StartJob, StopJob, NotifyJob, NotifySession, NotifyDevice)
}
"""Every effect class by the ``type`` it has in a trace."""


class TraceError(SessionCoreError):
    """A trace that cannot be read or does not replay. The message says which line, and what was expected."""


@final
@value
class DeviceHeader:
    """One device as a trace's header names it."""

    id: str
    lanes: int = 1


@final
@value
class Header:
    """The first line of a trace: everything needed to build the cores that the events then drive.

    ``started_at`` is where the cores' time begins, in microseconds.
    """

    devices: tuple[DeviceHeader, ...]
    profile: Profile = IBM_GUIDE
    policy: Policy = FIFO
    started_at: int = 0
    chart: int = CHART_VERSION


@final
@value
class Recorded:
    """An event line. ``effects`` is None where none were recorded; ``host`` is what only the host knew."""

    seq: int
    event: Event
    device: str | None = None
    effects: tuple[AnyEffect, ...] | None = None
    host: Mapping[str, Json] | None = None


@final
@value
class Observation:
    """What an outsider saw at ``at`` (microseconds)."""

    seq: int
    at: int
    observed: Mapping[str, Json]
    device: str | None = None


@final
@value
class Note:
    """Something that only the host knows, and that is no event; ``host["note"]`` is its name."""

    seq: int
    at: int
    host: Mapping[str, Json]
    device: str | None = None


Entry: TypeAlias = Recorded | Observation | Note


@final
@value
class Trace:
    """A header and what followed it."""

    header: Header
    entries: tuple[Entry, ...] = ()

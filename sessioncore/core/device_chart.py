"""The chart of one device.

Laws of this chart, before any row:

- A device starts jobs only while it is online. Timers, reports and running jobs do not care (D-05).
- The start of a job is one question, asked for the job that stands first in the order of D-03: start, wait, or pass
  over.
- *Wait* holds up everything that stands behind: nobody is overtaken. *Pass over* means that the job has no place in the
  order now, because another session holds the device (D-01) or its own session is out of time (S-15, S-25).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chart import Atom, Chart, Guard
from .events import OfflineRequested, PauseRequested, ResumeRequested
from .rows import allow
from .signals import JobReady
from .states import DeviceState

if TYPE_CHECKING:
    from .dispatch import Candidate

ONLINE = DeviceState.ONLINE
PAUSED = DeviceState.PAUSED
OFFLINE = DeviceState.OFFLINE


def _held(candidate: Candidate, _event: JobReady) -> str:
    return "by_another" if candidate.held else "no"


def _in_time(candidate: Candidate, _event: JobReady) -> str:
    return "yes" if candidate.in_time else "no"


def _lane(candidate: Candidate, _event: JobReady) -> str:
    return "free" if candidate.free_lanes else "none"


def _shared(candidate: Candidate, _event: JobReady) -> str:
    return "yes" if candidate.exclusive and candidate.foreign else "no"


ATOMS = (
    Atom(name="held", values=("no", "by_another"), read=_held, meaning="an active exclusive session holds the device"),
    Atom(name="in_time", values=("yes", "no"), read=_in_time, meaning="before its max TTL deadline and usage limit"),
    Atom(name="lane", values=("free", "none"), read=_lane, meaning="whether a lane is free"),
    Atom(name="shared", values=("no", "yes"), read=_shared, meaning="it needs the device alone, and others are on it"),
)

PLACED: Guard = (("held", "no"), ("in_time", "yes"))


DEVICE_CHART = Chart(
    name="device",
    states=tuple(DeviceState),
    initial=ONLINE,
    finals=(),
    triggers=(JobReady, PauseRequested, OfflineRequested, ResumeRequested),
    atoms=ATOMS,
    rows=(
        allow("D-01.held", "D-01", (ONLINE,), JobReady, "Another session holds the device: no place in the order.",
              guard=(("held", "by_another"),), effect="pass_over"),
        allow("D-03.out-of-time", "D-03 S-15 S-25", (ONLINE,), JobReady,
              "Its session is out of time: no place in the order.",
              guard=(("held", "no"), ("in_time", "no")), effect="pass_over"),
        allow("D-04.full", "D-04 D-03", (ONLINE,), JobReady, "Every lane is taken: it waits, and all behind it.",
              guard=(*PLACED, ("lane", "none")), effect="wait"),
        allow("D-02.shared", "D-02 D-03", (ONLINE,), JobReady,
              "It needs the device alone and others are still on it: it waits, and all behind it.",
              guard=(*PLACED, ("lane", "free"), ("shared", "yes")), effect="wait"),
        allow("D-03.start", "D-03 T-05", (ONLINE,), JobReady, "First in the order, and it may: it starts.",
              guard=(*PLACED, ("lane", "free"), ("shared", "no")), effect="start"),
        allow("D-05.wait", "D-05", (PAUSED, OFFLINE), JobReady, "The device starts nothing now.", effect="wait"),
        allow("D-05.pause", "D-05", (ONLINE, OFFLINE), PauseRequested, "Running jobs end, others stay queued.",
              to=PAUSED),
        allow("D-05.paused", "D-05", (PAUSED,), PauseRequested, "It is paused already."),
        allow("D-05.offline", "D-05", (ONLINE, PAUSED), OfflineRequested, "Running jobs end, others stay queued.",
              to=OFFLINE),
        allow("D-05.offline-already", "D-05", (OFFLINE,), OfflineRequested, "It is offline already."),
        allow("D-05.resume", "D-05 T-05", (PAUSED, OFFLINE), ResumeRequested, "Whatever may start starts now.",
              to=ONLINE),
        allow("D-05.online", "D-05", (ONLINE,), ResumeRequested, "It is online already."),
    ),
).specialise({})  # fmt: skip
"""The chart of a device. It has no switches."""

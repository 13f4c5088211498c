"""A trace drives fresh cores, and must say again what it said."""

from __future__ import annotations

from typing import TypeAlias

from sessioncore.core.chart import CHART_VERSION
from sessioncore.core.device_core import DeviceCore
from sessioncore.core.effects import AnyEffect
from sessioncore.core.errors import SessionCoreError
from sessioncore.core.events import REPORTS, TIMERS, Advanced, Event, JobStarted

from .entries import FORGOTTEN, Entry, Header, Note, Recorded, Trace, TraceError

DeviceCores: TypeAlias = dict[str, DeviceCore]
"""The core of every device of a trace, by its id."""

_NOT_HANDED_IN: frozenset[type] = frozenset((*TIMERS, JobStarted))
_REPORTS: frozenset[type] = frozenset(REPORTS)


def fresh_cores(header: Header) -> DeviceCores:
    """The cores that a header describes, before anything happened."""
    return {
        device.id: DeviceCore(
            device.id,
            lanes=device.lanes,
            profile=header.profile,
            policy=header.policy,
            now=header.started_at,
        )
        for device in header.devices
    }


def replay(trace: Trace) -> DeviceCores:
    """Drive fresh cores with the events of a trace and return them as they then are.

    Where effects were recorded they must be the same again. Raises :class:`TraceError` at the first line that differs
    or that the cores refuse. Observations are passed over: to judge them is the conformance kit's work.
    """
    if trace.header.chart != CHART_VERSION:
        raise TraceError(f"this trace was made by chart version {trace.header.chart}; this is {CHART_VERSION}")
    cores = fresh_cores(trace.header)
    first = trace.header.devices[0].id
    for entry in trace.entries:
        core = cores.get(first if entry.device is None else entry.device)
        if core is None:
            raise TraceError(f"line {entry.seq}: the header names no device {entry.device!r}")
        try:
            _replay_entry(core, entry)
        except TraceError:
            raise
        except SessionCoreError as error:
            raise TraceError(f"line {entry.seq}: the core refuses it: {error}") from error
    return cores


def _replay_entry(core: DeviceCore, entry: Entry) -> None:
    if isinstance(entry, Recorded):
        effects = take(core, entry.event)
        if entry.effects is not None and effects != entry.effects:
            raise TraceError(_difference(entry, effects))
    elif isinstance(entry, Note) and entry.host.get("note") == FORGOTTEN:
        core.forget(entry.host["job_id"])


def take(core: DeviceCore, event: Event) -> tuple[AnyEffect, ...]:
    """Hand one event in as T-03 asks: the timers that precede it first. All effects, in order.

    Raises :class:`TraceError` for an event that a core makes itself, and whatever the core raises.
    """
    kind = event.__class__
    if kind is Advanced:
        return core.advance(event.at)
    if kind in _NOT_HANDED_IN:
        raise TraceError(f"{kind.__name__} is the device core's own affair; no host hands it in")
    # T-01: a report comes before the timers of its instant, a request after them.
    due = event.at - 1 if kind in _REPORTS else event.at
    before = core.advance(due) if due > core.now else ()
    return before + core.handle(event)


def _difference(entry: Recorded, effects: tuple[AnyEffect, ...]) -> str:
    recorded = entry.effects or ()
    place = next(
        (i for i, (a, b) in enumerate(zip(recorded, effects, strict=False)) if a != b),
        min(len(recorded), len(effects)),
    )
    was = recorded[place] if place < len(recorded) else "nothing more"
    now = effects[place] if place < len(effects) else "nothing more"
    return (
        f"line {entry.seq} ({type(entry.event).__name__} at {entry.event.at}): effect {place + 1} was"
        f" recorded as {was} and is now {now}"
    )

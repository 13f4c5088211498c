"""The trace: what happened, as JSON lines. Journal, golden vector, conformance trace and human log are this one format.

The first line is the header. Every other line has ``seq`` (counted from 1) and ``at`` (integer microseconds) and is
one of

=============  ==================================================================================================
event          ``{"seq", "at", "device", "type", ...fields, "effects", "host"}``; ``type`` is the class name
observation    ``{"seq", "at", "device", "observed": VIEW}``; what an outsider saw
note           ``{"seq", "at", "device", "host": {"note": NAME, ...}}``; what only the host knows, and no event
=============  ==================================================================================================

``device`` is a device of the header; a line without it means the header's first device. ``effects`` is there where
effects were recorded, and lists everything the core answered since the line before of that device: what an implied
``advance`` brought, then what the event brought. ``host`` holds what the core does not know: who asked, attempt,
program, where the payload lies. One note touches the core: ``{"note": "forgotten", "job_id"}`` says that a final job
was dropped (``DeviceCore.forget``).

Keys stand in a fixed order and there is no white space, so equal events give equal bytes. cattrs does the conversion
and is loaded at the first use, not at import.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, final

from .core.chart import CHART_VERSION
from .core.device_core import DeviceCore
from .core.effects import AnyEffect, NotifyDevice, NotifyJob, NotifySession, StartJob, StopJob
from .core.errors import SessionCoreError
from .core.events import REPORTS, REQUESTS, TIMERS, Advanced, Event, JobStarted
from .core.profiles import FIFO, IBM_GUIDE, Policy, Profile
from .core.values import value

if TYPE_CHECKING:
    from cattrs import Converter

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


DeviceCores: TypeAlias = dict[str, DeviceCore]
"""The core of every device of a trace, by its id."""


# --- conversion ----------------------------------------------------------------------------------------


def _strict(kind: type, said: object, asked: Any) -> Any:
    """Only the JSON type itself: no ``"5"`` for 5 and no True for 1, so that reading never rewrites a trace.

    ``asked`` is the kind, or an enumeration on top of it.
    """
    if type(said) is not kind:
        raise ValueError(f"{said!r} is not of type {kind.__name__}")
    return said if asked is kind else asked(said)


@cache
def _converter() -> Converter:
    """The one converter, made at the first use (cattrs takes 0.2 s to import)."""
    from cattrs import Converter

    converter = Converter(forbid_extra_keys=True, detailed_validation=False)
    for kind in (int, str, bool):
        converter.register_structure_hook(kind, partial(_strict, kind))
    return converter


_T = TypeVar("_T")


def _structure(said: Json, cls: type[_T], what: str) -> _T:
    try:
        return _converter().structure(said, cls)
    except (SessionCoreError, ValueError, TypeError, KeyError) as error:
        raise TraceError(f"{what} cannot be read as {cls.__name__}: {error}") from error
    except Exception as error:
        # cattrs raises errors of its own, which share no base with ValueError.
        if type(error).__module__.split(".")[0] == "cattrs":
            raise TraceError(f"{what} cannot be read as {cls.__name__}: {error}") from error
        raise


def dumps(record: Record) -> str:
    """One line, without its line end. Compact ASCII JSON; the order of keys is that of ``record``."""
    return json.dumps(record, separators=(",", ":"), allow_nan=False)


def header_record(header: Header) -> dict[str, Json]:
    """The header as a JSON object."""
    fields = _converter().unstructure(header)
    return {
        "format": FORMAT,
        "version": VERSION,
        "chart": header.chart,
        "profile": fields["profile"],
        "devices": fields["devices"],
        "policy": fields["policy"],
        "started_at": header.started_at,
    }


def event_record(
    event: Event,
    seq: int,
    effects: Sequence[AnyEffect] | None = None,
    host: Mapping[str, Json] | None = None,
    *,
    device: str | None = None,
) -> dict[str, Json]:
    """An event line as a JSON object; see the module's text for its keys."""
    fields = _converter().unstructure(event)
    record: dict[str, Json] = {"seq": seq, "at": fields.pop("at")}
    if device is not None:
        record["device"] = device
    record["type"] = type(event).__name__
    record.update(fields)
    if effects is not None:
        unstructure = _converter().unstructure
        record["effects"] = [{"type": type(one).__name__, **unstructure(one)} for one in effects]
    if host is not None:
        record["host"] = dict(host)
    return record


def entry_record(entry: Entry) -> dict[str, Json]:
    """Any line but the header as a JSON object."""
    if isinstance(entry, Recorded):
        return event_record(entry.event, entry.seq, entry.effects, entry.host, device=entry.device)
    record: dict[str, Json] = {"seq": entry.seq, "at": entry.at}
    if entry.device is not None:
        record["device"] = entry.device
    if isinstance(entry, Observation):
        record["observed"] = dict(entry.observed)
    else:
        record["host"] = dict(entry.host)
    return record


def encode_event(
    event: Event,
    seq: int,
    effects: Sequence[AnyEffect] | None = None,
    host: Mapping[str, Json] | None = None,
    *,
    device: str | None = None,
) -> str:
    """One event as a line, without its line end. Equal arguments give equal bytes."""
    return dumps(event_record(event, seq, effects, host, device=device))


def encode_header(header: Header) -> str:
    """The header as a line, without its line end."""
    return dumps(header_record(header))


def encode(entry: Header | Entry) -> str:
    """Any line of a trace, without its line end; :func:`decode` reads it back."""
    return encode_header(entry) if isinstance(entry, Header) else dumps(entry_record(entry))


# --- reading -------------------------------------------------------------------------------------------


def decode(line: str | bytes) -> Header | Entry:
    """Read one line. Raises :class:`TraceError` that says what is wrong with it."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise TraceError(f"a line of a trace must be a JSON object: {error}") from error
    return from_record(said)


def from_record(said: Json) -> Header | Entry:
    """Read one line that has been parsed as JSON already. Raises :class:`TraceError`."""
    if not isinstance(said, dict):
        raise TraceError(f"a line of a trace must be a JSON object, not {type(said).__name__}")
    if "format" in said:
        return _read_header(dict(said))
    rest = dict(said)
    seq, device = rest.pop("seq", None), rest.pop("device", None)
    if type(seq) is not int or not isinstance(device, str | None):
        raise TraceError("a line needs a whole number as seq, and a name, if anything, as device")
    if "type" in rest:
        return _read_event(rest, seq, device)
    at, observed, host = rest.pop("at", None), rest.pop("observed", None), rest.pop("host", None)
    if type(at) is not int or rest:
        raise TraceError(f"line {seq}: neither an event nor an observation nor a note")
    if isinstance(observed, dict) and host is None:
        return Observation(seq=seq, at=at, device=device, observed=observed)
    if isinstance(host, dict) and observed is None:
        return Note(seq=seq, at=at, device=device, host=host)
    raise TraceError(f"line {seq}: neither an event nor an observation nor a note")


def _read_header(said: dict[str, Json]) -> Header:
    name, version = said.pop("format"), said.pop("version", None)
    if name != FORMAT or type(version) is not int or version != VERSION:
        raise TraceError(f"this is {name!r} version {version!r}; only {FORMAT!r} version {VERSION} can be read")
    header = _structure(said, Header, "the header")
    names = [device.id for device in header.devices]
    if not names or len(set(names)) != len(names):
        raise TraceError("the header must name at least one device, and each once")
    return header


def _read_event(rest: dict[str, Json], seq: int, device: str | None) -> Recorded:
    cls = EVENT_TYPES.get(rest.pop("type")) if isinstance(rest["type"], str) else None
    if cls is None:
        raise TraceError(f"line {seq}: there is no such type of event; see EVENT_TYPES")
    effects, host = rest.pop("effects", None), rest.pop("host", None)
    if not isinstance(host, dict | None) or not isinstance(effects, list | None):
        raise TraceError(f"line {seq}: host must be an object and effects a list")
    read = None
    if effects is not None:
        read = tuple(_read_effect(one, seq) for one in effects)
    event = _structure(rest, cls, f"line {seq}")
    return Recorded(seq=seq, event=event, device=device, effects=read, host=host)


def _read_effect(said: Json, seq: int) -> AnyEffect:
    fields = dict(said) if isinstance(said, dict) else {}
    name = fields.pop("type", None)
    cls = EFFECT_TYPES.get(name) if isinstance(name, str) else None
    if cls is None:
        raise TraceError(f"line {seq}: {said!r} is no effect; see EFFECT_TYPES")
    return _structure(fields, cls, f"line {seq}: an effect")


def read_trace(source: str | Path | Iterable[str | bytes]) -> Trace:
    """Read a whole trace: the path of a file, or its lines. Empty lines are passed over.

    Raises :class:`TraceError` for anything but a header and then lines with rising ``seq``, OSError for the file.
    """
    if isinstance(source, str | Path):
        with open(source, encoding="utf-8") as file:
            return _gather(file)
    return _gather(source)


def _gather(lines: Iterable[str | bytes]) -> Trace:
    return trace_of(json_lines(lines))


def json_lines(lines: Iterable[str | bytes]) -> Iterator[Json]:
    """Parse lines as JSON, passing over empty ones. Raises :class:`TraceError` with the line's number."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except (ValueError, RecursionError) as error:
            raise TraceError(f"line {number} of the trace is not JSON: {error}") from error


def trace_of(records: Iterable[Json]) -> Trace:
    """A trace from its lines as parsed JSON objects, the header first. Raises :class:`TraceError`."""
    header: Header | None = None
    entries: list[Entry] = []
    last = 0
    for said in records:
        entry = from_record(said)
        if isinstance(entry, Header):
            if header is not None:
                raise TraceError("a trace has one header, and it comes first")
            header = entry
            continue
        if header is None:
            raise TraceError("a trace begins with its header")
        if entry.seq <= last:
            raise TraceError(f"seq must rise from line to line: {entry.seq} after {last}")
        last = entry.seq
        entries.append(entry)
    if header is None:
        raise TraceError("this trace is empty: not even a header")
    return Trace(header=header, entries=tuple(entries))


def write(path: str | Path, trace: Trace) -> None:
    """Write a trace to a file, one line each, UTF-8 (ASCII in fact), line ends ``\\n``."""
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for line in lines_of(trace):
            file.write(line + "\n")


def lines_of(trace: Trace) -> Iterator[str]:
    """The lines of a trace, header first, without line ends."""
    yield encode_header(trace.header)
    for entry in trace.entries:
        yield encode(entry)


# --- replay --------------------------------------------------------------------------------------------


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
    if isinstance(entry, Note):
        if entry.host.get("note") == FORGOTTEN:
            core.forget(entry.host["job_id"])
        return
    if isinstance(entry, Observation):
        return
    effects = take(core, entry.event)
    if entry.effects is not None and effects != entry.effects:
        raise TraceError(_difference(entry, effects))


def take(core: DeviceCore, event: Event) -> tuple[AnyEffect, ...]:
    """Hand one event in as T-03 asks: the timers that precede it first. All effects, in order.

    Raises :class:`TraceError` for an event that a core makes itself, and whatever the core raises.
    """
    if isinstance(event, Advanced):
        return core.advance(event.at)
    if isinstance(event, (*TIMERS, JobStarted)):
        raise TraceError(f"{type(event).__name__} is the device core's own affair; no host hands it in")
    # T-01: a report comes before the timers of its instant, a request after them.
    due = event.at - 1 if isinstance(event, REPORTS) else event.at
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

"""Lines of JSON as a trace: strict, so that reading never rewrites what it reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

from sessioncore.core.effects import AnyEffect
from sessioncore.core.errors import SessionCoreError
from sessioncore.core.values import maker

from .entries import (
    EFFECT_TYPES,
    EVENT_TYPES,
    FORMAT,
    VERSION,
    Entry,
    Header,
    Json,
    Note,
    Observation,
    Recorded,
    Trace,
    TraceError,
)
from .writing import converter

recorded = maker(Recorded)

_DECODER = json.JSONDecoder()

# Each of them, or nothing.
NAME, OBJECT, LIST = (str, NoneType), (dict, NoneType), (list, NoneType)

_T = TypeVar("_T")


def _structure(said: Json, cls: type[_T], what: str) -> _T:
    try:
        return converter().structure(said, cls)
    except (SessionCoreError, ValueError, TypeError, KeyError) as error:
        raise TraceError(f"{what} cannot be read as {cls.__name__}: {error}") from error
    except AttributeError as error:
        if error.name != "keys":
            raise
        # cattrs asks whatever should be an object for its keys.
        kind = type(error.obj).__name__
        raise TraceError(f"{what} cannot be read as {cls.__name__}: {kind} where an object must be") from error
    except Exception as error:
        # cattrs raises errors of its own, which share no base with ValueError.
        if type(error).__module__.split(".")[0] == "cattrs":
            raise TraceError(f"{what} cannot be read as {cls.__name__}: {error}") from error
        raise


@cache
def _reader(cls: Any) -> Callable[[dict[str, Json]], Any]:
    """A function that reads an event or effect of which every field is as it should be, ten times as fast as cattrs.

    It raises KeyError or TypeError for anything else: that is for cattrs to judge, and to find the words for.
    """
    make = maker(cls)
    kinds: dict[str, frozenset[type]] = {}
    words: dict[str, dict[str, StrEnum]] = {}
    for name, hint in get_type_hints(cls).items():
        options = get_args(hint) or (hint,)
        kinds[name] = frozenset(str if issubclass(one, StrEnum) else one for one in options)
        for one in options:
            if issubclass(one, StrEnum):
                words[name] = {word.value: word for word in one}
    known: set[tuple[object, ...]] = set()

    def read(fields: dict[str, Json]) -> Any:
        shape = (*fields, *map(type, fields.values()))  # looked at once: a trace has few shapes and many lines
        if shape not in known:
            for name, said in fields.items():
                if type(said) not in kinds[name]:
                    raise TypeError(name)
            known.add(shape)
        for name, meaning in words.items():
            if (word := fields.get(name)) is not None:
                fields[name] = meaning[word]
        return make(**fields)

    return read


def _read_value(fields: dict[str, Json], cls: Any, seq: int, what: str) -> Any:
    try:
        return _reader(cls)(fields)
    except (KeyError, TypeError):
        return _structure(fields, cls, f"line {seq}{what}")


def decode(line: str | bytes) -> Header | Entry:
    """Read one line. Raises :class:`TraceError` that says what is wrong with it."""
    try:
        said = parsed(line)
    except (ValueError, RecursionError) as error:
        raise TraceError(f"a line of a trace must be a JSON object: {error}") from error
    return from_record(said)


def parsed(line: str | bytes) -> Json:
    """What ``json.loads`` makes of a line, in two thirds of its time for a line of text with an object and no more."""
    if isinstance(line, str) and line.startswith("{"):
        said, end = _DECODER.raw_decode(line)
        if line[end:] in ("", "\n"):
            return said
    return json.loads(line)


def from_record(said: Json) -> Header | Entry:
    """Read one line that has been parsed as JSON already. Raises :class:`TraceError`."""
    if not isinstance(said, dict):
        raise TraceError(f"a line of a trace must be a JSON object, not {type(said).__name__}")
    if "format" in said:
        return _read_header(dict(said))
    rest = dict(said)
    seq, device = rest.pop("seq", None), rest.pop("device", None)
    if type(seq) is not int or not isinstance(device, NAME):
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
    if not isinstance(host, OBJECT) or not isinstance(effects, LIST):
        raise TraceError(f"line {seq}: host must be an object and effects a list")
    read = None
    if effects is not None:
        read = tuple([_read_effect(one, seq) for one in effects])
    event = _read_value(rest, cls, seq, "")
    return recorded(seq=seq, event=event, device=device, effects=read, host=host)


def _read_effect(said: Json, seq: int) -> AnyEffect:
    fields = dict(said) if isinstance(said, dict) else {}
    name = fields.pop("type", None)
    cls = EFFECT_TYPES.get(name) if isinstance(name, str) else None
    if cls is None:
        raise TraceError(f"line {seq}: {said!r} is no effect; see EFFECT_TYPES")
    effect: AnyEffect = _read_value(fields, cls, seq, ": an effect")
    return effect


def read_trace(source: str | Path | Iterable[str | bytes]) -> Trace:
    """Read a whole trace: the path of a file, or its lines. Empty lines are passed over.

    Raises :class:`TraceError` for anything but a header and then lines with rising ``seq``, OSError for the file.
    """
    if isinstance(source, str | Path):
        try:
            with open(source, encoding="utf-8") as file:
                return _gather(file)
        except UnicodeDecodeError as error:
            raise TraceError(f"this is no text in UTF-8: {error}") from error
    return _gather(source)


def _gather(lines: Iterable[str | bytes]) -> Trace:
    return trace_of(json_lines(lines))


def json_lines(lines: Iterable[str | bytes]) -> Iterator[Json]:
    """Parse lines as JSON, passing over empty ones. Raises :class:`TraceError` with the line's number."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield parsed(line)
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

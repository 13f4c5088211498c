"""A trace as lines of JSON: equal values give equal bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sessioncore.core.effects import AnyEffect
from sessioncore.core.events import Event

from .entries import FORMAT, VERSION, Entry, Header, Json, Observation, Record, Recorded, Trace

if TYPE_CHECKING:
    from cattrs import Converter


def _strict(kind: type, said: object, asked: Any) -> Any:
    """Only the JSON type itself: no ``"5"`` for 5 and no True for 1, so that reading never rewrites a trace.

    ``asked`` is the kind, or an enumeration on top of it.
    """
    if type(said) is not kind:
        raise ValueError(f"{said!r} is not of type {kind.__name__}")
    return said if asked is kind else asked(said)


@cache
def converter() -> Converter:
    """The one converter, made at the first use (cattrs takes 0.2 s to import)."""
    from cattrs import Converter

    converter = Converter(forbid_extra_keys=True, detailed_validation=False)
    for kind in (int, str, bool):
        converter.register_structure_hook(kind, partial(_strict, kind))
    return converter


def dumps(record: Record) -> str:
    """One line, without its line end. Compact ASCII JSON; the order of keys is that of ``record``."""
    return _lines.encode(record)


_lines = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def header_record(header: Header) -> dict[str, Json]:
    """The header as a JSON object."""
    fields = converter().unstructure(header)
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
    fields = converter().unstructure(event)
    record: dict[str, Json] = {"seq": seq, "at": fields.pop("at")}
    if device is not None:
        record["device"] = device
    record["type"] = type(event).__name__
    record.update(fields)
    if effects is not None:
        unstructure = converter().unstructure
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

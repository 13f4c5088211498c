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

``entries`` says what a trace consists of, ``writing`` and ``reading`` turn it into lines and back, ``replaying`` drives
the cores with it.
"""

from .entries import (
    EFFECT_TYPES,
    EVENT_TYPES,
    FORGOTTEN,
    FORMAT,
    VERSION,
    DeviceHeader,
    Entry,
    Header,
    Json,
    Note,
    Observation,
    Record,
    Recorded,
    Trace,
    TraceError,
)
from .reading import decode, from_record, json_lines, read_trace, trace_of
from .replaying import DeviceCores, fresh_cores, replay, take
from .writing import (
    dumps,
    encode,
    encode_event,
    encode_header,
    entry_record,
    event_record,
    header_record,
    lines_of,
    write,
)

__all__ = [
    "EFFECT_TYPES",
    "EVENT_TYPES",
    "FORGOTTEN",
    "FORMAT",
    "VERSION",
    "DeviceCores",
    "DeviceHeader",
    "Entry",
    "Header",
    "Json",
    "Note",
    "Observation",
    "Record",
    "Recorded",
    "Trace",
    "TraceError",
    "decode",
    "dumps",
    "encode",
    "encode_event",
    "encode_header",
    "entry_record",
    "event_record",
    "fresh_cores",
    "from_record",
    "header_record",
    "json_lines",
    "lines_of",
    "read_trace",
    "replay",
    "take",
    "trace_of",
    "write",
]

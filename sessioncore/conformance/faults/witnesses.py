"""The shortest trace of every fault, as found by the search and kept in a file.

The search takes minutes for all of them; ``python -m sessioncore.conformance.faults`` does it again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from sessioncore.core.events import Event
from sessioncore.trace import Recorded, event_record, from_record

FILE = Path(__file__).with_name("witnesses.jsonl")
"""One line for each fault: its id, and the events as a trace has them."""


@cache
def witnesses() -> Mapping[str, tuple[Event, ...]]:
    """The traces by the id of the fault."""
    lines = FILE.read_text(encoding="utf-8").splitlines() if FILE.exists() else []
    return {said["fault"]: tuple(map(_event, said["events"])) for said in map(json.loads, lines)}


def write(traces: Mapping[str, tuple[Event, ...]]) -> None:
    """Keep these traces, in the order of the ids."""
    lines = [
        json.dumps({"fault": fault, "events": [event_record(event, seq) for seq, event in enumerate(trace, 1)]})
        for fault, trace in sorted(traces.items())
    ]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    witnesses.cache_clear()


def _event(said: object) -> Event:
    entry = from_record(said)
    assert isinstance(entry, Recorded)
    return entry.event

"""What the tests of the pictures share: a way to ask for text, and a trace in which something happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from sessioncore.core import (
    IBM_GUIDE,
    CloseRequested,
    JobFailed,
    JobSucceeded,
    Mode,
    OpenRequested,
    PauseRequested,
    Profile,
    ResumeRequested,
    SubmitRequested,
)
from sessioncore.diagrams import NAMES, diagram
from sessioncore.diagrams.links import KEPT_SPECS
from sessioncore.trace import DeviceHeader, Header, Recorded, Trace, write

SECOND = 1_000_000
TEXTS = ("dot", "mermaid", "plantuml", "scxml", "json")
SUBJECT = {"session": "long", "job": "first", "device": "qpu"}
"""One thing of the trace for each chart."""


def text(name: str, format: str, profile: Profile = IBM_GUIDE, mode: Mode = Mode.DEDICATED) -> str:
    """A chart in a format that is text."""
    drawn = diagram(name, format=format, profile=profile, mode=mode)
    assert isinstance(drawn, str)
    return drawn


def kept(name: str, format: str) -> str:
    """The same as it is kept in ``diagrams/``, where its ids are links."""
    drawn = diagram(name, format=format, specs=KEPT_SPECS)
    assert isinstance(drawn, str)
    return drawn


@pytest.fixture(scope="session")
def svg() -> dict[str, str]:
    """The default pictures as they are kept."""
    return {name: kept(name, "svg") for name in NAMES}


@pytest.fixture(scope="session")
def trace() -> Trace:
    """Two sessions on one device: ``long`` goes idle, comes back, is closed with work left and ends; ``short``, a
    batch, is at work when the trace ends. The device is paused and resumed."""
    events = (
        OpenRequested(at=0, session_id="long", mode=Mode.DEDICATED),
        SubmitRequested(at=1 * SECOND, job_id="first", session_id="long"),
        JobSucceeded(at=5 * SECOND, job_id="first"),
        SubmitRequested(at=100 * SECOND, job_id="second", session_id="long"),
        SubmitRequested(at=101 * SECOND, job_id="third", session_id="long"),
        CloseRequested(at=102 * SECOND, session_id="long"),
        JobSucceeded(at=110 * SECOND, job_id="second"),
        JobFailed(at=120 * SECOND, job_id="third", reason="it broke"),
        PauseRequested(at=125 * SECOND),
        ResumeRequested(at=126 * SECOND),
        OpenRequested(at=130 * SECOND, session_id="short", mode=Mode.BATCH),
        SubmitRequested(at=131 * SECOND, job_id="fourth", session_id="short"),
        SubmitRequested(at=150 * SECOND, job_id="fifth", session_id="short"),
    )
    entries = tuple(Recorded(seq=seq, event=event) for seq, event in enumerate(events, start=1))
    return Trace(header=Header(devices=(DeviceHeader(id="qpu"),)), entries=entries)


@pytest.fixture
def trace_file(trace: Trace, tmp_path: Path) -> Path:
    """The same as a file."""
    path = tmp_path / "run.jsonl"
    write(path, trace)
    return path

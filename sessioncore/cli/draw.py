"""``sessioncore diagram``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sessioncore.core.profiles import PROFILES
from sessioncore.core.states import Mode

from .messages import UsageError
from .parser import DIAGRAM_FORMATS

if TYPE_CHECKING:
    from sessioncore.trace import Trace

BINARY = ("png", "pdf")
SUFFIXES = {"mmd": "mermaid", "puml": "plantuml", "gv": "dot"}
"""Ends of file names that are not the name of their format."""

JOURNAL = "/_sessioncore/journal"
SUBJECTS = ("session", "job", "device")
"""The charts, each with an option of its name that says which one is meant."""


def diagram(arguments: argparse.Namespace) -> int:
    """Draw one chart, and what was asked for over it, to stdout or to a file."""
    from sessioncore.diagrams import draw

    wanted = _format(arguments)
    drawn = draw(
        arguments.name,
        profile=None if arguments.profile is None else PROFILES[arguments.profile],
        mode=None if arguments.mode is None else Mode(arguments.mode),
        subject=_subject(arguments),
        **_over(arguments),
    ).to(wanted, specs=_specs(arguments.output))
    data = drawn.encode() if isinstance(drawn, str) else drawn
    if arguments.output is None:
        sys.stdout.buffer.write(data if data.endswith(b"\n") or wanted in BINARY else data + b"\n")
        return 0
    try:
        Path(arguments.output).write_bytes(data)
    except OSError as error:
        raise UsageError(f"cannot write {arguments.output}: {error.strerror}") from error
    return 0


def _specs(output: str | None) -> str | None:
    """The folder of the rules' sentences, seen from a file in the same checkout; None for any other."""
    if output is None:
        return None
    from sessioncore.checks import find_checkout

    folder = Path(output).resolve().parent
    root = find_checkout(folder)
    return None if root is None else f"{Path(os.path.relpath(root / 'specs', folder)).as_posix()}/"


def _format(arguments: argparse.Namespace) -> str:
    """The format that was asked for, or that the name of the file asks for; DOT where there is neither."""
    wanted: str = arguments.format or _format_of(arguments.output or "")
    if wanted in BINARY and arguments.output is None and sys.stdout.isatty():
        raise UsageError(f"{wanted} is not for a terminal: add -o FILE.{wanted}")
    return wanted


def _format_of(file: str) -> str:
    """The format that the end of a file's name stands for; DOT where the name has none."""
    end = Path(file).suffix.removeprefix(".").lower()
    wanted = SUFFIXES.get(end, end) or "dot"
    if wanted not in DIAGRAM_FORMATS:
        ends = dict.fromkeys((*DIAGRAM_FORMATS, *SUFFIXES))
        raise UsageError(f"{file} does not say a format that there is: take .{', .'.join(ends)}, or say --format")
    return wanted


def _subject(arguments: argparse.Namespace) -> str | None:
    """Which session, job or device is meant. Refuses the option of another chart."""
    for name in SUBJECTS:
        given: str | None = getattr(arguments, name)
        if given is None:
            continue
        if name != arguments.name:
            raise UsageError(f"--{name} is for the chart {name!r}; a picture of a {arguments.name} takes"
                             f" --{arguments.name}")  # fmt: skip
        if arguments.trace is None and arguments.at is None:
            raise UsageError(f"--{name} says which one to look for in a trace: add --trace FILE or --at FILE")
        return given
    return None


def _over(arguments: argparse.Namespace) -> dict[str, Any]:
    """What is drawn over the chart."""
    if arguments.against is not None:
        return {"against": PROFILES[arguments.against]}
    if arguments.coverage is not None:
        return {"coverage": _read_coverage(arguments.coverage)}
    if arguments.trace is not None:
        return {"trace": _read_trace(arguments.trace)}
    if arguments.at is not None:
        live = arguments.at.startswith(("http://", "https://"))
        return {"at": _read_journal(arguments.at) if live else _read_trace(arguments.at)}
    return {}


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no text: a trace is a file of JSON lines") from error


def _read_trace(path: str) -> Trace:
    return _trace_of(_text(path), path)


def _trace_of(text: str, source: str) -> Trace:
    from sessioncore.trace import TraceError, read_trace

    try:
        return read_trace(text.splitlines())
    except TraceError as error:
        raise UsageError(f"{source} is no trace that can be read: {error}") from error


def _read_coverage(path: str) -> Any:
    """A trace, or a JSON object of row id -> count."""
    text = _text(path)
    try:
        counts = json.loads(text)
    except (ValueError, RecursionError):
        counts = None
    if isinstance(counts, dict) and "format" not in counts:
        return counts
    if counts is not None and not isinstance(counts, dict):
        raise UsageError(f"{path} is neither a trace nor a JSON object of row id -> count")
    return _trace_of(text, path)


def _read_journal(url: str) -> Trace:
    """The journal of a running service. Its address may be given with the path or without."""
    from .remote import Remote

    origin = url.removesuffix("/").removesuffix(JOURNAL)
    try:
        answer = Remote(origin, None).ask("GET", JOURNAL)
    except UsageError as error:
        raise UsageError(f"{error} (a journal needs a service that was started with --control)") from error
    # A journal of one line is JSON, and has been parsed already.
    return _trace_of(answer if isinstance(answer, str) else json.dumps(answer), origin + JOURNAL)

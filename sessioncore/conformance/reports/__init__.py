"""A report in every form: for the terminal, for CI (JUnit), for programs (JSON), for people (one page of HTML).

:func:`write_all` puts all of them into a folder, with a test and a trace for every finding. Nothing that draws is
loaded before something is drawn.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

from sessioncore.conformance.results import Report

from . import words
from .as_json import FORMAT, VERSION, ReportError, read_json, to_json
from .coverage import Covered, Totals, covered, totals
from .curl import as_curl
from .junit import to_junit
from .reproduce import as_python, as_trace
from .terminal import show, summary

__all__ = [
    "FORMAT",
    "VERSION",
    "Covered",
    "ReportError",
    "Totals",
    "as_curl",
    "as_python",
    "as_trace",
    "covered",
    "read_json",
    "show",
    "summary",
    "to_html",
    "to_json",
    "to_junit",
    "totals",
    "write_all",
]


def to_html(report: Report) -> str:
    """The report as one page of HTML. See :mod:`.page`, which is loaded now."""
    from .page import to_html as made

    return made(report)


def write_all(report: Report, folder: str | Path) -> tuple[Path, ...]:
    """Write ``report.html``, ``report.json``, ``junit.xml``, and ``finding-N.py`` and ``finding-N.jsonl`` (and
    ``finding-N.sh`` for a service) for every finding that has a trace; what only shows while things happen at the
    same time, or in a log, has no test. Returns the files.

    The folder and its parents are made. Everything is rendered before anything is written, and each file comes under
    its name when it is whole. Raises OSError where the folder cannot be written.
    """
    folder = Path(folder)
    rendered = dict(_files(report, folder))
    folder.mkdir(parents=True, exist_ok=True)
    return tuple(_write(folder / name, text) for name, text in rendered.items())


def _files(report: Report, folder: Path) -> Iterator[tuple[str, str]]:
    yield "report.html", to_html(report)
    yield "report.json", to_json(report)
    yield "junit.xml", to_junit(report)
    profile = words.profile_of(report)
    for number, finding in enumerate(words.numbered(report), start=1):
        name = f"finding-{number}"
        if words.repeatable(finding):
            place = str(folder / f"{name}.py")
            yield f"{name}.py", as_python(finding, profile, target=report.target, file=place)
            if words.is_http(report.target):
                yield f"{name}.sh", as_curl(finding, report.target)
        if finding.trace:
            yield f"{name}.jsonl", as_trace(finding, profile, report.lanes)


def _write(path: Path, text: str) -> Path:
    """Write a file under another name, then give it its own: nobody ever reads half of it."""
    data = text.encode("utf-8", "replace")
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.replace(file.name, path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    path.chmod(0o644)
    return path

"""A report as JSON: everything that is in it, the same bytes for the same report, and back again.

Times and lengths of time are whole microseconds, ``seconds`` of a tier excepted, which says so. A field that a target
did not show is left out of its view. Findings stand once, under ``findings``; tiers and verdicts name them by their
place there, and :func:`read_json` puts them back.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

import attrs

from sessioncore.conformance.protocol import UNSEEN
from sessioncore.conformance.results import Coverage, Finding, Report
from sessioncore.conformance.rules import Rule
from sessioncore.core.errors import SessionCoreError
from sessioncore.core.events import Event

from . import words
from .chart import svg_of
from .coverage import KINDS, covered

FORMAT: Final = "sessioncore-conformance"
VERSION: Final = 1
TEXT_MAX: Final = 20_000
"""How many characters of a text are kept: a target may answer with anything."""


class ReportError(SessionCoreError):
    """A text that is no report in the form that :func:`to_json` writes. The message says why."""


def to_json(report: Report) -> str:
    """The report as JSON text, indented, with a line end."""
    return json.dumps(record_of(report), indent=1, ensure_ascii=True, sort_keys=True) + "\n"


def record_of(report: Report) -> dict[str, Any]:
    """The report as what JSON can hold."""
    findings = words.numbered(report)
    told: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    for field in attrs.fields(Report):
        value = getattr(report, field.name)
        if field.name in ("tiers", "verdicts"):
            told[field.name] = [_with_places(one, findings) for one in value]
        else:
            told[field.name] = plain(value)
    told["versions"] = dict(report.versions)
    told["passed"] = report.passed
    told["findings"] = [
        {"number": number, **plain(finding), "summary": words.headline(finding), "strict_only": finding.strict_only}
        for number, finding in enumerate(findings, start=1)
    ]
    profile = words.profile_of(report)
    told["covered"] = {
        one.kind: {"met": one.met, "total": one.total, "missing": [list(key) for key in one.missing]}
        for one in covered(report.coverage, profile, report.lanes, report.unsupported)
    }
    return told


def _with_places(value: Any, findings: tuple[Finding, ...]) -> dict[str, Any]:
    """A tier or a verdict, with the places of its findings instead of them."""
    told: dict[str, Any] = plain(attrs.evolve(value, findings=()))
    told["findings"] = [words.number_of(finding, findings) - 1 for finding in value.findings]
    if "extra" in told:
        told["extra"] = _extra(value.extra)
    return told


def _extra(value: Any) -> Any:
    """What only one tier has, where it consists of what can be told; else its type's name, and its drawing."""
    known = value is None or isinstance(value, Mapping | list | tuple | str | int | float) or attrs.has(type(value))
    told = plain(value) if known else {"type": type(value).__name__}
    drawing = svg_of(value)
    return {**told, "svg": words.clean(drawing)} if drawing and isinstance(told, dict) else told


def plain(value: Any) -> Any:
    """A value as what JSON can hold. What the kit does not know is told as text."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return words.cut(value, TEXT_MAX)
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    if isinstance(value, Coverage):
        return {name: _counts(getattr(value, name)) for name in (*KINDS, "fields")}
    if isinstance(value, Counter):
        return {str(key): count for key, count in value.items()}
    if isinstance(value, Rule):
        return {"id": value.id, "mark": value.mark, "level": value.level, "title": value.title, "page": value.page}
    if attrs.has(type(value)):
        return _fields(value)
    if isinstance(value, Mapping):
        return {words.shown(key): plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(one) for one in value), key=repr)
    return words.shown(value)


def _fields(value: Any) -> dict[str, Any]:
    """An attrs value by its fields; an event or an answer says of which type it is."""
    told = {field.name: getattr(value, field.name) for field in attrs.fields(type(value)) if field.repr}
    kept = {name: plain(one) for name, one in told.items() if one is not UNSEEN}
    if isinstance(value, Event) or type(value).__name__ in ("Accepted", "Rejected", "Unsupported"):
        kept["type"] = type(value).__name__
    return kept


def _counts(counter: Counter[Any]) -> list[list[Any]]:
    """Counts as lines of the key's parts and the count, sorted."""
    lines = [[*(key if isinstance(key, tuple) else (key,)), count] for key, count in counter.items() if count]
    return sorted([*(str(part) for part in line[:-1]), line[-1]] for line in lines)


def read_json(text: str | bytes) -> dict[str, Any]:
    """A report in the shape of :class:`~sessioncore.conformance.results.Report`, findings put back where they belong.

    Raises :class:`ReportError` for anything else.
    """
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReportError(f"a report must be a JSON object: {error}") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise ReportError(f"this is no report: its format should be {FORMAT!r}")
    if told.get("version") != VERSION:
        raise ReportError(f"this report is of version {told.get('version')!r}; only version {VERSION} can be read")
    try:
        findings = told["findings"]
        for one in (*told["tiers"], *told["verdicts"]):
            one["findings"] = [findings[place] for place in one["findings"]]
    except (KeyError, IndexError, TypeError) as error:
        raise ReportError(f"this report is not whole: {type(error).__name__}: {error}") from error
    return told

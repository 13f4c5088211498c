"""The tier ``log``: one recorded trace or service log, judged."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, final

import attrs

from sessioncore.core.chart import CHART_VERSION
from sessioncore.core.profiles import Profile
from sessioncore.core.states import Configuration
from sessioncore.trace import Trace, TraceError, read_trace

from ..blame import SESSION_ROWS
from ..protocol import FIELDS, UNSEEN
from ..results import Coverage, Finding, TierResult
from ..rules import RULES
from ..tally import ROWS, V_02, Tally
from ..tiers.runner import Progress, silent
from .device import device_findings
from .items import Log, LogError, Saw
from .mapping import Mapping
from .own import log_of, lost_lines
from .reading import read_log
from .search import Course, follow, sure
from .strict import TIER, Replay, replayed
from .subject import Subject
from .telling import finding_of
from .undecided import left_open

ONE_SIDED = "a log that passes proves only that what it shows can be explained"


@final
@attrs.frozen(kw_only=True)
class LogJudgement:
    """What only this tier has: how many sessions and jobs were explained, and which were not decided, with why;
    against which ``profile``, on a device with how many ``lanes`` (None: nobody knows)."""

    profile: Profile | None = None
    lanes: int | None = None
    explained: int = 0
    undecided: tuple[tuple[str, str], ...] = ()
    inferred: Counter[str] = attrs.Factory(Counter)
    """Steps that no line tells, by the event that they are, in the simplest explanation of each session."""
    complete: bool = False
    """Whether the log told everything, so that there was one right answer at every line."""


def judge_log(
    source: str | Path | Trace | Iterable[str | bytes],
    *,
    profile: Profile | None = None,
    mapping: Mapping | str | Path | None = None,
    progress: Progress = silent,
) -> TierResult:
    """Judge a trace in our own format, or a log in any other by its ``mapping`` (a value, or the path of a file).

    ``profile`` is what the service should do, by default what the trace or the mapping says. Raises
    :class:`LogError` and :class:`TraceError`, which say what is wrong where, and OSError for the file.
    """
    begun = time.perf_counter()
    if mapping is not None:
        if isinstance(source, Trace):
            raise LogError("a trace that has been read needs no mapping; give the path of the log, or its lines")
        log = read_log(source, mapping, profile=profile)
        tally = Tally()
        findings, judgement, notes = _by_subject(log, tuple(log.subjects), tally, progress)
        findings += device_findings(log)
        cases, steps = len(log.subjects), log.counts["lines"]
    else:
        findings, judgement, notes, tally, cases, steps = _own(source, profile, progress)
    return TierResult(
        name=TIER,
        cases=cases,
        steps=steps,
        seconds=time.perf_counter() - begun,
        findings=tuple(findings),
        coverage=tally.coverage,
        exercised=tally.exercised,
        notes=(*notes, ONE_SIDED),
        inconclusive=tuple(tally.open.items()),
        extra=judgement,
    )


def _own(
    source: str | Path | Trace | Iterable[str | bytes], profile: Profile | None, progress: Progress
) -> tuple[list[Finding], LogJudgement, list[str], Tally, int, int]:
    trace = source if isinstance(source, Trace) else read_trace(source)
    name = str(source) if isinstance(source, str | Path) else "the trace"
    if trace.header.chart != CHART_VERSION:
        raise TraceError(f"this trace was made by chart version {trace.header.chart}; this is {CHART_VERSION}")
    tally, lost = Tally(), lost_lines(trace)
    progress("replaying", 0, len(trace.entries))
    devices = replayed(trace, profile=profile, source=name, tally=tally)
    progress("replaying", len(trace.entries), len(trace.entries))
    fell = [replay for replay in devices.values() if replay.finding is not None]
    cases = sum(max(1, len(replay.core.sessions)) for replay in devices.values())
    if not fell:
        notes = [f"{lost} lines are missing, and the others can be replayed without them"] if lost else []
        judgement = LogJudgement(explained=cases, complete=not lost, **_terms(trace, profile))
        return [], judgement, notes, tally, cases, len(trace.entries)
    log = log_of(trace, source=name, profile=profile)
    if lost:
        tally = Tally()  # what was counted on the way to a line that is missing counts for nothing
        findings, judgement, notes = _by_subject(log, tuple(log.subjects), tally, progress)
        return findings, judgement, notes, tally, len(log.subjects), len(trace.entries)
    findings = [replay.finding for replay in fell if replay.finding is not None]
    rest = _others(log, fell)
    apart = Tally()
    more, judgement, notes = _by_subject(log, rest, apart, progress)
    tally.leave_open(apart.open)
    if rest:
        notes.insert(0, f"after the first difference on its device, {len(rest)} other sessions and jobs were judged by"
                        " themselves")  # fmt: skip
    return findings + more, judgement, notes, tally, cases, len(trace.entries)


def _terms(trace: Trace, profile: Profile | None) -> dict[str, Any]:
    """By what a trace of our own was judged."""
    return {
        "profile": profile or trace.header.profile,
        "lanes": max(device.lanes for device in trace.header.devices),
    }


def _others(log: Log, fell: Sequence[Replay]) -> tuple[str, ...]:
    """The sessions and jobs that no finding is about yet."""
    about: set[str] = set()
    for replay in fell:
        for one in replay.blamed_on:
            about |= {f"session {one}", f"session {one} on {replay.core.id}"}
    return tuple(name for name in log.subjects if name not in about) if about else ()


def _by_subject(
    log: Log, names: Sequence[str], tally: Tally, progress: Progress
) -> tuple[list[Finding], LogJudgement, list[str]]:
    findings: list[Finding] = []
    undecided: list[tuple[str, str]] = []
    inferred: Counter[str] = Counter()
    explained = 0
    for number, name in enumerate(names):
        progress("explaining", number, len(names))
        course = follow(Subject(name, log))
        if not course.fell:
            tally.leave_open(dict(left_open(course)))
        if course.undecided:
            undecided.append((name, course.undecided))
        elif course.fell:
            findings.append(finding_of(course, log.source, log.begins))
        else:
            explained += 1
            simplest = min((len(state.inferred), state.inferred) for state in course.states)[1]
            inferred.update(kind for kind, _ in simplest)
            _count(course, tally)
    judgement = LogJudgement(
        profile=log.profile, lanes=log.lanes, explained=explained, undecided=tuple(undecided), inferred=inferred
    )
    return findings, judgement, _notes(log, judgement)


def _count(course: Course, tally: Tally) -> None:
    """What an explained session exercised: only what every explanation of it has in common."""
    for one, times in sure(course).items():
        if one in RULES:
            tally.exercised[one] += times
        else:
            _count_row(one, times, tally.coverage)
    tally.steps += len(course.lines)
    last = {state.core.only.configuration for state in course.states if state.core.only is not None}
    if len(last) == 1:
        tally.coverage.states[last.pop().value] += 1
    for item in course.lines:
        if isinstance(item.what, Saw) and item.what.session is not None:
            shown: Any = item.what.session
            fields = {field for field in FIELDS if getattr(shown, field) is not UNSEEN}
            tally.coverage.fields.update(fields)
            tally.exercised["V-01"] += "status" in fields
            tally.exercised["V-02"] += fields >= V_02


def _count_row(name: str, times: int, coverage: Coverage) -> None:
    """A row that surely fired, and what it tells besides: where it leads to, the answers on which it depends, and where
    it was met, if it is a row of one configuration."""
    coverage.rows[name] += times
    row = ROWS.get(name)
    if row is None or name not in SESSION_ROWS:
        return
    coverage.guards.update({(name, atom, value): times for atom, value in row.guard})
    if len(row.sources) == 1:
        coverage.transitions[row.sources[0].value, name] += times
    known = {*row.sources} if len(row.sources) == 1 else set()
    known |= set() if row.target is None else {row.target}
    coverage.states.update({state.value: times for state in known - {Configuration.NONE}})


def _notes(log: Log, judgement: LogJudgement) -> list[str]:
    notes = list(log.notes)
    alone = sum(name.startswith("job ") for name in log.subjects)
    if alone:
        notes.append(f"{alone} of the jobs were taken as jobs of no session: no line of theirs names one")
    for what, text in _COUNTED.items():
        if log.counts[what]:
            notes.append(text.format(log.counts[what]))
    if judgement.inferred:
        told = ", ".join(f"{count} {kind}" for kind, count in judgement.inferred.most_common())
        notes.append(f"steps that no line tells were inferred: {told}")
    for why, count in Counter(why for _, why in judgement.undecided).items():
        notes.append(f"inconclusive: {count} sessions or jobs were not judged: {why}")
    return notes


_COUNTED = {
    "missing": "{} lines are missing, as the numbers of the others say; what they may have told was taken in every way",
    "reordered": "{} lines stand after later ones, within the stated bound; those so close were taken in every order",
    "ignored": "{} lines were passed over, as the mapping says",
    "unmapped": "{} lines have a name that the mapping does not know, and were passed over",
    "unanswered": "{} requests do not tell what was answered; they were taken as what the rules say",
}

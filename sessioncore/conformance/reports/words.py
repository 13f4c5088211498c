"""How a report speaks: events, answers, times and verdicts in plain words, safe for any text a target may send."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import Any, Final

from sessioncore.conformance.protocol import DURATIONS, TIMES, UNSEEN, Accepted, Outcome, Rejected, Unsupported
from sessioncore.conformance.results import Difference, Finding, Kind, Moment, Report, Verdict
from sessioncore.core.events import (
    REPORTS,
    Advanced,
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobStarted,
    JobSucceeded,
    OfflineRequested,
    OpenRequested,
    PauseRequested,
    ResumeRequested,
    SubmitRequested,
)
from sessioncore.core.profiles import IBM_GUIDE, PROFILES, Profile

SIGNS: Final = {
    Verdict.PASS: "✓",
    Verdict.FAIL: "✗",
    Verdict.NON_STRICT: "≈",
    Verdict.INCONCLUSIVE: "?",
    Verdict.NOT_APPLICABLE: "–",
    Verdict.UNTESTED: "○",
}
"""A sign for each verdict, so that none is told by its colour alone."""

MARKS: Final = {"G": "the vendor's guide says so", "P": "published by the vendor", "D": "decided here"}
"""What the evidence marks mean."""

SHOWN_MAX: Final = 300
"""How many characters of a value are shown. A target may answer with anything."""

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


NOTHING_SAID: Final = (Verdict.UNTESTED, Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE)


def outcome(report: Report) -> str:
    """The judgement in words. A target of which nothing could be judged does not conform, nor does it not."""
    if not report.passed:
        return "does not conform"
    judged = any(found.verdict not in NOTHING_SAID for found in report.verdicts)
    return "conforms" if judged else "was not compared"


def clean(text: str) -> str:
    """The text without what neither XML nor a terminal can take: control characters and halves of characters."""
    return _UNFIT.sub("\ufffd", text)


def shown(value: Any) -> str:
    """A value for people: words bare, anything else as Python writes it; cut at :data:`SHOWN_MAX` characters."""
    if value is UNSEEN:
        return "not shown"
    if isinstance(value, Accepted | Rejected | Unsupported):
        return answer(value)
    if isinstance(value, Enum):
        value = value.value
    try:
        text = value if isinstance(value, str) else "none" if value is None else repr(value)
    except Exception as error:  # noqa: BLE001 - the value is the target's, and so is its repr
        text = f"a {type(value).__name__} that cannot be shown ({type(error).__name__})"
    return cut(text) or '""'


def count(number: int, thing: str) -> str:
    """``1 step``, ``2 steps``."""
    return f"{number:,} {thing}".replace(",", " ") + ("" if number == 1 else "s")


def cut(text: str, most: int = SHOWN_MAX) -> str:
    """At most so many characters, cleaned."""
    text = clean(text)
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"


def instant(microseconds: int) -> str:
    """A time or a length of time to the microsecond: ``0 s``, ``59.999999 s``, ``8 h 0.000001 s``."""
    sign, left = ("-", -microseconds) if microseconds < 0 else ("", microseconds)
    seconds = f"{left % 60_000_000 / 1_000_000:.6f}".rstrip("0").rstrip(".")
    minutes = left // 60_000_000
    parts = [(minutes // 60, "h"), (minutes % 60, "min"), (seconds, "s")]
    return sign + (" ".join(f"{number} {unit}" for number, unit in parts if number not in (0, "0")) or "0 s")


def told(event: Event) -> str:
    """What happened, as a person would say it: ``submit job j1 to session a``."""
    match event:
        case OpenRequested(session_id=session, mode=mode, max_ttl=length):
            terms = "" if length is None else f", max TTL {instant(length)}"
            return f"open session {session} ({mode.value}{terms})"
        case SubmitRequested(job_id=job, session_id=session, max_execution=length):
            where = "in job mode" if session is None else f"to session {session}"
            limit = "" if length is None else f", at most {instant(length)}"
            return f"submit job {job} {where}{limit}"
        case CloseRequested(session_id=session):
            return f"close session {session}"
        case CancelRequested(session_id=session):
            return f"cancel session {session}"
        case JobCancelRequested(job_id=job):
            return f"cancel job {job}"
        case PauseRequested():
            return "pause the device"
        case OfflineRequested():
            return "take the device offline"
        case ResumeRequested():
            return "bring the device back online"
        case JobStarted(job_id=job):
            return f"job {job} starts"
        case JobSucceeded(job_id=job):
            return f"job {job} succeeds"
        case JobFailed(job_id=job):
            return f"job {job} fails"
        case JobReleased(job_id=job):
            return f"the device lets job {job} go"
        case Advanced():
            return "time passes"
    return type(event).__name__


def answer(outcome: Outcome | None) -> str:
    """What was answered: ``accepted``, ``refused (1217, HTTP 400)``."""
    match outcome:
        case None:
            return ""
        case Accepted():
            return "accepted"
        case Rejected(code=code, http_status=status):
            numbers = [str(code)] if code is not None else []
            numbers += [f"HTTP {status}"] if status is not None else []
            return f"refused ({', '.join(numbers)})" if numbers else "refused"
        case Unsupported(why=why):
            return f"cannot be asked: {cut(why)}"


def answers_differ(moment: Moment) -> bool:
    """Whether what was answered is of another kind than the rules ask for, or tells another number."""
    expected, outcome = moment.expected, moment.outcome
    if expected is None or outcome is None:
        return False
    if not isinstance(expected, Rejected) or not isinstance(outcome, Rejected):
        return type(expected) is not type(outcome)
    pairs = ((expected.code, outcome.code), (expected.http_status, outcome.http_status))
    return any(seen is not None and seen != wanted for wanted, seen in pairs)


def headline(finding: Finding) -> str:
    """The finding in one line: the foremost rule, and the first thing that differs."""
    return f"{'/'.join(finding.rules) or finding.kind.value}: {first_difference(finding)}"


def first_difference(finding: Finding) -> str:
    """What is wrong, in a few words."""
    if not finding.differences:
        return cut(finding.said, 120) or finding.kind.value
    one = finding.differences[0]
    return f"{cut(one.what, 80)} should be {cut(wanted(one), 80)}, and is {cut(seen(one), 80)}"


def wanted(difference: Difference) -> str:
    """What was expected, as it is shown."""
    return _of_field(difference, difference.expected)


def seen(difference: Difference) -> str:
    """What was seen, as it is shown."""
    return _of_field(difference, difference.seen)


def _of_field(difference: Difference, value: Any) -> str:
    """Instants and lengths of time as such, anything else as it is."""
    field = difference.what.rpartition(": ")[2]
    if type(value) is int and field in (*TIMES, *DURATIONS, "usage_time", "clock"):
        return instant(value)
    return shown(value)


def numbered(report: Report) -> tuple[Finding, ...]:
    """Every finding once, in the order of their numbers (the first is 1): those of the tiers, then what only a verdict
    holds; and after all of them what says the same as an earlier one, so that what is told at length is numbered
    without gaps."""
    every = [*report.findings, *(one for verdict in report.verdicts for one in verdict.findings)]
    kept: list[Finding] = []
    for finding in every:
        if not any(finding is other for other in kept):
            kept.append(finding)
    again = [first_like(number, kept) is not None for number in range(1, len(kept) + 1)]
    return tuple(kept[place] for place in sorted(range(len(kept)), key=lambda place: again[place]))


def number_of(finding: Finding, among: tuple[Finding, ...]) -> int:
    """The number of a finding, from 1."""
    return next(number for number, other in enumerate(among, start=1) if other is finding)


def repeatable(finding: Finding) -> bool:
    """Whether doing the same again, one thing after another, can show it: no race, no factory, nothing from a log."""
    return bool(finding.trace) and finding.kind is not Kind.RACE and finding.tier != "log"


def is_http(target: str) -> bool:
    """Whether the target is a service at an address."""
    return target.startswith(("http://", "https://"))


def profile_of(report: Report) -> Profile:
    """The profile that the target was judged by; the guide's where only an unknown name is left of it."""
    return report.terms or PROFILES.get(report.profile, IBM_GUIDE)


STEPS_MAX: Final = 60
"""How many steps of a trace are told where it was not shrunk: the last ones are those that matter."""


def telling(trace: Sequence[Moment]) -> tuple[Moment, ...]:
    """The moments that say something: time that passes just before an event, and in which nothing fired, goes without
    saying."""
    kept = []
    for place, moment in enumerate(trace, start=1):
        following = trace[place] if place < len(trace) else None
        implied = (
            isinstance(moment.event, Advanced)
            and following is not None
            and not isinstance(following.event, Advanced)
            and moment.event.at <= following.event.at - isinstance(following.event, REPORTS)
        )
        if not implied or moment.rows:
            kept.append(moment)
    return tuple(kept)


def steps(finding: Finding) -> list[str]:
    """The trace as a numbered list in plain words, the last step marked."""
    moments = telling(finding.trace)
    count = len(moments)
    first = max(0, count - STEPS_MAX)
    lines = [f"   … {first} steps before"] if first else []
    for number, moment in enumerate(moments[first:], start=first + 1):
        sign = "✗" if number == count else " "
        came = answer(moment.outcome)
        if answers_differ(moment):
            came = f"{came}, and should be {answer(moment.expected)}"
        lines.append(
            f"{sign} {number:>2}. at {instant(moment.event.at)}: {told(moment.event)}" + (f" → {came}" if came else "")
        )
    return lines


def _differences(finding: Finding) -> list[tuple[str, str, str]]:
    """What differs, as it is shown: a value of the target's may break when it is compared."""
    return [(one.what, wanted(one), seen(one)) for one in finding.differences]


def fault_named(fault_id: str) -> str:
    """A known fault with its sentence: ``O-24 (A job that ...)``; the id alone where it is not in the catalogue."""
    from sessioncore.conformance.faults.catalogue import CATALOGUE  # many classes, for a target that fell short alone

    found = next((fault.title for fault in CATALOGUE if fault.id == fault_id), "")
    return f"{fault_id} ({found.rstrip('.')})" if found else cut(fault_id)


def first_like(number: int, among: Sequence[Finding]) -> int | None:
    """The number of an earlier finding that says the same, found again in another tier; None where there is none."""
    own = among[number - 1]
    for earlier, other in enumerate(among[: number - 1], start=1):
        if (own.kind, own.rules, own.events, own.said) == (other.kind, other.rules, other.events, other.said) and (
            _differences(own) == _differences(other)
        ):
            return earlier
    return None

"""Why no behaviour explains a line: the rule that it breaks, and what a reader needs to see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import attrs

from sessioncore.core.events import TIMERS, Advanced, Event
from sessioncore.core.job import FINAL, Job
from sessioncore.core.rows import RAN_TOO_LONG, SESSION_CLOSED
from sessioncore.core.states import JobStatus

from ..blame import RULES_OF, SESSION_ROWS, Spot, blamed
from ..cases import in_words, translated
from ..protocol import UNSEEN, JobView, SessionView, View
from ..results import Difference, Finding, Kind, Moment
from ..running import in_short
from .items import Did, Item, Saw
from .search import Course
from .states import CHANGED, State
from .subject import Subject
from .told import Clash, explained
from .zones import FAR, NOW, ORIGIN

TIER = "log"

TIMER_ROWS = ("S-15.max-ttl", "S-25.usage-limit", "S-14.deactivate", "S-14.end", "S-16.no-submission")

STARTS = ("JobStarted", "SubmitRequested")

MOMENTS_MAX = 200
POSSIBLE_MAX = 6


def finding_of(course: Course, source: str, origin: int) -> Finding:
    """The finding for a session whose lines nothing explains. ``origin`` is when the log begins."""
    subject = course.subject
    item = min(course.items, key=lambda one: (one.first, one.last))
    clash = _best(course, item, origin)
    kind = Kind.OUTCOME if any(one.what.startswith("answer") for one in clash.differences) else Kind.OBSERVATION
    told = (*course.lines[-MOMENTS_MAX:], item)
    return Finding(
        kind=kind,
        rules=clash.rules,
        tier=TIER,
        case=f"{source}, line {item.line}: {subject.name}",
        differences=clash.differences,
        trace=tuple(_moment(one, origin) for one in told),
        possible=tuple(dict.fromkeys(_possible(state, origin) for state in course.before))[:POSSIBLE_MAX],
        said=f"line {item.line}: {_in_words(item)}",
    )


# --- the rule ----------------------------------------------------------------------------------------------------


def _best(course: Course, item: Item, origin: int) -> Clash:
    """The smallest thing that is wrong, over all states in which the service could be."""
    subject = course.subject
    found: list[tuple[tuple[int, int], Clash]] = []
    for state in course.before:
        for clash in _clashes(state, item, subject, origin):
            found.append(((_weight(clash), len(state.inferred)), clash))
    early = _too_early(course, item, origin) if isinstance(item.what, Saw) else None
    if early is not None:
        found.append(((2, 0), early))
    clash = min(found, key=lambda one: one[0])[1] if found else Clash()
    return clash if clash.rules else attrs.evolve(clash, rules=("V-02",))


def _weight(clash: Clash) -> int:
    if clash.late:
        return 1
    return 2 * len(clash.differences) + 1


def _clashes(state: State, item: Item, subject: Subject, origin: int) -> Iterator[Clash]:
    for clash in explained(state, item, subject):
        if not isinstance(clash, Clash):
            continue
        if clash.late and isinstance(item.what, Did) and isinstance(item.what.event, TIMERS):
            yield _mistimed(item.what.event, state, origin)
        elif clash.late:
            yield _overdue(state, item, origin) if not clash.rules else _changed(state, item, origin)
        elif clash.rules:
            yield clash
        else:
            rows = state.core.last_rows()[-1:]
            steps = {} if state.core.only is None else {state.core.only.id: rows}
            spot = Spot(event=Advanced(at=item.at), rows=rows, steps=steps, core=cast("Any", state.core))
            yield attrs.evolve(clash, rules=_rules(clash, spot, state))


def _rules(clash: Clash, spot: Spot, state: State) -> tuple[str, ...]:
    """The rules that differences in what is seen break."""
    session = state.core.only
    for one in clash.differences:
        if one.what.startswith("job ") and (one.expected, one.seen) == ("queued", "running"):
            return ("D-03",)  # a line says that it runs, and no line that it started
        if one.what.startswith("job ") and one.expected == "missing" and session is not None:
            return ("S-05",) if session.accepting_jobs else ("S-06",)
        if one.what.endswith(": status") and one.what.startswith("job "):
            return _of_end(state.core.jobs[one.what.removeprefix("job ").removesuffix(": status")], state)
    end = next((one for one in clash.differences if one.what.endswith(": state_reason") and one.seen), None)
    if end is not None and state.core.only is not None and state.core.only.closed_at is not None:
        return (_END[str(end.seen)], *_of(spot.rows)) if str(end.seen) in _END else _of(spot.rows)
    return blamed(clash.differences, spot)


def _of_end(job: Job, state: State) -> tuple[str, ...]:
    """The rule by which a job came to be what it is."""
    if job.status in FINAL and any(name == job.id for kind, name in state.inferred if kind not in STARTS):
        # No line tells that it ended: another line, which is about its session, is right only if it had.
        return _of(state.core.last_rows()[-1:]) or ("J-01",)
    if job.reason_code == SESSION_CLOSED:
        return (*_of(state.core.last_rows()[-1:]), "S-22")
    if job.reason_code == RAN_TOO_LONG:
        return ("J-05",)
    if job.status is JobStatus.CANCELLED and job.started_at is None:
        return ("J-02",)
    return ("J-03",) if job.status in (JobStatus.CANCELLING, JobStatus.CANCELLED) else ("J-01",)


_END = {"max_ttl": "S-15", "interactive_ttl": "S-14", "no_submission": "S-16", "usage_limit": "S-25",
        "cancelled": "S-20", "closed": "S-19", "job_failed": "S-24"}  # fmt: skip


def _of(rows: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rule for row in rows if row in SESSION_ROWS for rule in RULES_OF[row]))


def _overdue(state: State, item: Item, origin: int) -> Clash:
    """The line would be right, were it not for its time: a timer that was due before it, or the order of the lines."""
    overdue = []
    for event, base, _, length in state.timers():
        twin = state.copy()
        twin.zone.pass_time()
        twin.zone.within(NOW, ORIGIN, item.least, item.most)
        if not twin.zone.empty:
            twin.zone.limit(NOW, base, length)
        if twin.zone.empty:
            overdue.append((state.zone.span(base, ORIGIN)[1] + length, event))
    if not overdue:
        least, _ = state.zone.span(NOW, ORIGIN)
        expected = f"{_when(least, origin)} or later"
        wrong = Difference(what="time of the line", expected=expected, seen=_when(item.at, origin))
        rows = [row for row in state.core.last_rows()[-1:] if row in TIMER_ROWS]
        return Clash(differences=(wrong,), rules=RULES_OF[rows[0]] if rows else ("T-04",), late=True)
    due, event = min(overdue, key=lambda one: one[0])
    name = type(event).__name__
    seen = f"not fired at {_when(item.at, origin)}"
    wrong = Difference(what=f"timer {name}", expected=f"fired at {_when(due, origin)}", seen=seen)
    return Clash(differences=(wrong,), rules=_RULES_OF_TIMER[name], late=True)


def _mistimed(event: Event, state: State, origin: int) -> Clash:
    """A line tells that a timer fired, at a time at which it is not due."""
    name = type(event).__name__
    dues = [(base, least) for armed, base, least, _ in state.timers() if type(armed) is type(event)]
    due = [_when(state.zone.span(base, ORIGIN)[0] + least, origin) for base, least in dues]
    expected = f"fired at {due[0] if due else 'no time'}"
    wrong = Difference(what=f"timer {name}", expected=expected, seen=f"fired at {_when(event.at, origin)}")
    return Clash(differences=(wrong,), rules=_RULES_OF_TIMER[name], late=True)


def _changed(state: State, item: Item, origin: int) -> Clash:
    """The session is as the line says, and came to be so at another time."""
    least, most = state.zone.span(CHANGED, ORIGIN)
    early, late = _when(least, origin), _when(most, origin)
    right = early if least == most else f"from {early} to {late}"
    wrong = Difference(what="time of the change", expected=right, seen=_when(item.at, origin))
    rows = state.core.last_rows()[-1:]
    return Clash(differences=(wrong,), rules=_of(rows) or ("V-02",), late=True)


_RULES_OF_TIMER = {
    "MaxTtlExpired": ("S-15", "S-10"),
    "UsageLimitReached": ("S-25",),
    "InteractiveTtlExpired": ("S-14", "S-13"),
    "NoSubmissionExpired": ("S-16",),
    "ExecutionLimitExpired": ("J-05",),
}


def _too_early(course: Course, item: Item, origin: int) -> Clash | None:
    """Whether the line would be right once a timer had fired that is not due yet."""
    subject = course.subject
    for state in course.before:
        for event, base, least, most in state.timers():
            fired = state.fire(event, base, (least, most), FAR)
            if fired is None:
                continue
            if any(isinstance(one, State) for one in explained(fired, item, subject, free_time=True)):
                due = fired.zone.span(NOW, ORIGIN)[0]
                name = type(event).__name__
                seen = f"fired at {_when(item.at, origin)}"
                wrong = Difference(what=f"timer {name}", expected=f"fired at {_when(due, origin)}", seen=seen)
                return Clash(differences=(wrong,), rules=_RULES_OF_TIMER[name])
    return None


# --- for people --------------------------------------------------------------------------------------------------


def _when(at: int, origin: int) -> str:
    """An instant by its distance from the log's beginning, to the microsecond."""
    return f"{(at - origin) / 1e6:.6f}".rstrip("0").rstrip(".") + " s"


def _possible(state: State, origin: int) -> str:
    """One state in which the service could be, and what it allowed next."""
    core = state.core
    session = core.only
    told = [] if session is None else [f"{session.id} is {in_short(session)}"]
    told += [f"{job.id} is {job.status.value}" for job in core.jobs.values() if job.status not in FINAL]
    dues = []
    for event, base, _, length in state.timers():
        least, most = state.zone.span(base, ORIGIN)
        early, late = (max(0, one + length - origin) / 1e6 for one in (least, most))
        when = f"{early:g} s" if early == late else f"{early:g} to {late:g} s"
        dues.append(f"{type(event).__name__} due at {when}")
    return ("; ".join(told) or "nothing exists yet") + (f" ({', '.join(dues)})" if dues else "")


def _in_words(item: Item) -> str:
    if isinstance(item.what, Did):
        return in_words(item.what.event)
    parts = []
    if item.what.session is not None:
        seen = item.what.session
        words = [str(word) for word in (seen.state, seen.state_reason) if word is not UNSEEN and word is not None]
        parts.append(f"{seen.id} is seen {', '.join(words)}".rstrip())
    parts += [f"{job.id} is seen {job.status}" for job in item.what.jobs]
    return "; ".join(parts)


def _moment(item: Item, origin: int) -> Moment:
    if isinstance(item.what, Did):
        event = translated(item.what.event, item.what.event.at - origin, {})
        return Moment(event=event, outcome=item.what.outcome)
    return Moment(event=Advanced(at=item.at - origin), view=_view(item.what, item.at - origin))


def _view(saw: Saw, at: int) -> View:
    sessions: dict[str, SessionView] = {} if saw.session is None else {saw.session.id: saw.session}
    jobs: dict[str, JobView] = {job.id: job for job in saw.jobs}
    return View(at=at, sessions=sessions, jobs=jobs)

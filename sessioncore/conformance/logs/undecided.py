"""Rules that lines of a log are about and do not decide: the session is not judged, or its lines can be explained with
the rule's row and without it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sessioncore.core.chart import Fault, Row
from sessioncore.core.job_chart import JOB_CHART
from sessioncore.core.session_chart import SESSION_CHART

from ..protocol import FIELDS, UNSEEN, Accepted, Rejected
from ..rules import RULES
from ..tally import V_02, rules_shown
from .items import Did, Item, Saw
from .search import Course, sure


def left_open(course: Course) -> Iterator[tuple[str, str]]:
    """(rule, why) for every rule that a session's lines exercise, or may have exercised, and do not decide."""
    name = course.subject.name
    if course.undecided:
        for item in course.subject.items:
            for rule in _about(item):
                yield rule, f"line {item.line} is about it, and {name} was not judged: {course.undecided}"
    some = {one for state in (course.states or course.before) for one in (*state.met, *state.elsewhere)}
    certain = frozenset() if course.undecided else frozenset(sure(course))
    why = course.undecided or "its lines can be explained with it and without"
    for row in sorted(some - certain - RULES.keys()):
        for rule in rules_shown(row):
            if rule not in certain:
                yield rule, f"{row} may have happened to {name}: {why}"


def _about(item: Item) -> Iterable[str]:
    """The rules that one line is about, in whichever state the session was."""
    what = item.what
    if isinstance(what, Saw):
        if what.session is None:
            return ()
        fields = {field for field in FIELDS if getattr(what.session, field) is not UNSEEN}
        return [rule for rule, seen in (("V-01", "status" in fields), ("V-02", fields >= V_02)) if seen]
    rows = (row for chart in (SESSION_CHART, JOB_CHART) for row in chart.rows if _answers(row, what))
    return [rule for row in rows for rule in rules_shown(row.id)]


def _answers(row: Row, did: Did) -> bool:
    """Whether this row can be what came of the event. Those of reports that fit nothing (J-06) need their state to be
    known."""
    if row.trigger is not type(did.event) or row.fault is Fault.HOST or (row.rules[0] == "J-06" and row.target is None):
        return False
    if isinstance(did.outcome, Accepted):
        return row.fault is None
    if isinstance(did.outcome, Rejected):
        return row.fault is Fault.CLIENT and did.outcome.code in (None, row.code)
    return True

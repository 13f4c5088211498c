"""Differences between what a target did and what is right, and the rule that each of them breaks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from typing import final

from sessioncore.core.device_chart import DEVICE_CHART
from sessioncore.core.device_core import DeviceCore
from sessioncore.core.events import REPORTS, Event, OpenRequested
from sessioncore.core.job_chart import JOB_CHART
from sessioncore.core.session_chart import SESSION_CHART
from sessioncore.core.states import DeviceState, Mode, SessionState
from sessioncore.core.values import value

from .protocol import FIELDS, TIMES, UNSEEN, Accepted, JobView, Outcome, Rejected, View
from .results import Difference

RULES_OF: Mapping[str, tuple[str, ...]] = {
    row.id: row.rules for chart in (SESSION_CHART, JOB_CHART, DEVICE_CHART) for row in chart.rows
} | {"S-02.max-ttl": ("S-02",)}
"""The rules of every row, by its id; the first one is what the row is about."""

SESSION_ROWS = frozenset(row.id for row in SESSION_CHART.rows)
JOB_ROWS = frozenset(row.id for row in JOB_CHART.rows)

PUBLISHED_REASONS = (1217, 1305)
"""Numbers of reasons that mean something: the session ended, the job ran too long."""

_BY_FIELD = {
    "mode": "S-01",
    "status": "V-01",
    "max_time": "S-03",
    "interactive_timeout": "S-03",
    "active_timeout": "S-03",
    "created_at": "S-01",
    "started_at": "S-09",
    "activated_at": "S-11",
    "last_job_started": "S-12",
    "last_job_completed": "J-01",
}
"""The rule that says what stands in a field."""

_BY_END = {
    "max_ttl": "S-15",
    "interactive_ttl": "S-14",
    "no_submission": "S-16",
    "usage_limit": "S-25",
    "cancelled": "S-20",
    "closed": "S-18",
    "job_failed": "S-24",
}
"""The rule by which a session ends for this reason."""


_CLOCKED = {"max_ttl": "S-10", "interactive_ttl": "S-13", "no_submission": "S-16", "usage_limit": "S-25"}
"""The rule that says when this timer is due."""

_BECAME_ACTIVE = {("open", "active"): "S-09", ("inactive", "active"): "S-08"}
"""The rule that is broken when a session becomes active and none of its jobs has started."""

STATES = frozenset(state.value for state in SessionState)


@final
@value
class Spot:
    """Where a difference was seen: the event, the rows that the reference fired, in all and by session, and the
    reference."""

    event: Event
    rows: tuple[str, ...]
    steps: Mapping[str, tuple[str, ...]]
    core: DeviceCore
    tie: str = ""
    """``T-01`` or ``T-02`` where two things happened at one instant, and their order is what is tested."""


def answer_differs(expected: Outcome, seen: Outcome) -> Iterator[Difference]:
    """What is wrong with an answer. A code or status that the target does not tell is not compared."""
    if isinstance(expected, Rejected) != isinstance(seen, Rejected):
        yield Difference(what="answer", expected=tell(expected), seen=tell(seen))
    elif isinstance(expected, Rejected) and isinstance(seen, Rejected):
        if seen.code is not None and seen.code != expected.code:
            yield Difference(what="answer: code", expected=expected.code, seen=seen.code)
        if seen.http_status is not None and seen.http_status != expected.http_status:
            yield Difference(what="answer: HTTP status", expected=expected.http_status, seen=seen.http_status)


def tell(outcome: Outcome | None) -> str:
    """An answer in a few words."""
    if isinstance(outcome, Rejected):
        return f"rejected with code {outcome.code}" if outcome.code else "rejected"
    return "accepted" if isinstance(outcome, Accepted) else str(outcome)


def uncalled(seen: View, names: Mapping[str, str]) -> Iterator[Difference]:
    """Sessions and jobs that nobody made, or whose making was refused."""
    known = set(names.values())
    for kind, shown in (("session", seen.sessions), ("job", seen.jobs)):
        if len(shown) and not known.issuperset(shown):
            extra = next(name for name in shown if name not in known)
            yield Difference(what=f"{kind} {extra}", expected="none", seen="there")


def view_differs(
    expected: View, seen: View, names: Mapping[str, str], origin: int, tolerance: int
) -> Iterator[Difference]:
    """What is wrong with a view: by session and job in the kit's names, times from the target's origin."""
    for name, right in expected.sessions.items():
        shown = seen.sessions.get(names.get(name, name))
        if shown is None:
            yield Difference(what=f"session {name}", expected=right.state, seen="missing")
            continue
        if _plain(shown) == _plain(right) and _times(shown) == _moved(_times(right), origin):
            continue
        for field in FIELDS:
            seen_as = getattr(shown, field)
            if seen_as is UNSEEN:
                continue
            wanted = getattr(right, field)
            if seen_as == wanted and field not in TIMES:
                continue
            if field in TIMES:
                if seen_as is not None:
                    seen_as -= origin
                if seen_as == wanted or _close(seen_as, wanted, tolerance):
                    continue
            elif field == "usage_time" and _close(seen_as, wanted, 2 * tolerance):
                continue
            yield Difference(what=f"session {name}: {field}", expected=wanted, seen=seen_as)
    for name, job in expected.jobs.items():
        found = seen.jobs.get(names.get(name, name))
        if found is None:
            yield Difference(what=f"job {name}", expected=job.status, seen="missing")
        elif found.status != job.status:
            yield Difference(what=f"job {name}: status", expected=job.status, seen=found.status)
        elif found.reason_code not in (UNSEEN, job.reason_code) and not _own_number(job, found):
            yield Difference(what=f"job {name}: reason_code", expected=job.reason_code, seen=found.reason_code)


_plain = attrgetter(*(field for field in FIELDS if field not in TIMES))
_times = attrgetter(*TIMES)


def _moved(times: tuple[int | None, ...], origin: int) -> tuple[int | None, ...]:
    """Instants on the clock of a target that began at ``origin``."""
    return tuple([None if at is None else at + origin for at in times])


def _own_number(job: JobView, found: JobView) -> bool:
    """Whether a client's cancel has a number where none is published: which one is the service's own choice."""
    return job.status == "cancelled" and job.reason_code is None and found.reason_code not in PUBLISHED_REASONS


def _close(value: int | None, wanted: int | None, tolerance: int) -> bool:
    return value is not None and wanted is not None and abs(value - wanted) <= tolerance


def blamed(differences: Iterable[Difference], spot: Spot) -> tuple[str, ...]:
    """The rules that the differences break, the foremost first: what tells most is asked first, since a job that
    starts too early, say, changes state, times and usage as well."""
    found: dict[str, None] = {}
    if spot.tie:
        found[spot.tie] = None
    ordered = sorted(differences, key=_weight)
    for difference in ordered:
        for rule in _rules(difference, spot, ordered):
            found[rule] = None
    return tuple(found)


_WEIGHTS = {
    **dict.fromkeys(("", "mode", "state", "accepting_jobs"), 2),
    "state_reason": 4, "closed_at": 5, "status": 7, "usage_time": 8,
}


def _weight(difference: Difference) -> int:
    kind, _, rest = difference.what.partition(" ")
    field = rest.partition(": ")[2]
    if kind.startswith("answer") or difference.expected == "none":
        return 0
    if kind == "job":
        moved = {difference.expected, difference.seen} == {"queued", "running"}
        return 1 if moved else 3 if field != "reason_code" else 5
    return _WEIGHTS.get(field, 6)


def _rules(difference: Difference, spot: Spot, others: list[Difference]) -> Iterator[str]:
    kind, _, rest = difference.what.partition(" ")
    name, _, field = rest.partition(": ")
    if kind.startswith("answer") or difference.expected == "none":
        yield from rules_of(spot.rows) or ("S-02" if isinstance(spot.event, OpenRequested) else "V-03",)
    elif kind == "job":
        yield from _of_job(difference, spot, name, field)
    else:
        reason = next((str(other.seen) for other in others if other.what == f"session {name}: state_reason"), "")
        yield from _of_session(difference, spot, name, field, reason)


def rules_of(rows: Iterable[str], among: frozenset[str] | None = None) -> tuple[str, ...]:
    """The rules of rows, each once; those of a session's rows first."""
    kept = [row for row in rows if among is None or row in among]
    kept.sort(key=lambda row: row not in SESSION_ROWS)
    return tuple(dict.fromkeys(rule for row in kept for rule in RULES_OF[row]))


def _of_session(difference: Difference, spot: Spot, name: str, field: str, reason: str) -> Iterator[str]:
    mine = rules_of(spot.steps.get(name, ()))
    session = spot.core.session(name)
    seen = difference.seen
    if field in ("", "mode") or session is None:
        yield "S-01"
    elif field == "state" and seen not in STATES:
        yield "V-02"
    elif field == "state" and seen == "closed" and reason in _BY_END and reason != "closed":
        yield from (_BY_END[reason], *mine)
    elif field == "closed_at" and session.state_reason is not None and seen is not None:
        yield _CLOCKED.get(session.state_reason.value, mine[0] if mine else "V-02")
    elif field == "state" and (difference.expected, seen) in _BECAME_ACTIVE:
        yield from (_BECAME_ACTIVE[difference.expected, seen], *mine)
    elif field in ("state", "accepting_jobs", "state_reason", "closed_at"):
        yield from mine or (_uncalled(difference, session.state.value, field),)
    elif field == "usage_time":
        yield "U-01" if session.terms.parameters.usage == "windows" and session.mode is Mode.DEDICATED else "U-02"
    elif field == "last_job_completed" and session.state.value == "closed":
        yield "S-23"
    else:
        yield _BY_FIELD[field]


def _uncalled(difference: Difference, state: str, field: str) -> str:
    """Nothing should have happened to the session, and something did."""
    seen = str(difference.seen)
    if field == "state_reason":
        return _BY_END.get(seen, "V-02")
    if field == "closed_at":
        return "V-02"
    if field == "accepting_jobs":
        return "S-17"
    return {"inactive": "S-13", "active": "S-08" if state == "inactive" else "S-09", "closed": "S-19"}.get(seen, "V-02")


def _of_job(difference: Difference, spot: Spot, name: str, field: str) -> Iterator[str]:
    job = spot.core.job(name)
    expected, seen = difference.expected, difference.seen
    if not field or job is None:
        yield "S-05" if job is not None and job.session_id else "D-04"
    elif (expected, seen) == ("running", "queued"):
        yield "D-03"
    elif (expected, seen) == ("queued", "running") or (
        (expected, seen) == ("queued", "completed") and not isinstance(spot.event, REPORTS)
    ):
        yield _started_early(spot.core, job.session_id)
    elif any(row.startswith("S-22") for row in spot.rows) and expected in ("failed", "cancelled"):
        # That the session's end takes its queue with it is said by the rule of that end; as what, by S-22 alone.
        if field == "reason_code" or seen in ("failed", "cancelled"):
            yield "S-22"
        else:
            yield from rules_of(row for rows in spot.steps.values() for row in rows)
            yield "S-22"
    elif rules := rules_of(spot.rows, JOB_ROWS):
        yield from rules
    else:
        yield "J-05" if (expected, seen) == ("running", "cancelled") else "J-01"


def _started_early(core: DeviceCore, session_id: str | None) -> str:
    """Which rule keeps a queued job off the device now."""
    if core.state is not DeviceState.ONLINE:
        return "D-05"
    if core.holder is not None and core.holder != session_id:
        return "D-01"
    if core.running >= core.lanes:
        return "D-04"
    session = None if session_id is None else core.session(session_id)
    exclusive = session is not None and session.terms.parameters.exclusive == "yes"
    return "D-02" if exclusive and core.running else "D-03"


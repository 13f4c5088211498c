"""The pure step of one session: look up the row, then carry it out.

The chart says *whether* and *where to*: :func:`decide` looks up the row, and raises where it is forbidden, before
anything is written. The actions here say what becomes of counts, times and usage: :func:`carry_out` changes a draft.
:func:`step` does both and never changes what it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, final

from .chart import Fault, Row, select
from .effects import AnyEffect, NotifySession
from .errors import ClientError, HostError, Story
from .events import Event, OpenRequested
from .parameters import Parameters
from .session import ACCEPTING, STARTED, STATE_OF, Session, Terms
from .session_chart import session_chart
from .signals import JobLeftDevice
from .states import Configuration, JobStatus
from .values import drafter, freeze, maker, value

CLOSED = Configuration.CLOSED
COMPLETED = JobStatus.COMPLETED
FAILED = JobStatus.FAILED


@final
@value
class Step:
    """The answer to one event: the session as it is now, what the host must do, and the row that said so."""

    session: Session
    effects: tuple[AnyEffect, ...]
    row: Row


draft_session = drafter(Session)
made_step, notify_session = maker(Step), maker(NotifySession)


def refuse(row: Row, *, subject: str, state: str, story: Story = ()) -> ClientError | HostError:
    """The error of a forbidden row, with its story (V-03). ``subject`` names the session or job, ``state`` where it
    is."""
    rule = row.rules[0]
    if row.fault is Fault.HOST:
        return HostError(f"{subject} is {state}: {row.says}", rule=rule, row=row.id)
    code, http_status = row.code, row.http_status
    assert code is not None  # law 5 of charts
    assert http_status is not None
    remedy = row.remedy
    return ClientError(
        row.says, rule=rule, row=row.id, code=code, http_status=http_status, remedy=remedy, state=state, story=story
    )


def open_session(event: OpenRequested, parameters: Parameters) -> Step:
    """Create a session (S-01, S-03). Raises :class:`ClientError` (S-02) for a ``max_ttl`` that is not possible."""
    row = select(session_chart(parameters.switches).cells[OpenRequested][Configuration.NONE], None, event)
    max_ttl = agreed_max_ttl(event.max_ttl, parameters)
    interactive = parameters.interactive_ttl
    if interactive is not None and max_ttl is not None:
        interactive = min(interactive, max_ttl)
    terms = Terms(
        id=event.session_id,
        mode=event.mode,
        parameters=parameters,
        created_at=event.at,
        max_ttl=max_ttl,
        interactive_ttl=interactive,
        instance=event.instance,
    )
    started = event.at if row.target is Configuration.ACTIVE else None
    session = Session(
        terms=terms,
        configuration=row.target,
        work_ran_out_at=event.at,
        started_at=started,
        activated_at=started,
        metered_at=event.at,
    )
    return Step(session=session, effects=(notice(session, event.at, row),), row=row)


def agreed_max_ttl(asked: int | None, parameters: Parameters) -> int | None:
    """The max TTL of a new session in microseconds: what was asked for, else the ceiling (S-02, S-03)."""
    ceiling = parameters.max_ttl
    if asked is None:
        return ceiling
    if type(asked) is int and asked > 0 and (ceiling is None or asked <= ceiling):
        return asked
    most = "" if ceiling is None else f" and at most {ceiling // 1_000_000} s"
    raise ClientError(
        "The session's max_ttl is not possible.",
        rule="S-02",
        row="S-02.max-ttl",
        code=1208,
        http_status=400,
        remedy=f"Give a whole length of time above zero{most}, or none to take the longest.",
        state="not created",
    )


def step(session: Session, event: Event, story: Iterable[tuple[int, str]] = ()) -> Step:
    """One event at one session. O(1). Raises :class:`ClientError` or :class:`HostError` for a forbidden row.

    ``story`` is told in the error and nowhere else.
    """
    row = decide(session, event, story)
    if row.target is None and not row.effect:
        return made_step(session=session, effects=(), row=row)
    after = draft_session(session)
    carry_out(after, row, event)
    effects = () if row.target is None else (notice(after, event.at, row),)
    return made_step(session=freeze(after, Session), effects=effects, row=row)


def decide(session: Session, event: Event, story: Iterable[tuple[int, str]] = ()) -> Row:
    """The row that answers the event. Raises what :func:`step` raises; changes nothing."""
    row = select(session.terms.cells[event.__class__][session.configuration], session, event)
    if row.fault is not None:
        state = describe(session.configuration)
        raise refuse(row, subject=f"session {session.id}", state=state, story=tuple(story))
    return row


def carry_out(draft: Any, row: Row, event: Event) -> None:
    """Make of a session's draft what the row says."""
    target = row.target
    if target is not None or draft.configuration is CLOSED or draft.terms.parameters.usage == "lanes":
        _meter(draft, event.at)  # anywhere else the rate of usage stays as it is
    if row.effect:
        ACTIONS[row.effect](draft, event)
    if target is not None:
        draft.configuration = target
        if target is CLOSED:
            _close(draft, row, event.at)


def describe(configuration: Configuration) -> str:
    """A configuration in words, for messages."""
    return configuration.value.replace("_draining", " and not accepting jobs")


def notice(session: Session, at: int, row: Row) -> NotifySession:
    """What the host must tell others when a session's configuration has changed."""
    return notify_session(
        at=at,
        session_id=session.terms.id,
        state=STATE_OF[session.configuration],
        accepting_jobs=session.configuration in ACCEPTING,
        row=row.id,
        state_reason=session.state_reason,
    )


# --- actions ---------------------------------------------------------------------------------------------------
# Each changes the draft of a session, which is still in the configuration that it leaves.

Action: TypeAlias = Callable[[Any, Any], None]


def _close(draft: Any, row: Row, at: int) -> None:
    """S-22: a row that closes takes the queue with it; what becomes of it is a switch."""
    draft.closed_at = at
    draft.state_reason = row.reason
    if draft.terms.parameters.queued_at_end == "cancel":
        draft.cancelled += draft.queued
    else:
        draft.failed += draft.queued
    draft.queued = 0


def _meter(draft: Any, at: int) -> None:
    """U-01, U-02: the rate of usage may change now, so what has been used until now is added up."""
    draft.metered_us += draft.rate * (at - draft.metered_at)
    draft.metered_at = at


def _enqueue(draft: Any, event: Event) -> None:
    """S-05, S-08, S-25: one more queued job."""
    draft.queued += 1
    draft.work_ran_out_at = None
    draft.last_submission = event.at


def _start(draft: Any, event: Event) -> None:
    """S-09 to S-12: a queued job takes a lane; a session that was not active is now, and perhaps for the first time."""
    draft.queued -= 1
    draft.on_device += 1
    draft.last_job_started = at = event.at
    if draft.configuration not in STARTED:
        draft.activated_at = at
        if draft.started_at is None:
            draft.started_at = at


def _leave_queue(draft: Any, event: Event) -> None:
    """J-02: a queued job was cancelled."""
    draft.queued -= 1
    draft.cancelled += 1
    if not draft.queued and not draft.on_device:
        draft.work_ran_out_at = event.at


def _leave_device(draft: Any, event: JobLeftDevice) -> None:
    """J-01, S-23: a job let go of its lane; ``last_job_completed`` is set whatever its outcome."""
    draft.on_device -= 1
    draft.last_job_completed = event.at
    status = event.status
    if status is COMPLETED:
        draft.completed += 1
    elif status is FAILED:
        draft.failed += 1
    else:
        draft.cancelled += 1
    if not draft.queued and not draft.on_device:
        draft.work_ran_out_at = event.at


ACTIONS: dict[str, Action] = {
    "enqueue": _enqueue,
    "start": _start,
    "leave_queue": _leave_queue,
    "leave_device": _leave_device,
}
"""What each effect of a session row does."""

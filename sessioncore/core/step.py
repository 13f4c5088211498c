"""The pure step of one session: look up the row, carry out its effect, answer with a new value.

``step`` never changes what it is given. It raises where the row is forbidden, and then nothing has happened. The
chart says *whether* and *where to*; the actions here say what becomes of counts, times and usage on the way.
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
from .values import drafter, maker, value

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


draft = drafter(Session)
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
    after, row = answer(session, event, story)
    return made_step(session=after, effects=() if row.target is None else (notice(after, event.at, row),), row=row)


def answer(session: Session, event: Event, story: Iterable[tuple[int, str]] = ()) -> tuple[Session, Row]:
    """The session as the event leaves it, and the row that said so. Raises what :func:`step` raises."""
    row = select(session.terms.cells[event.__class__][session.configuration], session, event)
    target = row.target
    if target is None:
        if row.fault is not None:
            state = describe(session.configuration)
            raise refuse(row, subject=f"session {session.id}", state=state, story=tuple(story))
        if not row.effect:
            return session, row
    after = draft(session)
    ACTIONS[row.effect](session, after, event)
    if target is not None:
        after.configuration = target
        if target is CLOSED:
            _close(session, after, row, event.at)
    after.__class__ = Session
    return after, row


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
# Each changes ``after``, the draft of the session that is to be; ``session`` is as it was.

Action: TypeAlias = Callable[[Session, Any, Any], None]


def _close(session: Session, after: Any, row: Row, at: int) -> None:
    """S-22: a row that closes takes the queue with it; what becomes of it is a switch."""
    after.closed_at = at
    after.state_reason = row.reason
    if session.terms.parameters.queued_at_end == "cancel":
        after.cancelled += after.queued
    else:
        after.failed += after.queued
    after.queued = 0


def _meter(session: Session, after: Any, at: int) -> None:
    """U-01, U-02: the rate of usage may change now, so what has been used until now is added up."""
    after.metered_us += session.rate * (at - session.metered_at)
    after.metered_at = at


def _keep(session: Session, after: Any, event: Event) -> None:
    """No job moves."""
    _meter(session, after, event.at)


def _enqueue(_session: Session, after: Any, event: Event) -> None:
    """S-05, S-08, S-25: one more queued job. Usage goes on at the same rate."""
    after.queued += 1
    after.work_ran_out_at = None
    after.last_submission = event.at


def _start(session: Session, after: Any, event: Event) -> None:
    """S-09 to S-12: a queued job takes a lane; a session that was not active is now, and perhaps for the first time."""
    at = event.at
    _meter(session, after, at)
    after.queued -= 1
    after.on_device += 1
    after.last_job_started = at
    if session.configuration not in STARTED:
        after.activated_at = at
        if session.started_at is None:
            after.started_at = at


def _leave_queue(session: Session, after: Any, event: Event) -> None:
    """J-02: a queued job was cancelled."""
    _meter(session, after, event.at)
    after.queued -= 1
    after.cancelled += 1
    if not after.queued and not after.on_device:
        after.work_ran_out_at = event.at


def _leave_device(session: Session, after: Any, event: JobLeftDevice) -> None:
    """J-01, S-23: a job let go of its lane; ``last_job_completed`` is set whatever its outcome."""
    at = event.at
    status = event.status
    _meter(session, after, at)
    after.on_device -= 1
    after.last_job_completed = at
    if status is COMPLETED:
        after.completed += 1
    elif status is FAILED:
        after.failed += 1
    else:
        after.cancelled += 1
    if not after.queued and not after.on_device:
        after.work_ran_out_at = at


ACTIONS: dict[tuple[str, ...], Action] = {
    (): _keep,
    ("enqueue",): _enqueue,
    ("start",): _start,
    ("leave_queue",): _leave_queue,
    ("leave_device",): _leave_device,
}
"""What each effect of a session row does."""

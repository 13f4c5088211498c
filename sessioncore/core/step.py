"""The pure step of one session: look up the row, carry out its effect, answer with a new value.

``step`` never changes what it is given. It raises where the row is forbidden, and then nothing has happened. The
chart says *whether* and *where to*; the actions here say what becomes of counts, times and usage on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, final

from .chart import Disposition, Fault, Row, select
from .effects import AnyEffect, NotifySession
from .errors import ClientError, HostError, Story
from .events import Event, OpenRequested
from .profiles import Parameters
from .session import ACCEPTING, STATE_OF, Session, Terms
from .session_chart import session_chart
from .signals import JobLeftDevice
from .states import Configuration, JobStatus
from .values import value

CLOSED = Configuration.CLOSED


@final
@value
class Step:
    """The answer to one event: the session as it is now, what the host must do, and the row that said so."""

    session: Session
    effects: tuple[AnyEffect, ...]
    row: Row


def refuse(row: Row, *, subject: str, state: str, story: Story = ()) -> ClientError | HostError:
    """The error of a forbidden row, with its story (V-03). ``subject`` names the session or job, ``state`` where it
    is."""
    if row.fault is Fault.CLIENT:
        return ClientError(
            row.says,
            rule=row.rules[0],
            row=row.id,
            code=row.code or 0,
            http_status=row.http_status or 400,
            remedy=row.remedy,
            state=state,
            story=story,
        )
    return HostError(f"{subject} is {state}: {row.says}", rule=row.rules[0], row=row.id)


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
    configuration = Configuration(row.target or Configuration.OPEN)
    started = event.at if configuration is Configuration.ACTIVE else None
    session = Session(
        terms=terms,
        configuration=configuration,
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


def step(session: Session, event: Event, story: Story = ()) -> Step:
    """One event at one session. O(1). Raises :class:`ClientError` or :class:`HostError` for a forbidden row.

    ``story`` is told in the error and nowhere else.
    """
    configuration = session.configuration
    row = select(session.terms.cells[event.__class__][configuration], session, event)
    if row.disposition is Disposition.FORBIDDEN:
        raise refuse(row, subject=f"session {session.id}", state=describe(configuration), story=story)
    after = ACTIONS[row.effect](session, event, row)
    if after.configuration is configuration:
        return Step(session=after, effects=(), row=row)
    return Step(session=after, effects=(notice(after, event.at, row),), row=row)


def describe(configuration: Configuration) -> str:
    """A configuration in words, for messages."""
    if configuration in ACCEPTING or configuration in (CLOSED, Configuration.NONE):
        return configuration.value
    return f"{STATE_OF[configuration].value} and not accepting jobs"


def notice(session: Session, at: int, row: Row) -> NotifySession:
    """What the host must tell others when a session's configuration has changed."""
    return NotifySession(
        at=at,
        session_id=session.terms.id,
        state=STATE_OF[session.configuration],
        accepting_jobs=session.configuration in ACCEPTING,
        row=row.id,
        state_reason=session.state_reason,
    )


# --- actions ---------------------------------------------------------------------------------------------------

Action: TypeAlias = Callable[[Session, Any, Row], Session]


def _ended_counts(session: Session, row: Row, queued: int, failed: int, cancelled: int) -> tuple[int, int, int]:
    """S-22: a row that closes takes the queue with it; what becomes of it is a switch."""
    if row.target is not CLOSED:
        return queued, failed, cancelled
    if session.terms.parameters.queued_at_end == "cancel":
        return 0, failed, cancelled + queued
    return 0, failed + queued, cancelled


def _keep(session: Session, event: Event, row: Row) -> Session:
    """No job moves; the row may still lead elsewhere, and close."""
    target = row.target
    if target is None:
        return session
    queued, failed, cancelled = _ended_counts(session, row, session.queued, session.failed, session.cancelled)
    closes = target is CLOSED
    return Session(
        terms=session.terms,
        configuration=target,
        queued=queued,
        on_device=session.on_device,
        completed=session.completed,
        failed=failed,
        cancelled=cancelled,
        work_ran_out_at=session.work_ran_out_at,
        last_submission=session.last_submission,
        started_at=session.started_at,
        activated_at=session.activated_at,
        closed_at=event.at if closes else None,
        state_reason=row.reason if closes else None,
        last_job_started=session.last_job_started,
        last_job_completed=session.last_job_completed,
        metered_us=session.usage(event.at),
        metered_at=event.at,
    )


def _enqueue(session: Session, event: Event, row: Row) -> Session:
    """S-05, S-08, S-25: one more queued job. Usage goes on at the same rate."""
    return Session(
        terms=session.terms,
        configuration=row.target or session.configuration,
        queued=session.queued + 1,
        on_device=session.on_device,
        completed=session.completed,
        failed=session.failed,
        cancelled=session.cancelled,
        work_ran_out_at=None,
        last_submission=event.at,
        started_at=session.started_at,
        activated_at=session.activated_at,
        last_job_started=session.last_job_started,
        last_job_completed=session.last_job_completed,
        metered_us=session.metered_us,
        metered_at=session.metered_at,
    )


def _start(session: Session, event: Event, row: Row) -> Session:
    """S-09 to S-12: a queued job takes a lane; a session that was not active is now, and perhaps for the first time."""
    at = event.at
    return Session(
        terms=session.terms,
        configuration=row.target or session.configuration,
        queued=session.queued - 1,
        on_device=session.on_device + 1,
        completed=session.completed,
        failed=session.failed,
        cancelled=session.cancelled,
        last_submission=session.last_submission,
        started_at=at if session.started_at is None else session.started_at,
        activated_at=session.activated_at if row.target is None else at,
        last_job_started=at,
        last_job_completed=session.last_job_completed,
        metered_us=session.usage(at),
        metered_at=at,
    )


def _leave_queue(session: Session, event: Event, row: Row) -> Session:
    """J-02: a queued job was cancelled. It was the last work if nothing else is queued or on the device."""
    closes = row.target is CLOSED
    return Session(
        terms=session.terms,
        configuration=row.target or session.configuration,
        queued=session.queued - 1,
        on_device=session.on_device,
        completed=session.completed,
        failed=session.failed,
        cancelled=session.cancelled + 1,
        work_ran_out_at=event.at if session.queued + session.on_device == 1 else None,
        last_submission=session.last_submission,
        started_at=session.started_at,
        activated_at=session.activated_at,
        closed_at=event.at if closes else None,
        state_reason=row.reason if closes else None,
        last_job_started=session.last_job_started,
        last_job_completed=session.last_job_completed,
        metered_us=session.usage(event.at),
        metered_at=event.at,
    )


def _leave_device(session: Session, event: JobLeftDevice, row: Row) -> Session:
    """J-01, S-23: a job let go of its lane; ``last_job_completed`` is set whatever its outcome."""
    at = event.at
    status = event.status
    closes = row.target is CLOSED
    queued, failed, cancelled = _ended_counts(
        session,
        row,
        session.queued,
        session.failed + (status is JobStatus.FAILED),
        session.cancelled + (status is JobStatus.CANCELLED),
    )
    return Session(
        terms=session.terms,
        configuration=row.target or session.configuration,
        queued=queued,
        on_device=session.on_device - 1,
        completed=session.completed + (status is JobStatus.COMPLETED),
        failed=failed,
        cancelled=cancelled,
        work_ran_out_at=at if session.queued + session.on_device == 1 else None,
        last_submission=session.last_submission,
        started_at=session.started_at,
        activated_at=session.activated_at,
        closed_at=at if closes else session.closed_at,
        state_reason=row.reason if closes else session.state_reason,
        last_job_started=session.last_job_started,
        last_job_completed=at,
        metered_us=session.usage(at),
        metered_at=at,
    )


ACTIONS: dict[tuple[str, ...], Action] = {
    (): _keep,
    ("enqueue",): _enqueue,
    ("start",): _start,
    ("leave_queue",): _leave_queue,
    ("leave_device",): _leave_device,
}
"""What each effect of a session row does."""

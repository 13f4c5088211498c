"""The way of one session, job or device through its chart, read from a trace.

A trace says what happened; the cores, driven by it, say which rows answered. Only what changed a state is a step; in
which state each other row answered is found out besides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import TypeAlias, final

from sessioncore.core import (
    CHART_VERSION,
    IBM_GUIDE,
    DeviceCore,
    Job,
    Mode,
    NotifyDevice,
    NotifyJob,
    NotifySession,
    Profile,
    Session,
    SessionCoreError,
    SubmitRequested,
)
from sessioncore.core.effects import AnyEffect
from sessioncore.core.events import REPORTS, Advanced, Event
from sessioncore.core.signals import JobReady
from sessioncore.core.values import value
from sessioncore.trace import FORGOTTEN, DeviceCores, Note, Recorded, Trace, TraceError, fresh_cores, take

from .picture import CHARTS
from .refusals import PictureError, some_of

ROWS = {row.id: row for chart in CHARTS.values() for row in chart.rows}

Question: TypeAlias = tuple[type, str]
"""What was asked of something, and the state in which it then was."""


@final
@value
class Move:
    """One step: at ``at`` (microseconds) the row ``row`` led from ``source`` to ``target``."""

    at: int
    row: str
    source: str
    target: str


@final
@value
class Journey:
    """Everything that a picture needs of one thing in a trace.

    ``timers`` are those armed at the end, as (event name, due); ``now`` is the last time the trace knows. Both in
    microseconds. ``agreed`` are the lengths of time that are its own and not the profile's, as (parameter, length).
    """

    name: str
    subject: str
    profile: Profile = IBM_GUIDE
    mode: Mode = Mode.DEDICATED
    moves: tuple[Move, ...] = ()
    state: str = ""
    now: int | None = None
    timers: tuple[tuple[str, int], ...] = ()
    agreed: tuple[tuple[str, int | None], ...] = ()

    @property
    def differs(self) -> bool:
        """Whether it agreed on anything else than what its profile says."""
        usual = self.profile.half(self.mode)
        return any(getattr(usual, name) != length for name, length in self.agreed)


def agreed_for(one: Session | Job | None) -> tuple[tuple[str, int | None], ...]:
    """The lengths of time that a session or a job has of its own; what a client asked for bounds them (S-03, J-05)."""
    if isinstance(one, Session):
        return (("max_ttl", one.max_ttl), ("interactive_ttl", one.interactive_ttl))
    return () if one is None or one.execution_limit is None else (("execution_limit", one.execution_limit),)


@final
class Run:
    """A trace that has been replayed. Raises :class:`TraceError` at the first line that the cores refuse."""

    def __init__(self, trace: Trace) -> None:
        if trace.header.chart != CHART_VERSION:
            raise TraceError(f"this trace was made by chart version {trace.header.chart}; this is {CHART_VERSION}")
        self.profile = trace.header.profile
        self.cores: DeviceCores = fresh_cores(trace.header)
        self.first = trace.header.devices[0].id
        self._session_of: dict[str, str] = {}
        self._moves: dict[str, dict[str, list[Move]]] = {name: {} for name in CHARTS}
        self._moves["device"] = {device: [] for device in self.cores}
        self._homes: dict[tuple[str, str], str] = {}
        self.met: Counter[tuple[str, str]] = Counter()
        """How often each row answered in each state, as (state, row id)."""
        for entry in trace.entries:
            self._follow(entry)

    def counts(self) -> Counter[str]:
        """How often each row answered, all devices together."""
        return sum((core.fired for core in self.cores.values()), Counter())

    def journey(self, name: str, subject: str | None = None) -> Journey:
        """The way of one thing; None where there is only one. Raises :class:`PictureError` that names those there
        are."""
        known = self._moves[name]
        if subject is None and len(known) != 1:
            told = f": name one of {some_of(known)}" if known else ""
            raise PictureError(f"this trace has {len(known)} {name}s, and a picture is about one{told}")
        if subject is not None and subject not in known:
            raise PictureError(f"this trace has no {name} {subject!r}: it has {some_of(known)}")
        subject = next(iter(known)) if subject is None else subject
        moves = tuple(known[subject])
        core = self.cores[self._homes.get((name, subject), self.first)]
        mode, timers = Mode.DEDICATED, core.timers(subject) if name == "session" else ()
        if name == "device":
            core = self.cores[subject]
        job = core.job(subject) if name == "job" else None
        if job is not None and job.execution_limit_due is not None:
            timers = (("ExecutionLimitExpired", job.execution_limit_due),)
        session = core.session(self._session_of.get(subject, "") if name == "job" else subject)
        if session is not None:
            mode = session.terms.mode
        return Journey(
            name=name,
            subject=subject,
            profile=self.profile,
            mode=mode,
            moves=moves,
            state=moves[-1].target if moves else CHARTS[name].initial.value,
            now=core.now,
            timers=timers,
            agreed=agreed_for(session if name == "session" else job),
        )

    def _follow(self, entry: object) -> None:
        """One line of the trace."""
        if not isinstance(entry, Recorded | Note):
            return
        device = entry.device or self.first
        core = self.cores.get(device)
        if core is None:
            raise TraceError(f"line {entry.seq}: the header names no device {device!r}")
        try:
            if isinstance(entry, Note):
                if entry.host.get("note") == FORGOTTEN:
                    core.forget(entry.host["job_id"])
                return
            if isinstance(entry.event, SubmitRequested) and entry.event.session_id is not None:
                self._session_of[entry.event.job_id] = entry.event.session_id
            # T-01. The timers are let go of first, so that what the event itself meets can be told from what they meet.
            until = entry.event.at - 1 if isinstance(entry.event, REPORTS) else entry.event.at
            if until > core.now:
                self._take(Advanced(at=until), core)
            self._take(entry.event, core)
        except TraceError:
            raise
        except SessionCoreError as error:
            raise TraceError(f"line {entry.seq}: the core refuses it: {error}") from error

    def _take(self, event: Event, core: DeviceCore) -> None:
        """One event, or the timers before it: the steps, and where the other rows answered."""
        before, asked = core.fired, [*self._asked(event)]
        for effect in take(core, event):
            if isinstance(effect, NotifyJob):
                # A job tells its session before that changes.
                asked += self._heard(effect)
            self._add(effect, core.id)
        # Jobs are asked for last, and no timer changes the device.
        asked.append((JobReady, core.state.value))
        for row_id, count in (core.fired - before).items():
            self._count(row_id, count, asked)

    def _asked(self, event: Event) -> Iterator[Question]:
        """What an event asks of the session and of the job that it names."""
        for name, subject in (
            ("session", getattr(event, "session_id", None)),
            ("job", getattr(event, "job_id", None)),
        ):
            if subject in self._moves[name]:
                yield type(event), self._moves[name][subject][-1].target

    def _heard(self, effect: NotifyJob) -> Iterator[Question]:
        """What a step of a job asks of its session."""
        signal, session = ROWS[effect.row].signal, self._session_of.get(effect.job_id)
        if signal is not None and session is not None:
            yield signal, self._moves["session"][session][-1].target

    def _count(self, row_id: str, count: int, asked: list[Question]) -> None:
        """Find the states in which a row answered. A core says only how often it did."""
        row = ROWS[row_id]
        if row.target is not None:
            return  # a step, and counted as one
        states = [state.value for state in row.sources]
        if len(states) > 1:
            states = [state for trigger, state in asked if trigger is row.trigger and state in states] or states
        for number in range(count):
            self.met[states[min(number, len(states) - 1)], row_id] += 1

    def _add(self, effect: AnyEffect, device: str) -> None:
        """A notice is a step of what it is about."""
        match effect:
            case NotifySession():
                self._step("session", effect.session_id, effect, device)
            case NotifyJob():
                self._step("job", effect.job_id, effect, device)
            case NotifyDevice():
                self._step("device", device, effect, device)
            case _:
                pass

    def _step(self, name: str, subject: str, effect: NotifySession | NotifyJob | NotifyDevice, device: str) -> None:
        self._homes[name, subject] = device
        moves = self._moves[name].setdefault(subject, [])
        source = moves[-1].target if moves else CHARTS[name].initial.value
        target: StrEnum = CHARTS[name].row(effect.row).target
        self.met[source, effect.row] += 1
        moves.append(Move(at=effect.at, row=effect.row, source=source, target=target.value))

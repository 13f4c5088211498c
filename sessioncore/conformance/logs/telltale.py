"""A trace as one list of what happened, to be changed line by line and made a trace again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar, final

import attrs

from sessioncore.core.effects import AnyEffect, Effect, NotifyJob, NotifySession
from sessioncore.core.events import Advanced, Event, SubmitRequested
from sessioncore.core.values import replaced
from sessioncore.trace import Entry, Observation, Recorded, Trace

_T = TypeVar("_T")


@final
@attrs.frozen(kw_only=True)
class Beat:
    """One event, effect or observation, at its time (microseconds)."""

    at: int
    what: Event | AnyEffect | Mapping[str, Any]
    host: Mapping[str, Any] | None = None

    @property
    def job(self) -> str:
        """The job that it is about; empty where it is about none."""
        return getattr(self.what, "job_id", "")

    @property
    def session(self) -> str:
        """The session that it names; empty where it names none."""
        return getattr(self.what, "session_id", "") or ""

    def moved(self, microseconds: int) -> Beat:
        """The same, later or earlier."""
        at = self.at + microseconds
        what = replaced(self.what, at=at) if isinstance(self.what, Event | Effect) else self.what
        return attrs.evolve(self, at=at, what=what)

    def changed(self, **fields: Any) -> Beat:
        """The same event or effect, with some of its fields changed."""
        return attrs.evolve(self, what=replaced(self.what, **fields))


def beats(trace: Trace) -> list[Beat]:
    """Everything that a trace tells, in order."""
    found: list[Beat] = []
    for entry in trace.entries:
        if isinstance(entry, Observation):
            found.append(Beat(at=entry.at, what=entry.observed))
        elif isinstance(entry, Recorded):
            effects = entry.effects or ()
            early = sum(effect.at < entry.event.at for effect in effects)
            found += [Beat(at=effect.at, what=effect) for effect in effects[:early]]
            found.append(Beat(at=entry.event.at, what=entry.event, host=entry.host))
            found += [Beat(at=effect.at, what=effect) for effect in effects[early:]]
    return found


def trace_again(told: Iterable[Beat], like: Trace) -> Trace:
    """A trace of the same header that tells this. Beats are put in the order of their times."""
    return Trace(header=like.header, entries=tuple(_entries(sorted(told, key=lambda beat: beat.at))))


def _entries(told: list[Beat]) -> Iterator[Entry]:
    seq = 0
    effects: list[AnyEffect] = []
    event: Beat | None = None
    for beat in [*told, None]:
        ends = beat is None or not isinstance(beat.what, Effect) or (event is not None and beat.at > event.at)
        if event is not None and ends:
            seq += 1
            assert isinstance(event.what, Event)
            yield Recorded(seq=seq, event=event.what, effects=tuple(effects), host=event.host)
            event, effects = None, []
        if beat is None:
            break
        if isinstance(beat.what, Effect):
            effects.append(beat.what)
        elif isinstance(beat.what, Event):
            event = beat
        else:
            if effects:
                seq += 1
                yield Recorded(seq=seq, event=Advanced(at=effects[-1].at), effects=tuple(effects))
                effects = []
            seq += 1
            yield Observation(seq=seq, at=beat.at, observed=beat.what)
    if effects:
        yield Recorded(seq=seq + 1, event=Advanced(at=effects[-1].at), effects=tuple(effects))


def places(told: list[Beat], kind: type[_T], fits: Callable[[_T], bool] = lambda _: True) -> list[int]:
    """Where beats of this kind stand."""
    return [place for place, beat in enumerate(told) if isinstance(beat.what, kind) and fits(beat.what)]


def about_job(told: list[Beat], job: str, after: int = -1) -> list[int]:
    """Where a job is told of, after this place."""
    return [n for n, beat in enumerate(told) if n > after and getattr(beat.what, "job_id", None) == job]


def about_session(told: list[Beat], session: str, after: int = -1) -> list[int]:
    """Where a session is told of, after this place."""
    return [n for n, beat in enumerate(told) if n > after and getattr(beat.what, "session_id", None) == session]


def queued_at(told: list[Beat], place: int) -> dict[str, str | None]:
    """The jobs that wait in the queue just after this place, with their sessions."""
    owner: dict[str, str | None] = {}
    waiting: dict[str, str | None] = {}
    for beat in told[: place + 1]:
        if isinstance(beat.what, SubmitRequested):
            owner[beat.job] = beat.session or None
        if isinstance(beat.what, NotifyJob):
            if beat.what.status.value == "queued":
                waiting[beat.what.job_id] = owner.get(beat.what.job_id)
            else:
                waiting.pop(beat.what.job_id, None)
    return waiting


def state_at(told: list[Beat], place: int, session: str) -> NotifySession | None:
    """What was last told of a session, up to this place."""
    found = [
        beat.what
        for beat in told[: place + 1]
        if isinstance(beat.what, NotifySession) and beat.what.session_id == session
    ]
    return found[-1] if found else None

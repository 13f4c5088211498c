"""A trace in our own format as a log: what it says, divided by sessions."""

from __future__ import annotations

from collections import Counter
from typing import final

from sessioncore.core.effects import AnyEffect, NotifyJob, NotifySession
from sessioncore.core.events import (
    TIMERS,
    Advanced,
    CancelRequested,
    CloseRequested,
    Event,
    JobStarted,
    OpenRequested,
    SubmitRequested,
)
from sessioncore.core.profiles import Profile
from sessioncore.core.states import JobStatus
from sessioncore.trace import Note, Observation, Recorded, Trace

from ..protocol import Accepted, JobView, SessionView, Unsupported
from ..reference import SEEN_AS
from .items import Did, Item, Log, Saw
from .showing import CrashedError, outcome_of_record, view_of_record

ABOUT_SESSION = (OpenRequested, CloseRequested, CancelRequested, *TIMERS[:4])
PLACES = 1_000_000
"""Places between two lines of a trace, for what one line tells."""


def log_of(trace: Trace, *, source: str, profile: Profile | None = None, tolerance: int = 0) -> Log:
    """The trace as a log. ``tolerance`` is how far its times may be off, in microseconds."""
    return _Divider(trace, source, profile or trace.header.profile, tolerance).log()


def lost_lines(trace: Trace) -> int:
    """How many lines the numbers of the others say are missing."""
    seqs = [entry.seq for entry in trace.entries]
    return seqs[-1] - len(seqs) if seqs else 0


@final
class _Divider:
    """Goes through a trace once."""

    def __init__(self, trace: Trace, source: str, profile: Profile, tolerance: int) -> None:
        self.trace, self.source, self.profile, self.tolerance = trace, source, profile, tolerance
        self.first_device = trace.header.devices[0].id
        self.subjects: dict[str, list[Item]] = {}
        self.owner: dict[tuple[str, str], str | None] = {}
        self.lost: Counter[str] = Counter()
        self.all_lost = 0

    def log(self) -> Log:
        seq, told = 0, True
        for entry in self.trace.entries:
            if isinstance(entry, Recorded) and isinstance(entry.event, SubmitRequested):
                device = entry.device or self.first_device
                self.owner.setdefault((device, entry.event.job_id), entry.event.session_id)
            told = told and not (isinstance(entry, Recorded) and entry.effects is None)
        for number, entry in enumerate(self.trace.entries):
            self.all_lost += entry.seq - seq - 1
            seq = entry.seq
            device = entry.device or self.first_device
            if isinstance(entry, Recorded):
                self._recorded(entry, device, number)
            elif isinstance(entry, Observation):
                self._observed(entry, device, number)
            elif isinstance(entry, Note) and entry.host.get("note") == "JobStarted" and entry.host.get("job_id"):
                event = JobStarted(at=entry.at, job_id=str(entry.host["job_id"]))
                self._add(self._subject(event, device), entry.seq, event.at, Did(event=event), number * PLACES, 0)
        return Log(
            source=self.source,
            subjects={name: tuple(sorted(items, key=_order)) for name, items in self.subjects.items()},
            profile=self.profile,
            lanes=max(device.lanes for device in self.trace.header.devices),
            free=frozenset() if told else frozenset(("JobStarted",)),
            tolerance=self.tolerance,
            counts=Counter(lines=len(self.trace.entries), missing=self.all_lost),
        )

    def _recorded(self, entry: Recorded, device: str, number: int) -> None:
        event, place = entry.event, number * PLACES
        effects = [found for found in map(_of_effect, entry.effects or ()) if found is not None]
        early = [found for found in effects if found[0] < event.at]
        late = effects[len(early) :]
        for at, owner, what in early:
            place += 1
            self._add(self._of(owner, what, device), entry.seq, at, what, place, 0)
        name = self._subject(event, device)
        try:
            outcome = outcome_of_record((entry.host or {}).get("answer"), f"{self.source}, line {entry.seq}")
        except CrashedError:
            return  # it tells nothing of the sessions
        if name is not None and not isinstance(outcome, Unsupported):
            did = Did(event=event, outcome=outcome or Accepted())
            self._add(name, entry.seq, event.at, did, place + 1, len(late))
        for at, owner, what in late:
            place += 1
            self._add(self._of(owner, what, device), entry.seq, at, what, place, 0)

    def _observed(self, entry: Observation, device: str, number: int) -> None:
        seen = view_of_record(entry.at, entry.observed, f"{self.source}, line {entry.seq}")
        jobs: dict[str, list[JobView]] = {}
        for job in seen.jobs.values():
            jobs.setdefault(self._of_job(job.id, device), []).append(job)
        for name, session in seen.sessions.items():
            subject = self._named(f"session {name}", device)
            what = Saw(session=session, jobs=tuple(jobs.pop(subject, ())))
            self._add(subject, entry.seq, entry.at, what, number * PLACES, 0)
        for subject, rest in jobs.items():
            self._add(subject, entry.seq, entry.at, Saw(jobs=tuple(rest)), number * PLACES, 0)

    # --- whose it is ---------------------------------------------------------------------------------------

    def _named(self, name: str, device: str) -> str:
        return name if len(self.trace.header.devices) == 1 else f"{name} on {device}"

    def _of_job(self, job: str, device: str) -> str:
        owner = self.owner.get((device, job))
        return self._named(f"job {job}" if owner is None else f"session {owner}", device)

    def _of(self, name: str, what: Did | Saw, device: str) -> str:
        about_session = isinstance(what, Saw) and what.session is not None
        return self._named(f"session {name}", device) if about_session else self._of_job(name, device)

    def _subject(self, event: Event, device: str) -> str | None:
        if isinstance(event, ABOUT_SESSION):
            return self._named(f"session {event.session_id}", device)
        if isinstance(event, SubmitRequested) and event.session_id is not None:
            return self._named(f"session {event.session_id}", device)
        job = getattr(event, "job_id", None)
        return None if job is None or isinstance(event, Advanced) else self._of_job(job, device)

    def _add(self, subject: str | None, line: int, at: int, what: Did | Saw, place: int, spread: int) -> None:
        if subject is None:
            return
        missing = self.all_lost - self.lost[subject]
        self.lost[subject] = self.all_lost
        self.subjects.setdefault(subject, []).append(
            Item(
                line=line,
                at=at,
                least=at - self.tolerance,
                most=at + self.tolerance,
                first=place,
                last=place + spread,
                what=what,
                missing=missing,
            )
        )


def _order(item: Item) -> tuple[int, int]:
    return item.first, item.last


def _of_effect(effect: AnyEffect) -> tuple[int, str, Did | Saw] | None:
    """What an effect tells an outsider: (when, whom it is about, what)."""
    if isinstance(effect, NotifyJob):
        if effect.status is JobStatus.RUNNING:
            return effect.at, effect.job_id, Did(event=JobStarted(at=effect.at, job_id=effect.job_id))
        seen = JobView(id=effect.job_id, status=SEEN_AS[effect.status], reason_code=effect.reason_code)
        return effect.at, effect.job_id, Saw(jobs=(seen,))
    if isinstance(effect, NotifySession):
        session = SessionView(
            id=effect.session_id,
            state=effect.state.value,
            accepting_jobs=effect.accepting_jobs,
            state_reason=None if effect.state_reason is None else effect.state_reason.value,
        )
        return effect.at, effect.session_id, Saw(session=session, changed=True)
    return None

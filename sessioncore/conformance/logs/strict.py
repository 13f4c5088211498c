"""A trace of our own that tells everything: each event goes through the core again, and every line must be as it was.

Here is one right answer at every line, so that times, ties and the order of jobs on the device are judged as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import final

from sessioncore.core.device_core import DeviceCore
from sessioncore.core.effects import AnyEffect, NotifyDevice, NotifyJob, NotifySession, StartJob
from sessioncore.core.errors import ClientError, HostError
from sessioncore.core.events import (
    REPORTS,
    TIMERS,
    Advanced,
    Event,
    ExecutionLimitExpired,
    JobStarted,
)
from sessioncore.core.job import FINAL
from sessioncore.core.profiles import Profile
from sessioncore.core.rows import SESSION_CLOSED
from sessioncore.trace import FORGOTTEN, DeviceHeader, Entry, Header, Note, Observation, Recorded, Trace

from ..blame import RULES_OF, Spot, answer_differs, blamed, uncalled, view_differs
from ..cases import translated
from ..protocol import Accepted, Outcome, Rejected, Unsupported
from ..reference import view_of
from ..results import Difference, Finding, Kind, Moment
from ..running import in_short
from ..tally import Tally, armed
from .showing import CrashedError, outcome_of_record, view_of_record

MOMENTS_MAX = 200
"""How many moments of one device a finding tells, the last ones."""

TIER = "log"


@final
class Replay:
    """One device of a trace, followed until it differs."""

    def __init__(self, header: Header, device: DeviceHeader, profile: Profile, source: str, tally: Tally) -> None:
        self.core = DeviceCore(
            device.id, lanes=device.lanes, profile=profile, policy=header.policy, now=header.started_at
        )
        self.origin = header.started_at
        self.source = source
        self.tally = tally
        self.finding: Finding | None = None
        self.blamed_on: frozenset[str] = frozenset()
        """The sessions at which the difference showed."""
        self._moments: list[Moment] = []
        self._configurations: dict[str, str] = {}
        self._stories: dict[str, tuple[tuple[int, str], ...]] = {}
        self._forgotten: set[str] = set()
        self._met: list[tuple[Outcome, Spot]] = []
        self._spot = Spot(event=Advanced(at=0), rows=(), steps={}, core=self.core)

    def take(self, entry: Entry) -> bool:
        """One line; False once something differs."""
        where = f"{self.source}, line {entry.seq}"
        try:
            if isinstance(entry, Note):
                differences, kind = self._note(entry), Kind.OBSERVATION
            elif isinstance(entry, Observation):
                differences, kind = self._observed(entry, where), Kind.OBSERVATION
            elif isinstance(entry.event, (JobStarted, *TIMERS)):
                differences, kind = self._happened(entry.event), Kind.OBSERVATION
            else:
                differences, kind = self._event(entry, where)
        except HostError as error:
            clock = error.rule == "T-04"
            self._fall(entry, (error.rule,), Kind.CLOCK if clock else Kind.OUTCOME, (), str(error))
            return False
        except CrashedError as error:
            rules = tuple(rule for row in self._spot.rows for rule in RULES_OF[row])
            self._fall(entry, rules, Kind.CRASH, (), f"it raised {error}")
            return False
        if not differences:
            self._agreed()
            return True
        spot = self._spot
        rules = tuple(found for one in differences for found in one[1])
        plain = [one[0] for one in differences]
        unnamed = [one[0] for one in differences if not one[1]]
        self._fall(entry, (*rules, *blamed(unnamed, spot)), kind, plain, "")
        return False

    # --- lines -----------------------------------------------------------------------------------------------
    # Each gives what differs, with the rules to blame where the difference alone does not tell them.

    def _note(self, entry: Note) -> list[tuple[Difference, tuple[str, ...]]]:
        name = entry.host.get("note")
        if name == FORGOTTEN:
            self.core.forget(str(entry.host["job_id"]))
            self._forgotten.add(str(entry.host["job_id"]))
        elif name == "JobStarted" and "job_id" in entry.host:
            return self._happened(JobStarted(at=entry.at, job_id=str(entry.host["job_id"])))
        return []

    def _observed(self, entry: Observation, where: str) -> list[tuple[Difference, tuple[str, ...]]]:
        if entry.at > self.core.now:
            self._step(Advanced(at=entry.at), None)
        if entry.at < self.core.now:
            raise HostError(f"time ran backwards: {entry.at} after {self.core.now}", rule="T-04")
        seen = view_of_record(entry.at, entry.observed, where)
        right = view_of(self.core, self.core.now)
        wrong = [
            one
            for one in view_differs(right, seen, {}, 0, 0)
            if one.seen != "missing"  # an observation shows what it shows
        ]
        wrong += uncalled(seen, {name: name for name in (*self.core.sessions, *self.core.jobs, *self._forgotten)})
        if wrong:
            self._moments[-1:] = [self._moment(Advanced(at=entry.at), view=seen)]
            return [(one, ()) for one in wrong]
        self.tally.looked(self.core, seen, {})
        return []

    def _happened(self, event: Event) -> list[tuple[Difference, tuple[str, ...]]]:
        """A start or a timer that the trace tells, and that a core does by itself."""
        if event.at > self.core.now:
            self._step(Advanced(at=event.at), None)
        if isinstance(event, JobStarted | ExecutionLimitExpired):
            job = self.core.job(event.job_id)
            started = None if job is None else job.started_at
            if isinstance(event, ExecutionLimitExpired) and started is not None and job is not None:
                right = started + job.execution_limit if job.execution_limit is not None else None
                return self._when(f"job {event.job_id}: execution limit", right, event.at, "J-05")
            status = "no job" if job is None else job.status.value
            if started is None:
                wrong = Difference(what=f"job {event.job_id}: status", expected=status, seen="running")
                return [(wrong, () if job is not None and status == "queued" else ("J-01",))]
            return self._when(f"job {event.job_id}: started_at", started, event.at, "T-05")
        name = event.session_id  # type: ignore[attr-defined]  # every other timer is of a session
        rows = _ROWS[type(event).__name__]
        fired = [at for at, row in self.core.story(name) if row in rows]
        what = f"session {name}: {type(event).__name__}"
        return self._when(what, fired[-1] if fired else None, event.at, rows[0][:4])

    @staticmethod
    def _when(what: str, right: int | None, seen: int, rule: str) -> list[tuple[Difference, tuple[str, ...]]]:
        return [] if right == seen else [(Difference(what=what, expected=right, seen=seen), (rule,))]

    def _event(self, entry: Recorded, where: str) -> tuple[list[tuple[Difference, tuple[str, ...]]], Kind]:
        event = entry.event
        try:
            said = outcome_of_record((entry.host or {}).get("answer"), where)
        except CrashedError:
            self._step(event, None)
            raise
        if isinstance(said, Unsupported):
            return [], Kind.OUTCOME
        outcome = said or Accepted()
        expected, effects = self._step(event, outcome)
        wrong = [(one, ()) for one in answer_differs(expected, outcome)]
        if wrong:
            return list(wrong), Kind.OUTCOME
        if entry.effects is not None and entry.effects != effects:
            return list(self._effects_differ(effects, entry.effects)), Kind.OBSERVATION
        return [], Kind.OUTCOME

    # --- the core --------------------------------------------------------------------------------------------

    def _step(self, event: Event, outcome: Outcome | None) -> tuple[Outcome, tuple[AnyEffect, ...]]:
        core = self.core
        due = event.at - 1 if isinstance(event, REPORTS) else event.at
        effects: tuple[AnyEffect, ...] = ()
        if due > core.now or isinstance(event, Advanced):
            effects = self._pass_time(due)
        if isinstance(event, Advanced):
            return Accepted(), effects
        before = core.fired
        expected: Outcome = Accepted()
        tie = "T-01" if core.next_deadline() == event.at and isinstance(event, REPORTS) else ""
        brought: tuple[AnyEffect, ...] = ()
        try:
            brought = core.handle(event)
            rows = core.fired - before
        except ClientError as error:
            expected = Rejected(code=error.code, http_status=error.http_status, message=error.message)
            rows = Counter((error.row,))
        self._stepped(event, expected, outcome, rows, brought, tie)
        return expected, effects + brought

    def _pass_time(self, until: int) -> tuple[AnyEffect, ...]:
        core, before, tie = self.core, self.core.fired, ""
        due = core.next_deadline()
        if due is not None and due <= until + 1:
            dues = armed(core)
            over = [when for _, when in dues if when <= until]
            tie = "T-02" if len(set(over)) < len(over) else ""
            self.tally.passed(dues, until)
        effects = core.advance(until)
        self._stepped(Advanced(at=until), Accepted(), None, core.fired - before, effects, tie)
        return effects

    def _stepped(
        self,
        event: Event,
        expected: Outcome,
        outcome: Outcome | None,
        rows: Counter[str],
        effects: tuple[AnyEffect, ...],
        tie: str,
    ) -> None:
        core = self.core
        steps = dict(self._steps(event, effects))
        self._spot = Spot(event=event, rows=tuple(rows), steps=steps, core=core, tie=tie)
        if rows or not isinstance(event, Advanced):
            self._moments.append(self._moment(event, expected=expected, outcome=outcome, rows=tuple(rows)))
            del self._moments[:-MOMENTS_MAX]
            self._met.append((expected, self._spot))

    def _agreed(self) -> None:
        """Count the steps that a line stood for, now that nothing in it differs."""
        for expected, spot in self._met:
            was = {name: self._configurations[name] for name in spot.steps if name in self._configurations}
            self.tally.agreed(expected, was, spot)
            for name in spot.steps:
                session = self.core.session(name)
                if session is not None:
                    self._configurations[name] = session.configuration.value
        self._met.clear()

    def _steps(self, event: Event, effects: tuple[AnyEffect, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The rows of every session that the step touched."""
        names = {getattr(event, "session_id", None), self._owner(getattr(event, "job_id", None))}
        for effect in effects:
            if isinstance(effect, NotifySession):
                names.add(effect.session_id)
            elif not isinstance(effect, NotifyDevice):
                names.add(self._owner(effect.job_id))
        for name in sorted(filter(None, names)):
            story, was = self.core.story(name), self._stories.get(name, ())
            self._stories[name] = story
            kept = next(n for n in range(len(story), -1, -1) if not n or story[:n] == was[-n:])
            yield name, tuple(row for _, row in story[kept:])

    def _owner(self, job_id: str | None) -> str | None:
        job = None if job_id is None else self.core.job(job_id)
        return None if job is None else job.session_id

    def _effects_differ(
        self, right: tuple[AnyEffect, ...], seen: tuple[AnyEffect, ...]
    ) -> Iterator[tuple[Difference, tuple[str, ...]]]:
        """The first effect that is told and did not happen, or else the first that happened and is not told."""
        place = next(
            (n for n, (one, other) in enumerate(zip(right, seen, strict=False)) if one != other),
            min(len(right), len(seen)),
        )
        mine = right[place] if place < len(right) else None
        theirs = seen[place] if place < len(seen) else None
        extra = theirs if theirs is not None and theirs not in right else None
        about = extra or mine or theirs
        name = getattr(about, "session_id", None)
        what = f"session {name}" if name else f"job {getattr(about, 'job_id', '?')}"
        rules = self._rules_of(extra, mine)
        yield Difference(what=f"{what}: effect", expected=_told(mine), seen=_told(theirs)), rules

    def _rules_of(self, extra: AnyEffect | None, mine: AnyEffect | None) -> tuple[str, ...]:
        """The rules that an effect breaks which did not happen, or by which another should have happened."""
        core = self.core
        if isinstance(extra, NotifyJob | StartJob) and (isinstance(extra, StartJob) or extra.status == "running"):
            starts = isinstance(mine, StartJob) or (isinstance(mine, NotifyJob) and mine.status == "running")
            job = core.job(extra.job_id)
            if starts and mine is not None and getattr(mine, "job_id", "") != extra.job_id:
                return ("D-03", "S-05")
            if job is None or job.submitted_at > extra.at:
                return ("S-05",)
            if job.started_at is not None and job.started_at > extra.at:
                return ("D-04", "D-03") if core.running >= core.lanes else ("D-03",)
            if job.status in FINAL and job.reason_code != SESSION_CLOSED:
                return ("J-01",)
            if job.status in FINAL:
                return (*self._last_rules(job.session_id), "S-22")
            wrong = Difference(what=f"job {job.id}: status", expected=job.status.value, seen="running")
            return blamed((wrong,), self._spot)
        if isinstance(extra, NotifyJob):
            row = getattr(mine, "row", "") if getattr(mine, "job_id", "") == extra.job_id else ""
            return RULES_OF.get(row, ("J-01",))
        if isinstance(extra, NotifySession):
            session = core.session(extra.session_id)
            if session is not None and session.closed_at not in (None, extra.at):
                return self._last_rules(extra.session_id)
            same = mine if isinstance(mine, NotifySession) and mine.session_id == extra.session_id else extra
            return RULES_OF.get(same.row, ("V-02",))
        return RULES_OF.get(getattr(mine, "row", ""), ("D-03",))

    def _last_rules(self, session_id: str | None) -> tuple[str, ...]:
        story = self.core.story(session_id or "")
        closing = [row for _, row in story if not row.startswith(("S-21", "S-23", "S-06"))]
        return RULES_OF[closing[-1]][:1] if closing else ()

    # --- telling ---------------------------------------------------------------------------------------------

    def _moment(self, event: Event, **fields: object) -> Moment:
        at_zero = translated(event, event.at - self.origin, {})
        states = tuple(f"{name}: {_state(self.core, name)}" for name in self._spot.steps)
        return Moment(event=at_zero, states=states, **fields)  # type: ignore[arg-type]  # its own fields

    def _fall(
        self, entry: Entry, rules: tuple[str, ...], kind: Kind, differences: list[Difference] | tuple[()], said: str
    ) -> None:
        event = getattr(entry, "event", None)
        if event is not None and (not self._moments or self._spot.event is not event):
            self._moments.append(self._moment(event))
        self.blamed_on = frozenset(filter(None, (self._session_of(one.what) for one in differences)))
        stands = "; ".join(f"{name} is {_state(self.core, name)}" for name in self.core.sessions)
        self.finding = Finding(
            kind=kind,
            rules=tuple(dict.fromkeys(rules)),
            tier=TIER,
            case=f"{self.source}, line {entry.seq}",
            differences=tuple(differences),
            trace=tuple(self._moments),
            possible=(stands or "nothing exists yet",),
            said=said,
        )

    def _session_of(self, what: str) -> str | None:
        kind, _, rest = what.partition(" ")
        name = rest.partition(": ")[0]
        return name if kind == "session" else self._owner(name) if kind == "job" else None


_ROWS = {
    "MaxTtlExpired": ("S-15.max-ttl",),
    "UsageLimitReached": ("S-25.usage-limit",),
    "InteractiveTtlExpired": ("S-14.deactivate", "S-14.end"),
    "NoSubmissionExpired": ("S-16.no-submission",),
}


def _state(core: DeviceCore, name: str) -> str:
    session = core.session(name)
    return "gone" if session is None else in_short(session)


def _told(effect: AnyEffect | None) -> str:
    return "nothing more" if effect is None else str(effect)


def replayed(trace: Trace, *, profile: Profile | None, source: str, tally: Tally) -> dict[str, Replay]:
    """Follow every device of a trace to its end or its first difference."""
    header = trace.header
    terms = profile or header.profile
    found = {device.id: Replay(header, device, terms, source, tally) for device in header.devices}
    first = header.devices[0].id
    for entry in trace.entries:
        replay = found.get(entry.device or first)
        if replay is not None and replay.finding is None:
            replay.take(entry)
    return found

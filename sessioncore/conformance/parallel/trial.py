"""One window on one fresh target under one schedule: what was done, what was answered, and whether it can be so."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol, final

import attrs

from sessioncore.core.device_core import DeviceCore
from sessioncore.core.events import (
    Advanced,
    CloseRequested,
    Event,
    JobReleased,
    JobSucceeded,
    ResumeRequested,
)
from sessioncore.core.job import ON_DEVICE
from sessioncore.core.profiles import FIFO, IBM_GUIDE, Policy, Profile
from sessioncore.core.states import JobStatus, SessionState

from ..blame import RULES_OF, answer_differs, blamed
from ..cases import in_words
from ..protocol import Accepted, Outcome, SystemUnderTest, View
from ..results import Difference, Finding, Kind, Moment
from ..running import FellShort, NotApplicable, in_short
from .asking import Asking
from .linear import Operation, Seen, different, explain
from .schedules import Client, Point, Ran
from .stepping import Laws, Place, applied, closure, into, spot
from .windows import Window

TIER = "parallel"

LAGS_MAX = 3
"""How often a target may be late within its tolerance before it counts as different."""

END_STEPS_MAX = 200
"""After how many steps a window that does not come to its end is left."""


class Conductor(Protocol):
    """How clients run at once."""

    def __call__(self, clients: Sequence[Client], patience_s: float) -> Ran:
        """Run them all to their end, or leave behind those that hang."""
        ...


class Inconclusive(Exception):
    """The search for an explanation gave up."""


class _Found(Exception):
    """The target fell short."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.summary())
        self.finding = finding


@final
@attrs.define(kw_only=True)
class Outcomes:
    """What one trial gave. ``rows`` are the rows that the reference fired, in one of the ways that explain it all."""

    finding: Finding | None = None
    ran: Ran | None = None
    operations: int = 0
    looked: int = 0
    rows: Counter[str] = attrs.Factory(Counter)


@final
class Trial(Asking):
    """Judges one target once."""

    def __init__(
        self,
        target: SystemUnderTest,
        window: Window,
        conduct: Conductor,
        *,
        profile: Profile = IBM_GUIDE,
        policy: Policy = FIFO,
        laws: Laws = Laws(),  # noqa: B008 - a frozen value
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(target, beat)
        self.window = window
        self.laws = laws
        self._conduct = conduct
        core = DeviceCore("device", lanes=self.can.lanes, profile=profile, policy=policy)
        self._places = [into(core, laws)]
        self._moments: list[Moment] = []
        self._said = ""
        self._together = False
        self._result = Outcomes()
        self.event: Event = Advanced(at=0)

    def judge(self) -> Outcomes:
        """The whole window, to the end of every session and job. Raises :class:`NotApplicable` for what the target
        cannot be asked, and :class:`Inconclusive` for a search that gave up."""
        try:
            self._origin = self._observe().at
            for event in self.window.before:
                self._step(event)
            if self.window.clients:
                self._at_once()
            self._to_the_end()
        except FellShort as fall:
            self._result.finding = self.fell(fall.kind, str(fall))
        except _Found as found:
            self._result.finding = found.finding
        else:
            self._result.rows = self._places[0].core.fired
        return self._result

    # --- one after another -----------------------------------------------------------------------------------

    @property
    def _now(self) -> int:
        return self._places[0].core.now

    def _step(self, event: Event) -> None:
        """One event, alone."""
        self.event = event
        self._result.operations += 1
        outcome: Outcome | None = None
        if isinstance(event, Advanced):
            self._call("advance", self.target.advance, max(0, event.at - self._now))
        else:
            outcome = self._ask(event, self._now)
            self._name(event, outcome)
        view = self._observe()
        before = self._places
        after, wrong = self._answered(event, outcome)
        moment = Moment(event=event, outcome=outcome, view=view)
        if not after:
            self._fail(moment, before[0], wrong, Kind.OUTCOME)
        self._look(moment, before[0], after)

    def _answered(self, event: Event, outcome: Outcome | None) -> tuple[list[Place], list[Difference]]:
        """The places that the event leads to if it is answered like that; else what is wrong with the answer."""
        found: list[Place] = []
        wrong: list[Difference] = []
        for place in closure(self._places, self.laws):
            after, expected = applied(place, event, self.laws)
            differences = [] if outcome is None else list(answer_differs(expected, outcome))
            wrong = wrong or differences
            if not differences:
                found.append(after)
        return found, wrong

    def _look(self, moment: Moment, before: Place, places: Sequence[Place]) -> None:
        """Keep the places that look as the target does. A target may be late within its tolerance."""
        wrong: list[Difference] = []
        for lag in range(LAGS_MAX + 1):
            if lag:
                places, moment = self._later(places, moment)
            assert moment.view is not None
            seen = self._seen(moment.view, follow=not self.can.clock)
            kept = []
            for place in map(seen.met, closure(places, self.laws)):
                differences = seen.differences(place.core)
                wrong = wrong or differences
                if not differences:
                    kept.append(place)
            if kept:
                self._places = different(kept)
                self._moments.append(attrs.evolve(moment, states=_states(kept[0])))
                return
            if not self.can.tolerance_us:
                break
        self._fail(moment, before, wrong, Kind.OBSERVATION)

    def _later(self, places: Sequence[Place], moment: Moment) -> tuple[list[Place], Moment]:
        """Let as much time pass as the target may be late."""
        length = self.can.tolerance_us
        self._call("advance", self.target.advance, length)
        later = [
            applied(place, Advanced(at=place.core.now + length), self.laws)[0] for place in closure(places, self.laws)
        ]
        return later, attrs.evolve(moment, view=self._observe())

    def _seen(self, view: View, *, follow: bool) -> Seen:
        return Seen(
            view=view, names=self._names, origin=self._origin, tolerance=self.can.tolerance_us, follow=follow
        )

    # --- at once ---------------------------------------------------------------------------------------------

    def _at_once(self) -> None:
        """Every client does its part; then it is asked whether some order explains it."""
        self._together = True
        tick = itertools.count()
        done: list[Operation] = []
        falls: list[tuple[Event, FellShort | NotApplicable]] = []
        started = self._now

        def client(number: int, events: Sequence[Event]) -> Client:
            def act(point: Point) -> None:
                for event in events:
                    point()
                    invoked = next(tick)
                    try:
                        outcome = self._do(event, started)
                    except (FellShort, NotApplicable) as fall:
                        falls.append((event, fall))
                        done.append(Operation(client=number, event=event, invoked=invoked, returned=None))
                        return
                    done.append(
                        Operation(client=number, event=event, invoked=invoked, returned=next(tick), outcome=outcome)
                    )

            return act

        self._beat()
        ran = self._conduct([client(*each) for each in enumerate(self.window.clients)], self.can.patience_s)
        self._beat()
        self._result.ran = ran
        self._result.operations += len(done)
        self._said = "; ".join(map(str, ran.switches))
        history = sorted(done, key=lambda one: one.invoked)
        if ran.stuck:
            self._moments += [self._moment(one) for one in history]
            self.event = next(event for mine in self.window.clients for event in mine)
            raise _Found(self.fell(Kind.HANG, f"no answer within {self.can.patience_s:g} s: {'; '.join(ran.stuck)}"))
        for event, fall in falls:
            if isinstance(fall, NotApplicable):
                raise fall
            self._moments += [self._moment(one) for one in history if one.returned is not None]
            self.event = event
            raise fall
        self._explain(history)

    def _do(self, event: Event, started: int) -> Outcome | View:
        """One operation of one client, on its thread."""
        if isinstance(event, Advanced):
            if event.at <= started:
                return self._observe()
            self._call("advance", self.target.advance, event.at - started)
            return Accepted()
        return self._ask(event, self._now)

    def _explain(self, history: Sequence[Operation]) -> None:
        for one in history:
            if not isinstance(one.outcome, View):
                self._name(one.event, one.outcome)
        twice = self._used_twice()
        if twice is not None:
            self._race(history, self._observe(), (twice,), ("J-09",), ())
        view = self._observe()
        places: Sequence[Place] = closure(self._places, self.laws)
        for lag in range(LAGS_MAX + 1):
            if lag:
                self._call("advance", self.target.advance, self.can.tolerance_us)
                view = self._observe()
            seen = self._seen(view, follow=lag > 0 or not self.can.clock)
            found = [explain(place, history, seen, laws=self.laws, everything=True) for place in places]
            self._result.looked += sum(one.looked for one in found)
            if any(one.gave_up for one in found):
                raise Inconclusive("the search for an order of the operations gave up")
            states = different(state for one in found for state in one.states)
            if states:
                self._places = states
                self._moments += [attrs.evolve(self._moment(one), states=_states(states[0])) for one in history]
                return
            if not self.can.tolerance_us:
                break
        nearest = found[0]
        wrong = nearest.attempts[0].differences if nearest.attempts else ()
        self._race(history, view, wrong, nearest.rules, nearest.told(history))

    def _used_twice(self) -> Difference | None:
        """J-09: an id that the target gave to two sessions, or to two jobs."""
        for name, given in self._names.items():
            last = [kind[given] for kind in (self._names.sessions, self._names.jobs) if given in kind]
            if name not in last:
                return Difference(what=f"the id of {last[0]}", expected="one of its own", seen=f"that of {name}")
        return None

    def _race(
        self,
        history: Sequence[Operation],
        view: View,
        differences: Sequence[Difference],
        rules: tuple[str, ...],
        told: tuple[str, ...],
    ) -> None:
        moments = [self._moment(one) for one in history]
        moments[-1] = attrs.evolve(moments[-1], view=self._translated(view))
        raise _Found(
            Finding(
                kind=Kind.RACE,
                rules=rules,
                tier=TIER,
                case=self.window.name,
                differences=tuple(differences),
                trace=(*self._moments, *moments),
                possible=told,
                said=self._schedule(),
            )
        )

    # --- to the end --------------------------------------------------------------------------------------------

    def _to_the_end(self) -> None:
        """Every job ends and every session is closed: nothing was lost, and nothing is there twice."""
        if "ResumeRequested" not in self.can.unsupported:
            self._step(ResumeRequested(at=self._now))
        for _ in range(END_STEPS_MAX):
            event = self._next_end()
            if event is None:
                return
            self._step(event)

    def _next_end(self) -> Event | None:
        core = self._places[0].core
        if self.can.reports:
            for name, job in core.jobs.items():
                if job.status in ON_DEVICE:
                    kind = JobReleased if job.status is JobStatus.CANCELLING else JobSucceeded
                    return kind(at=core.now, job_id=name)
        for name, session in core.sessions.items():
            if session.state is not SessionState.CLOSED and session.accepting_jobs:
                return CloseRequested(at=core.now, session_id=name)
        return None

    # --- telling -----------------------------------------------------------------------------------------------

    def _schedule(self) -> str:
        if not self._together:
            return ""
        turns = f", in these turns: {self._said}" if self._said else ""
        return f"at once: {in_order(self.window)}{turns}"

    def _moment(self, one: Operation) -> Moment:
        if isinstance(one.outcome, View):
            return Moment(event=one.event, view=self._translated(one.outcome))
        return Moment(event=one.event, outcome=one.outcome)

    def _fail(self, moment: Moment, before: Place, wrong: Sequence[Difference], kind: Kind) -> None:
        where = spot(before.core, moment.event)
        if moment.view is not None:
            moment = attrs.evolve(moment, view=self._translated(moment.view))
        raise _Found(
            Finding(
                kind=Kind.RACE if self._together else kind,
                rules=blamed(wrong, where),
                tier=TIER,
                case=self.window.name,
                differences=tuple(wrong),
                trace=(*self._moments, attrs.evolve(moment, rows=where.rows)),
                possible=tuple("; ".join(_states(place)) for place in self._places),
                said=self._schedule(),
            )
        )

    def fell(self, kind: Kind, said: str) -> Finding:
        """The finding for a target that crashed, hung or answered nonsense where the trial stands."""
        rows = spot(self._places[0].core, self.event).rows
        return Finding(
            kind=kind,
            rules=tuple(dict.fromkeys(rule for row in rows for rule in RULES_OF.get(row, ()))),
            tier=TIER,
            case=self.window.name,
            differences=(),
            trace=(*self._moments, Moment(event=self.event, rows=rows)),
            possible=tuple("; ".join(_states(place)) for place in self._places),
            said=", ".join(filter(None, (said, self._schedule()))),
        )


def _states(place: Place) -> tuple[str, ...]:
    core = place.core
    return tuple(f"{name}: {in_short(session)}" for name, session in core.sessions.items())


def in_order(window: Window) -> str:
    """What happens at once in a window, for people."""
    started = max((event.at for event in window.before), default=0)

    def told(event: Event) -> str:
        return "look" if isinstance(event, Advanced) and event.at <= started else in_words(event)

    return "; ".join(
        f"client {number}: {', then '.join(map(told, mine))}" for number, mine in enumerate(window.clients)
    )

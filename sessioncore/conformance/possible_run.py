"""One case on one target that starts and ends jobs by itself, judged against all states in which it could be."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, final

import attrs

from sessioncore.core.errors import HostError
from sessioncore.core.events import REPORTS, Advanced, Event, OpenRequested, SubmitRequested
from sessioncore.core.profiles import FIFO, IBM_GUIDE, Policy, Profile
from sessioncore.core.values import replaced

from .blame import RULES_OF, Spot, blamed
from .cases import Case, Names, in_words, translated
from .choosing import rules_met
from .possible import Impossible, Possible, TooManyError
from .possible_plan import Plan, plan_of
from .possible_world import World
from .protocol import TIMES, UNSEEN, Accepted, Capabilities, Outcome, Rejected, SessionView, Unsupported, View
from .results import Difference, Finding, Kind, Moment
from .running import FellShort, NotApplicable, in_short
from .shapes import oddity
from .tally import AFTER_TIMER, LAW_OF_TIMER, Tally, armed, hidden, rules_shown
from .watch import RAISED, checked, exception_text

NAP_S = 0.002
NAP_S_MAX = 0.05


class Inconclusive(NotApplicable):
    """The evidence does not decide; the message says why."""


@final
class FreeRun:
    """One case on one target. ``beat`` is called before every call of the target.

    ``settle_s`` is how many real seconds a job may take to start or to end before the case is given up, ``show_s``
    how many a change may take to be shown. ``failing``: any job may fail of itself, not only those that are meant to.
    With ``prompt`` a job that may start and does not within ``settle_s`` is a finding, unless the target says in
    ``alone()`` that the device has other work; without, somebody else may always have the device.
    """

    def __init__(
        self,
        target: Any,
        *,
        profile: Profile = IBM_GUIDE,
        policy: Policy = FIFO,
        tier: str = "",
        tally: Tally | None = None,
        beat: Callable[[], None] = lambda: None,
        settle_s: float = 5.0,
        show_s: float = 0.0,
        failing: bool = False,
        prompt: bool = False,
    ) -> None:
        self.target = target
        self.can: Capabilities = target.capabilities
        self.profile = profile
        self.policy = policy
        self.possible = Possible(
            profile,
            lanes=self.can.lanes,
            policy=policy,
            tolerance_us=self.can.tolerance_us,
            failing=None if failing else (),
        )
        self.failing = failing
        self.tier = tier
        self.tally = tally or Tally()
        self.beat = beat
        self.settle_s = settle_s
        self.show_s = show_s
        self.prompt = prompt
        self.names = Names()
        self.origin = 0
        self._now = 0
        self._case_at = 0
        self._step = 0
        self._deadline: int | None = None
        self._moments: list[Moment] = []
        self._shown: Any = None

    def judge(self, case: Case, plan: Plan | None = None) -> Finding | None:
        """Hand in every event; the finding at the first look that nothing possible explains, or None. Without a
        ``plan`` of how long its jobs run, one is made.

        Raises :class:`NotApplicable` where the target cannot be asked what the case needs, and :class:`Inconclusive`
        where the evidence does not decide; which rules that leaves open is noted in the tally.
        """
        event: Event = Advanced(at=0)
        try:
            plan = plan or plan_of(case, self.profile, lanes=self.can.lanes, policy=self.policy)
            if (tell_plan := getattr(self.target, "plan", None)) is not None:
                tell_plan(plan.lengths)
            if not self.failing:
                self.possible.let_fail(job for job, length in plan.lengths.items() if length == "failing")
            self.origin = self._observe().at
            for self._step, event in enumerate(case.events):
                self._take(event, plan)
        except FellShort as fall:
            return self._fall(case, event, fall.kind, fall.said)
        except (TypeError, AttributeError, ValueError) as error:
            if not (said := oddity(self._shown)):
                raise
            return self._fall(case, event, Kind.NONSENSE, f"{said} ({type(error).__name__})")
        except Impossible as contradiction:
            return self._finding(case, event, contradiction)
        except _StuckError as stuck:
            return self._stuck(case, stuck)
        except (TooManyError, Inconclusive) as error:
            why = str(error) if isinstance(error, Inconclusive) else f"{error}; the case cannot be judged"
            so_far = attrs.evolve(case, events=case.events[: self._step + 1])
            rules = rules_met(so_far, self.profile, self.policy, self.can.lanes)
            self.tally.leave_open(dict.fromkeys(rules, f"{why}, in case {case.name!r}"))
            raise Inconclusive(why) from error
        return None

    @property
    def trace(self) -> tuple[Moment, ...]:
        """What was done and seen so far."""
        return tuple(self._moments)

    def hung(self, case: Case, said: str) -> Finding:
        """The finding for a target that did not answer the step at which this run stands."""
        return self._fall(case, case.events[min(self._step, len(case.events) - 1)], Kind.HANG, said)

    # --- steps -----------------------------------------------------------------------------------------------

    def _take(self, event: Event, plan: Plan) -> None:
        passed = event.at - self._case_at
        self._case_at = max(self._case_at, event.at)
        if passed > 0:
            self._pass_time(passed, event)
        if isinstance(event, REPORTS):
            self._look(event, None, plan)
        elif not isinstance(event, Advanced):
            self._hand_in(event, plan)
        elif passed <= 0:
            self._look(event, None, plan)

    def _pass_time(self, length: int, event: Event) -> None:
        self._note_deadlines(length)
        self._call("advance", self.target.advance, length)
        self._now += length
        self._look(event if isinstance(event, Advanced) else Advanced(at=event.at), None, None)

    def _hand_in(self, event: Event, plan: Plan) -> None:
        if type(event).__name__ in self.can.unsupported:
            raise NotApplicable(f"it has no {type(event).__name__}")
        sent = translated(event, self._now + self.origin, self.names)
        outcome = self._call("apply", self.target.apply, sent)
        self._check(outcome, (Accepted, Rejected, Unsupported), "the answer")
        if isinstance(outcome, Unsupported):
            raise NotApplicable(outcome.why)
        if isinstance(outcome, Accepted) and isinstance(event, OpenRequested | SubmitRequested):
            self._check(outcome.id, str, "the id of what was made")
            assert outcome.id is not None
            self.names.give(event, outcome.id)
        self._look(event, outcome, plan)
        if self._deadline is not None and self._now <= self._deadline + self.can.tolerance_us:
            self._tied(event)

    def _look(self, event: Event, outcome: Outcome | None, plan: Plan | None) -> None:
        """Look until what is shown can be explained and the jobs have come as far as the case wants them to."""
        until_shown = time.monotonic() + self.show_s
        until_settled = time.monotonic() + self.settle_s
        nap, happened, last = NAP_S, event, None
        while True:
            view = self._shifted(self._observe())
            if outcome is not None and happened is event:
                self.possible.request(translated(event, self._now, {}), outcome)
            if view != last or happened is event:
                where = self._where()
                try:
                    self.possible.observed(view)
                except Impossible:
                    self._note(event, outcome, view)
                    if time.monotonic() >= until_shown:
                        raise
                    self.possible.forget_steps()
                else:
                    self._agreed(event, happened, outcome, view, where)
                    happened = Advanced(at=self._now)
                    last = view
            if last is not None:
                behind = plan.behind(self._step, view) if plan is not None else ""
                if not behind:
                    return
                if time.monotonic() >= until_settled:
                    self._late(event, behind)
            time.sleep(nap)
            nap = min(2 * nap, NAP_S_MAX)
            self.beat()

    def _late(self, event: Event, job: str) -> None:
        """A job has not come as far as the case wants. If it could start in every possible state, and nobody else can
        be in its way, the target fell short; else the case is given up."""
        twins = [world.fork() for world in self.possible.worlds]
        for twin in twins:
            twin.begin()
        starts = [twin.start_next(twin.now) if twin.waiting else None for twin in twins]
        alone = getattr(self.target, "alone", None)
        if None in starts or not self.prompt or (alone is not None and not alone()):
            what = "end" if None in starts else "start"
            raise Inconclusive(f"a job did not {what} within {self.settle_s:g} s ({job})")
        started, spot = starts[0], _spot(event, twins[0])
        differences = (Difference(what=f"job {started}: status", expected="running", seen="queued"),)
        broken = (rule for rows in spot.steps.values() for rule in _rules_of(rows))
        rules = dict.fromkeys((*broken, *blamed(differences, spot)))
        raise _StuckError(differences, tuple(rules), f"{started} did not start within {self.settle_s:g} s")

    # --- looking ---------------------------------------------------------------------------------------------

    def _observe(self) -> View:
        self._shown = view = self._call("observe", self.target.observe)
        self._check(view, View, "what observe() gives")
        self._check(view.at, int, "the time of a view")
        return view  # type: ignore[no-any-return]  # it was checked

    def _shifted(self, view: View) -> View:
        """The view in the kit's ids and times. Raises :class:`FellShort` where its time makes no sense."""
        passed = view.at - self.origin
        if self.can.clock and abs(passed - self._now) > self.can.tolerance_us:
            raise FellShort(Kind.CLOCK, f"its time should be {self._now} us after the beginning and is {passed} us")
        if passed < self._now - self.can.tolerance_us:
            raise FellShort(Kind.CLOCK, f"its time ran backwards by {self._now - passed} us")
        self._now = max(self._now, passed)
        ours, jobs_ours = self.names.sessions, self.names.jobs
        sessions = {ours[name]: _from(shown, self.origin) for name, shown in view.sessions.items() if name in ours}
        jobs = {jobs_ours[name]: shown for name, shown in view.jobs.items() if name in jobs_ours}
        return View(at=self._now, sessions=sessions, jobs=jobs)

    def _call(self, name: str, method: Callable[..., Any], *arguments: Any) -> Any:
        self.beat()
        try:
            return method(*arguments)
        except (FellShort, NotApplicable):
            raise
        except RAISED as error:
            raise FellShort(Kind.CRASH, f"{name}() raised {exception_text(error)}") from error

    @staticmethod
    def _check(thing: Any, kinds: type | tuple[type, ...], what: str) -> None:
        try:
            checked(thing, kinds, what)
        except TypeError as error:
            raise FellShort(Kind.NONSENSE, str(error)) from error

    # --- counting --------------------------------------------------------------------------------------------

    def _where(self) -> dict[str, str]:
        """In which configuration every session is, where all possibilities agree."""
        found = [
            {name: one.configuration.value for name, one in world.core.sessions.items()}
            for world in self.possible.worlds
        ]
        return {name: word for name, word in found[0].items() if all(other.get(name) == word for other in found)}

    def _agreed(
        self, event: Event, happened: Event, outcome: Outcome | None, view: View, where: Mapping[str, str]
    ) -> None:
        """Count what happened for certain: in every possibility that is left."""
        worlds = self.possible.worlds
        rows = worlds[0].fired()
        steps = worlds[0].steps()
        for world in worlds[1:]:
            rows &= world.fired()
            others = world.steps()
            steps = {name: told for name, told in steps.items() if others.get(name) == told}
        first = happened is event
        self._note(event, outcome, view, tuple(rows), again=not first)
        self._leave_open(event, rows)
        if first or rows:
            spot = Spot(event=happened, rows=tuple(rows), steps=steps, core=worlds[0].core)
            answer = outcome if first and outcome is not None else Accepted()
            self.tally.agreed(answer, where, spot, hidden(worlds[0].core, view, {}))
        self.tally.looked(worlds[0].core, view, {})

    def _note(
        self, event: Event, outcome: Outcome | None, view: View, rows: tuple[str, ...] = (), *, again: bool = False
    ) -> None:
        """Remember this step. A further look at the same step takes the place of the last one."""
        if again or (self._moments and self._moments[-1].event is event):
            rows = (*self._moments.pop().rows, *rows)
        core = self.possible.worlds[0].core
        states = tuple(f"{name}: {in_short(session)}" for name, session in core.sessions.items())
        self._moments.append(Moment(event=event, outcome=outcome, rows=rows, view=view, states=states))

    def _leave_open(self, event: Event, rows: Mapping[str, int]) -> None:
        """Note the rules of what happened in some possibilities only: nothing that was shown tells whether it did."""
        some = {row for world in self.possible.worlds for row in world.fired()} - set(rows)
        why = f"after {in_words(event)!r} nothing that is shown tells whether {{}} happened"
        self.tally.leave_open({rule: why.format(row) for row in sorted(some) for rule in rules_shown(row)})

    def _note_deadlines(self, length: int) -> None:
        """Time is about to pass: count the deadlines that it meets for certain, where the instants beside them can be
        told apart."""
        worlds = self.possible.worlds
        to, near = worlds[0].now + length, self.can.tolerance_us
        each = [frozenset(armed(world.core)) for world in worlds]
        dues = each[0].union(*each) if near else each[0].intersection(*each)
        close = {timer for timer, due in dues if abs(due - to) <= near}
        if close:
            self._deadline = to
        if near:
            why = f"its times are known within {near / 1e6:g} s only, too coarse to tell when {{}} was due"
            self.tally.leave_open({LAW_OF_TIMER[timer]: why.format(timer) for timer in close & LAW_OF_TIMER.keys()})
        if len(worlds) == 1:
            self.tally.passed([(timer, due) for timer, due in dues if not near or timer not in close], to)

    def _tied(self, event: Event) -> None:
        """A request came at the very instant of a timer, and what came of it was explained (T-01)."""
        if self.can.clock and not self.can.tolerance_us:
            self.tally.coverage.ties[type(event).__name__, AFTER_TIMER] += 1
            self.tally.exercised["T-01"] += 1
        else:
            within = f"its times are known within {self.can.tolerance_us / 1e6:g} s only"
            self.tally.leave_open({"T-01": f"{within}: whether the timer or the request came first cannot be told"})

    # --- telling ---------------------------------------------------------------------------------------------

    def _finding(self, case: Case, event: Event, contradiction: Impossible) -> Finding:
        missed = contradiction.missed
        spot = _spot(event, missed.world)
        answer = any(difference.what.startswith("answer") for difference in missed.differences)
        return Finding(
            kind=Kind.OUTCOME if answer else Kind.OBSERVATION,
            rules=blamed(missed.differences, spot),
            tier=self.tier,
            case=case.name,
            differences=missed.differences,
            trace=self.trace,
            possible=contradiction.states,
        )

    def _stuck(self, case: Case, stuck: _StuckError) -> Finding:
        return Finding(
            kind=Kind.OBSERVATION,
            rules=stuck.rules,
            tier=self.tier,
            case=case.name,
            differences=stuck.differences,
            trace=self.trace,
            possible=self.possible.states(),
            said=str(stuck),
        )

    def _fall(self, case: Case, event: Event, kind: Kind, said: str) -> Finding:
        """What was to come of the event is said by the reference in the first possible state."""
        world = self.possible.worlds[0].fork()
        world.begin()
        world.pass_time(self._now)
        if not isinstance(event, (*REPORTS, Advanced)):
            with suppress(HostError):  # the case stands where the event makes no sense: no row can be named
                world.request(translated(event, world.now, {}))
        rows = tuple(world.fired())
        return Finding(
            kind=kind,
            rules=("T-04",) if kind is Kind.CLOCK else _rules_of(rows),
            tier=self.tier,
            case=case.name,
            differences=(),
            trace=(*self._moments, Moment(event=event, rows=rows)),
            possible=self.possible.states(),
            said=said,
        )


class _StuckError(Exception):
    """A job that may start does not."""

    def __init__(self, differences: tuple[Difference, ...], rules: tuple[str, ...], said: str) -> None:
        super().__init__(said)
        self.differences = differences
        self.rules = rules


def _rules_of(rows: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rule for row in rows for rule in RULES_OF[row]))


def _spot(event: Event, world: World) -> Spot:
    """Where a difference was seen, with the device in the state in which it would be, and not paused by us."""
    core = world.core.fork()
    core.state = world.device
    return Spot(event=event, rows=tuple(world.fired()), steps=world.steps(), core=core)


def _from(shown: SessionView, origin: int) -> SessionView:
    """The session with its times counted from the origin."""
    moved = {
        field: seen - origin for field in TIMES if (seen := getattr(shown, field)) is not None and seen is not UNSEEN
    }
    return replaced(shown, **moved)

"""One case on one target whose clock the kit drives: step by step beside the reference, until they part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, final

from sessioncore.core.errors import HostError
from sessioncore.core.events import REPORTS, Advanced, Event, JobStarted, OpenRequested, SubmitRequested
from sessioncore.core.profiles import FIFO, IBM_GUIDE, Policy, Profile
from sessioncore.core.session import Session
from sessioncore.core.values import maker, replaced

from .blame import Spot, answer_differs, blamed, rules_of, uncalled, view_differs
from .cases import Case, Names, translated
from .oracle import Oracle, time_before
from .protocol import Accepted, Capabilities, Outcome, Rejected, SystemUnderTest, Unsupported, View
from .results import Difference, Finding, Kind, Moment
from .shapes import oddity
from .tally import Tally, armed, hidden
from .watch import RAISED, checked, exception_text

LAGS_MAX = 3
"""How often a target may be late within its tolerance at one step before it counts as different."""

ABOUT_DEVICE = ("PauseRequested", "OfflineRequested", "ResumeRequested")
"""Requests that the kit answers itself where it is the target's scheduler."""

job_started, spot_of = maker(JobStarted), maker(Spot)


_Noted = tuple[Event, Outcome | None, Outcome | None, tuple[str, ...], View | None, Mapping[str, Session]]


class NotApplicable(Exception):
    """The target cannot be asked what the case needs."""


class FellShort(Exception):
    """The target crashed or answered what is no answer; ``kind`` says which, ``said`` how. ``answered``: there was an
    answer over HTTP, and it was of no use."""

    def __init__(self, kind: Kind, said: str, *, answered: bool = False) -> None:
        super().__init__(said)
        self.kind = kind
        self.said = said
        self.answered = answered


@final
class Run:
    """One case on one fresh target. ``beat`` is called before every call of the target."""

    def __init__(
        self,
        target: SystemUnderTest,
        *,
        profile: Profile = IBM_GUIDE,
        policy: Policy = FIFO,
        tier: str = "",
        tally: Tally | None = None,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self.target = target
        self.can: Capabilities = target.capabilities
        self.oracle = Oracle(profile, lanes=self.can.lanes, policy=policy)
        self.tier = tier
        self.tally = tally or Tally()
        self.beat = beat
        self.names = Names()
        self.origin = 0
        self.offset = 0
        self._fired_now = False
        self._due: int | None = None
        self._asked: Event = Advanced(at=0)
        self._noted: list[_Noted] = []
        self._shown: Any = None

    def judge(self, case: Case) -> Finding | None:
        """Hand in every event; the finding at the first step on which target and reference part, or None.

        Raises :class:`NotApplicable` where the target cannot be asked what the case needs.
        """
        event: Event = Advanced(at=0)
        try:
            self.origin = self._observe().at
            for event in case.events:
                found = self._step(event)
                if found is not None:
                    return self._finding(case, *found)
        except FellShort as fall:
            return self._fall(case, event, fall.kind, fall.said)
        except (TypeError, AttributeError, ValueError) as error:
            if not (said := oddity(self._shown)):
                raise
            return self._fall(case, event, Kind.NONSENSE, f"{said} ({type(error).__name__})")
        return None

    def hung(self, case: Case, said: str) -> Finding:
        """The finding for a target that did not answer the step at which this run stands."""
        return self._fall(case, self._asked, Kind.HANG, said)

    # --- steps -----------------------------------------------------------------------------------------------

    def _step(self, event: Event) -> tuple[Kind, list[Difference], Spot] | None:
        self._asked = event
        at = event.at + self.offset
        if at < self.oracle.now - (1 if isinstance(event, REPORTS) else 0):
            return self._backwards(event)
        until = max(time_before(event) + self.offset, self.oracle.now)
        found = self._pass_time(until, event if isinstance(event, Advanced) else None)
        if found is not None or isinstance(event, Advanced):
            return found
        at = event.at + self.offset
        moved = translated(event, at, {}) if self.offset else event
        tie = self._due == at  # a timer is due at exactly this instant and has not fired (T-01)
        if tie or self._fired_now:
            order = "report before timer" if tie else "timer before request"
            self.tally.tied(event, order)
        return self._hand_in(moved, "T-01" if tie else "", self.oracle.otherwise(moved) if tie else None)

    def _pass_time(self, until: int, event: Advanced | None) -> tuple[Kind, list[Difference], Spot] | None:
        """Time passes for both. A target whose jobs the kit starts is told of each start when it is due."""
        self._fired_now = False
        while True:
            due = self._due = self.oracle.core.next_deadline()
            if self.oracle.now >= until and (due is None or due > until):
                return None  # a timer may also have become due at this very instant
            to = until if due is None or due > until or not self.can.dispatch else due
            found = self._jump(to, event or Advanced(at=until), due)
            if found is not None:
                return found

    def _jump(self, to: int, event: Event, due: int | None) -> tuple[Kind, list[Difference], Spot] | None:
        oracle = self.oracle
        length = to - oracle.now
        tie = ""
        before = oracle.where
        if due is not None and due <= to + 1:
            dues = armed(oracle.core)
            over = [when for _, when in dues if when <= to]
            tie = "T-02" if len(set(over)) < len(over) else ""
            self._fired_now = to in over
            self.tally.passed(dues, to)
        oracle.pass_time(to)
        self._call("advance", self.target.advance, length)
        return self._compare(event, DONE_NOTHING, None, tie, before)

    def _hand_in(self, event: Event, tie: str, other: View | None) -> tuple[Kind, list[Difference], Spot] | None:
        before = self.oracle.where
        try:
            expected = self.oracle.apply(event)
        except HostError as error:
            raise NotApplicable(f"the case itself breaks {error.rule}") from error
        if type(event).__name__ in self.can.unsupported:
            outcome: Outcome = Unsupported(why=f"it has no {type(event).__name__}")
        elif self.can.dispatch and type(event).__name__ in ABOUT_DEVICE:
            outcome = Accepted()  # the kit is the scheduler of this target: it holds the jobs back by itself
        else:
            sent = translated(event, event.at + self.origin, self.names)
            outcome = self._call("apply", self.target.apply, sent)
            self._check(outcome, (Accepted, Rejected, Unsupported), "the answer")
        if isinstance(outcome, Unsupported):
            raise NotApplicable(outcome.why)
        both = isinstance(outcome, Accepted) and isinstance(expected, Accepted)
        if both and isinstance(event, (OpenRequested, SubmitRequested)):
            assert isinstance(outcome, Accepted)
            self._check(outcome.id, str, "the id of what was made")
            if outcome.id is not None:
                self.names.give(event, outcome.id)
        return self._compare(event, expected, outcome, tie, before, other)

    def _backwards(self, event: Event) -> tuple[Kind, list[Difference], Spot] | None:
        """T-04: an event from the past changes nothing, whether the target refuses it, raises, or counts it as
        late."""
        self.beat()
        sent = translated(event, event.at + self.offset + self.origin, self.names)
        with suppress(Exception):  # to raise is what T-04 asks for; what counts is that nothing changes
            self.target.apply(sent)
        self.oracle.rows, self.oracle.steps, self.oracle.started = (), {}, []
        return self._compare(event, DONE_NOTHING, None, "T-04", self.oracle.where)

    def _starts(self) -> None:
        """Tell a target whose jobs the kit starts what the reference has started."""
        for at, job in self.oracle.started:
            sent = job_started(at=at + self.origin, job_id=self.names.get(job, job))
            outcome = self._call("apply", self.target.apply, sent)
            if not isinstance(outcome, Accepted):
                raise FellShort(Kind.OUTCOME, f"JobStarted({job}) was not accepted: {outcome}")

    # --- looking ---------------------------------------------------------------------------------------------

    def _compare(
        self,
        event: Event,
        expected: Outcome,
        outcome: Outcome | None,
        tie: str,
        before: Mapping[str, str],
        other: View | None = None,
    ) -> tuple[Kind, list[Difference], Spot] | None:
        """Whether answer and view are right; what was met is counted if they are."""
        oracle = self.oracle
        spot = spot_of(event=event, rows=oracle.rows, steps=oracle.steps, core=oracle.core, tie=tie)
        alike = outcome is None or (isinstance(outcome, Accepted) and isinstance(expected, Accepted))
        if outcome is not None and not alike and (wrong := list(answer_differs(expected, outcome))):
            self._note(event, expected, outcome, None)
            return Kind.OUTCOME, wrong, spot
        if self.can.dispatch:
            self._starts()
        view = self._observe()
        wrong = self._wrong(view)
        lags = 0
        while wrong and self.can.tolerance_us and lags < LAGS_MAX:
            lags += 1
            self.offset += self.can.tolerance_us
            oracle.pass_time(oracle.now + self.can.tolerance_us)
            self._call("advance", self.target.advance, self.can.tolerance_us)
            view = self._observe()
            wrong = self._wrong(view)
        if wrong or outcome is not None or event is self._asked:
            self._note(event, expected, outcome, view)
        if wrong:
            clock = wrong[0].what == "clock"
            if tie == "T-01" and (other is None or self._unlike(other, view)):
                spot = replaced(spot, tie="")  # another order does not explain it
            if tie == "T-02" and not any(difference.what.endswith("state_reason") for difference in wrong):
                spot = replaced(spot, tie="")
            return Kind.CLOCK if clock else Kind.OBSERVATION, wrong, spot
        unseen = hidden(oracle.core, view, self.names) if oracle.steps else ()
        self.tally.agreed(expected, before, spot, unseen)
        self.tally.looked(oracle.core, view, self.names)
        return None

    def _wrong(self, view: View) -> list[Difference]:
        right = self.oracle.view()
        passed = view.at - self.origin
        if abs(passed - right.at) > self.can.tolerance_us:
            return [Difference(what="clock", expected=right.at, seen=passed)]
        wrong = self._unlike(right, view)
        if self.can.fresh:
            wrong += uncalled(view, self.names)
        return wrong

    def _unlike(self, right: View, view: View) -> list[Difference]:
        return list(view_differs(right, view, self.names, self.origin, self.can.tolerance_us))

    def _observe(self) -> View:
        self._shown = view = self._call("observe", self.target.observe)
        if not isinstance(view, View) or not isinstance(view.at, int):
            self._check(view, View, "what observe() gives")
            self._check(view.at, int, "the time of a view")
        return view  # type: ignore[no-any-return]  # it was checked

    def _call(self, name: str, method: Callable[..., Any], *arguments: Any) -> Any:
        self.beat()
        try:
            return method(*arguments)
        except FellShort:
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

    def _note(self, event: Event, expected: Outcome, outcome: Outcome | None, view: View | None) -> None:
        """Remember a step; it is put into words only if something is found."""
        told = None if outcome is None else expected
        self._noted.append((event, told, outcome, self.oracle.rows, view, self.oracle.sessions))

    @property
    def _moments(self) -> tuple[Moment, ...]:
        """The steps so far."""
        return tuple(
            Moment(
                event=event,
                expected=expected,
                outcome=outcome,
                rows=rows,
                view=view,
                states=tuple(f"{name}: {in_short(session)}" for name, session in sessions.items()),
            )
            for event, expected, outcome, rows, view, sessions in self._noted
        )

    # --- telling ---------------------------------------------------------------------------------------------

    def _finding(self, case: Case, kind: Kind, differences: list[Difference], spot: Spot) -> Finding:
        return Finding(
            kind=kind,
            rules=("T-04",) if kind is Kind.CLOCK else blamed(differences, spot),
            tier=self.tier,
            case=case.name,
            differences=tuple(differences),
            trace=self._moments,
            possible=(state_of(self.oracle),),
        )

    def _fall(self, case: Case, event: Event, kind: Kind, said: str) -> Finding:
        rows = self.oracle.rows
        rules = rules_of(rows)
        return Finding(
            kind=kind,
            rules=rules,
            tier=self.tier,
            case=case.name,
            differences=(),
            trace=(*self._moments, Moment(event=event, rows=rows)),
            possible=(state_of(self.oracle),),
            said=said,
        )


DONE_NOTHING = Accepted()
"""The answer to time that passes."""


def in_short(session: Session) -> str:
    """A session of the reference in a few words."""
    if session.state_reason is not None:
        return f"closed ({session.state_reason.value})"
    return session.state.value if session.accepting_jobs else f"{session.state.value}, draining"


def state_of(oracle: Oracle) -> str:
    """Where the reference stands, for people: sessions, jobs, and the timers that are armed."""
    core = oracle.core
    told = []
    for name, session in core.sessions.items():
        timers = ", ".join(f"{timer} in {(due - core.now) / 1e6:g} s" for timer, due in core.timers(name))
        told.append(f"{name} is {in_short(session)}" + (f" ({timers})" if timers else ""))
    told += [f"{name} is {job.status.value}" for name, job in core.jobs.items()]
    if core.state.value != "online":
        told.append(f"the device is {core.state.value}")
    return "; ".join(told) or "nothing exists yet"

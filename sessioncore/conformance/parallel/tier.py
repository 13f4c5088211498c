"""The tier ``parallel``: windows of concurrent operations, each under several schedules, judged by linearizability."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any, TypeAlias, final

from sessioncore.core.errors import HostError
from sessioncore.core.profiles import FIFO, IBM_GUIDE, Policy, Profile

from ..awaited import is_async
from ..blame import RULES_OF
from ..cases import Case, so_many
from ..choosing import rules_met
from ..guarding import made_by
from ..making import PATIENCE_S
from ..protocol import Capabilities, Factory, SystemUnderTest
from ..results import Coverage, Finding, Kind, TierResult
from ..running import NotApplicable
from ..watch import RAISED, HangingError, Watch, exception_text
from .conducting import by_schedule, freely, target_code
from .looped import Looped
from .plans import Plans
from .schedules import Ran, Schedule, Watched
from .shorten import shortened
from .stepping import Laws
from .trial import TIER, Inconclusive, Outcomes, Trial
from .windows import OPERATIONS_MAX, Window, in_a_row, window

WINDOWS = 60
"""How many windows are tried, unless asked otherwise."""

SCHEDULES = 12
"""Under how many schedules each window runs."""

ORDERS_MAX = 12
"""In how many orders the operations of a failing window are tried one after another."""

ONE_BY_ONE = Schedule(order=())
"""No clients, no threads."""

FINDINGS_MAX = 5
"""After how many different findings the tier stops."""

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with (what is going on, how much is done, how much there is)."""


def silent(_what: str, _done: int, _all: int) -> None:
    """No progress is shown."""


def parallel(
    factory: Factory,
    *,
    profile: Profile = IBM_GUIDE,
    policy: Policy = FIFO,
    seed: int = 0,
    windows: int = WINDOWS,
    schedules: int = SCHEDULES,
    operations: int = OPERATIONS_MAX,
    control: str = "auto",
    watched: Watched = target_code,
    own_clock: bool = False,
    late_starts: bool = False,
    findings_max: int = FINDINGS_MAX,
    shorten: bool = True,
    progress: Progress = silent,
) -> TierResult:
    """Judge targets that are said to be safe for many threads.

    ``control`` ``"lines"``: a schedule decides at every line of the target's code (of the modules that ``watched``
    says) which thread goes on; for targets in this process. ``"free"``: threads run as the system lets them, from one
    start, a little apart; for services. ``"auto"``: free where no line of a target's code is met. ``own_clock``: the
    target stamps what arrives with its own time, so that time may pass during a window; one whose attribute ``stamps``
    is true says so itself. ``late_starts``: its jobs may
    start later than at once. ``shorten``: make what is found as short as possible, which takes some seconds.
    """
    tier = _Tier(
        factory, profile, policy, seed, schedules, control, watched, findings_max
    )
    tier.options = {"time_passes": own_clock, "operations_max": operations}
    tier.late_starts = late_starts
    tier.shorten = shorten
    tier.progress = progress
    return tier.run(windows)


@final
class _Tier:
    """One run of the tier."""

    def __init__(
        self,
        factory: Factory,
        profile: Profile,
        policy: Policy,
        seed: int,
        schedules: int,
        control: str,
        watched: Watched,
        findings_max: int,
    ) -> None:
        if control not in ("auto", "lines", "free"):
            raise ValueError(f"control can be 'auto', 'lines' or 'free', and is {control!r}")
        self.factory = factory
        self.profile = profile
        self.policy = policy
        self.seed = seed
        self.rng = Random(f"{TIER} {seed}")  # noqa: S311 - schedules, not secrets
        self.schedules = schedules
        self.control = control
        self.watched = watched
        self.findings_max = findings_max
        self.options: dict[str, Any] = {}
        self.late_starts = False
        self.shorten = True
        self.progress: Progress = silent
        self.findings: dict[tuple[Any, ...], Finding] = {}
        self.skipped: Counter[str] = Counter()
        self.notes: list[str] = []
        self.rows: Counter[str] = Counter()
        self.cases = self.trials = self.operations = self.unclear = 0
        self.open: dict[str, str] = {}
        """Rules that windows were about which nothing decided, with why."""
        self.plans = Plans(self.rng)
        self._ran = Ran()
        self.first: int | None = None
        self._trial: Trial | None = None
        self._beat: Callable[[], None] = lambda: None

    def run(self, count: int) -> TierResult:
        """Try so many windows."""
        began = time.perf_counter()
        can = self._capabilities()
        if can is not None and can.dispatch:
            self.skipped["its jobs start when the kit says so, and the kit has one thread for that"] = count
        elif can is not None:
            watch: Watch[None] = Watch(2 * can.patience_s + 1)
            self._beat = watch.beat
            try:
                watch.run(lambda: self._work(count, can))
            except HangingError as error:
                self._hung(str(error))
        return self._result(time.perf_counter() - began)

    def _capabilities(self) -> Capabilities | None:
        try:
            can, stamps = Watch[tuple[Capabilities, bool]](PATIENCE_S).run(self._look)
        except Exception as error:  # noqa: BLE001 - whatever the factory raises is told
            self._keep(_unmade(error))
            return None
        self.options["time_passes"] = self.options.get("time_passes") or stamps
        return can

    def _look(self) -> tuple[Capabilities, bool]:
        """What a first target can do, and whether it says that it stamps what arrives."""
        target = self._fresh()
        try:
            return target.capabilities, bool(getattr(target, "stamps", False))
        finally:
            target.close()

    def _fresh(self) -> SystemUnderTest:
        return made_by(self.factory, lambda target: Looped(target) if is_async(target) else target)

    # --- windows -----------------------------------------------------------------------------------------------

    def _work(self, count: int, can: Capabilities) -> None:
        for number in range(count):
            rng = Random(f"{TIER} {self.seed} {number}")  # noqa: S311 - one window is the same whatever came before
            drawn = window(number, rng, self.profile, can, **self.options)
            if drawn is None:
                self.skipped["no window of concurrent operations suits what it can do"] += 1
                return
            self.cases += 1
            self.progress(TIER, number, count)
            found = self._try(drawn)
            if found is None:
                continue
            self.first = self.first or self.cases
            self._take(*found)
            if len(self.findings) >= self.findings_max or found[2].kind is Kind.HANG:
                self.notes.append(f"stopped after {self.cases} of {count} windows: enough was found")
                return

    def _try(self, drawn: Window) -> tuple[Window, Schedule | None, Finding] | None:
        """One window under several schedules; what was found first."""
        for schedule in self._plans(drawn):
            try:
                outcomes = self.judge(drawn, schedule)
            except NotApplicable as error:
                self.skipped[str(error)] += 1
                return None
            except Inconclusive as error:
                self._unclear(drawn, error)
                return None
            self._ran = outcomes.ran or self._ran
            self.plans.learn(self._ran)
            if self.control == "auto":
                self.control = "lines" if any(line is not None for _, line in self._ran.lines) else "free"
            if outcomes.finding is not None:
                return self._alone(drawn, outcomes.finding) or (drawn, schedule, outcomes.finding)
            self.rows.update(outcomes.rows)
        return None

    def _unclear(self, drawn: Window, why: Inconclusive) -> None:
        """The rules that the window is about, one operation after another, stay open."""
        self.unclear += 1
        events = (*drawn.before, *(event for mine in drawn.clients for event in mine))
        in_order = tuple(sorted(events, key=lambda event: event.at))
        with suppress(NotApplicable):  # one after another they make no sense: nobody can say what they are about
            for rule in rules_met(Case(name=drawn.name, events=in_order), self.profile, self.policy):
                self.open.setdefault(rule, f"{why}, in {drawn.name}")

    def _plans(self, drawn: Window) -> Iterator[Schedule | None]:
        """First nobody is interrupted; then somebody is, wherever it promises most."""
        if self.control == "free":
            yield from [None] * self.schedules
            return
        yield self.plans.first(drawn)
        if self.control == "free":
            yield from [None] * (self.schedules - 1)
            return
        yield from self.plans.schedules(drawn, self._ran, self.schedules - 1)

    def _alone(self, drawn: Window, finding: Finding) -> tuple[Window, Schedule | None, Finding] | None:
        """What goes wrong when the same operations come one after another, in some order of them: then nothing needs
        threads, and the step at which it shows says best which rule is broken."""
        if finding.kind is Kind.HANG:
            return None
        for one in in_a_row(drawn, self.rng, ORDERS_MAX):
            try:
                found = self.judge(one, ONE_BY_ONE).finding
            except (NotApplicable, Inconclusive, HostError):
                continue
            if found is not None:
                return one, ONE_BY_ONE, found
        return None

    def _race(self, drawn: Window, schedule: Schedule | None) -> Outcomes:
        """A run that counts as failed only if its operations go well one after another."""
        outcomes = self.judge(drawn, schedule)
        found = outcomes.finding
        if found is not None and schedule != ONE_BY_ONE and self._alone(drawn, found) is not None:
            outcomes.finding = None
        return outcomes

    def judge(self, drawn: Window, schedule: Schedule | None) -> Outcomes:
        """One window on a fresh target under one schedule (None: freely)."""
        self._beat()
        self._trial = None
        try:
            target = self._fresh()
        except RAISED as error:  # whatever the factory raises is told
            return Outcomes(finding=_unmade(error))
        conduct = (
            partial(freely, rng=self.rng)
            if schedule is None
            else partial(by_schedule, schedule, watched=self.watched, held=self.plans.held)
        )
        can = target.capabilities
        laws = Laws(ends=not can.reports, late_starts=self.late_starts)
        trial = Trial(
            target, drawn, conduct, profile=self.profile, policy=self.policy, laws=laws, beat=self._beat
        )
        self._trial = trial
        self.trials += 1
        outcomes = Outcomes()
        try:
            outcomes = trial.judge()
        finally:
            if outcomes.finding is None or outcomes.finding.kind is not Kind.HANG:
                self._beat()
                outcomes.finding = _closed(target) or outcomes.finding
        self.operations += outcomes.operations
        return outcomes

    # --- findings ----------------------------------------------------------------------------------------------

    def _take(self, drawn: Window, schedule: Schedule | None, finding: Finding) -> None:
        if _signature(finding) in self.findings:
            return
        if self.shorten and schedule is not None and finding.kind is not Kind.HANG:
            finding = shortened(drawn, schedule, finding, self._race)
        self._keep(finding)

    def _keep(self, finding: Finding) -> None:
        self.findings.setdefault(_signature(finding), finding)

    def _hung(self, said: str) -> None:
        self._keep(_unmade(HangingError(said)) if self._trial is None else self._trial.fell(Kind.HANG, said))

    def _result(self, seconds: float) -> TierResult:
        exercised = Counter[str]()
        for row, count in self.rows.items():
            for rule in RULES_OF.get(row, ()):
                exercised[rule] += count
        if self.unclear:
            self.notes.append(f"{self.unclear} windows were inconclusive: too many orders to look at")
        if self.first is not None:
            self.notes.append(f"the first finding came in window {self.first}")
        switches = "lines of the target's code" if self.control != "free" else "what the system likes"
        self.notes.append(f"{self.trials} runs of {self.cases} windows; threads were interrupted at {switches}")
        return TierResult(
            name=TIER,
            cases=self.cases,
            steps=self.operations,
            seconds=seconds,
            findings=tuple(self.findings.values()),
            coverage=Coverage(rows=self.rows),
            exercised=exercised,
            skipped=tuple(f"{why}: {so_many(count, 'window')}" for why, count in sorted(self.skipped.items())),
            notes=tuple(self.notes),
            inconclusive=tuple(self.open.items()),
            extra={"trials": self.trials, "first": self.first},
        )


def _signature(finding: Finding) -> tuple[Any, ...]:
    race = finding.kind in (Kind.RACE, Kind.OUTCOME, Kind.OBSERVATION)
    return "" if race else finding.kind, finding.rules[:1]


def _closed(target: SystemUnderTest) -> Finding | None:
    """Let a target go; what goes wrong with that."""
    try:
        target.close()
    except RAISED as error:  # it is told
        return _unmade(error, "close()")
    return None


def _unmade(error: BaseException, at: str = "the factory") -> Finding:
    return Finding(
        kind=Kind.HANG if isinstance(error, HangingError) else Kind.CRASH,
        rules=(),
        tier=TIER,
        case="making a target",
        differences=(),
        trace=(),
        said=f"{at} raised {exception_text(error)}",
    )

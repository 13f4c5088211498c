"""Many cases on fresh targets: what they met, and the findings, one of each kind and as short as they can be made."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, final

from sessioncore.core.profiles import FIFO, IBM_GUIDE, Policy, Profile

from ..cases import Case, so_many
from ..choosing import chosen
from ..making import capabilities_of, made
from ..possible_plan import softened
from ..possible_run import FreeRun
from ..protocol import Capabilities, Factory, SystemUnderTest
from ..results import Finding, Kind, TierResult
from ..running import NotApplicable, Run
from ..tally import Tally
from ..watch import RAISED, HangingError, NoTargetError, UnmadeError, Watch, exception_text
from .shrinking import shrunk

FINDINGS_MAX = 25
"""How many different findings one tier tells."""

HANGS_MAX = 3
"""After so many hangs the rest of a tier is left untested: each costs the target's whole patience."""

WAIT_S_MAX = 5.0
"""How long one case may wait where time is the real one; what would take longer is left out, and that is said."""

REAL_S_MAX = 20.0
"""About how long a tier may take where time is the real one."""

SETTLE_S = 2.0
"""How long a job may take to start or end on a target that does that by itself."""

Progress = Callable[[str, int, int], None]
"""Called with (what is going on, how much is done, how much there is; 0 where nobody knows)."""


def silent(_what: str, _done: int, _all: int) -> None:
    """No progress is shown."""


@final
class Runner:
    """Runs cases against targets of one factory. ``shorten`` makes failing cases as short as they can be."""

    def __init__(
        self,
        factory: Factory,
        *,
        tier: str,
        profile: Profile = IBM_GUIDE,
        policy: Policy = FIFO,
        progress: Progress = silent,
        shorten: bool = True,
        findings_max: int = FINDINGS_MAX,
    ) -> None:
        self.factory = factory
        self.tier = tier
        self.profile = profile
        self.policy = policy
        self.progress = progress
        self.shorten = shorten
        self.findings_max = findings_max
        self.tally = Tally()
        self.findings: dict[tuple[Any, ...], Finding] = {}
        self.repeated: Counter[tuple[Any, ...]] = Counter()
        self.skipped: Counter[str] = Counter()
        self.notes: list[str] = []
        self.cases = 0
        self.hangs = 0
        self._can: Capabilities | None = None
        self._unmade: Exception | None = None
        self._patience = 10.0
        self._seconds = 0.0
        self._until: float | None = None
        self._run: Run | FreeRun | None = None
        self._case: Case | None = None
        self._watch: Watch[None] | None = None

    @property
    def full(self) -> bool:
        """Whether more findings would not be told."""
        return len(self.findings) >= self.findings_max

    @property
    def late(self) -> bool:
        """Whether the time is over that a tier has where time is the real one."""
        return self._until is not None and time.perf_counter() > self._until

    def fresh(self) -> SystemUnderTest:
        """A fresh target; an asynchronous one is made synchronous. Raises :class:`UnmadeError`."""
        try:
            return made(self.factory)
        except UnmadeError:
            raise
        except RAISED as error:
            raise UnmadeError(exception_text(error)) from error

    def capabilities(self) -> Capabilities:
        """What its targets can do, asked once. Raises what the factory raises, and :class:`HangingError`."""
        if self._unmade is not None:
            raise self._unmade
        try:
            self._can = self._can or capabilities_of(self.factory)
        except Exception as error:
            self._unmade = error
            raise
        return self._can

    def run(self, cases: Iterable[Case], guarantee: str = "") -> TierResult:
        """Every case. A target that hangs is left behind, and the next case gets another."""
        waiting = list(cases)
        began = self.started()
        unsupported = frozenset[str]()
        try:
            can = self.capabilities()
            self._patience, unsupported = can.patience_s, frozenset(can.unsupported)
            waiting = self._possible(waiting, can)
            self._until = None if can.clock else began + 1.5 * REAL_S_MAX
        except Exception as error:  # noqa: BLE001 - whatever the factory raises is told
            self._found(_unmade(self.tier, error, Kind.HANG if isinstance(error, HangingError) else Kind.CRASH))
            waiting = []
        total = len(waiting)

        def work(beat: Callable[[], None], mine: Callable[[], bool]) -> None:
            while waiting and mine():
                if self.late:
                    self.notes.append(f"{len(waiting)} cases were left out: time was over")
                    waiting.clear()
                    break
                case = waiting.pop(0)
                if self.cases % 20 == 0:
                    self.progress(self.tier, total - len(waiting), total)
                missing = case.kinds & unsupported
                if missing:
                    self.cases += 1
                    self.skipped[f"the target has no {', '.join(sorted(missing))}"] += 1
                    continue
                finding = self.count(case, beat, mine)
                if finding is not None and mine():
                    self.take(case, finding, beat)

        while waiting:
            if not self._guarded(work):
                self.notes.append(f"{len(waiting)} cases were left out after {self.hangs} hangs")
                break
        return self.finished(began, guarantee)

    def started(self) -> float:
        """The time at which something begins, for :meth:`finished`."""
        return time.perf_counter()

    def finished(self, began: float, guarantee: str = "") -> TierResult:
        """What was found, with the seconds since it began."""
        self._seconds += time.perf_counter() - began
        return self.result(guarantee)

    def guarded(self, work: Callable[[Callable[[], None]], None]) -> None:
        """Do the work, which calls what it is given whenever it moves. It is left behind when the target hangs, and
        that is a finding."""
        self._guarded(lambda beat, _mine: work(beat))

    def _guarded(self, work: Callable[[Callable[[], None], Callable[[], bool]], None]) -> bool:
        """Whether to go on. The work asks ``mine`` whether it was left behind: what it does then is nobody's."""
        watch: Watch[None] = Watch(self._patience)
        self._watch = watch
        try:
            watch.run(lambda: work(watch.beat, lambda: self._watch is watch))
        except UnmadeError as error:
            self._found(_unmade(self.tier, error))
        except HangingError as error:
            self._watch = None
            self.hangs += 1
            run, case = self._run, self._case
            if run is None or case is None:
                self._found(_unmade(self.tier, error, Kind.HANG))
            else:
                self._found(run.hung(case, str(error)))
        return self.hangs < HANGS_MAX

    def result(self, guarantee: str = "") -> TierResult:
        """What was found so far."""
        findings = sorted(self.findings.values(), key=lambda finding: len(finding.trace))
        more = sum(self.repeated.values())
        notes = [*self.notes, f"{more} more findings like these are not told"] if more else self.notes
        return TierResult(
            name=self.tier,
            cases=self.cases,
            steps=self.tally.steps,
            seconds=self._seconds,
            findings=tuple(findings),
            coverage=self.tally.coverage,
            exercised=self.tally.exercised,
            skipped=tuple(f"{why}: {so_many(count)}" for why, count in sorted(self.skipped.items())),
            notes=tuple(notes),
            guarantee="" if findings or self.skipped else guarantee,
            inconclusive=tuple(self.tally.open.items()),
        )

    def judge(self, case: Case, beat: Callable[[], None] = lambda: None, tally: Tally | None = None) -> Finding | None:
        """One case on one fresh target; the finding, or None. Raises :class:`NotApplicable`."""
        beat()
        self._run = None
        try:
            target = self.fresh()
        except UnmadeError as error:
            return _unmade(self.tier, error)
        self._run = run = self._run_on(target, tally or Tally(), beat)
        try:
            finding = run.judge(case)
        finally:
            beat()
            wrong = _closed(target)
        return _unmade(self.tier, wrong, at="close()") if finding is None and wrong is not None else finding

    def count(
        self, case: Case, beat: Callable[[], None], mine: Callable[[], bool] = lambda: True
    ) -> Finding | None:
        """Judge one case, and count what it met."""
        self.cases += 1
        self._case = case
        tally = Tally()
        try:
            finding = self.judge(case, beat, tally)
        except NotApplicable as error:
            if mine():
                self.skipped[str(error)] += 1
            finding = None
        if mine():
            self.tally.update(tally)
        return finding

    def take(self, case: Case, finding: Finding, beat: Callable[[], None]) -> None:
        """Keep a finding, made as short as it can be unless one like it is known."""
        if not self.shorten or self.full or signature(finding) in self.findings:
            self._found(finding)
        else:
            self._found(shrunk(case, finding, lambda smaller: self._again(smaller, beat)))

    # --- inside ----------------------------------------------------------------------------------------------

    def _run_on(self, target: SystemUnderTest, tally: Tally, beat: Callable[[], None]) -> Run | FreeRun:
        """One right answer where the kit says when jobs end; else all states in which the target could be."""
        if target.capabilities.reports:
            return Run(target, profile=self.profile, policy=self.policy, tier=self.tier, tally=tally, beat=beat)
        return FreeRun(
            target,
            profile=self.profile,
            policy=self.policy,
            tier=self.tier,
            tally=tally,
            beat=beat,
            settle_s=min(SETTLE_S, target.capabilities.patience_s / 2),
        )

    def _possible(self, cases: list[Case], can: Capabilities) -> list[Case]:
        """The cases that can be run: where jobs end by themselves they succeed, and real time is short."""
        if not can.reports:
            cases = [softened(case) for case in cases]
            self.notes.append("Its jobs end by themselves: where a case wants a job to fail, it succeeds.")
        if can.clock:
            return cases
        picked = chosen(
            cases,
            seconds_max=REAL_S_MAX,
            profile=self.profile,
            policy=self.policy,
            lanes=can.lanes,
            wait_s_max=WAIT_S_MAX,
        )
        self.skipped.update(picked.skipped)
        if picked.left_out:
            self.notes.append(
                f"Its time is the real one: {len(picked.cases)} of {len(picked.cases) + picked.left_out} cases were"
                f" chosen; they meet {picked.met} of {picked.goals} transitions, refusals, pairs, boundaries and ties."
            )
        return list(picked.cases)

    def _again(self, case: Case, beat: Callable[[], None]) -> Finding | None:
        try:
            return None if self.late else self.judge(case, beat)
        except NotApplicable:
            return None

    def _found(self, finding: Finding) -> None:
        """Keep the shortest finding of each kind."""
        key = signature(finding)
        known = self.findings.get(key)
        if known is not None:
            self.repeated[key] += 1
            if len(finding.trace) < len(known.trace):
                self.findings[key] = finding
        elif self.full:
            self.repeated[key] += 1
        else:
            self.findings[key] = finding


def signature(finding: Finding) -> tuple[Any, ...]:
    """What makes two findings the same: kind, foremost rule, and which fields differ, whatever they are called."""
    fields = tuple(sorted({difference.what.rpartition(" ")[2] for difference in finding.differences}))
    return (finding.kind, finding.rules[:1], fields, finding.said.partition(":")[0])


def _closed(target: SystemUnderTest) -> BaseException | None:
    """Let a target go; what it raises."""
    try:
        target.close()
    except RAISED as error:  # it is told
        return error
    return None


def _unmade(tier: str, error: BaseException, kind: Kind = Kind.CRASH, at: str = "the factory") -> Finding:
    """The finding for a factory that gave no target, or a target that cannot be let go."""
    said = f"{at} raised {exception_text(error)}" if kind is Kind.CRASH else f"{at}: {error}"
    if isinstance(error, NoTargetError):
        kind, said = Kind.NONSENSE, str(error)
    return Finding(
        kind=kind,
        rules=(),
        tier=tier,
        case="making a target" if at == "the factory" else "letting a target go",
        differences=(),
        trace=(),
        said=said,
    )

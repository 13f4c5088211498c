"""Cases on a service over HTTP, one after another on one connection, and the result of a tier."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, final

import attrs

from sessioncore.core.profiles import FIFO, IBM_GUIDE, Policy, Profile

from ..cases import Case, so_many
from ..choosing import chosen
from ..possible_plan import softened
from ..possible_run import FreeRun
from ..protocol import FIELDS, WORDS
from ..results import Difference, Finding, Kind, TierResult
from ..running import FellShort, NotApplicable
from ..tally import Tally
from ..tiers.runner import Progress, signature, silent
from ..tiers.shrinking import shrunk
from ..watch import HangingError, Watch
from .cases import in_seconds, wire_cases
from .service import Service
from .settings import Settings
from .target import ANY, HttpTarget
from .untried import LATE, WIRE_SHARE, Untried

SECONDS_MAX = 45.0
"""About how long a tier of cases may take: ``standard`` must end within a minute."""

FINDINGS_MAX = 25
SAME_MAX = 3
"""After so many cases in which the same fields of sessions were wrong in the same way, they are not looked at any more:
every other case would end there too, and nothing else of the service would be judged."""

FALLS_MAX = 3
"""After so many cases in which the service did not answer at all, the rest is left untested."""

BLINDED = frozenset(FIELDS) - {"accepting_jobs", "mode"}
"""Fields without which there is still something to look at."""

SHRINK_S_MAX = 4.0
"""How long one finding may take to be made shorter, in seconds."""


@final
class HttpRunner:
    """Runs cases on one service. A finding is believed when it was seen twice: on a network, and with a device that
    others may use, once is not enough."""

    def __init__(
        self,
        service: Service,
        *,
        tier: str,
        profile: Profile = IBM_GUIDE,
        policy: Policy = FIFO,
        progress: Progress = silent,
        shorten: bool = True,
        findings_max: int = FINDINGS_MAX,
        seconds_max: float = SECONDS_MAX,
    ) -> None:
        self.service = service
        self.tier = tier
        self.profile = profile
        self.policy = policy
        self.progress = progress
        self.shorten = shorten
        self.findings_max = findings_max
        self.tally = Tally()
        wait_s_max = None if service.virtual else service.settings.max_wait_s
        self.untried = Untried(profile, policy, service.capabilities.lanes, seconds_max, wait_s_max)
        self.findings: dict[tuple[Any, ...], Finding] = {}
        self.skipped: Counter[str] = Counter()
        self.notes: list[str] = []
        self.cases = 0
        self.doubts: dict[str, str] = {}
        """Rules on which something differed once and not again, with what."""
        self._repeated = 0
        self._once: Counter[tuple[Any, ...]] = Counter()
        self._same: Counter[tuple[Any, ...]] = Counter()
        self._falls = 0
        self._began = time.perf_counter()
        self._run: FreeRun | None = None

    @property
    def over(self) -> bool:
        """Whether it makes no sense to go on."""
        return self._falls >= FALLS_MAX or len(self.findings) >= self.findings_max

    def run_wire(self, *, seconds_max: float = 50.0) -> None:
        """The few cases for the wire, all of them; in real time those that wait for no timer."""
        # In real time what waits is chosen with the other cases, by what there is time for.
        cases = [case for case in wire_cases(self.profile) if self.service.virtual or not case.events[-1].at]
        self._take_each(cases, " for the wire", time.perf_counter() + seconds_max)

    def _take_each(self, cases: Sequence[Case], what: str, deadline: float) -> None:
        """One case after another, as long as there is time and it makes sense. ``what`` says which cases these are."""
        for number, case in enumerate(cases):
            if self.over or time.perf_counter() > deadline:
                why = "after what was found" if self.over else self.untried.over
                self.notes.append(f"{so_many(len(cases) - number)}{what} left out: {why}.")
                if not self.over:
                    self.untried.left(cases[number:])
                break
            self.progress(self.tier + what, number, len(cases))
            self.take(self._meant(case))

    def run(self, cases: Iterable[Case], *, seconds_max: float = 50.0) -> TierResult:
        """The cases that meet the most in about so many seconds."""
        began = time.perf_counter()
        settings = self.service.settings
        if self.over:
            return self.result()
        patient = () if self.service.virtual else [case for case in wire_cases(self.profile) if case.events[-1].at]
        wanted = [in_seconds(self._meant(case)) for case in (*patient, *cases)]
        picked = chosen(
            wanted,
            seconds_max=seconds_max,
            profile=self.profile,
            policy=self.policy,
            lanes=self.service.capabilities.lanes,
            request_s=self._time_a_request(),
            wait_s_max=None if self.service.virtual else settings.max_wait_s,
        )
        self.skipped.update(picked.skipped)
        self.untried.choice(picked)
        if picked.left_out:
            self.notes.append(
                f"{len(picked.cases)} of {len(picked.cases) + picked.left_out} cases were chosen for the"
                f" {seconds_max:.0f} s that were left; they meet {picked.met} of {picked.goals} transitions, refusals,"
                " pairs, timer boundaries and ties."
            )
        self._take_each(picked.cases, "", began + LATE * seconds_max)
        return self.result()

    def _meant(self, case: Case) -> Case:
        """The case as it can be asked for: without a payload that fails, jobs succeed."""
        return softened(case) if self.service.failing is None else case

    def _time_a_request(self) -> float:
        """How long one request takes here, in seconds: the median of a few."""
        taken = []
        for _ in range(7):
            began = time.perf_counter()
            try:
                self.service.exchange.ask("GET", "/jobs", query={"limit": 1})
            except FellShort:
                return self.service.settings.patience_s
            taken.append(time.perf_counter() - began)
        return sorted(taken)[3]

    def take(self, case: Case) -> None:
        """Run one case, and a second time if something was found."""
        self.cases += 1
        missing = case.kinds & frozenset(self.service.capabilities.unsupported)
        if missing:
            self.skipped[f"it has no {', '.join(sorted(missing))}"] += 1
            return
        tally, skipped = Tally(), self.skipped.total()
        found = self._judged(case, tally)
        if self.skipped.total() == skipped:
            self.untried.ran(case)
        if found is None:
            self.tally.update(tally)
            return
        if found.kind is Kind.CLOCK:
            self._falls = FALLS_MAX  # nothing that is measured means anything any more
            self.found(found)
            return
        again = self._judged(case, Tally())
        if again is not None and again.kind in (Kind.HANG, Kind.CRASH):
            self._falls += 1
        if again is None or (signature(again)[:2] != signature(found)[:2] and again.kind is not found.kind):
            self._once[signature(found)] += 1
            if self._once[signature(found)] < FALLS_MAX:
                why = f"seen once and not again: {found.summary()[:120]}"
                self.skipped[why] += 1
                self.doubts.update(dict.fromkeys(found.rules[:1], why))
                return
        self._keep(case, found)
        self._look_away(found)

    def _look_away(self, finding: Finding) -> None:
        """Stop looking at what was wrong in the same way again and again: at a time or length at all, at a word where
        it shows the same again."""
        key = signature(finding)
        self._same[key] += 1
        blind, told = set[tuple[str, Any]](), list[str]()
        for difference in finding.differences:
            about, _, field = difference.what.rpartition(": ")
            if not about.startswith("session ") or field not in BLINDED:
                return
            word = difference.seen if field in WORDS else ANY
            if (field, word) not in self.service.blind:
                blind.add((field, word))
                told.append(field if word is ANY else f"{field} {word!r}")
        if self._same[key] >= SAME_MAX and blind:
            rule = finding.rules[0] if finding.rules else finding.kind.value
            what = ", ".join(told)
            self.notes.append(f"After {SAME_MAX} findings on {rule} this was not looked at any more: {what}.")
            self.service.blind |= blind

    def found(self, finding: Finding) -> None:
        """Keep a finding, the shortest of its kind."""
        key = signature(finding)
        known = self.findings.get(key)
        if known is not None:
            self._repeated += 1
        if known is None or len(finding.trace) < len(known.trace):
            self.findings[key] = finding

    def result(self) -> TierResult:
        """What was found so far."""
        timers = "" if self.over else self.untried.note(self.tally.coverage.rows)
        more = [timers] if timers else []
        more += [f"{self._repeated} more findings like these are not told."] if self._repeated else []
        return TierResult(
            name=self.tier,
            cases=self.cases,
            steps=self.tally.steps,
            seconds=time.perf_counter() - self._began,
            findings=tuple(sorted(self.findings.values(), key=lambda finding: len(finding.trace))),
            coverage=self.tally.coverage,
            exercised=self.tally.exercised,
            skipped=tuple(f"{why}: {so_many(count)}" for why, count in sorted(self.skipped.items())),
            notes=(*self.service.notes, *self.notes, *more),
            inconclusive=tuple(self.tally.open.items()),
            doubts=tuple(self.doubts.items()),
            untried=tuple(self.untried.rules()),
        )

    # --- one case --------------------------------------------------------------------------------------------

    def _judged(self, case: Case, tally: Tally) -> Finding | None:
        """The finding of one case, or None. Nothing that the service does gets further than this."""
        settings = self.service.settings
        watch: Watch[Finding | None] = Watch(2 * settings.patience_s + settings.settle_s)
        try:
            return watch.run(lambda: self._once_through(case, tally, watch.beat))
        except NotApplicable as reason:
            self.skipped[str(reason)] += 1
        except FellShort as fall:
            return self._fell(case, fall)
        except HangingError as error:
            return self._fell(case, FellShort(Kind.HANG, str(error)))
        return None

    def _once_through(self, case: Case, tally: Tally, beat: Callable[[], None]) -> Finding | None:
        settings = self.service.settings
        target = HttpTarget(self.service, beat=beat)
        self._run = run = FreeRun(
            target,
            profile=self.profile,
            policy=self.policy,
            tier=self.tier,
            tally=tally,
            beat=beat,
            settle_s=settings.settle_s,
            show_s=settings.tolerance_us / 1e6,
            prompt=self.service.virtual,
        )
        try:
            finding = run.judge(case) or _stray(run, target, case, self.tier)
        except BaseException:
            with suppress(FellShort):  # what is told is what came first
                target.close()
            raise
        try:
            target.close()
        except FellShort:
            if finding is None:
                raise
        return finding

    def _fell(self, case: Case, fall: FellShort) -> Finding:
        """The finding for a service that fell short outside of the case's own steps."""
        if self._run is not None:
            return attrs.evolve(self._run.hung(case, fall.said), kind=fall.kind)
        return Finding(
            kind=fall.kind, rules=(), tier=self.tier, case=case.name, differences=(), trace=(), said=fall.said
        )

    def _keep(self, case: Case, finding: Finding) -> None:
        if not self.shorten or len(finding.trace) < 3 or signature(finding) in self.findings:
            self.found(finding)
            return
        until = time.perf_counter() + SHRINK_S_MAX

        def again(smaller: Case) -> Finding | None:
            return self._judged(smaller, Tally()) if time.perf_counter() < until else None

        self.found(shrunk(case, finding, again))


def _stray(run: FreeRun, target: HttpTarget, case: Case, tier: str) -> Finding | None:
    """A session with a job that nobody submitted, for example since one submission made two."""
    for job, session in target.strays.items():
        names = {told: name for name, told in run.names.items()}
        return Finding(
            kind=Kind.OBSERVATION,
            rules=("S-05",),
            tier=tier,
            case=case.name,
            differences=(
                Difference(what=f"session {names.get(session, session)}: jobs", expected="its own", seen=job),
            ),
            trace=run.trace,
            possible=run.possible.states(),
            said="a job that nobody submitted",
        )
    return None


def judge_service(
    settings: Settings,
    cases: Callable[[Profile, int], Iterable[Case]],
    *,
    tier: str,
    profile: Profile = IBM_GUIDE,
    policy: Policy = FIFO,
    seconds_max: float = SECONDS_MAX,
    progress: Progress = silent,
    shorten: bool = True,
    findings_max: int = FINDINGS_MAX,
) -> TierResult:
    """One tier on the service at ``settings.url``: connect, look at it, run what fits into about so many seconds.

    ``cases`` makes the tier's cases for a profile and a number of lanes; those for the wire alone are always run.
    After ``findings_max`` different findings the rest is left out. Never raises because of the service.
    """
    from .checks import check_wire

    began = time.perf_counter()
    progress("looking at the service", 0, 0)
    try:
        service = Service(settings)
    except FellShort as fall:
        finding = Finding(
            kind=fall.kind, rules=(), tier=tier, case="looking at the service", differences=(), trace=(), said=fall.said
        )
        return TierResult(name=tier, cases=0, steps=0, seconds=time.perf_counter() - began, findings=(finding,))
    try:
        own = service.profile(profile)
        runner = HttpRunner(
            service,
            tier=tier,
            profile=own,
            policy=policy,
            progress=progress,
            shorten=shorten,
            findings_max=findings_max,
            seconds_max=seconds_max,
        )
        if own != profile:
            runner.notes.append("Its sessions have other lengths of time than the profile; its own were taken.")
        runner.run_wire(seconds_max=seconds_max)
        check_wire(runner)
        left = max(WIRE_SHARE * seconds_max, seconds_max - (time.perf_counter() - began))
        lanes = min(service.capabilities.lanes, 2)
        result = runner.run(cases(own, lanes), seconds_max=left)
        return attrs.evolve(result, seconds=time.perf_counter() - began)
    finally:
        service.close()

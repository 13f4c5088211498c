"""Judging: tiers are run on a target, and what they found becomes one verdict for every rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sessioncore.core.chart import CHART_VERSION
from sessioncore.core.errors import SessionCoreError
from sessioncore.core.profiles import IBM_GUIDE, Parameters, Profile

from .awaited import Awaited, is_async
from .protocol import Capabilities, Factory, SystemUnderTest
from .results import Difference, Finding, Kind, Report, RuleVerdict, TierResult, Verdict
from .rules import RULES, Rule
from .tiers import TIERS
from .tiers.runner import Progress, silent

ASKED_OF_SERVICES: Mapping[str, str] = {
    "S-04": "about plans, which an object has none of",
    "J-07": "about tags, which are no part of the machine",
    "J-08": "about private jobs, which are no part of the machine",
    "D-06": "about several devices; a target is one",
    "T-06": "about a service that was down",
}
"""Rules of the service around the machine, and why an object is not asked about them."""


class ExpectationError(SessionCoreError):
    """The file of expected failures cannot be read. The message says which line, and what is expected there."""


def judge(
    factory: Factory,
    *,
    target: str = "",
    profile: Profile = IBM_GUIDE,
    tiers: Sequence[str] = ("standard",),
    seed: int = 0,
    expected: Iterable[str] = (),
    strict: bool = False,
    progress: Progress = silent,
) -> Report:
    """Judge the targets that ``factory`` makes by the rules of ``profile``.

    ``tiers`` are names of :data:`~sessioncore.conformance.tiers.TIERS`, run in the order given; ``seed`` is for those
    that draw at random. ``expected`` are ids of rules that are known to fail. ``strict`` makes a difference on a rule
    marked D a failure. ``progress`` is told (tier, done, all). Never raises because of the target: whatever it does
    is in the report. Raises :class:`ValueError` for a tier or a rule that there is not.
    """
    check_names("tier", tiers, TIERS)
    wanted = tuple(expected)
    check_names("rule", wanted, RULES)
    results = [fresh_targets(factory)]
    if not results[0].findings:
        results = [TIERS[name](factory, profile=profile, seed=seed, progress=progress) for name in tiers]
    return report_of(
        results,
        target=target or named(factory),
        profile=profile,
        seed=seed,
        expected=wanted,
        strict=strict,
        can=_capabilities(factory) if not results[0].findings else None,
    )


def check_names(what: str, names: Iterable[str], known: Mapping[str, object]) -> None:
    """Raise ValueError for a name that is not known; it says which there are."""
    for name in names:
        if name not in known:
            raise ValueError(f"there is no {what} {name!r}; there are {', '.join(known)}")


def named(factory: Factory) -> str:
    """A name for what a factory makes."""
    name = getattr(factory, "__qualname__", type(factory).__name__)
    return f"{getattr(factory, '__module__', '?')}:{name}"


def read_expected(path: Path) -> dict[str, str]:
    """The file of expected failures: a rule id a line, and after it why. ``#`` begins a comment.

    Raises :class:`ExpectationError` for a file that cannot be read, a line that names no rule, or a rule named twice.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ExpectationError(f"{path}: cannot be read ({error})") from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        rule, _, why = line.partition("#")[0].strip().partition(" ")
        if not rule:
            continue
        if rule not in RULES:
            said = f"{rule!r} is no rule; a line is a rule id such as S-14, then why"
            raise ExpectationError(f"{path}, line {number}: {said}")
        if rule in found:
            raise ExpectationError(f"{path}, line {number}: {rule} stands there already; remove one of the lines")
        found[rule] = why.strip()
    return found


# --- verdicts --------------------------------------------------------------------------------------------------


def report_of(
    results: Sequence[TierResult],
    *,
    target: str,
    profile: Profile,
    seed: int = 0,
    expected: Iterable[str] = (),
    strict: bool = False,
    can: Capabilities | None = None,
    elsewhere: Mapping[str, str] = ASKED_OF_SERVICES,
) -> Report:
    """The report of some tiers: one verdict for every rule. ``elsewhere`` says which rules such a target is not asked
    about, and why."""
    wanted = tuple(expected)
    verdicts = tuple(_verdict(rule, results, profile, strict, can, elsewhere) for rule in RULES.values())
    kept = {found.rule.id for found in verdicts if found.verdict is Verdict.PASS}
    return Report(
        target=target,
        profile=profile.name,
        seed=seed,
        tiers=tuple(results),
        verdicts=verdicts,
        unsupported=() if can is None else tuple(can.unsupported),
        expected=wanted,
        surprising=tuple(rule for rule in wanted if rule in kept),
        versions=(("sessioncore", version("sessioncore")), ("chart", str(CHART_VERSION))),
        strict=strict,
    )


def _verdict(
    rule: Rule,
    results: Sequence[TierResult],
    profile: Profile,
    strict: bool,
    can: Capabilities | None,
    elsewhere: Mapping[str, str],
) -> RuleVerdict:
    broken = tuple(
        finding for result in results for finding in result.findings if finding.rules[:1] == (rule.id,)
    )
    exercised = sum(result.exercised[rule.id] for result in results)
    verdict, why = _weighed(rule, broken, exercised, strict)
    if verdict is Verdict.UNTESTED:
        open_questions = [why for result in results for name, why in result.inconclusive if name == rule.id]
        reason = "" if open_questions else _reason(rule.id, profile, can, elsewhere)
        if open_questions:
            verdict, why = Verdict.INCONCLUSIVE, open_questions[0]
        elif reason:
            verdict, why = Verdict.NOT_APPLICABLE, reason
    return RuleVerdict(rule=rule, verdict=verdict, why=why, exercised=exercised, findings=broken)


def _weighed(rule: Rule, broken: tuple[Finding, ...], exercised: int, strict: bool) -> tuple[Verdict, str]:
    """What the findings on a rule, or how often it was exercised, say of it."""
    if broken:
        if strict or not all(finding.strict_only for finding in broken):
            return Verdict.FAIL, broken[0].summary()
        return Verdict.NON_STRICT, f"differs, and {rule.id} was decided here: {broken[0].summary()}"
    if exercised:
        return Verdict.PASS, ""
    return Verdict.UNTESTED, "nothing that was tried exercised it"


def _reason(rule: str, profile: Profile, can: Capabilities | None, elsewhere: Mapping[str, str]) -> str:
    """Why a rule that was not exercised does not apply, or nothing if it does."""
    halves: tuple[Parameters, ...] = (profile.dedicated, profile.batch)
    if rule in elsewhere:
        return elsewhere[rule]
    if rule == "S-25" and not any(half.job_limit or half.usage_limit for half in halves):
        return f"the profile {profile.name} has no budgets"
    if rule in ("S-10", "S-15") and all(half.max_ttl is None for half in halves):
        return f"the profile {profile.name} has no max TTL"
    if rule in ("S-13", "S-14") and all(
        half.interactive_ttl is None or half.idle_action == "none" for half in halves
    ):
        return f"the profile {profile.name} has no interactive timer"
    if rule in ("S-08", "S-11") and all(half.idle_action != "deactivate" for half in halves):
        return f"under the profile {profile.name} no session becomes inactive"
    if rule == "S-16" and all(half.no_submission is None for half in halves):
        return f"the profile {profile.name} has no such timer"
    if rule == "J-05" and all(half.execution_limit is None for half in halves):
        return f"the profile {profile.name} has no limit of its own"
    if can is None:
        return ""
    if rule == "D-02" and can.lanes == 1:
        return "on one lane it cannot be told from D-04"
    if can.dispatch and rule[0] == "D":
        return "jobs start when the kit says so"
    if rule == "D-05" and "PauseRequested" in can.unsupported:
        return "the target cannot be paused"
    return ""


# --- the factory -----------------------------------------------------------------------------------------------


def fresh_targets(factory: Factory) -> TierResult:
    """Whether the factory makes a new target each time: what is done to one must not show in the next."""
    from sessioncore.core.events import OpenRequested

    from .watch import HangingError, Watch

    findings: list[Finding] = []

    def look() -> None:
        first = _made(factory)
        can = first.capabilities
        try:
            before = first.observe()
            if can.fresh and (before.sessions or before.jobs):
                findings.append(_stale("a new target shows sessions or jobs already", before))
                return
            first.apply(OpenRequested(at=before.at, session_id="first"))
            second = _made(factory)
            try:
                after = second.observe()
                if can.fresh and (after.sessions or after.jobs or second is first):
                    findings.append(_stale("what was opened on one target shows on the next", after))
            finally:
                second.close()
        finally:
            first.close()

    try:
        watch: Watch[None] = Watch(30.0)
        watch.run(look)
    except HangingError as error:
        findings.append(_stale(f"making a target: {error}", None, Kind.HANG))
    except Exception as error:  # noqa: BLE001 - whatever it raises is told
        said = f"making a target and looking at it raised {type(error).__name__}: {error}"
        findings.append(_stale(said, None, Kind.CRASH))
    return TierResult(name="factory", cases=1, steps=0, seconds=0.0, findings=tuple(findings), exercised=Counter())


def _made(factory: Factory) -> SystemUnderTest:
    made: Any = factory()
    return Awaited(made) if is_async(made) else made


def _stale(said: str, seen: object, kind: Kind = Kind.FACTORY) -> Finding:
    differences = () if seen is None else (Difference(what="a fresh target", expected="nothing", seen=seen),)
    return Finding(kind=kind, rules=(), tier="factory", case="factory", differences=differences, trace=(), said=said)


def _capabilities(factory: Factory) -> Capabilities | None:
    try:
        target = _made(factory)
    except Exception:  # noqa: BLE001 - the tiers have told it
        return None
    try:
        told: Capabilities = target.capabilities
        return told
    finally:
        target.close()

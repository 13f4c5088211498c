"""Judging: tiers are run on a target, and what they found becomes one verdict for every rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import attrs

from sessioncore.core.chart import CHART_VERSION
from sessioncore.core.errors import SessionCoreError
from sessioncore.core.profiles import IBM_GUIDE, Profile

from .applying import ASKED_OF_SERVICES, why_not
from .making import fresh_targets
from .protocol import Capabilities, Factory
from .results import Finding, Kind, Report, RuleVerdict, TierResult, Verdict
from .rules import RULES, Rule
from .tiers import TIERS
from .tiers.runner import Progress, silent

FREE_TIERS = ("smoke", "standard")
"""The tiers for objects whose jobs start and end by themselves."""

NOT_DRIVEN = f"a target whose jobs end by themselves is judged by {' and '.join(FREE_TIERS)}"


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
    diagnosed: bool = True,
    progress: Progress = silent,
) -> Report:
    """Judge the targets that ``factory`` makes by the rules of ``profile``.

    ``tiers`` are names of :data:`~sessioncore.conformance.tiers.TIERS`, run in the order given; ``seed`` is for those
    that draw at random. ``expected`` are ids of rules that are known to fail. ``strict`` makes a difference on a rule
    marked D a failure. ``diagnosed`` compares a target that fell short with the known faults. ``progress`` is told
    (tier, done, all). Never raises because of the target: whatever it does is in the report. Raises
    :class:`ValueError` for a tier or a rule that there is not.
    """
    check_names("tier", tiers, TIERS)
    wanted = tuple(expected)
    check_names("rule", wanted, RULES)
    first, can = fresh_targets(factory, profile)
    if first.findings:
        can = None
        results = [first]
    else:
        free = can is not None and not can.reports
        results = [
            TierResult(name=name, cases=0, steps=0, seconds=0.0, skipped=(NOT_DRIVEN,))
            if free and name not in FREE_TIERS
            else TIERS[name](factory, profile=profile, seed=seed, progress=progress)
            for name in tiers
        ]
    report = report_of(
        results,
        target=target or named(factory),
        profile=profile,
        seed=seed,
        expected=wanted,
        strict=strict,
        can=can,
    )
    unmade = any(finding.kind is Kind.HANG and not finding.trace for finding in report.findings)
    if diagnosed and report.findings and not first.findings and not unmade and (can is None or can.reports):
        from .diagnosis import diagnose

        progress("diagnosis", 0, 0)
        return attrs.evolve(report, diagnosis=diagnose(factory, report.findings, profile))
    return report


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
        terms=profile,
        lanes=1 if can is None else can.lanes,
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
    if not broken and (reason := why_not(rule.id, profile, can, elsewhere)):
        verdict, why = Verdict.NOT_APPLICABLE, reason
    elif not broken and (undecided := next(_undecided(rule, results, exercised), "")):
        verdict, why = Verdict.INCONCLUSIVE, undecided
    elif verdict is Verdict.UNTESTED:
        why = next((left for result in results for name, left in result.untried if name == rule.id), why)
    return RuleVerdict(rule=rule, verdict=verdict, why=why, exercised=exercised, findings=broken)


def _undecided(rule: Rule, results: Sequence[TierResult], exercised: int) -> Iterator[str]:
    """Why what was seen of a rule does not decide on it."""
    yield from (why for result in results for name, why in result.doubts if name == rule.id)
    if exercised:
        return
    yield from (why for result in results for name, why in result.inconclusive if name == rule.id)
    for finding in (finding for result in results for finding in result.findings):
        if rule.id in finding.rules[1:]:
            yield f"it was at stake only where {finding.rules[0]} was found to be broken: {finding.summary()}"


def _weighed(rule: Rule, broken: tuple[Finding, ...], exercised: int, strict: bool) -> tuple[Verdict, str]:
    """What the findings on a rule, or how often it was exercised, say of it."""
    if broken:
        if strict or not all(finding.strict_only for finding in broken):
            return Verdict.FAIL, broken[0].summary()
        return Verdict.NON_STRICT, f"differs, and {rule.id} was decided here: {broken[0].summary()}"
    if exercised:
        return Verdict.PASS, ""
    return Verdict.UNTESTED, "nothing that was tried exercised it"

"""A judged project's own tests: one pytest test for every rule.

::

from sessioncore.conformance import conformance_suite

test_conformance = conformance_suite(MyService)      # collected as test_conformance[S-01], [S-02], ...

The target is judged once, when the first of the tests runs. The options of the plugin (``--conform-tier``, ...) go
before what is given here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sessioncore.core.profiles import IBM_GUIDE, PROFILES, Profile

from .kit import check_names, judge, named, read_expected
from .protocol import Factory
from .results import Finding, Report, Verdict
from .rules import RULES
from .tiers import TIERS

if TYPE_CHECKING:
    import pytest

TARGET = "target"
"""The name of the test that is about no rule: whether the factory makes fresh targets that answer at all."""


def conformance_suite(
    factory: Factory,
    *,
    profile: Profile | str = IBM_GUIDE,
    tiers: Sequence[str] = ("standard",),
    seed: int = 0,
    expected: Iterable[str] | str | Path = (),
    strict: bool = False,
) -> Callable[..., None]:
    """A test function that pytest collects, with one case for each rule, named by its id, and one for the target
    itself.

    ``factory`` makes a fresh :class:`~sessioncore.conformance.SystemUnderTest` each time it is called. ``profile`` is
    one of ours or its name; ``tiers``, ``seed`` and ``strict`` are as for :func:`~sessioncore.conformance.judge`.
    ``expected`` are rules that are known to fail, or the path of a file of them: they are xfailed, and one that
    passes fails the test. Raises ValueError at once for a profile, tier or rule that there is not.
    """
    import pytest

    chosen = _profile(profile)
    check_names("tier", tiers, TIERS)
    known = _expected(expected)
    reports: dict[Any, Report] = {}

    @pytest.mark.parametrize("rule", [TARGET, *RULES])
    def test(rule: str, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
        options = request.config
        asked = (
            tuple(options.getoption("conform_tier", None) or tiers),
            options.getoption("conform_seed", None) if options.getoption("conform_seed", None) is not None else seed,
            strict or bool(options.getoption("conform_strict", False)),
        )
        more = options.getoption("conform_expected", None)
        wanted = {**known, **(read_expected(Path(more)) if more else {})}
        if asked not in reports:
            report = judge(
                factory,
                target=named(factory),
                profile=chosen,
                tiers=asked[0],
                seed=asked[1],
                strict=asked[2],
                expected=wanted,
            )
            reports[asked] = report
            kept = getattr(options, "conform_reports", None)
            if kept is not None:
                kept.append(report)
        _tell(reports[asked], rule, wanted, record_property)

    test.__name__ = test.__qualname__ = "test_conformance"
    test.__doc__ = f"{named(factory)} behaves as the rules of {chosen.name} say."
    return test


def _profile(profile: Profile | str) -> Profile:
    if isinstance(profile, str):
        check_names("profile", (profile,), PROFILES)
        return PROFILES[profile]
    return profile


def _expected(expected: Iterable[str] | str | Path) -> dict[str, str]:
    if isinstance(expected, str | Path):
        return read_expected(Path(expected))
    check_names("rule", expected, RULES)
    return dict.fromkeys(expected, "")


def _tell(report: Report, rule: str, expected: dict[str, str], record: Callable[[str, object], None]) -> None:
    """The verdict on one rule, as pytest says it."""
    import pytest

    if rule == TARGET:
        broken = [finding for finding in report.findings if not finding.rules]
        if broken:
            pytest.fail("\n\n".join(finding.summary() for finding in broken), pytrace=False)
        return
    found = report.of(rule)
    record("verdict", found.verdict.value)
    if rule in report.surprising:
        pytest.fail(f"{rule} was expected to fail, and passes: take it out of the expected failures", pytrace=False)
    if found.verdict is Verdict.FAIL:
        if rule in expected:
            pytest.xfail(expected[rule] or "expected to fail")
        told = "\n\n".join(_finding(finding) for finding in found.findings[:3])
        pytest.fail(f"{rule} · {found.rule.title} ({found.rule.level}, {found.rule.mark})\n{told}", pytrace=False)
    if found.verdict in (Verdict.UNTESTED, Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE):
        pytest.skip(f"{found.verdict.value}: {found.why}")


def _finding(finding: Finding) -> str:
    """What was done, and where it went wrong."""
    from .reports import words

    where = [f"  it could be: {state}" for state in finding.possible]
    return "\n".join((words.headline(finding), *(f"  {step}" for step in words.steps(finding)), *where))

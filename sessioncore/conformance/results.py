"""What a judgement consists of: findings, a verdict per rule, what was covered, and the report of all of it."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Any, final

import attrs

from sessioncore.core.chart import CHART_VERSION
from sessioncore.core.events import Event
from sessioncore.core.profiles import Profile

from .protocol import Outcome, View
from .rules import RULES, Rule


class Verdict(StrEnum):
    """What is known about one rule."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "fail"
    NON_STRICT = "non-strict"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not applicable"
    UNTESTED = "untested"


class Kind(StrEnum):
    """In which way a target fell short."""

    OUTCOME = "answer"
    """It accepted what is refused, refused what is accepted, or refused with another code."""
    OBSERVATION = "observation"
    """It shows something that cannot be."""
    CRASH = "crash"
    """It raised, or the service broke off."""
    HANG = "hang"
    """It did not answer in time."""
    NONSENSE = "nonsense"
    """It answered what is no answer at all."""
    CLOCK = "clock"
    """Its time ran backwards, or elsewhere than it was told to."""
    FACTORY = "factory"
    """The factory did not make a fresh target."""
    RACE = "race"
    """Concurrent operations that no order of them explains."""


@final
@attrs.frozen(kw_only=True)
class Difference:
    """One thing that was expected and not seen. ``what`` names it: ``answer``, ``session a: state``, ``job j1:
    status``."""

    what: str
    expected: Any
    seen: Any

    def __str__(self) -> str:
        return f"{self.what} should be {self.expected!r}, and is {self.seen!r}"


@final
@attrs.frozen(kw_only=True)
class Moment:
    """One step of a trace as it went: the event that was handed in, what was answered, what was seen after it.

    ``expected`` is the reference's answer, ``rows`` the rows that the reference fired, ``view`` what the target
    showed (in the kit's ids and on its clock, which begins at 0), ``states`` the states in which the reference says
    the sessions are.
    """

    event: Event
    expected: Outcome | None = None
    outcome: Outcome | None = None
    rows: tuple[str, ...] = ()
    view: View | None = None
    states: tuple[str, ...] = ()


@final
@attrs.frozen(kw_only=True)
class Finding:
    """One way in which the target fell short, with everything needed to understand and repeat it.

    ``rules`` are the rules to blame, the first one foremost. ``trace`` is what was done, the last moment being the
    one at which it showed; ``shrunk`` whether it was made as short as possible. ``possible`` tells the last states in
    which the target could have been, one text each with what it allowed.
    """

    kind: Kind
    rules: tuple[str, ...]
    tier: str
    case: str
    differences: tuple[Difference, ...]
    trace: tuple[Moment, ...]
    possible: tuple[str, ...] = ()
    shrunk: bool = False
    said: str = ""
    """For people: an exception's type and text, how long was waited."""

    @property
    def events(self) -> tuple[Event, ...]:
        """The events of the trace, in the kit's ids and times: enough to repeat it."""
        return tuple(moment.event for moment in self.trace)

    @property
    def strict_only(self) -> bool:
        """Whether only rules marked D are to blame, so that it is no failure (for others than ourselves)."""
        return self.kind in (Kind.OUTCOME, Kind.OBSERVATION, Kind.RACE) and all(
            RULES[rule].level == "SHOULD" for rule in self.rules[:1]
        )

    def summary(self) -> str:
        """One line."""
        what = "; ".join(map(str, self.differences[:3])) or self.said
        steps = "1 step" if len(self.trace) == 1 else f"{len(self.trace)} steps"
        return f"{'/'.join(self.rules) or self.kind} after {steps}: {what}"


@final
@attrs.define(kw_only=True)
class Coverage:
    """What was met, and how often. Only steps on which target and reference agreed count."""

    rows: Counter[str] = attrs.Factory(Counter)
    """Rows of the charts, by id."""
    states: Counter[str] = attrs.Factory(Counter)
    """Configurations of sessions."""
    transitions: Counter[tuple[str, str]] = attrs.Factory(Counter)
    """(configuration, row)."""
    pairs: Counter[tuple[str, str]] = attrs.Factory(Counter)
    """Two rows of one session after each other."""
    sneaks: Counter[tuple[str, str]] = attrs.Factory(Counter)
    """(configuration, event) that is refused or changes nothing."""
    guards: Counter[tuple[str, str, str]] = attrs.Factory(Counter)
    """(row, atom, value)."""
    boundaries: Counter[tuple[str, str]] = attrs.Factory(Counter)
    """(timer, ``before``, ``at`` or ``after`` its deadline)."""
    ties: Counter[tuple[str, str]] = attrs.Factory(Counter)
    """Two things at one instant, the one that goes first before the other."""
    fields: Counter[str] = attrs.Factory(Counter)
    """Fields of views that the target showed."""

    def update(self, other: Coverage) -> None:
        """Add another coverage to this one."""
        for field in attrs.fields(Coverage):
            if counted := getattr(other, field.name):
                getattr(self, field.name).update(counted)


@final
@attrs.frozen(kw_only=True)
class RuleVerdict:
    """What is known about one rule, why, and how often it was exercised with success."""

    rule: Rule
    verdict: Verdict
    why: str = ""
    exercised: int = 0
    findings: tuple[Finding, ...] = ()


@final
@attrs.frozen(kw_only=True)
class TierResult:
    """What one tier did. ``guarantee`` is what its passing proves, with its assumptions; empty where it proves
    nothing."""

    name: str
    cases: int
    steps: int
    seconds: float
    findings: tuple[Finding, ...] = ()
    coverage: Coverage = attrs.Factory(Coverage)
    exercised: Counter[str] = attrs.Factory(Counter)
    """Rules by how many agreeing steps exercised them."""
    skipped: tuple[str, ...] = ()
    """Cases that do not apply to the target, with the reason."""
    notes: tuple[str, ...] = ()
    """What a reader must know: events that were not logged, windows that were too long, ..."""
    guarantee: str = ""
    inconclusive: tuple[tuple[str, str], ...] = ()
    """(rule, why): where the evidence did not decide. Steps that did decide outweigh it."""
    doubts: tuple[tuple[str, str], ...] = ()
    """(rule, why): what differed once and not when it was tried again. It outweighs steps that agreed."""
    untried: tuple[tuple[str, str], ...] = ()
    """(rule, why): what was not tried, for want of time. It tells why a rule is untested."""
    extra: Any = None
    """What only this tier has, for example the learned machine."""


@final
@attrs.frozen(kw_only=True)
class Diagnosis:
    """Which known faults the target behaves like. ``same`` cannot be told from it on everything that was tried;
    ``near`` are (fault, how many steps agree, the first step at which they part)."""

    same: tuple[str, ...] = ()
    near: tuple[tuple[str, int, str], ...] = ()
    tried: int = 0
    """How many tests the answers were compared on."""


@final
@attrs.frozen(kw_only=True)
class Report:
    """A judgement: every rule with its verdict, and what led to them."""

    target: str
    profile: str
    seed: int
    tiers: tuple[TierResult, ...]
    verdicts: tuple[RuleVerdict, ...]
    unsupported: tuple[str, ...] = ()
    """What the target cannot do, by name."""
    expected: tuple[str, ...] = ()
    """Rules that its owners expect to fail, from their file."""
    surprising: tuple[str, ...] = ()
    """Rules that were expected to fail, and passed: the file is out of date."""
    diagnosis: Diagnosis | None = None
    versions: tuple[tuple[str, str], ...] = (("chart", str(CHART_VERSION)),)
    strict: bool = False
    """Whether differing on a rule marked D is a failure too, as it is for our own implementation."""
    terms: Profile | None = None
    """The profile itself, where its values are not those that its name stands for."""
    lanes: int = 1
    """How many jobs the target's device runs at once."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding of every tier."""
        return tuple(finding for tier in self.tiers for finding in tier.findings)

    @property
    def coverage(self) -> Coverage:
        """What all tiers together met."""
        total = Coverage()
        for tier in self.tiers:
            total.update(tier.coverage)
        return total

    @property
    def passed(self) -> bool:
        """Whether no rule failed that was not expected to, and none passed that was expected to fail."""
        failed = {found.rule.id for found in self.verdicts if found.verdict is Verdict.FAIL}
        beyond_rules = any(not finding.rules for finding in self.findings)
        return not failed - set(self.expected) and not self.surprising and not beyond_rules

    def of(self, rule: str) -> RuleVerdict:
        """The verdict on one rule. Raises KeyError for an id that is no rule."""
        for found in self.verdicts:
            if found.rule.id == rule:
                return found
        raise KeyError(rule)

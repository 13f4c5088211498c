"""The report as one page of HTML that needs nothing but itself: no network, no script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from sessioncore.conformance.results import Finding, Report, RuleVerdict, TierResult, Verdict
from sessioncore.conformance.rules import RULES, Rule

from . import words
from .chart import chart_section, learned_section, svg_of
from .coverage_section import coverage_section
from .findings import finding_block
from .markup import Html, join, tag
from .sentences import SENTENCES
from .style import STYLE

GROUPS: Final = {
    "S": "Sessions",
    "J": "Jobs",
    "D": "The device",
    "U": "Usage",
    "T": "Time",
    "V": "What a person sees",
}
"""The first letter of a rule, and what its rules are about."""

FINDINGS_MAX: Final = 100
"""How many findings are drawn; a target that is wrong everywhere must not make a page that nobody can open."""

_MEANINGS: Final = {
    Verdict.PASS: "exercised, and as the rule says",
    Verdict.FAIL: "not as the rule says",
    Verdict.NON_STRICT: "differs on a rule that was decided here; no failure",
    Verdict.INCONCLUSIVE: "what was seen allows no verdict",
    Verdict.NOT_APPLICABLE: "the target cannot be asked",
    Verdict.UNTESTED: "never exercised",
}


def to_html(report: Report) -> str:
    """The page as text. The same report gives the same page."""
    findings = words.numbered(report)
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="generator", content="sessioncore conform"),
        tag("title", f"{words.outcome(report)}: {words.cut(report.target, 80)}"),
        tag("style", Html(STYLE)),
    )
    body = tag("body", _header(report, findings), tag("main", *_sections(report, findings)), _footer())
    return "<!doctype html>\n" + tag("html", head, "\n", body, lang="en") + "\n"


def _sections(report: Report, findings: tuple[Finding, ...]) -> Iterator[Html]:
    yield _findings_section(report, findings)
    yield _matrix_section(report, findings)
    yield _tiers_section(report)
    yield chart_section(report)
    yield learned_section(report)
    yield coverage_section(report)
    yield _rules_section()


# --- the head ----------------------------------------------------------------------------------------------------


def _header(report: Report, findings: tuple[Finding, ...]) -> Html:
    looks = {"conforms": ("✓", "cf-pass"), "does not conform": ("✗", "cf-fail")}
    sign, kind = looks.get(words.outcome(report), ("○", "cf-untested"))
    facts: list[tuple[str, object]] = [("profile", report.profile), ("seed", report.seed)]
    facts += [(name, version) for name, version in report.versions]
    facts.append(("strict", "yes: a rule marked D counts as well" if report.strict else "no"))
    if report.unsupported:
        facts.append(("unsupported", ", ".join(map(words.cut, report.unsupported))))
    if report.expected:
        facts.append(("expected to fail", join(*map(rule_link, report.expected), between=", ")))
    if report.surprising:
        took = join(*map(rule_link, report.surprising), between=", ")
        facts.append(("passed against expectation", join(took, ": take them off the list of expected failures")))
    links = [("findings", f"Findings ({len(findings)})"), ("matrix", "Rules and verdicts"), ("tiers", "Tiers")]
    links.append(("chart", "Chart"))
    links += [("learned", "What was learned")] if any(svg_of(tier.extra) for tier in report.tiers) else []
    links += [("coverage", "Coverage"), ("rules", "What the rules say")]
    return tag(
        "header",
        tag("p", "Conformance report of sessioncore", class_="cf-kicker"),
        tag("h1", words.cut(report.target, 200)),
        tag("p", tag("span", f"{sign} {words.outcome(report)}", class_=f"cf-outcome {kind}")),
        _chips(report),
        tag("dl", *(join(tag("dt", name), tag("dd", value)) for name, value in facts), class_="cf-facts"),
        tag(
            "nav",
            tag("ul", *(tag("li", tag("a", name, href=f"#{to}")) for to, name in links)),
            aria_label="Parts of this page",
        ),
    )


def _chips(report: Report) -> Html:
    found = Counter(one.verdict for one in report.verdicts)
    return tag(
        "ul",
        *(
            tag(
                "li",
                tag("b", f"{words.SIGNS[verdict]} {found[verdict]}", class_=kind_of(verdict)),
                verdict.value,
                class_=None if found[verdict] else "cf-none",
                title=_MEANINGS[verdict],
            )
            for verdict in Verdict
        ),
        class_="cf-chips",
        aria_label="Rules by verdict",
    )


def kind_of(verdict: Verdict) -> str:
    """The class of a verdict: ``cf-not-applicable``."""
    return f"cf-{verdict.value.replace(' ', '-')}"


def rule_link(rule: str) -> Html:
    """A rule's id as a link to its sentence, at the end of the page."""
    return tag("a", rule, href=f"#{rule.lower()}", class_="cf-rule-id") if rule in RULES else tag("span", rule)


# --- findings ----------------------------------------------------------------------------------------------------


def _findings_section(report: Report, findings: tuple[Finding, ...]) -> Html:
    parts: list[Html] = [tag("h2", f"Findings ({len(findings)})", id="findings")]
    if not findings:
        parts.append(tag("p", "Nothing was found to be wrong."))
    parts += _diagnosis(report)
    if len(findings) > 3:
        parts.append(
            tag("ol", *(tag("li", tag("a", words.headline(one), href=f"#finding-{number}"))
                        for number, one in enumerate(findings[:FINDINGS_MAX], start=1)), class_="cf-small")
        )  # fmt: skip
    parts += [finding_block(number, findings, report) for number in range(1, min(len(findings), FINDINGS_MAX) + 1)]
    if len(findings) > FINDINGS_MAX:
        more = words.count(len(findings) - FINDINGS_MAX, "more finding")
        parts.append(tag("p", f"… and {more}: they are in report.json."))
    return tag("section", *parts)


def _diagnosis(report: Report) -> list[Html]:
    """Which known faults the target behaves like."""
    found = report.diagnosis
    if found is None:
        return []
    tests = words.count(found.tried, "test")
    parts = [tag("h3", "Diagnosis", id="diagnosis")]
    if found.same:
        parts.append(tag("p", f"On all of {tests}, it cannot be told from"))
        parts.append(tag("ul", *(tag("li", tag("b", words.fault_named(name))) for name in found.same)))
    elif not found.near:
        parts.append(tag("p", f"It behaves like none of the known faults ({tests})."))
    if found.near:
        rows = [
            tag("tr", tag("th", words.fault_named(name), scope="row"), tag("td", agree, class_="cf-number"),
                tag("td", words.cut(step)))
            for name, agree, step in found.near
        ]  # fmt: skip
        parts.append(
            table(("the nearest faults", "steps that agree", "where they part"), rows, numbers=("steps that agree",))
        )
    return parts


# --- tables ------------------------------------------------------------------------------------------------------


def table(columns: tuple[str, ...], rows: list[Html], numbers: tuple[str, ...] = ()) -> Html:
    """A table that scrolls by itself where the screen is narrow."""
    head = (tag("th", name, scope="col", class_="cf-number" if name in numbers else None) for name in columns)
    return tag("div", tag("table", tag("thead", tag("tr", *head)), tag("tbody", *rows)), class_="cf-scroll", tabindex=0)


def _matrix_section(report: Report, findings: tuple[Finding, ...]) -> Html:
    tiers = [tier for tier in report.tiers if tier.exercised or tier.findings]
    head = [tag("th", name, scope="col") for name in ("rule", "mark", "verdict")]
    head.append(tag("th", "exercised", scope="col", class_="cf-number"))
    head += [tag("th", tier.name, scope="col", class_="cf-number cf-tier-column") for tier in tiers]
    rows: list[Html] = []
    group = ""
    for found in report.verdicts:
        if found.rule.id[0] != group:
            group = found.rule.id[0]
            rows.append(
                tag("tr", tag("th", GROUPS.get(group, group), colspan=4 + len(tiers), scope="rowgroup"),
                    class_="cf-group")
            )  # fmt: skip
        rows.append(_matrix_row(found, tiers, report, findings))
    marks = "; ".join(f"{mark}: {meaning}" for mark, meaning in words.MARKS.items())
    legend = "; ".join(f"{words.SIGNS[verdict]} {verdict.value}: {_MEANINGS[verdict]}" for verdict in Verdict)
    columns = " A column of a tier says how often the rule was exercised there; ✗ is a finding." if tiers else ""
    return tag(
        "section",
        tag("h2", "Rules and verdicts", id="matrix"),
        tag("div", tag("table", tag("thead", tag("tr", *head)), tag("tbody", *rows), class_="cf-matrix"),
            class_="cf-scroll", tabindex=0),
        tag("p", f"{legend}. Marks: {marks}; a rule marked D alone is a SHOULD.{columns}", class_="cf-small cf-faint"),
    )  # fmt: skip


def _matrix_row(
    found: RuleVerdict, tiers: list[TierResult], report: Report, findings: tuple[Finding, ...]
) -> Html:
    rule = found.rule
    expected = rule.id in report.expected
    verdict = f"{words.SIGNS[found.verdict]} {found.verdict.value}" + (" (expected)" if expected else "")
    links = [
        tag("a", f"finding {number}", href=f"#finding-{number}")
        for number in (words.number_of(one, findings) for one in found.findings)
        if number <= FINDINGS_MAX
    ]
    why: list[object] = [words.cut(found.why)] if found.why else []
    why += [join(*links, between=", ")] if links else []
    return tag(
        "tr",
        tag("th", rule_link(rule.id), tag("span", rule.title, class_="cf-title"), scope="row"),
        tag("td", rule.mark, tag("span", rule.level, class_="cf-title cf-small cf-faint")),
        tag(
            "td",
            tag("span", verdict, class_=f"cf-verdict {kind_of(found.verdict)}"),
            tag("span", join(*why, between=" · "), class_="cf-why") if why else "",
        ),
        tag("td", found.exercised, class_="cf-number"),
        *(tag("td", _in_tier(rule, tier), class_="cf-number cf-tier-column") for tier in tiers),
        class_="cf-wrong" if found.verdict is Verdict.FAIL else None,
    )


def _in_tier(rule: Rule, tier: TierResult) -> Html:
    """How often a tier exercised a rule, and whether it found it broken."""
    wrong = any(rule.id in finding.rules[:1] for finding in tier.findings)
    often = tier.exercised.get(rule.id, 0)
    sign = tag("span", "✗ ", class_="cf-fail", title="a finding") if wrong else Html("")
    return join(sign, often or "")


# --- tiers -------------------------------------------------------------------------------------------------------


def _tiers_section(report: Report) -> Html:
    rows = [
        tag(
            "tr",
            tag("th", tag("b", tier.name), scope="row"),
            tag("td", f"{tier.cases:,}".replace(",", " "), class_="cf-number"),
            tag("td", f"{tier.steps:,}".replace(",", " "), class_="cf-number"),
            tag("td", f"{tier.seconds:.2f} s", class_="cf-number"),
            tag("td", len(tier.findings), class_="cf-number"),
            tag("td", *_tier_notes(tier)),
        )
        for tier in report.tiers
    ]
    columns = ("tier", "cases", "steps", "time", "findings", "what its passing proves, and notes")
    return tag("section", tag("h2", "Tiers", id="tiers"), table(columns, rows, numbers=columns[1:5]))


def _tier_notes(tier: TierResult) -> Iterator[Html]:
    yield tag("p", words.cut(tier.guarantee, 2000)) if tier.guarantee else Html("")
    if tier.guarantee and tier.findings:
        yield tag("p", "It did not pass.", class_="cf-faint")
    yield from (tag("p", words.cut(note, 1000)) for note in tier.notes)
    yield from (tag("p", rule_link(rule), f" is in doubt: {words.cut(why, 600)}") for rule, why in tier.doubts)
    yield from (tag("p", rule_link(rule), f" is open: {words.cut(why, 600)}") for rule, why in tier.inconclusive)
    if tier.skipped:
        shown = [tag("li", words.cut(one)) for one in tier.skipped[:200]]
        more = len(tier.skipped) - len(shown)
        shown += [tag("li", f"… and {more} more")] if more > 0 else []
        reasons = words.count(len(tier.skipped), "reason")
        yield tag("details", tag("summary", f"{reasons} to skip cases"), tag("ul", *shown))


# --- the end -----------------------------------------------------------------------------------------------------


def _rules_section() -> Html:
    entries = (
        join(
            tag("dt", f"{rule.id} · {rule.title} ", tag("span", f"{rule.mark}, {rule.level}", class_="cf-faint"),
                id=rule.id.lower()),
            tag("dd", SENTENCES[rule.id]),
        )
        for rule in RULES.values()
    )  # fmt: skip
    return tag(
        "section",
        tag("h2", "What the rules say", id="rules"),
        tag("p", "The sentences of specs/session.md, specs/job.md and specs/device.md, where each stands with its ",
            "rows, its reasons and its proof.", class_="cf-faint"),
        tag("dl", *entries, class_="cf-rules"),
    )  # fmt: skip


def _footer() -> Html:
    return tag(
        "footer",
        tag("p", "Made by sessioncore conform. Times and lengths of time are told to the microsecond, on a clock that "
            "begins at 0; names such as a and j1 are the kit's own."),
    )  # fmt: skip

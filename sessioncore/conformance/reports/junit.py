"""A report as JUnit XML: one test case per rule, as CI systems read it.

A rule that failed is a failure; one that was not exercised, does not apply, is inconclusive or was expected to fail is
skipped, with the reason; a non-strict one passed, and its output says in what it differs. A finding that no rule is to
blame for (a crash, say) is an error of its own.
"""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as Xml

from sessioncore.conformance.results import Finding, Report, RuleVerdict, Verdict

from . import words

SKIPPED: Final = (Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE, Verdict.UNTESTED)


def to_junit(report: Report) -> str:
    """The report as XML text."""
    root = Xml.Element("testsuites")
    suite = Xml.SubElement(root, "testsuite", name=words.cut(f"sessioncore conformance: {report.target}"))
    _properties(suite, report)
    findings = words.numbered(report)
    for verdict in report.verdicts:
        _case(suite, verdict, report, findings)
    blamed = [one for verdict in report.verdicts for one in verdict.findings]
    for number, finding in enumerate(findings, start=1):
        if not any(finding is one for one in blamed):
            _error(suite, number, finding)
    seconds = f"{sum(tier.seconds for tier in report.tiers):.3f}"
    for element in (root, suite):
        element.set("tests", str(len(suite.findall("testcase"))))
        element.set("failures", str(len(suite.findall("testcase/failure"))))
        element.set("errors", str(len(suite.findall("testcase/error"))))
        element.set("skipped", str(len(suite.findall("testcase/skipped"))))
        element.set("time", seconds)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _properties(suite: Xml.Element, report: Report) -> None:
    """Target, profile, seed, versions and what each tier proves."""
    told = [("target", report.target), ("profile", report.profile), ("seed", str(report.seed))]
    told += [("strict", "yes" if report.strict else "no"), ("unsupported", ", ".join(report.unsupported))]
    told += [(f"version.{name}", version) for name, version in report.versions]
    for tier in report.tiers:
        told.append((f"tier.{tier.name}", f"{tier.cases} cases, {tier.steps} steps, {tier.seconds:.2f} s"))
        if tier.guarantee:
            told.append((f"tier.{tier.name}.guarantee", tier.guarantee))
    properties = Xml.SubElement(suite, "properties")
    for name, value in told:
        Xml.SubElement(properties, "property", name=words.clean(name), value=words.cut(value, 2000))


def _case(suite: Xml.Element, found: RuleVerdict, report: Report, findings: tuple[Finding, ...]) -> None:
    rule, why = found.rule, words.cut(found.why)
    room = rule.page.removesuffix(".md")
    case = Xml.SubElement(
        suite, "testcase", classname=f"sessioncore.conformance.{room}", name=f"{rule.id} {rule.title}", time="0"
    )
    properties = Xml.SubElement(case, "properties")
    for name, value in (("mark", rule.mark), ("level", rule.level), ("exercised", str(found.exercised))):
        Xml.SubElement(properties, "property", name=name, value=value)
    said = "\n\n".join(story(one, words.number_of(one, findings)) for one in found.findings)
    if found.verdict is Verdict.FAIL and rule.id in report.expected:
        Xml.SubElement(case, "skipped", type="expected", message=f"expected to fail, and does: {why}")
    elif found.verdict is Verdict.FAIL:
        kind = found.findings[0].kind.value if found.findings else "fail"
        Xml.SubElement(case, "failure", type=kind, message=why or f"{rule.id} is not kept").text = said
        return
    elif rule.id in report.surprising:
        message = "it was expected to fail, and passes: take it off the list of expected failures"
        Xml.SubElement(case, "failure", type="surprise", message=message)
    elif found.verdict in SKIPPED:
        Xml.SubElement(case, "skipped", type=found.verdict.value, message=f"{found.verdict.value}: {why}")
    if found.verdict is Verdict.NON_STRICT:
        said = "\n\n".join(part for part in (f"non-strict: {why}", said) if part)
    if said:
        Xml.SubElement(case, "system-out").text = said


def _error(suite: Xml.Element, number: int, finding: Finding) -> None:
    """A finding that no verdict holds."""
    name = f"finding {number}: {finding.kind.value}"
    case = Xml.SubElement(suite, "testcase", classname="sessioncore.conformance.target", name=name, time="0")
    error = Xml.SubElement(case, "error", type=finding.kind.value, message=words.headline(finding))
    error.text = story(finding, number)


def story(finding: Finding, number: int) -> str:
    """A finding as plain text: what was expected and seen, and how it came to that."""
    lines = [f"finding {number}, tier {finding.tier}, case {words.cut(finding.case)}: {words.headline(finding)}"]
    lines += [
        f"  {words.cut(one.what)}: expected {words.wanted(one)}; seen {words.seen(one)}" for one in finding.differences
    ]
    if finding.said:
        lines.append(f"  {words.cut(finding.said, 2000)}")
    lines += [f"  it could have been: {words.cut(one)}" for one in finding.possible]
    lines += [f"  {line}" for line in words.steps(finding)]
    return "\n".join(lines)

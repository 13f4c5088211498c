"""One finding on the page: what is wrong, the picture of it, its trace, and what repeats it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sessioncore.conformance.results import Finding, Kind, Moment, Report
from sessioncore.conformance.rules import RULES
from sessioncore.core.events import Advanced

from . import words
from .curl import as_curl
from .markup import Html, join, tag
from .reproduce import as_python, as_trace
from .sentences import SENTENCES
from .sequence import MOMENTS_MAX, sequence

ROWS_MAX = 500
"""How many steps of a trace its table holds; the trace file has all of them."""


def finding_block(number: int, among: Sequence[Finding], report: Report) -> Html:
    """One finding of several, with everything about it. ``number`` is its number in the report, from 1. One that says
    the same as an earlier one points there."""
    finding = among[number - 1]
    rule = RULES.get(finding.rules[0]) if finding.rules else None
    name = f"{rule.id} · {rule.title}" if rule else _unblamed(finding)
    where = f"{_seen_as(finding)} in tier {finding.tier}, case {words.cut(finding.case, 120)}."
    earlier = words.first_like(number, among)
    if earlier is None:
        body = [
            _wrongs(finding),
            *_rule_says(finding),
            *_possible(finding),
            *_trace(finding, number),
            *_reproducers(finding, number, report),
        ]
    else:
        body = [tag("p", "The same as ", tag("a", f"finding {earlier}", href=f"#finding-{earlier}"), ", found again.")]
    return tag(
        "article",
        tag("h3", f"Finding {number}: {name}"),
        tag("p", where, class_="cf-small cf-faint"),
        *body,
        class_="cf-finding cf-soft" if finding.strict_only and not report.strict else "cf-finding",
        id=f"finding-{number}",
    )


def _unblamed(finding: Finding) -> str:
    """What a finding is called for which no rule is to blame."""
    return {
        Kind.CRASH: "it broke off",
        Kind.HANG: "it did not answer",
        Kind.NONSENSE: "what it answered is no answer",
        Kind.CLOCK: "its clock",
        Kind.FACTORY: "the factory",
        Kind.RACE: "operations at the same time",
    }.get(finding.kind, finding.kind.value)


def _seen_as(finding: Finding) -> str:
    steps = words.count(len(words.telling(finding.trace)), "step")
    how = {Kind.OUTCOME: "A wrong answer after", Kind.OBSERVATION: "It shows what cannot be after"}
    return f"{how.get(finding.kind, 'After')} {steps}"


def _wrongs(finding: Finding) -> Html:
    """What was expected, and what was seen."""
    lines = [
        tag("li", tag("span", "✗ ", class_="cf-fail"), words.cut(one.what), ": expected ", tag("b", words.wanted(one)),
            ", seen ", tag("b", words.seen(one)))
        for one in finding.differences[:50]
    ]  # fmt: skip
    if len(finding.differences) > len(lines):
        lines.append(tag("li", f"… and {words.count(len(finding.differences) - len(lines), 'more difference')}"))
    if finding.said:
        lines.append(tag("li", tag("span", "✗ ", class_="cf-fail"), words.cut(finding.said, 4000)))
    return tag("ul", *lines, class_="cf-wrongs")


def _rule_says(finding: Finding) -> Iterator[Html]:
    known = [RULES[rule] for rule in finding.rules if rule in RULES]
    for rule in known[:1]:
        link = tag("a", f"{rule.id} · {rule.title}", href=f"#{rule.id.lower()}")
        meaning = ", ".join(words.MARKS[mark] for mark in rule.mark.split("/"))
        told = tag("span", f" ({rule.mark}: {meaning}; a {rule.level})", class_="cf-faint")
        yield tag("blockquote", tag("p", link, told), tag("p", SENTENCES[rule.id]))
    if known[1:]:
        links = (tag("a", rule.id, href=f"#{rule.id.lower()}", title=rule.title) for rule in known[1:])
        yield tag("p", "Also touched: ", join(*links, between=", "), class_="cf-small")


def _possible(finding: Finding) -> Iterator[Html]:
    if not finding.possible:
        return
    if finding.kind is Kind.RACE:
        name = "Why no order explains it"
    elif len(finding.possible) > 1:
        name = "The last states in which it could have been"
    else:
        name = "Where it should be"
    yield tag("h4", name)
    yield tag("ul", *(tag("li", words.cut(one, 1000)) for one in finding.possible[:20]), class_="cf-small")


# --- the trace ---------------------------------------------------------------------------------------------------


def _trace(finding: Finding, number: int) -> Iterator[Html]:
    if not finding.trace:
        return
    yield tag("h4", "What happened" + (" (as short as it could be made)" if finding.shrunk else " (not shrunk)"))
    if finding.kind is Kind.RACE:
        yield tag("p", "What went on at the same time is told one after another.", class_="cf-small cf-faint")
    yield tag("div", sequence(finding, number), class_="cf-scroll", tabindex=0)
    trace = words.telling(finding.trace)
    steps = words.count(len(trace), "step")
    first = max(0, len(trace) - ROWS_MAX)
    rows = [
        _step(place, moment, last=place == len(trace)) for place, moment in enumerate(trace[first:], start=first + 1)
    ]
    columns = ("step", "time", "event", "should be", "was", "sessions, as the rules say", "rows of the charts")
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in columns)))
    yield tag(
        "details",
        tag("summary", f"The same as a table ({steps})"),
        tag("div", tag("table", head, tag("tbody", *rows)), class_="cf-scroll", tabindex=0),
        open="" if len(trace) <= MOMENTS_MAX // 2 else None,
    )


def _step(place: int, moment: Moment, *, last: bool) -> Html:
    silent = isinstance(moment.event, Advanced)
    return tag(
        "tr",
        tag("th", f"✗ {place}" if last else place, scope="row"),
        tag("td", words.instant(moment.event.at)),
        tag("td", words.told(moment.event)),
        tag("td", words.answer(moment.expected) or ("" if silent else "–")),
        tag("td", words.answer(moment.outcome) or ("" if silent else "–")),
        tag("td", "; ".join(words.cut(state) for state in moment.states)),
        tag("td", join(*(tag("code", words.cut(row), class_="cf-row") for row in moment.rows), between=", ")),
        class_="cf-wrong" if last else None,
    )


# --- what repeats it ---------------------------------------------------------------------------------------------


def _reproducers(finding: Finding, number: int, report: Report) -> Iterator[Html]:
    if not finding.trace:
        return
    profile = words.profile_of(report)
    yield tag("h4", "To repeat it")
    if finding.kind is Kind.RACE:
        told = f"It shows only while things happen at the same time: run tier {finding.tier} with seed {report.seed}."
        yield tag("p", told)
    if words.repeatable(finding):
        python = as_python(finding, profile, target=report.target, file=f"finding-{number}.py")
        yield _paste(f"Python: finding-{number}.py", python)
        if words.is_http(report.target):
            yield _paste(f"Shell: finding-{number}.sh", as_curl(finding, report.target))
    yield _paste(f"Trace: finding-{number}.jsonl", as_trace(finding, profile, report.lanes))


def _paste(name: str, content: str) -> Html:
    return tag("details", tag("summary", name), tag("pre", tag("code", content), tabindex=0))

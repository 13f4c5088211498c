"""The part of the page that says how much was covered, and what was not."""

from __future__ import annotations

from collections.abc import Iterator

from sessioncore.conformance.results import Report

from . import words
from .coverage import KINDS, MEANINGS, SIDES, Covered, told
from .markup import Html, join, tag

MISSING_MAX = 400
"""How many missing things of one kind are listed."""


def coverage_section(report: Report) -> Html:
    """Bars of what was met, and lists of what was not."""
    coverage = report.coverage
    every = told(report)
    uncounted = [name for kind, name in KINDS.items() if kind not in {one.kind for one in every}]
    fields = ", ".join(sorted(coverage.fields))
    return tag(
        "section",
        tag("h2", "Coverage", id="coverage"),
        tag("p", f"Of everything that the profile {report.profile} lets happen to a session: what the target was seen "
            "to do as the rules say. A step on which it differs covers nothing."),
        *map(_bar, every),
        tag("p", f"Not counted in a log: {', '.join(uncounted)}.", class_="cf-small cf-faint") if uncounted else "",
        tag("h3", "What is missing"),
        *(_missing(one) for one in every if one.missing),
        "" if any(one.missing for one in every) else tag("p", "Nothing."),
        tag("p", "Fields that it showed: ", tag("code", words.cut(fields, 1000))) if fields else "",
    )  # fmt: skip


def _bar(one: Covered) -> Html:
    """The name, the figures and the bar of one kind."""
    label = f"{KINDS[one.kind]}: {one.met} of {one.total}"
    return tag(
        "div",
        tag("span", KINDS[one.kind], title=MEANINGS[one.kind]),
        tag("span", f"{one.met} / {one.total}", class_="cf-of"),
        tag("div", tag("i", style=f"width:{100 * one.share:.1f}%"), class_="cf-bar", role="img", aria_label=label),
        class_="cf-cover",
    )


def _missing(one: Covered) -> Html:
    lines = [*_lines(one)]
    shown = [tag("li", line) for line in lines[:MISSING_MAX]]
    shown += [tag("li", f"… and {len(lines) - MISSING_MAX} more")] if len(lines) > MISSING_MAX else []
    return tag(
        "details",
        tag("summary", f"{KINDS[one.kind]}: {len(one.missing)} missing"),
        tag("p", MEANINGS[one.kind], class_="cf-small cf-faint"),
        tag("ul", *shown, class_="cf-missing"),
    )


def _lines(one: Covered) -> Iterator[Html]:
    """What is missing, told once per first part where there are several."""
    grouped: dict[str, list[str]] = {}
    for first, *rest in one.missing:
        grouped.setdefault(first, []).append(" = ".join(rest))
    lead = {"pairs": "after ", "transitions": "in ", "sneaks": "in "}.get(one.kind, "")
    for first, others in grouped.items():
        told = (tag("span", other, class_="cf-row") for other in sorted(others, key=_place) if other)
        rest_told = join(*told, between=", ")
        yield join(lead, tag("b", first, class_="cf-row"), ": " if rest_told else "", rest_told)


def _place(other: str) -> tuple[int, str]:
    """Sides of a deadline in the order of time, anything else by name."""
    return (SIDES.index(other) if other in SIDES else 0, other)

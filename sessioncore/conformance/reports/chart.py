"""The part of the page that draws: the chart of a session with its coverage as heat, and what was learned."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from sessioncore.conformance.results import Report
from sessioncore.core.errors import BackendError

from . import words
from .markup import Html, tag

_PROLOGUE = re.compile(r"^.*?(?=<svg )", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ID = re.compile(r'\bid="([^"]*)"')
_LABELLED = re.compile(r'aria-labelledby="([^"]*)"')
_SENTENCE = re.compile(r'xlink:href="[^"]*#([a-z]-\d\d)[^"]*"')
_OPENING = re.compile(r"<svg ([^>]*)>")
_SIZE = re.compile(r' (?:width|height)="[^"]*"')


def chart_section(report: Report) -> Html:
    """The chart with how often each row was met; a sentence where it cannot be drawn."""
    parts: list[object] = [tag("h2", "The session, and what was met of it", id="chart")]
    try:
        drawn = _chart(report)
    except (BackendError, ImportError) as error:
        told = "The chart is not drawn here, because what draws it is not installed: "
        parts.append(tag("p", told, tag("code", _needed(error))))
    else:
        parts.append(
            tag("p", "Hot and thick: often. Pale: never. Every id leads to its rule below.", class_="cf-small cf-faint")
        )
        parts.append(tag("div", tag("div", drawn, class_="cf-picture cf-wide"), class_="cf-scroll", tabindex=0))
    return tag("section", *parts)


def _needed(error: Exception) -> str:
    text = str(error)
    return words.cut(text) if "pip install" in text else 'pip install "sessioncore[diagrams]"'


def _chart(report: Report) -> Html:
    from sessioncore.diagrams import draw
    from sessioncore.diagrams.picture import CHARTS

    known = {row.id for chart in CHARTS.values() for row in chart.rows}
    counts = {row: count for row, count in report.coverage.rows.items() if row in known}
    drawn = draw("session", profile=words.profile_of(report), coverage=counts).to("svg", specs="")
    assert isinstance(drawn, str)
    return inlined(drawn, "cf-chart-")


def inlined(svg: str, prefix: str) -> Html:
    """One of our own drawings as a part of a page: ids kept apart from others, links to rules kept on the page."""
    svg = _COMMENT.sub("", _PROLOGUE.sub("", svg, count=1)).strip()
    svg = _ID.sub(lambda found: f'id="{prefix}{found[1]}"', svg)
    svg = _LABELLED.sub(
        lambda found: f'aria-labelledby="{" ".join(prefix + one for one in found[1].split())}"', svg
    )
    svg = _SENTENCE.sub(lambda found: f'href="#{found[1]}"', svg)
    # The size is the page's affair; the viewBox keeps the proportions.
    return Html(_OPENING.sub(lambda found: f"<svg {_SIZE.sub('', ' ' + found[1]).strip()}>", svg, count=1))


def learned_section(report: Report) -> Html:
    """What was learned of the target, where a tier brought a drawing of it."""
    drawn = [*_learned(report)]
    if not drawn:
        return Html("")
    told = "The machine that was learned from the target, over the reference. What differs is marked."
    return tag("section", tag("h2", "What was learned", id="learned"), tag("p", told), *drawn)


def _learned(report: Report) -> Iterator[Html]:
    for tier in report.tiers:
        svg = svg_of(tier.extra)
        if svg:
            # As an image it can neither run anything nor change the page: its labels are the target's own words.
            data = b64encode(svg.encode("utf-8", "replace")).decode("ascii")
            image = tag("img", src=f"data:image/svg+xml;base64,{data}", alt=f"What tier {tier.name} learned")
            yield tag("div", tag("div", image, class_="cf-picture"), class_="cf-scroll", tabindex=0)


def svg_of(extra: Any) -> str:
    """The drawing that a tier brings, as attribute or key ``svg``; empty where there is none."""
    svg = extra.get("svg") if isinstance(extra, dict) else getattr(extra, "svg", None)
    return svg if isinstance(svg, str) and "<svg" in svg else ""

"""The trace of a finding as a sequence diagram: who told whom what, when, and where it went wrong. SVG, inline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, final

from sessioncore.conformance.protocol import Rejected
from sessioncore.conformance.results import Finding, Moment
from sessioncore.core.events import (
    REPORTS,
    Advanced,
    ExecutionLimitExpired,
    InteractiveTtlExpired,
    JobStarted,
    MaxTtlExpired,
    NoSubmissionExpired,
    UsageLimitReached,
)
from sessioncore.core.job_chart import JOB_CHART
from sessioncore.core.session_chart import SESSION_CHART

from . import words
from .markup import Html, tag

MOMENTS_MAX: Final = 24
"""How many steps are drawn; of a longer trace, the last ones."""

_WIDTH: Final = 830
_TIME, _KIT, _TARGET, _DEVICE, _STATES = 14, 150, 440, 600, 658
_LANES: Final = ((_KIT, "client (the kit)"), (_TARGET, "target"), (_DEVICE, "device"))
_TOP: Final = 56
_DIFFERENCES_MAX: Final = 5
TIMER_WORDS: Final[dict[type, str]] = {
    MaxTtlExpired: "the max TTL is over",
    UsageLimitReached: "the usage limit is reached",
    InteractiveTtlExpired: "the interactive TTL is over",
    NoSubmissionExpired: "nothing submitted for too long",
    ExecutionLimitExpired: "a job has run too long",
}
"""A timer that fires, in plain words."""

_LINE_MAX: Final = 84
_TIMER_ROWS: Final = {
    row.id: TIMER_WORDS[row.trigger]
    for chart in (SESSION_CHART, JOB_CHART)
    for row in chart.rows
    if row.trigger in TIMER_WORDS
}


def sequence(finding: Finding, number: int) -> Html:
    """The diagram; ``number`` keeps its ids apart from those of others on the page."""
    drawing = _Drawing(finding)
    drawing.draw()
    named = f"cf-sequence-{number}"
    return tag(
        "svg",
        tag("title", f"Finding {number}: {words.headline(finding)}", id=f"{named}-title"),
        tag("desc", " ".join(line.strip() for line in words.steps(finding)), id=f"{named}-desc"),
        *drawing.behind,
        *_lanes(drawing.y),
        *drawing.parts,
        viewBox=f"0 0 {_WIDTH} {drawing.y + 14}",
        role="img",
        aria_labelledby=f"{named}-title {named}-desc",
        class_="cf-sequence",
    )


def _lanes(bottom: int) -> Iterator[Html]:
    """The three who take part, each with its line of life."""
    for x, name in _LANES:
        yield tag("line", x1=x, y1=38, x2=x, y2=bottom, class_="cf-lane")
        width = 9 * len(name) + 20
        yield tag("rect", x=x - width // 2, y=10, width=width, height=28, rx=5, class_="cf-box")
        yield tag("text", name, x=x, y=29, text_anchor="middle", class_="cf-head")
    yield tag("text", "as the rules say", x=_STATES, y=29, class_="cf-quiet")


@final
class _Drawing:
    """What is drawn so far, and how far down."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        self.behind: list[Html] = []
        self.parts: list[Html] = []
        self.y = _TOP
        self.bad = False

    def draw(self) -> None:
        """Every step, the last one on a band of its own with what differs."""
        trace = words.telling(self.finding.trace)
        left_out = max(0, len(trace) - MOMENTS_MAX)
        if left_out:
            self._text(_KIT, f"… {words.count(left_out, 'step')} before", "cf-quiet cf-halo")
            self.y += 24
        now = trace[left_out - 1].event.at if left_out else 0
        for place, moment in enumerate(trace[left_out:], start=left_out + 1):
            top = self.y - 2
            self.bad = place == len(trace)
            self._moment(moment, now)
            now = max(now, moment.event.at)
            if self.bad:
                self._differences()
                band = tag("rect", x=4, y=top, width=_WIDTH - 8, height=self.y - top, rx=6, class_="cf-band")
                self.behind.append(band)

    def _moment(self, moment: Moment, now: int) -> None:
        event = moment.event
        if event.at > now:
            self._passing(event.at - now)
        first = self.y
        if isinstance(event, Advanced):
            self.y += 4
        elif isinstance(event, REPORTS) and not isinstance(event, JobStarted):
            self._arrow(_DEVICE, _TARGET, words.told(event), "")
        else:
            self._arrow(_KIT, _TARGET, words.told(event), "")
        self._answer(moment)
        for row in moment.rows:
            if row in _TIMER_ROWS:
                self._text(_TARGET, f"◷ {_TIMER_ROWS[row]} ({row})", "cf-quiet cf-halo")
                self.y += 20
        self._side(first, moment)
        self.y += 12

    def _side(self, first: int, moment: Moment) -> None:
        """The time on the left, the states on the right."""
        self.y = max(self.y, first + 22)
        y = first + 15
        time = ("✗ " if self.bad else "") + words.instant(moment.event.at)
        self.parts.append(tag("text", time, x=_TIME, y=y, class_="cf-bad" if self.bad else "cf-quiet"))
        for state in moment.states[-4:]:
            self.parts.append(tag("text", words.cut(state, 26), x=_STATES, y=y, class_="cf-quiet"))
            y += 17
        self.y = max(self.y, y)

    def _passing(self, length: int) -> None:
        self._text((_KIT + _TARGET) // 2, f"◷ {words.instant(length)} pass", "cf-quiet cf-halo")
        self.y += 24

    def _answer(self, moment: Moment) -> None:
        came = words.answer(moment.outcome)
        if not came or isinstance(moment.event, REPORTS):
            return
        wrong = words.answers_differ(moment)
        refused = isinstance(moment.outcome, Rejected)
        if wrong:
            came = f"✗ {came}"
        elif refused:
            came = f"⊘ {came}"
        self._arrow(_TARGET, _KIT, came, "cf-bad" if wrong else "cf-refused" if refused else "", back=True)

    def _differences(self) -> None:
        """What differs, under the last step."""
        finding = self.finding
        told = [
            f"{words.cut(one.what, 40)}: expected {words.cut(words.wanted(one), 40)}; "
            f"seen {words.cut(words.seen(one), 40)}"
            for one in finding.differences[:_DIFFERENCES_MAX]
        ]
        more = len(finding.differences) - _DIFFERENCES_MAX
        told += [f"and {words.count(more, 'more difference')}"] if more > 0 else []
        told += [] if told else [finding.said]
        for line in told:
            self.y += 6
            line = line if len(line) <= _LINE_MAX else f"{line[:_LINE_MAX]}…"
            self.parts.append(tag("text", f"✗ {line}", x=_KIT, y=self.y + 12, class_="cf-bad"))
            self.y += 16
        self.y += 8

    def _arrow(self, start: int, end: int, label: str, kind: str, *, back: bool = False) -> None:
        """An arrow with its label above it."""
        self._text((start + end) // 2, words.cut(label, 46), f"cf-halo {kind}".strip())
        y = self.y + 20
        way = 1 if end > start else -1
        tip = end - 2 * way
        line = f"cf-arrow{' cf-back' if back else ''} {kind}".strip()
        self.parts.append(tag("line", x1=start, y1=y, x2=tip - 8 * way, y2=y, class_=line))
        points = f"{tip},{y} {tip - 9 * way},{y - 4.5} {tip - 9 * way},{y + 4.5}"
        self.parts.append(tag("polygon", points=points, class_=f"cf-point {kind}".strip()))
        self.y += 30

    def _text(self, x: int, content: str, kind: str) -> None:
        on = " cf-on-wrong" if self.bad else ""
        self.parts.append(tag("text", content, x=x, y=self.y + 15, text_anchor="middle", class_=kind + on))

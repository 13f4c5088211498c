"""A failing window is made short though a schedule may go otherwise when it is run again, and what is told is what was
seen to fail once more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from sessioncore.conformance.parallel.schedules import MAKES_WAY, WAITS, Ran, Schedule, Switch
from sessioncore.conformance.parallel.shorten import CONFIRMS_MAX, TRIES_MAX, shortened
from sessioncore.conformance.parallel.trial import Outcomes
from sessioncore.conformance.parallel.windows import Window
from sessioncore.conformance.results import Finding, Kind
from sessioncore.core import CancelRequested, OpenRequested, PauseRequested, SubmitRequested

OPENED, SUBMIT = OpenRequested(at=0, session_id="a"), SubmitRequested(at=0, job_id="j1", session_id="a")
CANCEL, PAUSE = CancelRequested(at=0, session_id="a"), PauseRequested(at=0)
WHOLE = Window(name="window 1", before=(OPENED,), clients=((SUBMIT, PAUSE), (CANCEL,), (PAUSE,)))
SCHEDULE = Schedule(order=(0, 1, 2), changes=(19,))

HARMFUL, OTHER = ((compile("pass", "target.py", "exec"), number) for number in (1, 2))
"""Two lines of code."""


def race(window: Window) -> Finding:
    events = (*window.before, *(event for mine in window.clients for event in mine))
    return Finding(
        kind=Kind.RACE, rules=("S-06",), tier="parallel", case=window.name, differences=(), trace=events, said="at once"
    )  # type: ignore[arg-type]  # events will do for moments here


class Flaky:
    """Fails if somebody submits and somebody else cancels, the first interrupted at one line of its code, which the run
    reaches the sooner the less there is; but only at every so-manieth run. ``why`` is for what reason a turn goes to
    another besides."""

    def __init__(self, every: int, why: str = WAITS) -> None:
        self.every, self.why = every, why
        self.runs: list[tuple[Window, Schedule | None]] = []

    def __call__(self, window: Window, schedule: Schedule | None) -> Outcomes:
        assert schedule is not None
        self.runs.append((window, schedule))
        place = 5 * len(window.clients) + sum(map(len, window.clients))
        lines = [(0, HARMFUL if number == place else OTHER) for number in range(1, 40)]
        ran = Ran(lines=tuple(lines), switches=(Switch(step=1, left=0, to=1, where="", why=self.why),))
        events = [event for mine in window.clients for event in mine]
        harmful = any(change <= len(lines) and lines[change - 1][1] == HARMFUL for change in schedule.changes)
        fails = OPENED in window.before and SUBMIT in events and CANCEL in events and harmful
        now = len(self.runs) % self.every == 0
        return Outcomes(finding=race(window) if fails and now else None, ran=ran)


def told(judge: Callable[..., Any]) -> tuple[Finding, Sequence[Any]]:
    found = shortened(WHOLE, SCHEDULE, race(WHOLE), judge)
    return found, [event for event in found.trace if not isinstance(event, OpenRequested)]


@pytest.mark.parametrize("why", [WAITS, MAKES_WAY])
@pytest.mark.parametrize("every", [1, 2, TRIES_MAX])
def test_what_fails_only_now_and_then_is_made_as_short_all_the_same(every: int, why: str) -> None:
    found, events = told(Flaky(every, why))
    assert found.shrunk
    assert events == [SUBMIT, CANCEL]
    assert "interrupted at line 12 of the run" in found.said


def test_where_nobody_waited_one_run_is_enough() -> None:
    judge = Flaky(1, "is interrupted")
    told(judge)
    again = [pair for pair, other in zip(judge.runs, judge.runs[1:], strict=False) if pair == other]
    assert len(again) <= 1, "the one that is told was run once more"


def test_an_interruption_is_looked_for_at_the_same_line_of_the_code_before_any_other() -> None:
    judge = Flaky(1, "is interrupted")
    told(judge)
    shortest = next(place for place, (window, _) in enumerate(judge.runs) if window.clients == ((SUBMIT,), (CANCEL,)))
    assert shortest < 50


def test_what_never_shows_again_is_told_as_it_was_found() -> None:
    judge = Flaky(10**9)
    found, events = told(judge)
    assert not found.shrunk
    assert len(events) == 4
    assert "did not show again" in found.said
    assert [window for window, _ in judge.runs[-CONFIRMS_MAX:]] == [WHOLE] * CONFIRMS_MAX


class Fading(Flaky):
    """Shows with two clients once and never again."""

    shown = False

    def __call__(self, window: Window, schedule: Schedule | None) -> Outcomes:
        outcomes = super().__call__(window, schedule)
        if outcomes.finding is not None and len(window.clients) < 3:
            if self.shown:
                outcomes.finding = None
            self.shown = True
        return outcomes


def test_a_longer_one_is_told_where_the_shortest_does_not_fail_once_more() -> None:
    found, events = told(Fading(1))
    assert found.shrunk
    assert len(events) == 4, "the window with three clients, which did fail once more"

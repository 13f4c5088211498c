"""What a service was not tried with, and why: there was no time for it, or it would have to be waited for too long."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import final

from sessioncore.core.durations import SECOND
from sessioncore.core.profiles import Policy, Profile
from sessioncore.core.states import Mode

from ..cases import Case
from ..choosing import Choice, themes_of
from ..rules import RULES
from ..tally import ROWS

TIMERS = {
    "max_ttl": "MaxTtlExpired",
    "interactive_ttl": "InteractiveTtlExpired",
    "no_submission": "NoSubmissionExpired",
    "execution_limit": "ExecutionLimitExpired",
}
"""The lengths of time of a profile that can be waited for, and the events of their timers."""

TIMER_OF = {
    "S-10": "max_ttl", "S-13": "interactive_ttl", "S-14": "interactive_ttl", "S-15": "max_ttl",
    "S-16": "no_submission", "J-05": "execution_limit",
}  # fmt: skip
"""Rules about what one timer does, and its length."""

WIRE_SHARE = 0.5
"""How much of its time a tier has at least for what comes after the cases for the wire: with 45 s, it takes 45 s to
70 s."""


LATE = 1.1
"""How many times its time a tier may take before it is stopped."""


@final
class Untried:
    """Keeps account for one tier of a service. ``seconds`` is about how long the tier may take; ``wait_s_max`` how long
    one case may wait, None where time is moved.

    What a case is about is told as themes: rules, and the events of timers whose deadline it comes to.
    """

    def __init__(self, profile: Profile, policy: Policy, lanes: int, seconds: float, wait_s_max: float | None) -> None:
        self._terms = (profile, policy, lanes)
        self._seconds = seconds
        self._wait_s_max = wait_s_max
        self._tried: set[str] = set()
        self._left: set[str] = set()
        self._waits: dict[str, float] = {}

    @property
    def over(self) -> str:
        """In words that time was over, and how much there was."""
        most = float(f"{self._seconds * (1 + LATE * WIRE_SHARE):.2g}")
        return f"time was over (a tier is given {self._seconds:g} to {most:g} s on a service)"

    def choice(self, choice: Choice) -> None:
        """Take note of what was not chosen."""
        self._left |= choice.left
        self._waits.update(choice.waits)

    def left(self, cases: Iterable[Case]) -> None:
        """Take note of cases for which time was over."""
        for case in cases:
            self._left |= themes_of(case, *self._terms)

    def ran(self, case: Case) -> None:
        """Take note of a case that was run to its end. Only timers are of interest, and only in real time."""
        if self._wait_s_max is not None:
            self._tried |= themes_of(case, *self._terms)

    def rules(self) -> Iterator[tuple[str, str]]:
        """Rules that something untried is about, each with why. Those that were exercised all the same are among
        them."""
        for rule in RULES:
            if why := self._why(rule, self._length(TIMER_OF[rule]) if rule in TIMER_OF else 0.0):
                yield rule, why

    def note(self, fired: Container[str]) -> str:
        """Which timers of its profile were not tried, and why; nothing where time is moved or all of them were.
        ``fired`` are the rows that were seen to fire."""
        if self._wait_s_max is None:
            return ""
        told = list(self._timers(fired))
        return f"Timers that were not tried: {'; '.join(told)}." if told else ""

    def _timers(self, fired: Container[str]) -> Iterator[str]:
        acted = {row.trigger.__name__ for row in ROWS.values() if row.id in fired}
        for name, timer in TIMERS.items():
            seconds = self._length(name)
            if seconds and timer not in self._tried | acted:
                why = self._why(timer, seconds) or "what would have tried it could not be done"
                yield f"{name} ({in_words(seconds)}): {why}"

    def _length(self, name: str) -> float:
        """How long the timer is in seconds, the shorter one of sessions and batches; 0 where there is none."""
        lengths = (getattr(self._terms[0].half(mode), name) for mode in Mode)
        return min((length / SECOND for length in lengths if length is not None), default=0.0)

    def _why(self, theme: str, seconds: float) -> str:
        """``seconds`` is how long its timer is, if it has one: some cases ask for less, and some timers are so long
        that no case comes to them."""
        if theme in self._left:
            return self.over
        wait = self._waits.get(theme, seconds)
        if self._wait_s_max is None or wait <= self._wait_s_max:
            return ""
        return f"it takes {in_words(wait)} of real time, longer than --max-wait {in_words(self._wait_s_max)}"


def in_words(seconds: float) -> str:
    """A length of time for people: ``3 s``, ``30 min``, ``3 h 1 s``."""
    whole, part = divmod(round(seconds, 1), 60)
    parts = [(whole // 60, "h"), (whole % 60, "min"), (part, "s")]
    return " ".join(f"{number:g} {unit}" for number, unit in parts if number) or "0 s"

"""Where something stands, and the way that led it there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, final

from sessioncore.core import Row
from sessioncore.core.values import replaced

from .journey import Journey
from .overlay import Overlay, Sample
from .pens import FADED, FADED_LOOK, INK, NOW_LOOK, PLACE_LOOK, Look, Pen
from .picture import CHARTS, Picture, Timer, length

STEPS_TOLD_MAX = 4
"""How many step numbers stand on one arrow before only the first two and the last do."""


def time_left(due: int, now: int | None) -> str:
    """When a timer is due, for people: from now on where now is known, else on the core's own clock."""
    if now is None:
        return f"due at {span(due)}"
    return f"due in {span(due - now)}" if due > now else "due now"


def span(microseconds: int) -> str:
    """A span of time in its two largest units: ``7 h 59 min``, ``48 s``; below a second as it is."""
    if microseconds < 1_000_000:
        return length(microseconds)
    seconds = microseconds // 1_000_000
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    told = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(told[:2])


def agreed_told(journey: Journey) -> tuple[str, ...]:
    """The sentence for a picture whose timers are not as long as the profile in its title says."""
    return ("Its timers are as long as was agreed for it.",) if journey.differs else ()


def numbers_told(numbers: list[int]) -> str:
    """Step numbers for people: ``1``, ``2, 5``, ``3, 5, … 41``."""
    if len(numbers) <= STEPS_TOLD_MAX:
        return ", ".join(str(number) for number in numbers)
    return f"{numbers[0]}, {numbers[1]}, … {numbers[-1]}"


@final
class Standing(Overlay):
    """The state in which something is, and its armed timers; what cannot happen next is faded."""

    def __init__(self, picture: Picture, journey: Journey) -> None:
        self._now = journey.state
        self._clock_now = journey.now
        self._timers: Mapping[str, int] = dict(journey.timers)
        self._final = any(state.value == self._now for state in picture.finals)
        self._subject = journey.subject
        self._agreed = agreed_told(journey)
        self.title = f"{journey.subject} now" if journey.subject else "now"

    def pen(self, rows: Collection[Row], sources: Collection[str], pen: Pen) -> Pen:
        """An arrow that leaves another state is faded, and so is that of a timer that is not armed."""
        timers = {row.trigger.__name__ for row in rows if row.trigger.__name__.endswith(("Expired", "Reached"))}
        if self._now in sources and timers <= set(self._timers):
            return pen
        return replaced(FADED, style=pen.style, head=pen.head)

    def look(self, state: str, look: Look) -> Look:
        """The state in which it is stands out."""
        return NOW_LOOK if state == self._now else look

    def state_note(self, state: str) -> str:
        """Which one it is."""
        return "now" if state == self._now else ""

    def clock(self, timer: Timer, look: Look) -> tuple[Look, str]:
        """An armed timer says when it is due."""
        due = self._timers.get(timer.name)
        if due is None:
            return replaced(FADED_LOOK, dashed=True), ""
        return replaced(look, width="2.6"), time_left(due, self._clock_now)

    def samples(self) -> tuple[Sample, ...]:
        """The state that it is in, and what is faded."""
        return (Sample(look=NOW_LOOK, says="now"), Sample(pen=FADED, says="not from here"))

    def lines(self) -> tuple[str, ...]:
        """What is shown of whom."""
        since = "" if self._clock_now is None else ", counted from the trace's last line"
        armed = f" Timers that run: {len(self._timers)}{since}." if self._timers else ""
        return (f"{self._subject or 'It'} is {self._now.replace('_', ' ')}.{armed}", *self._agreed)

    def told(self) -> dict[str, Any]:
        """Where it is, and the timers that run."""
        timers = [{"trigger": name, "due": due} for name, due in self._timers.items()]
        return {"at": {"subject": self._subject, "state": self._now, "now": self._clock_now, "timers": timers}}


@final
class Path(Overlay):
    """The steps of one thing, numbered in order; what it never did is faded."""

    def __init__(self, journey: Journey) -> None:
        self._journey = journey
        self._visited = {move.target for move in journey.moves}
        self._timers: Mapping[str, int] = dict(journey.timers)
        self.title = f"path of {journey.subject}"

    def _numbers(self, rows: Collection[Row], sources: Collection[str]) -> list[int]:
        ids = {row.id for row in rows}
        moves = enumerate(self._journey.moves, start=1)
        return [number for number, move in moves if move.row in ids and move.source in sources]

    def pen(self, rows: Collection[Row], sources: Collection[str], pen: Pen) -> Pen:
        """An arrow that was taken is bold, any other faded."""
        if not self._numbers(rows, sources):
            return replaced(FADED, style=pen.style, head=pen.head)
        return replaced(pen, width="2" if pen.twice else "3.4")

    def note(self, rows: Collection[Row], sources: Collection[str]) -> str:
        """The numbers of the steps."""
        return numbers_told(self._numbers(rows, sources))

    def look(self, state: str, look: Look) -> Look:
        """The last state stands out; a state that was never entered is faded."""
        if state == self._journey.state:
            return NOW_LOOK
        return look if state in self._visited else FADED_LOOK

    def state_note(self, state: str) -> str:
        """Where it is at the end of the trace."""
        return "here at the end" if state == self._journey.state else ""

    def clock(self, timer: Timer, look: Look) -> tuple[Look, str]:
        """A timer that fired is drawn as ever, one that still runs says when it is due, any other is faded."""
        due = self._timers.get(timer.name)
        if due is not None:
            return look, time_left(due, self._journey.now)
        fired = any(_trigger_of(move.row) == timer.name for move in self._journey.moves)
        return (look, "") if fired else (replaced(FADED_LOOK, dashed=True), "")

    def samples(self) -> tuple[Sample, ...]:
        """What is bold, and what is faded."""
        taken = Pen(color=INK, width="3.4")
        return (
            Sample(look=PLACE_LOOK, says="entered"),
            Sample(look=NOW_LOOK, says="the last state"),
            Sample(pen=taken, says="taken"),
            Sample(pen=FADED, says="not taken"),
        )

    def lines(self) -> tuple[str, ...]:
        """How long the path is."""
        count = len(self._journey.moves)
        steps = "1 step" if count == 1 else f"{count} steps"
        told = f"{self._journey.subject}: {steps} from state to state, numbered in order."
        return (told, *agreed_told(self._journey))

    def told(self) -> dict[str, Any]:
        """The steps, and where they lead."""
        moves = [
            {"number": number, "at": move.at, "row": move.row, "source": move.source, "target": move.target}
            for number, move in enumerate(self._journey.moves, start=1)
        ]
        return {"path": {"subject": self._journey.subject, "steps": moves, "state": self._journey.state}}


def _trigger_of(row_id: str) -> str:
    return next(row.trigger.__name__ for chart in CHARTS.values() for row in chart.rows if row.id == row_id)

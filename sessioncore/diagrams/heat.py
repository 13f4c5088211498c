"""How often each row was met: often is hot and thick, never is pale."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import product
from typing import Any, final

from sessioncore.core import Row
from sessioncore.core.values import replaced

from .overlay import Overlay, Sample
from .pens import FADED_LOOK, HEAT, INK, PALE, Look, Pen
from .picture import CHARTS, Picture, Timer
from .refusals import PictureError, some_of

WIDTHS = ("1.2", "1.8", "2.6", "3.6")
NEVER = Pen(color=PALE, style="dashed", width="1", text=PALE)


def check_counts(counts: Mapping[Any, Any]) -> dict[str, int]:
    """Counts by row id. Raises :class:`PictureError` for an id that no chart has, or a count that is none."""
    known = {row.id for chart in CHARTS.values() for row in chart.rows}
    for row, count in counts.items():
        if row not in known:
            raise PictureError(f"no chart has a row {row!r}: a coverage counts rows such as S-01.open")
        if type(count) is not int or count < 0:
            raise PictureError(f"the count of {row} is {count!r}: it must be a whole number, 0 or more")
    return dict(counts)


@final
class Heat(Overlay):
    """The coverage of a run: ``counts`` by row id. Rows that are not in it were never met.

    ``met`` says in which states, by (state, row id); without it a count stands wherever its row does.
    """

    own_pens = True

    def __init__(
        self,
        picture: Picture,
        counts: Mapping[str, int],
        met: Mapping[tuple[str, str], int] | None = None,
        source: str = "",
    ) -> None:
        self._counts = check_counts(counts)
        self._met = met
        self._initial = picture.initial.value
        self._rows = picture.rows
        self._most = max((self._counts.get(row.id, 0) for row in picture.rows), default=0)
        self.title = "coverage" + (f" of {source}" if source else "")

    def _count(self, rows: Iterable[Row], sources: Iterable[str] | None = None) -> int:
        """How often these rows were met: in these states, where that is asked and known."""
        if sources is None or self._met is None:
            return sum(self._counts.get(row.id, 0) for row in rows)
        return sum(self._met.get((state, row.id), 0) for row, state in product(rows, set(sources)))

    def _steps(self) -> list[tuple[int, int]]:
        """From which count to which each step of the scale goes; each is about as wide as the others on a log scale.
        A step that no whole number falls into is left out."""
        bounds = [1 + int(self._most ** (step / len(HEAT))) for step in range(1, len(HEAT))]
        steps = zip([1, *bounds], [*(bound - 1 for bound in bounds), self._most], strict=True)
        return [(least, most) for least, most in steps if least <= most]

    def _step(self, count: int) -> int:
        """The place on the scale; the hottest colour is always in use."""
        steps = self._steps()
        number = next((i for i, (_, most) in enumerate(steps) if count <= most), len(steps) - 1)
        return number + len(HEAT) - len(steps)

    def pen(self, rows: Collection[Row], sources: Collection[str], pen: Pen) -> Pen:
        """The line keeps its style, so that end reasons are still told apart; its colour and width are the count's."""
        count = self._count(rows, sources)
        if not count:
            return replaced(NEVER, head=pen.head)
        step = self._step(count)
        return replaced(pen, color=HEAT[step], width=WIDTHS[step], twice=False, text=INK)

    def note(self, rows: Collection[Row], sources: Collection[str]) -> str:
        """How often."""
        count = self._count(rows, sources)
        return f"{count}×" if count else "never"

    def look(self, state: str, look: Look) -> Look:
        """A state that no counted row leads to is pale, unless it is where everything begins."""
        into = [row for row in self._rows if row.target is not None and row.target.value == state]
        if state != self._initial and not self._count(into):
            return replaced(FADED_LOOK, dashed=look.dashed)
        return look

    def clock(self, timer: Timer, look: Look) -> tuple[Look, str]:
        """A timer that never fired is pale."""
        fired = self._count(row for row in self._rows if row.trigger.__name__ == timer.name)
        return (look, "") if fired else (replaced(FADED_LOOK, dashed=True), "")

    def samples(self) -> tuple[Sample, ...]:
        """The scale."""
        never = Sample(pen=NEVER, says="never")
        scale = []
        for least, most in self._steps() if self._most else ():
            step = self._step(least)
            says = f"{least}×" if least == most else f"{least} to {most}×"
            scale.append(Sample(pen=Pen(color=HEAT[step], width=WIDTHS[step], text=INK), says=says))
        return (never, *scale)

    def _missed(self) -> list[str]:
        return [row.id for row in self._rows if not self._counts.get(row.id)]

    def lines(self) -> tuple[str, ...]:
        """How much was covered, and what was not."""
        missed = self._missed()
        met = len(self._rows) - len(missed)
        where = "wherever the row was met" if self._met is None else "in the states for which it stands here"
        told = f"{met} of {len(self._rows)} rows were met. A count is that of its row, {where}."
        return (told, *([f"Never: {some_of(missed)}."] if missed else []))

    def told(self) -> dict[str, Any]:
        """The counts of the rows that are drawn, and in which states where that is known."""
        told: dict[str, Any] = {"coverage": {row.id: self._counts.get(row.id, 0) for row in self._rows}}
        if self._met is not None:
            states = dict.fromkeys(state.value for row in self._rows for state in row.sources)
            told["coverage_by_state"] = {state: self._met_in(state) for state in states}
        return told

    def _met_in(self, state: str) -> dict[str, int]:
        """The rows that were met in one state, and how often."""
        counts = {row.id: self._count([row], [state]) for row in self._rows}
        return {row: count for row, count in counts.items() if count}

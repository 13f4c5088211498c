"""One profile against another, in one picture: what only one of them does, and what they do differently.

Two rows answer the same question if they stand in the same cell and their guards can hold together. Where each profile
has a row for the question, but another one, both are drawn as *different*; where only one has, as *only* there.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, final

from sessioncore.core import Disposition, Mode, Profile, Row
from sessioncore.core.values import replaced

from .overlay import Overlay, Sample
from .pens import INK, ORANGE, PLACE_EDGE, Look, Pen
from .picture import CHARTS, Picture, Timer
from .reading import assemble, picture_of

BOTH, HERE, THERE = "both", "here", "there"

HERE_PEN = Pen(color=PLACE_EDGE, width="2.6")
THERE_PEN = Pen(color=ORANGE, style="dashed", width="2.6", head="vee")
HERE_OTHER_PEN = replaced(HERE_PEN, width="1.5", twice=True)
THERE_OTHER_PEN = replaced(THERE_PEN, width="1.5", twice=True)
BOTH_PEN = Pen(color=INK, width="1")
HERE_LOOK = Look(edge=PLACE_EDGE, width="2.6")
THERE_LOOK = Look(edge=ORANGE, width="2.6", dashed=True)


def compare(name: str, profile: Profile, other: Profile, mode: Mode) -> tuple[Picture, Difference]:
    """One picture of what either profile does, and what tells them apart."""
    here, there = picture_of(name, profile, mode), picture_of(name, other, mode)
    rows = {row.id: row for row in (*here.rows, *there.rows)}
    chart = CHARTS[name]
    found = Difference(here, there, profile.name, other.name)
    picture = assemble(
        name,
        title=f"{name} · {profile.name} against {other.name}" + ("" if name == "device" else f" · {mode.value}"),
        chart=chart,
        states=tuple(state for state in chart.states if state in here.states or state in there.states),
        rows=tuple(rows[row.id] for row in chart.rows if row.id in rows),
        timers=_timers(here, there, profile.name, other.name),
        kind_of=found.kind_of,
    )
    return picture, found


def _timers(here: Picture, there: Picture, name: str, other: str) -> tuple[Timer, ...]:
    """The timers of both, each with both its lengths where they are not the same."""
    ours, theirs = ({timer.name: timer for timer in picture.timers} for picture in (here, there))
    merged = []
    for law in here.chart.timers:
        trigger = law.trigger.__name__
        one, two = ours.get(trigger), theirs.get(trigger)
        if one is None or two is None:
            merged += [timer for timer in (one, two) if timer is not None]
        elif one.length == two.length:
            merged.append(one)
        else:
            armed = tuple(state for state in law.armed_in if state in one.armed_in or state in two.armed_in)
            merged.append(replaced(one, length=f"{one.length} in {name}, {two.length} in {other}", armed_in=armed))
    return tuple(merged)


@final
class Difference(Overlay):
    """What only one of two profiles does, and where both do something, but not the same."""

    own_pens = True

    def __init__(self, here: Picture, there: Picture, name: str, other: str) -> None:
        self._names = {HERE: name, THERE: other}
        self._pictures = {HERE: here, THERE: there}
        ours, theirs = ({row.id: row for row in picture.rows} for picture in (here, there))
        self._kinds = {row: BOTH if row in theirs else HERE for row in ours} | {
            row: THERE for row in theirs if row not in ours
        }
        self._different = {
            row.id
            for row in (*ours.values(), *theirs.values())
            if self._kinds[row.id] != BOTH and _answered(row, there if self._kinds[row.id] == HERE else here)
        }

    def kind_of(self, row: Row) -> str:
        """In which of the two it is, and whether the other has another answer."""
        return self._kinds[row.id] + ("≠" if row.id in self._different else "")

    def pen(self, rows: Collection[Row], sources: Collection[str], pen: Pen) -> Pen:  # noqa: ARG002
        """A colour and a line for each profile; what both do is thin."""
        row = next(iter(rows))
        kind, different = self._kinds[row.id], row.id in self._different
        if kind == BOTH:
            return BOTH_PEN
        if kind == HERE:
            return HERE_OTHER_PEN if different else HERE_PEN
        return THERE_OTHER_PEN if different else THERE_PEN

    def note(self, rows: Collection[Row], sources: Collection[str]) -> str:  # noqa: ARG002
        """In which of the two."""
        row = next(iter(rows))
        kind = self._kinds[row.id]
        if kind == BOTH:
            return ""
        return f"{self._names[kind]} ≠" if row.id in self._different else f"only {self._names[kind]}"

    def _only(self, state: str) -> str:
        """The one profile that has this state; empty where both have."""
        has = [side for side, picture in self._pictures.items() if state in {one.value for one in picture.states}]
        return has[0] if len(has) == 1 else ""

    def look(self, state: str, look: Look) -> Look:
        """A state that only one of them has is framed in its colour."""
        only = self._only(state)
        if not only:
            return look
        own = HERE_LOOK if only == HERE else THERE_LOOK
        return replaced(own, fill=look.fill)

    def state_note(self, state: str) -> str:
        """In which of the two."""
        only = self._only(state)
        return f"only {self._names[only]}" if only else ""

    def clock(self, timer: Timer, look: Look) -> tuple[Look, str]:
        """In which of the two."""
        sides = self._pictures.items()
        has = [side for side, picture in sides if any(timer.name == one.name for one in picture.timers)]
        if len(has) == 2:
            return look, ""
        own = HERE_LOOK if has[0] == HERE else THERE_LOOK
        return replaced(look, edge=own.edge, width=own.width), f"only {self._names[has[0]]}"

    def samples(self) -> tuple[Sample, ...]:
        """The four pens."""
        name, other = self._names[HERE], self._names[THERE]
        return (
            Sample(pen=BOTH_PEN, says="both"),
            Sample(pen=HERE_PEN, says=f"only {name}"),
            Sample(pen=THERE_PEN, says=f"only {other}"),
            Sample(pen=HERE_OTHER_PEN, says=f"{name} ≠"),
            Sample(pen=THERE_OTHER_PEN, says=f"{other} ≠"),
        )

    def lines(self) -> tuple[str, ...]:
        """What the sign means, and how much differs."""
        if not self._names_differ():
            return ("Both do the same.",)
        return ("≠  Both answer the event here, but not with the same: each answer is drawn.",)

    def _names_differ(self) -> bool:
        return any(kind != BOTH for kind in self._kinds.values())

    def told(self) -> dict[str, Any]:
        """The rows that only one of them has."""
        return {
            "against": {
                side: {
                    "profile": self._names[side],
                    "only": [row for row, kind in self._kinds.items() if kind == side and row not in self._different],
                    "different": [row for row, kind in self._kinds.items() if kind == side and row in self._different],
                }
                for side in (HERE, THERE)
            }
        }


def _answered(row: Row, other: Picture) -> bool:
    """Whether the other profile has a row for what this one answers."""
    drawn = {one.id for one in other.rows}
    for state in row.sources:
        if state not in other.states:
            continue
        for one in other.chart.rows_of(state, row.trigger):
            if one.id in drawn and one.disposition is not Disposition.FORBIDDEN and _together(row, one):
                return True
    return False


def _together(one: Row, two: Row) -> bool:
    """Whether two guards can hold at once."""
    wanted = dict(one.guard)
    return all(wanted.get(name, answer) == answer for name, answer in two.guard)

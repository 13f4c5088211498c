"""A picture as SCXML, the W3C's state charts.

It carries the guards exactly as the chart has them, as conditions over the names of its atoms, and says what the chart
says if its host sets the atoms before each event; events, timers included, come from the host.
"""

from __future__ import annotations

from enum import StrEnum
from xml.sax.saxutils import escape, quoteattr

from sessioncore.core import Row

from .frames import Group
from .links import link_of
from .picture import Picture
from .texts import NOTE

SCXML_NAMESPACE = "http://www.w3.org/2005/07/scxml"


def scxml_of(picture: Picture) -> str:
    """A W3C state chart: it says what the chart says if its host sets the atoms before each event."""
    atoms = {name for row in picture.rows for name, _ in row.guard}
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<!-- {NOTE} {escape(picture.title)} -->",
        f'<scxml xmlns="{SCXML_NAMESPACE}" version="1.0" name="{picture.name}" datamodel="ecmascript"'
        f' initial="{picture.initial.value}">',
    ]
    if atoms:
        told = [atom for atom in picture.chart.atoms if atom.name in atoms]
        data = [f"    <data id=\"{atom.name}\" expr=\"'{atom.values[0]}'\"/>" for atom in told]
        lines += ["  <datamodel>", *data, "  </datamodel>"]
    framed = {state for group in picture.groups for state in group.states}
    for group in picture.groups:
        if group.inside is None:
            lines += _scxml_group(picture, group, "  ")
    for state in picture.states:
        if state not in framed:
            lines += _scxml_state(picture, state, "  ")
    return "\n".join([*lines, "</scxml>"]) + "\n"


def _scxml_group(picture: Picture, group: Group, indent: str) -> list[str]:
    inner = [other for other in picture.groups if other.inside == group.name]
    held = {state for other in inner for state in other.states}
    lines = [f'{indent}<state id="{group.name}" initial="{group.states[0].value}">']
    for other in inner:
        lines += _scxml_group(picture, other, indent + "  ")
    for state in group.states:
        if state not in held:
            lines += _scxml_state(picture, state, indent + "  ")
    return [*lines, f"{indent}</state>"]


def _scxml_state(picture: Picture, state: StrEnum, indent: str) -> list[str]:
    """A final state of SCXML has no transitions: what happens there without leaving it is left out."""
    if state in picture.finals:
        return [f'{indent}<final id="{state.value}"/>']
    ways = [_scxml_way(picture, row, indent + "  ") for row in picture.rows if state in row.sources]
    return [f'{indent}<state id="{state.value}">', *ways, f"{indent}</state>"]


def _scxml_way(picture: Picture, row: Row, indent: str) -> str:
    cond = " && ".join(f"{name} == '{wanted}'" for name, wanted in row.guard)
    event = f"event={quoteattr(row.trigger.__name__)}"
    guard = f" cond={quoteattr(cond)}" if cond else ""
    target = "" if row.target is None else f' target="{row.target.value}"'
    # Two hyphens would end the comment.
    link = "" if picture.specs is None else " " + link_of(row.id, picture.specs).replace("--", "%2D%2D")
    return f"{indent}<transition {event}{guard}{target}/><!-- {row.id}{link} -->"

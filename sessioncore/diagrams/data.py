"""A picture as JSON."""

from __future__ import annotations

import json
from typing import Any

from sessioncore.core import CHART_VERSION, Mode, Profile, Row

from .links import link_of
from .overlay import NOTHING, Overlay
from .picture import Line, Picture
from .texts import NOTE


def json_of(picture: Picture, profile: Profile, mode: Mode, overlay: Overlay = NOTHING) -> str:
    """The whole chart, refused rows included: ``drawn`` says what the pictures show. What is over it comes last."""
    drawn = {row.id for row in picture.rows}
    told = {
        "generated": NOTE,
        "name": picture.name,
        "title": picture.title,
        "summary": picture.summary,
        "chart_version": CHART_VERSION,
        "profile": profile.name,
        "mode": mode.value,
        "switches": dict(picture.chart.switches),
        "initial": picture.initial.value,
        "states": [state.value for state in picture.states],
        "finals": [state.value for state in picture.finals],
        "groups": [
            {
                "name": group.name,
                "label": group.label,
                "inside": group.inside,
                "states": [state.value for state in group.states],
            }
            for group in picture.groups
        ],
        "timers": [
            {
                "trigger": timer.name,
                "label": timer.label,
                "length": timer.length,
                "armed_in": [state.value for state in timer.armed_in],
                "when": timer.law.when,
                "due": timer.law.due,
                "rules": list(timer.law.rules),
            }
            for timer in picture.timers
        ],
        "arrows": [
            {
                "source": arrow.source,
                "target": arrow.target,
                "reason": None if arrow.reason is None else arrow.reason.value,
                "timer": arrow.timer,
                "lines": [_json_line(line) for line in arrow.lines],
            }
            for arrow in picture.arrows
        ],
        "rows": [_json_row(picture, row) | {"drawn": row.id in drawn} for row in picture.chart.rows],
        **overlay.told(),
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _json_line(line: Line) -> dict[str, Any]:
    return {"words": line.words, "rows": [row.id for row in line.rows]}


def _json_row(picture: Picture, row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "rules": list(row.rules),
        "href": None if picture.specs is None else link_of(row.id, picture.specs),
        "sources": [state.value for state in row.sources],
        "trigger": row.trigger.__name__,
        "guard": dict(row.guard),
        "disposition": row.disposition.value,
        "target": None if row.target is None else row.target.value,
        "reason": None if row.reason is None else row.reason.value,
        "effect": row.effect,
        "fault": None if row.fault is None else row.fault.value,
        "says": row.says,
    }

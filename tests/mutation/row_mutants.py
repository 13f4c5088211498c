"""Faults in the rows of a chart. They are planted between the rows and the laws, so that the laws may refuse them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import attrs

Rows: TypeAlias = tuple[Any, ...]
Fields: TypeAlias = dict[str, Any]
"""What a chart is made of: its name, states, atoms, rows, ..."""

CODES = (1208, 1217, 1305, 1290, 1291, 1292)
HTTP_STATUSES = (400, 404, 409)
"""Numbers that a client is told; a fault tells the next one of them."""

REFUSED_TO_CLIENT = {"code": 1208, "http_status": 400, "remedy": "Do not."}


def row_mutants(fields: Fields) -> Iterator[tuple[str, Rows]]:
    """Every fault: (row and operator, all rows of the chart with it)."""
    rows: Rows = fields["rows"]
    for row in rows:
        yield f"{row.id}:dropped", tuple(one for one in rows if one is not row)
        for operator, changes in _changes(row, fields):
            faulty = attrs.evolve(row, **changes)
            yield f"{row.id}:{operator}", tuple(faulty if one is row else one for one in rows)
    yield from _exchanges(rows)


def _changes(row: Any, fields: Fields) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every fault of one row by itself."""
    yield from _targets(row, fields)
    yield from _guards(row, fields)
    yield from _effects(row, fields)
    yield from _told(row, fields)
    yield from _dispositions(row)
    yield from _numbers(row)


def _targets(row: Any, fields: Fields) -> Iterator[tuple[str, dict[str, Any]]]:
    """Another target for a transition; a transition to where it is, or further, for a row that stays."""
    aims = {one.target for one in fields["rows"] if one.target is not None}
    states = [state for state in fields["states"] if state in aims or state is not fields["initial"]]
    dispositions = type(row.disposition)
    if row.target is not None:
        yield "target dropped", {"target": None, "disposition": dispositions.INTERNAL, "reason": None}
        for state in states:
            if state is not row.target:
                yield f"target {row.target} -> {state}", {"target": state}
    elif row.disposition is dispositions.INTERNAL:
        stays = row.sources[0]
        for state in dict.fromkeys((stays, _next(states, stays))):
            if state in states:
                yield f"target added: {state}", {"target": state, "disposition": dispositions.TRANSITION}


def _guards(row: Any, fields: Fields) -> Iterator[tuple[str, dict[str, Any]]]:
    """Wider by an atom, narrower by an atom, another answer to an atom."""
    values = {atom.name: atom.values for atom in fields["atoms"]}
    for name, wanted in row.guard:
        yield f"guard without {name}", {"guard": tuple(part for part in row.guard if part[0] != name)}
        for other in values[name]:
            if other != wanted:
                changed = tuple((name, other) if part[0] == name else part for part in row.guard)
                yield f"guard {name}={wanted} -> {other}", {"guard": changed}
    asked = {name for name, _ in row.guard}
    near = [one for one in fields["rows"] if one.trigger is row.trigger and set(one.sources) & set(row.sources)]
    for name in dict.fromkeys(name for one in near for name, _ in one.guard if name not in asked):
        yield f"guard with {name}={values[name][0]}", {"guard": (*row.guard, (name, values[name][0]))}


def _effects(row: Any, fields: Fields) -> Iterator[tuple[str, dict[str, Any]]]:
    if row.fault is not None:
        return
    if row.effect:
        yield f"effect {row.effect} dropped", {"effect": ""}
    for effect in sorted({one.effect for one in _alike(row, fields) if one.effect}):
        if effect != row.effect:
            yield f"effect {row.effect or 'none'} -> {effect}", {"effect": effect}


def _alike(row: Any, fields: Fields) -> Rows:
    """The rows of its disposition: what none of them ever has is not looked at in this chart."""
    return tuple(one for one in fields["rows"] if one.disposition is row.disposition)


def _told(row: Any, fields: Fields) -> Iterator[tuple[str, dict[str, Any]]]:
    """Another reason, another signal, or none."""
    if row.reason is not None:
        yield f"reason {row.reason} dropped", {"reason": None}
        for other in type(row.reason):
            if other is not row.reason:
                yield f"reason {row.reason} -> {other}", {"reason": other}
    if row.says_why:
        yield "reason of the job dropped", {"says_why": ""}
    signals = list(dict.fromkeys(one.signal for one in _alike(row, fields) if one.signal is not None))
    if row.signal is not None:
        yield f"signal {row.signal.__name__} dropped", {"signal": None}
    if row.fault is None:
        for signal in signals:
            if signal is not row.signal:
                said = "none" if row.signal is None else row.signal.__name__
                yield f"signal {said} -> {signal.__name__}", {"signal": signal}


def _dispositions(row: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Allowed what is forbidden, forbidden what is allowed, and the other's fault."""
    from sessioncore.core.chart import Fault  # here, where the core may be loaded

    forbidden, internal = type(row.disposition).FORBIDDEN, type(row.disposition).INTERNAL
    if row.disposition is forbidden:
        yield "allowed", {"disposition": internal, "fault": None, "code": None, "http_status": None}
        if row.fault is Fault.HOST:
            yield "the client's fault", {"fault": Fault.CLIENT, **REFUSED_TO_CLIENT}
        else:
            yield "the host's fault", {"fault": Fault.HOST}
    else:
        nothing = {"disposition": forbidden, "target": None, "reason": None, "effect": (), "signal": None}
        yield "forbidden to the host", {**nothing, "fault": Fault.HOST}
        yield "refused to the client", {**nothing, "fault": Fault.CLIENT, **REFUSED_TO_CLIENT}


def _numbers(row: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, known in (("code", CODES), ("http_status", HTTP_STATUSES)):
        number = getattr(row, name)
        if number is not None:
            yield f"{name} {number} dropped", {name: None}
            yield f"{name} {number} -> {_next(known, number)}", {name: _next(known, number)}


def _exchanges(rows: Rows) -> Iterator[tuple[str, Rows]]:
    """Faults that keep the cells whole: two rows change their guards, or a source goes from one row to another."""
    for place, row in enumerate(rows):
        for other in rows[place + 1 :]:
            if row.trigger is not other.trigger:
                continue
            if row.sources == other.sources and row.guard != other.guard:
                yield f"{row.id}:guard exchanged with {other.id}", _both(rows, row, other, "guard")
            if row.guard == other.guard:
                yield f"{row.id}:sources exchanged with {other.id}", _both(rows, row, other, "sources")
                yield from _moves(rows, row, other)
                yield from _moves(rows, other, row)


def _both(rows: Rows, row: Any, other: Any, name: str) -> Rows:
    mine, theirs = getattr(row, name), getattr(other, name)
    faulty = {row.id: attrs.evolve(row, **{name: theirs}), other.id: attrs.evolve(other, **{name: mine})}
    return tuple(faulty.get(one.id, one) for one in rows)


def _moves(rows: Rows, giver: Any, taker: Any) -> Iterator[tuple[str, Rows]]:
    """One source less here, one more there; a row keeps at least one."""
    if len(giver.sources) < 2:
        return
    for state in giver.sources:
        faulty = {
            giver.id: attrs.evolve(giver, sources=tuple(one for one in giver.sources if one is not state)),
            taker.id: attrs.evolve(taker, sources=(*taker.sources, state)),
        }
        yield f"{giver.id}:{state} given to {taker.id}", tuple(faulty.get(one.id, one) for one in rows)


def _next(known: Any, one: Any) -> Any:
    """The one after this, or the first."""
    listed = list(known)
    if one not in listed:
        return listed[0]
    return listed[(listed.index(one) + 1) % len(listed)]

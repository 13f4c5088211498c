"""How the rows of a chart are written: allowed, refused to a client, or never to happen; and the numbers they tell."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeAlias

from .chart import Disposition, Fault, Guard, Row

VALIDATION_FAILED = 1208
SESSION_CLOSED = 1217
RAN_TOO_LONG = 1305
"""The vendor's numbers."""

SESSION_NOT_FOUND = 1290
JOB_NOT_FOUND = 1291
JOB_NOT_CANCELLABLE = 1292
"""Our own choice: the vendor documents none."""

Sources: TypeAlias = StrEnum | tuple[StrEnum, ...]


def allow(
    row_id: str,
    rules: str,
    sources: Sources,
    trigger: type,
    says: str,
    *,
    to: StrEnum | None = None,
    guard: Guard = (),
    effect: str = "",
    reason: StrEnum | None = None,
    signal: type | None = None,
    why: str = "",
    code: int | None = None,
) -> Row:
    """A transition (``to`` given) or an internal row. ``why`` and ``code`` become the reason of a job."""
    disposition = Disposition.INTERNAL if to is None else Disposition.TRANSITION
    more = {"target": to, "effect": effect, "reason": reason, "signal": signal, "says_why": why, "code": code}
    return _row(row_id, rules, sources, trigger, disposition, says, guard, **more)


def refuse(
    row_id: str,
    rules: str,
    sources: Sources,
    trigger: type,
    says: str,
    remedy: str,
    *,
    code: int,
    http_status: int,
    guard: Guard = (),
) -> Row:
    """A client's fault: what the client is told, and what it can do instead (V-03)."""
    more = {"fault": Fault.CLIENT, "code": code, "http_status": http_status, "remedy": remedy}
    return _row(row_id, rules, sources, trigger, Disposition.FORBIDDEN, says, guard, **more)


def never(row_id: str, rules: str, sources: Sources, trigger: type, says: str, guard: Guard = ()) -> Row:
    """The host's fault: it cannot happen while the host keeps the laws."""
    return _row(row_id, rules, sources, trigger, Disposition.FORBIDDEN, says, guard, fault=Fault.HOST)


def _row(
    row_id: str, rules: str, sources: Sources, trigger: type, kind: Disposition, says: str, guard: Guard, **more: Any
) -> Row:
    return Row(
        id=row_id,
        rules=tuple(rules.split()),
        sources=sources if isinstance(sources, tuple) else (sources,),
        trigger=trigger,
        disposition=kind,
        says=says,
        guard=guard,
        **more,
    )

"""How the rows of a chart are written: allowed, refused to a client, or never to happen; and the numbers they tell."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

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
    return Row(
        id=row_id,
        rules=tuple(rules.split()),
        sources=_sources(sources),
        trigger=trigger,
        disposition=Disposition.INTERNAL if to is None else Disposition.TRANSITION,
        says=says,
        guard=guard,
        target=to,
        effect=effect,
        reason=reason,
        signal=signal,
        says_why=why,
        code=code,
    )


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
    return Row(
        id=row_id,
        rules=tuple(rules.split()),
        sources=_sources(sources),
        trigger=trigger,
        disposition=Disposition.FORBIDDEN,
        says=says,
        guard=guard,
        fault=Fault.CLIENT,
        code=code,
        http_status=http_status,
        remedy=remedy,
    )


def never(row_id: str, rules: str, sources: Sources, trigger: type, says: str, guard: Guard = ()) -> Row:
    """The host's fault: it cannot happen while the host keeps the laws."""
    return Row(
        id=row_id,
        rules=tuple(rules.split()),
        sources=_sources(sources),
        trigger=trigger,
        disposition=Disposition.FORBIDDEN,
        says=says,
        guard=guard,
        fault=Fault.HOST,
    )


def _sources(sources: Sources) -> tuple[StrEnum, ...]:
    return sources if isinstance(sources, tuple) else (sources,)

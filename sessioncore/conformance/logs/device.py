"""What several sessions of one log show together: jobs that were on the device at once.

Only what is certain counts: a job was surely on the device from the line that tells its start to the line that tells
its end, each taken at the end of its bounds, and only where no other end of it may be missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import attrs

from sessioncore.core.events import JobStarted

from ..results import Difference, Finding, Kind, Moment
from .items import Did, Item, Log

ENDS = ("JobSucceeded", "JobFailed", "JobReleased")


@final
@attrs.frozen(kw_only=True)
class Stay:
    """One job that was surely on the device from ``begin`` to ``end`` (microseconds)."""

    job: str
    subject: str
    begin: int
    end: int
    item: Item


def device_findings(log: Log) -> list[Finding]:
    """More jobs on the device at once than it has lanes (D-04)."""
    if log.lanes is None or log.counts["missing"] or any(kind in log.free for kind in ENDS):
        return []
    beside: list[Stay] = []
    for stay in sorted(_stays(log), key=lambda stay: stay.begin):
        beside = [*(one for one in beside if one.end > stay.begin), stay]
        if len(beside) > log.lanes:
            return [_finding(log, stay, beside)]
    return []


def _stays(log: Log) -> Iterator[Stay]:
    for subject, items in log.subjects.items():
        starts: dict[str, Item] = {}
        for item in items:
            event = item.what.event if isinstance(item.what, Did) else None
            job = getattr(event, "job_id", None)
            if isinstance(event, JobStarted):
                starts.setdefault(event.job_id, item)
            elif type(event).__name__ in ENDS and job in starts:
                start = starts.pop(job)
                if start.most < item.least:
                    yield Stay(job=job, subject=subject, begin=start.most, end=item.least, item=start)


def _finding(log: Log, stay: Stay, beside: list[Stay]) -> Finding:
    lanes = log.lanes or 0
    names = ", ".join(one.job for one in beside)
    return Finding(
        kind=Kind.OBSERVATION,
        rules=("D-04",),
        tier="log",
        case=f"{log.source}, line {stay.item.line}: the device",
        differences=(Difference(what="jobs on the device", expected=f"at most {lanes}", seen=names),),
        trace=tuple(Moment(event=one.item.what.event) for one in beside if isinstance(one.item.what, Did)),
        possible=(f"{names} were on the device at once, and it runs {lanes} at once",),
    )

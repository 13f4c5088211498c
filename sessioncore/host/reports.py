"""What a backend answers, as the core's events and the journal's facts. Translation only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import assert_never, final

from sessioncore.core.events import JobFailed, JobReleased, JobSucceeded
from sessioncore.core.values import value
from sessioncore.ports import Failed, Json, Outcome, Released, Succeeded

from .values import HostLimits

REASON_CHARS_MAX = 10_000
"""Of a failed job's reason, in the journal and in views."""


def event_of(outcome: Outcome, job_id: str, at: int) -> JobSucceeded | JobFailed | JobReleased:
    """The report that an answer is, stamped with its arrival."""
    match outcome:
        case Succeeded():
            return JobSucceeded(at=at, job_id=job_id)
        case Failed():
            return JobFailed(
                at=at,
                job_id=job_id,
                reason=outcome.reason[:REASON_CHARS_MAX],
                reason_code=outcome.reason_code,
            )
        case Released():
            return JobReleased(at=at, job_id=job_id)
        case _:
            assert_never(outcome)


@final
@value
class Facts:
    """What the host keeps of an answer besides the event. ``host`` goes into the journal."""

    host: Mapping[str, Json]
    result_bytes: int = 0
    metrics: Mapping[str, Json] = {}
    log: str = ""


def trim(outcome: Outcome, attempt: int, limits: HostLimits) -> Facts:
    """The facts of an answer, cut to what the host is ready to keep: a worker's word is not trusted to be short."""
    match outcome:
        case Succeeded():
            metrics = _metrics(outcome.metrics, limits.metrics_chars_max)
            size = len(outcome.result)
            host = {"attempt": attempt, "result_bytes": size, "metrics": metrics}
            return Facts(host=host, result_bytes=size, metrics=metrics)
        case Failed():
            log = outcome.log[-limits.log_chars_max :] if limits.log_chars_max else ""
            return Facts(host={"attempt": attempt, "log_chars": len(log)}, log=log)
        case Released():
            return Facts(host={"attempt": attempt, "reason": outcome.reason[:REASON_CHARS_MAX]})
        case _:
            assert_never(outcome)


def _metrics(metrics: Mapping[str, Json], chars_max: int) -> Mapping[str, Json]:
    try:
        text = json.dumps(dict(metrics), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return {}
    kept: Mapping[str, Json] = json.loads(text) if len(text) <= chars_max else {}
    return kept

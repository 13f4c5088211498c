"""Which jobs a listing shows (J-07, ibm-rest 7). Looks at a list that was copied before, and so needs no lock."""

from __future__ import annotations

from collections.abc import Sequence

from .ledger import CLIENT_FINAL, HostJob
from .values import JobFilter


def page_of(jobs: Sequence[HostJob], asked: JobFilter, page_max: int) -> tuple[list[HostJob], int]:
    """One page of ``jobs`` (given oldest first), and how many pass the filter in all."""
    tags = frozenset(asked.tags)
    found = [job for job in jobs if _passes(job, asked, tags)]
    if not asked.ascending:
        found.reverse()
    start = max(asked.offset, 0)
    limit = page_max if asked.limit is None else min(max(asked.limit, 0), page_max)
    return found[start : start + limit], len(found)


def _passes(job: HostJob, asked: JobFilter, tags: frozenset[str]) -> bool:
    return (
        (asked.backend is None or job.device == asked.backend)
        and (asked.program_id is None or job.program_id == asked.program_id)
        and (asked.session_id is None or job.session_id == asked.session_id)
        and (asked.pending is None or asked.pending is (job.status not in CLIENT_FINAL))
        and (asked.created_after is None or job.created_at >= asked.created_after)
        and (asked.created_before is None or job.created_at <= asked.created_before)
        and tags.issubset(job.tags)
    )

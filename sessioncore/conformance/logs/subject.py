"""What is known of one session before its lines are explained: what may be missing, and what later lines tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import final

from sessioncore.core.events import Event, OpenRequested, SubmitRequested
from sessioncore.core.profiles import Profile

from ..protocol import TIMES, UNSEEN, Rejected
from .items import Did, Item, Log, Saw
from .states import CHANGED


@final
class Subject:
    """One session with its lines, or one job of no session."""

    def __init__(self, name: str, log: Log) -> None:
        self.name = name
        self.items: Sequence[Item] = log.subjects[name]
        self.profile: Profile = log.profile
        self.lanes = log.lanes
        self.free = log.free
        self.tolerance = log.tolerance
        self.alone = name.startswith("job ")
        self.orphans = not self.alone and log.orphans
        """Whether lines tell of jobs that may be its own, since nothing says whose they are."""
        self.id = next(filter(None, map(_session, self.items)), name)
        events = [item.what.event for item in self.items if isinstance(item.what, Did)]
        self.told: frozenset[tuple[str, str]] = frozenset((type(event).__name__, _job(event)) for event in events)
        """Which steps of which jobs have lines of their own."""
        self.jobs = tuple(dict.fromkeys(_mentioned(self.items)))
        self.finals = self._finals()
        halves = (log.profile.dedicated, log.profile.batch)
        self.ends_matter = any(half.failure_policy == "abort" or half.status_names == "azure" for half in halves)
        """Whether how a job ends changes its session."""
        self.keep = self._kept()
        self.cut = False
        """Whether the search has left out ways in which it could have gone."""

    @property
    def begins_inside(self) -> bool:
        """Whether the log does not tell its beginning, and was not said to miss lines."""
        kind = SubmitRequested if self.alone else OpenRequested
        begun = any(isinstance(item.what, Did) and isinstance(item.what.event, kind) for item in self.items)
        if self.alone:
            return not begun  # nobody knows whose job it is
        return not begun and kind.__name__ not in self.free and not self.items[0].missing

    def may_be_missing(self, kind: str, left: int, lossy: bool) -> bool:
        """Whether a step of this kind may have happened without a line, where ``left`` more lines may be missing.

        A start is told together with what brought it about, which may be about another session: it needs no line.
        """
        return kind in self.free or left > 0 or (lossy and kind == "JobStarted")

    def cost(self, kind: str) -> int:
        """How many missing lines such a step stands for."""
        return 0 if kind in self.free or kind == "JobStarted" else 1

    def _finals(self) -> dict[str, frozenset[str]]:
        """The final statuses that lines tell of each job."""
        found: dict[str, set[str]] = {}
        for item in self.items:
            for job in item.what.jobs if isinstance(item.what, Saw) else ():
                if job.status in ("completed", "failed", "cancelled"):
                    found.setdefault(job.id, set()).add(job.status)
        return {job: frozenset(statuses) for job, statuses in found.items()}

    def _kept(self) -> frozenset[str]:
        """The instants and amounts that lines show, so that they must be remembered."""
        shown = {
            field
            for item in self.items
            if isinstance(item.what, Saw) and item.what.session is not None
            for field in (*TIMES, "usage_time")
            if getattr(item.what.session, field) is not UNSEEN
        }
        halves = (self.profile.dedicated, self.profile.batch)
        if any(half.usage_limit is not None for half in halves):
            shown.add("usage_time")
        if any(isinstance(item.what, Saw) and item.what.changed for item in self.items):
            shown.add(CHANGED)
        return frozenset(shown)


def _job(event: Event) -> str:
    return getattr(event, "job_id", "")


def _session(item: Item) -> str:
    """The session that a line names."""
    if isinstance(item.what, Saw):
        return "" if item.what.session is None else item.what.session.id
    return getattr(item.what.event, "session_id", "") or ""


def _mentioned(items: Iterable[Item]) -> Iterable[str]:
    """Jobs that are known to exist: not those that were refused."""
    for item in items:
        if isinstance(item.what, Saw):
            yield from (job.id for job in item.what.jobs)
        elif _job(item.what.event) and not isinstance(item.what.outcome, Rejected):
            yield _job(item.what.event)

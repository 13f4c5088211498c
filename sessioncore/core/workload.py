"""A workload: one session with its jobs, or one job of its own. The engine's bookkeeping, not a value."""

from __future__ import annotations

from collections import deque
from typing import TypeAlias, final

from attrs import Factory, define

from .chart import Cells
from .errors import STORY_LENGTH_MAX
from .job import QUEUED, Job
from .session import Session
from .values import freeze

TimerEntry: TypeAlias = tuple[int, int, int, str]
"""(due, rank, number, id of the session or job): tuples sort as T-02 wants timers to fire."""


@final
@define(eq=False, weakref_slot=False)
class Workload:
    """Mutable, owned by one engine.

    ``session`` is None for a job-mode job. ``queue`` holds the ids of its queued jobs, oldest first, and may still
    hold ids of jobs that left the queue: :meth:`head` skips them, :meth:`tidy` drops them. ``on_device`` is an ordered
    set. ``story`` holds its last steps.
    ``filed`` is the timer under which it stands in the engine's heap, ``placed`` the place under which it stands in
    the device's order, ``shared_rate`` the rate of usage under which it stands in the device's shares, ``job_cells``
    the table of its jobs' chart under its half of the profile.
    """

    id: str
    number: int
    instance: str
    job_cells: Cells
    session: Session | None = None
    queue: deque[str] = Factory(deque)
    on_device: dict[str, None] = Factory(dict)
    story: deque[tuple[int, str]] = Factory(lambda: deque(maxlen=STORY_LENGTH_MAX))
    filed: TimerEntry | None = None
    placed: tuple[bool, int] | None = None
    shared_rate: int = 0

    def fork(self) -> Workload:
        """A copy for another engine, filed in its heap of timers as here, and in no device's order or shares yet."""
        queue, on_device, story = self.queue.copy(), self.on_device.copy(), self.story.copy()
        return Workload(
            self.id, self.number, self.instance, self.job_cells, self.look(), queue, on_device, story, self.filed
        )

    @property
    def rate(self) -> int:
        """Microseconds of usage per microsecond, from now on (U-01, U-02)."""
        return len(self.on_device) if self.session is None else self.session.rate

    def look(self) -> Session | None:
        """Its session for others to see: frozen, so that it is copied before it changes again."""
        return None if self.session is None else freeze(self.session, Session)

    def head(self, jobs: dict[str, Job]) -> Job | None:
        """Its oldest queued job. Amortised O(1): every id is skipped at most once."""
        queue = self.queue
        while queue:
            job = jobs.get(queue[0])
            if job is not None and job.status is QUEUED:
                return job
            queue.popleft()
        return None

    def queued(self, jobs: dict[str, Job]) -> list[Job]:
        """Its queued jobs, oldest first. O(n)."""
        found = (jobs.get(job_id) for job_id in self.queue)
        return [job for job in found if job is not None and job.status is QUEUED]

    def tidy(self, jobs: dict[str, Job]) -> None:
        """Drop the ids of jobs that left the queue. O(n), and rare enough to cost O(1) per submission."""
        self.queue = deque([name for name in self.queue if (job := jobs.get(name)) and job.status is QUEUED])

    def next_timer(self) -> tuple[int, int] | None:
        """The timer of its session that fires first, as (due, rank); a job of its own has none here."""
        return None if self.session is None else self.session.next_timer()

"""A workload: one session with its jobs, or one job of its own. The engine's bookkeeping, not a value."""

from __future__ import annotations

from collections import deque
from typing import TypeAlias, final

from .errors import Story
from .job import QUEUED, Job
from .job_chart import job_chart
from .session import Session

STORY_LENGTH_MAX = 8
"""How many of a session's last steps are kept for its error messages (V-03)."""

TimerKey: TypeAlias = tuple[int, int]
"""(due, rank), see ``Session.deadlines``."""


@final
class Workload:
    """Mutable, owned by one engine.

    ``session`` is None for a job-mode job. ``queue`` holds the ids of its queued jobs, oldest first, and may still
    hold ids of jobs that left the queue out of turn: :meth:`head` skips them. ``on_device`` is an ordered set.
    ``filed`` is the timer under which it stands in the engine's heap, ``placed`` the place under which it stands in
    the device's order, ``job_cells`` the table of its jobs' chart under the ``switches`` of its half of the profile.
    """

    __slots__ = ("filed", "id", "instance", "job_cells", "number", "on_device", "placed", "queue", "session", "story")

    def __init__(
        self,
        *,
        id: str,
        number: int,
        instance: str,
        session: Session | None,
        switches: tuple[tuple[str, str], ...],
    ) -> None:
        self.id = id
        self.number = number
        self.instance = instance
        self.session = session
        self.job_cells = job_chart(switches).cells
        self.queue: deque[str] = deque()
        self.on_device: dict[str, None] = {}
        self.story: deque[tuple[int, str]] = deque(maxlen=STORY_LENGTH_MAX)
        self.filed: TimerKey | None = None
        self.placed: tuple[bool, int] | None = None

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

    def told(self) -> Story:
        """Its last steps, oldest first."""
        return tuple(self.story)

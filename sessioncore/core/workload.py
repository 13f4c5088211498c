"""A workload: one session with its jobs, or one job of its own. The engine's bookkeeping, not a value."""

from __future__ import annotations

from collections import deque
from typing import TypeAlias, final

from .errors import STORY_LENGTH_MAX, Story
from .job import QUEUED, Job
from .job_chart import job_chart
from .session import Session

TimerEntry: TypeAlias = tuple[int, int, int, str]
"""(due, rank, number, id of the session or job): tuples sort as T-02 wants timers to fire."""


@final
class Workload:
    """Mutable, owned by one engine.

    ``session`` is None for a job-mode job. ``queue`` holds the ids of its queued jobs, oldest first, and may still
    hold ids of jobs that left the queue out of turn: :meth:`head` skips them. ``on_device`` is an ordered set.
    ``story`` holds its last steps, and perhaps as many that nobody is told of any more.
    ``filed`` is the timer under which it stands in the engine's heap, ``placed`` the place under which it stands in
    the device's order, ``shared_rate`` the rate of usage under which it stands in the device's shares, ``job_cells``
    the table of its jobs' chart under the ``switches`` of its half of the profile.
    """

    __slots__ = (
        "filed", "id", "instance", "job_cells", "number", "on_device", "placed", "queue", "session", "shared_rate",
        "story",
    )  # fmt: skip

    def __init__(self, name: str, number: int, instance: str, switches: tuple[tuple[str, str], ...]) -> None:
        self.id = name
        self.number = number
        self.instance = instance
        self.session: Session | None = None
        self.job_cells = job_chart(switches).cells
        self.queue: deque[str] = deque()
        self.on_device: dict[str, None] = {}
        self.story: list[tuple[int, str]] = []
        self.filed: TimerEntry | None = None
        self.placed: tuple[bool, int] | None = None
        self.shared_rate = 0

    def fork(self) -> Workload:
        """A copy for another engine, filed in its heap of timers as here, and in no device's order yet."""
        twin: Workload = object.__new__(Workload)
        twin.id = self.id
        twin.number = self.number
        twin.instance = self.instance
        twin.session = self.session
        twin.job_cells = self.job_cells
        twin.queue = self.queue.copy()
        twin.on_device = self.on_device.copy()
        twin.story = self.story.copy()
        twin.filed = self.filed
        twin.placed = None
        twin.shared_rate = self.shared_rate
        return twin

    @property
    def rate(self) -> int:
        """Microseconds of usage per microsecond, from now on (U-01, U-02)."""
        return len(self.on_device) if self.session is None else self.session.rate

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
        return tuple(self.story[-STORY_LENGTH_MAX:])

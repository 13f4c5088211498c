"""Which worker does which task. Nothing here is safe for threads by itself: the pool's lock guards it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import final

from .tasks import Role, Task, Worker

waiting_max = 1024
"""How many tasks of one kind may wait for a worker; the next is answered at once, with a refusal."""

_SERVES = {Role.RUN: (Role.RUN, Role.INSPECT), Role.INSPECT: (Role.INSPECT,)}
"""What each kind of worker does, first things first."""


@final
class Assignment:
    """The workers by their tags, and the tasks that wait for one."""

    def __init__(self) -> None:
        self.workers: dict[int, Worker] = {}
        self._waiting: dict[Role, deque[Task]] = {role: deque() for role in Role}

    def full(self, role: Role) -> bool:
        """Whether no more tasks of this kind may wait."""
        return len(self._waiting[role]) >= waiting_max

    def worker_for(self, task: Task) -> Worker | None:
        """An idle worker for the task, the best one; None: it waits from now on.

        The best is one that has read the payload already; then one that runs jobs, because a job that was inspected
        there runs faster; then one that keeps nothing for others.
        """
        best, best_rank = None, 0
        for worker in self.workers.values():
            if worker.state == "idle" and task.role in _SERVES[worker.role]:
                rank = 1 + (worker.kept is None) + 2 * (worker.role is Role.RUN) + 4 * worker.keeps(task)
                if rank > best_rank:
                    best, best_rank = worker, rank
        if best is None:
            self._waiting[task.role].append(task)
        return best

    def task_for(self, worker: Worker) -> Task | None:
        """What an idle worker does next; None if nothing waits for it."""
        for role in _SERVES[worker.role]:
            if self._waiting[role]:
                return self._waiting[role].popleft()
        return None

    def drop(self, key: str) -> list[Task]:
        """Take out what waits under this key."""
        dropped = []
        for queue in self._waiting.values():
            for task in [task for task in queue if task.key == key]:
                queue.remove(task)
                dropped.append(task)
        return dropped

    def busy_with(self, key: str) -> Iterator[Worker]:
        """The workers that are busy with a task of this key."""
        return (
            worker
            for worker in self.workers.values()
            if worker.state == "busy" and worker.task is not None and worker.task.key == key
        )

    def warm(self) -> int:
        """How many workers are ready."""
        return sum(worker.state in ("idle", "busy") for worker in self.workers.values())

    def next_deadline(self) -> float:
        """When the first limit of a worker strikes, in seconds of the monotonic clock; infinity if none does."""
        return min((worker.deadline for worker in self.workers.values()), default=float("inf"))

    def overdue(self, now: float) -> Iterable[Worker]:
        """The workers whose limit has struck."""
        return [worker for worker in self.workers.values() if worker.deadline <= now]

    def clear(self) -> list[Task]:
        """Forget all workers and take out every task, begun or waiting."""
        tasks = [worker.task for worker in self.workers.values() if worker.task is not None]
        for queue in self._waiting.values():
            tasks += queue
            queue.clear()
        self.workers.clear()
        return tasks

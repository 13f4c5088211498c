"""What is known about a service that is wrong over HTTP, and what most of them are made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar, final

import attrs

from .between import Asked, Changing, Forward, Told

TIMES = ("created_at", "started_at", "activated_at", "closed_at", "last_job_started", "last_job_completed")
"""The timestamps of a session on the wire."""


@final
@attrs.frozen(kw_only=True)
class HttpFault:
    """One faulty service. ``make`` gives a fresh one, to be put around a good one (see :mod:`.workbench`)."""

    id: str
    title: str
    rules: tuple[str, ...]
    make: Callable[[], Changing]
    number: int | None = None
    level: str = "http"


FOUND: list[HttpFault] = []
"""Every fault that was entered so far."""
_Made = TypeVar("_Made", bound=Callable[[], Changing])


def fault(fault_id: str, title: str, *rules: str, number: int | None = None) -> Callable[[_Made], _Made]:
    """Enter a class in the catalogue."""

    def enter(made: _Made) -> _Made:
        FOUND.append(HttpFault(id=fault_id, title=title, rules=rules, make=made, number=number))
        return made

    return enter


class Showing(ABC):
    """Changes a session whenever it is shown."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Hand the request on and change the answer."""
        told = await forward(asked)
        if asked.about("GET", "sessions", "*") and told.good:
            self.show(told.body)
        return told

    @abstractmethod
    def show(self, session: dict[str, Any]) -> None:
        """Change the session in place."""


class ShowingJobs(ABC):
    """Changes a job whenever it is shown, alone or in a list."""

    async def __call__(self, asked: Asked, forward: Forward) -> Told:
        """Hand the request on and change the answer."""
        told = await forward(asked)
        if told.good and asked.about("GET", "jobs"):
            for job in told.body["jobs"]:
                self.show(job)
        elif told.good and asked.about("GET", "jobs", "*"):
            self.show(told.body)
        return told

    @abstractmethod
    def show(self, job: dict[str, Any]) -> None:
        """Change the job in place."""

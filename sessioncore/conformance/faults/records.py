"""What the plain implementation writes down about a session and about a job."""

from __future__ import annotations

from sessioncore.core.events import OpenRequested, SubmitRequested
from sessioncore.core.profiles import Parameters


class PlainJob:
    """One job. ``number`` is its place in the order of submission, ``limit`` how long it may run (microseconds).

    ``status`` is one of queued, running, cancelling, completed, failed, cancelled; ``code`` the vendor's number of
    the reason. ``notes`` is room for what an override remembers.
    """

    def __init__(self, event: SubmitRequested, number: int, limit: int | None) -> None:
        self.id = event.job_id
        self.session_id = event.session_id
        self.number = number
        self.limit = limit
        self.status = "queued"
        self.started: int | None = None
        self.code: int | None = None
        self.notes: dict[str, int] = {}

    def copy(self) -> PlainJob:
        """A copy that can be changed on its own."""
        twin: PlainJob = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.notes = self.notes.copy()
        return twin


class PlainSession:
    """One session. Times and durations are microseconds; ``half`` is its half of the profile.

    ``queue`` and ``on_device`` hold ids of its jobs, oldest first. ``idle_since`` is when its work ran out, None while
    it has some. Usage was ``used`` when the windows or jobs so far ended; ``window`` is when the open window began.
    ``notes`` is room for what an override remembers.
    """

    def __init__(self, event: OpenRequested, number: int, half: Parameters, max_ttl: int | None) -> None:
        self.id = event.session_id
        self.mode = event.mode.value
        self.number = number
        self.half = half
        self.max_ttl = max_ttl
        self.interactive = half.interactive_ttl
        self.state = "open"
        self.accepting = True
        self.reason: str | None = None
        self.created = event.at
        self.started: int | None = None
        self.activated: int | None = None
        self.closed: int | None = None
        self.last_started: int | None = None
        self.last_completed: int | None = None
        self.last_submission: int | None = None
        self.idle_since: int | None = event.at
        self.queue: list[str] = []
        self.on_device: list[str] = []
        self.accepted = 0
        self.completed = 0
        self.failed = 0
        self.used = 0
        self.window: int | None = None
        self.notes: dict[str, int] = {}

    @property
    def exclusive(self) -> bool:
        """Whether it wants the device for itself while it is active (D-01)."""
        return self.half.exclusive == "yes"

    @property
    def working(self) -> bool:
        """Whether it has work: jobs in the queue or on the device."""
        return bool(self.queue or self.on_device)

    def copy(self) -> PlainSession:
        """A copy that can be changed on its own."""
        twin: PlainSession = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.queue = self.queue.copy()
        twin.on_device = self.on_device.copy()
        twin.notes = self.notes.copy()
        return twin

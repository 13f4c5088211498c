"""Windows: a sequential way into an interesting state, and then a few operations at once, chosen to collide."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, TypeAlias, final

import attrs

from sessioncore.core.device_core import DeviceCore
from sessioncore.core.events import (
    Advanced,
    CancelRequested,
    CloseRequested,
    Event,
    JobCancelRequested,
    JobFailed,
    JobSucceeded,
    OpenRequested,
    PauseRequested,
    ResumeRequested,
    SubmitRequested,
)
from sessioncore.core.job import FINAL, ON_DEVICE
from sessioncore.core.profiles import Profile
from sessioncore.core.states import Mode

from ..protocol import Capabilities
from .stepping import Place, stepped

OPERATIONS_MAX = 8
"""How many operations one window has at most: the price of a check grows quickly with it."""

CLIENTS_MAX = 4
"""How many clients act at once, at most."""

TRIES_MAX = 200
"""How often a window is drawn before it is given up to find one that suits the target."""

COLLISION_TRIES = 40
"""How many of them are spent on operations whose order makes a difference."""

A_WHILE = 1_000_000
"""How long time passes where nothing says how long, in microseconds."""


@final
@attrs.frozen(kw_only=True)
class Window:
    """``before`` happens one after another, then each client of ``clients`` does its own events in their order, all
    clients at once. Events are in the kit's names, their times microseconds from 0; those of the clients all happen
    at the time that ``before`` leads to, and only ``Advanced`` says when; one that lets no time pass is a look at the
    oldest session."""

    name: str
    before: tuple[Event, ...]
    clients: tuple[tuple[Event, ...], ...]

    @property
    def operations(self) -> int:
        """How many operations happen at once."""
        return sum(map(len, self.clients))

    @property
    def events(self) -> tuple[Event, ...]:
        """All of them."""
        return (*self.before, *(event for mine in self.clients for event in mine))


@final
class _Way:
    """A way into a state, on a reference of its own."""

    def __init__(self, profile: Profile, lanes: int) -> None:
        self.core = DeviceCore("device", lanes=lanes, profile=profile)
        self.events: list[Event] = []
        self.jobs = 0
        self.sessions = 0

    def do(self, event: Event) -> None:
        self.core, _ = stepped(self.core, event)
        self.events.append(event)

    def open(self, mode: Mode = Mode.DEDICATED) -> str:
        name = self.new_session()
        self.do(OpenRequested(at=self.core.now, session_id=name, mode=mode))
        return name

    def submit(self, session: str | None, count: int = 1) -> None:
        for _ in range(count):
            self.do(SubmitRequested(at=self.core.now, job_id=self.new_job(), session_id=session))

    def pause(self) -> None:
        self.do(PauseRequested(at=self.core.now))

    def close(self, session: str) -> None:
        self.do(CloseRequested(at=self.core.now, session_id=session))

    def succeed(self) -> None:
        """Every job on the device ends well."""
        for name in self.on_device():
            self.do(JobSucceeded(at=self.core.now, job_id=name))

    def wait(self) -> None:
        """Until the next timer has fired."""
        due = self.core.next_deadline()
        self.do(Advanced(at=self.core.now + A_WHILE if due is None else due))

    def new_job(self) -> str:
        self.jobs += 1
        return f"j{self.jobs}"

    def new_session(self) -> str:
        self.sessions += 1
        return "abcdefghijklmnopqrstuvwxyz"[self.sessions - 1]

    def on_device(self) -> list[str]:
        return [name for name, job in self.core.jobs.items() if job.status in ON_DEVICE]

    def queued(self) -> list[str]:
        return [name for name, job in self.core.jobs.items() if job.status not in FINAL and job.status not in ON_DEVICE]


# --- where a window begins -----------------------------------------------------------------------------------------


def _new(way: _Way) -> None:
    way.open()


def _queue_behind_pause(way: _Way) -> None:
    way.pause()
    way.submit(way.open(), 2)


def _queue_behind_job(way: _Way) -> None:
    way.submit(None, way.core.lanes)
    way.submit(way.open(), 2)


def _idle(way: _Way) -> None:
    way.submit(way.open())
    way.succeed()


def _working(way: _Way) -> None:
    way.submit(way.open())


def _working_with_queue(way: _Way) -> None:
    way.submit(way.open(), way.core.lanes + 2)


def _draining(way: _Way) -> None:
    name = way.open()
    way.submit(name)
    way.close(name)


def _draining_with_queue(way: _Way) -> None:
    name = way.open()
    way.submit(name, way.core.lanes + 1)
    way.close(name)


def _inactive_with_queue(way: _Way) -> None:
    name = way.open()
    way.submit(name)
    way.succeed()
    way.wait()
    way.pause()
    way.submit(name)


def _batch(way: _Way) -> None:
    way.submit(way.open(Mode.BATCH), way.core.lanes + 1)


def _two_sessions(way: _Way) -> None:
    way.submit(way.open())
    way.submit(way.open())


SITUATIONS: tuple[tuple[str, Callable[[_Way], None]], ...] = (
    ("a new session", _new),
    ("an open session with a queue, device paused", _queue_behind_pause),
    ("an open session with a queue, device taken", _queue_behind_job),
    ("an idle session", _idle),
    ("a session with a job on the device", _working),
    ("a session with jobs on the device and in the queue", _working_with_queue),
    ("a draining session with its last job", _draining),
    ("a draining session with a queue", _draining_with_queue),
    ("an inactive session with a queue", _inactive_with_queue),
    ("a batch with a queue", _batch),
    ("two sessions with a job each", _two_sessions),
)

# --- what happens at once --------------------------------------------------------------------------------------------

Maker: TypeAlias = Callable[[_Way, Random], Event | None]
"""Makes one operation that suits the state, or None."""


def _submit(way: _Way, rng: Random) -> Event | None:
    return SubmitRequested(at=way.core.now, job_id=way.new_job(), session_id=_some_session(way, rng))


def _alone(way: _Way, rng: Random) -> Event | None:  # noqa: ARG001 - all makers are called alike
    return SubmitRequested(at=way.core.now, job_id=way.new_job())


def _open(way: _Way, rng: Random) -> Event | None:
    return OpenRequested(at=way.core.now, session_id=way.new_session(), mode=rng.choice(tuple(Mode)))


def _close(way: _Way, rng: Random) -> Event | None:
    return CloseRequested(at=way.core.now, session_id=_some_session(way, rng))


def _cancel(way: _Way, rng: Random) -> Event | None:
    return CancelRequested(at=way.core.now, session_id=_some_session(way, rng))


def _report(way: _Way, rng: Random) -> Event | None:
    jobs = way.on_device()
    if not jobs:
        return None
    kind: Any = rng.choice((JobSucceeded, JobSucceeded, JobFailed))
    made: Event = kind(at=way.core.now, job_id=rng.choice(jobs))
    return made


def _cancel_running(way: _Way, rng: Random) -> Event | None:
    jobs = way.on_device()
    return JobCancelRequested(at=way.core.now, job_id=rng.choice(jobs)) if jobs else None


def _cancel_queued(way: _Way, rng: Random) -> Event | None:
    jobs = way.queued()
    return JobCancelRequested(at=way.core.now, job_id=rng.choice(jobs)) if jobs else None


def _cancel_job(way: _Way, rng: Random) -> Event | None:
    makers = [_cancel_running, _cancel_queued]
    rng.shuffle(makers)
    return makers[0](way, rng) or makers[1](way, rng)


def _pause(way: _Way, rng: Random) -> Event | None:  # noqa: ARG001 - all makers are called alike
    return PauseRequested(at=way.core.now)


def _resume(way: _Way, rng: Random) -> Event | None:  # noqa: ARG001 - all makers are called alike
    return ResumeRequested(at=way.core.now)


def _look(way: _Way, rng: Random) -> Event | None:  # noqa: ARG001 - all makers are called alike
    return Advanced(at=way.core.now)


def _time(way: _Way, rng: Random) -> Event | None:
    due = way.core.next_deadline()
    return Advanced(at=way.core.now + A_WHILE if due is None else due + rng.choice((-1, 0, 1)))


def _some_session(way: _Way, rng: Random) -> str:
    """One of the sessions of the beginning, the first one mostly: collisions are wanted."""
    return rng.choice([*[*way.core.sessions][:1] * 3, *way.core.sessions])


PAIRS: tuple[tuple[Maker, ...], ...] = (
    (_submit, _close),
    (_submit, _cancel),
    (_close, _cancel),
    (_report, _close),
    (_report, _cancel),
    (_report, _submit),
    (_report, _report),
    (_report, _cancel_running),
    (_submit, _submit),
    (_cancel, _cancel_job),
    (_close, _cancel_job),
    (_cancel_job, _cancel_job),
    (_submit, _cancel_job),
    (_submit, _alone),
    (_open, _open),
    (_pause, _submit),
    (_resume, _submit),
    (_resume, _cancel),
    (_report, _resume),
    (_alone, _report),
)
"""Operations that collide."""

PAIRS_WITH_TIME: tuple[tuple[Maker, ...], ...] = (
    (_time, _submit),
    (_time, _close),
    (_time, _report),
    (_time, _cancel),
    (_time, _cancel_job),
)
"""The same for targets that stamp what arrives themselves: time passes meanwhile."""

ANYTHING: tuple[Maker, ...] = (
    _submit, _submit, _submit, _close, _cancel, _report, _report, _cancel_job, _cancel_job, _alone, _open, _pause,
    _resume,
)  # fmt: skip


def window(
    number: int,
    rng: Random,
    profile: Profile,
    can: Capabilities,
    *,
    time_passes: bool = False,
    operations_max: int = OPERATIONS_MAX,
) -> Window | None:
    """The window of this number, drawn; None where the target can be asked nothing of it.

    Every pair of operations that collide comes in its turn, and each time from another situation; of every four
    windows one has more clients and is longer, and in two somebody looks.
    """
    pairs = PAIRS + (PAIRS_WITH_TIME if time_passes else ())
    best: Window | None = None
    kind = (number + number // len(pairs)) % 4
    for again in range(TRIES_MAX):
        makers = [[maker] for maker in pairs[(number + again // len(SITUATIONS)) % len(pairs)]]
        name, begin = rng.choice(SITUATIONS)
        way = _Way(profile, can.lanes)
        begin(way)
        if kind == 3:
            makers += [[rng.choice(ANYTHING)] for _ in range(rng.randint(0, CLIENTS_MAX - 2))]
            while sum(map(len, makers)) < rng.randint(3, max(3, operations_max)):
                rng.choice(makers).append(rng.choice(ANYTHING))
        elif kind in (1, 2) and not can.tolerance_us:
            rng.choice(makers).append(_look)
        made = [[maker(way, rng) for maker in mine] for mine in makers]
        clients = tuple(tuple(event for event in mine if event is not None) for mine in made)
        drawn = Window(name=name, before=tuple(way.events), clients=tuple(mine for mine in clients if mine))
        if len(drawn.clients) < 2 or drawn.operations > max(2, operations_max) or not possible(drawn.events, can):
            continue
        if _collide(way.core, drawn.clients[0][0], drawn.clients[1][0]):
            return drawn
        best = best or drawn
        if again >= COLLISION_TRIES:
            break
    return best


def in_a_row(drawn: Window, rng: Random, orders_max: int) -> Iterator[Window]:
    """The same operations one after another and without clients, in so many orders, those of each client kept."""
    tried = set()
    for _ in range(orders_max):
        turns = [number for number, mine in enumerate(drawn.clients) for _ in mine]
        rng.shuffle(turns)
        if tuple(turns) in tried:
            continue
        tried.add(tuple(turns))
        left = [iter(mine) for mine in drawn.clients]
        yield attrs.evolve(drawn, before=(*drawn.before, *(next(left[number]) for number in turns)), clients=())


def _collide(core: DeviceCore, one: Event, two: Event) -> bool:
    """Whether it makes a difference which of two operations comes first, to their answers or to what comes of them."""

    def both(first: Event, second: Event) -> tuple[object, ...]:
        between, answer = stepped(core, first)
        after, other = stepped(between, second)
        return answer, other, Place(after).key

    forth, back = both(one, two), both(two, one)
    return forth != (back[1], back[0], back[2])


def possible(events: Sequence[Event], can: Capabilities) -> bool:
    """Whether the target can be asked all that. A kind of event that no window could do without is found out when the
    target answers that it is unsupported."""
    names = {type(event).__name__ for event in events}
    return not names & {*can.unsupported, *(() if can.reports else REPORTED)}


REPORTED = ("JobSucceeded", "JobFailed", "JobReleased")

"""Threads that take turns: which of them runs is decided by a schedule, and not by the operating system.

Every client has a thread of its own, and runs only while it has the turn. Lines of the target's code are the points at
which the turn may go to another; which does is said by a schedule in the manner of PCT (Burckhardt et al. 2010): an
order of the clients, and a few lines at which whoever runs falls back to the end of the order. One that waits for a
lock inside the target gives the turn away, and gets it back as soon as the lock is free if it comes first in the
order: so an interruption anywhere within a lock has the effect of one right after it. One schedule gives one
interleaving, again and again.

Whether a thread waits is seen from outside: it reached no line for a while, the processor did no work for it, and the
system says that it sleeps. On systems that tell neither, a longer silence decides.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Collection, Sequence
from enum import Enum
from types import CodeType, FrameType
from typing import Any, TypeAlias, final

import attrs

GLANCE_S = 0.0003
"""How often it is looked whether the thread whose turn it is still moves."""

QUIET_GLANCES = 3
"""After how many looks without a sign of life a thread counts as waiting, where the system tells whether it sleeps."""

BLIND_GLANCES = 60
"""The same where it does not."""

NUDGE_S = 0.0001
"""How long whoever has the turn stands aside at every line while one that comes before it waits: if the lock was given
back just now, that one wakes."""

WAKING_S = 0.02
"""How long one that woke is given to reach its next line."""

ENDING_S = 0.2
"""How long threads that were left behind are given to end by themselves."""

WAITS, MAKES_WAY = "waits", "makes way"
"""Why a turn goes to another where that is not the schedule's doing."""

Point: TypeAlias = Callable[[], None]
"""What a client calls where the turn may go to another, besides the lines of the target."""

Client: TypeAlias = Callable[[Point], None]
"""What one thread does. It must not raise."""

Line: TypeAlias = tuple[CodeType, int] | None
"""One line of the target's code; None where a client said that the turn may go to another."""

Watched: TypeAlias = Callable[[str], bool]
"""Whether the lines of a module, by its name, are points at which the turn may go to another."""


@final
@attrs.frozen(kw_only=True)
class Schedule:
    """``order``: the clients, the first one first. ``changes``: at which lines, counted over all clients from 1,
    whoever runs falls back to the end of the order."""

    order: tuple[int, ...]
    changes: tuple[int, ...] = ()


@final
@attrs.frozen(kw_only=True)
class Switch:
    """The turn went from one client to another (None: there was none) at a line: because it was interrupted, waits,
    makes way for one that waited and comes before it, or is done."""

    step: int
    left: int | None
    to: int
    where: str
    why: str

    def __str__(self) -> str:
        if self.left is None:
            return f"client {self.to} begins"
        return f"client {self.left} {self.why}{self.where and ' at '}{self.where}, client {self.to} goes on"


@final
@attrs.frozen(kw_only=True)
class Ran:
    """What came of a run. ``lines`` are the lines in the order in which they were reached, with the client that did,
    ``held`` those that were reached while all others waited: a lock was held there, unless somebody was slow to wake;
    ``free`` those at which one woke: none was. ``stuck`` are the clients
    that never ended, with the line at which each stands."""

    lines: tuple[tuple[int, Line], ...] = ()
    held: frozenset[Line] = frozenset()
    free: frozenset[Line] = frozenset()
    switches: tuple[Switch, ...] = ()
    stuck: tuple[str, ...] = ()


class _State(Enum):
    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"


@final
class Turns:
    """One run of some clients under one schedule. At the lines ``held``, a lock is known to be held: nobody who waits
    for it can have woken."""

    def __init__(
        self,
        clients: Sequence[Client],
        schedule: Schedule,
        *,
        watched: Watched,
        patience_s: float = 10.0,
        held: Collection[Line] = (),
    ) -> None:
        self._order = list(schedule.order)
        self._changes = frozenset(schedule.changes)
        self._watched = watched
        self._patience_s = patience_s
        self._known: dict[CodeType, bool] = {}
        self._lock = threading.Lock()
        self._state = [_State.READY for _ in clients]
        self._gates = [threading.Semaphore(0) for _ in clients]
        self._at: list[Line] = [None for _ in clients]
        self._clocks: list[int | None] = [None for _ in clients]
        self._idle = [0 for _ in clients]
        self._reached = [0 for _ in clients]
        self._current: int | None = None
        self._left: tuple[int, str, str] | None = None
        self._lines: list[tuple[int, Line]] = []
        self._known_held = held
        self._held: set[Line] = set()
        self._woke: set[Line] = set()
        self._switches: list[Switch] = []
        self._finished = threading.Event()
        self._free = False
        self._threads = [
            threading.Thread(target=self._work, args=(number, client), daemon=True, name=f"client {number}")
            for number, client in enumerate(clients)
        ]

    def run(self) -> Ran:
        """Run every client to its end, or until nothing has moved for too long; those that hang are left behind."""
        for thread in self._threads:
            thread.start()
        try:
            self._conduct()
        finally:
            stuck = self._let_go()
        return Ran(
            lines=tuple(self._lines),
            held=frozenset(self._held),
            free=frozenset(self._woke),
            switches=tuple(self._switches),
            stuck=stuck,
        )

    # --- on the clients' threads -----------------------------------------------------------------------------

    def _work(self, me: int, client: Client) -> None:
        self._clocks[me] = _own_clock()
        self._gates[me].acquire()
        sys.settrace(self._tracer(me))
        try:
            client(lambda: self._line(me, None))
        finally:
            sys.settrace(None)
            self._end(me)

    def _tracer(self, me: int) -> Callable[[FrameType, str, Any], Any]:
        def inside(frame: FrameType, event: str, _: Any) -> Any:
            if event == "line":
                self._line(me, frame)
            return inside

        def begin(frame: FrameType, _event: str, _: Any) -> Any:
            code = frame.f_code
            wanted = self._known.get(code)
            if wanted is None:
                name = frame.f_globals.get("__name__", "")
                wanted = self._known[code] = code.co_name != "<module>" and bool(name) and self._watched(name)
            return inside if wanted else None

        return begin

    def _line(self, me: int, frame: FrameType | None) -> None:
        """A point at which the turn may go to another."""
        if self._free:
            return
        here: Line = None if frame is None else (frame.f_code, frame.f_lineno)
        with self._lock:
            self._at[me] = here
            self._reached[me] += 1
            ahead: list[int] = []
            mine = self._current == me
            if mine:
                self._lines.append((me, here))
                if here not in self._known_held:
                    before = self._order[: self._order.index(me)]
                    ahead = [one for one in before if self._state[one] is _State.WAITING]
            else:  # it waited for something, was taken off, and goes on now
                self._state[me] = _State.READY
        if mine:
            if ahead:
                self._nudge(me, ahead)
            if self._keeps(me, here, ahead):
                return
        self._gates[me].acquire()

    def _keeps(self, me: int, here: Line, ahead: Sequence[int]) -> bool:
        """Whether whoever has the turn keeps it at this line."""
        with self._lock:
            if self._current != me:  # it was taken for one that waits
                self._state[me] = _State.READY
                return False
            if any(self._state[one] is _State.READY for one in ahead):
                self._woke.add(here)
                self._state[me] = _State.READY
                self._pass(me, MAKES_WAY)
            else:
                if _State.WAITING in self._state and _State.READY not in self._state:
                    self._held.add(here)  # whoever waits, waits for something that this client has
                if len(self._lines) not in self._changes:
                    return True
                self._order.remove(me)
                self._order.append(me)
                self._state[me] = _State.READY
                self._pass(me, "is interrupted")
            return self._current == me

    def _nudge(self, me: int, ahead: Sequence[int]) -> None:
        """Stand aside for a moment. Those that wake meanwhile are waited for, until they reach a line."""
        time.sleep(NUDGE_S)
        ends = time.monotonic() + WAKING_S
        while any(self._wakes(one) for one in ahead) and time.monotonic() < ends:
            self._reached[me] += 1  # a sign of life for the conductor
            time.sleep(NUDGE_S)

    def _wakes(self, number: int) -> bool:
        """Whether one that waited moves again, and has not come to a line yet."""
        if self._state[number] is not _State.WAITING:
            return False
        return _worked(self._clocks[number]) != self._idle[number] or _runs(self._threads[number])

    def _end(self, me: int) -> None:
        with self._lock:
            self._at[me] = None
            self._state[me] = _State.DONE
            if self._current == me:
                self._pass(me, "is done")
            if all(state is _State.DONE for state in self._state):
                self._finished.set()

    # --- whose turn it is: under the lock ----------------------------------------------------------------------

    def _pass(self, me: int, why: str) -> None:
        """The turn is to go on. While somebody waits, it is decided by the conductor, who sees whether they still
        do."""
        self._current = None
        self._left = (me, _spot(self._at[me]), why)
        if _State.WAITING not in self._state:
            self._choose(me)

    def _choose(self, me: int | None = None) -> None:
        """The first in the order that can run gets the turn; ``me`` is who asks, and needs no waking."""
        for number in self._order:
            if self._state[number] is _State.READY:
                left, where, why = self._left or (None, "", "")
                self._left = None
                self._current = number
                self._state[number] = _State.RUNNING
                if left != number:
                    self._switches.append(Switch(step=len(self._lines), left=left, to=number, where=where, why=why))
                if number != me:
                    self._gates[number].release()
                return

    # --- the conductor -----------------------------------------------------------------------------------------

    def _conduct(self) -> None:
        """Give the first turn; then look again and again whether whoever has it moves."""
        with self._lock:
            self._choose()
        quiet, before = 0, self._signs()
        moved = time.monotonic()
        while not self._finished.wait(GLANCE_S):
            signs = self._signs()
            if signs != before:
                quiet, before, moved = 0, signs, time.monotonic()
                continue
            if not self._asleep():
                quiet = 0
            quiet += 1
            if quiet >= (QUIET_GLANCES if _TELLS else BLIND_GLANCES):
                self._settle(before)
            if time.monotonic() - moved > self._patience_s:
                return

    def _settle(self, signs: tuple[Any, ...]) -> None:
        """Nobody moves: whoever has the turn waits for something, and all who waited still do."""
        with self._lock:
            if self._signs() != signs:
                return
            current = self._current
            if current is not None:
                self._state[current] = _State.WAITING
                self._current = None
                self._left = (current, _spot(self._at[current]), WAITS)
                self._idle[current] = _worked(self._clocks[current])
            self._choose()

    def _signs(self) -> tuple[Any, ...]:
        """What changes while a thread that may run does anything."""
        return (
            self._current,
            tuple(self._state),
            tuple(self._reached),
            tuple(
                _worked(self._clocks[number])
                for number, state in enumerate(self._state)
                if state in (_State.RUNNING, _State.WAITING)
            ),
        )

    def _asleep(self) -> bool:
        """Whether the system says that those who may run sleep, as far as it tells."""
        return not any(
            state in (_State.RUNNING, _State.WAITING) and _runs(self._threads[number])
            for number, state in enumerate(self._state)
        )

    def _let_go(self) -> tuple[str, ...]:
        """Nobody takes turns any more. Those that hang are told by the line at which they stand."""
        stuck = tuple(
            f"client {number} stands at {_spot(self._at[number]) or 'its beginning'}"
            for number, state in enumerate(self._state)
            if state is not _State.DONE
        )
        self._free = True
        for gate in self._gates:
            gate.release()
        ends = time.monotonic() + (ENDING_S if stuck else self._patience_s)
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))
        return stuck


def _spot(line: Line) -> str:
    if line is None:
        return ""
    code, number = line
    return f"{code.co_filename.replace(chr(92), '/').rpartition('/')[2]}:{number} ({code.co_name})"


def _own_clock() -> int | None:
    """The clock of the work that the processor did for this thread."""
    found = getattr(time, "pthread_getcpuclockid", None)
    return None if found is None else int(found(threading.get_ident()))


def _worked(clock: int | None) -> int:
    if clock is None:
        return 0
    try:
        return time.clock_gettime_ns(clock)
    except OSError:  # the thread has ended
        return 0


def _runs(thread: threading.Thread) -> bool:
    """Whether the system says that the thread runs or could run. False where it does not tell."""
    try:
        with open(f"/proc/self/task/{thread.native_id}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] == b"R"
    except (OSError, IndexError):
        return False


_TELLS = hasattr(time, "pthread_getcpuclockid")

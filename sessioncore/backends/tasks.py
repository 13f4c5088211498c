"""What the pool handles: tasks, the workers they are given to, and how they end."""

from __future__ import annotations

import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, final

from sessioncore.core.values import value

from .frames import FrameReader, pack

start_wall_s_max = 120.0
"""How long a worker may take to get ready, in seconds."""


class Role(Enum):
    """What a worker or a task is for. A worker that inspects is never busy with a job; one that runs does both."""

    RUN = "run"
    INSPECT = "inspect"


@final
@value
class Answered:
    """The worker answered with this head and body."""

    head: Mapping[str, Any]
    body: bytes


@final
@value
class Lost:
    """There is no answer, and why: ``stopped`` on request, out of ``time``, or ``crashed``."""

    kind: str
    reason: str


@final
@value
class WorkerView:
    """A worker process, for those who look after the machine."""

    pid: int | None
    role: str
    state: str
    key: str | None


class Task:
    """Something for a worker to do: a frame, and who is told.

    ``done`` is called once, in the pool's thread or in that of whoever asks for something impossible.
    """

    __slots__ = ("body", "done", "head", "key", "reason", "role", "wall_seconds")

    def __init__(
        self,
        role: Role,
        key: str,
        head: Mapping[str, Any],
        body: bytes,
        wall_seconds: float,
        done: Callable[[Answered | Lost], None],
    ) -> None:
        self.role = role
        self.key = key
        self.head = head
        self.body = body
        self.wall_seconds = wall_seconds
        self.done = done
        self.reason: Lost | None = None

    def reads_the_same(self, other: Task) -> bool:
        """Whether both are about the same payload of the same program for the same device."""
        mine, its = self.head, other.head
        return mine["device"] == its["device"] and mine["program"] == its["program"] and self.body == other.body


kept_bytes_max = 2**20
"""Largest payload that is remembered after its inspection, in bytes."""


class Worker:
    """A worker process as the pool sees it: its socket, what it does, and until when it may."""

    __slots__ = (
        "deadline",
        "kept",
        "outgoing",
        "pid",
        "reader",
        "ready",
        "role",
        "sock",
        "state",
        "tag",
        "task",
    )

    def __init__(self, tag: int, role: Role, sock: socket.socket) -> None:
        self.tag = tag
        self.role = role
        self.sock: socket.socket | None = sock
        self.state = "starting"
        self.ready = False
        self.pid: int | None = None
        self.task: Task | None = None
        self.kept: Task | None = None
        """The inspection whose payload the process still has, read: running it there need not read it again."""
        self.deadline = time.monotonic() + start_wall_s_max
        self.reader = FrameReader()
        self.outgoing: deque[memoryview] = deque()

    def give(self, task: Task) -> bool:
        """Set the worker to work; whether something of the frame is left to be written."""
        head, body = task.head, task.body
        if task.role is Role.RUN and self.keeps(task):
            head, body = {**head, "kept": True}, b""
        self.kept = None
        self.state = "busy"
        self.task = task
        self.deadline = time.monotonic() + task.wall_seconds
        return self.send(head, body)

    def keeps(self, task: Task) -> bool:
        """Whether the process has read this task's payload already."""
        return self.kept is not None and self.kept.reads_the_same(task)

    def rest(self, kept: Task | None = None) -> None:
        """Be idle."""
        self.state, self.task, self.kept, self.deadline = "idle", None, kept, float("inf")

    def send(self, head: Mapping[str, Any], body: bytes = b"") -> bool:
        """Write as much of a frame as the socket takes now; whether something is left."""
        self.outgoing.extend(memoryview(piece) for piece in pack(head, body) if piece)
        return self.write()

    def write(self) -> bool:
        """Write what the socket takes now; whether something is left."""
        try:
            while self.outgoing and self.sock is not None:
                piece = self.outgoing[0]
                sent = self.sock.send(piece)
                if sent == len(piece):
                    self.outgoing.popleft()
                else:
                    self.outgoing[0] = piece[sent:]
        except BlockingIOError:
            return True
        except OSError:
            self.outgoing.clear()  # it died; reading from its socket says so
        return False


def obituary(status: int | None) -> str:
    """What the exit status of a worker says, as a sentence."""
    if status is None:
        return "Its process was lost together with the process that starts workers."
    if status == -signal.SIGXCPU:
        return "It used more CPU time than its limit and was stopped."
    if status == -signal.SIGKILL:
        return "Its process was killed, perhaps because the machine ran out of memory."
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        return f"Its process crashed ({name})."
    return f"Its process ended unexpectedly with exit code {status}."

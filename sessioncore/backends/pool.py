"""The worker pool: one fork server, a few workers that run jobs, one that only inspects; shared by all devices.

Any thread may ask; a small job goes straight into an idle worker's socket, and one thread of the pool reads the
answers, enforces the wall limits and replaces workers. Nothing here looks into a payload or a result. A payload is
inspected by a worker that can run it then without reading it again, if one is idle; else by the one that is never
busy with a job.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sessioncore.core.errors import BackendError

from .assignment import Assignment, waiting_max
from .forkserver import ForkServer
from .frames import FrameError
from .tasks import Answered, Lost, Role, Task, Worker, WorkerView, kept_bytes_max, obituary, start_wall_s_max

starts_failed_max = 3
"""How often in a row workers or the fork server may die before they were ready, until the pool gives up."""

wait_s_max = 1.0
"""The longest that the pool's thread sleeps, in seconds: so late a limit may strike."""

close_wait_s_max = 10.0
"""How long :meth:`WorkerPool.close` waits for the pool's thread, in seconds."""

_receive_bytes = 1 << 16


class WorkerPool:
    """Warm worker processes behind queues that are bounded. Close it, or let the program end."""

    def __init__(self, devices: Sequence[str], *, workers: int | None = None) -> None:
        """``devices`` are spelled as :func:`~sessioncore.backends.devices.device` takes them.

        ``workers`` is the number of processes that run jobs, by default one per processor.
        """
        count = max(1, os.cpu_count() or 1) if workers is None else workers
        if count < 1:
            raise BackendError(f"A pool needs at least one worker, not {count}.")
        self._devices = list(devices)
        self._roles = [Role.RUN] * count + [Role.INSPECT]
        self._lock = threading.Lock()
        self._warm_changed = threading.Condition(self._lock)
        self._assignment = Assignment()
        self._workers = self._assignment.workers
        self._next_tag = 0
        self._starts_failed = 0
        self._users = 0
        self._closing = False
        self._broken: str | None = None
        self._server = ForkServer()
        self._selector = selectors.DefaultSelector()
        self._wake_out, self._wake_in = socket.socketpair()
        self._wake_out.setblocking(False)
        self._wake_in.setblocking(False)
        self._selector.register(self._wake_out, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._loop, name="sessioncore-worker-pool", daemon=True)
        self._thread.start()

    # --- for any thread ----------------------------------------------------------------------------------------

    def submit(self, task: Task) -> None:
        """Have a task done, now or when a worker is free."""
        with self._lock:
            refusal = self._refusal(task)
            if refusal is None:
                worker = self._assignment.worker_for(task)
                if worker is not None:
                    self._give(worker, task)
        if refusal is not None:
            task.done(refusal)

    def stop(self, key: str) -> None:
        """Let go of every task with this key: those that wait are dropped, the workers of those that run are killed."""
        with self._lock:
            dropped = self._assignment.drop(key)
            for worker in self._assignment.busy_with(key):
                self._kill(worker, Lost(kind="stopped", reason="It was stopped on request."))
        for task in dropped:
            task.done(Lost(kind="stopped", reason="It was stopped before it started."))

    def wait_warm(self, timeout_s: float) -> None:
        """Wait until every worker is ready. Raises :class:`BackendError` when they cannot be, or not in time."""
        end = time.monotonic() + timeout_s
        with self._warm_changed:
            while True:
                if self._broken is not None:
                    raise BackendError(self._broken)
                if self._closing:
                    raise BackendError("The worker pool is closed.")
                if self._assignment.warm() == len(self._roles):
                    return
                left = end - time.monotonic()
                if left <= 0:
                    raise BackendError(
                        f"The workers were not ready after {timeout_s:g} s:"
                        f" {self._assignment.warm()} of {len(self._roles)} are."
                    )
                self._warm_changed.wait(left)

    @property
    def failure(self) -> str | None:
        """Why no worker will ever be started again; None while they can be."""
        return self._broken

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closing

    @property
    def server_pid(self) -> int:
        """The process that workers are forked from."""
        return self._server.pid

    def warming(self) -> tuple[int, int]:
        """How many workers are ready, and of how many."""
        with self._lock:
            return self._assignment.warm(), len(self._roles)

    def processes(self) -> tuple[WorkerView, ...]:
        """The workers as they are."""
        with self._lock:
            return tuple(
                WorkerView(
                    pid=worker.pid,
                    role=worker.role.value,
                    state=worker.state,
                    key=worker.task.key if worker.task is not None else None,
                )
                for worker in self._workers.values()
            )

    def share(self) -> None:
        """Count one more user."""
        with self._lock:
            self._users += 1

    def release(self) -> None:
        """Count one user less; the pool closes with the last."""
        with self._lock:
            self._users -= 1
            last = self._users <= 0
        if last:
            self.close()

    def close(self) -> None:
        """End all workers; tasks that are not done are let go. Safe to call twice, and from ``done``."""
        with self._lock:
            self._closing = True
            self._warm_changed.notify_all()
        self._wake()
        if threading.current_thread() is not self._thread:
            self._thread.join(close_wait_s_max)

    # --- with the lock held ------------------------------------------------------------------------------------

    def _refusal(self, task: Task) -> Lost | None:
        if self._closing:
            return Lost(kind="stopped", reason="The service is closing.")
        if self._broken is not None:
            return Lost(kind="crashed", reason=self._broken)
        if self._assignment.full(task.role):
            return Lost(kind="crashed", reason=f"{waiting_max} others wait for a worker already.")
        return None

    def _give(self, worker: Worker, task: Task) -> None:
        """Write as much of the task as the socket takes now, in this thread; the pool's thread writes the rest."""
        unwritten = worker.give(task)
        if unwritten or task.wall_seconds < wait_s_max:
            self._wake()

    def _kill(self, worker: Worker, reason: Lost) -> None:
        if worker.task is not None and worker.task.reason is None:
            worker.task.reason = reason
        worker.state = "dying"
        worker.deadline = float("inf")
        with suppress(OSError):  # the fork server may be gone, and its workers with it; that is noticed elsewhere
            self._server.kill(worker.tag)

    def _wake(self) -> None:
        with suppress(OSError):  # full: it is awake already; closed: it has ended
            self._wake_in.send(b"x")

    # --- the pool's own thread ---------------------------------------------------------------------------------

    def _loop(self) -> None:
        try:
            self._turn()
        except Exception as error:  # noqa: BLE001 - whoever waits must hear that nobody will answer
            with self._lock:
                self._broken = f"The worker pool failed: {type(error).__name__}: {error}."
                self._warm_changed.notify_all()
        self._end()

    def _turn(self) -> None:
        self._selector.register(self._server, selectors.EVENT_READ, self._server)
        with self._lock:
            for role in self._roles:
                self._spawn(role)
        while not self._closing and self._broken is None:
            calls: list[Callable[[], None]] = []
            for key, events in self._selector.select(self._sleep_s()):
                if key.data is None:
                    self._drain_wake()
                elif isinstance(key.data, ForkServer):
                    self._hear(calls)
                elif events:
                    self._serve(key.data, events, calls)
            with self._lock:
                self._expire()
                self._watch_writing()
            for call in calls:
                call()

    def _sleep_s(self) -> float:
        with self._lock:
            nearest = self._assignment.next_deadline()
        return min(wait_s_max, max(0.0, nearest - time.monotonic()))

    def _drain_wake(self) -> None:
        with suppress(BlockingIOError):  # it may have been read together with the last one
            self._wake_out.recv(4096)

    def _spawn(self, role: Role) -> None:
        self._next_tag += 1
        try:
            sock = self._server.fork(self._next_tag)
        except OSError:
            return  # the fork server is gone; the next one starts all workers anew
        worker = Worker(self._next_tag, role, sock)
        self._workers[worker.tag] = worker
        self._selector.register(sock, selectors.EVENT_READ, worker)
        if worker.send({"do": "warm", "devices": self._devices}):
            self._wake()

    def _expire(self) -> None:
        for worker in self._assignment.overdue(time.monotonic()):
            limit = worker.task.wall_seconds if worker.task is not None else start_wall_s_max
            reason = f"It ran longer than its limit of {limit:g} s and was stopped."
            self._kill(worker, Lost(kind="time", reason=reason))

    def _watch_writing(self) -> None:
        for worker in self._workers.values():
            if worker.sock is not None:
                wanted = selectors.EVENT_READ
                if worker.outgoing:
                    wanted |= selectors.EVENT_WRITE
                if self._selector.get_key(worker.sock).events != wanted:
                    self._selector.modify(worker.sock, wanted, worker)

    def _serve(self, worker: Worker, events: int, calls: list[Callable[[], None]]) -> None:
        with self._lock:
            if events & selectors.EVENT_WRITE:
                worker.write()
            if events & selectors.EVENT_READ:
                self._read(worker, calls)

    def _read(self, worker: Worker, calls: list[Callable[[], None]]) -> None:
        if worker.sock is None:
            return
        try:
            data = worker.sock.recv(_receive_bytes)
            frames = list(worker.reader.feed(data))
        except BlockingIOError:
            return
        except (OSError, FrameError):
            data, frames = b"", []
        for head, body in frames:
            self._take(worker, head, body, calls)
        if not data:
            self._hang_up(worker)
            if worker.state != "dying":
                self._kill(worker, Lost(kind="crashed", reason="Its process ended."))
        elif worker.state == "idle" and (task := self._assignment.task_for(worker)) is not None:
            self._give(worker, task)

    def _take(
        self,
        worker: Worker,
        head: Mapping[str, Any],
        body: bytes,
        calls: list[Callable[[], None]],
    ) -> None:
        """A worker has answered: tell who asked, and give it the next task."""
        if worker.state == "starting":
            worker.ready = True
            self._starts_failed = 0
            worker.rest()
            self._warm_changed.notify_all()
        elif worker.state == "busy" and worker.task is not None:
            task = worker.task
            calls.append(lambda: task.done(Answered(head=head, body=body)))
            worker.rest(task if head.get("kept") is True and len(task.body) <= kept_bytes_max else None)
        # else: an answer that crossed with its own kill counts for nothing

    def _hang_up(self, worker: Worker) -> None:
        if worker.sock is not None:
            self._selector.unregister(worker.sock)
            worker.sock.close()
            worker.sock = None
            worker.outgoing.clear()

    def _hear(self, calls: list[Callable[[], None]]) -> None:
        news = self._server.news()
        with self._lock:
            if news is None:
                self._restart(calls)
                return
            for item in news:
                if "broken" in item:
                    self._broken = (
                        f"The workers cannot start: {item['broken']}."
                        " Install what simulation needs: pip install 'sessioncore[qiskit]'."
                    )
                    self._warm_changed.notify_all()
                elif "born" in item:
                    worker = self._workers.get(item["born"])
                    if worker is not None:
                        worker.pid = item["pid"]
                elif "dead" in item:
                    self._bury(item["dead"], item["status"], calls)

    def _bury(self, tag: int, status: int | None, calls: list[Callable[[], None]]) -> None:
        """A worker is dead: tell who waits for it, and fork another."""
        worker = self._workers.get(tag)
        if worker is None:
            return
        while worker.sock is not None and worker.state == "busy":
            self._read(worker, calls)  # it may have answered before it died
        del self._workers[tag]
        self._hang_up(worker)
        if not worker.ready and status is not None:  # without a status the fork server died: that counts once, not here
            self._starts_failed += 1
            if self._starts_failed >= starts_failed_max:
                self._broken = f"The workers die while they start: {obituary(status)}"
                self._warm_changed.notify_all()
                return
        if worker.task is not None:
            task = worker.task
            lost = task.reason
            if lost is None or lost.kind == "crashed":
                kind = "time" if status == -signal.SIGXCPU else "crashed"
                lost = Lost(kind=kind, reason=obituary(status))
            found = lost
            calls.append(lambda: task.done(found))
        if status is not None:
            self._spawn(worker.role)

    def _restart(self, calls: list[Callable[[], None]]) -> None:
        """The fork server is gone, and its workers with it: start another."""
        self._selector.unregister(self._server)
        self._server.close()
        for tag in list(self._workers):
            self._bury(tag, None, calls)
        self._starts_failed += 1
        if self._starts_failed >= starts_failed_max or self._broken is not None:
            self._broken = self._broken or "The process that starts the workers dies again and again."
            self._warm_changed.notify_all()
            return
        try:
            self._server = ForkServer()
        except OSError as error:
            self._broken = f"The process that starts the workers cannot be started: {error}."
            self._warm_changed.notify_all()
            return
        self._selector.register(self._server, selectors.EVENT_READ, self._server)
        for role in self._roles:
            self._spawn(role)

    def _end(self) -> None:
        """Stop everything. A broken pool stays, to say why it cannot work."""
        with self._lock:
            for worker in self._workers.values():
                self._hang_up(worker)
            tasks = self._assignment.clear()
            lost = (
                Lost(kind="stopped", reason="The service is closing.")
                if self._broken is None
                else Lost(kind="crashed", reason=self._broken)
            )
        self._server.close()
        self._selector.close()
        self._wake_in.close()
        self._wake_out.close()
        for task in tasks:
            task.done(lost)

"""The fork server and the worker loop: what runs in the processes that a pool starts.

Importing Qiskit costs seconds, so it is imported once, by the fork server, which never sees a byte from a client. It
forks a worker whenever the pool asks for one: that takes milliseconds, so a killed worker is replaced at once. Nothing
is simulated in the fork server, hence it has one thread and forking is safe.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
import traceback
from typing import Any, NoReturn

from sessioncore.backends.frames import FrameReader, pack

_receive_bytes = 1 << 16
_descriptors_max = 8
_PR_SET_PDEATHSIG = 1


def serve_forks(control_fd: int) -> NoReturn:
    """Be the fork server: take orders from ``control_fd``, one JSON object a line, until it ends.

    Orders: ``{"fork": tag}`` with one descriptor, the new worker's socket; ``{"kill": tag}``. Answers: ``{"up": pid}``,
    ``{"broken": why}``, ``{"born": tag, "pid": pid}``, ``{"dead": tag, "status": what waitpid said}``.
    """
    control = socket.socket(fileno=control_fd)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _preload()
    except BaseException as error:  # noqa: BLE001 - whatever it is, the pool must hear of it
        _tell(control, {"broken": f"{type(error).__name__}: {error}"})
        os._exit(1)
    _tell(control, {"up": os.getpid()})
    children: dict[int, int] = {}
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_read, False)
    os.set_blocking(wake_write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    buffer = b""
    descriptors: list[int] = []
    while True:
        ready, _, _ = select.select([control_fd, wake_read], [], [])
        if wake_read in ready:
            os.read(wake_read, 4096)
            _reap(control, children)
        if control_fd in ready:
            data, received, _, _ = socket.recv_fds(control, _receive_bytes, _descriptors_max)
            descriptors += received
            if not data:
                for pid in children.values():
                    os.kill(pid, signal.SIGKILL)
                os._exit(0)
            *lines, buffer = (buffer + data).split(b"\n")
            for line in lines:
                _obey(json.loads(line), control, children, descriptors, (wake_read, wake_write))


def _obey(
    order: dict[str, int],
    control: socket.socket,
    children: dict[int, int],
    descriptors: list[int],
    wake: tuple[int, int],
) -> None:
    if "kill" in order:
        # Only children that are not reaped yet are known here, so no other process can be hit.
        pid = children.get(order["kill"])
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        return
    own = descriptors.pop(0)
    server = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for descriptor in (*wake, *descriptors):
                os.close(descriptor)
            control.close()
            _die_with_parent(server)
            run_worker(socket.socket(fileno=own))
        finally:
            os._exit(1)
    os.close(own)
    children[order["fork"]] = pid
    _tell(control, {"born": order["fork"], "pid": pid})


def _reap(control: socket.socket, children: dict[int, int]) -> None:
    for tag, pid in list(children.items()):
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            del children[tag]
            _tell(control, {"dead": tag, "status": os.waitstatus_to_exitcode(status)})


def _tell(control: socket.socket, message: dict[str, Any]) -> None:
    try:
        control.sendall(json.dumps(message).encode() + b"\n")
    except OSError:
        os._exit(0)  # the pool is gone, and with it every reason to be here


def _preload() -> None:
    """Import whatever a worker needs, once for all of them."""
    from . import attempts

    attempts.preload()
    gc.collect()
    gc.freeze()  # what is frozen is not written to by the collector, so its pages stay shared


def _die_with_parent(server: int) -> None:
    """On Linux, be killed when the fork server dies; elsewhere the end of the socket has to do."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != server:
            os._exit(0)


def run_worker(sock: socket.socket) -> None:
    """Be a worker: answer one frame with one frame until the socket ends."""
    from . import attempts

    attempts.settle()
    reader = FrameReader()
    while True:
        data = sock.recv(_receive_bytes)
        if not data:
            return
        for head, body in reader.feed(data):
            try:
                answer, result = attempts.answer(head, body)
                pieces = pack(answer, result)
            except Exception as error:  # noqa: BLE001 - a worker answers, whatever happens
                reason = f"The worker failed: {type(error).__name__}: {error}"
                pieces = pack({"failed": reason[:2000], "log": traceback.format_exc(limit=8)})
            for piece in pieces:
                sock.sendall(piece)

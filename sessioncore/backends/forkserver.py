"""The pool's handle on its fork server: start it, have workers forked and killed, hear what became of them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from sessioncore.core.errors import BackendError

stop_wait_s_max = 5.0
"""How long a fork server may take to end before it is killed, in seconds."""

_receive_bytes = 1 << 16
_one_thread = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "RAYON_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)
_passed_on = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONPATH")
_bootstrap = (
    "import sys; sys.path.insert(0, sys.argv[2]);"
    " from sessioncore.backends.worker.main import serve_forks; serve_forks(int(sys.argv[1]))"
)


class ForkServer:
    """A process that has Qiskit imported and forks workers on request.

    It gets a small environment without secrets, one thread and no terminal signals, and ends when this object's
    socket ends, killing its workers. All methods but the constructor are for one thread.
    """

    def __init__(self) -> None:
        if not hasattr(os, "fork") or not hasattr(socket, "send_fds"):
            raise BackendError(
                "Simulated devices run in forked worker processes, which this system lacks. Use Linux, macOS or WSL."
            )
        ours, theirs = socket.socketpair()
        environment = {name: os.environ[name] for name in _passed_on if name in os.environ}
        environment |= _one_thread
        environment["OBJC_DISABLE_INITIALIZE_FORK_SAFETY"] = "YES"  # macOS refuses forks else
        root = str(Path(__file__).resolve().parents[2])
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                [sys.executable, "-P", "-c", _bootstrap, str(theirs.fileno()), root],
                pass_fds=[theirs.fileno()],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        ours.setblocking(False)
        self._control = ours
        self._buffer = b""

    def fileno(self) -> int:
        """For a selector: readable when there is news."""
        return self._control.fileno()

    def fork(self, tag: int) -> socket.socket:
        """Have a worker forked; returns our end of its socket. It may be written to at once. Raises OSError when the
        fork server is gone."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [self._line({"fork": tag})], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        ours.setblocking(False)
        return ours

    def kill(self, tag: int) -> None:
        """Have a worker killed; one that is dead already is ignored."""
        self._control.send(self._line({"kill": tag}))

    def news(self) -> list[dict[str, Any]] | None:
        """What happened since the last call; None when the fork server is gone."""
        try:
            data = self._control.recv(_receive_bytes)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not data:
            return None
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        """End it and its workers."""
        self._control.close()
        try:
            self._process.wait(stop_wait_s_max)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @staticmethod
    def _line(order: dict[str, int]) -> bytes:
        return json.dumps(order).encode() + b"\n"

"""What a run looks like while it runs: a table that moves on a terminal, plain lines elsewhere. All on stderr."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from .messages import make_table, say, seconds

if TYPE_CHECKING:
    from sessioncore.host import Caller, Runtime

REFRESH_S = 0.25
SESSIONS_SHOWN_MAX = 8
ID_SHOWN = 8
"""Characters of an id in the table; the summary has it whole."""
TIMER_WORDS = {
    "MaxTtlExpired": "max TTL",
    "InteractiveTtlExpired": "interactive TTL",
    "NoSubmissionExpired": "no submission",
    "UsageLimitReached": "usage limit",
}


class Display(Protocol):
    """Shows a run. ``line`` is a line that the program printed, where its terminal goes through us."""

    def start(self, runtime: Runtime, who: Caller) -> None:
        """Begin to watch."""
        ...

    def line(self, text: str) -> None:
        """Show a line of the program's own above the display."""
        ...

    def stop(self) -> None:
        """Stop watching and leave the terminal clean."""
        ...


class Silent:
    """Shows nothing but the program's lines."""

    def start(self, runtime: Runtime, who: Caller) -> None:
        """Nothing to begin."""

    def line(self, text: str) -> None:
        """The line as it is."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def stop(self) -> None:
        """Nothing to stop."""


class PlainLines(Silent):
    """One line for each change of a session, and for each job that does not complete. For logs and pipes."""

    def __init__(self) -> None:
        self._unsubscribe: Callable[[], None] | None = None
        self._begin = 0

    def start(self, runtime: Runtime, who: Caller) -> None:  # noqa: ARG002 - a run has one caller
        """Begin to watch the journal."""
        self._begin = runtime.now()
        self._unsubscribe = runtime.subscribe(self._record)

    def stop(self) -> None:
        """Watch no more."""
        if self._unsubscribe is not None:
            self._unsubscribe()

    def _record(self, record: Mapping[str, Any]) -> None:
        for effect in record.get("effects") or ():
            told = describe(effect)
            if told:
                since = (effect["at"] - self._begin) / 1e6
                say(f"[{since:8.3f} s] {told}")


def describe(effect: Mapping[str, Any]) -> str | None:
    """One effect of the journal in words, or None where it is not worth a line."""
    if effect["type"] == "NotifySession":
        accepting = effect["accepting_jobs"] or effect["state"] == "closed"
        more = "" if accepting else ", not accepting jobs"
        why = f" ({effect['state_reason']})" if effect.get("state_reason") else ""
        return f"session {effect['session_id']} {effect['state']}{more}{why}"
    if effect["type"] == "NotifyJob" and effect.get("reason"):
        return f"job {effect['job_id']} {effect['status']}: {effect['reason']}"
    if effect["type"] == "NotifyDevice":
        return f"device {effect['state']}"
    return None


class LiveTable:
    """A table of sessions with their jobs and the time left on their timers, redrawn in place."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._paused = False
        self._thread: threading.Thread | None = None

    def start(self, runtime: Runtime, who: Caller) -> None:
        """Begin to draw."""
        self._live.start()
        self._thread = threading.Thread(target=self._draw, args=(runtime, who), name="live", daemon=True)
        self._thread.start()

    def line(self, text: str) -> None:
        """A line of the program's, above the table, with its own colours."""
        from rich.text import Text

        with self._lock:
            self._console.print(Text.from_ansi(text), soft_wrap=True)
            if self._paused:
                self._paused = False
                self._live.start()

    def prompt(self, text: str) -> None:
        """The beginning of a line: the program waits, perhaps for an answer, so the table makes room for it."""
        with self._lock:
            if not self._paused:
                self._paused = True
                self._live.stop()
            self._console.file.write(text)
            self._console.file.flush()

    def stop(self) -> None:
        """Take the table away."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()
        self._live.stop()

    def _draw(self, runtime: Runtime, who: Caller) -> None:
        while not self._done.wait(REFRESH_S):
            table = self._table(runtime, who)
            with self._lock:
                if not self._paused:
                    self._live.update(table, refresh=True)

    def _table(self, runtime: Runtime, who: Caller) -> Any:
        now = runtime.now()
        rows = []
        for view in list(runtime.sessions(who))[:SESSIONS_SHOWN_MAX]:
            timers = ", ".join(f"{TIMER_WORDS.get(name, name)} {seconds(due - now)}" for name, due in view.timers[:2])
            jobs = ", ".join(f"{count} {status}" for status, count in view.jobs.items() if count)
            rows.append((view.id[:ID_SHOWN], view.status, jobs, timers, seconds(view.usage)))
        return make_table(("session", "status", "jobs", "time left", "usage"), rows) if rows else ""


def make_display(*, quiet: bool) -> Display:
    """What suits where stderr goes."""
    if quiet:
        return Silent()
    return LiveTable() if sys.stderr.isatty() else PlainLines()

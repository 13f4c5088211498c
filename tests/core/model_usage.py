"""Usage recomputed from effects alone (U-01, U-02), without a look at the core's state."""

from __future__ import annotations

from collections.abc import Iterable

from sessioncore.core import Effect, JobStatus, NotifyJob, NotifySession, SessionState

ENDED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)


class UsageFromEffects:
    """A small clerk: reads every effect once and writes down when lanes were held and windows were open."""

    def __init__(self) -> None:
        self.session_of: dict[str, str | None] = {}
        self.held: dict[str, tuple[int, int | None]] = {}
        self.windows: dict[str, list[tuple[int, int | None]]] = {}
        self.state: dict[str, SessionState] = {}
        self.closed_at: dict[str, int] = {}

    def submitted(self, job_id: str, session_id: str | None) -> None:
        """A submission was accepted: the job belongs to this session."""
        self.session_of[job_id] = session_id

    def read(self, effects: Iterable[Effect]) -> None:
        """Take note of what happened."""
        for effect in effects:
            if isinstance(effect, NotifyJob):
                self._job(effect)
            elif isinstance(effect, NotifySession):
                self._session(effect)

    def _job(self, effect: NotifyJob) -> None:
        name = effect.job_id
        if effect.status is JobStatus.RUNNING:
            self.held[name] = (effect.at, None)
        elif effect.status in ENDED and name in self.held:
            self.held[name] = (self.held[name][0], effect.at)

    def _session(self, effect: NotifySession) -> None:
        name = effect.session_id
        was, now = self.state.get(name), effect.state
        self.state[name] = now
        windows = self.windows.setdefault(name, [])
        if now is SessionState.ACTIVE and was is not SessionState.ACTIVE:
            windows.append((effect.at, None))
        elif now is SessionState.INACTIVE and was is SessionState.ACTIVE:
            windows[-1] = (windows[-1][0], effect.at)
        elif now is SessionState.CLOSED:
            self.closed_at[name] = effect.at

    def lanes(self, session_id: str, at: int) -> int:
        """U-02: the time that its jobs held a lane, added up."""
        pieces = [piece for job, piece in self.held.items() if self.session_of[job] == session_id]
        return sum((at if ended is None else ended) - begun for begun, ended in pieces)

    def active(self, session_id: str, at: int) -> int:
        """U-01: its active windows, the last one stretched to the end of its last job."""
        total = 0
        for begun, ended in self.windows.get(session_id, ()):
            total += (self._window_end(session_id, at) if ended is None else ended) - begun
        return total

    def _window_end(self, session_id: str, at: int) -> int:
        closed = self.closed_at.get(session_id)
        if closed is None:
            return at
        ends = [ended for job, (_, ended) in self.held.items() if self.session_of[job] == session_id]
        return max(closed, *(at if ended is None else ended for ended in ends)) if ends else closed

"""What callers may do with sessions (S-01 to S-04, S-17 to S-21)."""

from __future__ import annotations

import logging
from collections import deque

from sessioncore.core.events import CancelRequested, CloseRequested, OpenRequested
from sessioncore.core.states import Mode

from .admission import KEPT_FOR_REPORTS, check_journal
from .base import RuntimeBase
from .ledger import HostSession
from .refusals import full, invalid, plan_has_no_sessions
from .values import Caller, SessionView
from .views import session_view

_log = logging.getLogger(__name__)


class SessionOperations(RuntimeBase):
    """Opening, showing and ending sessions."""

    def open_session(self, who: Caller, *, backend: str, mode: Mode, max_ttl: int | None = None) -> SessionView | None:
        """Create a session (S-01 to S-03), ``max_ttl`` in microseconds. None: use job mode (S-04)."""
        if mode not in tuple(Mode):
            raise invalid(f"{mode!r} is no mode of a session.", f"Use {' or '.join(Mode)}.", row="S-02.mode")
        mode = Mode(mode)
        session_id = self._ids()
        with self._loop.turn() as now:
            device = self._device(backend, http_status=400)
            if self.plan_denied == "reject":
                raise plan_has_no_sessions()
            if self.plan_denied == "job_mode":
                _log.warning("the plan of %s has no sessions: its jobs run in job mode", who.instance)
                return None
            self._require_open()
            if len(self._loop.ledger.sessions) >= self.limits.sessions_max:
                raise full(
                    "Too many sessions are kept",
                    self.limits.sessions_max,
                    "Use the sessions that are open, or ask the operator to restart the service.",
                    row="host.sessions-max",
                )
            check_journal(self._loop, self.limits)
            known = HostSession(
                id=session_id,
                device=device.name,
                mode=mode,
                instance=who.instance,
                user=who.user,
                timestamps=deque(maxlen=self.limits.timestamps_max),
            )
            self._new_id(session_id)
            self._loop.handle(
                device,
                OpenRequested(at=now, session_id=session_id, mode=mode, max_ttl=max_ttl, instance=who.instance),
                {"instance": who.instance, "user": who.user},
                keep=lambda: self._loop.ledger.add_session(known),
            )
            return session_view(device.core, known, now)

    def session(self, who: Caller, session_id: str) -> SessionView:
        """One session of the caller's instance, as it is now."""
        with self._loop.turn() as now:
            return self._view_session(self._session(who, session_id), now)

    def sessions(self, who: Caller) -> list[SessionView]:
        """Every session of the caller's instance, newest first. O(sessions)."""
        with self._loop.turn() as now:
            known = self._loop.ledger.sessions_of(who.instance)
            return [self._view_session(one, now) for one in reversed(known)]

    def close_session(self, who: Caller, session_id: str) -> SessionView:
        """No new jobs; what was accepted still runs (S-17, S-18, S-21)."""
        return self._end_session(who, session_id, CloseRequested)

    def cancel_session(self, who: Caller, session_id: str) -> SessionView:
        """Closed at once; queued jobs fail, jobs on the device go on (S-20, S-21)."""
        return self._end_session(who, session_id, CancelRequested)

    def _end_session(
        self, who: Caller, session_id: str, request: type[CloseRequested | CancelRequested]
    ) -> SessionView:
        with self._loop.turn() as now:
            known = self._session(who, session_id)
            self._loop.require_writable()
            check_journal(self._loop, self.limits, KEPT_FOR_REPORTS)
            self._loop.handle(
                self._devices[known.device],
                request(at=now, session_id=session_id),
                {"user": who.user},
            )
            return self._view_session(known, now)

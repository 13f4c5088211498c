"""A service at a URL, looked at before it is judged: its device, its clock, its terms, what may be asked of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any, final

import httpx

from sessioncore.core.profiles import IBM_GUIDE, Profile
from sessioncore.core.states import Mode
from sessioncore.core.values import replaced

from ..protocol import UNSEEN, Capabilities, SessionView
from ..results import Kind
from ..running import FellShort
from . import payloads
from .exchange import Answer, Exchange
from .reading import job_of, nonsense, object_of, session_of, text_of
from .settings import LANES_ANY, REAL_TOLERANCE_US, Settings

CONTROL = "/_sessioncore"
ENDS = ("JobSucceeded", "JobFailed", "JobReleased", "JobStarted")
LOOK_S = 0.05
DEVICE_REQUESTS = {"PauseRequested": "pause", "OfflineRequested": "offline", "ResumeRequested": "resume"}


@final
class Service:
    """One service for all cases. Raises :class:`FellShort` where it cannot be reached or has no usable device.

    ``terms`` is what new sessions of each mode showed; ``notes`` is what a reader of the report must know. ``blind``
    are fields of sessions, words with what they showed, that are not looked at any more. ``moves`` says that jobs were
    seen to start without having been asked for one by one.
    """

    def __init__(self, settings: Settings, transport: httpx.BaseTransport | None = None) -> None:
        self.settings = settings
        self.exchange = Exchange(settings, transport)
        self.notes: list[str] = []
        self.terms: dict[Mode, SessionView] = {}
        self.blind: set[tuple[str, Any]] = set()
        self.moves = False
        self._offset_us = 0
        self._now = 0
        try:
            self._look()
        except BaseException:
            self.exchange.close()
            raise

    def _look(self) -> None:
        """Everything that is to be known before a case is run."""
        clock = self._control("clock")
        self.controlled = clock is not None
        self.virtual = clock is not None and clock.get("clock") == "virtual"
        if clock is not None and self.virtual:
            self._now = _microseconds(clock)
        self.backend = self.settings.backend or self._find_device()
        self.capabilities = self._capabilities()
        self._probe()

    # --- time ------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """The time there, in microseconds since the epoch: exact on a virtual clock that only we move."""
        return self._now if self.virtual else time.time_ns() // 1000 + self._offset_us

    def read_clock(self) -> int:
        """The time there, asked anew where it can be. Raises :class:`FellShort` if it ran backwards."""
        if self.virtual:
            self._set_clock(self._control("clock"))
        return self.now()

    def advance(self, microseconds: int) -> None:
        """Move the virtual clock. Raises :class:`FellShort` if it went elsewhere."""
        was = self._now
        answer = self.exchange.ask(
            "POST", self.exchange.root(f"{CONTROL}/clock/advance"), {"microseconds": microseconds}
        )
        if answer.refused:
            raise FellShort(Kind.CLOCK, f"the clock cannot be moved: HTTP status {answer.status}: {answer.text[:200]}")
        self._set_clock(object_of(answer, "the clock"))
        if self._now != was + microseconds:
            raise FellShort(Kind.CLOCK, f"the clock was moved by {microseconds} us and went {self._now - was} us")

    def _set_clock(self, told: Mapping[str, Any] | None) -> None:
        if told is None:
            raise FellShort(Kind.CLOCK, "the service no longer tells its time")
        now = _microseconds(told)
        if now < self._now:
            raise FellShort(Kind.CLOCK, f"time ran backwards: {self._now - now} us")
        self._now = now

    # --- device ----------------------------------------------------------------------------------------------

    def operate(self, action: str) -> Answer:
        """Pause or resume the device, through the control routes."""
        return self.exchange.ask("POST", self.exchange.root(f"{CONTROL}/devices/{self.backend}/{action}"))

    def queue_length(self) -> int | None:
        """How many jobs the device has, of anybody; None where it does not say."""
        answer = self.exchange.ask("GET", f"/backends/{self.backend}/status")
        found = answer.body.get("length_queue") if isinstance(answer.body, dict) else None
        return found if isinstance(found, int) else None

    def profile(self, profile: Profile = IBM_GUIDE) -> Profile:
        """The profile with the terms that the service showed: its lengths of time are its own (S-03)."""
        halves = {}
        for mode in self.terms:
            view, half = self.terms[mode], profile.half(mode)
            told = (("max_ttl", view.max_time), ("interactive_ttl", view.interactive_timeout))
            shown = {
                name: seen
                for name, seen in told
                if seen is not UNSEEN and seen is not None and seen > 0 and seen != getattr(half, name)
            }
            if shown:
                halves[mode.value] = replaced(half, **shown)
        return replaced(profile, **halves) if halves else profile

    @cached_property
    def failing(self) -> Mapping[str, Any] | None:
        """A payload that is accepted and fails: its owner's, or the kit's if that does so here. None if neither."""
        if self.settings.failing is not None:
            return self.settings.failing
        try:
            came = self._what_comes_of(payloads.FAILING)
        except FellShort as fall:  # what is wrong with the service, the cases will tell
            came = fall.said
        if came == "failed":
            return payloads.FAILING
        self.notes.append(
            f"Nothing is known to fail here: the kit's own payload for that {came}. Where a case wants a job to fail,"
            " it succeeds; --failing-job gives another."
        )
        return None

    def _what_comes_of(self, payload: Mapping[str, Any]) -> str:
        """Submit a job of its own, and see how it ends."""
        answer = self.exchange.ask("POST", "/jobs", {**payload, "backend": self.backend})
        if answer.refused:
            return f"was refused (HTTP status {answer.status})"
        name = text_of(object_of(answer, "a new job"), "id", "a new job")
        until = time.monotonic() + self.settings.settle_s
        while time.monotonic() < until:
            told = self.exchange.ask("GET", f"/jobs/{name}", query={"exclude_params": "true"})
            status = job_of(told.body, f"job {name}").status
            if status not in ("queued", "running"):
                return "failed" if status == "failed" else f"ended as {status}"
            time.sleep(LOOK_S)
        self.exchange.ask("POST", f"/jobs/{name}/cancel")
        return f"did not end within {self.settings.settle_s:g} s"

    def close(self) -> None:
        """Let the connection go."""
        self.exchange.close()

    # --- looking before judging ------------------------------------------------------------------------------

    def _control(self, path: str) -> Mapping[str, Any] | None:
        """What a control route tells; None where there is none: no service but ours owes them to anybody, so that
        whatever else it answers there is no fault of it."""
        if not self.settings.control:
            return None
        try:
            answer = self.exchange.ask("GET", self.exchange.root(f"{CONTROL}/{path}"))
        except FellShort as fall:
            if fall.answered:
                return None
            raise
        return answer.body if answer.status == 200 and isinstance(answer.body, dict) else None

    def _find_device(self) -> str:
        """Of the devices that are online, the first with the shortest queue; simulators that take no sessions do not
        count (D-06)."""
        answer = self.exchange.ask("GET", "/backends", query={"include_mocks": "True"})
        if answer.refused:
            raise FellShort(Kind.OUTCOME, f"GET /backends: HTTP status {answer.status}: {answer.text[:200]}")
        devices = object_of(answer, "the list of devices").get("devices")
        if not isinstance(devices, list):
            raise nonsense("the list of devices has no devices", answer.text)
        found: list[tuple[int, str]] = []
        for device in devices:
            if not isinstance(device, dict) or not isinstance(device.get("name"), str):
                raise nonsense("a device has no name", device)
            status = device.get("status")
            online = isinstance(status, dict) and status.get("name") == "online"
            if online and device.get("class") != "mock" and not device.get("is_simulator"):
                length = device.get("queue_length")
                found.append((length if isinstance(length, int) else 0, device["name"]))
        if not found:
            raise FellShort(Kind.OUTCOME, f"none of the service's {len(devices)} devices is online and takes sessions")
        return min(found, key=lambda one: one[0])[1]  # of several with as short a queue, the one that is listed first

    def _capabilities(self) -> Capabilities:
        settings = self.settings
        lanes = settings.lanes
        devices = self._control("devices") if lanes is None and self.controlled else None
        for device in devices.get("devices", ()) if devices else ():
            if isinstance(device, dict) and device.get("name") == self.backend and isinstance(device.get("lanes"), int):
                lanes = device["lanes"]
        if lanes is None:
            self.notes.append("How many jobs its device runs at once is not known: any number is allowed.")
        tolerance = settings.tolerance_us if self.virtual else max(settings.tolerance_us, REAL_TOLERANCE_US)
        return Capabilities(
            clock=self.virtual,
            reports=False,
            dispatch=False,
            tolerance_us=tolerance,
            lanes=LANES_ANY if lanes is None else lanes,
            unsupported=() if self.controlled else tuple(DEVICE_REQUESTS),
            patience_s=settings.patience_s,
            fresh=False,
        )

    def _probe(self) -> None:
        """Open a session of each mode, look at its terms and at the time that it was given, and cancel it."""
        for mode in Mode:
            sent = self.now()
            answer = self.exchange.ask("POST", "/sessions", {"mode": mode.value, "backend": self.backend})
            if answer.refused:
                raise FellShort(
                    Kind.OUTCOME,
                    f"POST /sessions: HTTP status {answer.status}: {answer.text[:200]}: no session can be opened",
                )
            session_id = text_of(object_of(answer, "a new session"), "id", "a new session")
            view = session_of(self.exchange.ask("GET", f"/sessions/{session_id}"), session_id)
            self.terms[mode] = view
            self.exchange.ask("DELETE", f"/sessions/{session_id}/close")
            if not self.virtual and isinstance(view.created_at, int):
                self._meet(sent, view.created_at)

    def _meet(self, sent: int, shown: int) -> None:
        """The service's clock need not be ours. Where it is further off than the tolerance, that is taken off."""
        between = (sent + self.now()) // 2
        if abs(shown - between) > self.capabilities.tolerance_us:
            self._offset_us += shown - between
            self.notes.append(f"Its clock is {(shown - between) / 1e6:+.1f} s from ours; that was taken off.")


def _microseconds(told: Mapping[str, Any]) -> int:
    now = told.get("now_us")
    if not isinstance(now, int) or isinstance(now, bool):
        raise nonsense("the clock's now_us is no whole number", told)
    return now

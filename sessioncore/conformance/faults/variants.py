"""Implementations that differ from ours and are right: the kit must never accuse one of them.

Some decide a rule otherwise that is marked D. On those rules alone their verdict may be *non-strict*.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, final
from uuid import UUID

import attrs

from sessioncore.core.events import Event, OpenRequested, SubmitRequested
from sessioncore.core.profiles import IBM_GUIDE, SCALEWAY, Profile
from sessioncore.core.values import replaced

from ..protocol import TIMES, UNSEEN, Capabilities, JobView, Outcome, Rejected, SessionView, Unsupported, View
from ..reference import SessionTarget
from .plain import PlainDevice
from .records import PlainJob, PlainSession
from .timing import InteractiveFirst

MILLISECOND = 1000

Make: TypeAlias = Callable[[Profile], Any]
"""Makes a target under a profile. The methods of an asynchronous one are coroutines."""


class OtherIds(PlainDevice):
    """It gives ids of its own, has other texts, begins at another time, and lists what is newest first."""

    def __init__(self, profile: Profile = IBM_GUIDE, *, lanes: int = 1, origin: int = 1_800_000_000_123_457) -> None:
        super().__init__(profile, lanes=lanes, origin=origin)

    def apply(self, event: Event) -> Outcome:
        """Ids of what is opened or submitted are replaced by its own."""
        with self.lock:
            number = self.notes.get("made", 0)
            self.notes["made"] = number + 1
            if isinstance(event, OpenRequested):
                event = replaced(event, session_id=self._id("s", number))
            elif isinstance(event, SubmitRequested):
                event = replaced(event, job_id=self._id("j", number))
            outcome = super().apply(event)
        return replaced(outcome, message="Nope.") if isinstance(outcome, Rejected) else outcome

    def _id(self, kind: str, number: int) -> str:  # noqa: ARG002 - others have ids by kind
        return str(UUID(int=number * 0x9E3779B97F4A7C15 + 0x5BD1E995))

    def observe(self) -> View:
        """The newest first."""
        view = super().observe()
        return replaced(
            view,
            sessions=dict(reversed([*view.sessions.items()])),
            jobs=dict(reversed([*view.jobs.items()])),
        )


class Numbered(OtherIds):
    """One counter for sessions and jobs: s0, j1, j2, s3."""

    def _id(self, kind: str, number: int) -> str:
        return f"{kind}{number}"


class CrossedIds(OtherIds):
    """Its ids are names that the kit has for other sessions and jobs."""

    def _id(self, kind: str, number: int) -> str:
        names = ("b", "a", "d", "c") if kind == "s" else ("j2", "j1", "x1", "b1", "a1", "j3")
        made = len(self.sessions if kind == "s" else self.jobs)
        return names[made] if made < len(names) else f"{kind}{number + 10}"


class FewFields(PlainDevice):
    """It shows only what the least talkative service would: state, flag, and when it closed."""

    def _show(self, session: PlainSession) -> SessionView:
        view = super()._show(session)
        return SessionView(
            id=view.id, state=view.state, accepting_jobs=view.accepting_jobs, closed_at=view.closed_at, mode=view.mode
        )


class NoCodes(PlainDevice):
    """It refuses without numbers, and does not say why a job ended."""

    def apply(self, event: Event) -> Outcome:
        """Refusals lose their numbers."""
        outcome = super().apply(event)
        return Rejected(message=outcome.message) if isinstance(outcome, Rejected) else outcome

    def _show_job(self, job: PlainJob) -> JobView:
        return replaced(super()._show_job(job), reason_code=UNSEEN)


class CoarseTimes(PlainDevice):
    """It shows times cut to whole milliseconds."""

    def __init__(self, profile: Profile = IBM_GUIDE, *, lanes: int = 1, origin: int = 3_000_000_000) -> None:
        super().__init__(profile, lanes=lanes, origin=origin)
        self.capabilities = Capabilities(lanes=lanes, tolerance_us=MILLISECOND)

    def _show(self, session: PlainSession) -> SessionView:
        view = super()._show(session)
        times = {name: cut(getattr(view, name)) for name in TIMES}
        return replaced(view, usage_time=cut(view.usage_time), **times)


def cut(at: int | None) -> int | None:
    """Whole milliseconds."""
    return None if at is None else at // MILLISECOND * MILLISECOND


class LazyTimers(PlainDevice):
    """It looks for timers once in a millisecond, and before every request and report; they count from their
    deadlines."""

    def __init__(self, profile: Profile = IBM_GUIDE, *, lanes: int = 1, origin: int = 3_000_000_000) -> None:
        super().__init__(profile, lanes=lanes, origin=origin)
        self.capabilities = Capabilities(lanes=lanes, tolerance_us=MILLISECOND)

    def advance(self, microseconds: int) -> None:
        """Timers fire up to the last whole millisecond."""
        with self.lock:
            until = self.now + microseconds
            looked = until // MILLISECOND * MILLISECOND
            if looked > self.now:
                self._catch_up(looked)
            self.now = until


class StaleViews(PlainDevice):
    """Clients read a replica that is a millisecond behind; requests are answered by the service itself."""

    def __init__(self, profile: Profile = IBM_GUIDE, *, lanes: int = 1, origin: int = 3_000_000_000) -> None:
        super().__init__(profile, lanes=lanes, origin=origin)
        self.capabilities = Capabilities(lanes=lanes, tolerance_us=MILLISECOND)
        self.replica = PlainDevice(profile, lanes=lanes, origin=origin - MILLISECOND)
        self.sent: list[Event] = []

    def apply(self, event: Event) -> Outcome:
        """The replica will hear of it."""
        with self.lock:
            outcome = super().apply(event)
            self.sent.append(event)
            return outcome

    def observe(self) -> View:
        """What the replica knows."""
        with self.lock:
            behind = self.now - MILLISECOND
            while self.sent and self.sent[0].at <= behind:
                self.replica.apply(self.sent.pop(0))
            self.replica.advance(max(0, behind - self.replica.now))
            return replaced(self.replica.observe(), at=self.now)


class TimersFirst(PlainDevice):
    """T-01 decided otherwise: timers of an instant come before its reports."""

    def _time_before(self, event: Event) -> int:
        return event.at


class QueueCancelled(PlainDevice):
    """S-22 decided otherwise: a session's end cancels its queued jobs, and no number says why."""

    def _take_queue(self, session: PlainSession) -> None:
        names = session.queue.copy()
        super()._take_queue(session)
        for name in names:
            self.jobs[name].status, self.jobs[name].code = "cancelled", None


class LateIsNow(PlainDevice):
    """T-04 decided otherwise: what arrives with a time of the past counts as arriving now."""

    def apply(self, event: Event) -> Outcome:
        """Nothing is ever in the past."""
        return super().apply(event if event.at >= self.now - 1 else replaced(event, at=self.now))


class AsyncPlain:
    """The plain implementation with coroutines for methods."""

    def __init__(self, profile: Profile = IBM_GUIDE, *, lanes: int = 1) -> None:
        self._device = PlainDevice(profile, lanes=lanes)
        self.capabilities = self._device.capabilities

    async def apply(self, event: Event) -> Outcome:
        """One request or report."""
        return self._device.apply(event)

    async def advance(self, microseconds: int) -> None:
        """Time passes."""
        self._device.advance(microseconds)

    async def observe(self) -> View:
        """What a client sees."""
        return self._device.observe()

    async def close(self) -> None:
        """Nothing is held."""


class OneSession(PlainDevice):
    """It has room for one session, and knows neither job mode nor a pause."""

    def __init__(self, profile: Profile = IBM_GUIDE) -> None:
        super().__init__(profile)
        self.capabilities = Capabilities(unsupported=("PauseRequested", "OfflineRequested", "ResumeRequested"))

    def _open(self, event: OpenRequested) -> Outcome:
        return Unsupported(why="it has one session") if self.sessions else super()._open(event)

    def _submit(self, event: SubmitRequested) -> Outcome:
        return Unsupported(why="it has no job mode") if event.session_id is None else super()._submit(event)


@final
@attrs.frozen(kw_only=True)
class Variant:
    """A legal way to be different. ``rules`` are the rules marked D that it decides otherwise; it shows them under
    ``profile``."""

    id: str
    title: str
    make: Make
    rules: tuple[str, ...] = ()
    profile: Profile = IBM_GUIDE

    def factory(self, profile: Profile | None = None) -> Callable[[], Any]:
        """What makes fresh ones, under the profile that is given, else under its own."""
        return lambda: self.make(profile or self.profile)


VARIANTS: tuple[Variant, ...] = (
    Variant(id="plain", title="an implementation that is not ours", make=PlainDevice),
    Variant(id="ids", title="other ids, texts, origin and order of listing", make=OtherIds),
    Variant(id="numbered", title="ids are numbers of one counter, after a letter: s0, j1, j2", make=Numbered),
    Variant(id="crossed-ids", title="ids are the kit's own names, crossed", make=CrossedIds),
    Variant(id="few-fields", title="most fields are not shown", make=FewFields),
    Variant(id="no-codes", title="no numbers of refusals and reasons", make=NoCodes),
    Variant(id="coarse", title="times in whole milliseconds", make=CoarseTimes),
    Variant(id="lazy-timers", title="timers are looked for once in a millisecond", make=LazyTimers),
    Variant(id="stale", title="what is shown is a millisecond old", make=StaleViews),
    Variant(id="async", title="methods are coroutines", make=AsyncPlain),
    Variant(id="two-lanes", title="two jobs at once", make=lambda profile: PlainDevice(profile, lanes=2)),
    Variant(id="dispatched", title="one session, whose jobs the kit starts", make=SessionTarget),
    Variant(id="one-session", title="one session, no job mode, no pause", make=OneSession),
    Variant(id="timers-first", title="timers before reports at one instant", make=TimersFirst, rules=("T-01",)),
    Variant(
        id="interactive-first",
        title="the interactive timer before the max TTL at one instant",
        make=InteractiveFirst,
        rules=("T-02",),
        profile=SCALEWAY,
    ),
    Variant(id="queue-cancelled", title="queued jobs are cancelled at the end", make=QueueCancelled, rules=("S-22",)),
    Variant(id="late-is-now", title="what comes from the past counts as now", make=LateIsNow, rules=("T-04",)),
)
"""Every variant."""

"""A core, the reference and the clerk of usage, driven side by side by the host's protocol (T-03)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sessioncore.core import (
    Advanced,
    ClientError,
    DeviceCore,
    Effect,
    Event,
    HostError,
    NotifySession,
    Snapshot,
    StartJob,
    StopJob,
    SubmitRequested,
)
from sessioncore.core.events import REPORTS

from .model_laws import Core, check_state, check_step
from .model_reference import Reference, Refused
from .model_usage import UsageFromEffects

TICKS_MAX = 64
"""A silence longer than this is not caught up microsecond by microsecond."""


def compare(core: Core, reference: Reference) -> None:
    """The core and the reference agree about everything that a client can see, and about the next timer."""
    assert view(core) == reference_view(reference), "the core and the reference disagree"
    due, wanted = core.next_deadline(), reference.next_deadline()
    assert due == wanted, f"T-02: the next timer is due at {due}; by the rules at {wanted}"
    if isinstance(core, DeviceCore) and core.policy.name == "fair_share":
        for instance in {job.instance for job in core.jobs.values()}:
            used = core.instance_usage(instance, core.now)
            assert used == reference.instance_usage(instance, core.now), f"D-03: usage of the instance {instance!r}"


def view(core: Core) -> dict[str, Any]:
    """What is compared, from the core."""
    seen: dict[str, Any] = {
        name: (
            str(s.state), s.accepting_jobs, s.state_reason and str(s.state_reason), s.created_at, s.started_at,
            s.activated_at, s.closed_at, s.last_job_started, s.last_job_completed, s.usage(core.now),
        )
        for name, s in core.sessions.items()
    }  # fmt: skip
    for name, job in core.jobs.items():
        seen[name] = (str(job.status), job.started_at, job.ended_at, job.reason_code)
    return seen


def reference_view(reference: Reference) -> dict[str, Any]:
    """The same from the reference."""
    seen: dict[str, Any] = {
        name: (
            s.state, s.accepting, s.reason, s.created, s.started,
            s.activated, s.closed, s.last_started, s.last_completed, reference.usage(s, reference.now),
        )
        for name, s in reference.sessions.items()
    }  # fmt: skip
    for name, job in reference.jobs.items():
        seen[name] = (job.status, job.started, job.ended, job.code)
    return seen


def follow(reference: Reference, event: Event) -> Refused | None:
    """Hand the event to the reference."""
    try:
        reference.apply(event)
    except Refused as refused:
        return refused
    return None


def compare_outcomes(error: ClientError | HostError | None, refused: Refused | None) -> None:
    """Both took it, or both refused it by the same rule and with the same blame."""
    ours = None if error is None else (error.rule, isinstance(error, HostError))
    wanted = None if refused is None else (refused.rule, refused.host)
    assert ours == wanted, f"the core answers {ours}, the rules say {wanted}"


def compare_effects(effects: tuple[Effect, ...], reference: Reference) -> None:
    """What the core told its host is what the rules make of the step; the reference forgets it then."""
    starts = [(effect.at, effect.job_id) for effect in effects if isinstance(effect, StartJob)]
    stops = [(effect.at, effect.job_id) for effect in effects if isinstance(effect, StopJob)]
    notices = [
        (effect.at, effect.session_id, str(effect.state), effect.accepting_jobs)
        for effect in effects
        if isinstance(effect, NotifySession)
    ]
    assert starts == reference.starts, f"D-03: {starts} started; by the rules {reference.starts}"
    assert sorted(stops) == sorted(reference.stops), "J-03: other jobs were stopped than the rules say"
    assert notices == reference.notices, f"T-02: told {notices}; by the rules {reference.notices}"
    reference.starts.clear()
    reference.stops.clear()
    reference.notices.clear()


class Pair:
    """Drives one core and its reference alike, and checks every law after every step.

    ``twin`` is a fork made on the way that must go on alike for ever. ``met`` counts the rows of refusals.
    """

    def __init__(self, core: Core, reference: Reference | None) -> None:
        self.core = core
        self.reference = reference
        self.twin: Core | None = None
        self.clerk = UsageFromEffects()
        self.met: dict[str, int] = {}
        self.steps = 0

    # --- the host's protocol -------------------------------------------------------------------------------

    def send(self, event: Event) -> ClientError | HostError | None:
        """Let time pass as T-03 asks, then hand the event in. Returns the refusal, if it was refused."""
        self.advance(event.at - 1 if isinstance(event, REPORTS) else event.at)
        before = self.core.snapshot()
        effects: tuple[Effect, ...] = ()
        error: ClientError | HostError | None = None
        try:
            effects = self.core.handle(event)
        except (ClientError, HostError) as refusal:
            error = refusal
            self.met[refusal.row or refusal.rule] = self.met.get(refusal.row or refusal.rule, 0) + 1
        after = self.core.snapshot()
        if error is not None:
            assert after == before, "T-03: a refusal changed something"
        elif isinstance(event, SubmitRequested):
            self.clerk.submitted(event.job_id, event.session_id)
        self._check(before, event if error is None else None, effects, after)
        if self.reference is not None:
            compare_outcomes(error, follow(self.reference, event))
        self._agree(effects)
        if self.twin is not None:
            self._same_again(event, effects, error)
        return error

    def advance(self, now: int) -> None:
        """Let time pass up to and including ``now``; ticking there on a fork must come to the same."""
        due = self.core.next_deadline()
        if now <= self.core.now and (due is None or due > now):
            assert self.core.advance(now) == (), "T-03: something happened although nothing was due"
            return
        before = self.core.snapshot()
        ticker = self.core.fork() if 1 < now - before.now <= TICKS_MAX else None
        effects = self.core.advance(now)
        after = self.core.snapshot()
        if ticker is not None:
            ticked = [effect for tick in range(before.now + 1, now + 1) for effect in ticker.advance(tick)]
            assert tuple(ticked) == effects, "T-02: catching up told something else than ticking"
            assert ticker.snapshot() == after, "T-02: catching up came to something else than ticking"
        self._check(before, None, effects, after)
        if self.reference is not None:
            self.reference.advance(now)
        self._agree(effects)
        if self.twin is not None:
            assert self.twin.handle(Advanced(at=now)) == effects, "a restored core went another way"
            assert self.twin.snapshot() == after, "a restored core went another way"

    def _check(self, before: Snapshot, event: Event | None, effects: tuple[Effect, ...], after: Snapshot) -> None:
        self.steps += 1
        check_step(before, event, effects, after)
        check_state(self.core, after)
        self.clerk.read(effects)
        for record in after.sessions:
            session = record.session
            by_lanes = session.terms.parameters.usage == "lanes"
            recomputed = (self.clerk.lanes if by_lanes else self.clerk.active)(session.id, after.now)
            assert session.usage(after.now) == recomputed, f"U-01, U-02: usage is {recomputed}"

    def _agree(self, effects: tuple[Effect, ...]) -> None:
        if self.reference is None:
            return
        compare(self.core, self.reference)
        compare_effects(effects, self.reference)

    def _same_again(self, event: Event, effects: tuple[Effect, ...], error: ClientError | HostError | None) -> None:
        assert self.twin is not None
        again: tuple[Effect, ...] = ()
        refused: str | None = None
        try:
            again = self.twin.handle(event)
        except (ClientError, HostError) as refusal:
            refused = str(refusal)
        wanted = (effects, None if error is None else str(error))
        assert (again, refused) == wanted, "a restored core answered otherwise"
        assert self.twin.snapshot() == self.core.snapshot(), "a restored core went another way"

    def must_raise(self, event: Event, rule: str) -> None:
        """Handed in as it is, the event must be the host's error by this rule, and change nothing."""
        self.host_error(rule, lambda: self.core.handle(event))

    def host_error(self, rule: str, call: Callable[[], object]) -> None:
        """The call must be the host's error by this rule, and change nothing."""
        before = self.core.snapshot()
        told: str | None = None
        try:
            call()
        except HostError as error:
            told = error.rule
        assert told == rule, f"this should have been the host's error by {rule}; the core says {told}"
        assert self.core.snapshot() == before, f"{rule}: an error changed something"

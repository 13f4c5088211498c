"""The tier ``complete``: suites that no wrong implementation of a bounded size passes, and what that means exactly."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeAlias

import attrs

from sessioncore.core.profiles import Profile

from ..cases import Case
from ..model import HORIZON, Scope, device_scope, model_of, session_scope, shared_scope
from ..protocol import Capabilities
from ..results import TierResult
from .minimal import Mealy, Word, mealy_of
from .runner import Runner
from .suites import suite

NOT_DRIVEN = "the suites need a target whose clock and whose jobs the kit drives"


def complete(runner: Runner, *, extra: int = 0) -> TierResult:
    """Run a complete suite for every scope. ``extra`` is how many states more than the reference an implementation
    may have and still be caught; each makes the suites about ten times as long.

    The guarantee covers the scopes whose suite applied to the target in full; with a finding there is none.
    """
    try:
        can = runner.capabilities()
    except Exception:  # noqa: BLE001 - the runner tells it
        return runner.run(())
    result = runner.run(())
    if not (can.clock and can.reports):
        return attrs.evolve(result, skipped=(*result.skipped, NOT_DRIVEN))
    proved = []
    for scope, more in scopes(runner.profile, can, extra):
        before = sum(runner.skipped.values())
        result = runner.run(cases_of(scope, more, can.unsupported))
        if sum(runner.skipped.values()) == before:
            proved.append((scope, more))
    return attrs.evolve(result, guarantee="" if result.findings else promise(proved, can.unsupported))


def scopes(profile: Profile, can: Capabilities, extra: int = 0) -> Iterator[tuple[Scope, int]]:
    """What the tier looks at, and how many extra states it allows there: a small scope affords one more."""
    pause = "PauseRequested" not in can.unsupported
    yield session_scope(profile, jobs=1, pause=pause), extra + 1
    yield session_scope(profile, pause=pause), extra
    yield shared_scope(profile, lanes=can.lanes), extra
    yield device_scope(profile, lanes=can.lanes), extra


def cases_of(scope: Scope, extra: int = 0, without: Collection[str] = ()) -> list[Case]:
    """The complete suite of a scope as cases, short ones first. ``without`` names events that the target lacks."""
    model = model_of(scope)
    machine, words = suite_of(scope, extra, without)
    return [
        model.case(f"{scope.name} word {number}", machine.told(word)) for number, word in enumerate(words, start=1)
    ]


def promise(proved: Iterable[tuple[Scope, int]], without: Collection[str] = ()) -> str:
    """What passing the suites of some scopes proves, with every assumption. Empty for no scopes."""
    told = [_told(scope, extra, tuple(sorted(without))) for scope, extra in proved]
    return "\n".join([PROMISE, *told, COMPARED, ASSUMED]) if told else ""


PROMISE = (
    "Any deterministic implementation that differs from the reference on the alphabet of one of these scopes is caught,"
    " if it has no more states there than are told:"
)

COMPARED = (
    "Compared after every input: whether it was accepted, the code of a refusal, each session's state, whether it"
    " accepts jobs, why it ended, each job's status and the code of its reason; and every time that a view shows."
)

ASSUMED = (
    "Assumed: fresh targets are alike (reset); a target's clock and the ends of its jobs are the kit's, and it does"
    " nothing by itself but what its timers do; looking at it changes nothing, and what it shows depends on its state"
    " alone; after an input that the alphabet does not have in some state (one more job than there may be), anything"
    " may happen."
)


def _told(scope: Scope, extra: int, without: tuple[str, ...]) -> str:
    """One scope: how many states an implementation may have, what is in play, and what is not."""
    machine, words = _made(scope, extra, without)
    own = len(machine)
    sessions = " and ".join(f"one {mode.value} session" for _, mode in scope.sessions)
    alone = f" and {_counted(scope.alone, 'job')} in job mode" if scope.alone else ""
    far = ", ".join(_far(scope))
    time = f"time in ticks of {scope.tick_us / 1e6:g} s" if scope.time else "no time"
    if scope.time and far:
        time += f" (timers further than {HORIZON} ticks are left out: {far})"
    return (
        f"- {scope.name}: {_counted(own + extra, 'state')} ({own} of the reference, {extra} more); {sessions} with at"
        f" most {_counted(scope.jobs, 'job')} each{alone}, {time}. Inputs: {', '.join(machine.inputs)}."
        f" {len(words)} cases, {sum(map(len, words))} inputs."
    )


def _far(scope: Scope) -> Iterator[str]:
    """The timers of a scope that are further away than its horizon."""
    halves = [scope.profile.half(mode) for _, mode in scope.sessions]
    for name in ("max_ttl", "interactive_ttl", "no_submission", "execution_limit", "usage_limit"):
        lengths = [getattr(half, name) for half in halves]
        if name == "max_ttl" and scope.max_ttl is not None:
            lengths = [scope.max_ttl]
        if any(length is not None and length > HORIZON * scope.tick_us for length in lengths):
            yield name


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")


def suite_of(scope: Scope, extra: int = 0, without: Collection[str] = ()) -> tuple[Mealy, tuple[Word, ...]]:
    """The smallest machine of a scope, and its complete suite. ``without`` names events that the target lacks."""
    return _made(scope, extra, tuple(sorted(without)))


@lru_cache(maxsize=16)
def _made(scope: Scope, extra: int, without: tuple[str, ...]) -> tuple[Mealy, tuple[Word, ...]]:
    """The smallest machine of a scope and its suite."""
    machine = mealy_of(model_of(scope), without)
    pasts = machine.eventful_ways(_remembers, NEW) if scope.time and scope.jobs > 1 else {}
    return machine, tuple(sorted(suite(machine, extra, pasts.values()), key=len))


Past: TypeAlias = tuple[int, bool]
NEW: Past = (0, False)


def _remembers(before: Any, after: Any, past: Past) -> Past:
    """What an implementation that forgets nothing might remember of sessions, and the reference does not: how often
    their work began (once, or again), and whether one was ever inactive. Each state is tried with each such past."""
    periods, inactive = past
    if _has_work(after) and not _has_work(before):
        periods = min(2, periods + 1)
    return periods, inactive or any(session[0] == "inactive" for session in after[0])


def _has_work(look: Any) -> bool:
    return any(status in ("queued", "running") for _, status, _ in look[1])

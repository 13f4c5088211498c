"""A long walk through both cores from one seed, for tests of purity.

Every kind of event, every profile, ties, refusals, snapshots.

``python -m tests.core.rich_scenario`` prints one line that stands for everything the cores answered.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable

from sessioncore.core import (
    PROFILES,
    CancelRequested,
    ClientError,
    CloseRequested,
    DeviceCore,
    Event,
    HostError,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobStarted,
    JobSucceeded,
    Mode,
    OfflineRequested,
    OpenRequested,
    PauseRequested,
    Policy,
    ResumeRequested,
    SessionCore,
    SubmitRequested,
    details,
    parse_duration,
    status,
)
from sessioncore.core.events import REPORTS

MINUTE = 60_000_000

Call = Callable[[Callable[[], object]], object]


def events(seed: int, count: int) -> list[Event]:
    """Events with times that never run back; some of them will be refused."""
    chosen = random.Random(seed)
    made: list[Event] = []
    at = 0
    for number in range(count):
        at += chosen.choice((0, 0, 1, MINUTE // 2, MINUTE, 45 * MINUTE))
        session = f"s{chosen.randrange(max(1, number // 8))}"
        job = f"j{chosen.randrange(max(1, number))}"
        instance = chosen.choice(("x", "y", "z"))
        limit = chosen.choice((None, None, 0, MINUTE, 9000 * MINUTE))
        kind = chosen.randrange(18)
        if number % 8 == 0:
            mode = chosen.choice(tuple(Mode))
            made.append(OpenRequested(at=at, session_id=f"s{number // 8}", mode=mode, instance=instance, max_ttl=limit))
        elif kind < 6:
            made.append(SubmitRequested(at=at, job_id=f"j{number}", session_id=session, max_execution=limit))
        elif kind < 7:
            made.append(SubmitRequested(at=at, job_id=f"j{number}", instance=instance, max_execution=limit))
        elif kind < 13:
            report = chosen.choice((JobSucceeded, JobSucceeded, JobFailed, JobReleased, JobStarted))
            made.append(report(at=at, job_id=job))
        elif kind == 13:
            made.append(CloseRequested(at=at, session_id=session))
        elif kind == 14:
            made.append(CancelRequested(at=at, session_id=session))
        elif kind == 15:
            made.append(JobCancelRequested(at=at, job_id=job))
        else:
            made.append(chosen.choice((PauseRequested, OfflineRequested, ResumeRequested, ResumeRequested))(at=at))
    return made


def plainly(act: Callable[[], object]) -> object:
    """Call the core as anybody would."""
    return act()


def play(core: DeviceCore | SessionCore, event: Event, call: Call) -> str:
    """One event, and what the core said."""
    until = event.at - 1 if isinstance(event, REPORTS) else event.at
    said = [call(lambda: core.advance(max(until, core.now - 1)))]
    try:
        said.append(call(lambda: core.handle(event)))
    except (ClientError, HostError) as refused:
        said.append(str(refused))
    call(core.check)
    return repr(said)


def walk(seed: int = 7, count: int = 160, call: Call = plainly) -> str:
    """Everything that the cores answer, as one text. ``call`` stands around every call of a core."""
    lines: list[str] = []
    for name, profile in PROFILES.items():
        for policy in (Policy(), Policy(name="fair_share", allocations=(("x", 2),))):
            core = DeviceCore(name, lanes=2, profile=profile, policy=policy)
            lines += (play(core, event, call) for event in events(seed, count))
            call(core.fork)
            for session in core.sessions.values():
                lines.append(
                    repr(call(lambda session=session: (status(session), details(session, session.metered_at))))
                )
            lines.append(repr(call(core.snapshot)))
        alone = SessionCore(profile=profile)
        lines += (play(alone, event, call) for event in events(seed + 1, count) if not hasattr(event, "session_id"))
        lines.append(repr(call(alone.snapshot)))
    lines.append(repr(call(lambda: parse_duration("2h 30m"))))
    return "\n".join(lines)


if __name__ == "__main__":
    print(hashlib.sha256(walk().encode()).hexdigest())

"""A second interpreter of the chart: a ``transitions.Machine`` built from its rows fires the same row as ours."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sessioncore.core import (
    IBM_GUIDE,
    SESSION_CHART,
    CancelRequested,
    ClientError,
    CloseRequested,
    Configuration,
    Event,
    HostError,
    InteractiveTtlExpired,
    JobStarted,
    JobStatus,
    MaxTtlExpired,
    NoSubmissionExpired,
    OpenRequested,
    Parameters,
    Session,
    SubmitRequested,
    UsageLimitReached,
    open_session,
    step,
)
from sessioncore.core.signals import JobLeftDevice, JobLeftQueue, JobOverran
from sessioncore.core.values import replaced

from .session_bench import HOUR, SECOND

transitions = pytest.importorskip("transitions", reason="the extra 'diagrams' is not installed")

PARAMETERS = (
    replaced(IBM_GUIDE.dedicated, max_ttl=HOUR),
    IBM_GUIDE.batch,
    replaced(IBM_GUIDE.dedicated, failure_policy="abort", job_limit=3, usage_limit=HOUR),
    replaced(IBM_GUIDE.batch, idle_action="end", queued_at_end="cancel"),
    replaced(IBM_GUIDE.dedicated, idle_action="none", start_event="create", idle_from="last_submission"),
)


class Watched:
    """The model of the other machine: it sees the session and the event, and keeps the rows that fired."""

    def __init__(self) -> None:
        self.session: Session | None = None
        self.event: Event | None = None
        self.rows: list[str] = []
        self.trigger: Callable[[str], bool]
        self.state: str


def _answers(watched: Watched, atom: Any, wanted: str) -> bool:
    """What the other machine asks of its model; a switch is answered by the session's parameters."""
    assert watched.session is not None
    if atom.read is None:
        return bool(getattr(watched.session.terms.parameters, atom.name) == wanted)
    return bool(atom.read(watched.session, watched.event) == wanted)


def other_machine(watched: Watched, chosen: random.Random) -> Any:
    """A machine made of the rows in any order, since the guards of a cell do not overlap."""
    atoms = {atom.name: atom for atom in SESSION_CHART.atoms}
    rows = list(SESSION_CHART.rows)
    chosen.shuffle(rows)

    def asks(name: str, wanted: str) -> Callable[[], bool]:
        return lambda: _answers(watched, atoms[name], wanted)

    def keeps(row_id: str) -> Callable[[], None]:
        return lambda: watched.rows.append(row_id)

    return transitions.Machine(
        model=watched,
        states=[str(state) for state in SESSION_CHART.states],
        initial=str(SESSION_CHART.initial),
        auto_transitions=False,
        transitions=[
            {
                "trigger": row.trigger.__name__,
                "source": [str(source) for source in row.sources],
                "dest": None if row.target is None else str(row.target),
                "conditions": [asks(name, wanted) for name, wanted in row.guard],
                "before": keeps(row.id),
            }
            for row in rows
        ],
    )


WAITING = ("open", "inactive", "open_draining", "inactive_draining")
RARE: dict[type[Event], int] = {
    MaxTtlExpired: 1,
    UsageLimitReached: 1,
    InteractiveTtlExpired: 12,
    NoSubmissionExpired: 1,
    CloseRequested: 4,
    CancelRequested: 1,
    OpenRequested: 1,
}
"""Events that may come at any time, and how often; most of them end a session."""


def _some_event(chosen: random.Random, session: Session, at: int) -> Event:
    """Anything that could be asked of a session here. Jobs move if there are some, or where no job can move at all."""
    job = {"session_id": "s", "job_id": "a"}
    ended = chosen.choice((JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED))
    none_queued = session.configuration is Configuration.CLOSED and chosen.random() < 0.2
    none_on_device = session.configuration in WAITING and chosen.random() < 0.1
    if none_queued or (session.queued and chosen.random() < 0.4):
        return chosen.choice((JobStarted(at=at, job_id="a"), JobLeftQueue(at=at, **job)))
    if none_on_device or (session.on_device and chosen.random() < 0.5):
        return chosen.choice((JobLeftDevice(at=at, status=ended, **job), JobOverran(at=at, **job)))
    if chosen.random() < 0.6:
        limit = chosen.choice((None, None, None, 0, SECOND, 99 * HOUR))
        return SubmitRequested(at=at, max_execution=limit, **job)
    (kind,) = chosen.choices(tuple(RARE), tuple(RARE.values()))
    return kind(at=at, session_id="s")  # type: ignore[call-arg]  # each of them has a session


def walk(parameters: Parameters, chosen: random.Random) -> Iterator[tuple[str, str, str, str]]:
    """One life of a session: (our row, the other's row, our state, the other's state), event by event."""
    watched = Watched()
    other_machine(watched, chosen)
    opening = OpenRequested(at=0, session_id="s")
    opened = open_session(opening, parameters)
    session, watched.session, watched.event = opened.session, opened.session, opening
    watched.trigger("OpenRequested")
    yield opened.row.id, watched.rows[-1], str(session.configuration), watched.state
    after_the_end = 0
    while after_the_end < 6:
        event = _some_event(
            chosen, session, session.metered_at + chosen.choice((0, 1, SECOND, SECOND, 60 * SECOND, HOUR))
        )
        watched.session, watched.event = session, event
        watched.trigger(type(event).__name__)
        try:
            stepped = step(session, event)
            session, fired = stepped.session, stepped.row.id
        except (ClientError, HostError) as refused:
            fired = refused.row or ""
        yield fired, watched.rows[-1], str(session.configuration), watched.state
        after_the_end += session.configuration is Configuration.CLOSED


@pytest.mark.rule(
    "S-05", "S-06", "S-09", "S-11", "S-14", "S-15", "S-16", "S-17", "S-18", "S-19", "S-20", "S-21", "S-24"
)
def test_the_other_machine_fires_the_same_row_and_goes_to_the_same_state() -> None:
    chosen = random.Random(20240229)
    met: set[str] = set()
    for number in range(200):
        for ours, others, our_state, other_state in walk(PARAMETERS[number % len(PARAMETERS)], chosen):
            assert (ours, our_state) == (others, other_state)
            met.add(ours)
    of_nobody = {row.id for row in SESSION_CHART.rows if row.sources == (Configuration.NONE,)} - {
        "S-01.open",
        "S-01.start",
    }
    assert {row.id for row in SESSION_CHART.rows} - met == of_nobody

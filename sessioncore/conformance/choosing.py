"""Which cases to take where time is short: those that meet the most that no case before them met, for their price."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from heapq import heapify, heappop, heappush
from typing import Any, TypeAlias, final

import attrs

from sessioncore.core.durations import SECOND
from sessioncore.core.errors import HostError
from sessioncore.core.events import REPORTS, Advanced, Event, SubmitRequested
from sessioncore.core.profiles import FIFO, IBM_GUIDE, Policy, Profile

from .blame import RULES_OF
from .cases import Case
from .oracle import Oracle, time_before
from .running import NotApplicable
from .tally import LAW_OF_TIMER, armed, rules_shown

Goal: TypeAlias = tuple[Any, ...]

_Able: TypeAlias = tuple[Case, frozenset[Goal], float]
"""A case that can be run, what it meets, what it costs in seconds."""

ASKED_PER_EVENT, ASKED_PER_JOB, ASKED_PER_CASE = 5, 8, 6
"""About how many requests an event, a job and a case take."""

JOB_S = 0.06
"""About how long a job takes besides, in real seconds."""


@final
@attrs.frozen(kw_only=True)
class Choice:
    """The cases to run, the most worthwhile first, what was left out with the reasons, and how many goals they meet
    of how many.

    ``left`` are the themes of what there is no time for, and ``waits`` how many seconds one has to wait at least for
    each theme (:func:`themes_of`); nothing of both where time is not the real one and there is enough of it.
    """

    cases: tuple[Case, ...]
    skipped: Mapping[str, int]
    met: int
    goals: int
    left_out: int
    left: frozenset[str] = frozenset()
    waits: Mapping[str, float] = {}


def chosen(
    cases: Iterable[Case],
    *,
    seconds_max: float,
    profile: Profile = IBM_GUIDE,
    policy: Policy = FIFO,
    lanes: int = 1,
    wait_s_max: float | None = None,
    request_s: float = 0.002,
) -> Choice:
    """Cases for about so many seconds. ``wait_s_max`` is how long one case may wait where time is the real one,
    ``request_s`` how long one request takes."""
    skipped: dict[str, int] = {}
    waits: dict[str, float] = {}
    able: list[_Able] = []
    for case in cases:
        try:
            goals = _goals(case, profile, policy, lanes)
            if wait_s_max is not None:
                wait = case.events[-1].at / SECOND
                waits |= {theme: min(wait, waits.get(theme, wait)) for theme in _themes(goals)}
            price = _price(case, wait_s_max, request_s)
        except NotApplicable as reason:
            skipped[str(reason)] = skipped.get(str(reason), 0) + 1
            continue
        able.append((case, goals, price))
    everything = frozenset[Goal]().union(*(goals for _, goals, _ in able))
    taken: list[_Able] = []
    met: set[Goal] = set()
    left = seconds_max
    while able and left > 0:
        # Round by round: first whatever meets something new, then whatever meets something a second time, and so on.
        picked = _round(able, left)
        if not picked:
            break
        left -= sum(price for _, _, price in picked)
        taken += picked
        met.update(*(goals for _, goals, _ in picked))
        names = {id(case) for case, _, _ in picked}
        able = [entry for entry in able if id(entry[0]) not in names]
    return Choice(
        cases=tuple(case for case, _, _ in taken),
        skipped=skipped,
        met=len(met),
        goals=len(everything),
        left_out=len(able),
        left=frozenset().union(*(_themes(goals) for _, goals, _ in able)),
        waits=waits,
    )


def _round(able: list[_Able], seconds_max: float) -> list[_Able]:
    """Cases that meet together what all of them meet, the best for their price first, for about so many seconds."""
    heap = [(-len(goals) / price, number) for number, (_, goals, price) in enumerate(able)]
    heapify(heap)
    taken: list[_Able] = []
    met: set[Goal] = set()
    left = seconds_max
    while heap:
        known, number = heappop(heap)
        case, goals, price = able[number]
        new = len(goals - met)
        worth = -new / price
        if not new or price > left:
            continue
        if worth != known and heap and worth > heap[0][0]:
            heappush(heap, (worth, number))  # others promise more by now
            continue
        left -= price
        met |= goals
        taken.append((case, goals, price))
    return taken


def _price(case: Case, wait_s_max: float | None, request_s: float) -> float:
    """About how many real seconds the case takes. Raises :class:`NotApplicable` if it would have to wait too long."""
    jobs = sum(isinstance(event, SubmitRequested) for event in case.events)
    requests = ASKED_PER_CASE + ASKED_PER_EVENT * len(case.events) + ASKED_PER_JOB * jobs
    price = requests * request_s + JOB_S * jobs
    if wait_s_max is not None:
        wait = case.events[-1].at / SECOND
        if wait > wait_s_max:
            raise NotApplicable(f"it would take more than {wait_s_max:g} s of real time")
        price += wait
    return price


def _goals(case: Case, profile: Profile, policy: Policy, lanes: int) -> frozenset[Goal]:
    """What the case meets if everything goes as it should. Raises :class:`NotApplicable` for time that runs back."""
    oracle = Oracle(profile, lanes=lanes, policy=policy)
    found: set[Goal] = set()
    last: dict[str, str] = {}
    for event in case.events:
        if event.at < oracle.now - isinstance(event, REPORTS):
            raise NotApplicable("time that runs backwards cannot be asked of a service")
        before = time_before(event)
        if before > oracle.now:
            for timer, due in armed(oracle.core):
                if due <= before + 1:
                    found.add(("boundary", timer, (due > before) - (due < before)))
            _meet(found, last, oracle, None, partial(oracle.pass_time, before))
        if not isinstance(event, Advanced):
            _meet(found, last, oracle, event, partial(oracle.apply, event))
    return frozenset(found)


def rules_met(case: Case, profile: Profile = IBM_GUIDE, policy: Policy = FIFO, lanes: int = 1) -> tuple[str, ...]:
    """The rules that the case is about: those of the rows that it fires if everything goes as it should."""
    rows = (goal[1] for goal in _goals(case, profile, policy, lanes) if goal[0] == "row")
    return tuple(sorted({rule for row in rows for rule in RULES_OF[row]}))


def themes_of(case: Case, profile: Profile = IBM_GUIDE, policy: Policy = FIFO, lanes: int = 1) -> frozenset[str]:
    """What the case is about if everything goes as it should: the rules that it exercises, those about time among
    them, and by their events the timers whose deadline it comes to."""
    return _themes(_goals(case, profile, policy, lanes))


def _themes(goals: Iterable[Goal]) -> frozenset[str]:
    found: set[str] = set()
    for kind, name, *rest in goals:
        if kind == "row":
            found.update(rules_shown(name))
        elif kind == "boundary":
            side = rest[0]  # of the deadline: 1 before it, 0 at it, -1 after it
            found |= {LAW_OF_TIMER[name]} if name in LAW_OF_TIMER else set()
            found |= {name} if side <= 0 else set()
            found |= {"T-02"} if side < 0 else set()
    return frozenset(found)


def _meet(
    found: set[Goal], last: dict[str, str], oracle: Oracle, event: Event | None, step: Callable[[], object]
) -> None:
    """Take a step of the reference, and note the rows, transitions, pairs and refusals that it meets."""
    where = {name: session.configuration.value for name, session in oracle.core.sessions.items()}
    try:
        step()
    except HostError as error:
        raise NotApplicable(f"the case itself breaks {error.rule}") from error
    found.update(("row", row) for row in oracle.rows)
    name = getattr(event, "session_id", None)
    if name in where:
        found.add(("tried", where[name], type(event).__name__))
    for session, rows in oracle.steps.items():
        for row in rows:
            found.add(("transition", where.get(session, "none"), row))
            found.add(("pair", last.get(session, ""), row))
            last[session] = row

"""Concurrent operations against one target: the checker, the schedules, and what the tier finds."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessioncore.conformance.faults import PlainDevice
from sessioncore.conformance.faults.submitting import TakesWhileDraining
from sessioncore.conformance.faults.variants import VARIANTS, Variant
from sessioncore.conformance.parallel.conducting import target_code
from sessioncore.conformance.parallel.faults import RACY, THREAD_SAFE, LocksUp
from sessioncore.conformance.parallel.host_target import HostTarget
from sessioncore.conformance.parallel.linear import Operation, Seen, explain, partition
from sessioncore.conformance.parallel.locked import Locked
from sessioncore.conformance.parallel.schedules import Client, Point, Schedule, Turns
from sessioncore.conformance.parallel.stepping import Laws, Place, stepped
from sessioncore.conformance.parallel.tier import parallel
from sessioncore.conformance.protocol import Accepted, Rejected, View
from sessioncore.conformance.reference import CoreTarget, SessionTarget, view_of
from sessioncore.conformance.results import Kind
from sessioncore.core import (
    Advanced,
    CancelRequested,
    CloseRequested,
    DeviceCore,
    Event,
    JobCancelRequested,
    JobSucceeded,
    Mode,
    OpenRequested,
    PauseRequested,
    SubmitRequested,
)

WINDOWS = 60
"""Within so many windows every racy implementation is found."""

DONE = Accepted()
NO = Rejected(code=1217, http_status=400)


def our_code(module: str) -> bool:
    """Of our host, the lines that several threads may reach at once: not those of the core, which is always under the
    host's lock."""
    return module.startswith("sessioncore.host")


# --- the tier -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_our_own_host_answers_threads_as_if_they_came_one_after_another(seed: int) -> None:
    lanes = 1 + seed % 2
    result = parallel(
        lambda: HostTarget(lanes=lanes), seed=seed, windows=3, schedules=5, watched=our_code, own_clock=True
    )
    assert not result.findings, result.findings[0]
    assert not result.skipped
    assert result.cases == 3


@pytest.mark.parametrize("target", THREAD_SAFE)
def test_an_implementation_with_locks_passes(target: type[PlainDevice]) -> None:
    result = parallel(target, seed=5, windows=8, schedules=8)
    assert not result.findings, result.findings[0]
    assert result.exercised["S-05"]


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.id)
def test_one_that_is_merely_different_is_not_accused(variant: Variant) -> None:
    result = parallel(variant.factory(), profile=variant.profile, seed=3, windows=6, schedules=4, shorten=False)
    assert all(found.strict_only and found.rules[0] in variant.rules for found in result.findings), result.findings


def test_a_core_under_a_lock_passes_also_while_time_passes() -> None:
    result = parallel(lambda: Locked(CoreTarget(), stamps=True), seed=2, windows=24, schedules=3, own_clock=True)
    assert not result.findings, result.findings[0]
    assert result.exercised["S-14"]


def test_a_core_without_a_lock_is_found_out() -> None:
    result = parallel(CoreTarget, seed=1, windows=WINDOWS, findings_max=1, shorten=False)
    assert result.findings


@pytest.mark.parametrize("fault", RACY, ids=lambda fault: fault.id)
def test_an_implementation_that_only_threads_can_break_is_broken_within_a_few_windows(fault) -> None:  # type: ignore[no-untyped-def]
    results = (
        parallel(fault.factory(), profile=fault.profile, seed=seed, windows=WINDOWS, findings_max=1, shorten=False)
        for seed in (1, 2, 3)  # one is enough on a quiet machine; the second is for a busy one
    )
    found = next(result.findings[0] for result in results if result.findings)
    assert found.kind in (Kind.RACE, Kind.CRASH, Kind.HANG)


def test_a_race_is_told_with_two_operations_and_the_turns_that_lead_to_it() -> None:
    toctou = RACY[0]
    found = parallel(toctou.factory(), seed=1, windows=WINDOWS, findings_max=1).findings[0]
    assert found.kind is Kind.RACE
    assert found.shrunk
    assert "S-06" in found.rules
    assert "client 0: " in found.said
    assert "client 2" not in found.said
    assert "is interrupted at" in found.said
    assert any("submit" in order for order in found.possible)
    assert [moment.view for moment in found.trace][-1] is not None


def test_what_goes_wrong_without_any_interruption_is_not_called_a_race() -> None:
    result = parallel(TakesWhileDraining, seed=1, windows=20, findings_max=1)
    found = result.findings[0]
    assert found.kind is Kind.OUTCOME
    assert found.rules[0] == "S-06"


def test_threads_that_lock_each_other_up_are_left_behind_in_time() -> None:
    before = time.monotonic()
    result = parallel(LocksUp, seed=3, windows=WINDOWS)
    assert [found.kind for found in result.findings] == [Kind.HANG]
    assert "no answer within" in result.findings[0].said
    assert time.monotonic() - before < 20


class HangsAtOnce(PlainDevice):
    def __init__(self) -> None:
        super().__init__()
        self.capabilities = LocksUp().capabilities

    def observe(self) -> View:
        threading.Event().wait()
        raise AssertionError("nobody gets here")


def test_a_target_that_hangs_alone_is_a_finding_and_no_hang_of_the_kit() -> None:
    result = parallel(HangsAtOnce, windows=3)
    assert [found.kind for found in result.findings] == [Kind.HANG]


def test_a_factory_that_raises_is_a_finding() -> None:
    def broken() -> PlainDevice:
        raise OSError("no such service")

    result = parallel(broken, windows=3)
    assert [found.kind for found in result.findings] == [Kind.CRASH]
    assert "no such service" in result.findings[0].said


def test_a_target_whose_jobs_the_kit_starts_is_not_asked() -> None:
    result = parallel(SessionTarget, windows=3)
    assert not result.findings
    assert result.skipped


def test_clients_may_also_run_as_the_system_lets_them() -> None:
    result = parallel(PlainDevice, seed=1, windows=6, schedules=3, control="free")
    assert not result.findings, result.findings[0]
    assert result.steps > 6


class Elsewhere:
    """A target whose code is not in this process, as far as anybody can see."""

    def __init__(self) -> None:
        self.device = PlainDevice()
        self.__dict__.update(
            {name: getattr(self.device, name) for name in ("capabilities", "apply", "advance", "observe", "close")}
        )


def test_where_no_line_of_the_target_is_met_threads_run_freely() -> None:
    result = parallel(Elsewhere, seed=1, windows=4, schedules=3, watched=lambda _: False)  # type: ignore[arg-type]
    assert not result.findings, result.findings[0]
    assert "interrupted at what the system likes" in result.notes[-1]


def test_two_runs_of_one_seed_try_the_same_windows() -> None:
    one, other = (parallel(PlainDevice, seed=4, windows=6, schedules=1) for _ in range(2))
    assert one.steps == other.steps
    assert one.coverage.rows == other.coverage.rows


# --- schedules ------------------------------------------------------------------------------------------------------


class Shared:
    """What clients of the scheduler's tests work on."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.told: list[int] = []

    def tell(self, client: int) -> None:
        self.told.append(client)
        self.told.append(client)
        self.told.append(client)

    def tell_under_lock(self, client: int) -> None:
        with self.lock:
            self.told.append(client)
            self.told.append(client)
            self.told.append(client)


def told(schedule: Schedule, *, locked: bool = False, clients: int = 3) -> tuple[list[int], tuple[str, ...]]:
    """In which order clients tell under a schedule, and how the turns went."""
    shared = Shared()

    def client(number: int) -> Client:
        def act(_: Point) -> None:
            (shared.tell_under_lock if locked else shared.tell)(number)

        return act

    ran = Turns([client(number) for number in range(clients)], schedule, watched=target_code).run()
    assert not ran.stuck
    return shared.told, tuple(map(str, ran.switches))


def test_one_schedule_gives_one_interleaving() -> None:
    rng = Random(7)
    for _ in range(20):
        schedule = Schedule(order=tuple(rng.sample(range(3), 3)), changes=tuple(sorted(rng.sample(range(1, 16), 2))))
        assert told(schedule) == told(schedule) == told(schedule)


def test_without_changes_clients_come_one_after_another_in_their_order() -> None:
    assert told(Schedule(order=(2, 0, 1)))[0] == [2, 2, 2, 0, 0, 0, 1, 1, 1]


def test_a_change_takes_the_turn_away_at_its_line() -> None:
    orders = {tuple(told(Schedule(order=(0, 1), changes=(line,)), clients=2)[0]) for line in range(1, 10)}
    assert (0, 1, 1, 1, 0, 0) in orders
    assert (0, 0, 1, 1, 1, 0) in orders


def test_one_that_waits_for_a_lock_gives_the_turn_away_and_gets_it_back() -> None:
    for line in range(1, 8):
        order, turns = told(Schedule(order=(0, 1), changes=(line,)), locked=True, clients=2)
        assert order in ([0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0])
        assert turns


def test_clients_that_wait_for_each_other_for_ever_are_told_with_their_lines() -> None:
    one, other = threading.Lock(), threading.Lock()

    def client(first: threading.Lock, second: threading.Lock) -> Client:
        def act(_: Point) -> None:
            with first:  # noqa: SIM117 - two lines, so that another may come in between
                with second:
                    pass

        return act

    schedules = (Schedule(order=(0, 1), changes=(line,)) for line in range(1, 5))
    clients = [client(one, other), client(other, one)]
    stuck: tuple[str, ...] = ()
    for schedule in schedules:
        stuck = Turns(clients, schedule, watched=target_code, patience_s=0.2).run().stuck
        if stuck:
            break
    assert len(stuck) == 2
    assert all("test_parallel.py" in line for line in stuck)


# --- the checker ------------------------------------------------------------------------------------------------------


def began(lanes: int = 1, *, mode: Mode = Mode.DEDICATED, sessions: int = 1) -> DeviceCore:
    core = DeviceCore("device", lanes=lanes)
    for number in range(sessions):
        core.handle(OpenRequested(at=0, session_id="abcdefgh"[number], mode=mode))
    return core


def operation(client: int, event: Event, span: tuple[int, int], outcome: Accepted | Rejected = DONE) -> Operation:
    return Operation(client=client, event=event, invoked=span[0], returned=span[1], outcome=outcome)


def submit(job: str, session: str = "a") -> SubmitRequested:
    return SubmitRequested(at=0, job_id=job, session_id=session)


def test_a_submission_accepted_after_a_close_was_answered_has_no_explanation() -> None:
    history = [
        operation(0, CloseRequested(at=0, session_id="a"), (0, 1)),
        operation(1, submit("j1"), (2, 3), Accepted(id="j1")),
    ]
    found = explain(began(), history)
    assert found.order is None
    assert found.rules[0] == "S-06"
    assert found.told(history) == (
        "after close a, then submit j1 to a: answer should be 'rejected with code 1217', and is 'accepted'",
    )


def test_the_same_two_at_once_are_explained_by_the_submission_coming_first() -> None:
    history = [
        operation(0, CloseRequested(at=0, session_id="a"), (0, 3)),
        operation(1, submit("j1"), (1, 2), Accepted(id="j1")),
    ]
    assert explain(began(), history).order == (1, 0)


def test_a_look_afterwards_decides_between_orders() -> None:
    close, send = CloseRequested(at=0, session_id="a"), submit("j1")
    history = [operation(0, close, (0, 3)), operation(1, send, (1, 2), Accepted(id="j1"))]
    drained, _ = stepped(stepped(began(), send)[0], close)
    assert explain(began(), history, Seen(view=view_of(drained, 0))).order == (1, 0)
    closed, _ = stepped(began(), close)
    assert explain(began(), history, Seen(view=view_of(closed, 0))).order is None


def test_an_operation_that_was_never_answered_may_have_happened_or_not() -> None:
    lost = Operation(client=0, event=CloseRequested(at=0, session_id="a"), invoked=0, returned=None)
    for outcome in (Accepted(id="j1"), NO):
        assert explain(began(), [lost, operation(1, submit("j1"), (1, 2), outcome)]).order is not None


def test_a_search_that_would_be_too_long_says_so() -> None:
    history = [operation(number, submit(f"j{number}"), (0, 99), NO) for number in range(6)]
    history += [operation(9, JobCancelRequested(at=0, job_id="nobody"), (0, 99), DONE)]
    core = began()
    core.handle(CloseRequested(at=0, session_id="a"))
    found = explain(core, history, states_max=5)
    assert found.gave_up
    assert found.order is None


def test_a_job_may_end_between_two_operations_where_jobs_end_by_themselves() -> None:
    core = stepped(began(), submit("j1"))[0]
    history = [operation(0, JobCancelRequested(at=0, job_id="j1"), (0, 1), Rejected(code=None))]
    assert explain(core, history).order is None
    assert explain(core, history, laws=Laws(ends=True)).order == (0,)


def test_a_job_may_start_late_where_starts_come_late() -> None:
    send, stop = submit("j1"), JobCancelRequested(at=0, job_id="j1")
    history = [operation(0, send, (0, 1), Accepted(id="j1")), operation(0, stop, (2, 3))]
    never_started = view_of(stepped(stepped(stepped(began(), PauseRequested(at=0))[0], send)[0], stop)[0], 0)
    seen = Seen(view=never_started)
    assert explain(began(), history, seen).order is None
    assert explain(began(), history, seen, laws=Laws(late_starts=True)).order == (0, 1)
    started = Seen(view=view_of(stepped(stepped(began(), send)[0], stop)[0], 0))
    assert explain(began(), history, started, laws=Laws(late_starts=True)).order == (0, 1)


def test_time_may_pass_between_two_operations() -> None:
    core = stepped(stepped(began(), submit("j1"))[0], JobSucceeded(at=0, job_id="j1"))[0]
    due = core.next_deadline()
    assert due is not None
    later = stepped(core, submit("j2"))[0]
    inactive = core.fork()
    inactive.advance(due)
    woken = stepped(inactive, submit("j2"))[0]
    history = [operation(0, submit("j2"), (0, 1), Accepted(id="j2"))]
    assert explain(core, history, Seen(view=view_of(woken, woken.now))).order is None
    for state in (woken, later):
        seen = Seen(view=view_of(state, state.now))
        assert explain(core, history, seen, laws=Laws(until=due)).order == (0,)


def test_a_report_may_arrive_while_time_passes() -> None:
    """T-04: a clock that is moved over several deadlines stands at each of them for a moment."""
    core = stepped(stepped(began(), submit("j1"))[0], submit("j2"))[0]
    due = core.next_deadline()
    assert due is not None
    report, passing = JobSucceeded(at=0, job_id="j1"), Advanced(at=due + 5)
    meanwhile = stepped(stepped(stepped(core, Advanced(at=due))[0], report)[0], passing)[0]
    history = [operation(0, passing, (0, 3)), operation(1, report, (1, 2))]
    assert explain(core, history, Seen(view=view_of(meanwhile, due + 5))).order is not None
    afterwards = [operation(0, passing, (0, 1)), operation(1, report, (2, 3))]
    assert explain(core, afterwards, Seen(view=view_of(meanwhile, due + 5))).order is None


def test_sessions_that_cannot_influence_each_other_are_looked_at_alone() -> None:
    history = [operation(number, submit(f"j{number}", "abc"[number % 3]), (0, 99)) for number in range(6)]
    apart = began(lanes=8, mode=Mode.BATCH, sessions=3)
    assert partition(apart, history) == [[0, 3], [1, 4], [2, 5]]
    assert len(partition(began(sessions=3), history)) == 1
    paused = stepped(began(sessions=3), PauseRequested(at=0))[0]
    assert len(partition(paused, history)) == 3
    assert explain(paused, [*history, operation(7, submit("j9", "b"), (100, 101), NO)]).order is None
    together = explain(paused, history)
    assert together.order is not None
    assert sorted(together.order) == list(range(6))


# --- the checker against others -----------------------------------------------------------------------------------


def drawn_history(rng: Random, count: int, clients: int, core: DeviceCore) -> tuple[list[Operation], DeviceCore]:
    """A history that went right: each operation took effect at some instant between its call and its answer."""
    tick = itertools.count()
    started: dict[int, tuple[Event, int]] = {}
    effects: dict[int, Accepted | Rejected] = {}
    done: list[Operation] = []
    jobs = 0
    while len(done) < count:
        client = rng.randrange(clients)
        if client not in started:
            if len(done) + len(started) < count:
                jobs += 1
                started[client] = (some_event(rng, core, jobs), next(tick))
        elif client not in effects:
            core, outcome = stepped(core, started[client][0])
            assert isinstance(outcome, Accepted | Rejected)
            effects[client] = outcome
        else:
            event, invoked = started.pop(client)
            outcome = effects.pop(client)
            done.append(
                Operation(client=client, event=event, invoked=invoked, returned=next(tick), outcome=outcome)
            )
    return sorted(done, key=lambda one: one.invoked), core


def some_event(rng: Random, core: DeviceCore, number: int) -> Event:
    session = rng.choice(list(core.sessions))
    job = rng.choice([*core.jobs, "nobody"])
    running = [name for name, one in core.jobs.items() if one.status.value == "running"] or ["nobody"]
    events: list[tuple[int, Event]] = [
        (8, SubmitRequested(at=0, job_id=f"j{number}", session_id=session)),
        (6, JobSucceeded(at=0, job_id=rng.choice(running))),
        (3, JobCancelRequested(at=0, job_id=job)),
        (1, CloseRequested(at=0, session_id=session)),
        (1, CancelRequested(at=0, session_id=session)),
        (2, OpenRequested(at=0, session_id=f"s{number}")),
    ]
    weights, made = zip(*events, strict=True)
    return rng.choices(made, weights)[0]


def in_some_order(core: DeviceCore, history: Sequence[Operation], view: View) -> bool:
    """The same question, answered by trying every order."""
    for order in itertools.permutations(range(len(history))):
        if any(
            history[order[late]].returned < history[order[early]].invoked  # type: ignore[operator]
            for late in range(len(order))
            for early in range(late)
        ):
            continue
        now, right = core, True
        for number in order:
            now, outcome = stepped(now, history[number].event)
            seen = history[number].outcome
            right = right and isinstance(outcome, Rejected) == isinstance(seen, Rejected)
            right = right and getattr(outcome, "code", None) == getattr(seen, "code", None)
        mine = view_of(now, now.now)
        if right and all(view.sessions.get(name) == one for name, one in mine.sessions.items()):
            right = all(view.jobs.get(name) == one for name, one in mine.jobs.items())
            if right:
                return True
    return False


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 5), st.booleans(), st.booleans())
def test_the_checker_agrees_with_trying_every_order(seed: int, count: int, wrong: bool, other_view: bool) -> None:
    rng = Random(seed)
    core = stepped(began(), submit("j0"))[0]
    history, after = drawn_history(rng, count, 3, core)
    if wrong:
        place = rng.randrange(count)
        old = history[place]
        outcome = DONE if isinstance(old.outcome, Rejected) else NO
        history[place] = operation(old.client, old.event, (old.invoked, old.returned or 0), outcome)
    if other_view:
        after = drawn_history(Random(seed), max(1, count - 1), 3, core)[1]
    view = view_of(after, after.now)
    found = explain(core, history, Seen(view=view))
    assert not found.gave_up
    assert (found.order is not None) == in_some_order(core, history, view)
    everything = explain(core, history, Seen(view=view), everything=True)
    assert (everything.order is not None) == (found.order is not None)
    assert bool(everything.states) == (found.order is not None)
    if found.order is None:
        assert found.attempts
        assert found.rules


def test_a_history_of_200_operations_by_8_clients_is_checked_within_a_second() -> None:
    core = began(lanes=4, sessions=3)
    history, after = drawn_history(Random(11), 200, 8, core)
    assert len(history) == 200
    before = time.process_time()
    found = explain(core, history, Seen(view=view_of(after, after.now)))
    assert time.process_time() - before < 1
    assert found.order is not None


def test_every_state_in_which_the_target_may_be_is_found() -> None:
    """Two submissions at once to a paused device: either may stand first in the queue, and nothing shows which."""
    core = stepped(began(), PauseRequested(at=0))[0]
    history = [operation(number, submit(f"j{number}"), (number, 9)) for number in (1, 2)]
    after = stepped(stepped(core, submit("j1"))[0], submit("j2"))[0]
    found = explain(core, history, Seen(view=view_of(after, 0)), everything=True)
    assert {tuple(place.core.jobs) for place in found.states} == {("j1", "j2"), ("j2", "j1")}
    assert len({place.key for place in found.states}) == len(found.states)
    assert isinstance(found.states[0], Place)

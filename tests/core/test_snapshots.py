"""Snapshots, forks and ``check()``: a core goes on exactly where it was, and a damaged snapshot is found out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import sessioncore.core as core_module
from sessioncore.core import (
    Configuration,
    DeviceCore,
    HostError,
    InvariantError,
    JobSucceeded,
    Policy,
    SessionCore,
    Snapshot,
    StateReason,
    dispatch,
    job,
    profiles,
    session,
    snapshot,
)
from sessioncore.core.invariants import check_snapshot
from sessioncore.core.values import replaced

from .session_bench import HOUR, SECOND, Bench, device, lone_session


def rich() -> Bench[DeviceCore]:
    """One lane; i inactive, t closed, s active with a running and b queued, o open, d draining with one queued job."""
    bench = device()
    bench.at(0).open("i").submit("i1", "i")
    bench.at(1).succeed("i1")
    bench.at(61).open("t").submit("t1", "t").close("t")
    bench.at(62).succeed("t1")
    bench.at(70).open("s", max_ttl=HOUR).submit("a", "s", max_execution=60 * SECOND).submit("b", "s")
    bench.at(71).open("o").open("d").submit("d1", "d").close("d").submit("alone", instance="x")
    bench.at(80).nothing()
    assert [bench.state(name) for name in "itsod"] == ["inactive", "closed", "active", "open", "open_draining"]
    return bench


def replayed(bench: Bench[DeviceCore]) -> tuple[Any, ...]:
    """What the core says from here on."""
    core = bench.core.fork()
    first = core.advance(100 * SECOND)
    second = core.handle(JobSucceeded(at=101 * SECOND, job_id="a"))
    return first, second, core.advance(200 * HOUR), core.snapshot()


@pytest.mark.rule("T-03")
@pytest.mark.parametrize("policy", ["fifo", "fair_share"])
def test_a_restored_core_goes_on_exactly_where_the_snapshot_was_taken(policy: str) -> None:
    bench = rich()
    if policy == "fair_share":
        bench = device(policy=Policy(name="fair_share", allocations=(("x", 2),)))
        bench.at(0).submit("a", instance="x").submit("b", instance="y").submit("c", instance="x")
        bench.at(5).pause()
    restored = DeviceCore.restore(bench.core.snapshot())
    assert restored.snapshot() == bench.core.snapshot()
    assert restored.state == bench.core.state
    assert replayed(Bench(restored)) == replayed(bench)


@pytest.mark.rule("T-03")
def test_a_fork_is_driven_without_the_other_knowing() -> None:
    bench = rich()
    before = bench.core.snapshot()
    fork = bench.core.fork()
    fork.advance(100 * HOUR)
    assert bench.core.snapshot() == before
    assert fork.snapshot() != before
    lone = lone_session()
    lone.at(0).open("s").submit("a", "s").start("a")
    other = Bench(lone.core.fork())
    other.at(1).succeed("a")
    assert lone.job("a").status == "running"
    assert lone.core.fork().snapshot() == lone.core.snapshot()


@pytest.mark.rule("T-03")
def test_a_snapshot_is_hashable_and_its_repr_is_runnable_python() -> None:
    for bench in (rich(), lone_session()):
        taken = bench.core.snapshot()
        names: dict[str, Any] = {}
        for module in (core_module, session, job, profiles, snapshot, dispatch):
            names |= vars(module)
        assert eval(repr(taken), names) == taken  # noqa: S307 - our own repr, and that is the question
        assert hash(taken) == hash(bench.core.snapshot())
    for effect in rich().said:
        assert eval(repr(effect), dict(vars(core_module))) == effect  # noqa: S307 - as above


@pytest.mark.rule("T-03")
def test_the_snapshot_of_another_version_or_another_core_is_refused() -> None:
    taken = rich().core.snapshot()
    for changes in ({"version": 99}, {"chart": 99}):
        with pytest.raises(HostError, match="this code reads version 1 of chart 1"):
            DeviceCore.restore(replaced(taken, **changes))
    with pytest.raises(HostError, match="DeviceCore can restore it"):
        SessionCore.restore(taken)
    with pytest.raises(HostError, match="SessionCore can restore it"):
        DeviceCore.restore(lone_session().core.snapshot())


@pytest.mark.rule("J-09")
def test_an_open_job_without_its_session_is_refused_and_one_that_ended_is_not() -> None:
    taken = rich().core.snapshot()
    without_s = replaced(taken, sessions=tuple(record for record in taken.sessions if record.session.id != "s"))
    with pytest.raises(HostError, match="has job a of session s, but not that session"):
        DeviceCore.restore(without_s)
    bench = rich()
    bench.core.forget_session("t")
    assert DeviceCore.restore(bench.core.snapshot()).jobs["t1"].status == "completed"


# --- check() -------------------------------------------------------------------------------------------------------


def _session(name: str, **changes: Any) -> Callable[[Snapshot], Snapshot]:
    def damage(taken: Snapshot) -> Snapshot:
        records = tuple(
            replaced(record, session=replaced(record.session, **changes)) if record.session.id == name else record
            for record in taken.sessions
        )
        return replaced(taken, sessions=records)

    return damage


def _terms(name: str, **changes: Any) -> Callable[[Snapshot], Snapshot]:
    def damage(taken: Snapshot) -> Snapshot:
        found = next(record.session for record in taken.sessions if record.session.id == name)
        return _session(name, terms=replaced(found.terms, **changes))(taken)

    return damage


def _parameters(name: str, **changes: Any) -> Callable[[Snapshot], Snapshot]:
    def damage(taken: Snapshot) -> Snapshot:
        found = next(record.session for record in taken.sessions if record.session.id == name)
        return _terms(name, parameters=replaced(found.terms.parameters, **changes))(taken)

    return damage


def _job(name: str, **changes: Any) -> Callable[[Snapshot], Snapshot]:
    def damage(taken: Snapshot) -> Snapshot:
        return replaced(
            taken, jobs=tuple(replaced(found, **changes) if found.id == name else found for found in taken.jobs)
        )

    return damage


def _device(**changes: Any) -> Callable[[Snapshot], Snapshot]:
    return lambda taken: replaced(taken, device=replaced(taken.device, **changes))


def _at(seconds: int) -> Callable[[Snapshot], Snapshot]:
    return lambda taken: replaced(taken, now=seconds * SECOND)


def _all(*damages: Callable[[Snapshot], Snapshot]) -> Callable[[Snapshot], Snapshot]:
    def damage(taken: Snapshot) -> Snapshot:
        for one in damages:
            taken = one(taken)
        return taken

    return damage


ALONE_RUNS = _job("alone", status="running", started_at=75 * SECOND)

DAMAGES: dict[str, tuple[str, str, Callable[[Snapshot], Snapshot]]] = {
    "queued in a closed session": ("S-20", "closed means nothing queued", _session("t", queued=1)),
    "closed without a time": ("S-20", "come together", _session("t", closed_at=None)),
    "closed without a reason": ("S-20", "come together", _session("t", state_reason=None)),
    "a time of closing, and active": ("S-20", "come together", _session("s", closed_at=80 * SECOND)),
    "a reason, and active": ("S-20", "come together", _session("s", state_reason=StateReason.CLOSED)),
    "draining without work": ("S-19", "no work means closed", _session("o", configuration=Configuration.OPEN_DRAINING)),
    "inactive with a lane": ("S-14", "inactive means none", _session("i", on_device=1)),
    "open and started": ("S-09", "open means never started", _session("o", started_at=75 * SECOND)),
    "active and never started": ("S-09", "active and inactive mean started", _session("s", started_at=None)),
    "started and never activated": ("S-11", "started and activated", _session("s", activated_at=None)),
    "activated before it started": ("S-09", "times are in order", _session("s", activated_at=SECOND)),
    "created after now": ("S-09", "times are in order", _terms("o", created_at=81 * SECOND)),
    "work, and none since": ("S-13", "work ran out exactly if", _session("s", work_ran_out_at=75 * SECOND)),
    "no work, and no moment of it": ("S-13", "work ran out exactly if", _session("o", work_ran_out_at=None)),
    "alive beyond its max TTL": ("S-15", "closed at its max TTL", _at(70 + 3601)),
    "too patient": ("S-03", "interactive TTL is within", _terms("s", interactive_ttl=2 * HOUR)),
    "too many jobs": ("S-25", "no more jobs are accepted", _parameters("s", job_limit=1)),
    "negative usage": ("U-01", "usage is not negative", _session("s", metered_us=-1)),
    "metered in the future": ("U-01", "metered in the past", _session("s", metered_at=81 * SECOND)),
    "a negative count": ("J-01", "no count is negative", _session("o", completed=-1)),
    "a queued job too many": ("J-01", "counts 2 queued and 1 on the device", _session("s", queued=2)),
    "an ended job too few": ("J-01", r"counts \(0, 0, 0\) ended jobs", _session("t", completed=0)),
    "ended and running": ("J-01", "job a is running and ended at", _job("a", ended_at=75 * SECOND)),
    "completed without an end": ("J-01", "job t1 is completed and ended at None", _job("t1", ended_at=None)),
    "queued and started": ("J-01", "job b is queued and started", _job("b", started_at=75 * SECOND)),
    "running and never started": ("J-01", "job a is running and never started", _job("a", started_at=None)),
    "started before it was submitted": ("T-04", "times of job a", _job("a", started_at=SECOND, execution_limit=None)),
    "running too long": ("J-05", "job a runs beyond", _at(131)),
    "more jobs than lanes": ("D-04", "2 jobs are on a device with 1 lanes", ALONE_RUNS),
    "active and not the holder": ("D-01", r"the holders are \(\)", _device(holders=())),
    "two exclusive sessions active": (
        "D-01",
        "2 exclusive sessions are active at once",
        _all(_session("i", configuration=Configuration.ACTIVE), _device(holders=("s", "i"))),
    ),
    "foreign jobs beside the holder's": ("D-01", "jobs of others", _all(ALONE_RUNS, _device(lanes=2))),
    "a free lane": ("T-05", "a lane is free while s could start", _device(lanes=2)),
}  # fmt: skip


@pytest.mark.rule(
    "S-09", "S-13", "S-15", "S-19", "S-20", "S-25", "J-01", "J-05", "D-01", "D-04", "T-04", "T-05", "U-01"
)
@pytest.mark.parametrize(("rule", "text", "damage"), list(DAMAGES.values()), ids=list(DAMAGES))
def test_check_finds_a_damaged_snapshot_out_and_names_the_rule(
    rule: str, text: str, damage: Callable[[Snapshot], Snapshot]
) -> None:
    taken = rich().core.snapshot()
    check_snapshot(taken)
    with pytest.raises(InvariantError, match=text) as caught:
        DeviceCore.restore(damage(taken)).check()
    assert caught.value.rule == rule


@pytest.mark.rule("D-01")
def test_check_allows_several_active_sessions_only_where_sessions_start_at_their_creation() -> None:
    damage = _all(
        _session("i", configuration=Configuration.ACTIVE),
        _device(holders=("s", "i")),
        _parameters("s", start_event="create"),
    )
    check_snapshot(damage(rich().core.snapshot()))


@pytest.mark.rule("S-20")
def test_check_of_a_single_session_looks_at_the_session() -> None:
    bench = lone_session()
    bench.at(0).open("s").submit("a", "s")
    bench.core.check()
    with pytest.raises(InvariantError, match="counts 0 queued"):
        SessionCore.restore(_session("s", queued=0, work_ran_out_at=0)(bench.core.snapshot())).check()

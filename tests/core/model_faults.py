"""Faults to plant in the core, to see that the tests find them. Each is a small change to a chart, an action, a timer
or the engine, made with a ``MonkeyPatch`` and gone afterwards. Numbers are those of the catalogue of known faults.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from sessioncore.core import (
    DEVICE_CHART,
    JOB_CHART,
    SESSION_CHART,
    Chart,
    ClientError,
    Configuration,
    DeviceCore,
    Disposition,
    Job,
    JobStatus,
    Profile,
    Row,
    Session,
    StateReason,
    device_core,
    dispatch,
    engine,
    job_chart,
    session_chart,
    workload,
)
from sessioncore.core.chart import SpecialisedChart
from sessioncore.core.values import replaced

Fault = Callable[[pytest.MonkeyPatch, Profile], None]
step: Any = import_module("sessioncore.core.step")
"""The module; the package gives its name to the function in it."""

ACTIVE, CLOSED = Configuration.ACTIVE, Configuration.CLOSED
DRAINING = (Configuration.OPEN_DRAINING, Configuration.ACTIVE_DRAINING, Configuration.INACTIVE_DRAINING)

INTERNAL: dict[str, Any] = {"disposition": Disposition.INTERNAL, "target": None, "fault": None, "reason": None}
CLOSES: dict[str, Any] = {"disposition": Disposition.TRANSITION, "target": CLOSED, "reason": StateReason.CLOSED}


# --- how a fault is planted --------------------------------------------------------------------------------------


def _changed(chart: Chart, changes: dict[str, dict[str, Any]]) -> tuple[Row, ...]:
    assert {row.id for row in chart.rows} >= set(changes)
    return tuple(replaced(row, **changes[row.id]) if row.id in changes else row for row in chart.rows)


def session_rows(**changes: dict[str, Any]) -> Fault:
    """Other rows in the chart of sessions; ``S_06_draining`` stands for the row ``S-06.draining``."""
    return _rows(SESSION_CHART, lambda switches: session_chart(switches), changes)


def job_rows(**changes: dict[str, Any]) -> Fault:
    """Other rows in the chart of jobs."""
    return _rows(JOB_CHART, lambda switches: job_chart(switches), changes)


def device_rows(**changes: dict[str, Any]) -> Fault:
    """Other rows in the chart of devices."""
    return _rows(DEVICE_CHART, lambda _switches: DEVICE_CHART, changes)


def _rows(chart: Chart, used: Callable[[Any], SpecialisedChart], changes: dict[str, dict[str, Any]]) -> Fault:
    """Put the cells of a changed chart in place of those that the core uses, for both halves of a profile."""
    named = {_row_id(name): change for name, change in changes.items()}

    def plant(patch: pytest.MonkeyPatch, profile: Profile) -> None:
        faulty = replaced(chart, rows=_changed(chart, named))
        for switches in {profile.dedicated.switches, profile.batch.switches}:
            spoilt = faulty if isinstance(faulty, SpecialisedChart) else faulty.specialise(dict(switches))
            for trigger, cells in used(switches).cells.items():
                for state in cells:
                    patch.setitem(cells, state, spoilt.cells[trigger][state])

    return plant


def _row_id(name: str) -> str:
    letter, number, rest = name.split("_", 2)
    return f"{letter}-{number}.{rest.replace('_', '-')}"


def timer(name: str, due: Callable[[Session, int | None], int | None]) -> Fault:
    """Another deadline: ``due(session, right)`` is given the right one."""

    def plant(patch: pytest.MonkeyPatch, _profile: Profile) -> None:
        right = getattr(Session, name).fget
        patch.setattr(Session, name, property(lambda self: due(self, right(self))))

    return plant


def action(name: str, spoil: Callable[[Session, Any, Any], None]) -> Fault:
    """Another action: ``spoil(before, draft, event)`` changes the draft once more."""

    def plant(patch: pytest.MonkeyPatch, _profile: Profile) -> None:
        right = step.ACTIONS[name]

        def spoilt(draft: Any, event: Any) -> None:
            before = step.draft_session(draft)
            right(draft, event)
            spoil(before, draft, event)

        patch.setitem(step.ACTIONS, name, spoilt)

    return plant


# --- the faults that need a line or two ----------------------------------------------------------------------------


def _late(by: int) -> Callable[[Session, int | None], int | None]:
    return lambda _, right: None if right is None else right + by


def _re_armed_at_each_start(one: Session, right: int | None) -> int | None:
    return right if right is None or one.last_job_started is None else one.last_job_started + (one.max_ttl or 0)


def _paused_while_inactive(one: Session, right: int | None) -> int | None:
    return None if one.configuration is Configuration.INACTIVE else right


def _from_creation(one: Session, right: int | None) -> int | None:
    return right if right is None else one.created_at + (one.max_ttl or 0)


def _lost_at_second_activation(one: Session, right: int | None) -> int | None:
    return right if one.activated_at == one.started_at else None


def _timer_survives_submit(was: Session, after: Any, _event: Any) -> None:
    after.work_ran_out_at = was.work_ran_out_at


def _idle_with_a_queue(_was: Session, after: Any, event: Any) -> None:
    if not after.on_device:
        after.work_ran_out_at = event.at


def _started_again(_was: Session, after: Any, event: Any) -> None:
    after.started_at = event.at


def _some_jobs_survive(which: Callable[[Session, list[Job]], list[Job]]) -> Fault:
    """The end of a session does not reach the jobs that ``which`` picks."""

    def plant(patch: pytest.MonkeyPatch, _profile: Profile) -> None:
        right = workload.Workload.queued
        patch.setattr(workload.Workload, "queued", lambda load, jobs: which(load.session, right(load, jobs)))

    return plant


def _ttl_forgets_the_queue(one: Session, queued: list[Job]) -> list[Job]:
    return [] if one.state_reason is StateReason.MAX_TTL else queued


def _tie_the_other_way(patch: pytest.MonkeyPatch, _profile: Profile) -> None:
    def last_rank_first(self: Session) -> tuple[int, int] | None:
        return min(self.deadlines(), key=lambda timer: (timer[0], -timer[1]), default=None)

    patch.setattr(Session, "next_timer", last_rank_first)


def _one_timer_only(patch: pytest.MonkeyPatch, _profile: Profile) -> None:
    def advance(self: engine.Engine, now: int) -> Any:
        out: list[Any] = []
        entry = self._first_timer()
        if entry is not None and entry[0] <= now:
            self._fire(entry, out)
        self.now = max(self.now, now)
        return tuple(out)

    patch.setattr(engine.Engine, "advance", advance)


def _window_ends_at_the_close(patch: pytest.MonkeyPatch, _profile: Profile) -> None:
    right = Session.rate.fget  # type: ignore[attr-defined] # a property of a class that mypy sees as its value
    patch.setattr(Session, "rate", property(lambda self: 0 if self.configuration is CLOSED else right(self)))


def _always_in_time(patch: pytest.MonkeyPatch, _profile: Profile) -> None:
    patch.setattr(Session, "may_start", lambda _self, _at: True)


def _nobody_is_exclusive(patch: pytest.MonkeyPatch, _profile: Profile) -> None:
    patch.setattr(device_core, "_exclusive", lambda _session: False)


def _newest_first(patch: pytest.MonkeyPatch, _profile: Profile) -> None:
    def head(self: workload.Workload, jobs: dict[str, Job]) -> Job | None:
        return next(iter(reversed(self.queued(jobs))), None)

    patch.setattr(workload.Workload, "head", head)


def _active_sessions_queue_up(patch: pytest.MonkeyPatch, _profile: Profile) -> None:
    patch.setattr(dispatch, "STARTED", frozenset())


def _refusals_are_counted(patch: pytest.MonkeyPatch, _profile: Profile) -> None:
    right = engine.Engine.handle

    def handle(self: engine.Engine, event: Any) -> Any:
        try:
            return right(self, event)
        except ClientError as error:
            self._fired[error.row] = self._fired.get(error.row, 0) + 1
            raise

    patch.setattr(engine.Engine, "handle", handle)


def _snapshot_forgets_the_holder(patch: pytest.MonkeyPatch, _profile: Profile) -> None:
    right = DeviceCore.snapshot

    def snapshot(self: DeviceCore) -> Any:
        whole = right(self)
        assert whole.device is not None
        return replaced(whole, device=replaced(whole.device, holders=()))

    patch.setattr(DeviceCore, "snapshot", snapshot)


def _shares_count_nothing(patch: pytest.MonkeyPatch, _profile: Profile) -> None:
    patch.setattr(dispatch.Shares, "used", lambda _self, _instance, _at: 0)


def _shares_never_forget(patch: pytest.MonkeyPatch, _profile: Profile) -> None:
    patch.setattr(dispatch, "ROLLING_WINDOW", 1_000_000)


SESSION_FAULTS: dict[str, Fault] = {
    "1: submit accepted while draining": session_rows(S_06_draining=INTERNAL | {"effect": "enqueue"}),
    "2: submit accepted after closed": session_rows(S_06_closed=INTERNAL | {"effect": "enqueue"}),
    "3: max TTL counts from creation": timer("max_ttl_due", _from_creation),
    "4: max TTL re-armed at each start": timer("max_ttl_due", _re_armed_at_each_start),
    "5: max TTL late by one": timer("max_ttl_due", _late(1)),
    "5b: max TTL early by one": timer("max_ttl_due", _late(-1)),
    "6: max TTL rests while inactive": timer("max_ttl_due", _paused_while_inactive),
    "7: queued jobs not failed on max TTL": _some_jobs_survive(_ttl_forgets_the_queue),
    "8, 9: running jobs killed at the end": job_rows(
        S_23_finish={"disposition": Disposition.TRANSITION, "target": JobStatus.CANCELLING, "effect": "stop"}
    ),
    "10: cancel leaves one queued job": _some_jobs_survive(lambda _, queued: queued[1:]),
    "11: cancel ignored while draining": session_rows(
        S_20_cancel={"sources": (Configuration.OPEN, ACTIVE, Configuration.INACTIVE)},
        S_21_cancel_closed={"sources": (*DRAINING, CLOSED)},
    ),
    "12: closed before the drain ends": session_rows(S_17_active=CLOSES),
    "13: close fails queued jobs": session_rows(S_17_open=CLOSES),
    "14: second close kills": session_rows(S_21_close_draining=CLOSES),
    "16: interactive timer survives submit": action("enqueue", _timer_survives_submit),
    "18: interactive timer armed with a queue": action("leave_device", _idle_with_a_queue),
    "19: interactive timer late by one": timer("interactive_due", _late(1)),
    "20: inactive becomes active on submit": session_rows(
        S_08_submit={"disposition": Disposition.TRANSITION, "target": ACTIVE}
    ),
    "24: drain never closes": session_rows(S_19_done=INTERNAL, S_19_failed=INTERNAL),
    "24b: drain never closes on an empty queue": session_rows(S_19_queue_empty=INTERNAL),
    "28: cancelled in the queue reported as failed": job_rows(J_02_cancel={"target": JobStatus.FAILED}),
    "29: ties the other way": _tie_the_other_way,
    "30: max TTL lost at the second activation": timer("max_ttl_due", _lost_at_second_activation),
    "33: started_at rewritten at each start": action("start", _started_again),
    "37: a jump over two deadlines fires one": _one_timer_only,
    "38: a report changes a final status": job_rows(
        J_03_succeeded={"target": JobStatus.COMPLETED},
    ),
    "S-15: a job may start at the deadline": _always_in_time,
    "S-16: no-submission timer early by one": timer("no_submission_due", _late(-1)),
    "T-03: refusals are counted": _refusals_are_counted,
    "U-01: the usage window ends at the close": _window_ends_at_the_close,
}
"""Faults that one session with two jobs can show."""

EXCLUSIVE_FAULTS: dict[str, Fault] = {
    "D-01: dispatch ignores exclusivity": _nobody_is_exclusive,
    "D-01: others are not held up by the holder": device_rows(D_01_held={"effect": "start"}),
    "D-02, D-03: backfill past a session that waits": device_rows(D_02_shared={"effect": "pass_over"}),
    "D-02: a session starts beside others": device_rows(D_02_shared={"effect": "start"}),
    "D-04: more jobs than lanes": device_rows(D_04_full={"effect": "start"}),
    "a snapshot forgets who holds the device": _snapshot_forgets_the_holder,
}
"""Faults that a dedicated session and two job-mode jobs on two lanes can show."""

QUEUE_FAULTS: dict[str, Fault] = {
    "D-05: a paused device starts jobs": device_rows(D_05_wait={"effect": "start"}),
    "S-12: active sessions queue up like others": _active_sessions_queue_up,
    "43: newest job first": _newest_first,
}
"""Faults that a batch and a job-mode job on one lane, which may be paused, can show."""

SHARE_FAULTS: dict[str, Fault] = {
    "D-03: fair share counts nothing": _shares_count_nothing,
    "D-03: fair share never forgets": _shares_never_forget,
}
"""Faults that only a device with several instances can show: for the state machine."""

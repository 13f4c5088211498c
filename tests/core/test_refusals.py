"""Every forbidden row of the charts: it raises what it says, names the row, and nothing has happened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sessioncore.core import (
    IBM_GUIDE,
    JOB_CHART,
    SESSION_CHART,
    CancelRequested,
    Chart,
    ClientError,
    CloseRequested,
    Configuration,
    Disposition,
    Fault,
    HostError,
    Job,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobStarted,
    JobStatus,
    JobSucceeded,
    Mode,
    OpenRequested,
    Row,
    Session,
    SubmitRequested,
    session_chart,
    step,
    step_job,
)
from sessioncore.core.chart import select
from sessioncore.core.job import job_row
from sessioncore.core.signals import JobLeftDevice, SessionEnded
from sessioncore.core.step import refuse
from sessioncore.core.values import replaced

from .session_bench import HOUR, SECOND, Bench, lone_session

LATE = 1000 * HOUR
STORY = ((0, "S-01.open"),)


def _forbidden(chart: Chart) -> Iterator[Any]:
    for row in chart.rows:
        if row.disposition is Disposition.FORBIDDEN:
            for source in row.sources:
                yield pytest.param(row, source, id=f"{row.id}-{source}")


def in_configuration(configuration: Configuration, **changes: Any) -> Bench:
    """A session that has come to this configuration by steps, 100 s old at most; job a is queued or running in most."""
    bench = lone_session(**changes)
    if configuration is Configuration.NONE:
        return bench
    state, _, draining = configuration.partition("_")
    bench.at(0).open("s")
    if state in ("active", "inactive") or draining:
        bench.at(0).submit("a", "s")
    if state in ("active", "inactive"):
        bench.at(1).start("a")
    if state == "inactive":
        bench.at(2).succeed("a")
        bench.at(62).nothing()
        if draining:
            bench.at(63).submit("b", "s")
    if draining:
        bench.at(63).close("s")
    if state == "closed":
        bench.at(63).cancel("s")
    assert bench.state("s") == configuration
    return bench


def _event(row: Row, **names: str) -> Any:
    fields = {
        OpenRequested: {"session_id": "s"},
        SubmitRequested: {"job_id": "x", "session_id": "s"},
        CloseRequested: {"session_id": "s"},
        CancelRequested: {"session_id": "s"},
        JobLeftDevice: {"session_id": "s", "job_id": "x", "status": JobStatus.COMPLETED},
    }
    known = fields.get(row.trigger)
    if known is None:
        known = {name: value for name, value in names.items() if name in row.trigger.__annotations__}
    limit = {"max_execution": 0} if ("fits", "no") in row.guard or ("positive", "no") in row.guard else {}
    return row.trigger(at=LATE, **known, **limit)


@pytest.mark.rule("V-03", "T-03")
@pytest.mark.parametrize(("row", "source"), list(_forbidden(SESSION_CHART)))
def test_a_forbidden_row_of_a_session_raises_by_its_name_and_the_session_is_as_it_was(
    row: Row, source: Configuration
) -> None:
    changes = {"idle_action": "none"} if row.id == "S-13.switched-off" else {}
    event = _event(row, session_id="s", job_id="x")
    if source is Configuration.NONE:
        cells = session_chart(IBM_GUIDE.dedicated.switches).cells
        assert select(cells[row.trigger][source], None, event) is not None
        error = refuse(select(cells[row.trigger][source], None, event), subject="session s", state="unknown")
    else:
        session: Session = in_configuration(source, **changes).session("s")
        if row.id == "S-15.late" and session.started_at is None:
            session = replaced(session, started_at=0, activated_at=0)  # no core brings it there
        before, told = replaced(session), hash(session)
        with pytest.raises((ClientError, HostError)) as caught:
            step(session, event, STORY)
        assert (session, hash(session)) == (before, told)
        error = caught.value  # type: ignore[assignment]  # one of the two
    _says_what_the_row_says(error, row)


@pytest.mark.rule("V-03", "T-03")
@pytest.mark.parametrize(("row", "source"), list(_forbidden(JOB_CHART)))
def test_a_forbidden_row_of_a_job_raises_by_its_name_and_the_job_is_as_it_was(row: Row, source: JobStatus) -> None:
    event = _event(row, job_id="a")
    if source is JobStatus.NONE:
        with pytest.raises((ClientError, HostError)) as caught:
            job_row(None, event)
    else:
        job = Job(
            id="a",
            session_id="s",
            number=0,
            status=source,
            submitted_at=0,
            switches=IBM_GUIDE.dedicated.switches,
        )
        with pytest.raises((ClientError, HostError)) as caught:
            step_job(job, event)
        assert job == replaced(job)
        assert job.status is source
    _says_what_the_row_says(caught.value, row)


def _says_what_the_row_says(error: Exception, row: Row) -> None:
    assert isinstance(error, ClientError if row.fault is Fault.CLIENT else HostError)
    assert (error.row, error.rule) == (row.id, row.rules[0])
    assert row.says in str(error)
    if isinstance(error, ClientError):
        assert (error.message, error.code, error.http_status) == (row.says, row.code, row.http_status)
        assert error.remedy == row.remedy
        assert error.state


def _everything(at: int) -> Iterator[Any]:
    for mode in Mode:
        yield OpenRequested(at=at, session_id="s", mode=mode)
    for job in ("a", "b", "new"):
        for session in ("s", "nowhere"):
            for limit in (None, 0, 9 * HOUR):
                yield SubmitRequested(at=at, job_id=job, session_id=session, max_execution=limit)
        for report in (JobStarted, JobSucceeded, JobFailed, JobReleased, JobCancelRequested):
            yield report(at=at, job_id=job)
        yield SessionEnded(at=at, job_id=job)
    for request in (CloseRequested, CancelRequested):
        for session in ("s", "nowhere"):
            yield request(at=at, session_id=session)


def _refused(bench: Bench[Any], event: Any) -> ClientError | HostError | None:
    try:
        bench.step(event)  # the bench compares the snapshots
    except (ClientError, HostError) as refused:
        return refused
    return None


@pytest.mark.rule("T-03", "V-03", "S-06", "J-09")
def test_in_every_state_whatever_is_refused_leaves_an_equal_snapshot_and_every_refusing_row_has_been_met() -> None:
    met: set[str] = set()
    for configuration in Configuration:
        for event in _everything(100 * SECOND):
            bench = in_configuration(configuration)
            refused = _refused(bench, event)
            if isinstance(refused, ClientError):
                assert refused.state
                assert refused.remedy
                assert refused.story or refused.state == "unknown"
            if refused is not None:
                met.add(refused.row or refused.rule)
    refusing = {row.id for chart in (SESSION_CHART, JOB_CHART) for row in chart.rows if row.fault is Fault.CLIENT}
    assert refusing - met == {"S-07.job"}, "which is for job mode alone, and tested there"
    assert {"J-09.session-twice", "J-09.job-twice"} <= met

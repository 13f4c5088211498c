"""Hypothesis plays with one device (``DeviceCore``): sessions, batches and jobs of their own on one to three lanes,
under both policies, paused and resumed; and at the end says which rows of the charts the two machines reached.

``pytest --deep`` plays :data:`model_play.DEEP` times longer. The runs are the same every time (no random seed).
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from sessioncore.core import (
    DEVICE_CHART,
    FIFO,
    JOB_CHART,
    SESSION_CHART,
    CloseRequested,
    DeviceCore,
    DeviceState,
    Disposition,
    Fault,
    JobStarted,
    JobSucceeded,
    Mode,
    OfflineRequested,
    OpenRequested,
    PauseRequested,
    Policy,
    Profile,
    ResumeRequested,
    Row,
)

from .model_driver import Pair
from .model_play import WINDOW_US, examples, play
from .model_reference import Reference
from .model_scenes import Scenes
from .model_worlds import FAMILIES, ON_DEVICE, QUEUED, WHEN, indices, lengths, profiles
from .test_stateful_session import OneSession

LIVE_MAX = 4
JOBS_MAX = 16
INSTANCES = ("a", "b", "c")
POLICIES = (
    FIFO,
    Policy(name="fair_share"),
    Policy(name="fair_share", allocations=(("a", 3), ("b", 1))),
)


class OneDevice(Scenes):
    """A device with everything that may be queued for it."""

    profile: Profile
    lanes: int
    policy: Policy

    @initialize(data=st.data())
    def first(self, data: st.DataObject) -> None:
        """A device that nobody has used yet."""
        self.profile = data.draw(profiles(self.family))
        self.lanes = data.draw(st.sampled_from((1, 1, 2, 3)))
        self.policy = data.draw(st.sampled_from(POLICIES))
        self.begin(self.fresh(0))

    def fresh(self, now: int) -> Pair:
        """A new core and its reference."""
        core = DeviceCore("d", lanes=self.lanes, profile=self.profile, policy=self.policy, now=now)
        reference = Reference(self.profile, now=now, lanes=self.lanes, policy=self.policy, window=WINDOW_US)
        return Pair(core, reference)

    def start_over_when_full(self) -> None:
        """Drive a device that has seen many jobs to the end, and take a new one: looking at it takes too long."""
        if len(self.core.jobs) > JOBS_MAX:
            self.finish_everything()
            self.begin(self.fresh(self.now))

    @property
    def core(self) -> DeviceCore:
        """The device."""
        assert self.pair is not None
        assert isinstance(self.pair.core, DeviceCore)
        return self.pair.core

    @rule(
        mode=st.sampled_from(Mode),
        max_ttl=st.sampled_from((None, None, None, 2, 9, 14, 0, 15)),
        instance=st.sampled_from(INSTANCES),
        when=st.sampled_from(WHEN),
    )
    def open(self, mode: Mode, max_ttl: int | None, instance: str, when: str) -> None:
        """One more session, as long as there are not too many to meet each other often."""
        self.start_over_when_full()
        if len(self.sessions()) < LIVE_MAX:
            self.sessions_made += 1
            name = f"s{self.sessions_made}"
            at = self.instant(when)
            self.send(OpenRequested(at=at, session_id=name, mode=mode, max_ttl=max_ttl, instance=instance))

    def open_another(self) -> None:
        """Dedicated and batch in turn."""
        number = self.sessions_made
        self.open_now(Mode.BATCH if number % 2 else Mode.DEDICATED, INSTANCES[number % len(INSTANCES)])

    def open_now(self, mode: Mode, instance: str) -> None:
        """A session with the profile's own lifetime."""
        self.sessions_made += 1
        self.send(OpenRequested(at=self.now, session_id=f"s{self.sessions_made}", mode=mode, instance=instance))

    @rule(length=lengths, instance=st.sampled_from(INSTANCES), count=st.integers(1, 3))
    def submit_alone(self, length: int | None, instance: str, count: int) -> None:
        """Jobs in job mode."""
        self.start_over_when_full()
        for _ in range(count):
            self.new_job(None, length, instance=instance)

    @rule(kind=st.sampled_from((PauseRequested, OfflineRequested, ResumeRequested, ResumeRequested)))
    def operate(self, kind: type) -> None:
        """An operator's hand on the device, once or twice."""
        self.start_over_when_full()
        self.send(kind(at=self.now))
        self.send(kind(at=self.now))

    @rule(count=st.integers(1, 6), gap=st.integers(0, 2))
    def device_works(self, count: int, gap: int) -> None:
        """The device runs one job after another, whatever comes next in the order (D-03)."""
        for _ in range(count):
            for job in self.jobs(*ON_DEVICE)[:1]:
                self.send(JobSucceeded(at=self.now + gap, job_id=job.id))

    @rule(instances=st.permutations(INSTANCES), shared=st.booleans())
    def crowd(self, instances: list[str], shared: bool) -> None:
        """D-01 to D-04: everybody wants the device at once, from several instances, while something runs on it."""
        self.start_over_when_full()
        self.new_job(None, instance=instances[0])
        if len(self.sessions()) < LIVE_MAX:
            self.open_now(Mode.BATCH if shared else Mode.DEDICATED, instances[1])
            self.submit_some(f"s{self.sessions_made}", 2)
        self.new_job(None, instance=instances[2])
        for job in self.jobs(*ON_DEVICE)[:1]:
            self.send(JobSucceeded(at=self.now + 2, job_id=job.id))

    @rule(index=indices, closes=st.booleans(), how=st.sampled_from((0, 2)))
    def end_and_leave_jobs_behind(self, index: int, closes: bool, how: int) -> None:
        """S-15, S-20, S-23: leftover jobs keep their lanes while others come in beside them."""
        self.end_with_work_left(index, 3, 3, False, how, JobSucceeded)
        self.open_another()
        name = f"s{self.sessions_made}"
        if any(one.id == name for one in self.sessions()):
            self.submit_some(name, 1)
            if closes:
                self.send(CloseRequested(at=self.now, session_id=name))

    @rule()
    def start_by_hand(self) -> None:
        """T-05: a device decides itself; no host can hand it a start."""
        assert self.pair is not None
        self.pair.advance(self.now)
        for job in [*self.jobs(QUEUED), *self.jobs(*ON_DEVICE)][:1]:
            self.pair.must_raise(JobStarted(at=self.now, job_id=job.id), "T-05")

    def run_queued(self, of: str, most: int) -> None:
        """The device starts what may start; here it is only brought back, and others make room."""
        self.hold(False)
        for _ in range(4):
            mine = self.jobs(*ON_DEVICE, of=of)
            if len(mine) >= most or not self.jobs(QUEUED, of=of):
                return
            for job in [job for job in self.jobs(*ON_DEVICE) if job.session_id != of][:1]:
                self.send(JobSucceeded(at=self.now, job_id=job.id))

    def hold(self, yes: bool) -> None:
        """Pause or resume, where it makes a difference."""
        if yes and self.core.state is DeviceState.ONLINE:
            self.send(PauseRequested(at=self.now))
        elif not yes and self.core.state is not DeviceState.ONLINE:
            self.send(ResumeRequested(at=self.now))

    def stray_start(self, job_id: str) -> None:
        """See :meth:`start_by_hand`."""

    def start_something(self) -> bool:
        """A fair operator brings the device back."""
        if self.core.state is DeviceState.ONLINE:
            return False
        self.hold(False)
        return True


@pytest.mark.parametrize("family", FAMILIES)
def test_a_device_keeps_every_law_whatever_happens_to_it(family: str, deep: bool) -> None:
    fired = play(OneDevice, family, examples(family, deep))
    assert fired["steps"] > 1000


# --- what was reached --------------------------------------------------------------------------------------------


def reached(deep: bool) -> Counter[str]:
    """The rows that both machines met, over all families of profiles."""
    total: Counter[str] = Counter()
    for family in FAMILIES:
        total += play(OneSession, family, examples(family, deep))
        total += play(OneDevice, family, examples(family, deep))
    return total


def rows() -> list[Row]:
    """Every row of the three charts."""
    return [*SESSION_CHART.rows, *JOB_CHART.rows, *DEVICE_CHART.rows]


def test_the_machines_fire_every_row_that_can_fire(deep: bool) -> None:
    fired = reached(deep)
    seldom = {row.id: fired[row.id] for row in rows() if row.disposition is not Disposition.FORBIDDEN}
    never = sorted(name for name, times in seldom.items() if times == 0)
    assert not never, f"no run of the state machines ever fired {never}"


def test_the_machines_meet_every_refusal_that_a_client_can_meet(deep: bool) -> None:
    met = reached(deep)
    never = sorted(row.id for row in rows() if row.fault is Fault.CLIENT and not met[row.id])
    assert not never, f"no run of the state machines was ever refused by {never}"
    assert met["S-02.max-ttl"], "no run of the state machines asked for an impossible max TTL"


def test_the_machines_meet_the_errors_of_a_host_that_a_core_alone_can_meet(deep: bool) -> None:
    assert reached(deep)["S-15.late"], "no run of the state machines started a job at its session's deadline"

"""Hypothesis plays with one session (``SessionCore``), whose host starts the jobs, and watches every law after every
step.

``pytest --deep`` plays :data:`model_play.DEEP` times longer. The runs are the same every time (no random seed).
"""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from sessioncore.core import JobStarted, Mode, OpenRequested, Profile, SessionCore, SubmitRequested

from .model_driver import Pair
from .model_play import examples, play
from .model_reference import Reference
from .model_scenes import Scenes
from .model_worlds import FAMILIES, ON_DEVICE, QUEUED, WHEN, indices, profiles


class OneSession(Scenes):
    """A session and the scheduler of its host. When the session is over, the next one begins with the same profile."""

    profile: Profile

    @initialize(data=st.data())
    def first(self, data: st.DataObject) -> None:
        """A core that nobody has used yet."""
        self.profile = data.draw(profiles(self.family))
        self.begin(self.fresh(0))

    def fresh(self, now: int) -> Pair:
        """A new core and its reference."""
        return Pair(SessionCore(profile=self.profile, now=now), Reference(self.profile, now=now))

    @precondition(lambda self: self.pair is not None and not self.sessions())
    @rule(mode=st.sampled_from(Mode), max_ttl=st.sampled_from((None, None, None, 2, 9, 14, 0, -3, 15)))
    def open_next(self, mode: Mode, max_ttl: int | None) -> None:
        """The core's session, or, after its end, that of the next core."""
        self.open(mode, max_ttl)

    def open_another(self) -> None:
        """Dedicated and batch in turn, so that a rule about a live session seldom runs dry."""
        self.open(Mode.BATCH if self.sessions_made % 2 else Mode.DEDICATED, None)

    def open(self, mode: Mode, max_ttl: int | None) -> None:
        """Open a session; where the core has had one, take a new core once its last job has left the device."""
        if self.sessions(live=False):
            if self.sessions() or self.jobs(*ON_DEVICE):
                return
            self.begin(self.fresh(self.now))
        self.sessions_made += 1
        name = f"s{self.sessions_made}"
        if not self.send(OpenRequested(at=self.now, session_id=name, mode=mode, max_ttl=max_ttl)):
            self.send(OpenRequested(at=self.now, session_id=name, mode=mode))

    @rule(index=indices, when=st.sampled_from(WHEN))
    def start(self, index: int, when: str) -> None:
        """The host starts a queued job, not always the oldest; at a deadline it is the host's error (S-15)."""
        targets = self.jobs(QUEUED)
        if targets:
            self.send(JobStarted(at=self.instant(when), job_id=targets[index % len(targets)].id))

    def run_queued(self, of: str, most: int) -> None:
        """The host starts them, oldest first."""
        for job in self.jobs(QUEUED, of=of)[:most]:
            self.send(JobStarted(at=self.now, job_id=job.id))

    def hold(self, yes: bool) -> None:
        """Nothing starts by itself here."""

    def late_start(self, name: str, at: int) -> None:
        """The host's error (S-15)."""
        for job in self.jobs(QUEUED, of=name)[:1]:
            self.send(JobStarted(at=at, job_id=job.id))

    def stray_start(self, job_id: str) -> None:
        """Counted, and nothing changes (J-06)."""
        for name in (job_id, *self.some_ids(*ON_DEVICE)):
            self.send(JobStarted(at=self.now, job_id=name))

    def ids_twice(self) -> None:
        """Besides: a SessionCore has no second session and no job mode."""
        assert self.pair is not None
        super().ids_twice()
        if self.sessions(live=False):
            self.pair.advance(self.now)
            self.pair.must_raise(OpenRequested(at=self.now, session_id="another"), "J-09")
            self.pair.must_raise(SubmitRequested(at=self.now, job_id="alone"), "D-04")

    def start_something(self) -> bool:
        """A fair host starts what is queued."""
        for job in self.jobs(QUEUED):
            return self.send(JobStarted(at=self.now, job_id=job.id))
        return False


@pytest.mark.parametrize("family", FAMILIES)
def test_a_session_keeps_every_law_whatever_happens_to_it(family: str, deep: bool) -> None:
    fired = play(OneSession, family, examples(family, deep))
    # Hypothesis draws from constants of all modules that are loaded too, so the runs differ in length: 790 to 2,090.
    assert fired["steps"] > 500

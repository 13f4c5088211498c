"""The plain devices of the catalogue as targets whose jobs end by themselves."""

from __future__ import annotations

from collections.abc import Mapping

from sessioncore.conformance.faults import PlainDevice
from sessioncore.conformance.protocol import Capabilities, Outcome, View
from sessioncore.core import Event, JobFailed, JobReleased, JobSucceeded

LOOKS = 6
"""How many looks a job of medium length outlasts."""


class SelfEnding:
    """Ends the jobs of a plain device: short ones as soon as somebody looks, medium ones after a few looks, and
    those that are being stopped after one."""

    def __init__(self, device: PlainDevice) -> None:
        lanes = device.capabilities.lanes
        self.capabilities = Capabilities(reports=False, lanes=lanes, fresh=False)
        self._device = device
        self._lengths: Mapping[str, str] = {}
        self._looks: dict[str, int] = {}

    def plan(self, lengths: Mapping[str, str]) -> None:
        self._lengths = lengths

    def apply(self, event: Event) -> Outcome:
        return self._device.apply(event)

    def advance(self, microseconds: int) -> None:
        self._device.advance(microseconds)

    def observe(self) -> View:
        for job in list(self._device.on_device):
            self._age(job)
        return self._device.observe()

    def close(self) -> None:
        self._device.close()

    def _age(self, job: str) -> None:
        looks = self._looks[job] = self._looks.get(job, 0) + 1
        at, length = self._device.now, self._lengths.get(job, "short")
        stopping = self._device.jobs[job].status == "cancelling"
        if stopping and looks > 1:
            self._device.apply(JobReleased(at=at, job_id=job))
        elif length == "failing":
            self._device.apply(JobFailed(at=at, job_id=job, reason_code=9_707))
        elif length == "short" or (length == "medium" and looks > LOOKS):
            self._device.apply(JobSucceeded(at=at, job_id=job))

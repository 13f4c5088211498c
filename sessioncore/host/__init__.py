"""The imperative shell around the cores: a clock, one loop, and the views that owners see."""

from sessioncore.core.durations import parse_duration as parse

from .clocks import RealClock, VirtualClock
from .runtime import Runtime
from .values import (
    Caller,
    DeviceSpec,
    DeviceView,
    HostLimits,
    JobFilter,
    JobRequest,
    JobView,
    SessionView,
)

__all__ = [
    "Caller",
    "DeviceSpec",
    "DeviceView",
    "HostLimits",
    "JobFilter",
    "JobRequest",
    "JobView",
    "RealClock",
    "Runtime",
    "SessionView",
    "VirtualClock",
    "parse",
]

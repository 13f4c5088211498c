"""The pure machine: charts, profiles, one step, and two cores that own state. It imports attrs and nothing else.

Embedding takes four lines: ``advance``, ``handle``, carry out the effects, sleep until ``next_deadline()``.
"""

from .chart import CHART_VERSION, Chart, Disposition, Fault, Row, TimerLaw
from .device_chart import DEVICE_CHART
from .device_core import DeviceCore
from .durations import parse_duration
from .effects import Effect, NotifyDevice, NotifyJob, NotifySession, StartJob, StopJob
from .errors import BackendError, ChartError, ClientError, HostError, InvariantError, SessionCoreError
from .events import (
    Advanced,
    CancelRequested,
    CloseRequested,
    Event,
    ExecutionLimitExpired,
    InteractiveTtlExpired,
    JobCancelRequested,
    JobFailed,
    JobReleased,
    JobStarted,
    JobSucceeded,
    MaxTtlExpired,
    NoSubmissionExpired,
    OfflineRequested,
    OpenRequested,
    PauseRequested,
    ResumeRequested,
    SubmitRequested,
    UsageLimitReached,
)
from .job import Job, step_job
from .job_chart import JOB_CHART, job_chart
from .profiles import AZURE, FIFO, IBM_GUIDE, IBM_TODAY, PASQAL_BATCH, PROFILES, SCALEWAY, Parameters, Policy, Profile
from .session import Session
from .session_chart import SESSION_CHART, session_chart
from .session_core import SessionCore
from .snapshot import Snapshot
from .states import Configuration, DeviceState, JobStatus, Mode, SessionState, StateReason
from .step import Step, open_session, step
from .views import details, status, wire_status

__all__ = [
    "AZURE",
    "CHART_VERSION",
    "DEVICE_CHART",
    "FIFO",
    "IBM_GUIDE",
    "IBM_TODAY",
    "JOB_CHART",
    "PASQAL_BATCH",
    "PROFILES",
    "SCALEWAY",
    "SESSION_CHART",
    "Advanced",
    "BackendError",
    "CancelRequested",
    "Chart",
    "ChartError",
    "ClientError",
    "CloseRequested",
    "Configuration",
    "DeviceCore",
    "DeviceState",
    "Disposition",
    "Effect",
    "Event",
    "ExecutionLimitExpired",
    "Fault",
    "HostError",
    "InteractiveTtlExpired",
    "InvariantError",
    "Job",
    "JobCancelRequested",
    "JobFailed",
    "JobReleased",
    "JobStarted",
    "JobStatus",
    "JobSucceeded",
    "MaxTtlExpired",
    "Mode",
    "NoSubmissionExpired",
    "NotifyDevice",
    "NotifyJob",
    "NotifySession",
    "OfflineRequested",
    "OpenRequested",
    "Parameters",
    "PauseRequested",
    "Policy",
    "Profile",
    "ResumeRequested",
    "Row",
    "Session",
    "SessionCore",
    "SessionCoreError",
    "SessionState",
    "Snapshot",
    "StartJob",
    "StateReason",
    "Step",
    "StopJob",
    "SubmitRequested",
    "TimerLaw",
    "UsageLimitReached",
    "details",
    "job_chart",
    "open_session",
    "parse_duration",
    "session_chart",
    "status",
    "step",
    "step_job",
    "wire_status",
]

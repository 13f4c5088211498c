"""The words of the machine: states, statuses, modes and reasons.

Every member's value is the word that goes over the wire or into a trace, so that what a person reads in
a log, in a picture and in the code is the same word.
"""

from __future__ import annotations

from .values import Word


class Mode(Word):
    """How the jobs of a session share the device (S-01, D-01, D-04)."""

    DEDICATED = "dedicated"
    BATCH = "batch"


class SessionState(Word):
    """The four states of a session that the vendor's REST reference names."""

    OPEN = "open"
    ACTIVE = "active"
    INACTIVE = "inactive"
    CLOSED = "closed"


class Configuration(Word):
    """Where a session stands in the chart: its state, and whether it still accepts jobs.

    UML calls the set of simple states that a machine is in at once its *configuration*. A session has two
    regions, the state and the accepting flag; what is called *draining* is "not accepting, not closed".
    ``NONE`` is the initial pseudostate: there is no such session (yet).
    """

    NONE = "none"
    OPEN = "open"
    ACTIVE = "active"
    INACTIVE = "inactive"
    OPEN_DRAINING = "open_draining"
    ACTIVE_DRAINING = "active_draining"
    INACTIVE_DRAINING = "inactive_draining"
    CLOSED = "closed"


class StateReason(Word):
    """Why a session closed (wire field ``state_reason``)."""

    CLOSED = "closed"
    CANCELLED = "cancelled"
    MAX_TTL = "max_ttl"
    INTERACTIVE_TTL = "interactive_ttl"
    NO_SUBMISSION = "no_submission"
    USAGE_LIMIT = "usage_limit"
    JOB_FAILED = "job_failed"


class JobStatus(Word):
    """The life of one job (J-01). ``NONE`` is the initial pseudostate: no such job (yet).

    ``CANCELLING``: the client already sees *Cancelled*, the device has not let go yet (J-03).
    """

    NONE = "none"
    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DeviceState(Word):
    """Whether a device starts jobs (D-05)."""

    ONLINE = "online"
    PAUSED = "paused"
    OFFLINE = "offline"

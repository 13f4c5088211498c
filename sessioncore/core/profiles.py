"""Profiles: one machine, many services.

A profile is a frozen value with two halves, one for dedicated sessions and one for batches, since a service runs both.
Durations and limits are integer microseconds or counts (None: off). Switches are enumerated; the charts can be
specialised to them. The guide's own behaviour, ``ibm-guide``, is the default.

Evidence: what ``ibm-guide`` and ``ibm-today`` say is said by the vendor's guide and REST reference. Of the other three,
``unknown`` lists what no public source settles and what was decided here instead; none of them has been verified.
"""

from __future__ import annotations

from typing import Any, final

from attrs import field

from .durations import DAY, HOUR, MINUTE, SECOND
from .errors import HostError
from .states import Mode
from .values import replaced, value

SWITCHES: dict[str, tuple[str, ...]] = {
    "start_event": ("first_dispatch", "create"),
    "idle_from": ("work_ran_out", "last_submission"),
    "idle_action": ("deactivate", "end", "none"),
    "queued_at_end": ("fail", "cancel"),
    "on_device_at_end": ("finish", "stop"),
    "failure_policy": ("continue", "abort"),
    "exclusive": ("yes", "no"),
    "usage": ("windows", "lanes"),
    "status_names": ("ibm", "azure"),
}
"""Every switch and its settings; the first is the guide's."""

LIMITS = ("max_ttl", "interactive_ttl", "no_submission", "execution_limit", "job_limit", "usage_limit")
"""The fields of :class:`Parameters` that are durations (microseconds) or counts, None for off."""


@final
@value
class Parameters:
    """One half of a profile: how a dedicated session, or a batch, behaves.

    ``max_ttl`` is the ceiling and the default (S-03). ``execution_limit`` caps one job (J-05). ``job_limit`` counts
    accepted jobs, ``usage_limit`` is microseconds of usage (S-25). Raises :class:`HostError` for a value that makes
    no sense.
    """

    max_ttl: int | None = 8 * HOUR
    interactive_ttl: int | None = 60 * SECOND
    no_submission: int | None = 30 * MINUTE
    execution_limit: int | None = 3 * HOUR
    job_limit: int | None = None
    usage_limit: int | None = None
    start_event: str = "first_dispatch"
    idle_from: str = "work_ran_out"
    idle_action: str = "deactivate"
    queued_at_end: str = "fail"
    on_device_at_end: str = "finish"
    failure_policy: str = "continue"
    exclusive: str = "yes"
    usage: str = "windows"
    status_names: str = "ibm"
    switches: tuple[tuple[str, str], ...] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Check every value, so that no core is ever built on nonsense."""
        for name in LIMITS:
            limit = getattr(self, name)
            if limit is not None and (type(limit) is not int or limit < 1):
                raise HostError(f"{name} must be a whole number of at least 1, or None; it is {limit!r}", rule="S-03")
        for name, settings in SWITCHES.items():
            if getattr(self, name) not in settings:
                raise HostError(
                    f"{name} can be {' or '.join(settings)}; it is {getattr(self, name)!r}", rule="S-03"
                )
        object.__setattr__(self, "switches", tuple((name, getattr(self, name)) for name in SWITCHES))


@final
@value
class Profile:
    """What one service does. ``plan_denied``: off, job_mode or reject (S-04); ``unknown``: what is decided, not
    known."""

    name: str
    dedicated: Parameters
    batch: Parameters
    plan_denied: str = "job_mode"
    unknown: tuple[str, ...] = ()

    def half(self, mode: Mode) -> Parameters:
        """The parameters of sessions in this mode."""
        return self.batch if mode is Mode.BATCH else self.dedicated

    def with_values(self, **changes: Any) -> Profile:
        """This profile with some parameters changed in both halves, for example ``interactive_ttl=5 * SECOND``.

        Raises :class:`HostError` for a value that makes no sense and TypeError for a name that no parameter has.
        """
        return replaced(
            self,
            dedicated=replaced(self.dedicated, **changes),
            batch=replaced(self.batch, **changes),
        )


_IBM = Parameters()
_IBM_BATCH = Parameters(exclusive="no", usage="lanes")

IBM_GUIDE = Profile(name="ibm-guide", dedicated=_IBM, batch=_IBM_BATCH)
IBM_TODAY = Profile(name="ibm-today", dedicated=_IBM, batch=_IBM_BATCH, plan_denied="reject")

_AZURE = Parameters(
    max_ttl=None,
    interactive_ttl=10 * MINUTE,
    no_submission=None,
    execution_limit=None,
    idle_from="last_submission",
    idle_action="end",
    exclusive="no",
    usage="lanes",
    status_names="azure",
)
AZURE = Profile(
    name="azure",
    dedicated=_AZURE,
    batch=_AZURE,
    unknown=(
        "a session that never ran a job has no end of its own",
        "the idle time is checked only while the session has no work, so that no queued job is lost to it",
        "jobs have no execution limit here; usage is counted by lanes",
    ),
)

_SCALEWAY = Parameters(
    max_ttl=59 * MINUTE,
    interactive_ttl=59 * MINUTE,
    no_submission=None,
    execution_limit=None,
    start_event="create",
    idle_action="end",
)
SCALEWAY = Profile(
    name="scaleway",
    dedicated=_SCALEWAY,
    batch=_SCALEWAY,
    unknown=(
        "of several sessions created on one device, the one that started first holds it",
        "queued jobs fail at the end; jobs have no execution limit of their own",
    ),
)

_PASQAL = Parameters(
    max_ttl=None,
    interactive_ttl=None,
    no_submission=None,
    execution_limit=None,
    idle_action="none",
    queued_at_end="cancel",
)
PASQAL_BATCH = Profile(
    name="pasqal-batch",
    dedicated=_PASQAL,
    batch=_PASQAL,
    unknown=(
        "an open batch that is never closed has no end",
        "a cancelled batch cancels its queued jobs and lets running ones finish",
        "exclusivity ends with the close, as it does for every other profile",
    ),
)

PROFILES: dict[str, Profile] = {
    profile.name: profile for profile in (IBM_GUIDE, IBM_TODAY, AZURE, SCALEWAY, PASQAL_BATCH)
}
"""Every profile by its name."""

ROLLING_WINDOW = 28 * DAY
"""Over how long ``fair_share`` counts usage, in microseconds (D-03)."""


@final
@value
class Policy:
    """In which order waiting workloads stand (D-03): ``fifo``, or ``fair_share``.

    ``fair_share`` takes the instance with the least usage against its allocation first, over :data:`ROLLING_WINDOW`,
    and stays first-in-first-out inside an instance. ``allocations`` gives shares as whole numbers; others have 1.
    """

    name: str = "fifo"
    allocations: tuple[tuple[str, int], ...] = ()

    def __attrs_post_init__(self) -> None:
        """Refuse a name or an allocation that makes no sense."""
        if self.name not in ("fifo", "fair_share"):
            raise HostError(f"a policy can be fifo or fair_share; it is {self.name!r}", rule="D-03")
        for instance, share in self.allocations:
            if type(share) is not int or share < 1:
                raise HostError(
                    f"the allocation of {instance!r} must be a whole number of at least 1; it is {share!r}",
                    rule="D-03",
                )


FIFO = Policy()

"""What a profile is: the parameters of one service, and the policy of a device. Which there are: ``profiles``.

Durations and limits are integer microseconds or counts (None: off). Switches are enumerated; the charts can be
specialised to them. Every default is the guide's.
"""

from __future__ import annotations

from typing import Any, final

from attrs import field

from .durations import HOUR, MINUTE, SECOND
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
                raise HostError(f"{name} can be {' or '.join(settings)}; it is {getattr(self, name)!r}", rule="S-03")
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
        return replaced(self, dedicated=replaced(self.dedicated, **changes), batch=replaced(self.batch, **changes))


@final
@value
class Policy:
    """In which order waiting workloads stand (D-03): ``fifo``, or ``fair_share``.

    ``fair_share`` takes the instance with the least usage of the last 28 days against its allocation first, and stays
    first-in-first-out inside an instance. ``allocations`` gives shares as whole numbers; others have 1.
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
                    f"the allocation of {instance!r} must be a whole number of at least 1; it is {share!r}", rule="D-03"
                )

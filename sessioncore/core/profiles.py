"""Profiles: one machine, many services.

A profile is a frozen value with two halves, one for dedicated sessions and one for batches, since a service runs both.
The guide's own behaviour, ``ibm-guide``, is the default.

Evidence: what ``ibm-guide`` and ``ibm-today`` say is said by the vendor's guide and REST reference. Of the other three,
``unknown`` lists what no public source settles and what was decided here instead; none of them has been verified.
"""

from __future__ import annotations

from .durations import MINUTE
from .parameters import LIMITS, SWITCHES, Parameters, Policy, Profile

__all__ = [
    "AZURE", "FIFO", "IBM_GUIDE", "IBM_TODAY", "LIMITS", "PASQAL_BATCH", "PROFILES", "SCALEWAY", "SWITCHES",
    "Parameters", "Policy", "Profile",
]  # fmt: skip

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

FIFO = Policy()
"""First in, first out."""

"""The configurations over which the graph of one session is compared between the core, TLC and the golden file."""

from __future__ import annotations

from typing import final

from sessioncore.core.profiles import IBM_GUIDE, Parameters, Profile
from sessioncore.core.values import replaced, value


@final
@value
class Setting:
    """One small session: how many jobs there may be, the lengths of its timers in ticks, and its policies.

    ``no_submission`` 0 is off.
    """

    jobs: int
    max_ttl: int
    interactive_ttl: int
    no_submission: int
    failure_policy: str = "continue"
    queued_at_end: str = "fail"

    @property
    def name(self) -> str:
        """Short and unique, for tables and messages: ``j2-m3-i1-n2-continue-fail``."""
        return (
            f"j{self.jobs}-m{self.max_ttl}-i{self.interactive_ttl}-n{self.no_submission}"
            f"-{self.failure_policy}-{self.queued_at_end}"
        )

    @property
    def profile(self) -> Profile:
        """The guide's profile with these lengths, a tick being a microsecond, and without execution limits."""
        return IBM_GUIDE.with_values(
            max_ttl=self.max_ttl,
            interactive_ttl=self.interactive_ttl,
            no_submission=self.no_submission or None,
            execution_limit=None,
            failure_policy=self.failure_policy,
            queued_at_end=self.queued_at_end,
        )


_TIMERS = ((3, 1), (2, 2), (2, 3), (1, 1))
"""(max TTL, interactive TTL): smaller, equal, larger, and all over within a tick."""

_POLICIES = (("continue", "fail"), ("abort", "cancel"), ("continue", "cancel"), ("abort", "fail"))


def _matrix() -> tuple[Setting, ...]:
    found = []
    for jobs in (1, 2, 3):
        for at, (max_ttl, interactive_ttl) in enumerate(_TIMERS):
            for no_submission in (0, 2):
                failure_policy, queued_at_end = _POLICIES[(at + jobs + no_submission) % 4]
                found.append(
                    Setting(
                        jobs=jobs,
                        max_ttl=max_ttl,
                        interactive_ttl=interactive_ttl,
                        no_submission=no_submission,
                        failure_policy=failure_policy,
                        queued_at_end=queued_at_end,
                    )
                )
    for failure_policy, queued_at_end in _POLICIES:
        one = Setting(
            jobs=2,
            max_ttl=3,
            interactive_ttl=1,
            no_submission=2,
            failure_policy=failure_policy,
            queued_at_end=queued_at_end,
        )
        if one not in found:
            found.append(one)
    return tuple(found)


MATRIX = _matrix()
"""Timers smaller, equal, larger and 1; no-submission off and on; one to three jobs; every pair of policies."""


DURATIONS = ("max_ttl", "interactive_ttl", "no_submission", "execution_limit", "usage_limit")


def shrunk(profile: Profile) -> Profile:
    """The profile with its lengths of time made as short as their order allows: the shortest is 1 tick, the next 2.

    What depends on which timer is due first stays as it is, and a search can reach the end of each.
    """

    def of(half: Parameters) -> Parameters:
        lengths = {name: getattr(half, name) for name in DURATIONS}
        order = sorted({length for length in lengths.values() if length is not None})
        short = {name: order.index(length) + 1 for name, length in lengths.items() if length is not None}
        return replaced(half, **short)

    return replaced(profile, dedicated=of(profile.dedicated), batch=of(profile.batch))

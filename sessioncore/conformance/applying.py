"""Which rules a target is not asked about, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sessioncore.core.profiles import Parameters, Profile

from .protocol import Capabilities

ASKED_OF_SERVICES: Mapping[str, str] = {
    "S-04": "about plans, which an object has none of",
    "J-07": "about tags, which are no part of the machine",
    "J-08": "about private jobs, which are no part of the machine",
    "D-06": "about several devices; a target is one",
    "T-06": "about a service that was down",
}
"""Rules of the service around the machine, and why an object is not asked about them."""


def _max_ttl_first(half: Parameters) -> bool:
    return half.interactive_ttl is not None and half.max_ttl is not None and half.interactive_ttl >= half.max_ttl


_WITHOUT: tuple[tuple[tuple[str, ...], Callable[[Parameters], bool], str], ...] = (
    (("S-25",), lambda half: not (half.job_limit or half.usage_limit), "the profile has no budgets"),
    (("S-10", "S-15"), lambda half: half.max_ttl is None, "the profile has no max TTL"),
    (("S-13", "S-14"), lambda half: half.interactive_ttl is None, "the profile has no interactive timer"),
    (("S-13", "S-14"), lambda half: half.idle_action == "none", "nothing happens to an idle session"),
    (("S-08", "S-11"), lambda half: half.idle_action != "deactivate", "no session becomes inactive"),
    (("S-14",), _max_ttl_first, "the max TTL always comes first"),
    (("S-16",), lambda half: half.no_submission is None, "the profile has no such timer"),
    (("J-05",), lambda half: half.execution_limit is None, "the profile has no limit of its own"),
    (("D-01",), lambda half: half.exclusive == "no", "sessions share the device"),
    (("U-01",), lambda half: half.usage == "lanes", "usage is counted by lanes"),
    (("U-02",), lambda half: half.usage == "windows", "usage is counted by windows"),
)
"""Rules that say nothing where both halves of a profile are so, and in which words."""


def why_not(rule: str, profile: Profile, can: Capabilities | None, elsewhere: Mapping[str, str]) -> str:
    """Why a rule that was not exercised does not apply, or nothing if it does. ``elsewhere`` are rules that such a
    target is not asked about."""
    if rule in elsewhere:
        return elsewhere[rule]
    for rules, missing, why in _WITHOUT:
        if rule in rules and missing(profile.dedicated) and missing(profile.batch):
            return f"under the profile {profile.name}: {why}"
    return "" if can is None else _of_target(rule, can)


def _of_target(rule: str, can: Capabilities) -> str:
    if rule == "D-02" and can.lanes == 1:
        return "on one lane it cannot be told from D-04"
    if can.dispatch and rule[0] == "D":
        return "jobs start when the kit says so"
    if rule == "D-05" and "PauseRequested" in can.unsupported:
        return "the target cannot be paused"
    return ""

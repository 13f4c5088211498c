"""What the kit finds over HTTP: its faults and legal variants, each around our own service, judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sessioncore.core.profiles import IBM_GUIDE, Profile

from ..cases import Case
from ..results import TierResult
from .between import Changing
from .tier import judge_service
from .workbench import workbench

PATIENCE_S, SETTLE_S = 1.0, 2.0


def judged(
    changing: Changing | None,
    cases: Callable[[Profile, int], Iterable[Case]],
    *,
    tier: str,
    profile: Profile = IBM_GUIDE,
    tolerance_us: int = 0,
    seconds_max: float = 5.0,
    findings_max: int = 1,
) -> TierResult:
    """What a tier says of our own service with something between it and its clients; None is nothing.

    With ``findings_max`` 1 it ends at the first finding, which is enough to know whether there is one.
    """
    with workbench(
        changing, profile=profile, tolerance_us=tolerance_us, patience_s=PATIENCE_S, settle_s=SETTLE_S
    ) as settings:
        return judge_service(
            settings,
            cases,
            tier=tier,
            profile=profile,
            seconds_max=seconds_max,
            shorten=False,
            findings_max=findings_max,
        )

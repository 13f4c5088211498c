"""What measuring the kit gives: the kill matrix, false alarms, and how often diagnosis was right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, final

import attrs

SLACK = 3
"""How many events more than the shortest possible a shrunk trace may have."""


@final
@attrs.frozen(kw_only=True)
class Known:
    """A fault that was tried: id, title, level (``object``, ``http``, ``log``), the length of the shortest trace that
    shows it (None where nobody knows)."""

    id: str
    title: str
    level: str
    shortest: int | None = None


@final
@attrs.frozen(kw_only=True)
class Kill:
    """What one tier made of one fault. ``steps`` is how many steps it took until something was found, None where
    nothing was; ``events`` the length of the trace, made short; ``rule`` the rule that was blamed."""

    fault: str
    tier: str
    steps: int | None
    events: int | None = None
    rule: str = ""
    seconds: float = 0.0


@final
@attrs.frozen(kw_only=True)
class Alarm:
    """Something right that was accused: a legal variant, or the reference with a seed."""

    variant: str
    tier: str
    said: str


@final
@attrs.frozen(kw_only=True)
class Power:
    """The kill matrix with what belongs to it. ``diagnosed`` says of each fault on which place diagnosis put it,
    counted from 1, 0 for nowhere; ``tried`` is how many right targets were judged."""

    known: tuple[Known, ...]
    kills: tuple[Kill, ...]
    alarms: tuple[Alarm, ...]
    diagnosed: Mapping[str, int]
    tried: int
    seconds: float

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers that were tried, in the order in which they first were."""
        return tuple(dict.fromkeys(kill.tier for kill in self.kills))

    def killed(self, fault: str, tier: str | None = None) -> bool:
        """Whether a tier, or any tier, found something wrong with a fault."""
        return any(
            kill.steps is not None for kill in self.kills if kill.fault == fault and tier in (None, kill.tier)
        )

    def steps(self, fault: str, tier: str) -> str:
        """How many steps a tier took to find the fault; a dash if it did not, nothing if it was not asked."""
        for kill in self.kills:
            if (kill.fault, kill.tier) == (fault, tier):
                return "-" if kill.steps is None else str(kill.steps)
        return ""

    def length(self, fault: Known) -> str:
        """The length of the shortest trace that was told, and of the shortest that there is."""
        told = [kill.events for kill in self.kills if kill.fault == fault.id and kill.events is not None]
        best = str(min(told)) if told else "-"
        return best if fault.shortest is None else f"{best} ({fault.shortest})"

    def too_long(self) -> tuple[str, ...]:
        """Faults whose trace is more than :data:`SLACK` events longer than the shortest possible."""
        found = []
        for fault in self.known:
            told = [kill.events for kill in self.kills if kill.fault == fault.id and kill.events is not None]
            if told and fault.shortest is not None and min(told) > fault.shortest + SLACK:
                found.append(fault.id)
        return tuple(found)

    def good(self) -> bool:
        """Whether every fault that was tried dies in some tier and nothing right is accused."""
        alive = [fault for fault in self.known if not self.killed(fault.id)]
        return bool(self.known) and not alive and not self.alarms and not self.too_long()

    def lines(self) -> list[str]:
        """What it comes to, a line each."""
        found = []
        for tier in self.tiers:
            asked = {kill.fault for kill in self.kills if kill.tier == tier}
            if asked:
                killed, all_ = self.rate(tier, asked)
                found.append(f"{tier}: {killed} of {all_} faults found ({100 * killed / all_:.1f} %)")
        alive = [fault.id for fault in self.known if not self.killed(fault.id)]
        found.append(f"faults that no tier finds: {', '.join(alive) or 'none'}")
        found.append(f"traces more than {SLACK} events longer than need be: {', '.join(self.too_long()) or 'none'}")
        found.append(f"false alarms on {self.tried} right targets: {len(self.alarms)}")
        found += [f"  {alarm.variant}, {alarm.tier}: {alarm.said}" for alarm in self.alarms]
        first = sum(place == 1 for place in self.diagnosed.values())
        if self.diagnosed:
            share = 100 * first / len(self.diagnosed)
            found.append(f"diagnosis: the right fault first in {first} of {len(self.diagnosed)} ({share:.1f} %)")
        found.append(f"{self.seconds:.0f} s")
        return found

    def facts(self) -> dict[str, Any]:
        """Everything, for programs."""
        return {
            "kills": [attrs.asdict(kill) for kill in self.kills],
            "alarms": [attrs.asdict(alarm) for alarm in self.alarms],
            "diagnosed": dict(self.diagnosed),
            "right_targets": self.tried,
            "seconds": self.seconds,
        }

    def rate(self, tier: str, faults: Iterable[str]) -> tuple[int, int]:
        """(killed, all) of these faults under a tier."""
        names = list(faults)
        return sum(self.killed(name, tier) for name in names), len(names)

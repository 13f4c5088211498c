"""What measuring the kit gives: the kill matrix, false alarms, how short traces are, how often diagnosis was right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, final

import attrs

SLACK = 3
"""How many events more than the shortest possible a shrunk trace may have."""

SHARE = 0.9
"""Which share of the faults ``standard`` must find, and diagnosis must name first."""


@final
@attrs.frozen(kw_only=True)
class Known:
    """A fault that was tried: id, title, level (``object``, ``http``, ``log``), the length of the shortest trace that
    shows it (None where nobody knows), whether tests that do one thing after another can show it, and which of its
    assumptions puts it ``outside`` what ``complete`` must find."""

    id: str
    title: str
    level: str
    shortest: int | None = None
    sequential: bool = False
    outside: str = ""


@final
@attrs.frozen(kw_only=True)
class Kill:
    """What one tier made of one fault. ``steps`` is how many steps it took until something was found, None where
    nothing was; ``rule`` the rule that was blamed."""

    fault: str
    tier: str
    steps: int | None
    rule: str = ""
    seconds: float = 0.0


@final
@attrs.frozen(kw_only=True)
class Told:
    """What an ordinary report says of a faulty object: the length of its shortest trace, made short (None where nothing
    was found), the place on which diagnosis puts the fault, counted from 1, 0 for nowhere, and how many known faults it
    holds for indistinguishable from it."""

    fault: str
    tier: str
    events: int | None
    place: int
    equals: int
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
    """The kill matrix with what belongs to it. ``told`` are the reports on faulty objects, ``tried`` is how many right
    targets were judged, ``workers`` how many processes did it."""

    known: tuple[Known, ...]
    kills: tuple[Kill, ...]
    told: tuple[Told, ...]
    alarms: tuple[Alarm, ...]
    tried: int
    workers: int
    seconds: float

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers that were tried, in the order in which they first were."""
        return tuple(dict.fromkeys(kill.tier for kill in self.kills))

    def asked(self, tier: str) -> list[Known]:
        """The faults that a tier was tried on."""
        names = {kill.fault for kill in self.kills if kill.tier == tier}
        return [fault for fault in self.known if fault.id in names]

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

    def report_on(self, fault: str) -> Told | None:
        """What an ordinary report says of a fault, if one was made."""
        return next((told for told in self.told if told.fault == fault), None)

    def longer(self) -> dict[str, int]:
        """How many events more than the shortest possible the trace of the report has, by fault, where it is known."""
        events = {told.fault: told.events for told in self.told if told.events is not None}
        return {
            fault.id: events[fault.id] - fault.shortest
            for fault in self.known
            if fault.shortest is not None and fault.id in events
        }

    def missed(self) -> list[str]:
        """Faults that ``complete`` must find, since they keep to what it assumes, and did not."""
        return [
            fault.id for fault in self.asked("complete") if not fault.outside and not self.killed(fault.id, "complete")
        ]

    def unmet(self) -> list[str]:
        """The numbers that do not hold, in words. Only what was measured is looked at."""
        found = [] if self.known else ["no fault was tried"]
        plain = [fault for fault in self.asked("standard") if fault.sequential]
        seen = sum(self.killed(fault.id, "standard") for fault in plain)
        if seen < SHARE * len(plain):
            found.append(f"standard finds {seen} of {len(plain)} sequential faults, and should find {SHARE:.0%}")
        if missed := self.missed():
            found.append(f"complete misses what lies within its assumptions: {', '.join(missed)}")
        if alive := [fault.id for fault in self.known if not self.killed(fault.id)]:
            found.append(f"no tier finds {', '.join(alive)}")
        if self.alarms:
            found.append(f"{len(self.alarms)} false alarms")
        if long := [f"{fault} ({more})" for fault, more in self.longer().items() if more > SLACK]:
            found.append(f"traces more than {SLACK} events longer than need be: {', '.join(long)}")
        if self.told and self._first() < SHARE * len(self.told):
            found.append(f"diagnosis names {self._first()} of {len(self.told)} first, and should name {SHARE:.0%}")
        return found

    def lines(self) -> list[str]:
        """What it comes to, a line each."""
        found = []
        for tier in self.tiers:
            asked = self.asked(tier)
            killed = sum(self.killed(fault.id, tier) for fault in asked)
            found.append(f"{tier}: {killed} of {len(asked)} faults found ({100 * killed / len(asked):.1f} %)")
            if tier == "complete":
                found += self._assumptions(asked)
        alive = [fault.id for fault in self.known if not self.killed(fault.id)]
        found.append(f"faults that no tier finds: {', '.join(alive) or 'none'}")
        found.append(f"false alarms on {self.tried} right targets: {len(self.alarms)}")
        found += [f"  {alarm.variant}, {alarm.tier}: {alarm.said}" for alarm in self.alarms]
        if self.told:
            found += [*self._lengths(), *self._diagnoses()]
        found.append(f"{self.seconds:.0f} s, {self.workers} processes")
        return found

    def facts(self) -> dict[str, Any]:
        """Everything, for programs."""
        return {
            "faults": [attrs.asdict(fault) for fault in self.known],
            "kills": [attrs.asdict(kill) for kill in self.kills],
            "reports": [attrs.asdict(told) for told in self.told],
            "longer_than_shortest": self.longer(),
            "alarms": [attrs.asdict(alarm) for alarm in self.alarms],
            "right_targets": self.tried,
            "unmet": self.unmet(),
            "workers": self.workers,
            "seconds": self.seconds,
        }

    # --- in words ------------------------------------------------------------------------------------------------

    def _first(self) -> int:
        return sum(told.place == 1 for told in self.told)

    def _assumptions(self, asked: Iterable[Known]) -> Iterator[str]:
        """What lies within the assumptions of ``complete``, and which of them keeps the others out."""
        from ..faults.fault import OUTSIDE

        within = [fault for fault in asked if not fault.outside]
        killed = sum(self.killed(fault.id, "complete") for fault in within)
        yield f"  within its assumptions: {killed} of {len(within)}; outside, and so not to be found by it:"
        for outside, why in OUTSIDE.items():
            names = [fault.id for fault in asked if fault.outside == outside]
            if names:
                yield f"  {outside} ({why}): {', '.join(names)}"
        lucky = [fault.id for fault in asked if fault.outside and self.killed(fault.id, "complete")]
        if lucky:
            yield f"  found nevertheless, so that it should not be called outside: {', '.join(lucky)}"

    def _lengths(self) -> Iterator[str]:
        """How much longer than need be the traces of the reports are."""
        counted = sorted(Counter(self.longer().values()).items())
        told = ", ".join(f"{count} by {more}" for more, count in counted) or "none is known"
        yield f"events of a report's shortest trace beyond the shortest possible: {told}"
        if shorter := [fault for fault, more in self.longer().items() if more < 0]:
            yield f"  below 0, since the search for the shortest has fewer kinds of events: {', '.join(shorter)}"
        long = [f"{fault} ({more})" for fault, more in self.longer().items() if more > SLACK]
        yield f"traces more than {SLACK} events longer than need be: {', '.join(long) or 'none'}"

    def _diagnoses(self) -> Iterator[str]:
        """How often an ordinary report names the right fault first."""
        first, all_ = self._first(), len(self.told)
        share = 100 * first / all_
        yield f"diagnosis in an ordinary report: the right fault first in {first} of {all_} ({share:.1f} %)"
        equal = [told.fault for told in self.told if told.place == 1 and told.equals > 1]
        yield f"  among faults that it holds for indistinguishable, which counts as first: {', '.join(equal) or 'none'}"
        wrong = [told.fault for told in self.told if told.place != 1]
        yield f"  not first: {', '.join(wrong) or 'none'}"

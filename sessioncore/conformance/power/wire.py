"""Faulty services and faulty logs, and legal ones: run until something is found."""

from __future__ import annotations

import time
from typing import Any

from ..http.faults import HTTP_FAULTS
from ..http.power import judged
from ..http.variants import HTTP_VARIANTS
from ..logs.faults import FAULTS as LOG_FAULTS
from ..logs.power import FORMS, false_alarms, kills
from ..tiers.standard import smoke, standard
from .values import Alarm, Kill, Known

CASES: dict[str, Any] = {"http smoke": smoke, "http standard": standard}


def known() -> tuple[Known, ...]:
    """Every fault of these two levels."""
    return (
        *(Known(id=fault.id, title=fault.title, level="http") for fault in HTTP_FAULTS),
        *(Known(id=fault.id, title=fault.title, level="log") for fault in LOG_FAULTS),
    )


def over_http(fault_id: str) -> list[Kill]:
    """What the tiers for services make of one faulty service; the second is not needed where the first finds it."""
    fault = next(one for one in HTTP_FAULTS if one.id == fault_id)
    found = []
    for tier, cases in CASES.items():
        began = time.perf_counter()
        result = judged(fault.make(), cases, tier=tier.removeprefix("http "))
        first = result.findings[0] if result.findings else None
        found.append(
            Kill(
                fault=fault_id,
                tier=tier,
                steps=None if first is None else max(1, result.steps),
                rule="" if first is None else (first.rules or (first.kind.value,))[0],
                seconds=round(time.perf_counter() - began, 3),
            )
        )
    return found


def in_logs(fault_id: str) -> list[Kill]:
    """What the tier for logs makes of one fault, in the form of log in which it shows."""
    fault = next(one for one in LOG_FAULTS if one.id == fault_id)
    began = time.perf_counter()
    tried = kills([fault], FORMS)
    first = next((kill for kill in tried if kill.caught), None)
    steps = None if first is None else max(1, first.lines)
    rule = "" if first is None else first.rule
    return [
        Kill(fault=fault_id, tier="log", steps=steps, rule=rule, seconds=round(time.perf_counter() - began, 3))
    ]


def accused_over_http(name: str) -> list[Alarm]:
    """What is said against a legal service."""
    variant = next(one for one in HTTP_VARIANTS if one.id == name)
    found = []
    for tier, cases in CASES.items():
        result = judged(
            variant.make(), cases, tier=tier.removeprefix("http "), tolerance_us=variant.tolerance_us, findings_max=9
        )
        found += [
            Alarm(variant=f"service {name}", tier=tier, said=finding.summary())
            for finding in result.findings
            if not finding.strict_only
        ]
    return found


def accused_in_logs() -> tuple[int, list[Alarm]]:
    """How many legal logs were judged, and what is said against them."""
    tried = false_alarms()
    alarms = [
        Alarm(variant=f"log {alarm.name}", tier="log", said=f"{alarm.accused} of {alarm.logs} logs are accused")
        for alarm in tried
        if alarm.accused
    ]
    return sum(alarm.logs for alarm in tried), alarms

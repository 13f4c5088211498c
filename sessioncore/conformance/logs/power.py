"""How much this tier finds: every known fault in every form of log, and every legal variant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, final

import attrs

from sessioncore.trace import Trace

from ..results import TierResult
from .faults import FAULTS, LogFault
from .judging import judge_log
from .programs import BRIEF, program, recorded
from .rendering import SERVICES
from .variants import VARIANTS

FORMS: Final = ("trace", *(service.name for service in SERVICES))
"""In which form a log is judged: our own trace, and the logs of the made-up services."""


@final
@attrs.frozen(kw_only=True)
class LogKill:
    """What came of one fault in one form. ``rule`` is the rule blamed first, ``right`` whether it is one that was
    broken, ``lines`` how many lines of traces it took."""

    fault: str
    title: str
    form: str
    caught: bool = False
    rule: str = ""
    right: bool = False
    lines: int = 0


@final
@attrs.frozen(kw_only=True)
class LogAlarm:
    """What came of the logs of one legal variant: how many, how many were accused (none, it is hoped)."""

    name: str
    logs: int
    accused: int


def judged_as(trace: Trace, form: str) -> TierResult:
    """Judge a trace as it is, or as the log of one of the made-up services. Raises KeyError for an unknown form."""
    if form == "trace":
        return judge_log(trace)
    service = {service.name: service for service in SERVICES}[form]
    return judge_log(service.log(trace), mapping=service.mapping(), profile=trace.header.profile)


def kills(faults: Iterable[LogFault] = FAULTS, forms: Iterable[str] = FORMS, *, logs: int = 3) -> list[LogKill]:
    """The kill matrix: every fault in every form, on up to so many logs until it is caught.

    Faults that observations alone show have no place in the logs of the made-up services.
    """
    forms = tuple(forms)
    found = []
    for fault in faults:
        for form in forms if not fault.observed else ("trace",):
            kill = LogKill(fault=fault.id, title=fault.title, form=form)
            for seed in range(logs):
                kill = attrs.evolve(kill, lines=kill.lines + len(fault.example(seed).entries))
                findings = judged_as(fault.example(seed), form).findings
                if findings:
                    rule = findings[0].rules[0] if findings[0].rules else ""
                    kill = attrs.evolve(kill, caught=True, rule=rule, right=rule in fault.rules)
                    break
            found.append(kill)
    return found


def false_alarms(seeds: Iterable[int] = range(20), *, length: int = 40) -> list[LogAlarm]:
    """Every legal variant, on a program of its own for each seed."""
    seeds = tuple(seeds)
    found = []
    for variant in VARIANTS:
        accused = 0
        for seed in seeds:
            lines, mapping = variant.log(recorded(program(seed, length)), seed)
            accused += bool(judge_log(lines, mapping=mapping, profile=BRIEF).findings)
        found.append(LogAlarm(name=variant.name, logs=len(seeds), accused=accused))
    return found

"""The rules by which a target is judged: the register of ``specs/``, and how much each claims.

A rule marked G or P, even in part, is a MUST; one marked D alone was decided here because sources are silent or
disagree, and is a SHOULD: a target that differs there is *non-strict*, never wrong. Our own implementation keeps all
of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from sessioncore.core.values import value


@final
@value
class Rule:
    """One rule: id, evidence mark (``G``, ``P``, ``D`` or two of them), title, and the page of ``specs/`` it stands
    on."""

    id: str
    mark: str
    title: str
    page: str

    @property
    def level(self) -> str:
        """``MUST``, or ``SHOULD`` where the mark is D alone."""
        return "SHOULD" if self.mark == "D" else "MUST"


_REGISTER = (
    ("S-01", "P", "Open, and nothing more", "session.md"),
    ("S-02", "P/D", "An impossible session is refused whole", "session.md"),
    ("S-03", "P/D", "The terms are fixed at creation", "session.md"),
    ("S-04", "G/P", "A plan without sessions", "session.md"),
    ("S-05", "G", "Jobs queue in the order given", "session.md"),
    ("S-06", "G/P", "No jobs once it stops accepting", "session.md"),
    ("S-07", "P", "A job must fit its session", "session.md"),
    ("S-08", "G/P", "A job does not wake an inactive session", "session.md"),
    ("S-09", "G", "The first job starts it", "session.md"),
    ("S-10", "G/P", "The max TTL never moves", "session.md"),
    ("S-11", "P", "A job makes it active again", "session.md"),
    ("S-12", "P", "An active session goes first", "session.md"),
    ("S-13", "G/D", "The interactive timer runs while it is idle", "session.md"),
    ("S-14", "G", "Idle for too long is inactive, not ended", "session.md"),
    ("S-15", "G", "The max TTL ends it", "session.md"),
    ("S-16", "G/D", "Unused for too long", "session.md"),
    ("S-17", "G", "Closing lets accepted work finish", "session.md"),
    ("S-18", "P", "Closing without work closes", "session.md"),
    ("S-19", "G", "A draining session closes with its last work", "session.md"),
    ("S-20", "G", "Cancelling ends it at once", "session.md"),
    ("S-21", "P", "Ending twice is no error", "session.md"),
    ("S-22", "D", "The queue goes down with its session", "session.md"),
    ("S-23", "P/D", "A job may outlive its session", "session.md"),
    ("S-24", "P/D", "A failed job leaves its session alone", "session.md"),
    ("S-25", "D", "Budgets", "session.md"),
    ("J-01", "P", "One end, for ever", "job.md"),
    ("J-02", "P", "A queued job is cancelled at once", "job.md"),
    ("J-03", "P/D", "A running job only looks cancelled", "job.md"),
    ("J-04", "P", "An ended job cannot be cancelled", "job.md"),
    ("J-05", "P", "No job runs for ever", "job.md"),
    ("J-06", "D", "Reports that fit nothing", "job.md"),
    ("J-07", "G", "Tags", "job.md"),
    ("J-08", "P", "Private jobs", "job.md"),
    ("J-09", "D", "Unknown and repeated ids", "job.md"),
    ("D-01", "P", "An active session has it alone", "device.md"),
    ("D-02", "P/D", "It waits until it can be alone", "device.md"),
    ("D-03", "P/D", "The order, without overtaking", "device.md"),
    ("D-04", "P", "Batches and single jobs share the lanes", "device.md"),
    ("D-05", "P", "A paused device starts nothing", "device.md"),
    ("D-06", "P", "The least busy device", "device.md"),
    ("U-01", "P", "A dedicated session is charged for its windows", "session.md"),
    ("U-02", "P", "A batch is charged for lanes", "session.md"),
    ("T-01", "D", "Reports, then timers, then requests", "session.md"),
    ("T-02", "D", "A timer counts from its deadline", "session.md"),
    ("T-03", "D", "Time passes by a step of its own", "session.md"),
    ("T-04", "D", "Time does not run backwards", "session.md"),
    ("T-05", "D", "What may start starts at once", "session.md"),
    ("T-06", "D", "Down is offline", "session.md"),
    ("V-01", "G", "Four texts of status", "session.md"),
    ("V-02", "G/P", "The details", "session.md"),
    ("V-03", "D", "A refusal explains itself", "session.md"),
)

RULES: Mapping[str, Rule] = {
    rule: Rule(id=rule, mark=mark, title=title, page=page) for rule, mark, title, page in _REGISTER
}
"""Every rule by its id, in the order of ``specs/rules.md``."""

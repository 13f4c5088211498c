"""Where the sentence of a rule stands: every id in a picture leads there."""

from __future__ import annotations

SPECS = "../specs/"
"""The folder of the sentences, seen from ``diagrams/``."""

FILES = {"J": "job.md", "D": "device.md"}
"""The first letter of a rule, and the file of its sentence; every other rule is told with the session."""


def link_of(id: str) -> str:
    """The address of the sentence behind a rule id or a row id: ``S-06.draining`` -> ``../specs/session.md#s-06``."""
    rule = id.split(".")[0]
    return f"{SPECS}{FILES.get(rule[0], 'session.md')}#{rule.lower()}"

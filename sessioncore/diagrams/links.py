"""Where the sentence of a rule stands: in a picture that knows where the sentences are, every id leads there."""

from __future__ import annotations

KEPT_SPECS = "../specs/"
"""The folder of the sentences, seen from ``diagrams/``."""

FILES = {"J": "job.md", "D": "device.md"}
"""The first letter of a rule, and the file of its sentence; every other rule is told with the session."""


def link_of(id: str, specs: str) -> str:
    """The address of the sentence behind a rule id or a row id: ``S-06.draining`` -> ``../specs/session.md#s-06``.

    ``specs`` is the folder of the sentences as seen from the picture, with a ``/`` at its end.
    """
    rule = id.split(".")[0]
    return f"{specs}{FILES.get(rule[0], 'session.md')}#{rule.lower()}"

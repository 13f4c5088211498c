"""The judge: a conformance kit for anybody's implementation of sessions.

An implementation under test is anything with the five methods of :class:`SystemUnderTest`; a factory makes a fresh
one for each case. :func:`judge` gives a :class:`Report`, :func:`conformance_suite` a pytest test for every rule, and
``sessioncore conform TARGET`` does the same from the command line, for objects, services and logs.

Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .protocol import (
    UNSEEN,
    Accepted,
    Capabilities,
    Factory,
    JobView,
    Outcome,
    Rejected,
    SessionView,
    SystemUnderTest,
    Unsupported,
    View,
)

if TYPE_CHECKING:
    from .kit import judge
    from .reports import write_all
    from .results import Finding, Report, Verdict
    from .rules import RULES
    from .suite import conformance_suite

_LATER = {
    "judge": "kit",
    "conformance_suite": "suite",
    "Finding": "results",
    "Report": "results",
    "Verdict": "results",
    "RULES": "rules",
    "write_all": "reports",
}

__all__ = [
    "RULES",
    "UNSEEN",
    "Accepted",
    "Capabilities",
    "Factory",
    "Finding",
    "JobView",
    "Outcome",
    "Rejected",
    "Report",
    "SessionView",
    "SystemUnderTest",
    "Unsupported",
    "Verdict",
    "View",
    "conformance_suite",
    "judge",
    "write_all",
]


def __getattr__(name: str) -> Any:
    """What is imported at its first use."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_LATER[name]}", __name__), name)

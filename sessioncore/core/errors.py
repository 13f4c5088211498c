"""Errors, named by whose fault they are. Whenever one is raised, nothing has changed.

======================  ======================================================================================
:class:`ClientError`    the chart forbids what a client asked for; carries what the client must be told (V-03)
:class:`HostError`      the program around the core broke a law of time or of identity (T-03, T-04, J-09)
:class:`BackendError`   a device or its adapter cannot do its work
:class:`ChartError`     a chart is ill-formed; raised at import only
:class:`InvariantError` ``check()`` found a state that cannot be: a fault of the core itself
======================  ======================================================================================
"""

from __future__ import annotations

from typing import TypeAlias

from attrs import define, field

Story: TypeAlias = tuple[tuple[int, str], ...]
"""The last steps of a session or job, oldest first: (when in microseconds, chart row id)."""

STORY_LENGTH_MAX = 8
"""How many of a session's last steps are told (V-03)."""


class SessionCoreError(Exception):
    """Base of every error that this package raises on purpose."""


class HostError(SessionCoreError):
    """The host called the core wrongly. ``rule`` is the broken rule's id, ``row`` the chart row, if one."""

    def __init__(self, message: str, *, rule: str, row: str | None = None) -> None:
        super().__init__(f"{message} ({row or rule})")
        self.rule = rule
        self.row = row


@define(eq=False, slots=False)
class ClientError(SessionCoreError):
    """A refusal: what a client asked for is not allowed here (V-03).

    ``message`` is the vendor's sentence, ``code`` the vendor's number, ``http_status`` the status over HTTP, ``rule``
    and ``row`` name the rule, ``state`` where the session or job stands, ``story`` its last steps, ``remedy`` what to
    do.
    """

    message: str
    rule: str = field(kw_only=True)
    row: str = field(kw_only=True)
    code: int = field(kw_only=True)
    http_status: int = field(kw_only=True)
    remedy: str = field(kw_only=True)
    state: str = field(default="", kw_only=True)
    story: Story = field(default=(), kw_only=True)

    def __str__(self) -> str:
        # Times count from the first step that is told: a core knows no calendar.
        steps = ", ".join(f"{row} (+{(at - self.story[0][0]) / 1e6:.3f} s)" for at, row in self.story)
        told = f" It is {self.state}" + (f" after {steps}." if steps else ".") if self.state else ""
        return f"{self.message} [{self.row}]{told} {self.remedy}"


class BackendError(SessionCoreError):
    """A device cannot run what it was given, or its adapter is broken or missing."""


class ChartError(SessionCoreError):
    """A chart is ill-formed; the message names the row and the reason."""


class InvariantError(SessionCoreError):
    """A snapshot breaks an invariant; ``rule`` is the id of the rule it breaks."""

    def __init__(self, message: str, *, rule: str) -> None:
        super().__init__(f"{message} ({rule})")
        self.rule = rule

"""How to reach a service and what to expect of it: everything that its owner may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

from sessioncore.core.values import value
from sessioncore.transports import LOCAL_INSTANCE, LOCAL_TOKEN

from . import payloads


@final
@value
class Settings:
    """Where the service is and how exact it is.

    ``url`` is what stands before ``/sessions`` and ``/jobs``, for example ``http://127.0.0.1:8765/api/v1``.
    ``backend`` names the device, None takes the first that is online. ``tolerance_us`` is how far its times may be
    off and how late it may show or do something; with a real clock at least :data:`REAL_TOLERANCE_US`. ``lanes`` is
    how many jobs its device runs at once; None asks its control routes, and without them any number is allowed.
    ``max_wait_s`` is the longest time that one case may wait on a real clock, ``patience_s`` how long one answer may
    take, ``settle_s`` how long a job may take to start or end. ``short``, ``medium``, ``long`` and ``failing`` are
    what to submit for a job that ends by itself at once, that runs for a moment and then ends by itself, that runs
    until it is cancelled, and that is accepted and fails: bodies of ``POST /jobs`` without session and device. Where
    ``failing`` is None, :data:`~.payloads.FAILING` is tried once, and used if the service does so with it.
    """

    url: str
    token: str = LOCAL_TOKEN
    instance: str = LOCAL_INSTANCE
    backend: str | None = None
    headers: Mapping[str, str] = {}
    tolerance_us: int = 0
    lanes: int | None = None
    max_wait_s: float = 60.0
    patience_s: float = 10.0
    settle_s: float = 5.0
    short: Mapping[str, Any] = payloads.SHORT
    medium: Mapping[str, Any] = payloads.MEDIUM
    long: Mapping[str, Any] = payloads.LONG
    failing: Mapping[str, Any] | None = None
    control: bool = True
    """Whether to use ``/_sessioncore/`` where the service has it."""


REAL_TOLERANCE_US = 1_000_000
"""A service whose time nobody moves is asked over a network: less than this cannot be told apart."""

LANES_ANY = 1_000
"""How many lanes a device is taken to have where nobody knows: more than a case has jobs."""

"""What an HTTP service allows and offers. Every bound of the transport is a field here, with its unit last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from sessioncore.core.values import value
from sessioncore.host import Caller

from .environment import LOCAL_INSTANCE


@final
@value
class Instance:
    """One service instance of the account, as account discovery shows it (ibm-rest 4).

    ``plan`` is the name that users select by, ``pricing_type`` one of free, trial, paygo, paid, subscription, unknown.
    The region is the sixth field of the CRN.
    """

    crn: str = LOCAL_INSTANCE
    name: str = "local"
    plan: str = "internal"
    pricing_type: str = "free"
    tags: tuple[str, ...] = ()

    @property
    def plan_id(self) -> str:
        """The key of the instance's plan in the catalog."""
        return f"sessioncore-plan-{self.plan}"


@final
@value
class Options:
    """Settings of the HTTP service; the defaults suit a laptop.

    ``wait_s``: how long ``GET /jobs/{id}`` of a job that is not final waits for its end; 0: not at all (ibm-rest 7).
    ``tokens``: which tokens are known and who holds them; None takes any token. ``signing_key`` signs access tokens;
    None makes a new one for every server. ``hosts``: the names this server answers to, None for any; loopback names and
    the host names of account discovery always count. ``control`` opens the routes under ``/_sessioncore/``, to the
    ``operators``, or with None to whoever may ask at all.
    """

    wait_s: float = 0.1
    waiting_max: int = 1_000
    inspect_s_max: float = 10.0
    body_bytes_max: int = 64 * 2**20
    bodies_bytes_max: int = 2**30
    header_bytes_max: int = 64 * 2**10
    connections_max: int = 1_000
    request_s_max: float = 120.0
    keep_alive_s: int = 300
    token_life_s: int = 3_600
    control: bool = False
    operators: frozenset[Caller] | None = None
    tokens: Mapping[str, Caller] | None = None
    signing_key: bytes | None = None
    instances: tuple[Instance, ...] = (Instance(),)
    hosts: frozenset[str] | None = None

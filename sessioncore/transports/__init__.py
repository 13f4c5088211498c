"""How programs reach a runtime: in the same process, or over HTTP in the vendor's REST dialect.

``client_environment`` and ``service_origin`` need nothing installed; the HTTP service needs the ``server`` extra and is
loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .environment import LOCAL_INSTANCE, LOCAL_TOKEN, client_environment, service_origin

if TYPE_CHECKING:
    from .guard import Guard
    from .http import make_app
    from .inprocess import InProcess
    from .options import Instance, Options
    from .server import Server, TransportError

__all__ = [
    "LOCAL_INSTANCE",
    "LOCAL_TOKEN",
    "Guard",
    "InProcess",
    "Instance",
    "Options",
    "Server",
    "TransportError",
    "client_environment",
    "make_app",
    "service_origin",
]

_WHERE = {
    "Guard": "guard",
    "InProcess": "inprocess",
    "Instance": "options",
    "Options": "options",
    "Server": "server",
    "TransportError": "server",
    "make_app": "http",
}


def __getattr__(name: str) -> Any:
    """Load what was asked for when it is first asked for."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_WHERE[name]}", __name__), name)

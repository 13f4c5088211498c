"""A whole service in this process: devices, host and HTTP server put together from the command line's options."""

from __future__ import annotations

import argparse
import gc
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, final

from sessioncore.core.profiles import PROFILES, Profile
from sessioncore.core.values import value
from sessioncore.ports import Store

from .messages import UsageError, require

if TYPE_CHECKING:
    from sessioncore.backends import LocalBackend
    from sessioncore.host import Runtime
    from sessioncore.transports import Options, Server

ENDINGS = [signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""The signals that end a service, or a program that runs against one, in good order."""

GC_ALLOCATIONS = 20_000
"""Objects that may be made between two looks of the garbage collector."""


@final
@value
class Service:
    """A running service: its host, its server, its devices."""

    runtime: Runtime
    server: Server
    backends: tuple[LocalBackend, ...]


@contextmanager
def open_service(
    arguments: argparse.Namespace, options: Options, *, host: str = "127.0.0.1", port: int = 0
) -> Iterator[Service]:
    """Start everything that ``run`` and ``serve`` share, and stop it at the end, in the opposite order."""
    require("starlette", "uvicorn", "orjson", "qiskit", "qiskit_aer")
    from sessioncore.backends import DEFAULT_DEVICES, open_backends
    from sessioncore.host import DeviceSpec, RealClock, Runtime, VirtualClock
    from sessioncore.transports import Server

    with ExitStack() as stack:
        store = make_store(arguments.store)
        stack.callback(store.close)
        backends = open_backends(arguments.backend or DEFAULT_DEVICES, workers=arguments.workers)
        for backend in backends:
            stack.callback(backend.close)
        profile = make_profile(arguments)
        runtime = Runtime(
            [DeviceSpec(backend=backend, lanes=arguments.lanes) for backend in backends],
            profile=profile,
            clock=VirtualClock() if arguments.clock == "virtual" else RealClock(),
            store=store,
            plan_denied=profile.plan_denied if arguments.open_plan else "off",
            policy=arguments.policy,
        )
        stack.callback(runtime.shutdown, drain_s=0)
        server = stack.enter_context(Server(runtime, host=host, port=port, options=options))
        # What was imported stays for ever, and the journal grows: look through both less often.
        gc.freeze()
        gc.set_threshold(GC_ALLOCATIONS, 20, 20)
        yield Service(runtime=runtime, server=server, backends=tuple(backends))


def make_store(url: str) -> Store:
    """The store that a URL names. Raises :class:`UsageError` for one that this version does not have."""
    if url == "memory:":
        from sessioncore.stores.memory import MemoryStore

        return MemoryStore()
    raise UsageError(f"--store {url}: this version keeps sessions in memory only; use --store memory:")


def make_profile(arguments: argparse.Namespace) -> Profile:
    """The chosen profile with the chosen lengths of time."""
    chosen = {
        name: getattr(arguments, name)
        for name in ("interactive_ttl", "no_submission", "max_ttl")
        if getattr(arguments, name) is not None
    }
    profile = PROFILES[arguments.profile]
    return profile.with_values(**chosen) if chosen else profile

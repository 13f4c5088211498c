"""Devices: adapters that execute jobs. Out of the box, simulated devices in worker processes on this machine.

A *device name* is one of :data:`DEFAULT_DEVICES` or a fake device of the vendor's package, such as ``fake_manila``;
with the ending ``:noiseless`` its noise is off. Importing this package imports no Qiskit, and neither does using it:
only the worker processes do.
"""

from __future__ import annotations

from sessioncore.core.errors import BackendError

from .devices import DEFAULT_DEVICES, device_names
from .local import LocalBackend, make_backend, open_backends, wait_warm

__all__ = [
    "DEFAULT_DEVICES",
    "BackendError",
    "LocalBackend",
    "device_names",
    "make_backend",
    "open_backends",
    "wait_warm",
]

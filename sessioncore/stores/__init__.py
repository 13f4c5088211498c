"""Where a host keeps its journal and the bytes of its jobs (:class:`sessioncore.ports.Store`)."""

from .memory import MemoryStore

__all__ = ["MemoryStore"]

"""The store that forgets everything when the process ends: the default of ``run`` and of the tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import final

from sessioncore.ports import Json
from sessioncore.trace import dumps, json_lines


@final
class MemoryStore:
    """A :class:`~sessioncore.ports.Store` in memory. Every method may be called from any thread.

    Records are kept as the lines of a trace, which takes about a third of the memory of their objects and
    makes sure that nobody changes them afterwards. It never drops anything: the host bounds what it hands in.
    """

    def __init__(self) -> None:
        """An empty store."""
        self._lock = Lock()
        self._lines: list[str] = []
        self._bodies: dict[tuple[str, str], bytes] = {}

    def append(self, records: Sequence[Mapping[str, Json]]) -> None:
        """Add journal records, all or none. Raises TypeError or ValueError for what JSON cannot say."""
        lines = [dumps(record) for record in records]
        with self._lock:
            self._lines += lines

    def records(self) -> Iterator[Mapping[str, Json]]:
        """The journal from its start to where it ends at the moment of the call."""
        with self._lock:
            end = len(self._lines)
        # Lines are only ever added behind ``end``, so no lock is held while the caller reads.
        return json_lines(self._lines[place] for place in range(end))

    def put(self, kind: str, key: str, body: bytes) -> None:
        """Keep ``body`` under (``kind``, ``key``), replacing what was there."""
        with self._lock:
            self._bodies[kind, key] = body

    def get(self, kind: str, key: str) -> bytes | None:
        """The bytes kept under (``kind``, ``key``), or None."""
        with self._lock:
            return self._bodies.get((kind, key))

    def delete(self, kind: str, key: str) -> None:
        """Forget the bytes kept under (``kind``, ``key``); unknown keys are ignored."""
        with self._lock:
            self._bodies.pop((kind, key), None)

    def close(self) -> None:
        """Nothing to let go of; safe to call twice."""

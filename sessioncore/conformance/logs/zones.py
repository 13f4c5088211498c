"""Instants that are known only within bounds: what can be said of the differences between them.

A zone is a set of difference constraints (``a - b`` is at most so much), kept closed, so that it is empty exactly if
no choice of instants meets all of them. Everything is in whole microseconds. It answers without guessing candidate
times: a step is impossible only if it is impossible at every instant.
"""

from __future__ import annotations

from typing import final

FAR = 1 << 80
"""More microseconds than any log spans: no bound at all."""

ORIGIN, NOW = "origin", "now"
"""The instant 0 of the log's clock, and the instant of the last step."""


@final
class Zone:
    """Bounds on the differences between named instants. ``ORIGIN`` and ``NOW`` are always there.

    ``names`` are the instants in the order in which they were first set; ``empty`` says that no choice is left.
    """

    __slots__ = ("_most", "empty", "names")

    def __init__(self) -> None:
        self.names: tuple[str, ...] = (ORIGIN, NOW)
        self._most = [[0, FAR], [FAR, 0]]
        self.empty = False

    def copy(self) -> Zone:
        """A copy that can be narrowed on its own."""
        twin: Zone = object.__new__(Zone)
        twin.names = self.names
        twin._most = [row[:] for row in self._most]
        twin.empty = self.empty
        return twin

    def pass_time(self) -> None:
        """Now may be any instant from now on."""
        row = self._most[1]
        for column in range(len(row)):
            if column != 1:
                row[column] = FAR

    def limit(self, later: str, earlier: str, most: int) -> None:
        """``later - earlier`` is at most ``most``. O(n²)."""
        a, b = self.names.index(later), self.names.index(earlier)
        rows = self._most
        if rows[a][b] <= most:
            return
        if most + rows[b][a] < 0:
            self.empty = True
            return
        beyond = rows[b]
        for row in rows:
            through = row[a] + most
            if through >= FAR:
                continue
            for column, length in enumerate(beyond):
                if through + length < row[column]:
                    row[column] = through + length

    def within(self, name: str, base: str, least: int, most: int) -> None:
        """``name - base`` lies in ``[least, most]``."""
        if not self.empty:
            self.limit(name, base, most)
        if not self.empty:
            self.limit(base, name, -least)

    def put(self, name: str) -> None:
        """``name`` is the instant now."""
        if name in self.names:
            place = self.names.index(name)
        else:
            place = len(self.names)
            self.names = (*self.names, name)
            for row in self._most:
                row.append(FAR)
            self._most.append([FAR] * (place + 1))
        rows = self._most
        rows[place] = rows[1][:]
        for row in rows:
            row[place] = row[1]
        rows[place][place] = rows[place][1] = rows[1][place] = 0

    def drop(self, name: str) -> None:
        """``name`` means nothing any more."""
        if name not in self.names:
            return
        place = self.names.index(name)
        self.names = self.names[:place] + self.names[place + 1 :]
        del self._most[place]
        for row in self._most:
            del row[place]

    def span(self, later: str, earlier: str) -> tuple[int, int]:
        """The least and the most that ``later - earlier`` can be; ``FAR`` for no bound."""
        a, b = self.names.index(later), self.names.index(earlier)
        return -self._most[b][a], self._most[a][b]

    def holds(self, other: Zone) -> bool:
        """Whether everything that the other zone allows is allowed here. Both have the same names."""
        return all(
            mine >= theirs
            for row, others in zip(self._most, other._most, strict=True)
            for mine, theirs in zip(row, others, strict=True)
        )

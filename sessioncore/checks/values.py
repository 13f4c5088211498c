"""What a check is, what it makes, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias, final

from sessioncore.core.values import value


@final
@value
class Difference:
    """One file that is not as it is generated; ``diff`` is a short unified diff, from the kept to the generated."""

    path: str
    diff: str


@final
@value
class Made:
    """What a check generated: ``files`` by their path in the repository, with ``/`` between folders.

    ``problems`` are what generating cannot mend: one line each, which says what to do. ``unchecked`` says what could
    not be generated on this machine and why; empty where nothing is missing.
    """

    files: Mapping[str, bytes]
    problems: tuple[str, ...] = ()
    unchecked: str = ""


Make: TypeAlias = Callable[[Path], Made]
"""Generates what a checkout should hold; the argument is the folder of the checkout. It writes nothing there."""


@final
@value
class Checker:
    """One thing to be checked: its ``name``, in words what it ``regenerates``, and how."""

    name: str
    regenerates: str
    make: Make


@final
@value
class Check:
    """What came of one check. It passed unless there are ``differences`` or ``problems``.

    ``written`` are the files that were mended.
    """

    name: str
    regenerates: str
    differences: tuple[Difference, ...] = ()
    problems: tuple[str, ...] = ()
    unchecked: str = ""
    written: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything that could be looked at is as it should be."""
        return not self.differences and not self.problems

    @property
    def state(self) -> str:
        """``differs``, ``unchecked``, ``written`` or ``ok``, the first that holds."""
        if not self.passed:
            return "differs"
        if self.unchecked:
            return "unchecked"
        return "written" if self.written else "ok"

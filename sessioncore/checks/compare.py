"""Comparing what is kept with what is generated, byte by byte, and mending it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import unified_diff
from itertools import groupby
from pathlib import Path

from .values import Check, Checker, Difference, Made

DIFF_LINES_MAX = 24
"""Lines of a diff that are shown; the rest is counted."""

LINE_CHARS_MAX = 160
"""Characters of a line that are shown: a picture's lines are long."""

SEEN_CHARS = 40
"""Characters that are shown before and after the place where a long line differs."""

CONTEXT_LINES = 1


def judge(checker: Checker, root: Path, *, write: bool) -> Check:
    """Run one check on a checkout. With ``write`` the files that differ are written as they are generated."""
    made = checker.make(root)
    found = [one for path, text in made.files.items() if (one := difference(root, path, text)) is not None]
    written: tuple[str, ...] = ()
    if write:
        written = mend(root, made, found)
        found = []
    return Check(
        name=checker.name,
        regenerates=checker.regenerates,
        differences=tuple(found),
        problems=made.problems,
        unchecked=made.unchecked,
        written=written,
    )


def difference(root: Path, path: str, made: bytes) -> Difference | None:
    """How the kept file differs from the generated one, or None."""
    target = root / path
    if not target.is_file():
        return Difference(path=path, diff=f"{path} is missing")
    kept = target.read_bytes()
    return None if kept == made else Difference(path=path, diff=short_diff(path, kept, made))


def short_diff(path: str, kept: bytes, made: bytes) -> str:
    """A unified diff of at most :data:`DIFF_LINES_MAX` lines; two sizes where the files are no text."""
    try:
        before, after = kept.decode("utf-8"), made.decode("utf-8")
    except UnicodeDecodeError:
        return f"{path} has other bytes: {len(kept)} are kept, {len(made)} are generated"
    if before.split() == after.split():
        return f"{path} differs in blanks or line ends only"
    lines = list(
        unified_diff(
            before.splitlines(),
            after.splitlines(),
            f"{path} (kept)",
            f"{path} (generated)",
            lineterm="",
            n=CONTEXT_LINES,
        )
    )
    shown = readable(lines)
    more = len(shown) - DIFF_LINES_MAX
    return "\n".join([*shown[:DIFF_LINES_MAX], *([f"... and {more} lines more"] if more > 0 else [])])


def readable(lines: Iterable[str]) -> list[str]:
    """The lines of a diff cut to :data:`LINE_CHARS_MAX`, each changed one around the place where it differs."""
    shown: list[str] = []
    removed: list[str] = []
    for sign, group in groupby(lines, key=lambda line: line[:1]):
        found = list(group)
        places = [0] * len(found)
        if sign == "+":
            for number, (old, new) in enumerate(zip(removed, found, strict=False)):
                places[number] = _differs_at(old, new)
                shown[number - len(removed)] = _cut(old, places[number])
        shown += [_cut(line, place) for line, place in zip(found, places, strict=True)]
        removed = found if sign == "-" else []
    return shown


def _differs_at(old: str, new: str) -> int:
    """Where two lines differ first, after their signs."""
    pairs = enumerate(zip(old[1:], new[1:], strict=False), start=1)
    return next((at for at, (one, other) in pairs if one != other), min(len(old), len(new)))


def _cut(line: str, at: int) -> str:
    """The line, or its beginning, or its beginning and what stands around ``at``."""
    if len(line) <= LINE_CHARS_MAX:
        return line
    if at < LINE_CHARS_MAX - SEEN_CHARS:
        return line[: LINE_CHARS_MAX - 3] + "..."
    head = line[: LINE_CHARS_MAX - 2 * SEEN_CHARS - 6]
    rest = line[at - SEEN_CHARS : at + SEEN_CHARS]
    return f"{head}...{rest}" + ("..." if at + SEEN_CHARS < len(line) else "")


def mend(root: Path, made: Made, found: list[Difference]) -> tuple[str, ...]:
    """Write the files that differ; returns their paths."""
    for one in found:
        target = root / one.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(made.files[one.path])
    return tuple(one.path for one in found)

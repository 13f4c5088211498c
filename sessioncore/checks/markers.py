"""Pages that people write, with places between markers that are generated.

A place begins with the line ``<!-- generated: NAME -->`` and ends with the line ``<!-- end generated -->``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from .values import Made

END = "<!-- end generated -->"

Sections: TypeAlias = Mapping[str, Callable[[], str]]
"""What stands in each place of a page, by the name in the marker."""

_BEGIN = re.compile(r"<!-- generated: (.*) -->")


def begin(name: str) -> str:
    """The line with which a generated place begins."""
    return f"<!-- generated: {name} -->"


def page(root: Path, path: str, sections: Sections) -> Made:
    """The page at ``path`` of a checkout with its places filled."""
    text, problem = read_text(root, path)
    if problem:
        return Made(files={}, problems=(problem,))
    filled, problems = fill(text, sections)
    # A page with a damaged place cannot be filled; what people wrote must not be lost.
    files = {} if problems else {path: filled.encode("utf-8")}
    return Made(files=files, problems=tuple(f"{path}: {problem}" for problem in problems))


def read_text(root: Path, path: str) -> tuple[str, str]:
    """The text of a page with its line ends as they are, and what is wrong with it, or an empty text."""
    target = root / path
    if not target.is_file():
        return "", f"{path} is missing: a person has to write it"
    try:
        return target.read_bytes().decode("utf-8"), ""
    except UnicodeDecodeError:
        return "", f"{path} is not UTF-8 text: save it as UTF-8"


def fill(text: str, sections: Sections) -> tuple[str, list[str]]:
    """The text with every place filled, and what is wrong with its markers."""
    out: list[str] = []
    problems: list[str] = []
    met: list[str] = []
    inside = ""
    for line in text.split("\n"):
        found = _BEGIN.fullmatch(line.rstrip("\r"))
        if found is not None:
            if inside:
                problems.append(f"the place '{inside}' has no end: write {END} after it")
            inside = found[1]
            met.append(inside)
            out += [begin(inside), "", *_content(sections, inside, problems), ""]
        elif line.rstrip("\r") == END:
            if not inside:
                problems.append(f"{END} without a beginning: remove it")
            inside = ""
            out.append(END)
        elif not inside:
            out.append(line)
    if inside:
        problems.append(f"the place '{inside}' has no end: write {END} after it")
    problems += [
        f"there is no place for '{name}': write {begin(name)} and {END}" for name in sections if name not in met
    ]
    problems += [f"the place '{name}' stands twice: remove one" for name in sections if met.count(name) > 1]
    return "\n".join(out), problems


def _content(sections: Sections, name: str, problems: list[str]) -> list[str]:
    if name not in sections:
        problems.append(f"nothing generates '{name}': use one of {', '.join(sections)}")
        return []
    return sections[name]().split("\n")

"""``sessioncore check``: everything that is generated, made again and compared with what is kept."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .messages import UsageError, print_json

if TYPE_CHECKING:
    from sessioncore.checks import Check, Checker

MARKS = {"ok": "ok     ", "differs": "DIFFERS", "unchecked": "skipped", "written": "written"}


def check(arguments: argparse.Namespace) -> int:
    """Check the checkout around the current folder. Exit code 1 where anything differs or is missing."""
    from sessioncore.checks import CHECKS, find_checkout, run_checks

    root = find_checkout(Path.cwd())
    if root is None:
        raise UsageError("there is no specs folder here: change into a checkout of sessioncore and check again")
    done = []
    try:
        with _progress(len(CHECKS)) as begin:
            for one in run_checks(root, write=arguments.write, checks=CHECKS, begin=begin):
                done.append(one)
                if not arguments.json:
                    _tell(one)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"cannot check {error.filename}: {error.strerror}") from error
    if arguments.json:
        print_json({"passed": all(one.passed for one in done), "checks": [as_dict(one) for one in done]})
    else:
        _sum_up(done)
    return int(not all(one.passed for one in done))


def as_dict(one: Check) -> dict[str, Any]:
    """One check as JSON values."""
    return {
        "name": one.name,
        "regenerates": one.regenerates,
        "state": one.state,
        "differences": [{"path": found.path, "diff": found.diff} for found in one.differences],
        "problems": list(one.problems),
        "unchecked": one.unchecked or None,
        "written": list(one.written),
    }


def _tell(one: Check) -> None:
    """One check for people: a line, and what is wrong below it."""
    print(f"{MARKS[one.state]}  {one.name}: {one.regenerates}", flush=True)
    for path in one.written:
        print(f"         wrote {path}")
    if one.unchecked:
        print(f"         not checked: {one.unchecked}")
    for found in one.differences:
        for line in found.diff.splitlines():
            print(f"         {line}")
    for problem in one.problems:
        print(f"         {problem}")


def _sum_up(done: list[Check]) -> None:
    """The last line: what came of all of them, and what to do."""
    from sessioncore.checks import MEND

    failed = [one for one in done if not one.passed]
    unchecked = [one.name for one in done if one.unchecked]
    passed = sum(one.passed and one.state != "unchecked" for one in done)
    told = f"{passed} of {len(done)} checks passed"
    if failed:
        told += f", {len(failed)} did not: {', '.join(one.name for one in failed)}"
    if unchecked:
        told += f"; not everything could be checked: {', '.join(unchecked)}"
    print(told)
    if any(one.differences for one in failed):
        print(f"What is generated is mended with: {MEND}")
    if any(one.problems for one in failed):
        print("What only a person can mend is said above, each with what to do.")


@contextmanager
def _progress(total: int) -> Iterator[Callable[[Checker], None]]:
    """Shows on a terminal what is being checked; silent elsewhere, so that logs hold results only."""
    if not sys.stderr.isatty() or find_spec("rich") is None:
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("checking") as status:
        count = 0

        def begin(checker: Checker) -> None:
            nonlocal count
            count += 1
            status.update(f"checking {count} of {total}: {checker.regenerates}")

        yield begin

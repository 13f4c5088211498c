"""How the command line speaks: errors of use, missing extras, tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from sessioncore.core.errors import SessionCoreError

EXTRAS = {
    "starlette": "server",
    "uvicorn": "server",
    "orjson": "server",
    "rich": "server",
    "hypothesis": "conformance",
    "httpx": "conformance",
    "aalpy": "conformance",
    "qiskit": "qiskit",
    "qiskit_aer": "qiskit",
    "qiskit_ibm_runtime": "ibm",
}
"""Which extra brings a module."""


class UsageError(SessionCoreError):
    """The command was used wrongly; the message is one line that says what is wrong and how to mend it."""


def require(*modules: str) -> None:
    """Raise :class:`UsageError` that names the extras to install, unless every module can be imported."""
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        extras = ",".join(sorted({EXTRAS[module] for module in missing}))
        raise UsageError(f'{", ".join(missing)} is not installed: pip install "sessioncore[{extras}]"')


def in_utf8(what: str, text: str) -> str:
    """The text; refuses what came as bytes that are no UTF-8, which no service can be told."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise UsageError(f"{what} {text!a} is no text in UTF-8: write it in UTF-8")
    return text


def for_header(what: str, text: str, encoding: str = "latin-1") -> str:
    """The text; refuses what cannot stand in a header of HTTP."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        raise UsageError(f"{what} {text!a} has characters that no header of HTTP can carry") from None
    if not text.isprintable():
        raise UsageError(f"{what} {text!a} has characters that no header of HTTP can carry")
    return text


def say(text: str) -> None:
    """A line for the person at the terminal, on stderr."""
    print(text, file=sys.stderr, flush=True)


def print_json(thing: Any) -> None:
    """The thing as JSON on stdout."""
    print(json.dumps(thing, indent=2, sort_keys=True))


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    empty: str,
    err: bool = False,
    spare: Sequence[str] = (),
) -> None:
    """A table for people; ``empty`` is said where there are no rows. On stderr if ``err``.

    On a terminal that is too narrow, columns are left out, those first that ``spare`` names first, and that is said.
    """
    if not rows:
        print(empty, file=sys.stderr if err else sys.stdout)
        return
    from rich.console import Console

    console = Console(stderr=err)
    # A pipe has no width: never cut there.
    console = console if console.is_terminal else Console(stderr=err, width=240)
    left_out: list[str] = []
    while _width(console, table := _without(left_out, columns, rows)) > console.width and len(left_out) < len(spare):
        left_out.append(spare[len(left_out)])
    console.print(table)
    if left_out:
        console.print(f"no room for {', '.join(left_out)}: --json has everything", style="dim")


def _width(console: Any, table: Any) -> int:
    """How many characters a table would take if nothing in it were folded."""
    from rich.measure import Measurement

    return Measurement.get(console, console.options.update(max_width=1_000), table).maximum


def _without(left_out: Sequence[str], columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Any:
    kept = [place for place, column in enumerate(columns) if column not in left_out]
    return make_table([columns[place] for place in kept], [[row[place] for place in kept] for row in rows])


def moment(iso: str | None) -> str:
    """An ISO 8601 time in UTC for people: ``2026-11-29 13:40:02``."""
    return "" if iso is None else iso[:19].replace("T", " ")


def make_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Any:
    """A rich table; ids are never cut."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, no_wrap=index == 0, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    return table


def seconds(microseconds: int | None) -> str:
    """Microseconds for people: ``0.25 s``, ``3 min 05 s``, ``2 h 00 min``."""
    if microseconds is None:
        return ""
    whole = microseconds / 1_000_000
    if whole < 60:
        return f"{whole:.2f} s"
    if whole < 3600:
        return f"{int(whole // 60)} min {int(whole % 60):02d} s"
    return f"{int(whole // 3600)} h {int(whole % 3600 // 60):02d} min"

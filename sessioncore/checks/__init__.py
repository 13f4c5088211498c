"""What is generated in this repository, made again and compared with what is kept.

Everything that is generated has one entry in :data:`CHECKS`; a check writes nothing, it says what each file should
hold. To add one: a function from the folder of a checkout to :class:`Made`, and its line in the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from .charts import CHARTS, chart_page
from .compare import judge
from .graphs import golden, statement
from .pictures import pictures
from .routes import rest_page
from .rules import index_page
from .traceability import traceability_page
from .values import Check, Checker, Difference, Made

__all__ = ["CHECKS", "MEND", "Check", "Checker", "Difference", "Made", "find_checkout", "run_checks"]

MEND = "sessioncore check --write"
"""The command that writes every generated file again."""

CHECKS: tuple[Checker, ...] = (
    *(
        Checker(name=chart.name, regenerates=f"tables of specs/{chart.name}.md", make=partial(chart_page, chart))
        for chart in CHARTS
    ),
    Checker(name="rest", regenerates="lists of routes in specs/rest.md", make=rest_page),
    Checker(name="rules", regenerates="index of rules, specs/rules.md", make=index_page),
    Checker(name="traceability", regenerates="specs/traceability.md", make=traceability_page),
    Checker(name="diagrams", regenerates="pictures in diagrams/", make=pictures),
    Checker(name="graph", regenerates="graphs of one session, specs/session.graph.json", make=golden),
    Checker(name="tla", regenerates="the same graphs by TLC from specs/tla", make=statement),
)
"""Every check, the quick ones first."""


def run_checks(
    root: Path,
    *,
    write: bool = False,
    checks: tuple[Checker, ...] = CHECKS,
    begin: Callable[[Checker], None] = lambda _: None,
) -> Iterator[Check]:
    """Run the checks on the checkout at ``root``, one after another; with ``write`` mend what differs.

    ``begin`` is called before each. Raises OSError for a file that cannot be read or written.
    """
    for checker in checks:
        begin(checker)
        yield judge(checker, root, write=write)


def find_checkout(start: Path) -> Path | None:
    """The nearest folder from ``start`` upwards that holds this repository's ``specs`` and its code, or None."""
    for folder in (start, *start.parents):
        if (folder / "specs").is_dir() and (folder / "sessioncore" / "core").is_dir():
            return folder
    return None

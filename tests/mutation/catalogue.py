"""Which modules of the core are changed, and what is left alone, with the reason: the report repeats it."""

from __future__ import annotations

from importlib import import_module
from typing import Any, final

import attrs

from .code_mutants import Only, code_mutants, faulty_tree
from .row_mutants import row_mutants
from .sources import Sources

CHARTS = ("session_chart", "job_chart", "device_chart")
"""The modules whose rows are changed, and whose atoms are changed as code."""

CODE = (
    "step",
    "job",
    "session",
    "engine",
    "session_core",
    "device_core",
    "dispatch",
    "workload",
    "views",
    "durations",
)
"""The modules whose code is changed."""

LEFT_OUT_MODULES = {
    "__init__": "names only",
    "signals": "names and fields only, no behaviour",
    "events": "names and fields only, no behaviour",
    "effects": "names and fields only, no behaviour",
    "states": "the words of the machine, pinned by the wire's tests",
    "errors": "messages for people",
    "rows": "a way of writing rows; the rows themselves are changed",
    "values": "how a value is made, not what it says",
    "chart": "the laws: each ill-formed chart has a test of its own in test_chart_laws.py",
    "parameters": "names, defaults and what is refused; each has a test of its own in test_profiles.py",
    "profiles": "the profiles as data; each value has a test of its own in test_profiles.py",
    "snapshot": "keeps what the others decide; compared whole by test_snapshots.py",
    "invariants": "laws about snapshots, a judge themselves; each has a damaged snapshot in test_snapshots.py",
}
"""Modules of the core that are not changed, and why."""

LEFT_OUT_NAMES = {"durations": {"EXPECTED"}}
"""Constants that are a text for people."""

LEFT_OUT = (
    "texts for people: messages of errors, their remedies, `says` of rows, docstrings, reprs, f-strings",
    "`subject` and `state` of a refusal, which are words of its message",
    "ids and rules of rows, which name them (test_chart_laws.py and `sessioncore check` hold them)",
    "annotations, type aliases, casts, imports, `__slots__`, `if TYPE_CHECKING`, decorators",
    "assertions, which narrow a type for the checker",
    "`field(...)` of attrs: what is shown and compared",
)
"""What is not changed within the modules that are. Devices for speed are changed; see survivors.toml."""


@final
@attrs.frozen(kw_only=True)
class Mutant:
    """One fault. ``id`` says module, function or row, source and operator, and does not depend on line numbers.

    ``function`` is the one it is in, "" where it is in none; ``within`` is the id within the module, ``place`` the
    number of a fault in code, ``rows`` the ids of the rows that are changed.
    """

    id: str
    module: str
    kind: str
    within: str
    function: str = ""
    place: int = 0
    rows: tuple[str, ...] = ()


def _only(module: str) -> Only:
    """What is changed of a module: of a chart the functions alone."""
    names = LEFT_OUT_NAMES.get(module, set())
    own_level = module not in CHARTS
    return lambda name: name not in names and (own_level or name != "")


def code_catalogue(sources: Sources) -> list[Mutant]:
    """Every fault in code. Raises KeyError for a module that is not there any more."""
    return [
        Mutant(id=f"{module}:{within}", module=module, kind="code", within=within, function=function, place=place)
        for module in (*CHARTS, *CODE)
        for within, function, place in code_mutants(sources.text(module), _only(module))
    ]


def row_catalogue(sources: Sources) -> list[Mutant]:
    """Every fault in rows. Loads the core, so it is to be called in a process of its own."""
    found: list[Mutant] = []

    def note(module: str) -> Any:
        def maker(chart: Any, fields: dict[str, Any]) -> Any:
            for within, rows in row_mutants(fields):
                kept = {id(row) for row in rows}
                changed = tuple(row.id for row in fields["rows"] if id(row) not in kept)
                name = f"{module}:{within}"
                found.append(Mutant(id=name, module=module, kind="row", within=within, rows=changed))
            return chart(**fields)

        return maker

    for module in CHARTS:
        sources.plant_chart(module, note(module))
    sources.install()
    import_module("sessioncore.core")
    return found


def plant(sources: Sources, mutant: Mutant) -> None:
    """Let the core be imported with this fault. Raises LookupError if there is no such fault."""
    if mutant.kind == "row":
        sources.plant_chart(mutant.module, _maker(mutant))
    else:
        text = sources.text(mutant.module)
        sources.plant(mutant.module, faulty_tree(text, _only(mutant.module), mutant.place))


def _maker(mutant: Mutant) -> Any:
    def maker(chart: Any, fields: dict[str, Any]) -> Any:
        for within, rows in row_mutants(fields):
            if within == mutant.within:
                return chart(**{**fields, "rows": rows})
        raise LookupError(f"there is no {mutant.id}")

    return maker

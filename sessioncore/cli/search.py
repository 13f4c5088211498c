"""``sessioncore explore``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sessioncore.core.errors import HostError
from sessioncore.core.profiles import PROFILES, Profile
from sessioncore.core.states import Mode

from .messages import UsageError

if TYPE_CHECKING:
    from sessioncore.explore import Broken, Graph, Property, World

DURATIONS = ("max_ttl", "interactive_ttl", "no_submission", "execution_limit", "usage_limit", "job_limit")
KINDS = ("always", "sometimes", "eventually")
FELL_SHORT = 1


def explore(arguments: argparse.Namespace) -> int:
    """Search a small session exhaustively; 1 if a property does not hold."""
    from sessioncore.explore import check, first_world, standard

    profile, mode = _profile(arguments), Mode(arguments.mode)
    first = first_world(profile, arguments.jobs, mode)
    asked = (*standard(first), *_own(arguments))
    began = time.perf_counter()
    graph = _search(first, arguments)
    broken = check(graph, asked)
    found = _facts(graph, profile, arguments, asked, broken, time.perf_counter() - began)
    if arguments.report is not None:
        found["report"] = _write(Path(arguments.report), graph, broken, profile, arguments.jobs, mode)
    if arguments.json:
        print(json.dumps(found, indent=2))
    else:
        _show(found, graph, asked, broken)
    return FELL_SHORT if broken else 0


def _profile(arguments: argparse.Namespace) -> Profile:
    from sessioncore.explore.matrix import shrunk

    changes = {name: getattr(arguments, name) for name in DURATIONS if getattr(arguments, name) is not None}
    try:
        return shrunk(PROFILES[arguments.profile]).with_values(**{name: n or None for name, n in changes.items()})
    except HostError as error:
        raise UsageError(str(error)) from error


def _own(arguments: argparse.Namespace) -> list[Property]:
    """The user's own properties, functions that take a World, named ``module:function``."""
    from sessioncore.explore import Property

    return [
        Property(kind=kind, name=name, holds=_function(name))  # type: ignore[arg-type]  # one of KINDS
        for kind in KINDS
        for name in getattr(arguments, kind) or ()
    ]


def _function(name: str) -> Any:
    from .loading import load

    found = load(name, "give a function that takes a World and says whether the property holds there")

    def holds(world: World) -> bool:
        try:
            return bool(found(world))
        except (Exception, SystemExit) as error:
            raise UsageError(f"{name} failed at {world.node}: {type(error).__name__}: {error}") from error

    return holds


def _search(first: World, arguments: argparse.Namespace) -> Graph:
    from sessioncore.explore import explore as search

    if arguments.json or not sys.stderr.isatty():
        return search(first, nodes_max=arguments.states_max)
    from rich.console import Console

    with Console(stderr=True).status("exploring ...") as status:
        return search(
            first,
            lambda graph: status.update(f"exploring: {len(graph.worlds):,} states, {graph.steps:,} steps"),
            nodes_max=arguments.states_max,
        )


def _facts(
    graph: Graph,
    profile: Profile,
    arguments: argparse.Namespace,
    asked: tuple[Property, ...],
    broken: tuple[Broken, ...],
    seconds: float,
) -> dict[str, Any]:
    fallen = {id(one.property): one for one in broken}
    half = profile.half(Mode(arguments.mode))
    return {
        "profile": arguments.profile,
        "mode": arguments.mode,
        "jobs": arguments.jobs,
        "ticks": {name: getattr(half, name) for name in DURATIONS},
        "states": len(graph.worlds),
        "edges": sum(len(found) for found in graph.edges.values()),
        "steps": graph.steps,
        "seconds": round(seconds, 3),
        "properties": [
            {
                "kind": one.kind,
                "name": one.name,
                "rules": list(one.rules),
                "holds": id(one) not in fallen,
                "why": fallen[id(one)].why if id(one) in fallen else "",
                "way": [move.text for move in _way(graph, fallen[id(one)])] if id(one) in fallen else None,
            }
            for one in asked
        ],
    }


def _way(graph: Graph, broken: Broken) -> Any:
    return () if broken.node is None else graph.way(broken.node)


def _show(found: dict[str, Any], graph: Graph, asked: tuple[Property, ...], broken: tuple[Broken, ...]) -> None:
    from sessioncore.explore import told

    ticks = ", ".join(f"{name} {n}" for name, n in found["ticks"].items() if n is not None)
    jobs = f"{found['jobs']} job{'s' if found['jobs'] > 1 else ''}"
    print(f"one {found['mode']} session of {found['profile']} with up to {jobs}; in ticks: {ticks or 'no timers'}")
    rate = found["steps"] / max(found["seconds"], 1e-6)
    print(f"{found['states']:,} states, {found['edges']:,} edges, {found['steps']:,} steps ({rate:,.0f} a second)")
    fallen = {id(one.property): one for one in broken}
    for one in asked:
        rules = f"  [{' '.join(one.rules)}]" if one.rules else ""
        print(f"  {'FAILS' if id(one) in fallen else 'holds':5}  {one.kind:10}  {one.name}{rules}")
    for fault in broken:
        said = "it never happened" if fault.node is None else "fails"
        print(f"\n{fault.property.kind} {fault.property.name}: {said}")
        if fault.node is not None:
            print(f"{fault.why or 'the shortest way there:'}\n{told(graph.way(fault.node))}\n  then: {fault.node}")
    for name in found.get("report", ()):
        print(f"wrote {name}")


def _write(
    folder: Path, graph: Graph, broken: tuple[Broken, ...], profile: Profile, jobs: int, mode: Mode
) -> list[str]:
    """A trace, a picture of the rows on the way, and a test of each counterexample."""
    from sessioncore.diagrams import draw
    from sessioncore.explore import as_test, as_trace

    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, one in enumerate(broken, start=1):
            way = _way(graph, one)
            rows = {} if one.node is None else graph.worlds[one.node].core.fired
            for name, text in (
                (f"{number}.jsonl", as_trace(way, profile, mode)),
                (f"{number}.svg", str(draw("session", profile=profile, mode=mode, coverage=rows).to("svg"))),
                (f"test_{number}.py", as_test(one, graph, profile, jobs, mode)),
            ):
                (folder / name).write_text(text, encoding="utf-8")
                written.append(str(folder / name))
    except OSError as error:
        raise UsageError(f"cannot write the report into {folder}: {error.strerror}") from error
    return written

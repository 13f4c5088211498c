"""What a mutant must get past, cheapest first. Everything here runs in a process of the mutant's own."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias, final

import attrs
import pytest

from . import scopes
from .catalogue import Mutant
from .sources import CORE, ROOT

STAGES = ("laws", "graphs", "prose", "searches", "matrix", "scopes", "exhaustive", "machines")
"""In their order. ``laws``: the core is imported, and every profile specialises its charts. ``graphs``: the graphs of
a few small settings. ``prose``: the quick tests. ``searches``: the slower ones. ``matrix``: the graphs of all settings.
``scopes``: the graphs of small devices, for what is in no setting. ``exhaustive``: every state of small sessions and
devices against the reference and pinned digests. ``machines``: Hypothesis's."""

GRAPHS = ("graphs", "matrix", "scopes")
COMPARING = ("laws", *GRAPHS, "exhaustive")
"""The stages that compare graphs with those of the code without a fault, and all that show two cores to be equal."""

SLOW = ("test_catching_up.py", "test_second_interpreter.py")
EXHAUSTIVE = ("test_exhaustive.py",)
MACHINES = ("test_stateful_session.py", "test_stateful_device.py")

SHARING = (*EXHAUSTIVE, *MACHINES)
"""Test files whose tests keep what they found for the next."""

LEFT_OUT_TESTS = {
    "test_purity.py": "it starts interpreters of their own, which have no fault",
    "test_rules_are_cited.py": "it reads the sources as texts",
    "test_exhaustive_faults.py": "it plants faults of its own, and asks whether the searches find them",
}
"""Test files that are not asked, and why."""

RELATED: dict[str, tuple[str, ...]] = {
    "session_chart": ("test_ending.py", "test_submitting.py", "test_starting_and_running.py"),
    "job_chart": ("test_jobs.py", "test_failing.py"),
    "device_chart": ("test_device.py",),
    "step": ("test_step.py", "test_ending.py"),
    "job": ("test_jobs.py",),
    "session": ("test_time.py", "test_budgets.py"),
    "engine": ("test_refusals.py", "test_time.py"),
    "session_core": ("test_refusals.py", "test_snapshots.py"),
    "device_core": ("test_device.py", "test_snapshots.py"),
    "dispatch": ("test_fair_share.py", "test_device.py"),
    "workload": ("test_what_a_person_sees.py", "test_snapshots.py"),
    "views": ("test_what_a_person_sees.py", "test_profiles.py"),
    "durations": ("test_opening.py",),
}
"""The test files that are asked first about a module."""

NOT_OURS = ("-p", "no:sessioncore")
"""The plugin that this very package gives pytest: it would be loaded before any test, and break with the core."""

NODES_MAX = 5_000
"""Three times the largest graph of the matrix: a fault may make a search endless."""

SECONDS_MORE = 6.0
SECONDS_TIMES = 8
"""A mutant may take so much longer than the code without a fault."""

IMPORT_SECONDS = 20.0

Tell: TypeAlias = Callable[[str, str, float], None]
"""Tells the parent (stage, test, seconds that it may take)."""
Reached: TypeAlias = dict[str, frozenset[tuple[str, str]]]
"""For each test or graph, the functions of the core that it calls, as (module, qualified name), and the rows that it
meets, as (:data:`ROW`, id)."""


@final
@attrs.frozen(kw_only=True)
class Known:
    """What the code without a fault does: digests of graphs, and for each test its seconds and its functions.

    ``at_import`` are the functions that run while modules are imported, ``read_charts`` the test files that read the
    rows of charts themselves.
    """

    graphs: dict[str, str]
    seconds: dict[str, float]
    reached: Reached
    at_import: frozenset[tuple[str, str]]
    read_charts: frozenset[str]
    failed: tuple[str, ...]

    def limit(self, name: str) -> float:
        """How many seconds a test or graph may take under a fault.

        The slow tests of a file share what they have found; whichever comes first pays for all.
        """
        file, _, test = name.partition("::")
        alike = [name] if not test or Path(file).name not in SHARING else [one for one in self.seconds if file in one]
        return SECONDS_MORE + SECONDS_TIMES * sum(self.seconds.get(one, 1.0) for one in alike)

    def digests(self, stages: tuple[str, ...]) -> list[str]:
        """The graphs, and the exhaustive searches if they were asked: each is equal or a mutant is killed."""
        searches = [name for name in self.reached if Path(name.partition("::")[0]).name in EXHAUSTIVE]
        return [*self.graphs, *(searches if "exhaustive" in stages else ())]

    def can_tell(self, name: str, mutant: Mutant) -> bool:
        """Whether a test or graph meets what was changed at all: one of the rows, or the function.

        Anything may depend on code that is in no function, runs at import, or is asked once and kept.
        """
        met = self.reached[name]
        if mutant.rows:
            return any((ROW, row) in met for row in mutant.rows) or name.split("::")[0] in self.read_charts
        place = (mutant.module, mutant.function)
        if not mutant.function or place in self.at_import or mutant.function in CACHED:
            return True
        return place in met


ROW = "row"
"""Stands in place of a module for a row that :data:`LOOK_UP` answered with."""

LOOK_UP = "select"
"""The function through which every row is found."""

CACHED = frozenset(("session_chart", "job_chart"))
"""Functions whose answers are kept, so that only the first test that asks is seen to call them."""


def files_of(stage: str) -> list[str]:
    """The test files of a stage."""
    if stage in ("exhaustive", "machines"):
        names: Iterable[str] = EXHAUSTIVE if stage == "exhaustive" else MACHINES
    elif stage == "searches":
        names = SLOW
    else:
        others = {*SLOW, *EXHAUSTIVE, *MACHINES, *LEFT_OUT_TESTS}
        names = sorted(path.name for path in (ROOT / "tests" / "core").glob("test_*.py") if path.name not in others)
    return [_path(name) for name in names]


def related_to(module: str) -> list[str]:
    """The test files that are asked first about a module."""
    return [_path(name) for name in RELATED[module]]


def _path(name: str) -> str:
    return str(Path("tests", "core", name))


# --- laws and graphs -----------------------------------------------------------------------------------------------


def import_core() -> None:
    """Import the core and make every profile's charts. Raises whatever that raises."""
    core = import_module(CORE)
    for profile in core.PROFILES.values():
        for half in (profile.dedicated, profile.batch):
            core.session_chart(half.switches)
            core.job_chart(half.switches)


def settings(stage: str) -> list[Any]:
    """The settings whose graphs are looked at in this stage."""
    matrix = import_module("sessioncore.explore").MATRIX
    small = [one for one in matrix if one.jobs == 1 and one.no_submission]
    small += [one for one in matrix if one.jobs == 2][-1:]
    return small if stage == "graphs" else [one for one in matrix if one not in small]


def graphs_of(stage: str) -> dict[str, Callable[[], str]]:
    """The graphs of a stage: what each is called among the tests, and how its digest is made."""
    if stage == "scopes":
        return {f"scope {name}": partial(scopes.digest_of, name) for name in scopes.NAMES}
    return {f"graph {one.name}": partial(digest_of, one) for one in settings(stage)} if stage in GRAPHS else {}


def digest_of(setting: Any) -> str:
    """A name for the graph of a setting. Raises whatever a faulty core raises."""
    explore = import_module("sessioncore.explore")
    golden = import_module("sessioncore.explore.golden")
    graph = explore.explore(explore.first_world(setting.profile, setting.jobs), nodes_max=NODES_MAX)
    digest: str = golden.digest(graph.labelled())
    return digest


# --- pytest --------------------------------------------------------------------------------------------------------


class Watch:
    """A plugin: tells which test runs, leaves out what cannot tell, remembers the first that failed."""

    def __init__(
        self, wanted: Callable[[str], bool], begins: Callable[[str], None], seconds: Mapping[str, float]
    ) -> None:
        self._wanted = wanted
        self._begins = begins
        self._seconds = seconds
        self.failed: list[str] = []
        self.ended: Callable[[str], None] = lambda _: None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Only those that are wanted, the quickest first where that is known."""
        items[:] = [item for item in items if self._wanted(item.nodeid)]
        items.sort(key=lambda item: self._seconds.get(item.nodeid, 0.0))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        """Before and after each test."""
        self._begins(item.nodeid)
        result = yield
        self.ended(item.nodeid)
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test failed."""
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A test file could not be imported."""
        if report.failed:
            self.failed.append(f"{report.nodeid} (importing it)")


def run_tests(files: list[str], watch: Watch, *, first_only: bool = True) -> None:
    """Run pytest in this process. Raises RuntimeError where pytest itself could not work."""
    arguments = ["-q", "--tb=no", "--no-header", "--assert=plain", "-p", "no:cacheprovider", *NOT_OURS, *files]
    code = pytest.main(["-x", *arguments] if first_only else arguments, plugins=[watch])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) and not watch.failed:
        raise RuntimeError(f"pytest ended with {code!r}")


# --- a mutant --------------------------------------------------------------------------------------------------------


def judge(mutant: Mutant, known: Known, stages: tuple[str, ...], tell: Tell) -> tuple[str, str, str]:
    """Ask the killers in turn: (killed or survived, by which stage, and by what).

    What survives is said to have survived by the graphs and searches that call what was changed, and are as without it.
    """
    tell("laws", "import", IMPORT_SECONDS)
    try:
        import_core()
    except Exception as error:  # noqa: BLE001 - whatever a fault makes of it
        how = "refused" if type(error).__name__ == "ChartError" else "broken"
        return "killed", "laws", f"{how}: {type(error).__name__}: {error}"
    for stage in stages[1:]:
        by = _graphs(stage, mutant, known, tell) or _tests(stage, mutant, known, tell)
        if by:
            return "killed", stage, by
    return "survived", stages[-1], "\n".join(name for name in known.digests(stages) if known.can_tell(name, mutant))


def _graphs(stage: str, mutant: Mutant, known: Known, tell: Tell) -> str:
    for name, digest in graphs_of(stage).items():
        if not known.can_tell(name, mutant):
            continue
        tell(stage, name, known.limit(name))
        try:
            if digest() != known.graphs[name]:
                return f"{name} differs"
        except Exception as error:  # noqa: BLE001 - whatever a fault makes of it
            return f"{name}: {type(error).__name__}: {error}"
    return ""


def _tests(stage: str, mutant: Mutant, known: Known, tell: Tell) -> str:
    if stage in GRAPHS:
        return ""

    def wanted(name: str) -> bool:
        return name in known.reached and name not in known.failed and known.can_tell(name, mutant)

    able = {name.split("::")[0] for name in known.reached if "::" in name and wanted(name)}
    files = [name for name in files_of(stage) if name in able]
    related = [name for name in files if name in related_to(mutant.module)]
    for some in (related, [name for name in files if name not in related]):
        if some:
            seconds = known.seconds if stage == "prose" else {}
            watch = Watch(wanted, lambda name: tell(stage, name, known.limit(name)), seconds)
            tell(stage, "collecting", IMPORT_SECONDS)
            run_tests(some, watch)
            if watch.failed:
                return watch.failed[0]
    return ""


# --- the code without a fault -----------------------------------------------------------------------------------------


class Profiler:
    """Notes which functions of the core are called. For tests in this process and this thread."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places
        self._codes: set[Any] = set()
        self._rows: set[str] = set()

    def start(self) -> None:
        """Begin anew."""
        self._codes, self._rows = set(), set()
        note, note_row = self._codes.add, self._rows.add

        def called(frame: Any, event: str, answer: Any) -> None:
            if event == "call":
                note(frame.f_code)
            elif event == "return" and frame.f_code.co_name == LOOK_UP and answer is not None:
                note_row(answer.id)

        sys.setprofile(called)

    def stop(self) -> frozenset[tuple[str, str]]:
        """What was called since the start."""
        sys.setprofile(None)
        functions = {
            (self._places[code.co_filename], code.co_qualname.split(".<locals>")[0])
            for code in self._codes
            if code.co_filename in self._places
        }
        return frozenset(functions | {(ROW, row) for row in self._rows})


def learn(stages: tuple[str, ...], places: Mapping[str, str], tell: Tell) -> Known:
    """Run every killer on the code without a fault. ``places`` gives the module of each file of the core."""
    profiler = Profiler(places)
    profiler.start()
    import_core()
    at_import = profiler.stop()
    graphs: dict[str, str] = {}
    seconds: dict[str, float] = {}
    reached: Reached = {}
    failed: list[str] = []
    for stage in stages[1:]:
        if stage in GRAPHS:
            for name, digest in graphs_of(stage).items():
                tell(stage, name, 120.0)
                profiler.start()
                begun = time.perf_counter()
                graphs[name] = digest()
                seconds[name] = time.perf_counter() - begun
                reached[name] = profiler.stop()
        else:
            failed += _learn_tests(stage, profiler, seconds, reached, tell)
    return Known(
        graphs=graphs,
        seconds=seconds,
        reached=reached,
        at_import=at_import,
        read_charts=frozenset(name for stage in stages for name in files_of(stage) if _reads_charts(name)),
        failed=tuple(failed),
    )


def _reads_charts(name: str) -> bool:
    return "_CHART" in (ROOT / name).read_text(encoding="utf-8")


def _learn_tests(stage: str, profiler: Profiler, seconds: dict[str, float], reached: Reached, tell: Tell) -> list[str]:
    begun: dict[str, float] = {}

    def begins(name: str) -> None:
        tell(stage, name, 300.0)
        begun[name] = time.perf_counter()
        profiler.start()

    def ended(name: str) -> None:
        reached[name] = profiler.stop()
        seconds[name] = time.perf_counter() - begun[name]

    watch = Watch(lambda _: True, begins, {})
    watch.ended = ended
    tell(stage, "collecting", 60.0)
    run_tests(files_of(stage), watch, first_only=False)
    return watch.failed


def quiet() -> None:
    """No output, no files, not too much memory: for a process that is to be thrown away."""
    import resource

    import hypothesis

    sys.dont_write_bytecode = True
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    hypothesis.settings.register_profile("mutation", database=None, derandomize=True, deadline=None)
    hypothesis.settings.load_profile("mutation")


MEMORY_MAX = 3 << 30
"""Bytes that a mutant may take; a fault may make a list endless."""

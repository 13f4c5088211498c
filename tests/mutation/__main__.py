"""``python -m tests.mutation``: plant every fault, see which tests find it, and fail if one is not found.

Ends with 0 if every mutant was killed or is judged equivalent, 1 if not, 2 where the tester could not work.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from .catalogue import LEFT_OUT, LEFT_OUT_MODULES, Mutant, code_catalogue, row_catalogue
from .killers import COMPARING, LEFT_OUT_TESTS, STAGES, Known
from .report import Report, judged, note_equal
from .runner import HarnessError, Result, alone, learnt, prepare, run
from .sources import ROOT, Sources

GOLDEN = ROOT / "specs" / "session.graph.json"


def arguments() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--list", action="store_true", help="list the mutants, and what is left out; run nothing")
    parser.add_argument("--only", metavar="PATTERN", help="only mutants whose id contains one of these, parted by '|'")
    parser.add_argument("--again", metavar="FILE", type=Path, help="only those not killed in this JSON report")
    parser.add_argument("--sample", metavar="N", type=int, help="only N of them, chosen by --seed")
    parser.add_argument("--seed", metavar="S", type=int, default=0, help="the seed of --sample (default 0)")
    parser.add_argument("--until", choices=STAGES, default=STAGES[-1], help="ask no killers after this one")
    parser.add_argument("--workers", type=int, choices=(1, 2), default=2, help="processes at a time (default 2)")
    parser.add_argument("--json", metavar="FILE", help="write the report as JSON to this file; - for standard output")
    parser.add_argument("--graphs", action="store_true", help="ask only the killers that compare graphs")
    parser.add_argument("--judged", action="store_true", help="only those that survivors.toml judges")
    parser.add_argument(
        "--note", action="store_true", help="write into survivors.toml how many equal graphs include each survivor"
    )
    parser.add_argument(
        "--anyway", action="store_true", help="go on although the code without a fault fails some tests: leave them out"
    )
    return parser


def main(words: list[str] | None = None) -> int:
    """The command."""
    chosen = arguments().parse_args(words)
    signal.signal(signal.SIGTERM, _stopped)
    os.chdir(ROOT)
    try:
        return _run(chosen)
    except HarnessError as error:
        print(f"the tester could not work: {error}", file=sys.stderr)
        return 2


def _stopped(*_: object) -> None:
    """Asked to end: the processes of the mutants end with this one."""
    print("stopped before the end: nothing is said", file=sys.stderr)
    sys.exit(2)


def _run(chosen: argparse.Namespace) -> int:
    begun = time.monotonic()
    prepare()
    sources = Sources()
    everything = [*alone(lambda _tell: row_catalogue(sources)), *code_catalogue(sources)]
    mutants = select(everything, chosen)
    if chosen.list:
        show(mutants)
        return 0
    if not mutants:
        print("no mutant is meant by these options; --list shows all", file=sys.stderr)
        return 2
    stages = COMPARING if chosen.graphs else STAGES[: STAGES.index(chosen.until) + 1]
    if chosen.note and "exhaustive" not in stages:
        print("--note needs all graphs and searches: leave --until out, or take --graphs", file=sys.stderr)
        return 2
    progress = Progress(len(mutants))
    known = learnt(sources, stages, progress.learning)
    complaint = sound(known)
    if complaint:
        progress.say(complaint)
        if not chosen.anyway:
            return 2
    results = []
    for result in run(sources, mutants, known, stages, chosen.workers):
        results.append(result)
        progress.done(result)
    report = Report(
        results=results,
        judgements=judged(),
        ids=frozenset(one.id for one in everything),
        seconds=time.monotonic() - begun,
        stages=stages,
    )
    if chosen.note:
        note_equal(results)
    return publish(report, chosen.json)


def select(everything: list[Mutant], chosen: argparse.Namespace) -> list[Mutant]:
    """Those that the options ask for."""
    found = everything
    if chosen.only:
        found = [one for one in found if any(part in one.id for part in chosen.only.split("|"))]
    if chosen.judged:
        known = judged()
        found = [one for one in found if one.id in known]
    if chosen.again:
        before = json.loads(chosen.again.read_text(encoding="utf-8"))["mutants"]
        wanted = {one["id"] for one in before if one["verdict"] in ("survived", "error")}
        found = [one for one in found if one.id in wanted]
    if chosen.sample is not None and chosen.sample < len(found):
        found = random.Random(chosen.seed).sample(found, chosen.sample)
    return found


def show(mutants: list[Mutant]) -> None:
    """The list, and what is not in it."""
    for mutant in mutants:
        print(mutant.id)
    print(f"\n{len(mutants)} mutants. Left out:")
    for what in LEFT_OUT:
        print(f"  {what}")
    for name, why in LEFT_OUT_MODULES.items():
        print(f"  the module {name}: {why}")
    for name, why in LEFT_OUT_TESTS.items():
        print(f"  as a killer {name}: {why}")


def sound(known: Known) -> str:
    """What is wrong with the code without a fault, '' for nothing: then no mutant can be judged."""
    complaints = [f"the code without a fault fails {name}" for name in known.failed]
    if GOLDEN.exists():
        kept = json.loads(GOLDEN.read_text(encoding="utf-8"))["settings"]
        complaints += [
            f"the {name} is not that of {GOLDEN.relative_to(ROOT)}"
            for name, digest in known.graphs.items()
            if name.startswith("graph ") and kept.get(name.removeprefix("graph "), {}).get("sha256") != digest
        ]
    return "\n".join(complaints)


def publish(report: Report, place: str | None) -> int:
    """Print and write the report; the exit code."""
    if place == "-":
        print(report.as_json())
    else:
        for line in report.as_text():
            print(line)
        if place is not None:
            Path(place).write_text(report.as_json() + "\n", encoding="utf-8")
    if report.those("error"):
        return 2
    return 1 if report.unjudged else 0


class Progress:
    """What is going on, on standard error: one line that is written over on a terminal, else a line now and then."""

    EVERY = 20.0

    def __init__(self, total: int) -> None:
        self._total = total
        self._count = 0
        self._survived = 0
        self._begun = time.monotonic()
        self._last = 0.0

    def say(self, text: str) -> None:
        """A line that stays."""
        print(text, file=sys.stderr, flush=True)

    def learning(self, doing: str) -> None:
        """The code without a fault is being looked at."""
        self._now_and_then(f"without a fault: {doing}")

    def done(self, result: Result) -> None:
        """One mutant more."""
        self._count += 1
        if result.verdict in ("survived", "error"):
            self._survived += 1
            self.say(f"{result.verdict}: {result.mutant.id}")
        spent = time.monotonic() - self._begun
        left = spent / self._count * (self._total - self._count)
        self._now_and_then(
            f"{self._count}/{self._total}, {self._survived} not killed, {spent:.0f} s, about {left:.0f} s left"
        )

    def _now_and_then(self, text: str) -> None:
        terminal = sys.stderr.isatty()
        now = time.monotonic()
        if now - self._last < (0.2 if terminal else self.EVERY):
            return
        self._last = now
        print(f"\r\033[K{text[:100]}" if terminal else text, end="" if terminal else "\n", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

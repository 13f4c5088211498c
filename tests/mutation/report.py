"""What a run has shown: figures, survivors and how they are judged, as text and as JSON."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, final

import attrs

from .catalogue import LEFT_OUT, LEFT_OUT_MODULES
from .killers import LEFT_OUT_TESTS, STAGES
from .runner import Result

SURVIVORS = Path(__file__).with_name("survivors.toml")
EQUIVALENT = "equivalent"

BY = {
    "laws": "refused or broken at import",
    "graphs": "another graph of a small session",
    "prose": "a quick test",
    "searches": "a slower test",
    "matrix": "another graph of the matrix",
    "scopes": "another graph of a small device",
    "exhaustive": "exhaustive search against the reference",
    "machines": "Hypothesis's state machines",
}


def entries(path: Path = SURVIVORS) -> list[dict[str, Any]]:
    """All that is said of survivors."""
    found: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8")).get("survivor", [])
    return found


def judged(path: Path = SURVIVORS) -> dict[str, str]:
    """The mutants that are said to be equivalent, and why. Raises ValueError for an entry that says too little."""
    found: dict[str, str] = {}
    for entry in entries(path):
        why = str(entry.get("why", "")).strip()
        if entry.get("judgement") != EQUIVALENT or not why or not entry.get("id"):
            raise ValueError(f'{path.name}: an entry needs id, judgement = "{EQUIVALENT}" and why; it is {entry}')
        if entry["id"] in found:
            raise ValueError(f"{path.name}: {entry['id']} stands twice")
        found[entry["id"]] = why
    return found


def note_equal(results: Sequence[Result], path: Path = SURVIVORS) -> None:
    """Write beside each judgement how many graphs and searches include what was changed and are as without it.

    To be asked only after a run with all killers: a mutant that survived it differs in none of them.
    """
    equal = {one.mutant.id: len(one.equal) for one in results if one.verdict == "survived"}
    lines: list[str] = []
    of = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("id = "):
            of = tomllib.loads(line)["id"]
        if line.startswith("equal_graphs = ") and of in equal:
            continue
        lines.append(line)
        if line.startswith("why = ") and of in equal:
            lines.append(f"equal_graphs = {equal[of]}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@final
@attrs.frozen(kw_only=True)
class Report:
    """All results of a run; ``judgements`` are those of survivors.toml, ``ids`` all mutants that there are."""

    results: Sequence[Result]
    judgements: Mapping[str, str]
    ids: frozenset[str]
    seconds: float
    stages: tuple[str, ...]

    def those(self, verdict: str) -> list[Result]:
        """The results with this verdict, in order of id."""
        return sorted((one for one in self.results if one.verdict == verdict), key=lambda one: one.mutant.id)

    @property
    def unjudged(self) -> list[Result]:
        """Survivors that nobody has judged."""
        return [one for one in self.those("survived") if one.mutant.id not in self.judgements]

    @property
    def unshown(self) -> list[Result]:
        """Survivors that no graph and no search includes: their equality rests on reading alone."""
        return [one for one in self.those("survived") if not one.equal]

    @property
    def stale(self) -> list[str]:
        """Judgements about mutants that there are not, or that a test kills."""
        killed = {one.mutant.id for one in self.results if one.verdict in ("killed", "timeout")}
        return sorted(name for name in self.judgements if name not in self.ids or name in killed)

    def figures(self) -> dict[str, Any]:
        """The numbers."""
        survived = len(self.those("survived"))
        equivalent = survived - len(self.unjudged)
        counted = len(self.results) - len(self.those("error"))
        dead = counted - survived
        refused = sum(one.by == "laws" and one.what.startswith("refused") for one in self.those("killed"))
        return {
            "mutants": len(self.results),
            "of rows": sum(one.mutant.kind == "row" for one in self.results),
            "of code": sum(one.mutant.kind == "code" for one in self.results),
            "killed by": dict(sorted(Counter(one.by for one in self.those("killed")).items(), key=_stage)),
            "of those, refused by a chart's laws": refused,
            "timeouts": len(self.those("timeout")),
            "survived": survived,
            "judged equivalent": equivalent,
            "shown by equal graphs": survived - len(self.unshown),
            "errors of the tester": len(self.those("error")),
            "raw score": _percent(dead, counted),
            "score without equivalents": _percent(dead, counted - equivalent),
            "minutes": round(self.seconds / 60, 1),
        }

    def as_json(self) -> str:
        """Everything, for programs."""
        mutants = [
            {
                "id": one.mutant.id,
                "kind": one.mutant.kind,
                "verdict": one.verdict,
                "by": one.by,
                "what": one.what,
                "seconds": round(one.seconds, 2),
                "equal": one.equal,
                "judgement": self.judgements.get(one.mutant.id) if one.verdict == "survived" else None,
            }
            for one in sorted(self.results, key=lambda one: one.mutant.id)
        ]
        return json.dumps(
            {
                "figures": self.figures(),
                "stages": list(self.stages),
                "unjudged": [one.mutant.id for one in self.unjudged],
                "stale": self.stale,
                "excluded": {"modules": LEFT_OUT_MODULES, "within modules": LEFT_OUT, "tests": LEFT_OUT_TESTS},
                "mutants": mutants,
            },
            indent=1,
        )

    def as_text(self) -> Iterator[str]:
        """Lines for people."""
        figures = self.figures()
        yield f"{figures['mutants']} mutants: {figures['of rows']} of rows, {figures['of code']} of code"
        for stage, count in figures["killed by"].items():
            more = ""
            if stage == "laws":
                more = f", {figures[_REFUSED]} of them refused by a chart's laws"
            yield f"  {count:5} killed: {BY[stage]}{more}"
        yield f"  {figures['timeouts']:5} killed: took too long"
        shown = figures["shown by equal graphs"]
        yield f"  {figures['survived']:5} survived, {figures['judged equivalent']} of them judged equivalent"
        yield f"  {shown:5} of them have equal graphs over {', '.join(self.stages[1:])}, where these include them"
        yield (
            f"score {figures['raw score']} %, without equivalents {figures['score without equivalents']} %,"
            f" in {figures['minutes']} minutes"
        )
        for one in self.those("error"):
            yield f"ERROR {one.mutant.id}\n{one.what}"
        for one in self.unjudged:
            yield f"SURVIVED {one.mutant.id}"
        for one in self.unshown:
            yield f"in no graph: {one.mutant.id}"
        for name in self.stale:
            yield f"stale judgement: {name}"


_REFUSED = "of those, refused by a chart's laws"


def _stage(item: tuple[str, int]) -> int:
    return STAGES.index(item[0])


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 100.0

"""The mutation tester finds what it must and leaves what it must; a whole run is for nights, see README.md."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sessioncore.core import DEVICE_CHART, JOB_CHART, SESSION_CHART, Chart

from . import scopes
from .catalogue import CHARTS, CODE, LEFT_OUT_MODULES, Mutant, code_catalogue
from .code_mutants import code_mutants, faulty_tree
from .report import entries, judged, note_equal
from .row_mutants import row_mutants
from .runner import Result
from .sources import ROOT, Sources

REFUSED = "session_chart:S-15.max-ttl:dropped"
ROW = "session_chart:S-17.active:target active_draining -> closed"
DEADLINE = "session:Session.max_ttl_due:return self.started_at + self.terms.max_ttl:deadline + 1"
EQUIVALENT = "session:Session.rate:self.configuration is CLOSED and self.on_device:without self.configuration is CLOSED"
UNSEEN = "views:_azure_status:return 'Failed':returns None"
"""What people see is in no graph, so that this one gets past the killers that the test asks."""


def fields_of(chart: Chart) -> dict[str, Any]:
    """What a chart was made of."""
    return {name: getattr(chart, name) for name in ("name", "states", "initial", "atoms", "rows")}


def test_a_fault_of_each_kind_is_killed_and_one_that_changes_nothing_is_reported_as_surviving() -> None:
    wanted = (REFUSED, ROW, DEADLINE, EQUIVALENT, UNSEEN)
    command = [sys.executable, "-m", "tests.mutation", "--until", "graphs", "--workers", "1", "--json", "-"]
    done = subprocess.run(
        [*command, "--only", "|".join(wanted)], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    became = {one["id"]: (one["verdict"], one["by"]) for one in report["mutants"]}
    assert became == {
        REFUSED: ("killed", "laws"),
        ROW: ("killed", "graphs"),
        DEADLINE: ("killed", "graphs"),
        EQUIVALENT: ("survived", "graphs"),
        UNSEEN: ("survived", "graphs"),
    }
    assert report["unjudged"] == [UNSEEN], "the other one is in survivors.toml"
    equal = {one["id"]: len(one["equal"]) for one in report["mutants"] if one["verdict"] == "survived"}
    assert equal == {EQUIVALENT: 5, UNSEEN: 0}, "all five graphs ask for the rate of usage, and none for Azure's words"
    assert report["figures"]["of those, refused by a chart's laws"] == 1


def test_every_module_of_the_core_is_changed_or_left_out_with_a_reason() -> None:
    assert {*CHARTS, *CODE, *LEFT_OUT_MODULES} == {*Sources().core_modules(), "__init__"}
    assert all(LEFT_OUT_MODULES.values())


def test_every_judgement_is_about_a_fault_that_there_is() -> None:
    there = {one.id for one in code_catalogue(Sources())}
    for module, chart in zip(CHARTS, (SESSION_CHART, JOB_CHART, DEVICE_CHART), strict=True):
        there |= {f"{module}:{within}" for within, _ in row_mutants(fields_of(chart))}
    assert set(judged()) <= there


def test_every_judgement_is_borne_out_by_equal_graphs_that_include_the_fault() -> None:
    assert all(entry["equal_graphs"] >= 1 for entry in entries())


def test_what_a_run_has_shown_is_written_beside_the_judgements_and_nothing_else_is_changed(tmp_path: Path) -> None:
    kept = tmp_path / "survivors.toml"
    entry = '[[survivor]]\nid = "{}"\njudgement = "equivalent"\nwhy = "so"\nequal_graphs = 1\n'
    kept.write_text("# Read me.\n\n" + entry.format("a") + "\n" + entry.format("b"), encoding="utf-8")
    mutant = Mutant(id="a", module="step", kind="code", within="a")
    result = Result(mutant=mutant, verdict="survived", by="machines", what="", seconds=1.0, equal=("x", "y"))
    before = kept.read_text(encoding="utf-8")
    note_equal([result], kept)
    assert kept.read_text(encoding="utf-8") == before.replace("equal_graphs = 1", "equal_graphs = 2", 1)
    assert judged(kept) == {"a": "so", "b": "so"}


@pytest.mark.parametrize("name", scopes.WALKS)
def test_a_scope_is_named_alike_each_time(name: str) -> None:
    assert scopes.digest_of(name) == scopes.digest_of(name)


SMALL = """
def due(a, b):
    '''Nothing here is changed.'''
    if not a:
        raise ValueError(f"never {a}")
    return a + 1 if a < b else None
"""


def test_the_id_of_a_fault_does_not_depend_on_what_stands_elsewhere() -> None:
    ids = [name for name, _, _ in code_mutants(SMALL)]
    assert "due:a < b:< -> <=" in ids
    assert "due:not a:not removed" in ids
    assert not any("Nothing here" in name or "another text" in name for name in ids)
    moved = "import os\nX = 1\n\n\ndef other(a, b):\n    return a < b\n" + SMALL
    assert [name for name, _, _ in code_mutants(moved) if name.startswith("due:")] == ids
    assert len(set(ids)) == len(ids)


def test_every_fault_in_code_is_another_program_that_can_be_compiled() -> None:
    made = set()
    for _, function, place in code_mutants(SMALL):
        tree = faulty_tree(SMALL, lambda _: True, place)
        compile(tree, "small", "exec")
        made.add(ast.unparse(tree))
        assert function == "due"
    assert ast.unparse(ast.parse(SMALL)) not in made
    assert len(made) == len(list(code_mutants(SMALL)))


@pytest.mark.parametrize("chart", [SESSION_CHART, JOB_CHART, DEVICE_CHART], ids=lambda chart: chart.name)
def test_every_row_has_faults_and_every_fault_changes_the_rows(chart: Chart) -> None:
    faults = dict(row_mutants(fields_of(chart)))
    assert {name.split(":")[0] for name in faults} == {row.id for row in chart.rows}
    assert all(rows != chart.rows for rows in faults.values())
    assert len(faults) == len(list(row_mutants(fields_of(chart)))), "no id stands twice"

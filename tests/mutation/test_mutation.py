"""The mutation tester finds what it must and leaves what it must; a whole run is for nights, see README.md."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from typing import Any

import pytest

from sessioncore.core import DEVICE_CHART, JOB_CHART, SESSION_CHART, Chart

from .catalogue import CHARTS, CODE, LEFT_OUT_MODULES, code_catalogue
from .code_mutants import code_mutants, faulty_tree
from .report import judged
from .row_mutants import row_mutants
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
        [*command, "--only", "|".join(wanted)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
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
    assert report["figures"]["of those, refused by a chart's laws"] == 1


def test_every_module_of_the_core_is_changed_or_left_out_with_a_reason() -> None:
    assert {*CHARTS, *CODE, *LEFT_OUT_MODULES} == {*Sources().core_modules(), "__init__"}
    assert all(LEFT_OUT_MODULES.values())


def test_every_judgement_is_about_a_fault_that_there_is() -> None:
    there = {one.id for one in code_catalogue(Sources())}
    for module, chart in zip(CHARTS, (SESSION_CHART, JOB_CHART, DEVICE_CHART), strict=True):
        there |= {f"{module}:{within}" for within, _ in row_mutants(fields_of(chart))}
    assert set(judged()) <= there


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

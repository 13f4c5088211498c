"""The graph of one small session: what it is made of, that it is the one that is kept, and that drift is found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sessioncore.core import AZURE, IBM_GUIDE, SessionCoreError
from sessioncore.explore import (
    MATRIX,
    Graph,
    TooLargeError,
    explore,
    first_difference,
    first_world,
    follow,
    golden_text,
    graph_of,
)
from sessioncore.explore.golden import PLACE
from sessioncore.explore.matrix import shrunk
from tests.core.model_faults import SESSION_FAULTS

ROOT = Path(__file__).parents[2]
SMALL = [setting for setting in MATRIX if setting.jobs == 1]
TWO_JOBS = MATRIX[9]


@pytest.fixture(scope="module")
def graphs() -> dict[str, Graph]:
    """Every graph of the matrix."""
    return {setting.name: graph_of(setting) for setting in MATRIX}


def test_the_matrix_has_what_the_comparison_needs() -> None:
    assert len(MATRIX) >= 24
    assert len({setting.name for setting in MATRIX}) == len(MATRIX)
    assert {setting.jobs for setting in MATRIX} == {1, 2, 3}
    assert {setting.no_submission > 0 for setting in MATRIX} == {True, False}
    assert any(setting.max_ttl == 1 for setting in MATRIX)
    for compare in (int.__lt__, int.__eq__, int.__gt__):
        assert any(compare(setting.interactive_ttl, setting.max_ttl) for setting in MATRIX)
    assert len({(setting.failure_policy, setting.queued_at_end) for setting in MATRIX}) == 4


def test_the_graphs_are_those_that_are_kept(graphs: dict[str, Graph]) -> None:
    """After a change that is meant: ``sessioncore check --write``, and read what changed."""
    kept, found = (ROOT / PLACE).read_text(encoding="utf-8"), golden_text(ROOT, graphs)
    if kept != found:
        before, after = json.loads(kept)["settings"], json.loads(found)["settings"]
        changed = [name for name in after if before.get(name) != after[name]]
        pytest.fail(f"the graphs of {changed or 'no setting, but the rest of the file'} are not those of {PLACE}")


def test_an_instant_has_the_phases_reports_timers_requests(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        for (*_, before), label, (*_, after) in graph.labelled():
            name = label.partition(":")[0]
            if name in ("Submit", "Close", "Cancel", "JobCancel", "Tick"):
                assert before == "requests"
            elif name.endswith("Expired") or name == "TimersOver":
                assert before == "timers"
            if name == "ReportsOver":
                assert (before, after) == ("reports", "timers")
            elif name == "Tick":
                assert after == "reports"


def test_a_refusal_and_a_step_that_changes_nothing_lead_back_to_where_they_began(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        for source, label, target in graph.labelled():
            if not label.endswith(":done"):
                assert source == target


def test_time_passes_in_every_state_so_that_nothing_has_to_happen(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        for node, edges in graph.edges.items():
            labels = {label for label, _ in edges}
            timer = any(label.endswith("Expired:done") for label in labels)
            assert timer or labels & {"Tick:done", "ReportsOver:done", "TimersOver:done"}, node


def test_the_way_to_a_node_leads_there(graphs: dict[str, Graph]) -> None:
    graph = graphs[TWO_JOBS.name]
    for node in list(graph.worlds)[::50]:
        steps = [move.text for move in graph.way(node)]
        assert follow(TWO_JOBS.profile, TWO_JOBS.jobs, steps).node == node


def test_equal_graphs_have_no_difference_and_others_show_the_first_edge_and_a_way_to_it() -> None:
    graph = graph_of(SMALL[0])
    edges = graph.labelled()
    assert first_difference(graph, edges) is None
    lost = min(edge for edge in edges if edge[1] == "MaxTtlExpired:done")
    found = first_difference(graph, edges - {lost})
    assert found is not None
    said, way = found
    assert said.startswith("only the core has the edge 'MaxTtlExpired:done'")
    assert way == graph.way(lost[0])
    invented = (graph.first, "Submit:refused", graph.first)
    said, way = first_difference(graph, edges | {invented}) or ("", ())
    assert said.startswith("only the other has the edge 'Submit:refused'")
    assert way == ()


INVISIBLE = {
    "37: a jump over two deadlines fires one": "the search goes tick by tick",
    "T-03: refusals are counted": "a count is not in a node",
    "U-01: the usage window ends at the close": "usage is not in a node",
}
"""Faults that no node and no outcome shows, and why; other tests find them."""


def tells_apart(name: str, patch: pytest.MonkeyPatch) -> bool:
    """Whether some small graph of a core with this fault is not the right one."""
    for setting in (*SMALL[:4], *(one for one in MATRIX if one.jobs == 2)):
        right = graph_of(setting).labelled()
        with patch.context() as planted:
            SESSION_FAULTS[name](planted, setting.profile)
            try:
                wrong = graph_of(setting).labelled()
            except (AssertionError, SessionCoreError):
                return True  # a core that breaks down has been found out
        if wrong != right:
            return True
    return False


@pytest.mark.parametrize("name", sorted(set(SESSION_FAULTS) - set(INVISIBLE)))
def test_a_faulty_core_has_another_graph(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tells_apart(name, monkeypatch)


def test_a_fault_that_is_said_to_be_invisible_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not [name for name in INVISIBLE if tells_apart(name, monkeypatch)]


def test_short_timers_keep_their_order() -> None:
    half = shrunk(IBM_GUIDE).dedicated
    assert (half.interactive_ttl, half.no_submission, half.execution_limit, half.max_ttl) == (1, 2, 3, 4)
    assert shrunk(AZURE).dedicated.max_ttl is None


def test_a_search_that_grows_too_large_says_what_to_do() -> None:
    with pytest.raises(TooLargeError, match="more than 50 states; explore fewer jobs"):
        explore(first_world(shrunk(IBM_GUIDE), 2), nodes_max=50)


def test_a_number_of_jobs_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 8 jobs, not 9"):
        first_world(IBM_GUIDE, 9)

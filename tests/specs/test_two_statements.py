"""The core and the hand-written TLA+ statement: equal sets of labelled edges under every setting of the matrix."""

from __future__ import annotations

import pytest

from sessioncore.explore import MATRIX, Edge, Setting, first_difference, graph_of, tlc

missing = tlc.available()
pytestmark = pytest.mark.skipif(missing is not None, reason=missing or "")


@pytest.fixture(scope="module")
def stated() -> dict[str, frozenset[Edge]]:
    """What TLC finds, by setting; one run for all."""
    return tlc.graphs(MATRIX)


@pytest.mark.parametrize("setting", MATRIX, ids=lambda setting: setting.name)
def test_the_core_and_the_statement_have_the_same_edges(setting: Setting, stated: dict[str, frozenset[Edge]]) -> None:
    found = first_difference(graph_of(setting), stated[setting.name])
    if found is not None:
        said, way = found
        steps = "\n".join(step.text for step in way)
        pytest.fail(f"{said}; a shortest way there:\n{steps}")

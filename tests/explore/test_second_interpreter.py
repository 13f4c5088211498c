"""A ``transitions.Machine`` made of the same rows fires the same row on every edge of every graph of the matrix.

It shares the guards with the core's own interpreter: so it checks look-up and totality, not the rules.
"""

from __future__ import annotations

import random
from importlib import import_module
from typing import Any

import pytest

from sessioncore.core import SESSION_CHART, ClientError, HostError
from sessioncore.explore import MATRIX, Setting, graph_of
from tests.core.test_second_interpreter import Watched, other_machine

engine: Any = import_module("sessioncore.core.engine")
ours = engine.decide


@pytest.fixture(scope="module")
def other() -> Watched:
    """The other machine, its rows in another order."""
    watched = Watched()
    other_machine(watched, random.Random(7))
    return watched


@pytest.mark.parametrize("setting", MATRIX, ids=lambda setting: setting.name)
def test_the_other_machine_fires_the_same_row_on_every_edge(
    setting: Setting, other: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: set[str] = set()
    refused: list[tuple[str, str]] = []

    def both(session: Any, event: Any, *more: Any) -> Any:
        other.state = str(session.configuration)
        other.session, other.event = session, event
        other.rows.clear()
        other.trigger(type(event).__name__)
        (fired,) = other.rows
        met.add(fired)
        try:
            row = ours(session, event, *more)
        except (ClientError, HostError) as error:
            refused.append((fired, error.row))
            raise
        assert fired == row.id
        assert other.state == str(row.target or session.configuration)
        return row

    monkeypatch.setattr(engine, "decide", both)
    graph_of(setting)
    assert refused
    assert all(theirs == row for theirs, row in refused)
    assert len(met) > 15
    assert met <= {row.id for row in SESSION_CHART.rows}

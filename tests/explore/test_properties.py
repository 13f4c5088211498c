"""Properties of a search: what holds, what does not, and what is shown where it does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sessioncore.core import IBM_GUIDE, Mode, SessionState
from sessioncore.core.values import replaced
from sessioncore.explore import (
    MATRIX,
    Graph,
    Property,
    World,
    as_test,
    as_trace,
    check,
    explore,
    first_world,
    follow,
    graph_of,
    standard,
    told,
)
from sessioncore.explore.graph import SESSION
from sessioncore.explore.matrix import shrunk
from sessioncore.trace import read_trace

PROFILE = shrunk(IBM_GUIDE)


@pytest.fixture(scope="module")
def graph() -> Graph:
    """One session with up to two jobs under the guide's profile."""
    return explore(first_world(PROFILE, 2))


def running(world: World) -> int:
    """How many jobs are on the device."""
    return world.core.sessions[SESSION].on_device


@pytest.mark.parametrize("setting", MATRIX, ids=lambda setting: setting.name)
def test_every_property_holds_in_every_graph_of_the_matrix(setting: object) -> None:
    graph = graph_of(setting)  # type: ignore[arg-type]  # a Setting
    assert check(graph, standard(graph.worlds[graph.first])) == ()


@pytest.mark.parametrize("mode", list(Mode))
def test_every_property_holds_with_execution_limits_too(mode: Mode) -> None:
    first = first_world(PROFILE, 2, mode)
    assert check(explore(first), standard(first)) == ()


def test_what_does_not_always_hold_is_shown_where_it_fails_first(graph: Graph) -> None:
    (broken,) = check(graph, [Property(kind="always", name="one at a time", holds=lambda world: running(world) < 2)])
    assert broken.node is not None
    way = graph.way(broken.node)
    assert [step.label for step in way] == ["Submit:done", "JobStarted:done", "Submit:done", "JobStarted:done"]
    assert "4 JobStarted:done j2" in told(way)


def test_what_never_happens_fails_though_nothing_forbids_it(graph: Graph) -> None:
    never = Property(kind="sometimes", name="three jobs at once", holds=lambda world: running(world) > 2)
    (broken,) = check(graph, [never])
    assert broken.node is None


def test_a_session_without_timers_may_wait_for_ever_and_that_is_found() -> None:
    first = first_world(shrunk(IBM_GUIDE).with_values(no_submission=None), 1)
    graph = explore(first)
    closes = Property(
        kind="eventually",
        name="every session closes",
        holds=lambda world: world.core.sessions[SESSION].state is SessionState.CLOSED,
    )
    (broken,) = check(graph, [closes])
    assert broken.node == graph.first
    assert "nothing that happens without a client" in broken.why
    with_limit = explore(first_world(shrunk(IBM_GUIDE), 1))
    assert check(with_limit, [closes]) == ()


def test_an_eventuality_is_asked_for_only_where_it_is_given(graph: Graph) -> None:
    wanted = Property(
        kind="eventually", name="more", holds=lambda world: running(world) > 2, given=lambda world: running(world) > 1
    )
    (broken,) = check(graph, [wanted])
    assert broken.node is not None
    assert running(graph.worlds[broken.node]) == 2
    assert check(graph, [Property(kind="eventually", name="x", holds=wanted.holds, given=lambda _: False)]) == ()


def test_a_damaged_core_breaks_an_invariant_and_the_reason_is_told() -> None:
    world = first_world(PROFILE, 1)
    load = world.core._workloads[SESSION]
    assert load.session is not None
    load.session = replaced(load.session, queued=3)
    (broken, *_) = check(explore(world), standard(world)[:1])
    assert broken.node == world.node
    assert "S-13" in broken.why


def test_a_counterexample_is_a_trace_that_reads_back(graph: Graph, tmp_path: Path) -> None:
    node = next(node for node, world in graph.worlds.items() if running(world) == 2)
    text = as_trace(graph.way(node), PROFILE)
    place = tmp_path / "way.jsonl"
    place.write_text(text)
    assert [json.loads(line)["type"] for line in text.splitlines()[1:3]] == ["OpenRequested", "SubmitRequested"]
    assert len(read_trace(place).entries) == len(text.splitlines()) - 1


def test_a_counterexample_is_a_test_that_fails_until_the_core_is_mended(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Property(kind="sometimes", name="a session drains", holds=lambda _: False)
    (broken,) = check(graph, [one])
    space: dict[str, object] = {}
    exec(as_test(broken, graph, PROFILE, 1), space)  # noqa: S102 - the text is what is tested
    test = space["test_a_session_drains"]
    test()  # type: ignore[operator]  # with the right core it passes
    monkeypatch.setitem(space, "standard", lambda _world: [one])
    with pytest.raises(AssertionError):
        test()  # type: ignore[operator]


def test_a_way_that_cannot_be_followed_any_more_says_so() -> None:
    with pytest.raises(ValueError, match="step 1: 'JobStarted:done j1' cannot happen here any more"):
        follow(PROFILE, 1, ["JobStarted:done j1"])

"""Devices through the runtime: what operators do, and what clients see of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sessioncore.core import ClientError, DeviceState, Mode

from .conftest import ME, HandBackend, World, request

MakeWorld = Callable[..., World]


def test_a_device_is_shown_with_its_queue_and_its_lanes(make_world: MakeWorld) -> None:
    world = make_world(lanes=2)
    for _ in range(3):
        world.submit()
    view = world.runtime.device("hand")
    assert (view.queue_length, view.running, view.lanes, view.qubits) == (3, 2, 2, 5)
    assert (view.state, view.simulator, view.active_session) == (DeviceState.ONLINE, False, None)
    assert world.runtime.devices() == [view]
    assert world.runtime.backend("hand") is world.device


def test_the_session_that_has_the_device_to_itself_is_named(world: World) -> None:
    """D-01; a batch holds nobody up (D-04)."""
    batch = world.open(Mode.BATCH)
    job = world.submit(batch)
    assert world.runtime.device("hand").active_session is None
    session = world.open()
    world.submit(session)
    world.end(job.id)
    assert world.runtime.device("hand").active_session == session.id
    world.runtime.cancel_session(ME, session.id)
    assert world.runtime.device("hand").active_session is None


def test_a_paused_or_offline_device_starts_nothing_until_it_is_resumed(world: World) -> None:
    """D-05."""
    running = world.submit()
    for stop, state in (
        (world.runtime.pause, DeviceState.PAUSED),
        (world.runtime.take_offline, DeviceState.OFFLINE),
    ):
        assert stop("hand").state is state
        assert stop("hand").state is state
        queued = world.submit()
        world.end(running.id)
        assert world.device.running() == []
        assert world.runtime.resume("hand").state is DeviceState.ONLINE
        assert world.device.running() == [queued.id]
        running = queued


def test_a_held_device_looks_online_and_starts_nothing(world: World) -> None:
    view = world.runtime.hold("hand")
    assert (view.state, view.held) == (DeviceState.ONLINE, True)
    job = world.submit()
    assert world.job(job).client_status == "Queued"
    world.runtime.pause("hand")
    assert world.runtime.release("hand").state is DeviceState.PAUSED
    assert world.device.running() == []
    world.runtime.hold("hand")
    assert world.runtime.resume("hand").held
    assert world.device.running() == []
    world.runtime.release("hand")
    assert world.device.running() == [job.id]


def test_least_busy_is_the_operational_device_with_the_shortest_queue(make_world: MakeWorld) -> None:
    """D-06."""
    world = make_world(HandBackend("left"), HandBackend("right"))
    assert world.runtime.least_busy().name == "left"
    world.submit()
    assert world.runtime.least_busy().name == "right"
    world.runtime.take_offline("right")
    assert world.runtime.least_busy().name == "left"
    world.runtime.pause("left")
    with pytest.raises(ClientError) as caught:
        world.runtime.least_busy()
    assert caught.value.rule == "D-06"


def test_an_unknown_device_is_not_found(world: World) -> None:
    for ask in (world.runtime.device, world.runtime.backend, world.runtime.pause, world.runtime.hold):
        with pytest.raises(ClientError, match="Use one of: hand") as caught:
            ask("elsewhere")
        assert caught.value.http_status == 404


def test_fair_share_lets_the_instance_with_the_least_usage_go_first(make_world: MakeWorld) -> None:
    """D-03."""
    from sessioncore.host import Caller

    world = make_world(policy="fair_share", allocations={"large": 2})
    greedy, modest = Caller(instance="greedy"), Caller(instance="modest")
    first = world.runtime.submit(greedy, request())
    world.runtime.advance(10)
    second = world.runtime.submit(greedy, request())
    third = world.runtime.submit(modest, request())
    world.end(first.id)
    assert world.device.running() == [third.id]
    world.end(third.id)
    assert world.device.running() == [second.id]

"""A counterexample for people and programs: the way as text, as a trace, and as a test to paste."""

from __future__ import annotations

from collections.abc import Sequence

from sessioncore.core.events import Event, OpenRequested
from sessioncore.core.profiles import Profile
from sessioncore.core.states import Mode

from .graph import SESSION, Graph, Move, World, first_world
from .properties import Broken


def events_of(way: Sequence[Move], mode: Mode = Mode.DEDICATED) -> list[Event]:
    """Everything that was handed to the core on a way, the creation first; ``Advanced`` where timers fired."""
    return [OpenRequested(at=0, session_id=SESSION, mode=mode)] + [one.event for one in way if one.event is not None]


def told(way: Sequence[Move]) -> str:
    """The way as one line a step."""
    if not way:
        return "  at the very start"
    return "\n".join(f"  {number:3} {one.text}" for number, one in enumerate(way, start=1))


def as_trace(way: Sequence[Move], profile: Profile, mode: Mode = Mode.DEDICATED) -> str:
    """The way as a ``sessioncore-trace``, one line an event.

    It is that of a session alone: starts are among its events, so :class:`SessionCore` takes them, a device would not.
    """
    from sessioncore.trace import DeviceHeader, Header, Recorded, encode

    header = Header(devices=(DeviceHeader(id="explored"),), profile=profile, started_at=0)
    lines = [encode(header)]
    lines += [encode(Recorded(seq=seq, event=event)) for seq, event in enumerate(events_of(way, mode), start=1)]
    return "\n".join(lines) + "\n"


def as_test(broken: Broken, graph: Graph, profile: Profile, jobs: int, mode: Mode = Mode.DEDICATED) -> str:
    """A test to paste, which fails as long as the property does not hold after the way that was found."""
    one = broken.property
    way = () if broken.node is None else graph.way(broken.node)
    name = "".join(letter if letter.isalnum() else "_" for letter in one.name).strip("_").lower()
    asked = f"[one for one in standard(world) if one.name == {one.name!r}]"
    if ":" in one.name:  # the user's own, by the name of its function
        asked = f"[Property(kind={one.kind!r}, name={one.name!r}, holds=resolve_name({one.name!r}))]"
    steps = "".join(f"    {step.text!r},\n" for step in way)
    return f'''"""Found by 'sessioncore explore': {one.kind} {one.name}."""

from pkgutil import resolve_name  # noqa: F401

from sessioncore.core import Mode, Parameters, Profile
from sessioncore.explore import Property, check, explore, follow, standard  # noqa: F401

PROFILE = {profile!r}
WAY = [
{steps}]


def test_{name}() -> None:
    world = follow(PROFILE, {jobs}, WAY, mode=Mode.{mode.name})
    broken = check(explore(world), {asked})
    assert not broken, broken
'''


def follow(profile: Profile, jobs: int, steps: Sequence[str], mode: Mode = Mode.DEDICATED) -> World:
    """The world that a way leads to, from the texts of its steps (:attr:`Move.text`).

    Raises ValueError where a label cannot be followed: then the core behaves otherwise by now.
    """
    world = first_world(profile, jobs, mode)
    for number, step in enumerate(steps, start=1):
        after = [one for move, one in world.moves() if move.text == step]
        if not after:
            raise ValueError(f"step {number}: {step!r} cannot happen here any more; the core behaves otherwise by now")
        world = after[0]
    return world

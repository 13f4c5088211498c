"""Making targets: whether a factory makes a new one each time, and what they can do."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, final

from sessioncore.core.events import OpenRequested
from sessioncore.core.profiles import Profile

from .awaited import Awaited, is_async
from .guarding import Guarded, made_by
from .protocol import Capabilities, Factory, View
from .results import Difference, Finding, Kind, TierResult
from .shapes import too_coarse
from .watch import RAISED, HangingError, NoTargetError, Watch, exception_text

PATIENCE_S = 30.0
"""How long making a first target may take, in seconds: a service may have to start."""


def made(factory: Factory) -> Guarded:
    """A target, guarded; an asynchronous one is made synchronous. Raises what the factory raises, and
    :class:`NoTargetError`."""
    return made_by(factory, _synchronous)


def _synchronous(target: Any) -> Any:
    return Awaited(target) if is_async(target) else target


def capabilities_of(factory: Factory) -> Capabilities:
    """What the targets can do. Raises what making one raises, and :class:`HangingError`."""

    def told() -> Capabilities:
        target = made(factory)
        try:
            return target.capabilities
        finally:
            target.close()

    return Watch[Capabilities](PATIENCE_S).run(told)


def fresh_targets(factory: Factory, profile: Profile) -> tuple[TierResult, Capabilities | None]:
    """Whether the factory makes a new target each time: what is done to one must not show in the next. And what its
    targets can do, None if that was not found out; whether that is enough to judge by the
    profile. What they answer is not looked at here; the tiers do."""
    look = _Look(factory)
    findings: list[Finding] = []
    try:
        found = look.watch.run(look)
        findings += [] if found is None else [found]
        if not findings and look.can is not None and (said := too_coarse(look.can, profile)):
            findings.append(_stale(said, None, Kind.NONSENSE))
    except NoTargetError as error:
        findings.append(_stale(str(error), None, Kind.NONSENSE))
    except HangingError as error:
        findings.append(_stale(f"{look.at}: {error}", None, Kind.HANG))
    except Exception as error:  # noqa: BLE001 - whatever it raises is told
        findings.append(_stale(f"{look.at} raised {exception_text(error)}", None, Kind.CRASH))
    return TierResult(name="factory", cases=1, steps=0, seconds=0.0, findings=tuple(findings)), look.can


@final
class _Look:
    """Two targets of a factory, one after the other. ``at`` says what they are asked for, ``can`` what they can do."""

    def __init__(self, factory: Factory) -> None:
        self.factory = factory
        self.watch: Watch[Finding | None] = Watch(PATIENCE_S)
        self.at = ""
        self.can: Capabilities | None = None

    def __call__(self) -> Finding | None:
        self._asks("making a target", PATIENCE_S)
        first = made(self.factory)
        self.can = can = first.capabilities
        try:
            return self._second(first, can.patience_s) if can.fresh else None
        finally:
            self._asks("close()", can.patience_s)
            first.close()

    def _asks(self, what: str, patience_s: float) -> None:
        self.at, self.watch.patience_s = what, patience_s
        self.watch.beat()

    def _second(self, first: Guarded, patience_s: float) -> Finding | None:
        self._asks("observe()", patience_s)
        before = _seen(first)
        if before is not None and (before.sessions or before.jobs):
            return _stale("a new target shows sessions or jobs already", before)
        self._asks("apply(OpenRequested)", patience_s)
        with suppress(*RAISED):
            first.apply(OpenRequested(at=0 if before is None else before.at, session_id="first"))
        self._asks("making a second target", PATIENCE_S)
        second = made(self.factory)
        try:
            self._asks("observe() on a second target", patience_s)
            after = _seen(second)
            if second.target is first.target or (after is not None and (after.sessions or after.jobs)):
                return _stale("what was opened on one target shows on the next", after)
        finally:
            self._asks("close() on a second target", patience_s)
            second.close()
        return None


def _seen(target: Guarded) -> View | None:
    """What it shows, if that can be read."""
    with suppress(*RAISED):
        return target.observe()
    return None


def _stale(said: str, seen: object, kind: Kind = Kind.FACTORY) -> Finding:
    differences = () if seen is None else (Difference(what="a fresh target", expected="nothing", seen=seen),)
    return Finding(kind=kind, rules=(), tier="factory", case="factory", differences=differences, trace=(), said=said)

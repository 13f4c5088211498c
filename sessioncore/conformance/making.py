"""Making targets: whether a factory makes a new one each time, and what they can do."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sessioncore.core.events import OpenRequested

from .awaited import Awaited, is_async
from .protocol import Capabilities, Factory, SystemUnderTest, View
from .results import Difference, Finding, Kind, TierResult
from .watch import HangingError, Watch

PATIENCE_S = 30.0
"""How long making a first target may take, in seconds: a service may have to start."""


def made(factory: Factory) -> SystemUnderTest:
    """A target; an asynchronous one is made synchronous. Raises what the factory raises."""
    target: Any = factory()
    return Awaited(target) if is_async(target) else target


def capabilities_of(factory: Factory) -> Capabilities | None:
    """What the targets can do; None where none could be made, which the tiers tell."""
    with suppress(Exception):
        target = made(factory)
        try:
            told: Capabilities = target.capabilities
            return told
        finally:
            target.close()
    return None


def fresh_targets(factory: Factory) -> TierResult:
    """Whether the factory makes a new target each time: what is done to one must not show in the next. What such a
    target answers is not looked at here; the tiers do."""
    findings: list[Finding] = []
    watch: Watch[Finding | None] = Watch(PATIENCE_S)
    try:
        found = watch.run(lambda: _look(factory))
        findings += [] if found is None else [found]
    except HangingError as error:
        findings.append(_stale(f"making a target: {error}", None, Kind.HANG))
    except Exception as error:  # noqa: BLE001 - whatever it raises is told
        findings.append(_stale(f"making a target raised {type(error).__name__}: {error}", None, Kind.CRASH))
    return TierResult(name="factory", cases=1, steps=0, seconds=0.0, findings=tuple(findings))


def _look(factory: Factory) -> Finding | None:
    first = made(factory)
    try:
        if not first.capabilities.fresh:
            return None
        before = _seen(first)
        if before is not None and (before.sessions or before.jobs):
            return _stale("a new target shows sessions or jobs already", before)
        with suppress(Exception):
            first.apply(OpenRequested(at=0 if before is None else before.at, session_id="first"))
        second = made(factory)
        try:
            after = _seen(second)
            if second is first or (after is not None and (after.sessions or after.jobs)):
                return _stale("what was opened on one target shows on the next", after)
        finally:
            second.close()
    finally:
        first.close()
    return None


def _seen(target: SystemUnderTest) -> View | None:
    """What it shows, if that can be read."""
    with suppress(Exception):
        view: Any = target.observe()
        if isinstance(view, View) and isinstance(view.at, int):
            return view
    return None


def _stale(said: str, seen: object, kind: Kind = Kind.FACTORY) -> Finding:
    differences = () if seen is None else (Difference(what="a fresh target", expected="nothing", seen=seen),)
    return Finding(kind=kind, rules=(), tier="factory", case="factory", differences=differences, trace=(), said=said)

"""An asynchronous target, made synchronous."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any, final

from sessioncore.core.events import Event

from .protocol import Capabilities, Outcome, View


def is_async(target: Any) -> bool:
    """Whether its methods are coroutines."""
    return inspect.iscoroutinefunction(getattr(target, "apply", None))


@final
class Awaited:
    """Runs the coroutines of one target in an event loop of their own, one after another."""

    def __init__(self, target: Any) -> None:
        self._target = target
        self._runner = asyncio.Runner()

    @property
    def capabilities(self) -> Capabilities:
        """What the target can do."""
        told: Capabilities = self._target.capabilities
        return told

    def apply(self, event: Event) -> Outcome:
        """One request or report."""
        outcome: Outcome = self._runner.run(self._target.apply(event))
        return outcome

    def advance(self, microseconds: int) -> None:
        """Time passes."""
        self._runner.run(self._settled(self._target.advance(microseconds)))

    def observe(self) -> View:
        """What a client sees."""
        view: View = self._runner.run(self._settled(self._target.observe()))
        return view

    def close(self) -> None:
        """Free what it holds, and the event loop."""
        try:
            self._runner.run(self._settled(self._target.close()))
        finally:
            self._runner.close()

    @staticmethod
    async def _settled(answer: Any) -> Any:
        """The answer, awaited if need be."""
        return await answer if inspect.isawaitable(answer) else answer

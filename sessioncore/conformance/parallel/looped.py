"""An asynchronous target for many threads: its coroutines run in one event loop, at once, and interleave where they
wait for something."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Coroutine
from typing import Any, final

from sessioncore.core.events import Event

from ..protocol import Capabilities, Outcome, View
from ..watch import QuitError, exception_text

ENDING_S = 1.0
"""How long the loop's thread is given to end, in seconds."""


@final
class Looped:
    """Hands what each thread asks for to the loop of the target, and waits for the answer."""

    def __init__(self, target: Any) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="loop of the target")
        self._thread.start()

    @property
    def capabilities(self) -> Capabilities:
        """What the target can do."""
        told: Capabilities = self._target.capabilities
        return told

    def apply(self, event: Event) -> Outcome:
        """One request or report."""
        outcome: Outcome = self._run(self._target.apply, event)
        return outcome

    def advance(self, microseconds: int) -> None:
        """Time passes."""
        self._run(self._target.advance, microseconds)

    def observe(self) -> View:
        """What a client sees."""
        view: View = self._run(self._target.observe)
        return view

    def close(self) -> None:
        """Free what it holds, and end the loop."""
        try:
            self._run(self._target.close)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(ENDING_S)
            if not self._thread.is_alive():
                self._loop.close()

    def _run(self, method: Any, *arguments: Any) -> Any:
        async def work() -> Any:
            try:
                answer = method(*arguments)
                return await answer if inspect.isawaitable(answer) else answer
            except (SystemExit, KeyboardInterrupt) as error:  # it would end the loop, and nobody would be answered
                raise QuitError(exception_text(error)) from None

        coroutine: Coroutine[Any, Any, Any] = work()
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

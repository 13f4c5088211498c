"""Calling a target that may hang: the work goes on in a thread of its own, and is left behind when it stops moving."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar, final

from sessioncore.core.errors import SessionCoreError

_T = TypeVar("_T")

TEXT_MAX = 2000
"""How much of what a target says is kept, in characters: it is compared, put into reports, and read."""

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
"""What differs from run to run in the text of an object that has none of its own."""

GLANCE_S = 0.25
"""How often it is looked whether the work still moves, in seconds."""


RAISED = (Exception, SystemExit, KeyboardInterrupt)
"""What a target may raise: also what would end the program, since a real interruption reaches the main thread alone."""


class QuitError(SessionCoreError):
    """The target raised what would end the program. The message says what."""


class UnmadeError(QuitError):
    """The factory raised something in the middle of a tier. The message says what."""


class NoTargetError(UnmadeError):
    """What the factory gave is no target. The message says what is missing."""


class HangingError(SessionCoreError):
    """The target did not answer within its patience. The message says for how long it was waited."""


@final
class Watch(Generic[_T]):
    """Runs work that calls :meth:`beat` whenever it moves."""

    def __init__(self, patience_s: float) -> None:
        self.patience_s = patience_s
        self._moved = time.monotonic()
        self._result: list[_T] = []
        self._raised: list[Exception] = []

    def beat(self) -> None:
        """The work moves."""
        self._moved = time.monotonic()

    def run(self, work: Callable[[], _T]) -> _T:
        """What the work gives. Raises what it raises, and :class:`HangingError` when it has not moved for too long:
        then its thread is left to itself."""

        def worker() -> None:
            try:
                self._result.append(work())
            except Exception as error:  # noqa: BLE001 - raised again where it is waited for
                self._raised.append(error)
            except BaseException as error:  # noqa: BLE001 - it must not end the program where it is waited for
                self._raised.append(QuitError(exception_text(error)))

        thread = threading.Thread(target=worker, daemon=True, name="target under judgement")
        self.beat()
        thread.start()
        while thread.is_alive():
            thread.join(min(GLANCE_S, self.patience_s))
            if thread.is_alive() and time.monotonic() - self._moved > self.patience_s:
                raise HangingError(f"no answer within {self.patience_s:g} s")
        if self._raised:
            raise self._raised[0]
        return self._result[0]


def cut(text: str, length: int = TEXT_MAX) -> str:
    """The beginning of what a target says, as the language's own text."""
    text = str.__str__(text)
    return text if len(text) <= length else f"{text[:length]}…"


def exception_text(error: BaseException) -> str:
    """An exception by its type and text, whatever its text does."""
    if isinstance(error, QuitError):
        return str(error)
    try:
        text = cut(str(error))
    except BaseException as wrong:  # noqa: BLE001 - the exception is the target's, and so is its text
        text = f"its text cannot be shown ({type(wrong).__name__})"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def checked(thing: Any, kinds: type | tuple[type, ...], what: str) -> None:
    """Raise TypeError unless the thing is of a kind."""
    if not isinstance(thing, kinds):
        names = " or ".join(kind.__name__ for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))
        try:
            text = cut(_ADDRESS.sub("", cut(repr(thing))), 200)
        except BaseException as error:  # noqa: BLE001 - the thing is the target's, and so is its repr
            text = f"a {type(thing).__name__} that cannot be shown ({type(error).__name__})"
        raise TypeError(f"{what} should be {names}, and is {text}")

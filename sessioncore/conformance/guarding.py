"""A target that the kit can trust: whatever the real one raises or says arrives as something that can be told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar, final

from sessioncore.core.events import Event

from .protocol import Capabilities, Outcome, View
from .results import Kind
from .running import FellShort
from .shapes import no_target, read_outcome, read_view
from .watch import NoTargetError, QuitError, exception_text

_T = TypeVar("_T")


def survived(work: Callable[..., _T], *arguments: Any) -> _T:
    """What the work of a target gives. An exception that would end the program becomes :class:`QuitError`; not the
    user's own interruption, which reaches the main thread alone."""
    try:
        return work(*arguments)
    except Exception:
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise
        raise QuitError(exception_text(error)) from None


def made_by(factory: Callable[[], Any], wrapped: Callable[[Any], Any]) -> Guarded:
    """A target, guarded; ``wrapped`` makes an asynchronous one synchronous. Raises what the factory raises, and
    :class:`NoTargetError`."""
    return guarded(survived(factory), wrapped)


def guarded(target: Any, wrapped: Callable[[Any], Any]) -> Guarded:
    """What a factory gave, guarded. Raises :class:`NoTargetError` for what is no target."""
    if said := survived(no_target, target):
        raise NoTargetError(f"what the factory gives is no target: {said}")
    return Guarded(target, survived(wrapped, target))


@final
class Guarded:
    """Asks ``target`` by way of ``inner``, and raises :class:`FellShort` for what nobody can read. What else the
    target has can be asked for too."""

    def __init__(self, target: Any, inner: Any) -> None:
        self.target = target
        self.capabilities: Capabilities = survived(getattr, target, "capabilities")
        self._inner = inner

    def apply(self, event: Event) -> Outcome:
        """One request or report."""
        answer = survived(self._inner.apply, event)
        try:
            return survived(read_outcome, answer)
        except Exception as error:  # noqa: BLE001 - whatever reading it does
            _odd("the answer", error)

    def advance(self, microseconds: int) -> None:
        """Time passes."""
        survived(self._inner.advance, microseconds)

    def observe(self) -> View:
        """What a client sees."""
        view = survived(self._inner.observe)
        try:
            return survived(read_view, view)
        except Exception as error:  # noqa: BLE001 - whatever reading it does
            _odd("what observe() gives", error)

    def close(self) -> None:
        """Free what it holds."""
        survived(self._inner.close)

    def __getattr__(self, name: str) -> Any:
        more = survived(getattr, self._inner, name)
        return (lambda *arguments: survived(more, *arguments)) if callable(more) else more


def _odd(what: str, error: Exception) -> NoReturn:
    """What the reading refuses has its message; what the target's own value raised is told as that."""
    said = str(error) if type(error) is TypeError else f"{what} cannot be read: {exception_text(error)}"
    raise FellShort(Kind.NONSENSE, said) from None

"""Asking a target, and taking nothing that it answers on trust."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sessioncore.core.events import Event, OpenRequested, SubmitRequested

from ..cases import Names, translated
from ..protocol import Accepted, Outcome, Rejected, SystemUnderTest, Unsupported, View
from ..results import Kind
from ..running import FellShort, NotApplicable
from ..shapes import oddity
from ..watch import RAISED, checked, exception_text


class Asking:
    """One target, with the ids that it gave by the kit's names. ``beat`` is called before every call of it."""

    def __init__(self, target: SystemUnderTest, beat: Callable[[], None]) -> None:
        self.target = target
        self.can = target.capabilities
        self._beat = beat
        self._names = Names()
        self._origin = 0

    def _ask(self, event: Event, now: int) -> Outcome:
        """One request or report, at the kit's time ``now``."""
        sent = translated(event, now + self._origin, self._names)
        outcome: Outcome = self._call("apply", self.target.apply, sent)
        self._check(outcome, (Accepted, Rejected, Unsupported), "the answer")
        if isinstance(outcome, Unsupported):
            raise NotApplicable(outcome.why)
        if isinstance(outcome, Accepted) and isinstance(event, OpenRequested | SubmitRequested):
            self._check(outcome.id, str, "the id of what was made")
        return outcome

    def _name(self, event: Event, outcome: Outcome | None) -> None:
        """Remember the id that the target gave."""
        if isinstance(outcome, Accepted) and outcome.id is not None:
            self._names.give(event, outcome.id)

    def _observe(self) -> View:
        view = self._call("observe", self.target.observe)
        self._check(view, View, "what observe() gives")
        self._check(view.at, int, "the time of a view")
        if said := oddity(view):
            raise FellShort(Kind.NONSENSE, said)
        return view  # type: ignore[no-any-return]  # it was checked

    def _call(self, name: str, method: Callable[..., Any], *arguments: Any) -> Any:
        self._beat()
        try:
            return method(*arguments)
        except (FellShort, NotApplicable):
            raise
        except RAISED as error:
            raise FellShort(Kind.CRASH, f"{name}() raised {exception_text(error)}") from error

    @staticmethod
    def _check(thing: Any, kinds: type | tuple[type, ...], what: str) -> None:
        try:
            checked(thing, kinds, what)
        except TypeError as error:
            raise FellShort(Kind.NONSENSE, str(error)) from error

    def _translated(self, view: View) -> View:
        """A view on the kit's clock; the ids stay the target's where the kit does not know them."""
        return View(
            at=view.at - self._origin,
            sessions={self._names.sessions.get(name, name): one for name, one in view.sessions.items()},
            jobs={self._names.jobs.get(name, name): one for name, one in view.jobs.items()},
        )

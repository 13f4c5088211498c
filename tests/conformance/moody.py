"""A target that is not the same twice."""

from __future__ import annotations

from itertools import count

from sessioncore.conformance.faults import PlainDevice
from sessioncore.conformance.protocol import Outcome, Rejected
from sessioncore.core.events import Event, SubmitRequested


def moody() -> type[PlainDevice]:
    """A class of targets that fails every hundredth submission of all that are made to any of them."""
    made = count()

    class Moody(PlainDevice):
        def apply(self, event: Event) -> Outcome:
            if isinstance(event, SubmitRequested) and next(made) % 100 == 99:
                return Rejected(code=5)
            return super().apply(event)

    return Moody

"""Faults of second order: two at once, of which the one may hide the other."""

from __future__ import annotations

from .ending import CancelLeavesOne, LateNotCompleted, NeverDrained, SecondCloseKills, StartsOnSubmit
from .fault import fault
from .running_jobs import UsageEndsAtClose
from .starting import NewestFirst
from .submitting import TakesWhileDraining
from .timing import InteractiveOnce, LimitEarly, LimitFromSubmission, TtlAtEachStart, TtlFromCreation, TtlLate


@fault("P-01", "A draining session takes jobs, and the max TTL fires a microsecond late.", "S-06", "S-15", kind="pair",
       parts=("F-01", "F-05"))  # fmt: skip
class DrainingAndLate(TakesWhileDraining, TtlLate):
    pass


@fault("P-02", "The max TTL is armed at each start, and the interactive timer only once.", "S-10", "S-13", kind="pair",
       parts=("F-04", "F-15"))  # fmt: skip
class BothTimers(TtlAtEachStart, InteractiveOnce):
    pass


@fault("P-03", "The newest job starts first, and a cancelled session leaves its last one queued.", "S-05", "S-20",
       kind="pair", parts=("F-43", "F-10"))  # fmt: skip
class WrongEndOfQueue(NewestFirst, CancelLeavesOne):
    pass


@fault("P-04", "What a job does after its session closed is neither charged nor written down.", "S-23", "U-01",
       kind="pair", parts=("O-66", "O-54"), held_out=True)  # fmt: skip
class LeftoversIgnored(UsageEndsAtClose, LateNotCompleted):
    pass


@fault("P-05", "A drained session closes only when it is closed a second time.", "S-19", "S-21", kind="pair",
       parts=("F-24", "F-14"))  # fmt: skip
class ClosesByTwo(NeverDrained, SecondCloseKills):
    pass


@fault("P-06", "The session starts at the submission, and its max TTL at the creation.", "S-09", "S-10", kind="pair",
       parts=("O-45", "F-03"))  # fmt: skip
class EverythingEarly(StartsOnSubmit, TtlFromCreation):
    pass


@fault("P-07", "The execution limit counts from the submission, and is a microsecond short.", "J-05",
       kind="pair", outside="far",
       parts=("O-32", "O-33"), held_out=True)  # fmt: skip
class LimitTwiceEarly(LimitEarly, LimitFromSubmission):
    pass

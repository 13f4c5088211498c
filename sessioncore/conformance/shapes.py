"""Whether what a target is, says and shows has the form that can be read at all.

What comes from a target is made of the language's own values here, before anything compares, hashes or prints it.
"""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Callable, Mapping
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar

from sessioncore.core.events import REPORTS, REQUESTS
from sessioncore.core.profiles import Profile

from .protocol import (
    FIELDS,
    WORDS,
    Accepted,
    Capabilities,
    JobView,
    Outcome,
    Rejected,
    SessionView,
    Unseen,
    Unsupported,
    View,
)
from .watch import checked, cut

_Shown = TypeVar("_Shown", SessionView, JobView)

METHODS = ("apply", "advance", "observe", "close")

EVENTS = frozenset(kind.__name__ for kind in (*REQUESTS, *REPORTS))
"""The names that may stand in ``Capabilities.unsupported``."""

WORD_MAX = 200
"""No word that is right is so long; what is longer is cut (characters)."""

ID_MAX = 1000
"""How long an id may be, which cannot be cut (characters)."""

BITS_MAX = 256
"""How many bits a number may have. Python does not even print one of many thousands."""

SHOWN_MAX = 100_000
"""How many sessions, and how many jobs, one view may show."""

LANES_MAX = 1000

_EMPTY = (type(None), bool, Unseen)
_BOTH = (str, int)
_KINDS: Mapping[str, tuple[type, ...]] = {
    field: (str,) if field in WORDS and field != "accepting_jobs" else (int,) for field in FIELDS
}
_LISTS = (tuple, list, set, frozenset)
_values_of: Callable[[Any], tuple[Any, ...]] = attrgetter(*FIELDS)


def no_target(made: Any) -> str:
    """What is missing in what a factory gave, or what it cannot be able to do; empty for a target."""
    if inspect.iscoroutine(made):
        made.close()
        return "it is a coroutine, and a factory is not awaited: its targets may be asynchronous, not itself"
    if isinstance(made, type):
        return f"it is the class {made.__name__}, not an object of it"
    missing = [name for name in METHODS if not callable(getattr(made, name, None))]
    if missing:
        return f"a {type(made).__name__} has no {', '.join(missing)}"
    try:
        can = made.capabilities
    except AttributeError:
        return f"a {type(made).__name__} has no capabilities"
    try:
        checked(can, Capabilities, "its capabilities")
        _check_capabilities(can)
    except TypeError as error:
        return str(error)
    return ""


def _check_capabilities(can: Capabilities) -> None:
    for name in ("clock", "reports", "dispatch", "fresh"):
        checked(getattr(can, name), bool, f"its capability {name}")
    checked(can.lanes, int, "its number of lanes")
    checked(can.tolerance_us, int, "its tolerance_us")
    checked(can.patience_s, (int, float), "its patience_s")
    checked(can.unsupported, _LISTS, "what it calls unsupported")
    if not 1 <= can.lanes <= LANES_MAX:
        raise TypeError(f"its number of lanes should be from 1 to {LANES_MAX}, and is {_number(can.lanes)}")
    if can.tolerance_us < 0:
        raise TypeError(f"its tolerance_us should not be negative, and is {_number(can.tolerance_us)}")
    if not (0 < can.patience_s < math.inf):
        raise TypeError(f"its patience_s should be some seconds, and is {_number(can.patience_s)}")
    for name in can.unsupported:
        checked(name, str, "what it calls unsupported")
        if name not in EVENTS:
            there = ", ".join(sorted(EVENTS))
            raise TypeError(f"what it calls unsupported is no event: {cut(name, WORD_MAX)!r}; there are {there}")


def _number(number: float) -> str:
    return f"a number of {number.bit_length()} bits" if type(number) is int and _huge(number) else f"{number}"


def too_coarse(can: Capabilities, profile: Profile) -> str:
    """Why nothing could be told with such a tolerance: a timer of the profile is no longer than it."""
    for half in (profile.dedicated, profile.batch):
        for name in ("interactive_ttl", "no_submission", "execution_limit", "max_ttl"):
            length = getattr(half, name)
            if length is not None and length <= can.tolerance_us:
                what = f"{name}, which is {length} us in the profile {profile.name}"
                return f"its tolerance_us is so large that nothing can be told: it is not below the {what}"
    return ""


# --- what it says ------------------------------------------------------------------------------------------------


def read_outcome(answer: Any) -> Outcome:
    """The answer, of plain values. Raises TypeError for what is none."""
    checked(answer, (Accepted, Rejected, Unsupported), "the answer")
    if isinstance(answer, Accepted):
        given = answer.id
        return answer if given is None else Accepted(id=_name(given, "the id of what was made"))
    if isinstance(answer, Unsupported):
        return Unsupported(why=cut(answer.why) if isinstance(answer.why, str) else "it does not say why")
    return Rejected(
        code=plain(answer.code, "the code of a refusal", _BOTH),
        http_status=plain(answer.http_status, "the HTTP status of a refusal", _BOTH),
        message=cut(answer.message) if isinstance(answer.message, str) else "",
    )


def read_view(view: Any) -> View:
    """The view, of plain values and in mappings that stay as they are. Raises TypeError for what nobody can read."""
    checked(view, View, "what observe() gives")
    at = view.at
    if type(at) is not int or _huge(at):
        at = plain(at, "the time of a view", (int,))
        checked(at, int, "the time of a view")
    return View(
        at=at,
        sessions=_shown(view.sessions, "session", SessionView, _session),
        jobs=_shown(view.jobs, "job", JobView, _job),
    )


def oddity(view: Any) -> str:
    """What makes a view one that nobody can read; empty for one in good order, or if it was not looked at."""
    if not isinstance(view, View):
        return ""
    try:
        read_view(view)
    except TypeError as error:
        return str(error)
    return ""


def _shown(
    shown: Any, what: str, kind: type[_Shown], read: Callable[[str, _Shown], _Shown]
) -> Mapping[str, _Shown]:
    if not shown and type(shown) is dict:
        return {}
    checked(shown, Mapping, f"what a view shows of {what}s")
    made: dict[str, _Shown] = {}
    for name, one in islice(shown.items(), SHOWN_MAX + 1):
        known = _name(name, f"the id of a {what}")
        if type(one) is not kind:
            checked(one, kind, f"{what} {known!r:.50}")
        made[known] = read(known, one)
    if len(made) > SHOWN_MAX:
        raise TypeError(f"what a view shows of {what}s should end, and there are more than {SHOWN_MAX}")
    return made


def _session(name: str, one: SessionView) -> SessionView:
    values = _values_of(one)
    read = [
        value if type(value) in _EMPTY else plain(value, f"{field} of a session", _KINDS[field])
        for field, value in zip(FIELDS, values, strict=True)
    ]
    if type(one.id) is str and all(map(operator.is_, values, read)):
        return one
    return SessionView(id=name, **dict(zip(FIELDS, read, strict=True)))


def _job(name: str, one: JobView) -> JobView:
    status = plain(one.status, "the status of a job", (str,))
    checked(status, str, "the status of a job")
    code = plain(one.reason_code, "the reason_code of a job", _BOTH)
    if status is one.status and code is one.reason_code and type(one.id) is str:
        return one
    return JobView(id=name, status=status, reason_code=code)


def _name(name: Any, what: str) -> str:
    """An id, as the language's own text."""
    if type(name) is not str:
        checked(name, str, what)
        name = str.__str__(name)
    if len(name) > ID_MAX:
        raise TypeError(f"{what} should have up to {ID_MAX} characters, and has {len(name)}")
    return name  # type: ignore[no-any-return]  # it was checked


def plain(value: Any, what: str, kinds: tuple[type, ...]) -> Any:
    """The value as text or number of the language's own, whose comparison and text are known; nothing, a flag and
    ``UNSEEN`` stay. Raises TypeError for one that is of none of the kinds."""
    if type(value) in _EMPTY:
        return value
    if str in kinds and isinstance(value, str):
        return value if type(value) is str and len(value) <= WORD_MAX else cut(value, WORD_MAX)
    if int in kinds and type(value) is not int and (number := _whole(value)) is not None:
        value = number
    checked(value, kinds, what)
    if _huge(value):
        raise TypeError(f"{what} should be a number of up to {BITS_MAX} bits, and has {value.bit_length()}")
    return value


def _whole(value: Any) -> int | None:
    """A number that is as good as a whole one: of an enumeration, of a library, or 3.0."""
    if type(value) is float:
        return int(value) if value.is_integer() else None
    if isinstance(value, int):
        return int.__index__(value)
    return None if not hasattr(type(value), "__index__") else int.__index__(operator.index(value))


def _huge(number: int) -> bool:
    return number.bit_length() > BITS_MAX

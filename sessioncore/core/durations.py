"""Lengths of time as people write them, in microseconds. Strict, so that nothing is misread (S-02)."""

from __future__ import annotations

import re

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

EXPECTED = 'write it as "25m", "2h 30m 40s", "1d", or as a whole number of seconds'

_TEXT = re.compile(r"(?:(\d{1,9})d)? ?(?:(\d{1,9})h)? ?(?:(\d{1,9})m)? ?(?:(\d{1,9})s)?", re.ASCII)


def parse_duration(length: str | int) -> int:
    """Microseconds of a length of time: text such as ``"2h 30m"``, or an int of seconds.

    Units are d, h, m and s, in that order, each at most once, with nothing or one space between. Raises ValueError
    that says what is expected for anything else, and for a length of zero or less (S-02).
    """
    if isinstance(length, bool) or not isinstance(length, str | int):
        raise ValueError(f"{length!r} is no length of time: {EXPECTED}")
    if isinstance(length, int):
        microseconds = length * SECOND
    else:
        found = _TEXT.fullmatch(length)
        if found is None or length != " ".join(length.split()) or not any(found.groups()):
            raise ValueError(f"{length!r} is no length of time: {EXPECTED}")
        days, hours, minutes, seconds = (int(group or 0) for group in found.groups())
        microseconds = days * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND
    if microseconds <= 0:
        raise ValueError(f"{length!r} is no length of time that can be used: it must be more than zero")
    return microseconds

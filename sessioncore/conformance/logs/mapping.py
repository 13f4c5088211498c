"""What the lines of a foreign log mean: a small file in TOML or JSON.

An example, for lines like ``{"ts": "2026-01-05T10:00:00.250Z", "event": "session.created", "sid": "s1"}``::

    format = "json"                        # a JSON object a line; or "text", with a pattern
    profile = "ibm-guide"                  # what the service should do
    lanes = 1                              # how many jobs its device runs at once; leave it out if nobody knows
    unlogged = ["JobReleased"]             # events that this log never has
    missing = ["JobStarted"]               # events of which single lines may be lost (this is the default)
    reordered_within = "50ms"              # lines whose times are no further apart may stand in either order
    clock_tolerance = "1s"                 # how far its times may be off
    resolution = "1ms"                     # how finely it writes times; by default as its lines show
    ignore = ["^#", "heartbeat"]           # regular expressions: lines to pass over

    [fields]                               # ours = theirs; a dot leads into a nested object
    event = "event"
    time = "ts"
    session = "sid"                        # the partition key
    job = "job"
    answer = "http"                        # an HTTP status, or a word of [words.answer]
    code = "error.code"                    # the vendor's number of a refusal
    state = "state"                        # any field of SessionView, for lines that show a session
    seq = "n"                              # numbers that rise by one, so that gaps show where lines are missing

    [units]
    time = "iso8601"                       # s, ms, us, iso8601, or a format of strptime with a % in it
    duration = "s"                         # of max_ttl, max_execution, usage_time, ...

    [constants]                            # what lines do not tell; "default" for what clients leave to the service
    max_execution = "default"

    [events]                               # the first that fits a line is what it means
    "session.created" = "OpenRequested mode=dedicated answer=accepted"
    "job.queued" = "SubmitRequested"
    "job.running" = "JobStarted"
    "job.done" = ["JobSucceeded", "job status=completed"]
    "status=closed" = "session state=closed"   # any line whose field `status` is `closed`
    "session.shown" = "session"            # what [fields] finds in the line
    "session.moved" = "session-change"     # the same, in a line that is written when the session comes to be so
    "gc.*" = "ignore"                      # a star stands for anything

    [words.state]                          # their words = ours
    TERMINATED = "closed"

    [values]                               # changes to the profile
    interactive_ttl = "5s"

For ``format = "text"``, ``pattern`` is a regular expression whose named groups are the fields of a line, and
``[fields]`` may be left out where the groups already have our names. A length of time (``max_ttl``,
``max_execution``) that is mapped and that a line does not have is the default; one that is not mapped may have any
value. An event that no entry of ``[events]`` means is unlogged. A request whose answer nobody tells is taken as
whatever the rules allow.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping as AnyMapping
from pathlib import Path
from typing import Any, Self, final

import attrs

from sessioncore.core.errors import HostError
from sessioncore.core.profiles import IBM_GUIDE, LIMITS, PROFILES, SWITCHES, Profile

from ..protocol import FIELDS
from .items import KINDS, LogError

UNITS = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "min": 60_000_000, "h": 3_600_000_000}
"""Units of time, in microseconds."""

TIME_UNITS = ("s", "ms", "us", "iso8601")

OURS = frozenset((
    "event", "time", "session", "job", "answer", "code", "seq", "mode", "max_ttl", "max_execution", "instance",
    "job_status", "reason_code", *FIELDS,
))  # fmt: skip
"""Every name that ``[fields]`` can give a place."""

SEEN = ("session", "session-change", "job", "ignore")
"""What a line can stand for, besides an event."""

CONSTANTS = frozenset(("answer", "code", "mode", "max_ttl", "max_execution", "status", "reason_code", *FIELDS))

_KEYS = frozenset((
    "format", "pattern", "profile", "lanes", "unlogged", "missing", "reordered_within", "clock_tolerance", "resolution",
    "ignore", "fields", "units", "events", "words", "values", "constants",
))  # fmt: skip

DIGITS_MAX = 18
"""The most characters of a number in a length of time: so many hours can still be told in other units."""

_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(us|ms|s|m|min|h)")


@final
@attrs.frozen(kw_only=True)
class Meaning:
    """What a line stands for: an event by name, or one of :data:`SEEN`; and the fields that the mapping itself
    gives."""

    kind: str
    given: AnyMapping[str, str] = attrs.field(factory=dict)


@final
@attrs.frozen(kw_only=True)
class Mapping:
    """What the lines of a foreign log mean. See the module's text for the file it is read from."""

    events: tuple[tuple[str, tuple[Meaning, ...]], ...]
    fields: AnyMapping[str, str] = attrs.field(factory=dict)
    pattern: re.Pattern[str] | None = None
    profile: Profile = IBM_GUIDE
    lanes: int | None = None
    unlogged: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset(("JobStarted",))
    reordered_within: int = 0
    """Microseconds."""
    clock_tolerance: int = 0
    """Microseconds."""
    resolution: int | None = None
    """Microseconds; None: as the lines show."""
    ignore: tuple[re.Pattern[str], ...] = ()
    time_unit: str = "iso8601"
    duration_unit: str = "s"
    words: AnyMapping[str, AnyMapping[str, str]] = attrs.field(factory=dict)
    constants: AnyMapping[str, str] = attrs.field(factory=dict)

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Read a mapping file: TOML, or JSON where its name ends so. Raises :class:`LogError`, OSError."""
        name = str(path)
        data = Path(path).read_bytes()
        try:
            said = json.loads(data) if name.endswith(".json") else tomllib.loads(data.decode())
        except (ValueError, RecursionError) as error:
            raise LogError(f"{name}: this mapping cannot be read: {error}") from error
        return cls.from_record(said, source=name)

    @classmethod
    def from_record(cls, said: Any, *, source: str = "the mapping") -> Self:
        """A mapping from what its file says, parsed. Raises :class:`LogError`."""
        return cls(**_Reader(said, source).values())

    @property
    def free(self) -> frozenset[str]:
        """The events of which any number may have happened without a line."""
        meant = {meaning.kind for _, meanings in self.events for meaning in meanings}
        return self.unlogged | self.missing | (frozenset(KINDS) - meant)


@final
class _Reader:
    """Reads a mapping, and finds the words for what is wrong with it."""

    def __init__(self, said: Any, source: str) -> None:
        self.source = source
        self.said: dict[str, Any] = self._table(said, "a mapping")
        for key in self.said.keys() - _KEYS:
            raise self._wrong(f"{key!r} is no key of a mapping; there are {', '.join(sorted(_KEYS))}")

    def values(self) -> dict[str, Any]:
        """Everything that a :class:`Mapping` holds."""
        kind = self.said.get("format", "json")
        if kind not in ("json", "text"):
            raise self._wrong(f"format must be 'json' or 'text'; it is {kind!r}")
        pattern = self._pattern(kind)
        units = self._table(self.said.get("units", {}), "[units]")
        time_unit = units.get("time", "iso8601")
        if not isinstance(time_unit, str) or (time_unit not in TIME_UNITS and "%" not in time_unit):
            known = ", ".join(TIME_UNITS)
            raise self._wrong(f"units.time must be one of {known}, or a strptime format; it is {time_unit!r}")
        duration_unit = units.get("duration", "s")
        if not isinstance(duration_unit, str) or duration_unit not in UNITS:
            raise self._wrong(f"units.duration must be one of {', '.join(UNITS)}; it is {duration_unit!r}")
        return {
            "events": self._events(),
            "fields": self._fields(pattern),
            "pattern": pattern,
            "profile": self._profile(),
            "lanes": self._lanes(),
            "unlogged": self._kinds("unlogged", ()),
            "missing": self._kinds("missing", ("JobStarted",)),
            "reordered_within": self._length("reordered_within") or 0,
            "clock_tolerance": self._length("clock_tolerance") or 0,
            "resolution": self._length("resolution"),
            "ignore": tuple(self._regex(one, "ignore") for one in self._list("ignore")),
            "time_unit": time_unit,
            "duration_unit": duration_unit,
            "words": {
                field: self._table(words, f"[words.{field}]")
                for field, words in self._table(self.said.get("words", {}), "[words]").items()
            },
            "constants": self._constants(),
        }

    def _pattern(self, kind: str) -> re.Pattern[str] | None:
        if (kind == "text") != ("pattern" in self.said):
            raise self._wrong("format 'text' needs a pattern, a regular expression with named groups; 'json' has none")
        return None if kind == "json" else self._regex(self.said["pattern"], "pattern")

    def _fields(self, pattern: re.Pattern[str] | None) -> dict[str, str]:
        fields = self._table(self.said.get("fields", {}), "[fields]")
        for ours, theirs in fields.items():
            if ours not in OURS or not isinstance(theirs, str):
                raise self._wrong(f"[fields] gives one of {', '.join(sorted(OURS))} the name of a field; not {ours!r}")
        if pattern is None:
            for ours in ("event", "time"):
                if ours not in fields:
                    raise self._wrong(f'[fields] must say which field holds the {ours}, for example {ours} = "..."')
            return fields
        for ours, theirs in fields.items():
            if theirs not in pattern.groupindex:
                raise self._wrong(f"[fields] {ours}: the pattern has no group {theirs!r}")
        found = {ours: ours for ours in pattern.groupindex if ours in OURS} | fields
        for ours in ("event", "time"):
            if ours not in found:
                raise self._wrong(f"the pattern needs a group for the {ours}, as (?P<{ours}>...)")
        return found

    def _events(self) -> tuple[tuple[str, tuple[Meaning, ...]], ...]:
        table = self._table(self.said.get("events", {}), "[events]")
        if not table:
            raise self._wrong("[events] is empty: nothing says what a line means")
        found = []
        for theirs, ours in table.items():
            many = ours if isinstance(ours, list) else [ours]
            found.append((theirs, tuple(self._meaning(theirs, one) for one in many)))
        return tuple(found)

    def _meaning(self, theirs: str, said: Any) -> Meaning:
        if not isinstance(said, str) or not said.split():
            raise self._wrong(f'[events] {theirs!r} must be a text such as "JobStarted", or a list of them')
        kind, *rest = said.split()
        if kind not in KINDS and kind not in SEEN:
            known = ", ".join((*SEEN, *KINDS))
            raise self._wrong(f"[events] {theirs!r}: {kind!r} is no event; there are {known}")
        given = {}
        for one in rest:
            name, equal, word = one.partition("=")
            if not equal or name not in CONSTANTS:
                known = ", ".join(sorted(CONSTANTS))
                raise self._wrong(f"[events] {theirs!r}: {one!r} must be NAME=WORD with one of {known}")
            if name == "reason_code" and not re.fullmatch("[0-9]{1,18}", word):
                raise self._wrong(f"[events] {theirs!r}: reason_code must be a whole number; it is {word!r:.80}")
            given[name] = word
        return Meaning(kind=kind, given=given)

    def _profile(self) -> Profile:
        name = self.said.get("profile", IBM_GUIDE.name)
        if not isinstance(name, str) or name not in PROFILES:
            raise self._wrong(f"there is no profile {name!r}; there are {', '.join(PROFILES)}")
        changes: dict[str, Any] = {}
        for key, said in self._table(self.said.get("values", {}), "[values]").items():
            if key not in LIMITS and key not in SWITCHES:
                raise self._wrong(f"[values] {key!r} is no parameter; there are {', '.join((*LIMITS, *SWITCHES))}")
            off = said == "off" and key in LIMITS
            timed = key in LIMITS and key != "job_limit" and isinstance(said, str)
            changes[key] = None if off else self._span(said, key) if timed else said
        try:
            return PROFILES[name].with_values(**changes)
        except HostError as error:
            raise self._wrong(f"[values] {error}") from error

    def _lanes(self) -> int | None:
        lanes = self.said.get("lanes")
        if lanes is not None and (type(lanes) is not int or lanes < 1):
            raise self._wrong(f"lanes must be a whole number of at least 1; it is {lanes!r}")
        return lanes

    def _kinds(self, key: str, default: tuple[str, ...]) -> frozenset[str]:
        names = self._list(key) if key in self.said else default
        for name in names:
            if name not in KINDS:
                raise self._wrong(f"{key}: {name!r} is no event; there are {', '.join(KINDS)}")
        return frozenset(names)

    def _constants(self) -> dict[str, str]:
        table = self._table(self.said.get("constants", {}), "[constants]")
        for name in table.keys() - CONSTANTS:
            raise self._wrong(f"[constants] {name!r} must be one of {', '.join(sorted(CONSTANTS))}")
        return {name: str(said) for name, said in table.items()}

    # --- small things ----------------------------------------------------------------------------------------

    def _length(self, key: str) -> int | None:
        return self._span(self.said[key], key) if key in self.said else None

    def _span(self, said: Any, key: str) -> int:
        found = _LENGTH.fullmatch(said.strip()) if isinstance(said, str) else None
        if found is None:
            raise self._wrong(f'{key} must be a length of time such as "50ms" or "1s"; it is {said!r}')
        if len(found[1]) > DIGITS_MAX:
            raise self._wrong(f"{key} is longer than any length of time that is meant: {said[:DIGITS_MAX]}...")
        return round(float(found[1]) * UNITS[found[2]])

    def _list(self, key: str) -> tuple[str, ...]:
        said = self.said.get(key, [])
        if not isinstance(said, list) or not all(isinstance(one, str) for one in said):
            raise self._wrong(f"{key} must be a list of texts; it is {said!r}")
        return tuple(said)

    def _regex(self, said: Any, key: str) -> re.Pattern[str]:
        try:
            return re.compile(said)
        except (re.error, TypeError) as error:
            raise self._wrong(f"{key} {said!r} is no regular expression: {error}") from error

    def _table(self, said: Any, what: str) -> dict[str, Any]:
        if not isinstance(said, dict):
            raise self._wrong(f"{what} must be a table of names and values; it is {said!r:.80}")
        return said

    def _wrong(self, what: str) -> LogError:
        return LogError(f"{self.source}: {what}")

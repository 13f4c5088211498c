"""A foreign log, read by its mapping: lines become things done and things seen, divided by sessions."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping as AnyMapping
from datetime import UTC, datetime
from decimal import Decimal, DecimalException
from fnmatch import fnmatchcase
from math import gcd
from pathlib import Path
from typing import Any, TypeAlias, cast, final

import attrs

from sessioncore.core.events import REQUESTS, OpenRequested, SubmitRequested
from sessioncore.core.profiles import Profile
from sessioncore.core.states import Mode
from sessioncore.core.values import replaced

from ..protocol import DURATIONS, FIELDS, TIMES, Accepted, JobView, Outcome, Rejected, SessionView
from .items import KINDS, Did, Item, Log, LogError, Saw
from .mapping import SEEN, UNITS, Mapping, Meaning

Fields: TypeAlias = AnyMapping[str, Any]
"""One line's fields, by their own names."""

NOTHING = (None, "", "-")
"""What stands for a field that a line does not have."""

DEFAULT = "default"
"""The word for a length of time that was left to the service."""

_STATUS = re.compile("[1-5][0-9]{2}")
_NUMBER = re.compile("-?[0-9]{1,18}")
"""Of a refusal; a code of any other kind is none of the vendor's."""

_TRUE = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

US_MAX = 2**63 - 1
"""The longest time or length of time in microseconds; nothing that a service writes is longer than 292,000 years."""

UNMAPPED_MAX = 5
"""How many unknown names the notes tell."""


def read_log(
    source: str | Path | Iterable[str | bytes], mapping: Mapping | str | Path, *, profile: Profile | None = None
) -> Log:
    """Read a log: the path of a file, or its lines. ``profile`` replaces the mapping's.

    Raises :class:`LogError`, which says in which line what is wrong and what to do, and OSError for the files.
    """
    if not isinstance(mapping, Mapping):
        mapping = Mapping.from_file(mapping)
    name = str(source) if isinstance(source, str | Path) else "the log"
    if isinstance(source, str | Path):
        with open(source, encoding="utf-8", errors="replace") as file:
            return _Reader(name, mapping).read(file, profile)
    return _Reader(name, mapping).read(source, profile)


@final
@attrs.define(kw_only=True)
class _Line:
    """A line that means something."""

    number: int
    at: int
    fields: Fields
    meanings: tuple[Meaning, ...]
    lost: int


@final
class _Reader:
    """Reads one log."""

    def __init__(self, source: str, mapping: Mapping) -> None:
        self.source, self.mapping = source, mapping
        self.counts: Counter[str] = Counter()
        self.unmapped: Counter[str] = Counter()
        self.owner: dict[str, str | None] = {}
        self.lost: Counter[str] = Counter()
        self.subjects: dict[str, list[Item]] = {}
        self.error = 0
        """How far a time may be off, in microseconds."""

    def read(self, lines: Iterable[str | bytes], profile: Profile | None) -> Log:
        found = self._lines(lines)
        for line in found:
            self._own(line)
        grain = self.mapping.resolution or self._grain(found)
        self.error = max(self.mapping.clock_tolerance, self.mapping.reordered_within) + grain - 1
        last = None
        for line in found:
            self.counts["reordered"] += last is not None and line.at < last
            last = line.at if last is None else max(last, line.at)
            for place, meaning in enumerate(line.meanings):
                self._put(line, meaning, place)
        return Log(
            source=self.source,
            subjects={name: tuple(sorted(items, key=_order)) for name, items in self.subjects.items()},
            profile=profile or self.mapping.profile,
            lanes=self.mapping.lanes,
            free=self.mapping.free,
            tolerance=self.error,
            counts=self.counts,
            notes=tuple(self._notes()),
        )

    # --- lines -----------------------------------------------------------------------------------------------

    def _lines(self, lines: Iterable[str | bytes]) -> list[_Line]:
        found: list[_Line] = []
        lost, last = 0, None
        for number, raw in enumerate(lines, start=1):
            text = (raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw).rstrip("\r\n")
            if not text.strip():
                continue
            self.counts["lines"] += 1
            if any(pattern.search(text) for pattern in self.mapping.ignore):
                self.counts["ignored"] += 1
                continue
            fields = self._fields(text, number)
            seq = self._number(fields, "seq", number)
            if seq is not None:
                lost += max(0, seq - last - 1) if last is not None else 0
                last = seq
            meanings = self._meanings(fields, number)
            if meanings:
                at = self._at(fields, number)
                found.append(_Line(number=number, at=at, fields=fields, meanings=meanings, lost=lost))
        self.counts["missing"] = lost
        return found

    def _fields(self, text: str, number: int) -> Fields:
        if self.mapping.pattern is not None:
            matched = self.mapping.pattern.search(text)
            if matched is None:
                raise self._wrong(number, f"the pattern does not fit {text[:120]!r}; widen it, or ignore the line")
            return matched.groupdict()
        try:
            said = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise self._wrong(number, f"not JSON ({error}); correct it, or add it to ignore") from error
        if not isinstance(said, dict):
            raise self._wrong(number, f"a line must be a JSON object, not {type(said).__name__}")
        return said

    def _meanings(self, fields: Fields, number: int) -> tuple[Meaning, ...]:
        name = _get(fields, self.mapping.fields["event"])
        for theirs, meanings in self.mapping.events:
            if _fits(theirs, name, fields):
                if any(meaning.kind == "ignore" for meaning in meanings):
                    self.counts["ignored"] += 1
                    return ()
                return meanings
        self.unmapped[str(name)] += 1
        self.counts["unmapped"] += 1
        del number
        return ()

    def _notes(self) -> Iterable[str]:
        if self.unmapped:
            names = ", ".join(repr(name) for name, _ in self.unmapped.most_common(UNMAPPED_MAX))
            yield f"names that the mapping does not know: {names}"
        inferable = sorted(self.mapping.free - {"JobStarted"})
        if inferable:
            yield "taken as possible without a line: " + ", ".join(inferable)

    # --- whose it is -----------------------------------------------------------------------------------------

    def _own(self, line: _Line) -> None:
        """Remember to which session a job was submitted."""
        job, session = self._text(line, "job"), self._text(line, "session")
        if job is None:
            return
        if any(meaning.kind == "SubmitRequested" for meaning in line.meanings) or session is not None:
            self.owner.setdefault(job, session)

    def _put(self, line: _Line, meaning: Meaning, place: int) -> None:
        what = self._seen(line, meaning) if meaning.kind in SEEN else self._did(line, meaning)
        job, session = self._text(line, "job"), self._text(line, "session")
        if meaning.kind in _NO_SUBJECT:
            return
        if session is None and job is not None and meaning.kind != "SubmitRequested":
            session = self.owner.get(job)
        if session is None and (job is None or meaning.kind in _OF_SESSION):
            raise self._nameless(line, meaning, "session" if job else "session and no job")
        subject = f"job {job}" if session is None else f"session {session}"
        bound = self.mapping.reordered_within
        spot = line.number * 1_000 + place
        missing = line.lost - self.lost[subject]
        self.lost[subject] = line.lost
        self.subjects.setdefault(subject, []).append(
            Item(
                line=line.number,
                at=line.at,
                least=line.at - self.error,
                most=line.at + self.error,
                first=line.at if bound else spot,
                last=line.at + bound if bound else spot,
                what=what,
                missing=missing,
            )
        )

    # --- what it says ----------------------------------------------------------------------------------------

    def _did(self, line: _Line, meaning: Meaning) -> Did:
        kind = KINDS[meaning.kind]
        names = {field.name for field in attrs.fields(cast("Any", kind))}
        values: dict[str, Any] = {"at": line.at}
        vague = set()
        for ours, theirs in (("session_id", "session"), ("job_id", "job")):
            if ours in names:
                values[ours] = self._text(line, theirs)
                if values[ours] is None and not (kind is SubmitRequested and ours == "session_id"):
                    raise self._nameless(line, meaning, theirs)
        if kind is OpenRequested:
            mode = self._word(line, meaning, "mode")
            if mode is None:
                vague.add("mode")
            elif mode in tuple(Mode):
                values["mode"] = Mode(mode)
            else:
                raise self._wrong(line.number, f"mode {mode!r} is neither dedicated nor batch; add it to [words.mode]")
        for name in ("max_ttl", "max_execution"):
            if name in names:
                values[name] = self._length(line, meaning, name)
                if values[name] is None and not self._tells(name):
                    vague.add(name)
        if "reason_code" in names:
            values["reason_code"] = self._number(line.fields, "reason_code", line.number)
            if values["reason_code"] is None:
                vague.add("reason_code")
        return Did(event=kind(**values), outcome=self._answer(line, meaning), vague=frozenset(vague))

    def _tells(self, name: str) -> bool:
        """Whether lines have this field, so that one without it means the default."""
        return name in self.mapping.fields or name in self.mapping.constants

    def _length(self, line: _Line, meaning: Meaning, name: str) -> int | None:
        if self._word(line, meaning, name) == DEFAULT:
            return None
        return self._duration(line, meaning, name)

    def _answer(self, line: _Line, meaning: Meaning) -> Outcome | None:
        if KINDS[meaning.kind] not in REQUESTS:
            return Accepted()
        said = self._word(line, meaning, "answer")
        if said is None or said == "unknown":
            self.counts["unanswered"] += 1
            return None
        code = meaning.given.get("code") or _get(line.fields, self.mapping.fields.get("code", ""))
        number = int(code) if _NUMBER.fullmatch(str(code)) else None
        if said in ("accepted", "rejected"):
            return Accepted() if said == "accepted" else Rejected(code=number)
        if not _STATUS.fullmatch(said):
            raise self._wrong(line.number, f"the answer {said!r} is no HTTP status; add it to [words.answer]")
        if int(said) >= 500 or int(said) < 200:
            self.counts["unanswered"] += 1
            return None
        return Accepted() if int(said) < 400 else Rejected(code=number)

    def _seen(self, line: _Line, meaning: Meaning) -> Saw:
        if meaning.kind == "job":
            job = self._text(line, "job")
            status = meaning.given.get("status") or self._word(line, meaning, "job_status")
            if job is None or status is None:
                raise self._wrong(line.number, "what is seen of a job needs its id and its status; see [fields]")
            code = meaning.given.get("reason_code") or self._number(line.fields, "reason_code", line.number)
            view = JobView(id=job, status=status)
            return Saw(jobs=(view if code is None else replaced(view, reason_code=int(code)),))
        name = self._text(line, "session")
        if name is None:
            raise self._wrong(line.number, "what is seen of a session needs its id; [fields] must say where it stands")
        shown = {field: self._shown(line, meaning, field) for field in FIELDS}
        seen = SessionView(id=name, **{field: one for field, one in shown.items() if one is not None})
        return Saw(session=seen, changed=meaning.kind == "session-change")

    def _shown(self, line: _Line, meaning: Meaning, field: str) -> Any:
        """One field of a session; None where the line does not show it."""
        if field in TIMES:
            theirs = self.mapping.fields.get(field, "")
            said = _get(line.fields, theirs)
            return None if said in NOTHING else self._time(said, line.number, theirs)
        if field in DURATIONS or field == "usage_time":
            return self._duration(line, meaning, field)
        said = self._word(line, meaning, field)
        if field == "accepting_jobs" and said is not None:
            if said.lower() not in _TRUE:
                raise self._wrong(line.number, f"accepting_jobs must be true or false; it is {said!r}")
            return _TRUE[said.lower()]
        return said

    # --- fields ----------------------------------------------------------------------------------------------

    def _text(self, line: _Line, ours: str) -> str | None:
        said = _get(line.fields, self.mapping.fields.get(ours, ""))
        return None if said in NOTHING else str(said)

    def _word(self, line: _Line, meaning: Meaning, ours: str) -> str | None:
        """A word of ours: given by the mapping, or found in the line and translated."""
        if ours in meaning.given:
            return meaning.given[ours]
        said = self._text(line, ours)
        if said is None:
            return self.mapping.constants.get(ours)
        return str(self.mapping.words.get(ours, {}).get(said, said))

    def _number(self, fields: Fields, ours: str, number: int) -> int | None:
        said = _get(fields, self.mapping.fields.get(ours, ""))
        if said in NOTHING:
            return None
        try:
            return int(said)
        except (ValueError, TypeError, OverflowError) as error:
            raise self._wrong(number, f"{ours} must be a whole number; it is {said!r}") from error

    def _duration(self, line: _Line, meaning: Meaning, ours: str) -> int | None:
        said = self._word(line, meaning, ours)
        return None if said is None else self._scaled(said, UNITS[self.mapping.duration_unit], line.number, ours)

    def _at(self, fields: Fields, number: int) -> int:
        theirs = self.mapping.fields["time"]
        said = _get(fields, theirs)
        if said in NOTHING:
            raise self._wrong(number, f"there is no time in its field {theirs!r}; [fields] must say where it stands")
        return self._time(said, number, theirs)

    def _time(self, said: Any, number: int, name: str) -> int:
        unit = self.mapping.time_unit
        if unit in UNITS:
            return self._scaled(said, UNITS[unit], number, name)
        try:
            text = str(said)
            found = datetime.strptime(text, unit) if "%" in unit else datetime.fromisoformat(text)
        except ValueError as error:
            why = f"{name} is {said!r}, which units.time = {unit!r} does not read: {error}"
            raise self._wrong(number, why) from error
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC)
        since = found - datetime(1970, 1, 1, tzinfo=UTC)
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds

    def _scaled(self, said: Any, unit: int, number: int, name: str) -> int:
        try:
            scaled = Decimal(str(said)) * unit
            if abs(scaled) > US_MAX:
                raise self._wrong(number, f"{name} is {said!r}, which is longer than any time that is meant")
            return int(scaled.to_integral_value())
        except (DecimalException, ValueError, OverflowError) as error:
            raise self._wrong(number, f"{name} must be a number; it is {said!r}") from error

    def _grain(self, lines: list[_Line]) -> int:
        """How finely the log writes times, in microseconds: as fine as its finest time."""
        common = 1_000_000
        for line in lines:
            common = gcd(common, line.at)
        return next(unit for unit in (1_000_000, 1_000, 1) if common % unit == 0)

    def _nameless(self, line: _Line, meaning: Meaning, what: str) -> LogError:
        return self._wrong(line.number, f"this {meaning.kind} names no {what}; [fields] must say where the id stands")

    def _wrong(self, number: int, what: str) -> LogError:
        return LogError(f"{self.source}, line {number}: {what}")


_OF_SESSION = ("OpenRequested", "CloseRequested", "CancelRequested", "session", "session-change")
_NO_SUBJECT = ("PauseRequested", "OfflineRequested", "ResumeRequested")
"""What is about the device: it says nothing about one session that its other lines do not say."""


def _order(item: Item) -> tuple[int, int]:
    return item.first, item.last


def _get(fields: Fields, path: str) -> Any:
    """A field by its name, or by a path with dots into nested objects."""
    if path in fields:
        return fields[path]
    found: Any = fields
    for part in path.split("."):
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return found


def _fits(theirs: str, name: Any, fields: Fields) -> bool:
    """Whether an entry of ``[events]`` is about this line."""
    if not re.fullmatch(r"[\w.]+=.*", theirs):
        return name is not None and fnmatchcase(str(name), theirs)
    return all(str(_get(fields, field)) == word for field, _, word in (one.partition("=") for one in theirs.split(",")))

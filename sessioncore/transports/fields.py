"""Reading what clients send: JSON bodies and query strings, strictly, each fault with what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import orjson

from sessioncore.core.durations import EXPECTED, SECOND, parse_duration
from sessioncore.core.errors import ClientError

from .refusals import refuse, shown

Body: TypeAlias = Mapping[str, Any]
"""A JSON object as the client sent it."""

Query: TypeAlias = Mapping[str, Sequence[str]]
"""A query string: every name with the values given for it, in order."""

TEXT_LENGTH_MAX = 1_000
TAG_LENGTH_MAX = 1_000
TAGS_MAX = 1_000
QUERY_FIELDS_MAX = 200
COUNT_MAX = 2**31 - 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def parse_body(raw: bytes) -> dict[str, Any]:
    """The JSON object in ``raw``. Raises ClientError (400) for anything else."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise refuse(
            f"The request body is not valid JSON: {shown(str(error))}.",
            "Send one JSON object, encoded as UTF-8.",
        ) from None
    if not isinstance(body, dict):
        raise refuse(f"The request body is not a JSON object but {shown(body)}.", "Send one JSON object.")
    return body


def wrong(name: str, given: object, expected: str, row: str = "V-03.request") -> ClientError:
    """The refusal for a field whose value is not what it must be."""
    rule = row.partition(".")[0]
    return refuse(
        f"The value of '{name}' is wrong: {shown(given)}.",
        f"Send {expected} as '{name}'.",
        rule=rule,
        row=row,
    )


def missing(name: str, expected: str) -> ClientError:
    """The refusal for a field that must be there."""
    return refuse(f"The field '{name}' is missing.", f"Send {expected} as '{name}'.")


def text(body: Body, name: str, expected: str = "a text") -> str | None:
    """A non-empty text, or None where the field is absent or null."""
    given = body.get(name)
    if given is None:
        return None
    if not isinstance(given, str) or not 0 < len(given) <= TEXT_LENGTH_MAX:
        raise wrong(name, given, f"{expected} of 1 to {TEXT_LENGTH_MAX} characters")
    return given


def required_text(body: Body, name: str, expected: str = "a text") -> str:
    """A non-empty text that must be there."""
    given = text(body, name, expected)
    if given is None:
        raise missing(name, expected)
    return given


def flag(body: Body, name: str) -> bool | None:
    """A boolean, or None where the field is absent or null. Numbers and texts are none."""
    given = body.get(name)
    if given is None or isinstance(given, bool):
        return given
    raise wrong(name, given, "true or false")


def whole(body: Body, name: str, expected: str, row: str = "V-03.request") -> int | None:
    """A whole number (no boolean, no fraction), or None where the field is absent or null."""
    given = body.get(name)
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int):
        raise wrong(name, given, expected, row)
    return given


def tags(body: Body, name: str = "tags") -> tuple[str, ...] | None:
    """The tags of a job (J-07), or None where the field is absent or null."""
    given = body.get(name)
    if given is None:
        return None
    if (
        not isinstance(given, list)
        or len(given) > TAGS_MAX
        or not all(isinstance(tag, str) and len(tag) <= TAG_LENGTH_MAX for tag in given)
    ):
        expected = f"a list of at most {TAGS_MAX} texts of at most {TAG_LENGTH_MAX} characters"
        raise wrong(name, given, expected, "J-07.tags")
    return tuple(given)


def duration(body: Body, name: str, row: str) -> int | None:
    """A length of time, a whole number of seconds or strict text, in microseconds (S-02); None where it is absent."""
    given = body.get(name)
    if given is None:
        return None
    try:
        return parse_duration(given)
    except ValueError as error:
        raise refuse(
            f"The value of '{name}' is wrong: {shown(given)}.",
            f"A length of time is expected: {EXPECTED}, more than zero.",
            rule=row.partition(".")[0],
            row=row,
        ) from error


def cost(body: Body) -> int | None:
    """``cost``, the seconds that a job may run, in microseconds. Whether that is allowed, the host says (S-07)."""
    given = whole(body, "cost", "a whole number of seconds", "S-07.cost")
    return None if given is None else given * SECOND


# --- query strings -------------------------------------------------------------------------------------


def parse_query(raw: bytes) -> Query:
    """The fields of a query string. Raises ClientError (400) for too many of them."""
    found: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX)
    except ValueError:
        raise refuse(
            "The query string has too many fields.",
            f"Send at most {QUERY_FIELDS_MAX} of them.",
        ) from None
    for name, given in pairs:
        found.setdefault(name, []).append(given)
    return found


def one(query: Query, name: str) -> str | None:
    """The single value of a query field, or None where it is absent. Raises ClientError where it is given twice."""
    given = query.get(name)
    if given is None:
        return None
    if len(given) > 1:
        raise wrong(name, list(given), "one value")
    if len(given[0]) > TEXT_LENGTH_MAX:
        raise wrong(name, given[0], f"at most {TEXT_LENGTH_MAX} characters")
    return given[0]


def query_text(query: Query, name: str) -> str | None:
    """A non-empty text from the query, or None where it is absent."""
    given = one(query, name)
    if given == "":
        raise wrong(name, given, "a text that is not empty")
    return given


def query_flag(query: Query, name: str) -> bool | None:
    """A boolean from the query (``true``, ``True``, ``false``, ...), or None where it is absent."""
    given = one(query, name)
    if given is None:
        return None
    match given.lower():
        case "true":
            return True
        case "false":
            return False
    raise wrong(name, given, "true or false")


def query_count(query: Query, name: str, least: int) -> int | None:
    """A whole number of at least ``least`` from the query, or None where it is absent."""
    given = one(query, name)
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= len(str(COUNT_MAX))):
        raise wrong(name, given, f"a whole number of at least {least}")
    number = int(given)
    if not least <= number <= COUNT_MAX:
        raise wrong(name, given, f"a whole number from {least} to {COUNT_MAX}")
    return number


def query_choice(query: Query, name: str, choices: Sequence[str]) -> str | None:
    """One of ``choices`` from the query, or None where it is absent."""
    given = one(query, name)
    if given is not None and given not in choices:
        raise wrong(name, given, " or ".join(choices))
    return given


def query_instant(query: Query, name: str) -> int | None:
    """An ISO 8601 timestamp from the query as microseconds since the epoch; without a zone it is UTC."""
    given = one(query, name)
    if given is None:
        return None
    try:
        # A '+' that the client left unescaped arrives as a blank.
        read = datetime.fromisoformat(given.strip().replace(" ", "+") if "T" in given else given)
        at = read if read.tzinfo is not None else read.replace(tzinfo=UTC)
        return (at - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        raise wrong(name, given, "a timestamp such as 2026-01-31T12:00:00Z or 2026-01-31T12:00:00+00:00") from None


def query_tags(query: Query) -> tuple[str, ...]:
    """The tags that jobs must all carry (J-07)."""
    given = query.get("tags", ())
    if any(len(tag) > TAG_LENGTH_MAX for tag in given):
        raise wrong("tags", list(given), f"tags of at most {TAG_LENGTH_MAX} characters", "J-07.tags")
    return tuple(given)

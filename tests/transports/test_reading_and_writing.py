"""The pure pieces: query strings, bodies, timestamps, seconds, error bodies."""

from __future__ import annotations

import orjson
import pytest

from sessioncore.core.errors import ClientError
from sessioncore.transports import fields, refusals, wire
from sessioncore.transports.fields import parse_query

SECOND = 1_000_000


def test_a_time_is_written_in_iso_8601_utc_with_microseconds() -> None:
    assert wire.iso(0) == "1970-01-01T00:00:00.000000Z"
    assert wire.iso(1_700_000_000_000_001) == "2023-11-14T22:13:20.000001Z"
    assert wire.iso_or_none(None) is None


def test_seconds_are_whole_wherever_they_can_be() -> None:
    assert wire.seconds(900 * SECOND) == 900
    assert isinstance(wire.seconds(900 * SECOND), int)
    assert wire.seconds(SECOND // 2) == 0.5
    assert wire.seconds(None) is None


def test_the_error_body_is_compact_and_starts_with_the_vendors_sentence() -> None:
    error = ClientError(
        "Session has been closed.",
        rule="S-06",
        row="S-06.closed",
        code=1217,
        http_status=400,
        remedy="Open a new session.",
        state="closed",
        story=((1_000_000, "S-01.open"), (2_000_000, "S-18.close")),
    )
    body = refusals.error_body(error, "trace-id")
    assert b'"code":1217' in body
    told = orjson.loads(body)
    [entry] = told["errors"]
    assert entry["message"].startswith("Session has been closed. [S-06.closed] It is closed after S-01.open")
    assert entry["message"].endswith("S-18.close (+1.000 s).")
    assert entry["solution"] == "Open a new session."
    assert told["trace"] == "trace-id"


def test_what_a_client_sent_is_repeated_only_in_part() -> None:
    assert len(refusals.shown("x" * 10_000)) == refusals.SHOWN_LENGTH_MAX


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"text"', b"7", b"null", b"\xff", b'{"a":NaN}', b'{"a":"\\ud800"}'])
def test_a_body_that_is_no_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(ClientError) as caught:
        fields.parse_body(raw)
    assert caught.value.http_status == 400
    assert caught.value.code == 1208


def test_a_body_nested_beyond_measure_is_refused() -> None:
    with pytest.raises(ClientError):
        fields.parse_body(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


def test_a_query_string_is_read_with_every_value_of_a_name() -> None:
    assert parse_query(b"tags=a&tags=b%20c&limit=3&empty=") == {"tags": ["a", "b c"], "limit": ["3"], "empty": [""]}


def test_a_query_string_of_too_many_fields_is_refused() -> None:
    with pytest.raises(ClientError):
        parse_query(b"&".join(b"a=1" for _ in range(fields.QUERY_FIELDS_MAX + 1)))


@pytest.mark.parametrize(
    "given",
    ["2023-11-14T22:13:20Z", "2023-11-14T22:13:20+00:00", "2023-11-14T23:13:20 01:00", "2023-11-14T22:13:20"],
)
def test_timestamps_are_read_in_every_iso_form_that_clients_send(given: str) -> None:
    assert fields.query_instant({"created_after": [given]}, "created_after") == 1_700_000_000 * SECOND


@pytest.mark.parametrize("given", ["", "yesterday", "2023-13-01", "1700000000", "9" * 50, "0000-00-00T00:00:00Z"])
def test_other_timestamps_are_refused(given: str) -> None:
    with pytest.raises(ClientError):
        fields.query_instant({"created_after": [given]}, "created_after")


@pytest.mark.parametrize("given", ["", "-1", "1.0", "0x1", "ten", "9" * 30, "१", "+1", " 1"])
def test_counts_are_whole_and_not_negative(given: str) -> None:
    with pytest.raises(ClientError):
        fields.query_count({"limit": [given]}, "limit", 0)


def test_a_length_of_time_is_an_int_of_seconds_or_strict_text() -> None:
    assert fields.duration({"max_ttl": 1500}, "max_ttl", "S-02.max-ttl") == 1500 * SECOND
    assert fields.duration({"max_ttl": "2h 30m 40s"}, "max_ttl", "S-02.max-ttl") == 9040 * SECOND
    assert fields.duration({}, "max_ttl", "S-02.max-ttl") is None


@pytest.mark.parametrize("given", ["1.5h", "25m xyz", "90", "", True, False, 1.5, [], {}, 0, -1])
def test_other_lengths_of_time_are_refused_with_what_is_expected(given: object) -> None:
    with pytest.raises(ClientError) as caught:
        fields.duration({"max_ttl": given}, "max_ttl", "S-02.max-ttl")
    assert caught.value.rule == "S-02"
    assert "25m" in caught.value.remedy

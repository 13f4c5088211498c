"""API keys, access tokens, and whom they stand for (ibm-rest 4)."""

from __future__ import annotations

import base64
import json
import time

import pytest

from sessioncore.core.errors import ClientError
from sessioncore.host import Caller
from sessioncore.transports.credentials import CREDENTIALS_CACHED_MAX, Credentials

TABLE = {"key-of-anna": Caller(instance="crn:a", user="anna"), "key-of-ben": Caller(instance="crn:b", user="ben")}


def open_to_all() -> Credentials:
    return Credentials(None, None, 3600)


def checked(life_s: int = 3600, key: bytes | None = b"k" * 32) -> Credentials:
    return Credentials(TABLE, key, life_s)


def claims_of(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def test_an_access_token_is_a_jwt_with_numeric_times() -> None:
    answer = open_to_all().access_token("anything")
    claims = claims_of(answer["access_token"])
    assert isinstance(claims["iat"], int)
    assert claims["exp"] == claims["iat"] + 3600
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 3600
    assert abs(answer["expiration"] - time.time() - 3600) < 10


def test_without_a_table_any_token_is_taken_and_the_request_names_its_instance() -> None:
    assert open_to_all().caller("apikey x", "crn:mine") == Caller(instance="crn:mine")
    assert open_to_all().caller("Bearer whatever", "crn:mine") == Caller(instance="crn:mine")
    assert open_to_all().caller("apikey x", None) == Caller()


@pytest.mark.parametrize("authorization", [None, "", "apikey", "apikey ", "Basic eDp5", "token", "Bearer"])
def test_without_a_table_some_token_is_needed_all_the_same(authorization: str | None) -> None:
    with pytest.raises(ClientError) as caught:
        open_to_all().caller(authorization, None)
    assert caught.value.http_status == 401


def test_with_a_table_the_token_says_who_asks_whatever_instance_is_named() -> None:
    assert checked().caller("apikey key-of-anna", "crn:b") == TABLE["key-of-anna"]
    assert checked().caller("APIKEY key-of-ben", None) == TABLE["key-of-ben"]


@pytest.mark.parametrize("authorization", ["apikey unknown", "apikey key-of-ann", "Bearer key-of-anna", "Bearer a.b.c"])
def test_with_a_table_other_tokens_are_refused(authorization: str) -> None:
    with pytest.raises(ClientError) as caught:
        checked().caller(authorization, "crn:a")
    assert caught.value.http_status == 401


def test_an_access_token_stands_for_the_api_key_it_was_made_from() -> None:
    credentials = checked()
    token = credentials.access_token("key-of-anna")["access_token"]
    for _ in range(2):
        assert credentials.caller(f"Bearer {token}", "crn:b") == TABLE["key-of-anna"]


def test_no_access_token_is_made_from_an_unknown_api_key() -> None:
    with pytest.raises(ClientError) as caught:
        checked().access_token("unknown")
    assert caught.value.http_status == 401


def test_a_forged_access_token_is_refused() -> None:
    token = checked(key=b"another key of 32 bytes is here!").access_token("key-of-anna")["access_token"]
    with pytest.raises(ClientError):
        checked().caller(f"Bearer {token}", None)
    head, body, signature = checked().access_token("key-of-anna")["access_token"].split(".")
    changed = base64.urlsafe_b64encode(json.dumps(claims_of(f".{body}.") | {"sub": "ben"}).encode()).decode()
    with pytest.raises(ClientError):
        checked().caller(f"Bearer {head}.{changed}.{signature}", None)


def test_an_expired_access_token_is_refused() -> None:
    credentials = checked(life_s=-1)
    token = credentials.access_token("key-of-anna")["access_token"]
    with pytest.raises(ClientError, match="expired"):
        credentials.caller(f"Bearer {token}", None)


def test_a_signing_key_that_is_given_makes_tokens_outlive_the_server() -> None:
    token = checked().access_token("key-of-ben")["access_token"]
    assert checked().caller(f"Bearer {token}", None) == TABLE["key-of-ben"]


def test_what_is_remembered_of_tokens_is_bounded() -> None:
    credentials = open_to_all()
    for number in range(CREDENTIALS_CACHED_MAX * 2):
        credentials.caller(f"apikey {number}", None)
    assert len(credentials._cache) <= CREDENTIALS_CACHED_MAX

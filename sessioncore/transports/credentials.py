"""Who asks: API keys and the access tokens made from them (ibm-rest 3, 4)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Any, final

import orjson

from sessioncore.core.errors import ClientError
from sessioncore.host import Caller

from .refusals import NOT_AUTHORIZED, refuse

CREDENTIALS_CACHED_MAX = 1_024
CREDENTIAL_LENGTH_MAX = 8_192
INSTANCE_LENGTH_MAX = 1_000
SIGNING_KEY_BYTES = 32

ISSUER = "sessioncore"
_HEADER = b'{"alg":"HS256","typ":"JWT"}'


def _encode(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


def _decode(part: bytes) -> bytes:
    return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))


def unauthorized(message: str, remedy: str) -> ClientError:
    """A refusal with status 401, which the stock client raises as IBMNotAuthorizedError (ibm-rest 3.1)."""
    return refuse(message, remedy, status=401, code=NOT_AUTHORIZED, row="V-03.token")


@final
class Credentials:
    """Knows who a request comes from, by its ``Authorization`` and ``Service-CRN`` headers.

    With a table of ``tokens`` only those are known, and the table says to which instance each belongs, whatever the
    request names. Without one any token is taken, and the request names its instance. Comparisons take constant time.
    """

    def __init__(self, tokens: Mapping[str, Caller] | None, key: bytes | None, token_life_s: int) -> None:
        self._known = (
            None
            if tokens is None
            else [(hashlib.sha256(token.encode()).digest(), who) for token, who in tokens.items()]
        )
        self._key = key if key is not None else secrets.token_bytes(SIGNING_KEY_BYTES)
        self._token_life_s = token_life_s
        self._cache: dict[bytes, tuple[Caller, float]] = {}

    @property
    def checked(self) -> bool:
        """Whether tokens are checked at all."""
        return self._known is not None

    def access_token(self, api_key: str) -> dict[str, Any]:
        """The answer of ``POST /identity/token``: a signed JWT with numeric ``iat`` and ``exp`` (ibm-rest 4)."""
        who = self._holder(api_key)
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "sub": who.user,
            "iam_id": who.user,
            "scope": "ibm openid",
            "iat": now,
            "exp": now + self._token_life_s,
        }
        if self._known is not None:
            claims["instance"] = who.instance
        signed = _encode(_HEADER) + b"." + _encode(orjson.dumps(claims))
        token = (signed + b"." + _encode(self._signature(signed))).decode()
        return {
            "access_token": token,
            "refresh_token": "not_supported",
            "token_type": "Bearer",
            "expires_in": self._token_life_s,
            "expiration": now + self._token_life_s,
            "scope": "ibm openid",
        }

    def caller(self, authorization: str | None, instance: str | None) -> Caller:
        """Who asks. Raises ClientError (401) for a missing, unknown, forged or expired token."""
        if not authorization:
            raise unauthorized(
                "The request carries no token.",
                "Send 'Authorization: apikey TOKEN', or 'Bearer' with an access token from /identity/token.",
            )
        given = hashlib.sha256(f"{instance or ''}\n{authorization}".encode("utf-8", "replace"))
        cached = self._cache.get(given.digest())
        if cached is not None and cached[1] > time.time():
            return cached[0]
        who, until = self._read(authorization, instance)
        if len(self._cache) >= CREDENTIALS_CACHED_MAX:
            self._cache.clear()
        self._cache[given.digest()] = (who, until)
        return who

    def _read(self, authorization: str, instance: str | None) -> tuple[Caller, float]:
        """Who asks, and until when that holds."""
        scheme, _, credential = authorization.strip().partition(" ")
        credential = credential.strip()
        if instance is not None and len(instance) > INSTANCE_LENGTH_MAX:
            raise refuse(
                "The header 'Service-CRN' is too long.",
                f"Send the CRN or the name of your instance, at most {INSTANCE_LENGTH_MAX} characters.",
            )
        if scheme.lower() not in ("bearer", "apikey") or not credential:
            raise unauthorized(
                "The header 'Authorization' cannot be read.",
                "Send 'apikey TOKEN', or 'Bearer' with an access token from /identity/token.",
            )
        if scheme.lower() == "apikey":
            who, until = self._holder(credential), float("inf")
        elif self._known is None:
            who, until = Caller(), float("inf")
        else:
            who, until = self._verified(credential)
        if self._known is None:
            who = Caller(instance=instance or Caller().instance, user=who.user)
        return who, until

    def _holder(self, api_key: str) -> Caller:
        """Who holds the API key; the whole table is compared, so that time tells nothing."""
        if not api_key or len(api_key) > CREDENTIAL_LENGTH_MAX:
            raise unauthorized("The API key is missing or too long.", "Send the token you were given.")
        if self._known is None:
            return Caller()
        digest = hashlib.sha256(api_key.encode("utf-8", "replace")).digest()
        found = None
        for known, who in self._known:
            if hmac.compare_digest(known, digest):
                found = who
        if found is None:
            raise unauthorized(
                "The token is not known here.",
                "Set QISKIT_IBM_TOKEN to one of the tokens that this service was started with.",
            )
        return found

    def _verified(self, token: str) -> tuple[Caller, float]:
        """The holder of one of our access tokens, and when it expires."""
        signed, _, signature = token.encode("utf-8", "replace").rpartition(b".")
        try:
            genuine = hmac.compare_digest(_decode(signature), self._signature(signed))
            claims = orjson.loads(_decode(signed.partition(b".")[2])) if genuine else {}
        except ValueError:
            genuine, claims = False, {}
        if not genuine:
            raise unauthorized(
                "The access token was not made by this service.",
                "Ask /identity/token for a new one, or start the program again.",
            )
        if claims["exp"] <= time.time():
            raise unauthorized("The access token has expired.", "Ask /identity/token for a new one.")
        return Caller(instance=claims["instance"], user=claims["sub"]), float(claims["exp"])

    def _signature(self, signed: bytes) -> bytes:
        return hmac.new(self._key, signed, hashlib.sha256).digest()

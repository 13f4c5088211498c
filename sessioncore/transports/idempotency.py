"""Requests with an ``Idempotency-Key`` are carried out once, however often they are sent."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeAlias, final

from .answers import Answer
from .refusals import KEY_REUSED, refuse, shown

KEYS_MAX = 10_000
KEY_LENGTH_MAX = 255

Key: TypeAlias = tuple[str, str, str]
"""Instance, user, and the key that the client chose."""


@final
class Once:
    """Remembers the answers to accepted requests, the newest :data:`KEYS_MAX` of them. For one event loop."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Key, tuple[bytes, asyncio.Future[Answer]]] = OrderedDict()

    async def answer(self, key: Key, body: bytes, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """What ``make`` answers, or answered when the same request was made before.

        A request that was refused is forgotten, so that it can be mended and sent again. Raises ClientError where the
        key was used for another request.
        """
        if not 0 < len(key[2]) <= KEY_LENGTH_MAX:
            raise refuse(
                "The header 'Idempotency-Key' is empty or too long.",
                f"Send 1 to {KEY_LENGTH_MAX} characters, a new key for every new request.",
            )
        digest = hashlib.sha256(body).digest()
        known = self._answers.get(key)
        if known is not None:
            if known[0] != digest:
                raise refuse(
                    f"The idempotency key {shown(key[2])} was used for another request.",
                    "Send a new key with every new request.",
                    status=422,
                    code=KEY_REUSED,
                )
            return await asyncio.shield(known[1])
        pending: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[key] = (digest, pending)
        try:
            made = await make()
        except BaseException as error:
            del self._answers[key]
            pending.set_exception(error)
            pending.exception()  # read, so that nobody is warned when no other request waits for it
            raise
        pending.set_result(made)
        if len(self._answers) > KEYS_MAX:
            self._answers.popitem(last=False)
        return made

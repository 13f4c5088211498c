"""How the server and a worker talk: frames of bytes over a stream socket, a JSON head and an opaque body.

A frame is two unsigned 32-bit big-endian lengths, the head as UTF-8 JSON, and the body. The head is written by our own
code on both sides; a body is what a client sent, or what goes back to it, and is never looked into by the server.
Nothing is pickled.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any

_LENGTHS = struct.Struct("!II")
_HEADS = json.JSONEncoder(separators=(",", ":"))

head_bytes_max = 8 * 2**20
"""Longest head that is believed, in bytes. Heads carry sentences and log texts."""

body_bytes_max = 512 * 2**20
"""Longest body that is believed, in bytes."""


joined_bytes_max = 2**16
"""Longest body that is copied behind its head, so that one write sends and one read takes the whole frame."""


class FrameError(Exception):
    """The other side sent something that is no frame, or one that is too long."""


def pack(head: Mapping[str, Any], body: bytes = b"") -> list[bytes]:
    """The pieces of one frame, to be sent one after another."""
    text = _HEADS.encode(head).encode()
    if len(text) > head_bytes_max or len(body) > body_bytes_max:
        raise FrameError(f"a frame of {len(text)} + {len(body)} bytes is too long")
    start = _LENGTHS.pack(len(text), len(body)) + text
    return [start + body] if len(body) <= joined_bytes_max else [start, body]


class FrameReader:
    """Takes bytes as they arrive and gives whole frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._lengths: tuple[int, int] | None = None

    def feed(self, data: bytes | memoryview) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Add ``data``; yield each frame that is now complete.

        Raises :class:`FrameError` where the bytes are no frame.
        """
        self._buffer += data
        while True:
            if self._lengths is None:
                if len(self._buffer) < _LENGTHS.size:
                    return
                head_length, body_length = _LENGTHS.unpack_from(self._buffer)
                if head_length > head_bytes_max or body_length > body_bytes_max:
                    raise FrameError(f"a frame of {head_length} + {body_length} bytes is too long")
                self._lengths = (head_length, body_length)
            head_end = _LENGTHS.size + self._lengths[0]
            end = head_end + self._lengths[1]
            if len(self._buffer) < end:
                return
            with memoryview(self._buffer) as view:
                text, body = bytes(view[_LENGTHS.size : head_end]), bytes(view[head_end:end])
            del self._buffer[:end]
            self._lengths = None
            try:
                head = json.loads(text)
            except ValueError as error:
                raise FrameError("the head of a frame is not JSON") from error
            if not isinstance(head, dict):
                raise FrameError("the head of a frame is not a JSON object")
            yield head, body

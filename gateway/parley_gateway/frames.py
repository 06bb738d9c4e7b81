"""WebSocket frames (RFC 6455, section 5.2) on their way in and out: the ordinary ones, which nearly all are.

A library's parser is a coroutine that is resumed for every field of every frame; at fifty frames a second from
each of hundreds of callers it is a third of what a frame costs. A whole, masked message in one frame needs
nothing of it. Whatever else comes is handed on to it, one whole frame at a time, so that it always stands at the
beginning of one.
"""

from __future__ import annotations

import os
from collections.abc import Callable

try:
    from websockets.speedups import apply_mask
except ImportError:  # a build without its C part
    from websockets.utils import apply_mask

TEXT = 0x1
BINARY = 0x2

_FINAL = 0x80
_MASKED = 0x80
_MASK_BYTES = 4
_SHORTEST = 2 + _MASK_BYTES
_TWO_BYTES_OF_LENGTH = 126
_EIGHT_BYTES_OF_LENGTH = 127
_ORDINARY = frozenset((_FINAL | TEXT, _FINAL | BINARY))


class FrameReader:
    """Cuts what a client sends into frames."""

    def __init__(
        self, *, largest: int, on_message: Callable[[int, bytes], bool], on_other: Callable[[bytes], None]
    ) -> None:
        """`largest`: bytes of a message.

        `on_message` is given the kind and the payload of a message, and says whether it took it; `on_other` gets
        all that was not taken, as it came.
        """
        self._largest = largest
        self._on_message = on_message
        self._on_other = on_other
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """More of the stream."""
        if self._rest:
            data = self._rest + data
        at, end = 0, len(data)
        while end - at >= _SHORTEST:
            mask_at, size = _header(data, at, end)
            if size < 0:
                break
            if not data[at + 1] & _MASKED or size > self._largest:
                # The library says what is wrong, at once; nothing that follows matters.
                self._on_other(data[at:])
                at = end
                break
            begin = mask_at + _MASK_BYTES
            stop = begin + size
            if stop > end:
                break
            if data[at] not in _ORDINARY or not self._on_message(
                data[at] & 0x0F, apply_mask(data[begin:stop], data[mask_at:begin])
            ):
                self._on_other(data[at:stop])
            at = stop
        self._rest = data[at:]


def _header(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Where the mask of the frame at `at` is, and its payload's length: -1 where more of it must come first."""
    size = data[at + 1] & 0x7F
    if size < _TWO_BYTES_OF_LENGTH:
        return at + 2, size
    if size == _TWO_BYTES_OF_LENGTH:
        return at + 4, int.from_bytes(data[at + 2 : at + 4]) if end - at >= 4 else -1
    return at + 10, int.from_bytes(data[at + 2 : at + 10]) if end - at >= 10 else -1


def frame(kind: int, payload: bytes) -> bytes:
    """A message as a server sends it: whole, and not masked."""
    return _head(kind, len(payload), 0) + payload


def masked_frame(kind: int, payload: bytes) -> bytes:
    """A message as a client sends it: whole, and masked with what nobody can foresee."""
    mask = os.urandom(_MASK_BYTES)
    return _head(kind, len(payload), _MASKED) + mask + apply_mask(payload, mask)


def _head(kind: int, size: int, masked: int) -> bytes:
    if size < _TWO_BYTES_OF_LENGTH:
        return bytes((_FINAL | kind, masked | size))
    if size < 1 << 16:
        return bytes((_FINAL | kind, masked | _TWO_BYTES_OF_LENGTH)) + size.to_bytes(2)
    return bytes((_FINAL | kind, masked | _EIGHT_BYTES_OF_LENGTH)) + size.to_bytes(8)

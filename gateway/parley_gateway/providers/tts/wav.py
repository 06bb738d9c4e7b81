"""PCM out of what some servers put around it though they were asked for PCM: a RIFF/WAVE header."""

from __future__ import annotations

import struct

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError

_RIFF = b"RIFF"
_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")  # tag, channels, rate, bytes per second, bytes per sample, bits per sample
_PCM_TAGS = (0x0001, 0xFFFE)
_LONGEST_HEADER = 4096
_LENGTH_UNKNOWN = (0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
"""What encoders write as the length of a stream that they have not finished."""


class Unwrapped:
    """One answer, without the header that it may begin with, and without what may follow its samples."""

    def __init__(self, *, rate: int) -> None:
        """`rate`: Hz that the audio must have."""
        self._rate = rate
        self._held: bytes | None = b""
        self._left: int | None = None
        self._format_known = False

    def feed(self, chunk: bytes) -> bytes:
        """The audio in it. Raises ProviderError (garbage) for audio that is not s16le mono at the rate."""
        if self._held is None:
            return self._samples(chunk)
        self._held += chunk
        if self._held[: len(_RIFF)] != _RIFF[: len(self._held)]:
            return self._begin(0)
        start = self._end_of_header(self._held)
        return b"" if start is None else self._begin(start)

    def _begin(self, start: int) -> bytes:
        held, self._held = self._held or b"", None
        return self._samples(held[start:])

    def _samples(self, chunk: bytes) -> bytes:
        if self._left is None:
            return chunk
        chunk = chunk[: self._left]
        self._left -= len(chunk)
        return chunk

    def _end_of_header(self, data: bytes) -> int | None:
        """Where the samples begin; None while that is not known."""
        at = 12
        while at + _CHUNK.size <= len(data):
            name, length = _CHUNK.unpack_from(data, at)
            at += _CHUNK.size
            if name == b"data":
                self._left = None if length in _LENGTH_UNKNOWN else length
                return self._checked(at)
            if name == b"fmt " and at + _FORMAT.size <= len(data):
                self._check(*_FORMAT.unpack_from(data, at))
            at += length + length % 2
        if len(data) > _LONGEST_HEADER:
            raise _garbage("a WAV header without an end")
        return None

    def _checked(self, at: int) -> int:
        if not self._format_known:
            raise _garbage("a WAV header without a format")
        return at

    def _check(self, tag: int, channels: int, rate: int, _speed: int, _frame: int, bits: int) -> None:
        if tag not in _PCM_TAGS or channels != 1 or bits != 16:
            raise _garbage("audio that is not 16-bit mono PCM: have the server answer with it")
        if rate != self._rate:
            raise _garbage(
                f"audio of {rate} Hz where {self._rate} Hz are configured: set the sample rate to {rate}"
            )
        self._format_known = True


def _garbage(detail: str) -> ProviderError:
    return ProviderError(Stage.TTS, FailureKind.GARBAGE, detail)

"""A caller's microphone that plays recordings: real time, and silence in between, as a real one has it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from parley_client.pcm import speech_ends_ms

_FRAME_MS = 20
_SAMPLE_BYTES = 2


class Microphone:
    """Sends a frame every 20 ms against absolute deadlines: late ones catch up, none is left out."""

    def __init__(self, send: Callable[[bytes], Awaitable[None]], *, rate: int) -> None:
        self._send = send
        self._rate = rate
        self._frame = rate * _FRAME_MS // 1000 * _SAMPLE_BYTES
        self._recording = b""
        self._position = 0
        self._speech_end = 0
        self._said = asyncio.Event()
        self._said.set()
        self.speech_ended_at = 0.0
        """When the last sound of the latest recording was sent (`time.monotonic`)."""

    def play(self, pcm: bytes) -> None:
        """Say this next, in the place of what is still being said."""
        self._recording = pcm + b"\0" * (-len(pcm) % self._frame)
        self._position = 0
        self._speech_end = speech_ends_ms(pcm, rate=self._rate) * self._rate // 1000 * _SAMPLE_BYTES
        self._said.clear()

    async def said(self) -> None:
        """Wait until the recording has been sent to its end."""
        await self._said.wait()

    async def run(self) -> None:
        """Send until cancelled, or until the connection raises."""
        due = time.monotonic()
        while True:
            await self._send(self._next())
            due += _FRAME_MS / 1000
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _next(self) -> bytes:
        if self._said.is_set():
            return b"\0" * self._frame
        before, self._position = self._position, self._position + self._frame
        if before < self._speech_end <= self._position:
            self.speech_ended_at = time.monotonic()
        if self._position >= len(self._recording):
            self._said.set()
        return self._recording[before : self._position]

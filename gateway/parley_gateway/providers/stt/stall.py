"""Notices that a client has stopped sending in mid-utterance: the file ended, or the button was let go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class StallWatch:
    """One stream's. Its timer looks at the clock when it fires, rather than being set anew for each frame."""

    def __init__(self, seconds: float, *, is_open: Callable[[], bool], on_stall: Callable[[], None]) -> None:
        """`on_stall` is called where no audio has come for `seconds` since an utterance was open."""
        self._seconds = seconds
        self._is_open = is_open
        self._on_stall = on_stall
        self._last_audio = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def audio_came(self) -> None:
        """Now; to be called once the utterances have been told of it."""
        loop = asyncio.get_running_loop()
        self._last_audio = loop.time()
        if self._timer is None and self._is_open():
            self._timer = loop.call_later(self._seconds, self._check)

    def close(self) -> None:
        """Watch no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _check(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        rest = self._last_audio + self._seconds - loop.time()
        if rest > 0:
            self._timer = loop.call_later(rest, self._check)
        else:
            self._on_stall()

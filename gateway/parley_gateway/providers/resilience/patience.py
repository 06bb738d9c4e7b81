"""How long a voice may let wait: only while it owes something, and only while somebody waits for it.

A voice that waits for text owes nothing but what it was given before; one that does not is at work on it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError, TtsAudio
from parley_gateway.providers.alarm import Alarm


class Patience:
    """With one voice. It owes audio for what it was given to say, and the rest of it, or the end, after that."""

    def __init__(self, alarm: Alarm, *, first_s: float, between_s: float) -> None:
        """`first_s`: until a segment's first audio. `between_s`: until more of it, or the end."""
        self._alarm = alarm
        self._first_s = first_s
        self._between_s = between_s
        self._since = 0.0
        self._limit: float | None = first_s
        self._waiting = False

    def owes(self, *, audio: bool, rest: bool) -> None:
        """What the voice owes has changed: the first audio of a segment, more of one, or nothing."""
        limit = self._first_s if audio else self._between_s if rest else None
        if limit == self._limit:
            return
        self._limit = limit
        self._since = self._alarm.now
        if self._waiting:
            self._alarm.move(self._due)

    async def next(self, speech: AsyncIterator[TtsAudio]) -> TtsAudio | None:
        """The next audio; None at the end. Raises ProviderError (timeout)."""
        self._since = self._alarm.now
        self._waiting = True
        try:
            return await self._alarm.until(self._due, anext(speech, None))
        except TimeoutError:
            raise ProviderError(Stage.TTS, FailureKind.TIMEOUT, f"no audio for {self._limit:g} s") from None
        finally:
            self._waiting = False

    @property
    def _due(self) -> float | None:
        return None if self._limit is None else self._since + self._limit

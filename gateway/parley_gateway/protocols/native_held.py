"""What a client of the native protocol sends before its session is there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from parley_contract.native import ClientMessage

_AUDIO_S = 1
"""A caller who speaks at once loses nothing; what is older than this is left out."""
_MESSAGES = 32
_SAMPLE_BYTES = 2


class Held:
    """Audio and messages in their order, bounded."""

    def __init__(self, *, rate: int) -> None:
        self._most_bytes = _AUDIO_S * rate * _SAMPLE_BYTES
        self._bytes_per_s = rate * _SAMPLE_BYTES
        self._items: deque[bytearray | ClientMessage] = deque()
        self._audio_bytes = 0
        self._messages = 0
        self._dropped_bytes = 0

    @property
    def dropped_ms(self) -> int:
        """Audio that was left out, the oldest first."""
        return self._dropped_bytes * 1000 // self._bytes_per_s

    def audio(self, pcm: bytes) -> None:
        """Keep whole samples for later."""
        last = self._items[-1] if self._items else None
        if isinstance(last, bytearray):
            last += pcm
        else:
            self._items.append(bytearray(pcm))
        self._audio_bytes += len(pcm)
        self._drop(max(0, self._audio_bytes - self._most_bytes))

    def message(self, message: ClientMessage) -> bool:
        """Keep a message for later; False where there are too many."""
        if self._messages >= _MESSAGES:
            return False
        self._messages += 1
        self._items.append(message)
        return True

    def release(self) -> Iterator[bytes | ClientMessage]:
        """All that was kept, in its order; nothing is left."""
        while self._items:
            item = self._items.popleft()
            yield bytes(item) if isinstance(item, bytearray) else item

    def _drop(self, excess: int) -> None:
        """Leave out the oldest audio, wherever it stands between messages."""
        self._dropped_bytes += excess
        self._audio_bytes -= excess
        for item in self._items:
            if excess and isinstance(item, bytearray):
                cut = min(excess, len(item))
                del item[:cut]
                excess -= cut

"""What a client plays of the agent's speech, and how much of it was really heard."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

from parley_client.connection import Audio
from parley_contract.native import Playback

_SAMPLE_BYTES = 2


@dataclass(slots=True)
class _Chunk:
    reply: int
    offset_ms: int
    pcm: bytes = field(repr=False)
    taken: int = 0


class Loudspeaker:
    """A queue between the network, which fills it, and a sound card or a clock, which empties it.

    A sound card's callback runs in a thread of its own, hence the lock; nothing in here waits for long.
    """

    def __init__(self, *, rate: int) -> None:
        self._rate = rate
        self._lock = threading.Lock()
        self._chunks: deque[_Chunk] = deque()
        self._paused = False
        self._dropped = 0
        self._reply = 0
        self._played_ms = 0
        self._said_finished = (0, 0)

    def push(self, audio: Audio) -> None:
        """More to play; nothing of a reply that was dropped."""
        with self._lock:
            if audio.reply > self._dropped:
                self._chunks.append(_Chunk(audio.reply, audio.offset_ms, audio.pcm))

    def pull(self, size: int) -> bytes:
        """The next `size` bytes to sound, with silence where there is nothing to play."""
        with self._lock:
            out = bytearray()
            while not self._paused and self._chunks and len(out) < size:
                out += self._take(self._chunks[0], size - len(out))
            return bytes(out) + b"\0" * (size - len(out))

    def _take(self, chunk: _Chunk, size: int) -> bytes:
        piece = chunk.pcm[chunk.taken : chunk.taken + size]
        chunk.taken += len(piece)
        self._reply = chunk.reply
        self._played_ms = chunk.offset_ms + chunk.taken * 1000 // (_SAMPLE_BYTES * self._rate)
        if chunk.taken >= len(chunk.pcm):
            self._chunks.popleft()
        return piece

    def pause(self) -> None:
        """Hold what is queued."""
        with self._lock:
            self._paused = True

    def resume(self) -> None:
        """Play on."""
        with self._lock:
            self._paused = False

    def drop(self, reply: int) -> None:
        """Play nothing more of this reply."""
        with self._lock:
            self._dropped = max(self._dropped, reply)
            self._chunks = deque(chunk for chunk in self._chunks if chunk.reply > reply)
            self._paused = False

    def heard_all(self, reply: int) -> bool:
        """Whether nothing of the reply is left to play."""
        with self._lock:
            return all(chunk.reply > reply for chunk in self._chunks)

    def report(self) -> Playback | None:
        """How far the playout is; `finished` once all that has come is played, which is said only once.

        None where there is nothing new to say.
        """
        with self._lock:
            at = (self._reply, self._played_ms)
            if self._reply == 0 or at == self._said_finished:
                return None
            buffered = sum(len(chunk.pcm) - chunk.taken for chunk in self._chunks)
            if not buffered:
                self._said_finished = at
            return Playback(
                reply=self._reply,
                played_ms=self._played_ms,
                buffered_ms=buffered * 1000 // (_SAMPLE_BYTES * self._rate),
                state="paused" if buffered and self._paused else "playing" if buffered else "finished",
            )

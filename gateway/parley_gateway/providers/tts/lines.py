"""The lines to a voice: one with room is there before it is needed, and as many as speak at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from parley_gateway.conversation.events import FailureKind
from parley_gateway.providers.tts.line import Line, Listener, Wire

_KEEP_ALIVE_S = 15.0
"""Less than the 20 s after which ElevenLabs closes by default."""
_IDLE_S = 60.0
"""How long a line is kept after a rush, beside the one that is always kept."""
_SOUND_S = 10.0
"""A line that lived shorter is a sign of trouble: the next one is opened later."""
_LONGEST_BACK_OFF_S = 60.0


class Lines:
    """All lines to one provider, by key."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._lines: dict[str, list[Line]] = {}
        self._timers: dict[Line, asyncio.TimerHandle] = {}
        self._reopening: dict[str, asyncio.TimerHandle] = {}
        self._troubles: dict[str, int] = {}
        self._keeping: asyncio.Task[None] | None = None
        self._closed = False

    def join(self, key: str, context: str, listener: Listener) -> Line:
        """A line that the context may speak over from now on; one that is still being opened, if need be."""
        line = next(self._with_room(key), None) or self._open(key)
        line.join(context, listener)
        self._keep_spare(key)
        return line

    async def warm(self, keys: Sequence[str]) -> None:
        """Have a line with room for each key. Raises ProviderError where none of them gets one."""
        lines = [next(self._with_room(key), None) or self._open(key) for key in keys]
        outcomes = await asyncio.gather(*(line.settled() for line in lines), return_exceptions=True)
        failures = [outcome for outcome in outcomes if outcome is not None]
        if failures and len(failures) == len(lines):
            raise failures[0]

    async def aclose(self) -> None:
        """Abort all lines and wait for their ends."""
        self._closed = True
        for timer in (*self._timers.values(), *self._reopening.values()):
            timer.cancel()
        lines = [line for lines in self._lines.values() for line in lines]
        for line in lines:
            line.abort()
        await asyncio.gather(*(line.ended() for line in lines))
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])

    # --- having enough of them ---

    def _with_room(self, key: str) -> Iterator[Line]:
        return (line for line in self._lines.get(key, ()) if line.has_room)

    def _open(self, key: str) -> Line:
        line = Line(self._wire, key, self._changed)
        self._lines.setdefault(key, []).append(line)
        if self._wire.keep_alive is not None and self._keeping is None:
            self._keeping = asyncio.create_task(self._keep_alive(self._wire.keep_alive), name="voice lines")
        return line

    def _keep_spare(self, key: str) -> None:
        """The next one to speak finds an open line."""
        if not self._closed and key not in self._reopening and next(self._with_room(key), None) is None:
            self._open(key)

    def _changed(self, line: Line) -> None:
        if line.over:
            self._gone(line)
        elif line.idle and line not in self._timers:
            self._timers[line] = asyncio.get_running_loop().call_later(_IDLE_S, self._thin_out, line)

    def _thin_out(self, line: Line) -> None:
        """What a rush has opened is closed after it."""
        self._timers.pop(line, None)
        others = any(other is not line for other in self._with_room(line.key))
        if line.idle and not line.over and others:
            line.abort()

    # --- when they end ---

    def _gone(self, line: Line) -> None:
        self._lines[line.key].remove(line)
        timer = self._timers.pop(line, None)
        if timer is not None:
            timer.cancel()
        # One that is refused is tried again when somebody asks for it, and not before.
        refused = line.failure is not None and line.failure.kind is FailureKind.REFUSED
        if not self._closed and not refused:
            self._reopen_later(line.key, self._back_off(line))

    def _back_off(self, line: Line) -> float:
        loop = asyncio.get_running_loop()
        if line.was_open and loop.time() - line.opened_at >= _SOUND_S:
            self._troubles.pop(line.key, None)
            return 0.0
        troubles = self._troubles.get(line.key, 0)
        self._troubles[line.key] = troubles + 1
        return float(min(2 ** min(troubles, 10), _LONGEST_BACK_OFF_S))

    def _reopen_later(self, key: str, delay: float) -> None:
        if key not in self._reopening:
            self._reopening[key] = asyncio.get_running_loop().call_later(delay, self._reopen, key)

    def _reopen(self, key: str) -> None:
        del self._reopening[key]
        self._keep_spare(key)

    async def _keep_alive(self, message: str) -> None:
        while True:
            await asyncio.sleep(_KEEP_ALIVE_S)
            for lines in self._lines.values():
                for line in list(lines):
                    line.post(message)

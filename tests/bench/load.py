"""The load: providers and callers in one process, and what was seen of a server from there."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.bench.caller import SPEECH_S, Caller
from tests.bench.phone import FRAME_S
from tests.bench.processes import Process
from tests.bench.providers.cartesia import Cartesia
from tests.bench.providers.claude import Claude
from tests.bench.providers.deepgram import Recognition, Waiting, recognition
from tests.bench.providers.http import Answer, Connection
from tests.bench.providers.openai_speech import OpenAISpeech
from tests.bench.providers.sockets import serve
from tests.bench.turn import Turn, clock

_GROUPS = 10
"""Callers do not send in step: their frames are spread over as many parts of 20 ms."""
_ADMISSION_S = 20.0
WARM_UP_S = 9.0
"""A turn and a half: by then every caller has asked, and no two in step."""


@dataclass(frozen=True, slots=True)
class Seen:
    """In one run, of one server, within the time that was measured."""

    sessions: int
    turns: list[Turn]
    failed: int
    """Turns without a whole answer, and calls that were cut."""
    cpu_ms_per_session_s: float
    """Of the server's process."""
    idle_mb: float
    mb_per_session: float
    load_lag_s: float
    """How late the load itself was at its worst: what is less than this says nothing of the server."""

    def added_s(self) -> list[float]:
        """Per turn."""
        return [turn.added_s for turn in self.turns if turn.added_s is not None]

    def to_silence_s(self) -> list[float]:
        """Per interruption."""
        return [turn.to_silence_s for turn in self.turns if turn.to_silence_s is not None]

    @property
    def underruns(self) -> int:
        """Gaps that a caller heard."""
        return sum(turn.underruns for turn in self.turns)

    @property
    def unstopped(self) -> int:
        """Interruptions that did not stop the agent."""
        return sum(turn.interrupted is not None and turn.stopped is None for turn in self.turns)


class Load:
    """Everything but the server."""

    def __init__(self) -> None:
        self._turns: dict[tuple[int, int], Turn] = {}
        self._waiting: Waiting = deque()
        self._callers: list[Caller] = []
        self._next = 0
        self._lag_s = 0.0
        self.sockets_port = 0
        """Of the providers that speak WebSocket."""
        self.http_port = 0

    @asynccontextmanager
    async def providers(self) -> AsyncIterator[None]:
        """The providers listen."""
        claude, speech = Claude(self._turns.get), OpenAISpeech(self._turns.get)
        hears = recognition(self._waiting)

        def answer(target: bytes, body: bytes, to: Answer) -> None:
            (speech if target.endswith(b"/audio/speech") else claude).answer(target, body, to)

        sockets, self.sockets_port = await serve(
            lambda request: Cartesia(request, self._turns.get) if b"/tts/" in request.path else hears(request)
        )
        http = await asyncio.get_running_loop().create_server(lambda: Connection(answer), "127.0.0.1", 0)
        self.http_port = http.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            sockets.close()
            http.close()

    async def run(self, url: str, process: Process, *, sessions: int, seconds: float) -> Seen:
        """So many callers talk for so long, once they are all there."""
        idle_mb = process.pss_mb
        self._turns.clear()
        ticking = asyncio.create_task(self._tick())
        try:
            for _ in range(sessions):
                await self._add(url)
            await asyncio.sleep(WARM_UP_S)
            self._lag_s = 0.0
            cpu_s, began = process.cpu_s, clock()
            await asyncio.sleep(seconds)
            cpu_s, ended = process.cpu_s - cpu_s, clock()
            per_session = (process.pss_mb - idle_mb) / sessions
            turns = [*self._between(began, ended)]
            failed = sum(caller.failed + (caller.phone.closed is not None) for caller in self._callers)
        finally:
            ticking.cancel()
            for caller in self._callers:
                caller.hang_up()
            self._callers.clear()
            self._waiting.clear()
        return Seen(
            sessions, turns, failed, cpu_s * 1000 / (sessions * (ended - began)), idle_mb, per_session, self._lag_s
        )

    async def _add(self, url: str) -> None:
        """One more; the first stream of recognition that has audio from now on is this caller's."""
        self._next += 1
        caller = Caller(self._next, url=url, register=self._register)
        found = asyncio.Event()

        def owned(stream: Recognition) -> None:
            caller.begin(stream)
            found.set()

        await caller.dial()
        self._waiting.append(owned)
        self._callers.append(caller)
        async with asyncio.timeout(_ADMISSION_S):
            await found.wait()

    def _register(self, turn: Turn) -> None:
        self._turns[turn.caller, turn.number] = turn

    def _between(self, began: float, ended: float) -> Iterator[Turn]:
        """Turns that had time for all of it."""
        for turn in self._turns.values():
            if (
                turn.ended is not None
                and began <= turn.ended
                and turn.heard is not None
                and turn.heard <= ended - SPEECH_S
            ):
                yield turn

    async def _tick(self) -> None:
        """A frame from every caller every 20 ms."""
        loop = asyncio.get_running_loop()
        due, group = loop.time(), 0
        while True:
            for caller in self._callers[group::_GROUPS]:
                caller.tick()
            group = (group + 1) % _GROUPS
            due += FRAME_S / _GROUPS
            late = loop.time() - due
            self._lag_s = max(self._lag_s, late)
            await asyncio.sleep(max(0.0, -late))

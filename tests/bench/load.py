"""The load: providers and callers in one process, and what was seen of a server from there."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.bench.caller import SPEECH_S, Caller
from tests.bench.contenders.contender import Providers, Server
from tests.bench.idler import Idler
from tests.bench.phone import FRAME_S
from tests.bench.processes import this_process
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
_FIRST_S = 5.0
_FIRST = 5
"""Sessions that load what a server loads late: what the further ones take is reckoned from there."""


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
    """Before the first call."""
    mb_per_session: float
    """Of each further one."""
    load_cpu: float
    """Share of its core that the load itself took."""
    load_lag_s: float
    """How late the load itself was, 99 times of 100: what is less than this says nothing of the server."""

    @property
    def core(self) -> float:
        """Share of its core that the server took."""
        return self.cpu_ms_per_session_s * self.sessions / 1000

    def added_s(self) -> list[float]:
        """Per turn."""
        return [turn.added_s for turn in self.turns if turn.added_s is not None]

    def after_model_s(self) -> list[float]:
        """Per turn, from the model's first sentence on: before it a detector waits by intention."""
        return [turn.after_model_s for turn in self.turns if turn.after_model_s is not None]

    def to_client_s(self) -> list[float]:
        """Per turn: first audio → client."""
        return [turn.to_client_s for turn in self.turns if turn.to_client_s is not None]

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
        self._idlers: list[Idler] = []
        self._next = 0
        self._lags: list[float] = []

    @asynccontextmanager
    async def providers(self) -> AsyncIterator[Providers]:
        """The providers listen."""
        claude, speech = Claude(self._turns.get), OpenAISpeech(self._turns.get)
        hears = recognition(self._waiting)

        def answer(target: bytes, body: bytes, to: Answer) -> None:
            (speech if target.endswith(b"/audio/speech") else claude).answer(target, body, to)

        sockets, sockets_port = await serve(
            lambda request: Cartesia(request, self._turns.get) if b"/tts/" in request.path else hears(request)
        )
        http = await asyncio.get_running_loop().create_server(lambda: Connection(answer), "127.0.0.1", 0)
        try:
            yield Providers(sockets_port, http.sockets[0].getsockname()[1])
        finally:
            sockets.close()
            http.close()

    async def run(
        self, server: Server, *, sessions: int, seconds: float, idle_url: str = "", idle: int = 0
    ) -> Seen:
        """So many callers talk for so long, once they are all there, beside `idle` sessions without a word."""
        process, idle_mb = server.process, server.process.rss_mb
        ticking = asyncio.create_task(self._tick())
        try:
            first = min(_FIRST, sessions)
            for _ in range(first):
                await self._add(server.twilio)
            await asyncio.sleep(_FIRST_S)
            first_mb = process.rss_mb
            for _ in range(sessions - first):
                await self._add(server.twilio)
            for _ in range(idle):
                await self._add_idle(idle_url)
            await asyncio.sleep(WARM_UP_S)
            self._lags.clear()
            own_s, cpu_s, began = this_process().cpu_s, process.cpu_s, clock()
            await asyncio.sleep(seconds)
            own_s, cpu_s, ended = this_process().cpu_s - own_s, process.cpu_s - cpu_s, clock()
            further_mb = (process.rss_mb - first_mb) / (sessions - first) if sessions > first else 0.0
            return Seen(
                sessions,
                turns=[*self._between(began, ended)],
                failed=self._failed(),
                cpu_ms_per_session_s=cpu_s * 1000 / (sessions * (ended - began)),
                idle_mb=idle_mb,
                mb_per_session=further_mb,
                load_cpu=own_s / (ended - began),
                load_lag_s=sorted(self._lags)[int(len(self._lags) * 0.99)],
            )
        finally:
            ticking.cancel()
            self._hang_up()

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

    async def _add_idle(self, url: str) -> None:
        idler = Idler()
        async with asyncio.timeout(_ADMISSION_S):
            await idler.connect(url)
        self._idlers.append(idler)

    def _failed(self) -> int:
        calls = sum(caller.failed + (caller.phone.closed is not None) for caller in self._callers)
        return calls + sum(idler.gone for idler in self._idlers)

    def _hang_up(self) -> None:
        for caller in self._callers:
            caller.hang_up()
        for idler in self._idlers:
            idler.hang_up()
        self._callers.clear()
        self._idlers.clear()
        self._waiting.clear()

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
            self._lags.append(max(0.0, late))
            await asyncio.sleep(max(0.0, -late))

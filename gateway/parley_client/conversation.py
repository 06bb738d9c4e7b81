"""A caller who speaks in recordings or in text, listens, and measures what a person would feel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from parley_client.connection import Audio, Connection, Received
from parley_client.errors import DisconnectedError, NoAnswerError
from parley_client.loudspeaker import Loudspeaker
from parley_client.microphone import Microphone
from parley_contract.native import (
    ErrorMessage,
    Feature,
    ReplyEnded,
    ReplyInterrupted,
    ReplyPaused,
    ReplyResumed,
    ReplyStarted,
    ReplyTextMessage,
    TextInput,
    Transcript,
)

FEATURES = (Feature.PLAYBACK, Feature.PAUSE)
"""What a `Conversation` does beyond the minimum: give them to `connect`."""
_REPORT_S = 0.1
_PULL_S = 0.02
_APOLOGY_S = 1.0
"""An agent that apologises for an answer that failed begins at once: this is ample for the way here."""
_SAMPLE_BYTES = 2


@dataclass(slots=True)
class Turn:
    """What the caller said, what the agent answered, and how long each thing took."""

    began_at: float = field(default_factory=time.monotonic, repr=False)
    heard: dict[int, str] = field(default_factory=dict, repr=False)
    """What the gateway understood, by its numbers of turns."""
    typed: bool = False
    """Sent in writing: no pause had to tell that the caller had finished."""
    reply: int | None = None
    answer: str = ""
    pcm: bytearray = field(default_factory=bytearray, repr=False)
    """The answer's speech, s16le mono at the session's `output_rate`."""
    status: str | None = None
    """`completed`, `interrupted` or `failed`; None while it lasts. What has failed stays so."""
    apology: int | None = None
    """The reply with which the agent said that it is sorry; it adds to `answer`."""
    apology_over: bool = field(default=False, repr=False)
    problem: str | None = None
    """What the gateway said was wrong, if anything."""
    spoke_until: float = field(default=0.0, repr=False)
    text_at: float | None = field(default=None, repr=False)
    audio_at: float | None = field(default=None, repr=False)

    @property
    def transcript(self) -> str:
        """What the gateway understood."""
        return " ".join(text for _, text in sorted(self.heard.items()) if text)

    @property
    def first_text_s(self) -> float | None:
        """From the caller's last sound, or a typed turn's sending, to the answer's first words."""
        return None if self.text_at is None else self.text_at - self.spoke_until

    @property
    def first_audio_s(self) -> float | None:
        """From the caller's last sound, or a typed turn's sending, to the answer's first audio: what is felt."""
        return None if self.audio_at is None else self.audio_at - self.spoke_until


class Conversation:
    """Holds a conversation over a connection; use it as a context manager.

    A microphone sends all the time, silence where nothing is said, since recognisers need it to tell that
    somebody has finished. A loudspeaker plays in real time and reports what it has played.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        on_received: Callable[[Received], None] | None = None,
        loudspeaker: Loudspeaker | None = None,
        microphone: bool = True,
    ) -> None:
        """Prepare it.

        Args:
            connection: From `connect(..., features=FEATURES)`.
            on_received: Called with everything that the gateway sends.
            loudspeaker: One that a sound card empties; without it a clock does.
            microphone: False where the caller's audio is sent by somebody else.
        """
        audio = connection.started.audio
        self._connection = connection
        self._on_received = on_received
        self._plays_itself = loudspeaker is not None
        self._loudspeaker = loudspeaker or Loudspeaker(rate=audio.output_rate)
        self._microphone = Microphone(connection.send_audio, rate=audio.input_rate)
        self._has_microphone = microphone
        self._output_rate = audio.output_rate
        self._turn = Turn()
        self._last_reply = 0
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        works = [self._receive(), self._report()]
        works += [] if self._plays_itself else [self._play()]
        works += [self._microphone.run()] if self._has_microphone else []
        self._tasks = [asyncio.create_task(work) for work in works]
        for task in self._tasks:
            task.add_done_callback(lambda _: self._changed.set())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def greeting(self, *, within_s: float = 1.5, timeout_s: float = 30.0) -> Turn | None:
        """What the agent says first; None where it has not begun to say anything in time.

        Raises NoAnswerError or DisconnectedError.
        """
        turn = self._turn
        with suppress(TimeoutError):
            await self._until(lambda: turn.reply, within_s)
        return None if turn.reply is None else await self._answered(turn, timeout_s)

    async def say(self, pcm: bytes, *, timeout_s: float = 30.0) -> Turn:
        """Speak (s16le mono at `input_rate`), and wait for the answer to be played; interrupts the agent.

        Raises NoAnswerError or DisconnectedError.
        """
        turn = self._begin()
        self._microphone.play(pcm)
        await self._unless_disconnected(self._microphone.said())
        turn.spoke_until = self._microphone.speech_ended_at
        return await self._answered(turn, timeout_s)

    async def type(self, text: str, *, timeout_s: float = 30.0) -> Turn:
        """Send a typed turn, and wait for the answer to be played. Raises NoAnswerError or DisconnectedError."""
        turn = self._begin()
        turn.typed, turn.heard[0] = True, text
        turn.spoke_until = time.monotonic()
        await self._connection.send(TextInput(text=text))
        return await self._answered(turn, timeout_s)

    async def until_over(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` until it or the session is over. Raises DisconnectedError."""
        await self._unless_disconnected(work)

    # --- waiting ---

    def _begin(self) -> Turn:
        self._turn = Turn()
        return self._turn

    async def _answered(self, turn: Turn, timeout_s: float) -> Turn:
        try:
            await self._until(lambda: self._is_over(turn), timeout_s)
        except TimeoutError:
            raise NoAnswerError(f"the agent did not finish an answer within {timeout_s:.0f} s") from None
        if turn.status == "failed":
            await self._apologised(turn, timeout_s)
        return turn

    async def _apologised(self, turn: Turn, timeout_s: float) -> None:
        """Hear the agent's apology, if there is one; the answer has failed in any case."""
        with suppress(TimeoutError, DisconnectedError):
            await self._until(lambda: turn.apology, _APOLOGY_S)
            await self._until(lambda: turn.apology_over, timeout_s)

    async def _until(self, condition: Callable[[], object], timeout_s: float) -> None:
        """Raises TimeoutError, or DisconnectedError."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                self._changed.clear()
                self._check()
                await self._changed.wait()

    def _is_over(self, turn: Turn) -> bool:
        """An interrupted answer is followed by another one; a completed one is over when it was played."""
        if turn.problem and (turn.reply is None or turn.status == "failed"):
            return True
        done = turn.status in ("completed", "failed")
        return done and turn.reply is not None and self._loudspeaker.heard_all(turn.reply)

    async def _unless_disconnected(self, waiting: Coroutine[Any, Any, None]) -> None:
        waiter = asyncio.create_task(waiting)
        try:
            await asyncio.wait({waiter, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)
            if waiter.done():
                await waiter
            self._check()
        finally:
            waiter.cancel()

    def _check(self) -> None:
        """Raise what ended one of the tasks."""
        for task in self._tasks:
            if task.done():
                task.result()
                raise DisconnectedError(1000, "the session is over")

    # --- what comes in ---

    async def _receive(self) -> None:
        async for received in self._connection:
            self._take(received)
            if self._on_received:
                self._on_received(received)
            self._changed.set()

    def _take(self, received: Received) -> None:
        turn = self._turn
        match received:
            case Audio():
                self._loudspeaker.push(received)
                self._hear(turn, received)
            case Transcript(turn=number, text=text):
                turn.heard[number] = text
            case ReplyStarted(reply=reply):
                self._answer(turn, reply)
            case ReplyTextMessage(reply=reply, delta=delta) if reply == turn.reply:
                turn.text_at = turn.text_at or time.monotonic()
                turn.answer += delta
            case ErrorMessage(message=message):
                turn.problem = message
            case _:
                self._play_along(turn, received)

    def _play_along(self, turn: Turn, received: Received) -> None:
        match received:
            case ReplyPaused():
                self._loudspeaker.pause()
            case ReplyResumed():
                self._loudspeaker.resume()
            case ReplyInterrupted(reply=reply):
                self._loudspeaker.drop(reply)
            case ReplyEnded(reply=reply, status=status):
                self._end(turn, reply, status)
            case _:
                pass

    def _answer(self, turn: Turn, reply: int) -> None:
        """A reply begins: the turn's answer is the newest one, but for an apology after it has failed."""
        if turn.status == "failed":
            turn.reply = turn.apology = reply
            turn.answer += " " if turn.answer else ""
            return
        turn.reply, turn.status, turn.answer = reply, None, ""
        turn.text_at = turn.audio_at = None
        turn.pcm.clear()

    def _end(self, turn: Turn, reply: int, status: str) -> None:
        if reply == turn.apology:
            turn.apology_over = True
        elif reply == turn.reply:
            turn.status = status

    def _hear(self, turn: Turn, audio: Audio) -> None:
        if audio.reply == turn.reply:
            turn.audio_at = turn.audio_at or time.monotonic()
            turn.pcm += audio.pcm

    # --- what is played ---

    async def _play(self) -> None:
        """Empty the loudspeaker as a sound card would: in real time, late frames caught up."""
        due = time.monotonic()
        size = int(self._output_rate * _PULL_S) * _SAMPLE_BYTES
        while True:
            self._loudspeaker.pull(size)
            due += _PULL_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(_REPORT_S)
            if report := self._loudspeaker.report():
                await self._connection.send(report)
            self._changed.set()

"""A caller: asks, listens to the answer, asks again; into every third answer, before it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.bench.phone import FRAME_S, SILENCE, Phone, speech
from tests.bench.providers.cartesia import SENTENCE_S
from tests.bench.providers.deepgram import Recognition
from tests.bench.turn import Turn, clock

SPEECH_S = 2.0
_UPDATE_S = 0.25
_PAUSE_S = 0.5
"""Between the end of an answer and the next question."""
_INTO_ANSWER_S = 1.5
_PATIENCE_S = 12.0
"""Without the whole answer after so long the caller asks something else, and the turn has failed."""
_ANSWER_S = 2 * SENTENCE_S
_GAP_S = 0.02
"""Of silence within an answer, from which on it is heard: a frame of Twilio's."""
_SLACK_S = 0.1
"""Of an answer may be missing at its end: resamplers keep some."""


class Caller:
    """One, on one telephone. `waits` is told when its stream of recognition is to be found."""

    def __init__(self, number: int, *, url: str, register: Callable[[Turn], None]) -> None:
        self.number = number
        self._url = url
        self._register = register
        self._loop = asyncio.get_running_loop()
        self.phone = Phone(number, on_media=self._on_media, on_clear=self._on_clear)
        self.recognition: Recognition | None = None
        self.failed = 0
        self._turn: Turn | None = None
        self._before: Turn | None = None
        """The turn that this one interrupted."""
        self._asked = 0
        self._says: list[bytes] = []
        self._timers: list[asyncio.TimerHandle] = []

    async def dial(self) -> None:
        """Connect."""
        await self.phone.dial(self._url)

    def hang_up(self) -> None:
        """The end."""
        self._cancel()
        self.phone.hang_up()

    def tick(self) -> None:
        """20 ms have passed."""
        self.phone.send(self._says.pop() if self._says else SILENCE)

    def begin(self, recognition: Recognition) -> None:
        """The stream of recognition is known: the first question comes soon, not all callers' at once."""
        self.recognition = recognition
        self._later((self.number * 0.618) % 1 * 6.0, self._ask)

    # --- turns ---

    def _ask(self) -> None:
        self._cancel()
        assert self.recognition is not None
        before, now = self._turn, self._loop.time()
        self._asked += 1
        turn = self._turn = Turn(self.number, self._asked, _ANSWER_S)
        self._before = before if before and self.phone.plays_until > now else None
        self._register(turn)
        frames = speech()
        self._says = [frames[n % len(frames)] for n in range(round(SPEECH_S / FRAME_S))]
        if self._before:
            self._before.interrupted = clock()
        self.recognition.started(turn.number)
        words = turn.question.split()
        for step in range(1, round(SPEECH_S / _UPDATE_S)):
            known = " ".join(words[: max(1, step * len(words) * 2 // round(2 * SPEECH_S / _UPDATE_S))])
            self._later(step * _UPDATE_S, self.recognition.heard, turn.number, known)
        self._later(SPEECH_S, self._end_of_turn, turn)
        self._later(SPEECH_S + _PATIENCE_S, self._give_up)

    def _end_of_turn(self, turn: Turn) -> None:
        assert self.recognition is not None
        turn.ended = clock()
        self.recognition.ended(turn.number, turn.question)

    def _give_up(self) -> None:
        self.failed += 1
        self._ask()

    def _on_media(self, seconds: float) -> None:
        turn = self._turn
        if turn is None or turn.spoken is None:
            return
        now = self._loop.time()
        if turn.heard is None:
            turn.heard = clock()
            if turn.number % 3 == 0:
                self._later(_INTO_ANSWER_S, self._ask)
        elif (gap := now - self.phone.plays_until) > _GAP_S:
            turn.underruns += 1
            turn.underrun_s += gap
        turn.heard_s += seconds
        if turn.number % 3 and turn.heard_s >= turn.audio_s - _SLACK_S:
            self._turn_over(seconds)

    def _turn_over(self, seconds: float) -> None:
        """All has come; it is heard to its end before the next question."""
        if self._timers:
            self._cancel()
            left = max(self.phone.plays_until, self._loop.time()) + seconds - self._loop.time()
            self._later(left + _PAUSE_S, self._ask)

    def _on_clear(self) -> None:
        if self._before is not None and self._before.stopped is None:
            self._before.stopped = clock()

    def _later(self, seconds: float, what: Callable[..., None], *arguments: object) -> None:
        self._timers.append(self._loop.call_later(seconds, what, *arguments))

    def _cancel(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

"""What Deepgram's v1 messages mean for a conversation: utterances, and where turns begin and end. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from parley_gateway.conversation.events import (
    EndOfTurn,
    FailureKind,
    SpeechStarted,
    SpeechStopped,
    Stage,
    TranscriptChanged,
    TurnEnd,
    Word,
)
from parley_gateway.ports import ProviderError, SttEvent

Message = Mapping[str, Any]


class DeepgramTurns:
    """Reads the messages of one stream.

    An utterance is what one final result covers, with the interim ones that it replaces. A turn is one or more
    utterances, ended by `speech_final` (silence) or `UtteranceEnd` (a gap between words, for where noise hides
    the silence), whichever comes first. `SpeechStarted` may be repeated or missing.
    """

    def __init__(self, caller_ms: Callable[[int], int]) -> None:
        self._caller_ms = caller_ms
        self._utterance = 1
        self._shown = False
        """An interim transcript of the present utterance is out and has to be replaced."""
        self._said = False
        """The turn has words that are final."""
        self._speaking_since: float | None = None
        self._ends_with_final = False
        """`UtteranceEnd` came before the final words: the turn ends when they are there."""

    def read(self, message: Message) -> Iterator[SttEvent]:
        """What a message tells. Unknown types tell nothing. Raises ProviderError for one that lacks its parts."""
        try:
            match message["type"]:
                case "Results":
                    yield from self._results(message)
                case "SpeechStarted":
                    yield from self._started(float(message["timestamp"]))
                case "UtteranceEnd":
                    yield from self._utterance_end(float(message["last_word_end"]))
                case "Error":
                    raise _told(message)
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
            detail = "a message that lacks its parts"
            raise ProviderError(Stage.STT, FailureKind.GARBAGE, detail) from None

    def _results(self, message: Message) -> Iterator[SttEvent]:
        best = message["channel"]["alternatives"][0]
        text = str(best["transcript"]).strip()
        words = tuple(self._word(word) for word in best.get("words") or ())
        start, end = float(message["start"]), float(message["start"]) + float(message["duration"])
        if text:
            yield from self._started(float(best["words"][0]["start"]) if words else start)
        if message.get("is_final"):
            yield from self._final(text, words, asked_for=bool(message.get("from_finalize")))
            yield from self._after_final(message, text=text, start=start, end=_last_word_end(best) or end)
        elif text:
            self._shown = True
            yield TranscriptChanged(self._utterance, text, final=False, words=words)

    def _final(self, text: str, words: tuple[Word, ...], *, asked_for: bool) -> Iterator[SttEvent]:
        """An empty one is told when it takes back an interim one, or when somebody waits for it."""
        if text or self._shown or asked_for:
            yield TranscriptChanged(self._utterance, text, final=True, words=words)
            self._utterance += 1
        self._shown = False
        self._said = self._said or bool(text)

    def _after_final(self, message: Message, *, text: str, start: float, end: float) -> Iterator[SttEvent]:
        if message.get("from_finalize"):
            # Whoever asked for it has ended the turn already.
            self._said = self._ends_with_final = False
        elif message.get("speech_final") or self._ends_with_final:
            yield from self._end_of_turn(end)
        elif not text and self._speaking_since is not None and start > self._speaking_since:
            yield from self._stopped(start)

    def _utterance_end(self, last_word_end: float) -> Iterator[SttEvent]:
        if self._shown:
            self._ends_with_final = True
        else:
            yield from self._end_of_turn(last_word_end)

    def _started(self, at: float) -> Iterator[SttEvent]:
        if self._speaking_since is None:
            self._speaking_since = at
            yield SpeechStarted(self._ms(at))

    def _stopped(self, at: float) -> Iterator[SttEvent]:
        if self._speaking_since is not None:
            yield SpeechStopped(self._ms(max(at, self._speaking_since)))
            self._speaking_since = None

    def _end_of_turn(self, at: float) -> Iterator[SttEvent]:
        yield from self._stopped(at)
        if self._said:
            yield EndOfTurn(TurnEnd.FINAL)
        self._said = self._ends_with_final = False

    def _word(self, word: Message) -> Word:
        text = str(word.get("punctuated_word") or word["word"])
        return Word(text, self._ms(float(word["start"])), self._ms(float(word["end"])))

    def _ms(self, seconds: float) -> int:
        return self._caller_ms(max(0, round(seconds * 1000)))


def _last_word_end(best: Message) -> float | None:
    words = best.get("words")
    return float(words[-1]["end"]) if words else None


def _told(message: Message) -> ProviderError:
    """Deepgram's codes: DATA-… for audio or requests that it cannot use, NET-… for trouble with the connection."""
    told = " ".join(
        str(message.get(part, "")) for part in ("variant", "code", "err_code", "message", "description")
    )
    if "DATA" in told:
        return ProviderError(Stage.STT, FailureKind.REFUSED, "Deepgram does not accept the audio (DATA)")
    if "NET" in told:
        return ProviderError(Stage.STT, FailureKind.CUT, "Deepgram gives up the connection (NET)")
    return ProviderError(Stage.STT, FailureKind.OVERLOADED, "Deepgram reports an error of its own")

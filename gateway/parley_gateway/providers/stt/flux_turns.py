"""What Deepgram Flux's messages mean for a conversation. No I/O.

A turn is one utterance, revised by each `TurnInfo` until `EndOfTurn`. Its last transcript equals that of the
`EagerEndOfTurn` before it, unless `TurnResumed` came between.
"""

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


class FluxTurns:
    """Reads the messages of one stream."""

    def __init__(self, caller_ms: Callable[[int], int]) -> None:
        self._caller_ms = caller_ms
        self._utterance = 1
        self._text = ""
        """What is known of the turn so far."""
        self._asked = False
        """Somebody waits for a final transcript, and has ended the turn himself."""
        self._speaking_since: float | None = None
        self._eager = False
        self.open = False
        """Whether a turn has begun and not ended."""

    def ask(self) -> None:
        """The turn is being ended from our side."""
        self._asked = True

    def read(self, message: Message) -> Iterator[SttEvent]:
        """What a message tells. Unknown types tell nothing. Raises ProviderError for one that lacks its parts."""
        try:
            match message["type"]:
                case "TurnInfo":
                    yield from self._turn_info(message)
                case "ConfigureSuccess" | "ConfigureFailure":
                    yield from self._all_was_heard()
                case "Error":
                    raise _told(message)
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
            detail = "a message that lacks its parts"
            raise ProviderError(Stage.STT, FailureKind.GARBAGE, detail) from None

    def _turn_info(self, message: Message) -> Iterator[SttEvent]:
        match message["event"]:
            case "Update":
                yield from self._revised(message)
            case "StartOfTurn":
                yield from self._started(message)
                yield from self._revised(message)
            case "EagerEndOfTurn":
                yield from self._revised(message)
                yield from self._stopped(message)
                self._eager = True
                yield EndOfTurn(TurnEnd.EAGER)
            case "TurnResumed":
                yield from self._resumed(message)
            case "EndOfTurn":
                yield from self._ended(message)

    def _started(self, message: Message) -> Iterator[SttEvent]:
        self.open = True
        if self._speaking_since is None:
            words = message["words"]
            self._speaking_since = _start_of(words[0]) if words else float(message["audio_window_start"])
            yield SpeechStarted(self._ms(self._speaking_since))

    def _revised(self, message: Message) -> Iterator[SttEvent]:
        """Updates come four times a second, whether or not there are new words in them."""
        text = str(message["transcript"]).strip()
        if text == self._text:
            return
        if not self.open:
            yield from self._started(message)
        self._text = text
        yield TranscriptChanged(self._utterance, text, final=False, words=self._words(message))

    def _stopped(self, message: Message) -> Iterator[SttEvent]:
        if self._speaking_since is not None:
            words = message["words"]
            end = words[-1].get("end") if words else None
            at = float(message["audio_window_end"] if end is None else end)
            yield SpeechStopped(self._ms(max(at, self._speaking_since)))
            self._speaking_since = None

    def _resumed(self, message: Message) -> Iterator[SttEvent]:
        if self._eager:
            self._eager = False
            yield EndOfTurn(TurnEnd.WITHDRAWN)
        if self._speaking_since is None:
            self._speaking_since = float(message["audio_window_end"])
            yield SpeechStarted(self._ms(self._speaking_since))
        yield from self._revised(message)

    def _ended(self, message: Message) -> Iterator[SttEvent]:
        text = str(message["transcript"]).strip()
        if text or self._text or self._asked:
            yield TranscriptChanged(self._utterance, text, final=True, words=self._words(message))
            self._utterance += 1
        yield from self._stopped(message)
        if text and not self._asked:
            yield EndOfTurn(TurnEnd.FINAL)
        self._over()

    def _all_was_heard(self) -> Iterator[SttEvent]:
        """All that was sent before the question is answered: where no turn is open, there were no words."""
        if self._asked and not self.open:
            yield TranscriptChanged(self._utterance, "", final=True)
            self._utterance += 1
            self._over()

    def _over(self) -> None:
        self.open = self._eager = self._asked = False
        self._text = ""

    def _words(self, message: Message) -> tuple[Word, ...]:
        return tuple(
            Word(str(word["word"]), self._ms(_start_of(word)), self._ms(float(word["end"])))
            for word in message["words"]
            if word.get("start") is not None and word.get("end") is not None
        )

    def _ms(self, seconds: float) -> int:
        return self._caller_ms(max(0, round(seconds * 1000)))


def _start_of(word: Message) -> float:
    return float(word.get("start") or 0.0)


def _told(message: Message) -> ProviderError:
    """Flux's codes are words; the description may hold anything and is not passed on."""
    code = str(message.get("code", ""))
    if any(part in code for part in ("BAD", "INVALID", "UNPARSABLE", "UNSUPPORTED")):
        return ProviderError(Stage.STT, FailureKind.REFUSED, "Deepgram does not accept the audio or the request")
    if "NET" in code or "TIMEOUT" in code:
        return ProviderError(Stage.STT, FailureKind.CUT, "Deepgram gives up the connection")
    return ProviderError(Stage.STT, FailureKind.OVERLOADED, "Deepgram reports an error of its own")

"""What a session measures, as its owner wants to hear it. No call may raise or block."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from parley_gateway.conversation.events import EndReason, FailureKind, Stage
from parley_gateway.conversation.history import ToolStatus
from parley_gateway.conversation.notices import ReplyStatus
from parley_gateway.ports import Usage


class Latency(StrEnum):
    """A span that a caller feels, or a part of one.

    Of a spoken turn whose answer was not drafted before its end,
    `endpointing + first_token + sentence + synthesis + playout = response`.
    """

    RESPONSE = "response"
    """From the caller's last sound to the first audio of the answer handed to the client."""
    FIRST_AUDIO = "first_audio"
    """From the end of the caller's turn, as it was decided, to the first audio of the answer handed over."""
    ENDPOINTING = "endpointing"
    """From the caller's last sound to the decision that the turn is over."""
    FIRST_TOKEN = "first_token"  # noqa: S105 - a model's token
    """From the end of the caller's turn to the first text of the answer."""
    SENTENCE = "sentence"
    """From the first text of the answer to the first sentence handed to the voice."""
    SYNTHESIS = "synthesis"
    """From the first sentence handed to the voice to its first audio."""
    PLAYOUT = "playout"
    """From the voice's first audio to its being handed to the client."""
    PARTIAL_ASR = "partial_asr"
    """From the arrival of a word's last audio to the first transcript that has the word."""
    BARGE_IN = "barge_in"
    """From the arrival of the first audio of speech to the agent's silence."""
    HEARD = "heard"
    """From the caller's last sound to the first sound of the answer at the caller's, as the client reports it."""


class Milestone(StrEnum):
    """How far a turn has come: what a trace of it is drawn from."""

    CALLER_SPEAKS = "caller_speaks"
    """The caller's first sound; said again where what came before was no speech."""
    TURN_ENDED = "turn_ended"
    """The caller's turn is over, and the reply is the answer to it."""
    MODEL_ASKED = "model_asked"
    """Said again for each round, once the model's tools have answered."""
    TEXT = "text"
    """The first of it."""
    TEXT_ENDED = "text_ended"
    """Said again for each round."""
    VOICE_ASKED = "voice_asked"
    SPEECH = "speech"
    """The first of it."""
    SPEECH_ENDED = "speech_ended"
    """The last of the reply was made."""
    PLAYING = "playing"
    """The first audio was handed to the client."""


class SessionObserver(Protocol):
    """Hears of one or of many sessions; the same object may serve a whole process."""

    def latency(self, kind: Latency, seconds: float) -> None:
        """A span was measured that ends now."""
        ...

    def reached(self, milestone: Milestone, *, reply: int, ago_s: float = 0.0) -> None:
        """A reply, or with 0 the caller, has come this far, so long ago. Of a draft that is thrown away, too."""
        ...

    def reply_over(self, reply: int, status: ReplyStatus) -> None:
        """A reply that the client knew of is over."""
        ...

    def provider_failed(self, stage: Stage, kind: FailureKind) -> None:
        """A provider failed a reply, or recognition; the session may go on."""
        ...

    def used(self, usage: Usage) -> None:
        """A provider will bill for this, whether it was heard or thrown away."""
        ...

    def tool_over(self, name: str, status: ToolStatus, seconds: float) -> None:
        """A tool has answered, or failed, after `seconds`."""
        ...

    def underrun(self, ms: int) -> None:
        """The client ran out of the agent's audio for `ms` in the middle of a reply."""
        ...

    def session_ended(self, reason: EndReason, seconds: float) -> None:
        """A session is over after `seconds`; said exactly once per session."""
        ...


class Unobserved:
    """Measures nothing."""

    def latency(self, kind: Latency, seconds: float) -> None:
        """Not of interest."""

    def reached(self, milestone: Milestone, *, reply: int, ago_s: float = 0.0) -> None:
        """Not of interest."""

    def reply_over(self, reply: int, status: ReplyStatus) -> None:
        """Not of interest."""

    def provider_failed(self, stage: Stage, kind: FailureKind) -> None:
        """Not of interest."""

    def used(self, usage: Usage) -> None:
        """Not of interest."""

    def tool_over(self, name: str, status: ToolStatus, seconds: float) -> None:
        """Not of interest."""

    def underrun(self, ms: int) -> None:
        """Not of interest."""

    def session_ended(self, reason: EndReason, seconds: float) -> None:
        """Not of interest."""


class Observers:
    """Several that hear the same, in their order."""

    def __init__(self, *observers: SessionObserver) -> None:
        self._observers = observers

    def latency(self, kind: Latency, seconds: float) -> None:
        """Told to all."""
        for observer in self._observers:
            observer.latency(kind, seconds)

    def reached(self, milestone: Milestone, *, reply: int, ago_s: float = 0.0) -> None:
        """Told to all."""
        for observer in self._observers:
            observer.reached(milestone, reply=reply, ago_s=ago_s)

    def reply_over(self, reply: int, status: ReplyStatus) -> None:
        """Told to all."""
        for observer in self._observers:
            observer.reply_over(reply, status)

    def provider_failed(self, stage: Stage, kind: FailureKind) -> None:
        """Told to all."""
        for observer in self._observers:
            observer.provider_failed(stage, kind)

    def used(self, usage: Usage) -> None:
        """Told to all."""
        for observer in self._observers:
            observer.used(usage)

    def tool_over(self, name: str, status: ToolStatus, seconds: float) -> None:
        """Told to all."""
        for observer in self._observers:
            observer.tool_over(name, status, seconds)

    def underrun(self, ms: int) -> None:
        """Told to all."""
        for observer in self._observers:
            observer.underrun(ms)

    def session_ended(self, reason: EndReason, seconds: float) -> None:
        """Told to all."""
        for observer in self._observers:
            observer.session_ended(reason, seconds)

"""The reply's region of a conversation: at most one reply lives, from its draft to its end.

A reply's number is its epoch. What comes of any other than the living one is stale and is dropped here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from parley_gateway.conversation.commands import (
    CancelReply,
    CommitReply,
    FinishSpeech,
    PausePlayout,
    ReplyKind,
    ResumePlayout,
    Speak,
    StartReply,
    StopPlayout,
)
from parley_gateway.conversation.effects import Effects
from parley_gateway.conversation.events import (
    AudioReady,
    FailureKind,
    PlayoutReported,
    Quality,
    ReplyFailed,
    ReplyProduced,
    ReplyText,
    ReplyTextEnded,
    Stage,
)
from parley_gateway.conversation.heard import Spoken
from parley_gateway.conversation.history import History, Speaker, Utterance
from parley_gateway.conversation.notices import (
    Heard,
    Problem,
    ReplyBegan,
    ReplyContinued,
    ReplyCutShort,
    ReplyHeld,
    ReplyOver,
    ReplyStatus,
    ReplyTextAdded,
)
from parley_gateway.conversation.sentences import Segmenter
from parley_gateway.conversation.timings import Timings

STALL = "reply_stall"


class Phase(Enum):
    """Where a reply is."""

    NONE = "none"
    DRAFTING = "drafting"
    """No audio of it is there yet, or it may not be played yet."""
    SPEAKING = "speaking"
    PAUSED = "paused"
    """Held, since the caller makes a sound."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """What a speculative reply is made of: it is of use only if this is still true."""

    text: str
    version: int


@dataclass(frozen=True, slots=True)
class _CutShort:
    """A reply that was interrupted: what the client reports late makes the history exact."""

    reply: int
    item: int
    spoken: Spoken


class Reply:
    """The agent's side of the conversation."""

    def __init__(self, effects: Effects, *, history: History, timings: Timings) -> None:
        self._effects = effects
        self._history = history
        self._timings = timings
        self._number = 0
        self._phase = Phase.NONE
        self._draft: _Draft | None = None
        self._spoken = Spoken()
        self._segmenter = Segmenter()
        self._heard_ms = 0
        self._quality = Quality.ESTIMATED
        self._progress_at = 0.0
        self._broken = False
        self._cut_short: _CutShort | None = None
        self._cut_by_noise = False
        self._unprompted = 0
        self._failures = 0

    @property
    def phase(self) -> Phase:
        """Where the reply is."""
        return self._phase

    @property
    def committed(self) -> bool:
        """Whether a reply lives that the client knows of."""
        return self._phase is not Phase.NONE and self._draft is None

    @property
    def exhausted(self) -> bool:
        """Whether so many replies have failed in a row that there is no use in going on."""
        return self._failures >= self._timings.max_failures and self._phase is Phase.NONE

    # --- beginnings ---

    def greet(self, text: str) -> None:
        """Say what the core has been given to say."""
        self._start(ReplyKind.GREETING)
        for segment in [*self._segmenter.feed(text), *self._segmenter.flush()]:
            self._speak(segment)
        self._finish_text()

    def draft(self, text: str) -> None:
        """Begin to answer a turn that is perhaps over, writing no history."""
        if self._phase is not Phase.NONE:
            return
        self._draft = _Draft(text, self._history.version)
        self._start(ReplyKind.ANSWER, history=(*self._history.utterances, Utterance(Speaker.CALLER, text)))

    def answer(self, text: str) -> None:
        """Answer a turn, with its draft if that is still true."""
        matches = self._draft == _Draft(text, self._history.version)
        if not matches:
            self.discard_draft()
        self.interrupt(by_noise=False)
        self._history.append(Utterance(Speaker.CALLER, text))
        self._unprompted = 0
        if matches:
            self._commit()
        else:
            self._start(ReplyKind.ANSWER, history=self._history.utterances)

    def speak_unasked(self) -> None:
        """Speak without a turn of the caller."""
        self.discard_draft()
        self._start(ReplyKind.ANSWER, history=self._history.utterances)

    def go_on_after_noise(self) -> None:
        """Go on by oneself where sound without words has ended a reply, lest both sides wait for the other."""
        self.release()
        if self._cut_by_noise and self._phase is Phase.NONE and self._unprompted < self._timings.max_unprompted:
            self._unprompted += 1
            self.speak_unasked()

    def _start(self, kind: ReplyKind, history: tuple[Utterance, ...] = ()) -> None:
        self._number += 1
        self._phase = Phase.DRAFTING
        self._spoken = Spoken()
        self._segmenter = Segmenter()
        self._heard_ms = 0
        self._quality = Quality.ESTIMATED
        self._broken = False
        self._cut_by_noise = False
        self._effects.do(StartReply(self._number, kind, speculative=self._draft is not None, history=history))
        self._progress()
        self._effects.set_timer(STALL, self._timings.reply_stall_s)
        if self._draft is None:
            self._effects.notify(ReplyBegan(self._number))

    def _commit(self) -> None:
        self._draft = None
        self._effects.do(CommitReply(self._number))
        self._effects.notify(ReplyBegan(self._number))
        for number, text in enumerate(self._spoken.segments):
            self._effects.notify(ReplyTextAdded(self._number, number, text))
        if self._spoken.ms:
            self._phase = Phase.SPEAKING

    # --- what is made ---

    def text_added(self, event: ReplyText) -> None:
        """Speak each sentence as it ends."""
        if self._lives(event.reply):
            self._progress()
            for segment in self._segmenter.feed(event.delta):
                self._speak(segment)

    def text_ended(self, event: ReplyTextEnded) -> None:
        """Speak the rest."""
        if self._lives(event.reply):
            self._progress()
            for segment in self._segmenter.flush():
                self._speak(segment)
            self._finish_text()

    def audio_ready(self, event: AudioReady) -> None:
        """Remember which audio says what."""
        if not self._lives(event.reply):
            return
        self._progress()
        self._spoken.add_audio(event.segment, event.ms, event.words)
        if self._phase is Phase.DRAFTING and self._draft is None:
            self._phase = Phase.SPEAKING

    def produced(self, event: ReplyProduced) -> None:
        """All of the audio is there."""
        if self._lives(event.reply):
            self._progress()
            self._spoken.complete = True

    def playout_reported(self, event: PlayoutReported) -> None:
        """Playout advances, or is done."""
        if not self._lives(event.reply):
            self._correct(event)
            return
        if event.ms > self._heard_ms:
            self._progress()
        self._heard_ms = min(event.ms, self._spoken.ms)
        self._quality = event.quality
        if event.finished and self._spoken.complete and self.committed:
            self._complete()

    def _speak(self, text: str) -> None:
        segment = self._spoken.add_text(text)
        self._effects.do(Speak(self._number, segment, text))
        if self._draft is None:
            self._effects.notify(ReplyTextAdded(self._number, segment, text))

    def _finish_text(self) -> None:
        self._effects.do(FinishSpeech(self._number))

    def _lives(self, reply: int) -> bool:
        return reply == self._number and self._phase is not Phase.NONE

    def _progress(self) -> None:
        self._progress_at = self._effects.now

    # --- the caller's sounds ---

    def hold(self) -> bool:
        """Pause until it is known what a sound is; a draft is dropped. Returns whether a reply is held."""
        self.discard_draft()
        if self._phase in (Phase.DRAFTING, Phase.SPEAKING):
            self._phase = Phase.PAUSED
            self._effects.do(PausePlayout(self._number))
            self._effects.notify(ReplyHeld(self._number))
        return self._phase is Phase.PAUSED

    def release(self) -> None:
        """Go on where it was held; nothing if it was not."""
        if self._phase is Phase.PAUSED:
            self._phase = Phase.SPEAKING if self._spoken.ms else Phase.DRAFTING
            self._effects.do(ResumePlayout(self._number, self._heard_ms))
            self._effects.notify(ReplyContinued(self._number))

    def interrupt(self, *, by_noise: bool) -> None:
        """End the reply now: of its text only what was heard was said. Nothing if there is none but a draft."""
        if not self.committed:
            return
        self._cut_by_noise = by_noise
        self._stop(ReplyStatus.INTERRUPTED)

    def discard_draft(self) -> None:
        """Throw away a reply that was not committed; nothing if there is none."""
        if self._draft is not None:
            self._draft = None
            self._effects.do(CancelReply(self._number))
            self._clear()

    # --- ends ---

    def failed(self, event: ReplyFailed) -> None:
        """A stage gave up: what has been made is still played."""
        if not self._lives(event.reply) or self._broken:
            return
        if self._draft is not None:
            self.discard_draft()
            return
        self._note_failure(event.stage, event.kind)
        self._broken = self._spoken.complete = True
        if self._spoken.ms <= self._heard_ms:
            self._stop(ReplyStatus.FAILED)

    def stalled(self) -> None:
        """The stall timer: fail the reply if nothing has moved since, or look again when that may be."""
        if self._phase is Phase.NONE:
            return
        left = self._progress_at + self._timings.reply_stall_s - self._effects.now
        if left > 0.001:
            self._effects.set_timer(STALL, left)
        elif self._draft is not None:
            self.discard_draft()
        else:
            self._note_failure(Stage.TTS if self._spoken.segments else Stage.LLM, FailureKind.TIMEOUT)
            self._stop(ReplyStatus.FAILED)

    def _note_failure(self, stage: Stage, kind: FailureKind) -> None:
        self._failures += 1
        self._effects.notify(Problem("reply_failed", f"the reply could not be finished ({stage}: {kind})"))

    def _complete(self) -> None:
        """All was played; but a voice that made no sound of a text has failed, whatever it says."""
        mute = bool(self._spoken.text) and not self._spoken.ms
        if mute:
            self._note_failure(Stage.TTS, FailureKind.GARBAGE)
        if mute or self._broken:
            self._stop(ReplyStatus.FAILED)
            return
        self._failures = 0
        if self._spoken.text:
            self._history.append(Utterance(Speaker.AGENT, self._spoken.text))
        self._clear()
        self._effects.notify(ReplyOver(self._number, ReplyStatus.COMPLETED))

    def _stop(self, status: ReplyStatus) -> None:
        """Silence first, then the work; then what the caller heard is written down and told."""
        self._effects.do(StopPlayout(self._number))
        self._effects.do(CancelReply(self._number))
        heard = Heard(self._spoken.heard(self._heard_ms), self._heard_ms, self._quality)
        self._cut_short = None
        if heard.text:
            item = self._history.append(Utterance(Speaker.AGENT, heard.text, interrupted=True))
            self._cut_short = _CutShort(self._number, item, self._spoken)
        self._clear()
        if status is ReplyStatus.INTERRUPTED:
            self._effects.notify(ReplyCutShort(self._number, heard))
        self._effects.notify(ReplyOver(self._number, status))

    def _clear(self) -> None:
        self._phase = Phase.NONE
        self._effects.cancel_timer(STALL)

    def _correct(self, event: PlayoutReported) -> None:
        """A late report of the reply that was cut short last: it knows better than the estimate did."""
        cut = self._cut_short
        if cut is not None and event.reply == cut.reply and event.quality is Quality.REPORTED:
            self._history.truncate(cut.item, cut.spoken.heard(event.ms))

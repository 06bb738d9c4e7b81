"""The reply's region of a conversation: at most one reply lives, from its draft to its end.

A reply's number is its epoch. What comes of any other than the living one is stale and is dropped here. A reply
is an answer of the model, over as many rounds as it calls tools, or a phrase of the agent's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from parley_gateway.conversation.commands import (
    CancelReply,
    CommitReply,
    ContinueReply,
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
    ReplyRewound,
    ReplyText,
    ReplyTextEnded,
    Stage,
    ToolFinished,
    ToolRequested,
)
from parley_gateway.conversation.heard import Spoken
from parley_gateway.conversation.history import History, HistoryItem, Speaker, Utterance
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
from parley_gateway.conversation.owed import Debt, Owed
from parley_gateway.conversation.record import Record
from parley_gateway.conversation.sentences import Segmenter
from parley_gateway.conversation.timings import Timings
from parley_gateway.conversation.tools import ToolCalls
from parley_gateway.conversation.watch import Watch


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


class Reply:
    """The agent's side of the conversation."""

    def __init__(self, effects: Effects, *, history: History, timings: Timings) -> None:
        self._effects = effects
        self._history = history
        self._watch = Watch(effects, timings)
        self._tools = ToolCalls(effects, history, timings)
        self.owed = Owed(timings)
        self._number = 0
        self._phase = Phase.NONE
        self._kind = ReplyKind.ANSWER
        self._draft: _Draft | None = None
        self._spoken = Spoken()
        self._record = Record(history, self._spoken)
        self._segmenter = Segmenter()
        self._text_ended = False
        self._text_finished = False
        self._broken = False
        self._heard_ms = 0
        self._furthest_ms = 0
        """What the client has said it played, at its most: it may correct itself, but that is no progress."""
        self._quality = Quality.ESTIMATED
        self._over_at = 0.0
        self._cut: tuple[int, Record] | None = None
        """The reply that was cut short last: what the client reports late makes the history exact."""

    @property
    def phase(self) -> Phase:
        """Where the reply is."""
        return self._phase

    @property
    def committed(self) -> bool:
        """Whether a reply lives that the client knows of."""
        return self._phase is not Phase.NONE and self._draft is None

    @property
    def spoken(self) -> Spoken:
        """What the latest reply says; a draft's is not heard."""
        return self._spoken

    @property
    def heard_ms(self) -> int:
        """How much of it the caller has heard."""
        return self._heard_ms

    @property
    def left_ms(self) -> int | None:
        """How much of it is left to be heard; None while more may be made."""
        return self._spoken.ms - self._heard_ms if self._text_finished and self._spoken.complete else None

    @property
    def silent_for_s(self) -> float:
        """For how long the agent has been silent after it was heard; 0 while it speaks, or is held."""
        if not self._heard_ms:
            return float("inf")
        return 0.0 if self.committed else self._effects.now - self._over_at

    # --- beginnings ---

    def say(self, text: str) -> None:
        """Say what the core has been given to say, if it is anything. There is no other reply."""
        if not text.strip():
            return
        self._start(ReplyKind.PHRASE)
        for segment in [*self._segmenter.feed(text), *self._segmenter.flush()]:
            self._speak(segment)
        self._finish_text()

    def draft(self, text: str) -> bool:
        """Begin to answer a turn that is perhaps over, writing no history. Returns whether there is a draft."""
        if self._phase is Phase.NONE:
            self._draft = _Draft(text, self._history.version)
            self._start(ReplyKind.ANSWER, history=(*self._history.items, Utterance(Speaker.CALLER, text)))
        return self._draft is not None

    def answer(self, text: str) -> None:
        """Answer a turn, with its draft if that is still true."""
        matches = self._draft == _Draft(text, self._history.version)
        if not matches:
            self.discard_draft()
        self.interrupt()
        self._history.append(Utterance(Speaker.CALLER, text))
        self.owed.turn_answered()
        if matches:
            self._commit()
        else:
            self._start(ReplyKind.ANSWER, history=self._history.items)

    def speak_unasked(self) -> None:
        """Speak without a turn of the caller."""
        self.discard_draft()
        self._start(ReplyKind.ANSWER, history=self._history.items)

    def settle(self, *, apology: str) -> None:
        """Nobody speaks: pay what is owed to the caller."""
        if self.owed.anything:
            match self.owed.take(tools_awaited=self._tools.awaited):
                case Debt.APOLOGY:
                    self.say(apology)
                case Debt.GO_ON:
                    self.speak_unasked()

    def _start(self, kind: ReplyKind, history: tuple[HistoryItem, ...] = ()) -> None:
        self._number += 1
        self._phase = Phase.DRAFTING
        self._kind = kind
        self._spoken = Spoken()
        self._record = Record(self._history, self._spoken)
        self._segmenter = Segmenter()
        self._tools.begin(self._number)
        self._text_ended = self._text_finished = self._broken = False
        self._heard_ms = self._furthest_ms = 0
        self._quality = Quality.ESTIMATED
        self._effects.do(StartReply(self._number, kind, speculative=self._draft is not None, history=history))
        self._watch.begin()
        if self._draft is None:
            self.owed.settled()
            self._effects.notify(ReplyBegan(self._number))

    def _commit(self) -> None:
        """The client hears of the reply before the first of its audio, which goes out at once if it is there."""
        self._draft = None
        self._watch.heard()
        self._effects.notify(ReplyBegan(self._number))
        for number, text in enumerate(self._spoken.segments):
            self._effects.notify(ReplyTextAdded(self._number, number, text))
        self._effects.do(CommitReply(self._number))
        if self._spoken.ms:
            self._phase = Phase.SPEAKING
        self._run_tools()

    # --- what is made ---

    def text_added(self, event: ReplyText) -> None:
        """Speak each sentence as it ends."""
        if self._lives(event.reply):
            self._watch.progressed()
            for segment in self._segmenter.feed(event.delta):
                self._speak(segment)

    def text_withdrawn(self, event: ReplyRewound) -> None:
        """Another model goes on: forget what is not a sentence yet."""
        if self._lives(event.reply):
            self._watch.progressed()
            self._segmenter.rewind()

    def text_ended(self, event: ReplyTextEnded) -> None:
        """Speak the rest; a reply that has asked for tools goes on when they have answered."""
        if not self._lives(event.reply):
            return
        self._watch.progressed()
        self._speak_rest()
        self._text_ended = True
        if self._tools.asked_for:
            self._go_on_after_tools()
        else:
            self._finish_text()

    def tool_requested(self, event: ToolRequested) -> None:
        """Say what was written before the call, and make it; a draft makes it when it is the reply."""
        if not self._lives(event.reply):
            return
        self._watch.progressed()
        self._speak_rest()
        self._tools.ask(event.call)
        self._run_tools()

    def tool_finished(self, event: ToolFinished) -> None:
        """A result is kept whatever has become of its reply; a reply that was cut short for nothing goes on."""
        reply = self._tools.finished(event.result)
        if self._lives(reply):
            self._watch.progressed()
            self._go_on_after_tools()
        elif reply == self._number:
            self.owed.tool_answered()

    def _run_tools(self) -> None:
        if self._draft is None and self._tools.asked_for:
            self._record.end_part()
            self._tools.run()
            self._watch.look_again(tools_awaited=self._tools.awaited)
            self._go_on_after_tools()

    def _go_on_after_tools(self) -> None:
        if self._draft is not None or not self._text_ended or not self._tools.asked_for or self._tools.awaited:
            return
        self._record.end_part()
        if self._tools.out_of_hand:
            self._finish_text()
            self.failed(ReplyFailed(self._number, Stage.LLM, FailureKind.GARBAGE))
            return
        self._tools.end_round()
        self._text_ended = False
        self._effects.do(ContinueReply(self._number, self._record.as_written()))

    def audio_ready(self, event: AudioReady) -> None:
        """Remember which audio says what."""
        if not self._lives(event.reply):
            return
        self._watch.progressed()
        self._spoken.add_audio(event.segment, event.ms, event.words)
        if self._phase is Phase.DRAFTING and self._draft is None:
            self._phase = Phase.SPEAKING

    def produced(self, event: ReplyProduced) -> None:
        """All audio of what was said so far is there."""
        if self._lives(event.reply):
            self._watch.progressed()
            self._spoken.complete = True

    def playout_reported(self, event: PlayoutReported) -> None:
        """Playout advances, or is done. A late report of a reply that was cut short makes the history exact."""
        if not self._lives(event.reply):
            self._correct(event)
            return
        heard_ms = min(event.ms, self._spoken.ms)
        if heard_ms > self._furthest_ms:
            self._furthest_ms = heard_ms
            self._watch.heard(ago_s=event.ago_ms / 1000)
        self._heard_ms = heard_ms
        self._quality = event.quality
        if event.finished and self._spoken.complete and self.committed:
            self._complete()

    def _speak(self, text: str) -> None:
        if self._broken:
            return
        segment = self._spoken.add_text(text)
        self._effects.do(Speak(self._number, segment, text))
        if self._draft is None:
            self._effects.notify(ReplyTextAdded(self._number, segment, text))

    def _speak_rest(self) -> None:
        for segment in self._segmenter.flush():
            self._speak(segment)

    def _finish_text(self) -> None:
        self._text_finished = True
        self._effects.do(FinishSpeech(self._number))

    def _lives(self, reply: int) -> bool:
        return reply == self._number and self._phase is not Phase.NONE

    # --- the caller's sounds ---

    def hold(self) -> bool:
        """Pause until it is known what a sound is; a draft is dropped. Returns whether a reply is held."""
        self.discard_draft()
        if self._phase in (Phase.DRAFTING, Phase.SPEAKING):
            self._phase = Phase.PAUSED
            self._effects.do(PausePlayout(self._number))
            self._effects.notify(ReplyHeld(self._number))
        return self._phase is Phase.PAUSED

    def release(self) -> bool:
        """Go on where it was held, the client being told first. Returns whether it was."""
        if self._phase is not Phase.PAUSED:
            return False
        self._phase = Phase.SPEAKING if self._spoken.ms else Phase.DRAFTING
        self._watch.heard()
        self._effects.notify(ReplyContinued(self._number))
        self._effects.do(ResumePlayout(self._number, self._heard_ms))
        return True

    def interrupt(self) -> bool:
        """End the reply now: of its text only what was heard was said. Returns whether there was one to end."""
        if not self.committed:
            return False
        self._stop(ReplyStatus.INTERRUPTED)
        return True

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
        tools_awaited = self._tools.awaited
        if not self._watch.is_over(tools_awaited=tools_awaited):
            self._watch.look_again(tools_awaited=tools_awaited)
        elif self._draft is not None:
            self.discard_draft()
        else:
            self._note_failure(Stage.TTS if self._spoken.segments else Stage.LLM, FailureKind.TIMEOUT)
            self._stop(ReplyStatus.FAILED)

    def _note_failure(self, stage: Stage, kind: FailureKind) -> None:
        if self._kind is ReplyKind.ANSWER:
            self.owed.answer_failed()
        self._effects.notify(Problem("reply_failed", f"the reply could not be finished ({stage}: {kind})"))

    def _complete(self) -> None:
        """All was played; but a voice that made no sound of a text has failed, whatever it says."""
        mute = bool(self._spoken.text) and not self._spoken.ms
        if mute and not self._broken:
            self._note_failure(Stage.TTS, FailureKind.GARBAGE)
        if mute or self._broken:
            self._stop(ReplyStatus.FAILED)
            return
        if self._kind is ReplyKind.ANSWER:
            self.owed.answer_given()
        self._record.complete(self._quality)
        self._clear()
        self._effects.notify(ReplyOver(self._number, ReplyStatus.COMPLETED))

    def _stop(self, status: ReplyStatus) -> None:
        """Silence first, then the work; then what the caller heard is written down and told."""
        self._effects.do(StopPlayout(self._number))
        self._effects.do(CancelReply(self._number))
        heard = Heard(self._spoken.heard(self._heard_ms), self._heard_ms, self._quality)
        self._record.cut(self._heard_ms, self._quality)
        self._cut = (self._number, self._record)
        self._clear()
        if status is ReplyStatus.INTERRUPTED:
            self._effects.notify(ReplyCutShort(self._number, heard))
        self._effects.notify(ReplyOver(self._number, status))

    def _correct(self, event: PlayoutReported) -> None:
        if self._cut is not None and event.reply == self._cut[0] and event.quality is not Quality.ESTIMATED:
            self._cut[1].correct(event.ms, event.quality)

    def _clear(self) -> None:
        self._phase = Phase.NONE
        self._over_at = self._effects.now
        self._tools.drop_asked()
        self._watch.end()

"""The core: a pure state machine of one conversation. Events go in with the time, commands come out.

Three regions live side by side. This file has the session's (opening, live, closing, closed), its limits, and
which event goes where; caller.py has the caller's, reply.py the reply's.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, ClassVar

from parley_gateway.conversation.caller import END_OF_SPEECH, TRANSCRIPT, Caller, Hearing
from parley_gateway.conversation.commands import Command, EndSession
from parley_gateway.conversation.effects import Effects
from parley_gateway.conversation.events import (
    AudioReady,
    ClearRequested,
    CommitRequested,
    DtmfReceived,
    EndOfTurn,
    EndReason,
    Event,
    HearingTroubled,
    InterruptRequested,
    LinkChanged,
    PlayoutReported,
    PolicyChanged,
    ReplyFailed,
    ReplyProduced,
    ReplyRequested,
    ReplyRewound,
    ReplyText,
    ReplyTextEnded,
    SessionEnding,
    SessionReady,
    SpeechStarted,
    SpeechStopped,
    StageLost,
    TextReceived,
    TimerFired,
    ToolFinished,
    ToolRequested,
    TranscriptChanged,
)
from parley_gateway.conversation.history import History
from parley_gateway.conversation.hold import COMMITMENT, HOLD
from parley_gateway.conversation.keys import KEYS, Keys
from parley_gateway.conversation.phrases import Phrases
from parley_gateway.conversation.policy import Policy
from parley_gateway.conversation.reply import Phase, Reply
from parley_gateway.conversation.timings import Timings
from parley_gateway.conversation.watch import STALL

DURATION = "duration"
FAREWELL = "farewell"
IDLE = "idle"

_SOUND = (SpeechStarted, SpeechStopped)
_ACTS = (TextReceived, DtmfReceived, CommitRequested, ReplyRequested)
"""What shows that somebody is there. Sound does while the agent is silent; transcripts do if they have words."""


class Life(Enum):
    """Where the session is."""

    OPENING = "opening"
    LIVE = "live"
    CLOSING = "closing"
    """The agent says goodbye; nothing that the caller does changes it."""
    CLOSED = "closed"


_HEEDED: dict[Life, tuple[type, ...]] = {
    Life.OPENING: (SessionReady, SessionEnding, StageLost, LinkChanged, PolicyChanged),
    Life.LIVE: (object,),
    Life.CLOSING: (
        *(ReplyTextEnded, AudioReady, ReplyProduced, ReplyFailed, PlayoutReported, ToolFinished),
        *(TimerFired, SessionEnding, LinkChanged, PolicyChanged),
    ),
    Life.CLOSED: (),
}


class Conversation:
    """One conversation."""

    def __init__(
        self,
        *,
        owns_turns: bool,
        timings: Timings,
        policy: Policy | None = None,
        phrases: Phrases | None = None,
    ) -> None:
        """`owns_turns`: whether the recogniser says itself when a turn ends."""
        policy = policy or Policy()
        self.history = History()
        self.life = Life.OPENING
        self._timings = timings
        self._phrases = phrases or Phrases()
        self._effects = Effects()
        self._reply = Reply(self._effects, history=self.history, timings=timings)
        self._caller = Caller(
            self._effects, reply=self._reply, policy=policy, timings=timings, owns_turns=owns_turns
        )
        self._keys = Keys(self._effects, timings)
        self._active_at = 0.0
        self._asked_if_there = False
        self._reason = EndReason.INTERNAL

    @property
    def hearing(self) -> Hearing:
        """What the caller is doing."""
        return self._caller.hearing

    @property
    def reply_phase(self) -> Phase:
        """Where the reply is."""
        return self._reply.phase

    def feed(self, event: Event, now: float) -> list[Command]:
        """What `event` leads to, in the order in which it is to be done. `now`: monotonic seconds."""
        if not isinstance(event, _HEEDED[self.life]):
            return []
        self._effects.now = now
        if isinstance(event, _ACTS) or (isinstance(event, _SOUND) and not self._reply.committed):
            self._active()
        self._HANDLERS[type(event)](self, event)
        if self._reply.phase is Phase.NONE:
            self._on_silence()
        return self._effects.take()

    def _on_silence(self) -> None:
        """The agent says nothing, nor is about to: whose turn is it?"""
        if self.life is Life.CLOSING:
            self._end(self._reason)
        elif self.life is Life.LIVE and self._reply.owed.exhausted:
            self._leave(EndReason.PROVIDERS_FAILED)
        elif self.life is Life.LIVE and self.hearing is Hearing.QUIET and not self._caller.answer_what_waits():
            self._reply.settle(apology=self._phrases.apology)

    # --- the session's own region ---

    def _ready(self, event: SessionReady) -> None:
        if self.life is Life.LIVE:
            return
        self.life = Life.LIVE
        self._active()
        self._effects.set_timer(DURATION, self._timings.session_s)
        self._idle_reached()
        self._reply.say(event.greeting or "")

    def _link_changed(self, event: LinkChanged) -> None:
        if not event.connected:
            self._end(EndReason.CLIENT_GONE)

    def _stage_lost(self, _: StageLost) -> None:
        self._leave(EndReason.PROVIDERS_FAILED)

    def _ending(self, event: SessionEnding) -> None:
        if event.farewell:
            self._leave(event.reason)
        else:
            self._end(event.reason)

    def _leave(self, reason: EndReason) -> None:
        """Say goodbye, then end, within a bound; at once where there is nothing to say, or nobody to hear it."""
        if self.life is Life.CLOSING:
            return
        if self.life is Life.OPENING or not self._phrases.goodbye:
            self._end(reason)
            return
        self.life = Life.CLOSING
        self._reason = reason
        self._reply.discard_draft()
        self._reply.interrupt()
        self._caller.leave()
        self._effects.cancel_all_timers()
        self._effects.set_timer(FAREWELL, self._timings.farewell_s)
        self._reply.say(self._phrases.goodbye)

    def _end(self, reason: EndReason) -> None:
        """Silence, and nothing after it. A session that was closing has its reason already."""
        self._reply.discard_draft()
        self._reply.interrupt()
        self._effects.cancel_all_timers()
        self._effects.do(EndSession(self._reason if self.life is Life.CLOSING else reason))
        self.life = Life.CLOSED

    def _active(self) -> None:
        self._active_at = self._effects.now
        self._asked_if_there = False

    def _timer_fired(self, event: TimerFired) -> None:
        if self._effects.fires(event):
            self._ON_TIMER[event.name](self)

    def _idle_reached(self) -> None:
        """Looked at once per limit rather than reset with every word. Before the end the agent asks, once."""
        if self._reply.committed and not self._asked_if_there:
            self._active()
        left = self._active_at + self._timings.idle_s - self._effects.now
        to_answer = min(self._timings.idle_answer_s, self._timings.idle_s / 2)
        if not self._asked_if_there and left > to_answer + 0.001:
            self._effects.set_timer(IDLE, left - to_answer)
        elif left > 0.001:
            self._effects.set_timer(IDLE, left)
            self._ask_if_there()
        else:
            self._end(EndReason.IDLE)

    def _ask_if_there(self) -> None:
        nobody_speaks = self._reply.phase is Phase.NONE and self.hearing is Hearing.QUIET
        if self._phrases.still_there and nobody_speaks and not self._asked_if_there:
            self._asked_if_there = True
            self._reply.say(self._phrases.still_there)

    # --- to the other regions ---

    def _transcript_changed(self, event: TranscriptChanged) -> None:
        if self._caller.transcript_changed(event):
            self._active()

    def _playout_reported(self, event: PlayoutReported) -> None:
        if self._reply.committed and not self._asked_if_there:
            self._active_at = self._effects.now
        self._reply.playout_reported(event)

    def _key_pressed(self, event: DtmfReceived) -> None:
        """The first key stops the agent; the last one is answered."""
        self._reply.interrupt()
        if turn := self._keys.press(event.digit):
            self._caller.text_received(TextReceived(turn))

    def _keys_rest(self) -> None:
        self._caller.text_received(TextReceived(self._keys.take()))

    def _interrupt_requested(self, _: InterruptRequested) -> None:
        self._reply.interrupt()
        self._reply.owed.silenced()

    _HANDLERS: ClassVar[dict[type, Callable[[Conversation, Any], None]]] = {
        SessionReady: _ready,
        LinkChanged: _link_changed,
        HearingTroubled: lambda self, _: self._reply.owed.speech_lost(),
        StageLost: _stage_lost,
        SessionEnding: _ending,
        TimerFired: _timer_fired,
        SpeechStarted: lambda self, event: self._caller.speech_started(event),
        SpeechStopped: lambda self, event: self._caller.speech_stopped(event),
        TranscriptChanged: _transcript_changed,
        EndOfTurn: lambda self, event: self._caller.end_of_turn(event),
        CommitRequested: lambda self, _: self._caller.commit_requested(),
        ClearRequested: lambda self, _: self._caller.clear_requested(),
        TextReceived: lambda self, event: self._caller.text_received(event),
        ReplyRequested: lambda self, _: self._caller.reply_requested(),
        DtmfReceived: _key_pressed,
        InterruptRequested: _interrupt_requested,
        PolicyChanged: lambda self, event: self._caller.policy_changed(event),
        ReplyText: lambda self, event: self._reply.text_added(event),
        ReplyTextEnded: lambda self, event: self._reply.text_ended(event),
        ReplyRewound: lambda self, event: self._reply.text_withdrawn(event),
        ToolRequested: lambda self, event: self._reply.tool_requested(event),
        ToolFinished: lambda self, event: self._reply.tool_finished(event),
        AudioReady: lambda self, event: self._reply.audio_ready(event),
        ReplyProduced: lambda self, event: self._reply.produced(event),
        ReplyFailed: lambda self, event: self._reply.failed(event),
        PlayoutReported: _playout_reported,
    }
    _ON_TIMER: ClassVar[dict[str, Callable[[Conversation], None]]] = {
        DURATION: lambda self: self._leave(EndReason.DURATION),
        FAREWELL: lambda self: self._end(self._reason),
        IDLE: _idle_reached,
        KEYS: _keys_rest,
        HOLD: lambda self: self._caller.words_are_missing(),
        COMMITMENT: lambda self: self._caller.speech_lasted(),
        END_OF_SPEECH: lambda self: self._caller.silence_lasted(),
        TRANSCRIPT: lambda self: self._caller.conclude(),
        STALL: lambda self: self._reply.stalled(),
    }

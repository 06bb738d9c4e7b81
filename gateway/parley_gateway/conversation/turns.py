"""The core: a pure state machine of one conversation. Events go in with the time, commands come out.

Three regions live side by side. This file has the session's (opening, live, closed), its limits, and which
event goes where; caller.py has the caller's, reply.py the reply's.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, ClassVar

from parley_gateway.conversation.caller import BARGE_IN, END_OF_SPEECH, TRANSCRIPT, Caller, Hearing
from parley_gateway.conversation.commands import Command, EndSession
from parley_gateway.conversation.effects import Effects
from parley_gateway.conversation.events import (
    AudioReady,
    ClearRequested,
    CommitRequested,
    EndOfTurn,
    EndReason,
    Event,
    InterruptRequested,
    LinkChanged,
    PlayoutReported,
    ReplyFailed,
    ReplyProduced,
    ReplyRequested,
    ReplyText,
    ReplyTextEnded,
    SessionEnding,
    SessionReady,
    SpeechStarted,
    SpeechStopped,
    StageLost,
    TextReceived,
    TimerFired,
    TranscriptChanged,
)
from parley_gateway.conversation.history import History
from parley_gateway.conversation.reply import STALL, Phase, Reply
from parley_gateway.conversation.timings import Timings

DURATION = "duration"
IDLE = "idle"

_BEFORE_LIVE = (SessionReady, SessionEnding, StageLost, LinkChanged)
_ACTIVITY = (SpeechStarted, SpeechStopped, TextReceived, CommitRequested, ReplyRequested)
"""What shows that somebody is there; transcripts and playout do so when there are words in them."""


class Life(Enum):
    """Where the session is."""

    OPENING = "opening"
    LIVE = "live"
    CLOSED = "closed"


class Conversation:
    """One conversation."""

    def __init__(self, *, timings: Timings, owns_turns: bool) -> None:
        """`owns_turns`: whether the recogniser says itself when a turn ends."""
        self.history = History()
        self.life = Life.OPENING
        self._timings = timings
        self._effects = Effects()
        self._reply = Reply(self._effects, history=self.history, timings=timings)
        self._caller = Caller(self._effects, reply=self._reply, timings=timings, owns_turns=owns_turns)
        self._active_at = 0.0

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
        if self.life is Life.CLOSED or (self.life is Life.OPENING and not isinstance(event, _BEFORE_LIVE)):
            return []
        self._effects.now = now
        if isinstance(event, _ACTIVITY):
            self._active()
        self._HANDLERS[type(event)](self, event)
        if self._reply.exhausted:
            self._end(EndReason.PROVIDERS_FAILED)
        return self._effects.take()

    # --- the session's own region ---

    def _ready(self, event: SessionReady) -> None:
        if self.life is Life.LIVE:
            return
        self.life = Life.LIVE
        self._active()
        self._effects.set_timer(DURATION, self._timings.session_s)
        self._effects.set_timer(IDLE, self._timings.idle_s)
        if event.greeting:
            self._reply.greet(event.greeting)

    def _link_changed(self, event: LinkChanged) -> None:
        if not event.connected:
            self._end(EndReason.CLIENT_GONE)

    def _stage_lost(self, _: StageLost) -> None:
        self._end(EndReason.PROVIDERS_FAILED)

    def _ending(self, event: SessionEnding) -> None:
        self._end(event.reason)

    def _end(self, reason: EndReason) -> None:
        if self.life is Life.CLOSED:
            return
        self._reply.discard_draft()
        self._reply.interrupt(by_noise=False)
        self._effects.cancel_all_timers()
        self._effects.do(EndSession(reason))
        self.life = Life.CLOSED

    def _active(self) -> None:
        self._active_at = self._effects.now

    def _timer_fired(self, event: TimerFired) -> None:
        if self._effects.fires(event):
            self._ON_TIMER[event.name](self)

    def _idle_reached(self) -> None:
        """Looked at once per limit rather than reset with every word."""
        if self._reply.committed:
            self._active()
        left = self._active_at + self._timings.idle_s - self._effects.now
        if left > 0.001:
            self._effects.set_timer(IDLE, left)
        else:
            self._end(EndReason.IDLE)

    # --- to the other regions ---

    def _transcript_changed(self, event: TranscriptChanged) -> None:
        if self._caller.transcript_changed(event):
            self._active()

    def _playout_reported(self, event: PlayoutReported) -> None:
        if self._reply.committed:
            self._active()
        self._reply.playout_reported(event)

    _HANDLERS: ClassVar[dict[type, Callable[[Conversation, Any], None]]] = {
        SessionReady: _ready,
        LinkChanged: _link_changed,
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
        InterruptRequested: lambda self, _: self._reply.interrupt(by_noise=False),
        ReplyText: lambda self, event: self._reply.text_added(event),
        ReplyTextEnded: lambda self, event: self._reply.text_ended(event),
        AudioReady: lambda self, event: self._reply.audio_ready(event),
        ReplyProduced: lambda self, event: self._reply.produced(event),
        ReplyFailed: lambda self, event: self._reply.failed(event),
        PlayoutReported: _playout_reported,
    }
    _ON_TIMER: ClassVar[dict[str, Callable[[Conversation], None]]] = {
        DURATION: lambda self: self._end(EndReason.DURATION),
        IDLE: _idle_reached,
        BARGE_IN: lambda self: self._caller.speech_lasted(),
        END_OF_SPEECH: lambda self: self._caller.silence_lasted(),
        TRANSCRIPT: lambda self: self._caller.conclude(),
        STALL: lambda self: self._reply.stalled(),
    }

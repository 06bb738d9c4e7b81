"""The caller's region of a conversation: when a turn begins, what is said in it, when it is over.

A turn is over when the recogniser says so, when silence says so (for a recogniser that leaves it to us), when
the client says so, or when a timer finds that nobody will. Whatever the order of sound, words and ends, each
open turn has a timer running.
"""

from __future__ import annotations

from enum import Enum

from parley_gateway.conversation.commands import CommitInput, DiscardInput
from parley_gateway.conversation.effects import Effects
from parley_gateway.conversation.events import (
    EndOfTurn,
    SpeechStarted,
    SpeechStopped,
    TextReceived,
    TranscriptChanged,
    TurnEnd,
)
from parley_gateway.conversation.notices import CallerQuiet, CallerSpeaks, Problem, TranscriptUpdated
from parley_gateway.conversation.reply import Reply
from parley_gateway.conversation.timings import Timings
from parley_gateway.conversation.transcript import Transcript

BARGE_IN = "barge_in"
END_OF_SPEECH = "end_of_speech"
TRANSCRIPT = "transcript"


class Hearing(Enum):
    """What the caller is doing."""

    QUIET = "quiet"
    """No turn is open."""
    SPEAKING = "speaking"
    PAUSING = "pausing"
    """Speech has stopped; whether the turn is over is not known yet."""
    EAGER = "eager"
    """The turn is perhaps over: a reply is being drafted."""
    COMMITTING = "committing"
    """The turn is over but for the final transcript."""


class Caller:
    """Follows the caller and drives the reply."""

    def __init__(self, effects: Effects, *, reply: Reply, timings: Timings, owns_turns: bool) -> None:
        self._effects = effects
        self._reply = reply
        self._timings = timings
        self._owns_turns = owns_turns
        self._transcript = Transcript()
        self._hearing = Hearing.QUIET
        self._sounding = False
        self._shown_speaking = False
        self._commit_asked = False
        self._discarding = False
        self._audio_ms = 0

    @property
    def hearing(self) -> Hearing:
        """What the caller is doing."""
        return self._hearing

    # --- sound ---

    def speech_started(self, event: SpeechStarted) -> None:
        """Sound: hold the reply at once. Whether it ends is decided when the sound has lasted, or has words."""
        self._audio_ms = max(self._audio_ms, event.audio_ms)
        self._sounding = True
        self._discarding = False
        if self._reply.hold():
            self._effects.set_timer(BARGE_IN, self._timings.min_speech_s)
        if self._hearing is Hearing.COMMITTING and self._commit_asked:
            return
        self._begin_speaking()
        self._effects.cancel_timer(END_OF_SPEECH)
        self._effects.set_timer(TRANSCRIPT, self._timings.endless_speech_s)

    def speech_stopped(self, event: SpeechStopped) -> None:
        """Quiet again: a reply that was only held goes on, and the turn is over if the quiet lasts."""
        self._audio_ms = max(self._audio_ms, event.audio_ms)
        self._sounding = False
        self._effects.cancel_timer(BARGE_IN)
        self._show_quiet()
        self._reply.release()
        if self._hearing is Hearing.SPEAKING:
            self._hearing = Hearing.PAUSING
            self._await_end()

    def speech_lasted(self) -> None:
        """The sound that holds a reply has gone on for long enough to be speech; or it has gone."""
        if self._sounding:
            self._reply.interrupt(by_noise=not self._transcript.text)
        else:
            self._reply.release()

    def _begin_speaking(self) -> None:
        self._reply.discard_draft()
        self._hearing = Hearing.SPEAKING
        if not self._shown_speaking:
            self._shown_speaking = True
            self._effects.notify(CallerSpeaks())

    def _show_quiet(self) -> None:
        if self._shown_speaking:
            self._shown_speaking = False
            self._effects.notify(CallerQuiet(self._audio_ms))

    def _await_end(self) -> None:
        """Speech has stopped, or words have come: how long to wait for the rest of the turn."""
        if self._sounding:
            self._effects.set_timer(TRANSCRIPT, self._timings.endless_speech_s)
        elif self._owns_turns:
            self._effects.set_timer(TRANSCRIPT, self._timings.transcript_s)
        else:
            self._effects.cancel_timer(TRANSCRIPT)
            self._effects.set_timer(END_OF_SPEECH, self._timings.end_of_speech_s)

    # --- words ---

    def transcript_changed(self, event: TranscriptChanged) -> bool:
        """Words end the reply that plays. Returns whether there were any that are of this turn."""
        if event.words:
            self._audio_ms = max(self._audio_ms, event.words[-1].end_ms)
        if self._discarding:
            self._transcript.skip(event.utterance)
            self._discarding = not event.final
            return False
        before = self._transcript.text
        if not self._transcript.hear(event):
            return False
        text = self._transcript.text
        if text and text != before:
            self._words_heard(text)
        if self._hearing is Hearing.COMMITTING and event.final and self._transcript.settled:
            self.conclude()
        return bool(event.text.strip())

    def _words_heard(self, text: str) -> None:
        if self._hearing is Hearing.QUIET:
            self._begin_speaking()
        elif self._hearing is Hearing.EAGER:
            self._reply.discard_draft()
            self._hearing = Hearing.PAUSING
        self._effects.cancel_timer(BARGE_IN)
        self._reply.interrupt(by_noise=False)
        self._effects.notify(
            TranscriptUpdated(self._transcript.turn, self._transcript.revise(), text, final=False)
        )
        if self._hearing is not Hearing.COMMITTING:
            self._await_end()

    # --- the end of a turn ---

    def end_of_turn(self, event: EndOfTurn) -> None:
        """The recogniser's view of the turn."""
        if self._hearing is Hearing.QUIET:
            return
        if event.end is TurnEnd.FINAL:
            self.conclude()
        elif event.end is TurnEnd.WITHDRAWN:
            self._withdraw()
        elif self._transcript.text and self._hearing in (Hearing.SPEAKING, Hearing.PAUSING):
            self._hearing = Hearing.EAGER
            self._reply.draft(self._transcript.text)
            self._effects.set_timer(TRANSCRIPT, self._timings.transcript_s)

    def _withdraw(self) -> None:
        if self._hearing is Hearing.EAGER:
            self._reply.discard_draft()
            self._hearing = Hearing.SPEAKING
            self._effects.set_timer(TRANSCRIPT, self._timings.endless_speech_s)

    def silence_lasted(self) -> None:
        """Speech has stopped for so long that the turn is over."""
        if self._transcript.text and self._transcript.settled:
            self.conclude()
        else:
            self._ask_for_final()

    def commit_requested(self) -> None:
        """The client ends the turn; what the recogniser has not said yet still belongs to it."""
        if self._transcript.text and self._transcript.settled and not self._sounding:
            self.conclude()
        else:
            self._commit_asked = True
            self._ask_for_final()

    def _ask_for_final(self) -> None:
        self._reply.discard_draft()
        self._hearing = Hearing.COMMITTING
        self._effects.do(CommitInput())
        self._effects.cancel_timer(END_OF_SPEECH)
        self._effects.set_timer(TRANSCRIPT, self._timings.transcript_s)

    def conclude(self) -> None:
        """End the turn with what there is of it: have it answered, or go on as if it had not been."""
        text, asked = self._transcript.text, self._commit_asked
        self._close_turn()
        if text or self._transcript.revision:
            self._show_transcript(text, final=True)
            self._transcript.close()
        else:
            self._transcript.drop_wordless()
        if text:
            self._reply.answer(text)
            return
        if asked:
            self._effects.notify(Problem("nothing_heard", "no words were understood in this turn"))
        self._reply.go_on_after_noise()

    def _show_transcript(self, text: str, *, final: bool) -> None:
        revision = self._transcript.revise()
        self._effects.notify(TranscriptUpdated(self._transcript.turn, revision, text, final=final))

    def _close_turn(self) -> None:
        self._effects.cancel_timer(END_OF_SPEECH)
        self._effects.cancel_timer(TRANSCRIPT)
        self._show_quiet()
        self._hearing = Hearing.QUIET
        self._sounding = False
        self._commit_asked = False

    # --- what the client asks for ---

    def clear_requested(self) -> None:
        """Forget the turn, and what the recogniser still has of it."""
        self._discarding = self._hearing is not Hearing.QUIET
        self._reply.discard_draft()
        self._close_turn()
        self._transcript.close()
        self._effects.do(DiscardInput())

    def text_received(self, event: TextReceived) -> None:
        """A typed turn: answered at once, whatever is being said."""
        text = event.text.strip()
        if text:
            if self._hearing is Hearing.EAGER:
                self._hearing = Hearing.PAUSING
            self._reply.answer(text)

    def reply_requested(self) -> None:
        """The agent is to speak: on what was said so far, or by itself."""
        if self._transcript.text:
            self.conclude()
        elif self._reply.committed:
            self._effects.notify(Problem("reply_active", "a reply is in progress; cancel it first"))
        else:
            self._reply.speak_unasked()

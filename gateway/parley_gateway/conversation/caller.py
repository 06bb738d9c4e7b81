"""The caller's region of a conversation: when a turn begins, what is said in it, when it is over.

A turn is over when the recogniser says so, when silence says so, when the client says so, or when a timer finds
that nobody will. Whatever the order of sound, words and ends, each open turn has a timer running.
"""

from __future__ import annotations

from enum import Enum

from parley_gateway.conversation.commands import CommitInput, DiscardInput
from parley_gateway.conversation.effects import Effects
from parley_gateway.conversation.endpointing import Endpointing
from parley_gateway.conversation.events import (
    EndOfTurn,
    PolicyChanged,
    SpeechStarted,
    SpeechStopped,
    TextReceived,
    TranscriptChanged,
    TurnEnd,
)
from parley_gateway.conversation.hold import Hold
from parley_gateway.conversation.notices import CallerQuiet, CallerSpeaks, Problem, TranscriptUpdated
from parley_gateway.conversation.overlap import Meaning, Overlap
from parley_gateway.conversation.policy import Policy
from parley_gateway.conversation.reply import Reply
from parley_gateway.conversation.timings import Timings
from parley_gateway.conversation.transcript import Transcript

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

    def __init__(
        self, effects: Effects, *, reply: Reply, policy: Policy, timings: Timings, owns_turns: bool
    ) -> None:
        self._effects = effects
        self._reply = reply
        self._timings = timings
        self._endpointing = Endpointing(policy=policy, timings=timings, owns_turns=owns_turns)
        self._hold = Hold(effects, reply=reply, policy=policy, timings=timings)
        self._overlap = Overlap(reply, policy=policy, timings=timings)
        self._may_interrupt = policy.barge_in
        self._transcript = Transcript()
        self._hearing = Hearing.QUIET
        self._sounding = False
        self._stopped_at: float | None = None
        self._worded_at = 0.0
        self._unclear = False
        self._shown_speaking = False
        self._commit_asked = False
        self._discarding = False
        self._audio_ms = 0
        self._unanswered: list[str] = []
        """Turns that came while the agent could not be interrupted."""

    @property
    def hearing(self) -> Hearing:
        """What the caller is doing."""
        return self._hearing

    # --- sound ---

    def speech_started(self, event: SpeechStarted) -> None:
        """Sound: hold the reply at once. Whether it ends is decided by the words of the sound."""
        self._audio_ms = max(self._audio_ms, event.audio_ms)
        self._sounding = True
        self._discarding = False
        self._open_turn(by_words=False)
        self._hold.sound_began(event.audio_ms)
        if self._hearing is Hearing.COMMITTING and self._commit_asked:
            return
        self._begin_speaking()
        self._effects.cancel_timer(END_OF_SPEECH)
        self._effects.set_timer(TRANSCRIPT, self._timings.endless_speech_s)

    def speech_stopped(self, event: SpeechStopped) -> None:
        """Quiet again: a reply that a short sound held goes on, and the turn is over if the quiet lasts."""
        self._audio_ms = max(self._audio_ms, event.audio_ms)
        self._sounding = False
        self._stopped_at = self._effects.now - event.ago_ms / 1000
        self._show_quiet()
        self._hold.sound_ended(event.audio_ms)
        if not self._is_meant():
            self._hold.let_go()
        if self._hearing is Hearing.SPEAKING:
            self._hearing = Hearing.PAUSING
            self._await_end()
        elif self._hearing is Hearing.EAGER and self._endpointing.by_silence:
            self._await_end()

    def speech_lasted(self) -> None:
        """Speech whose words were meant has lasted for its minimum: they end the reply, if they still are."""
        text = self._transcript.text
        if text and self._overlap.meaning(text, final=False) is Meaning.TURN:
            self._hold.interrupt()

    def words_are_missing(self) -> None:
        """The sound that holds a reply has brought none that are meant, in all the time it was given."""
        self._hold.let_go()

    def _open_turn(self, *, by_words: bool) -> None:
        if self._hearing is Hearing.QUIET:
            self._stopped_at = None
            self._unclear = False
            self._overlap.begin(by_words=by_words)

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
        elif self._endpointing.by_silence:
            self._await_silence()
        else:
            self._effects.set_timer(TRANSCRIPT, self._timings.transcript_s)

    def _await_silence(self) -> None:
        self._effects.cancel_timer(TRANSCRIPT)
        text = self._transcript.text
        left = self._quiet_since + self._endpointing.silence_after(text) - self._effects.now
        if left <= 0:
            self.silence_lasted()
            return
        self._effects.set_timer(END_OF_SPEECH, left)
        if self._transcript.settled and self._endpointing.sounds_over(text):
            self._draft(text)

    @property
    def _quiet_since(self) -> float:
        """Words that are not final yet show that the recogniser still hears some, whatever the sound does."""
        if self._stopped_at is None:
            return self._worded_at
        return self._stopped_at if self._transcript.settled else max(self._stopped_at, self._worded_at)

    def _draft(self, text: str) -> bool:
        """Begin to answer what is perhaps the whole turn. Returns whether that is done."""
        if not text or not self._endpointing.preemptive:
            return False
        if self._overlap.meaning(text, final=True) is not Meaning.TURN or not self._reply.draft(text):
            return False
        self._hearing = Hearing.EAGER
        return True

    # --- words ---

    def transcript_changed(self, event: TranscriptChanged) -> bool:
        """Words that are meant end the reply that plays. Returns whether there were any, of this turn."""
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
        meaning = None
        if text and (text != before or (event.final and self._unclear)):
            meaning = self._words_heard(event, text)
        elif event.final and not self._sounding:
            self._no_more_words(text)
        if self._hearing is Hearing.COMMITTING and event.final and self._transcript.settled:
            self._final_came()
        return meaning is not None and meaning is not Meaning.ECHO

    def _words_heard(self, event: TranscriptChanged, text: str) -> Meaning:
        self._endpointing.learn(text)
        self._open_turn(by_words=True)
        if self._hearing is Hearing.QUIET:
            self._begin_speaking()
        elif self._hearing is Hearing.EAGER:
            self._reply.discard_draft()
            self._hearing = Hearing.PAUSING
        if self._sounding and not event.final:
            self._hold.word_while_sounding()
        meaning = self._act_on(event, text)
        self._worded_at = self._effects.now
        if self._hearing is not Hearing.COMMITTING:
            self._await_end()
        return meaning

    def _no_more_words(self, text: str) -> None:
        """What was heard is final as it was; or it was nothing."""
        if not text:
            self._hold.let_go()
        elif self._hearing is Hearing.PAUSING:
            self._await_end()

    def _act_on(self, event: TranscriptChanged, text: str) -> Meaning:
        """Do at once what words call for, so far as can be told by now."""
        meaning = self._overlap.meaning(text, final=event.final)
        self._unclear = meaning is Meaning.UNCLEAR
        if meaning is Meaning.TURN:
            self._hold.words_meant(event.words[-1].end_ms - event.words[0].start_ms if event.words else 0)
        elif meaning is Meaning.BACKCHANNEL:
            self._hold.nothing_meant(sounding=self._sounding)
        elif meaning is Meaning.ECHO:
            self._hold.was_echo()
        if meaning in (Meaning.TURN, Meaning.BACKCHANNEL):
            self._show_transcript(text, final=False)
        return meaning

    def _is_meant(self) -> bool:
        """Whether the words so far are, or none have come."""
        text = self._transcript.text
        return not text or self._overlap.meaning(text, final=False) in (Meaning.TURN, Meaning.UNCLEAR)

    def _final_came(self) -> None:
        """What the end of the turn waited for: but its last words may sound as if it went on."""
        if self._endpointing.by_silence and not self._commit_asked and self._transcript.text:
            self._hearing = Hearing.PAUSING
            self._await_end()
        else:
            self.conclude()

    # --- the end of a turn ---

    def end_of_turn(self, event: EndOfTurn) -> None:
        """The recogniser's view of the turn. Where silence ends turns, it is only a hint."""
        if self._hearing is Hearing.QUIET:
            return
        if event.end is TurnEnd.FINAL:
            self._end_told()
        elif event.end is TurnEnd.WITHDRAWN:
            self._withdraw()
        elif self._hearing in (Hearing.SPEAKING, Hearing.PAUSING):
            self._drafted_early()

    def _end_told(self) -> None:
        if not self._endpointing.by_silence:
            self.conclude()
        elif self._hearing is Hearing.SPEAKING:
            self.speech_stopped(SpeechStopped(self._audio_ms))

    def _drafted_early(self) -> None:
        if self._draft(self._transcript.text) and not self._endpointing.by_silence:
            self._effects.set_timer(TRANSCRIPT, self._timings.transcript_s)

    def _withdraw(self) -> None:
        if self._hearing is not Hearing.EAGER:
            return
        self._reply.discard_draft()
        if self._endpointing.by_silence:
            self._hearing = Hearing.SPEAKING if self._sounding else Hearing.PAUSING
        else:
            self._hearing = Hearing.SPEAKING
            self._effects.set_timer(TRANSCRIPT, self._timings.endless_speech_s)

    def policy_changed(self, event: PolicyChanged) -> None:
        """Another recogniser serves, by whose rule an open turn ends from now on."""
        self._endpointing.owns_turns = event.owns_turns
        self._hold.recogniser_changed()
        if self._hearing in (Hearing.PAUSING, Hearing.EAGER):
            self._effects.cancel_timer(END_OF_SPEECH)
            self._await_end()

    def silence_lasted(self) -> None:
        """Speech has stopped for so long that the turn is over."""
        if self._transcript.text and self._transcript.settled:
            self.conclude()
        else:
            self._ask_for_final()

    def commit_requested(self) -> None:
        """The client ends the turn; what the recogniser has not said yet still belongs to it."""
        self._commit_asked = True
        if self._transcript.text and self._transcript.settled and not self._sounding:
            self.conclude()
        else:
            self._open_turn(by_words=False)
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
        meaning = Meaning.TURN if asked else self._overlap.meaning(text, final=True)
        self._close_turn()
        if meaning is Meaning.ECHO:
            text = ""
        if text or self._transcript.revision:
            self._show_transcript(text, final=True)
            self._transcript.close()
        elif meaning is Meaning.ECHO:
            self._transcript.close()
        else:
            self._transcript.drop_wordless()
        if text and meaning is not Meaning.BACKCHANNEL:
            self._have_answered(text)
            return
        if asked:
            self._effects.notify(Problem("nothing_heard", "no words were understood in this turn"))
        self._hold.let_go()

    def _have_answered(self, text: str) -> None:
        self._unanswered.append(text)
        if self._may_interrupt or not self._reply.committed:
            self.answer_what_waits()
        else:
            self._hold.let_go()

    def answer_what_waits(self) -> bool:
        """Answer the turns that came while the agent could not be interrupted. Returns whether there were any."""
        texts, self._unanswered = self._unanswered, []
        if texts:
            self._reply.answer(" ".join(texts))
        return bool(texts)

    def _show_transcript(self, text: str, *, final: bool) -> None:
        revision = self._transcript.revise()
        self._effects.notify(TranscriptUpdated(self._transcript.turn, revision, text, final=final))

    def _close_turn(self) -> None:
        self._effects.cancel_timer(END_OF_SPEECH)
        self._effects.cancel_timer(TRANSCRIPT)
        self._show_quiet()
        self._hearing = Hearing.QUIET
        self._sounding = False
        self._hold.turn_over()
        self._commit_asked = False

    # --- what the client asks for ---

    def clear_requested(self) -> None:
        """Forget the turn, and what the recogniser still has of it."""
        self._discarding = self._hearing is not Hearing.QUIET
        self._reply.discard_draft()
        self._reply.owed.settled()
        self._close_turn()
        self._transcript.close()
        self._hold.let_go()
        self._effects.do(DiscardInput())

    def text_received(self, event: TextReceived) -> None:
        """A typed turn: answered at once, whatever is being said."""
        text = event.text.strip()
        if text:
            if self._hearing is Hearing.EAGER:
                self._hearing = Hearing.PAUSING
            self._unanswered.append(text)
            self.answer_what_waits()

    def reply_requested(self) -> None:
        """The agent is to speak: on what was said so far, or by itself."""
        if self._transcript.text:
            self._commit_asked = True
            self.conclude()
        elif self._reply.committed:
            self._effects.notify(Problem("reply_active", "a reply is in progress; cancel it first"))
        else:
            self._reply.speak_unasked()

    def leave(self) -> None:
        """The session is about to end: what the caller says is not answered any more."""
        self._unanswered.clear()
        self._close_turn()

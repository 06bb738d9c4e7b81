"""The reversible pause: a reply is held at the first sign of speech, until it is known what the sound was.

A sound that is over in no time lets the reply go on at once; after a longer one its words are awaited for a
while; words that are meant end the reply, once the speech has lasted for its minimum. Words of shorter speech hold
the reply, too: the end of their turn says whether they were one. A reply that goes on does so where it was held.

Some lines never let it go on: an echo, or a noise that follows the agent's own voice, would have it stutter.
When sound returns each time that the reply does, it is not believed any more until words have shown that the
caller does interrupt. Words still end the reply at once.
"""

from __future__ import annotations

from parley_gateway.conversation.effects import Effects
from parley_gateway.conversation.policy import Policy
from parley_gateway.conversation.reply import Phase, Reply
from parley_gateway.conversation.timings import Timings

HOLD = "hold"
COMMITMENT = "commitment"


class Hold:
    """Whether the reply is held for a sound of the caller, and for how long."""

    def __init__(self, effects: Effects, *, reply: Reply, policy: Policy, timings: Timings) -> None:
        self._effects = effects
        self._reply = reply
        self._timings = timings
        self._allowed = policy.barge_in
        self._since_ms = 0
        self._began_at: float | None = None
        """When the sound that is heard now began."""
        self._lasted_s: float | None = None
        """How long the longest sound of the turn was; None while there was none."""
        self._worded = False
        """Whether words are meant that the speech is too short for as yet."""
        self._words_come_early = False
        self._let_go_at = float("-inf")
        self._stutters = 0

    def sound_began(self, audio_ms: int) -> None:
        """Hold the reply, if it is believed that somebody speaks."""
        if self._began_at is None:
            self._began_at = self._effects.now
            self._since_ms = audio_ms
        may_hold = self._allowed and self._reply.phase in (Phase.DRAFTING, Phase.SPEAKING)
        if not may_hold or not self._is_believed() or not self._reply.hold():
            return
        if self._words_come_early:
            self._effects.set_timer(HOLD, self._timings.false_interruption_s)

    def sound_ended(self, audio_ms: int) -> None:
        """Let go after a short sound; after a longer one, await its words."""
        lasted_s = max(0, audio_ms - self._since_ms) / 1000
        if self._began_at is not None:
            self._lasted_s = max(lasted_s, self._lasted_s or 0.0)
            self._began_at = None
        self._effects.cancel_timer(COMMITMENT)
        if not self._holds:
            return
        if lasted_s < self._timings.min_speech_s and not self._worded:
            self.let_go()
        else:
            self._effects.set_timer(HOLD, self._timings.false_interruption_s)

    def word_while_sounding(self) -> None:
        """This recogniser shows words while they are said: speech without any is not waited out to its end."""
        self._words_come_early = True

    def recogniser_changed(self) -> None:
        """What was learned of the recogniser before does not hold."""
        self._words_come_early = False

    def nothing_meant(self, *, sounding: bool) -> None:
        """There were words, but none that stop a reply: let go when the sound is over, or soon."""
        if self._holds and sounding:
            self._effects.set_timer(HOLD, self._timings.backchannel_s)
        else:
            self.let_go()

    def was_echo(self) -> None:
        """The sound is the agent's own."""
        self._stutters = self._timings.max_stutters
        self.let_go()

    def words_meant(self, spoken_ms: int) -> None:
        """The caller wants the floor, in words of so much speech at least: end the reply, if it was enough."""
        if not self._allowed or not self._reply.committed:
            return
        left_s = self._timings.min_speech_s - max(self._speech_s, spoken_ms / 1000)
        if left_s <= 0.001:
            self.interrupt()
        elif self._reply.hold():
            self._worded = True
            if self._began_at is not None:
                self._effects.set_timer(COMMITMENT, left_s)
            else:
                self._effects.set_timer(HOLD, self._timings.false_interruption_s)

    def turn_over(self) -> None:
        """What is heard from now on is of another turn."""
        self._effects.cancel_timer(COMMITMENT)
        self._began_at = self._lasted_s = None
        self._worded = False

    def let_go(self) -> None:
        """Nothing was meant: the reply goes on."""
        self._effects.cancel_timer(HOLD)
        self._effects.cancel_timer(COMMITMENT)
        self._worded = False
        if self._reply.release():
            self._let_go_at = self._effects.now

    def interrupt(self) -> None:
        """The caller has the floor: end the reply, if speech may."""
        if self._allowed and self._reply.interrupt():
            self._reply.owed.stopped_by_words()
            self._stutters = 0
        self._effects.cancel_timer(HOLD)
        self._effects.cancel_timer(COMMITMENT)
        self._worded = False

    @property
    def _speech_s(self) -> float:
        """How long the caller has spoken; words whose sound was not told of took long enough to be recognised."""
        if self._began_at is not None:
            return max(self._effects.now - self._began_at, self._lasted_s or 0.0)
        return float("inf") if self._lasted_s is None else self._lasted_s

    @property
    def _holds(self) -> bool:
        return self._reply.phase is Phase.PAUSED

    def _is_believed(self) -> bool:
        if self._stutters < self._timings.max_stutters:
            soon = self._effects.now - self._let_go_at <= self._timings.stutter_s
            self._stutters = self._stutters + 1 if soon else 0
        return self._stutters < self._timings.max_stutters

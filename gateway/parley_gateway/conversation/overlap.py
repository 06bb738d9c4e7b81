"""What the caller says while the agent speaks, and whether it is meant to stop it.

Not everything is: "mhm" says that somebody listens, and a loudspeaker's words come back through the microphone.
A turn is judged by how it began: one that began in the agent's silence is meant, whatever is in it.
"""

from __future__ import annotations

from enum import Enum

from parley_gateway.conversation.backchannels import Backchannels
from parley_gateway.conversation.echo import Resemblance, resemblance
from parley_gateway.conversation.policy import Policy
from parley_gateway.conversation.reply import Reply
from parley_gateway.conversation.timings import Timings
from parley_gateway.conversation.words import words_of

JUST_ASKED = 25
"""Characters, about a second and a half of speech, for which a question stays the last thing said."""


class Meaning(Enum):
    """What words are, that came while the agent spoke."""

    TURN = "turn"
    BACKCHANNEL = "backchannel"
    ECHO = "echo"
    UNCLEAR = "unclear"
    """Perhaps an echo: what follows will tell."""


class Overlap:
    """How the present turn lies over the agent's speech."""

    def __init__(self, reply: Reply, *, policy: Policy, timings: Timings) -> None:
        self._reply = reply
        self._backchannels = Backchannels(policy.language, policy.backchannels)
        self._timings = timings
        self._lag_ms = round(timings.echo_lag_s * 1000)
        self._over_agent = False
        self._answers = False
        self._from_ms = 0

    def begin(self, *, by_words: bool) -> None:
        """A turn begins now; or did a while ago, if its first sign is a word."""
        early_s = self._timings.unheard_start_s if by_words else 0.0
        self._over_agent = self._reply.silent_for_s <= self._timings.echo_lag_s + early_s
        if self._over_agent:
            heard_ms = self._reply.heard_ms
            self._from_ms = heard_ms - self._lag_ms - round(early_s * 1000)
            self._answers = self._reply.silent_for_s > 0 or self._is_answerable(heard_ms)

    def meaning(self, text: str, *, final: bool) -> Meaning:
        """Of all the words of the turn so far. `final`: no more of them are to be waited for."""
        if not self._over_agent:
            return Meaning.TURN
        said = self._reply.spoken.between(self._from_ms, self._reply.heard_ms + self._lag_ms)
        likeness = resemblance(words_of(text), words_of(said))
        if likeness is Resemblance.ECHO:
            return Meaning.ECHO
        if not self._answers and self._backchannels.make_up(text):
            return Meaning.BACKCHANNEL
        return Meaning.UNCLEAR if likeness is Resemblance.PERHAPS and not final else Meaning.TURN

    def _is_answerable(self, heard_ms: int) -> bool:
        """Whether the agent has just asked something, or is about to finish: "yes" is an answer then."""
        left_ms = self._reply.left_ms
        if left_ms is not None and left_ms <= self._timings.nearly_over_s * 1000:
            return True
        latest = self._reply.spoken.heard(heard_ms)[-JUST_ASKED:]
        return "?" in latest or "？" in latest  # noqa: RUF001

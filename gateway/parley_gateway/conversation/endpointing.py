"""How long the caller's silence has to last before their turn is over."""

from __future__ import annotations

from parley_gateway.conversation.completeness import Completeness, completeness
from parley_gateway.conversation.policy import Policy, TurnsEndBy
from parley_gateway.conversation.timings import Timings

_PUNCTUATION = frozenset(".?!,。？！،؟")  # noqa: RUF001


class Endpointing:
    """One session's rule."""

    def __init__(self, *, policy: Policy, timings: Timings, owns_turns: bool) -> None:
        self.owns_turns = owns_turns
        """Whether the recogniser that serves now says itself when a turn ends."""
        self._policy = policy
        self._timings = timings
        self._punctuated = False

    @property
    def by_silence(self) -> bool:
        """Whether silence ends turns; otherwise the recogniser does."""
        return self._policy.turns_end_by is not TurnsEndBy.PROVIDER or not self.owns_turns

    def learn(self, text: str) -> None:
        """A recogniser that has written punctuation once does not leave it out by habit."""
        self._punctuated = self._punctuated or not _PUNCTUATION.isdisjoint(text)

    def silence_after(self, text: str) -> float:
        """Seconds of it that end a turn of these words."""
        return {
            Completeness.COMPLETE: self._timings.complete_s,
            Completeness.UNSURE: self._timings.end_of_speech_s,
            Completeness.INCOMPLETE: self._timings.incomplete_s,
        }[self._judge(text)]

    def sounds_over(self, text: str) -> bool:
        """Whether it is worth while to begin an answer in the silence after these words."""
        return self._judge(text) is not Completeness.INCOMPLETE

    @property
    def preemptive(self) -> bool:
        """Whether an answer may be begun before its turn is surely over."""
        return self._policy.preemptive

    def _judge(self, text: str) -> Completeness:
        if self._policy.turns_end_by is not TurnsEndBy.SEMANTIC or not text:
            return Completeness.UNSURE
        return completeness(text, language=self._policy.language, punctuated=self._punctuated)

"""The caller's turn as it is understood so far: utterances that are revised until they are final."""

from __future__ import annotations

from parley_gateway.conversation.events import TranscriptChanged


class Transcript:
    """One turn after the other. What belongs to a turn that is over is stale."""

    def __init__(self) -> None:
        self.turn = 1
        """The number of the turn that is heard, or awaited."""
        self.revision = 0
        """How often the client was told of this turn."""
        self._utterances: dict[int, TranscriptChanged] = {}
        self._latest = -1
        self._stale_through = -1

    @property
    def text(self) -> str:
        """The whole turn."""
        return " ".join(text for part in self._utterances.values() if (text := part.text.strip()))

    @property
    def settled(self) -> bool:
        """Whether the recogniser will not change any of it."""
        return all(part.final for part in self._utterances.values())

    def hear(self, event: TranscriptChanged) -> bool:
        """Take a revision; False if it is of an earlier turn, or comes after the final one."""
        self._latest = max(self._latest, event.utterance)
        known = self._utterances.get(event.utterance)
        if event.utterance <= self._stale_through or (known and known.final):
            return False
        self._utterances[event.utterance] = event
        return True

    def revise(self) -> int:
        """The number of the revision that the client is about to be told."""
        self.revision += 1
        return self.revision

    def close(self) -> None:
        """Begin the next turn: what still comes of the utterances so far is not wanted."""
        self._stale_through = self._latest
        self._utterances.clear()
        if self.revision:
            self.turn += 1
            self.revision = 0

    def skip(self, utterance: int) -> None:
        """Nothing of this utterance, nor of one before it, is wanted."""
        self._latest = max(self._latest, utterance)
        self._stale_through = max(self._stale_through, utterance)

    def drop_wordless(self) -> None:
        """Forget utterances that brought nothing; one that is open may still bring the words of the next turn."""
        self._utterances = {number: part for number, part in self._utterances.items() if not part.final}

"""All timings and bounds of the core in one place, in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timings:
    """How long the core waits for what, before it goes on without. docs/turn-taking.md says it at length."""

    # --- the session ---
    session_s: float = 1800.0
    """How long a session may last."""
    idle_s: float = 300.0
    """How long it may last without speech or text of either side."""
    idle_answer_s: float = 15.0
    """So long before that end the caller is asked whether they are still there."""
    farewell_s: float = 10.0
    """What a goodbye may take, from its text to its last sound, whatever the voice does."""

    # --- the end of a turn ---
    end_of_speech_s: float = 0.6
    """Silence that ends a turn where the recogniser does not say when one ends."""
    complete_s: float = 0.35
    """The same by the semantic rule, after what sounds complete."""
    incomplete_s: float = 1.6
    """The same by the semantic rule, after what sounds as if it went on."""
    transcript_s: float = 3.0
    """How long the words of speech that has stopped are waited for."""
    endless_speech_s: float = 10.0
    """Speech that brings no word and no end for so long was none, or its end was lost."""
    keys_s: float = 2.0
    """After so long without a further key of the telephone, those that were pressed are a turn."""

    # --- speech while the agent speaks ---
    min_speech_s: float = 0.2
    """Speech ends a reply by its words once it has lasted for so long. Sound without words that is shorter holds a
    reply no longer than it lasts; after a longer one its words are awaited."""
    false_interruption_s: float = 2.0
    """How long they are awaited before the reply goes on where it was held."""
    backchannel_s: float = 0.6
    """Words that stop no reply hold it for so long at most, even if the sound does not end."""
    nearly_over_s: float = 1.0
    """Of a reply's audio that is left: who speaks now answers it rather than listens."""
    unheard_start_s: float = 1.5
    """How long before its first words speech began whose sound was not told of."""
    echo_lag_s: float = 1.0
    """How far the words of an echo may lie from where the agent is, in its own speech."""
    stutter_s: float = 1.5
    """Sound that comes back so soon after the reply went on is likely to be made by the reply itself."""
    max_stutters: int = 2
    """So often in a row it may; after that sound alone holds no reply, until words have ended one."""

    # --- the reply ---
    reply_stall_s: float = 35.0
    """A reply that makes no progress for so long has failed: the outer bound around all providers' deadlines."""
    tool_s: float = 30.0
    """The same while it waits for its tools: the outer bound around all tools' deadlines."""
    silence_s: float = 30.0
    """A reply of which nothing more is heard for so long has failed, whatever progress it makes."""
    max_tool_rounds: int = 8
    """How often one reply may ask for tools."""
    max_calls: int = 8
    """Calls of tools that run at a time, those of interrupted replies among them."""
    max_failures: int = 3
    """So many answers that failed in a row end the session."""
    max_unprompted: int = 2
    """So often in a row the agent goes on by itself after what was taken for words had stopped it."""

    @property
    def turn_end_s(self) -> float:
        """From the caller's last sound or word to the end of the turn, at most, whatever the recogniser does."""
        silence_s = max(self.end_of_speech_s, self.complete_s, self.incomplete_s)
        return max(self.endless_speech_s, silence_s) + self.transcript_s

"""Turn-taking: who may speak when. All of its timings, in seconds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from parley_contract.base import ConfigModel, Seconds


class TurnTakingConfig(ConfigModel):
    """All choices and timings of turn-taking in one place."""

    voice_activity: Literal["Provider", "Energy", "Silero"] = "Provider"
    """What hears that the caller speaks: the recogniser, loudness, or Silero's model (the extra `silero`).

    A recogniser that says nothing of it gets `Energy` in any case.
    """
    end_of_turn: Literal["Provider", "Silence", "Semantic"] = "Provider"
    """What says that a turn is over: the recogniser (`Silence` where it does not), silence alone, or silence whose
    length depends on whether what was said sounds complete."""
    end_of_speech_silence: Seconds = 0.6
    """`Silence`: how long it must last."""
    complete_silence: Seconds = 0.35
    """`Semantic`: after what sounds complete."""
    incomplete_silence: Seconds = 1.6
    """`Semantic`: after what sounds as if it went on."""
    preemptive: bool = True
    """Whether an answer is drafted when the turn is perhaps over, and thrown away if it was not."""
    transcript_timeout: Seconds = 3.0
    """How long to wait for a final transcript after speech stopped, before what is there is used."""
    speech_timeout: Seconds = 10.0
    """Speech that brings no word and no end for so long was none, or its end was lost: the turn is over."""
    keypad_pause: Seconds = 2.0
    """After so long without a further key of the telephone, those that were pressed are a turn."""
    barge_in: Literal["Enabled", "Disabled"] = "Enabled"
    min_speech_duration: Seconds = 0.2
    """Speech shorter than this pauses a reply but does not end it, unless it turns out to be a whole turn."""
    backchannels: list[str] | None = Field(default=None, max_length=100)
    """Words that stop no reply, such as "mhm"; None takes those of the agent's language."""
    backchannel_pause: Seconds = 0.6
    """Such words pause a reply for so long at most, even if their sound does not end."""
    answer_window: Seconds = 1.0
    """Of the agent's speech that is left: even "yes" is an answer to it then, and stops it."""
    false_interruption_timeout: Seconds = 2.0
    """A reply that was interrupted goes on where it stopped when no words have come for so long."""
    echo_tail: Seconds = 1.0
    """How far the words of an echo may lie from where the agent is in its own speech."""
    stutter_window: Seconds = 1.5
    """Sound that comes back so soon after a reply went on, twice in a row, is taken to be made by the reply."""
    unheard_speech: Seconds = 1.5
    """How long before its first words speech may have begun that no sound told of."""
    longest_silence: Seconds = 30.0
    """An answer of which nothing was heard for so long is given up and apologised for; a tool may take longer, by
    its own timeout."""
    idle_answer_time: Seconds = 15.0
    """So long before the idle limit the agent asks, once, whether the caller is still there."""
    farewell_timeout: Seconds = 10.0
    """What the agent's goodbye may take, from its text to its last sound."""

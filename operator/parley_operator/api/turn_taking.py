"""`spec.turnTaking`: who may speak when."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel
from parley_operator.api.bounds import between
from parley_operator.api.values import Duration, Keyterm


class BargeInSpec(ResourceModel):
    """What happens when the caller speaks while the agent does."""

    mode: Literal["Enabled", "Disabled"] | None = None
    """Enabled (the default): the caller stops the agent. Disabled: the agent finishes."""
    min_speech_duration: Duration | None = None
    """Speech shorter than this pauses a reply but does not end it, unless it turns out to be a whole turn, 1ms to
    5s. Default 200ms."""
    backchannels: Annotated[tuple[Keyterm, ...], Field(max_length=100)] | None = None
    """Words that stop no reply, such as "mhm". Absent: those of the agent's language."""
    backchannel_pause: Duration | None = None
    """Such words pause a reply for so long at most, 100ms to 5s. Default 600ms."""
    answer_window: Duration | None = None
    """Of the agent's speech that is left: even "yes" is an answer to it then, 1ms to 5s. Default 1s."""
    false_interruption_timeout: Duration | None = None
    """An interrupted reply goes on where it stopped when no words come for so long, 100ms to 30s. Default 2s."""

    echo_tail: Duration | None = None
    """How far the words of an echo may lie from where the agent is in its own speech, 1ms to 5s. Default 1s."""
    stutter_window: Duration | None = None
    """Sound that comes back so soon after a reply went on, twice in a row, is the reply's own, 1ms to 10s. Default
    1500ms."""
    unheard_speech: Duration | None = None
    """How long before its first words speech may have begun that no sound told of, 1ms to 5s. Default 1500ms."""

    rules = (
        between("minSpeechDuration", "min_speech_duration", "1ms", "5s"),
        between("backchannelPause", "backchannel_pause", "100ms", "5s"),
        between("answerWindow", "answer_window", "1ms", "5s"),
        between("falseInterruptionTimeout", "false_interruption_timeout", "100ms", "30s"),
        between("echoTail", "echo_tail", "1ms", "5s"),
        between("stutterWindow", "stutter_window", "1ms", "10s"),
        between("unheardSpeech", "unheard_speech", "1ms", "5s"),
    )


class TurnTakingSpec(ResourceModel):
    """Who may speak when. What is absent has the gateway's default. A change rolls the pods."""

    voice_activity: Literal["Provider", "Energy", "Silero"] | None = None
    """What hears that the caller speaks: the recogniser (default), loudness, or Silero's model in the gateway."""
    end_of_turn: Literal["Provider", "Silence", "Semantic"] | None = None
    """What ends a turn: the recogniser (default), silence, or silence as long as what was said asks for."""
    end_of_speech_silence: Duration | None = None
    """Silence that ends a turn with Silence, 100ms to 10s. Default 600ms."""
    complete_silence: Duration | None = None
    """Silence that ends a turn with Semantic after what sounds complete, 100ms to 10s. Default 350ms."""
    incomplete_silence: Duration | None = None
    """Silence that ends a turn with Semantic after what sounds as if it went on, 100ms to 10s. Default 1600ms."""
    transcript_timeout: Duration | None = None
    """How long the words of speech that has stopped are waited for, 100ms to 30s. Default 3s."""
    speech_timeout: Duration | None = None
    """Speech that brings no word and no end for so long was none, 1s to 5m. Default 10s."""
    keypad_pause: Duration | None = None
    """After so long without a further key of the telephone, those pressed are a turn, 100ms to 30s. Default 2s."""
    preemptive: bool | None = None
    """Whether an answer is drafted when the turn is perhaps over. Default true."""
    barge_in: BargeInSpec | None = None
    """What happens when the caller speaks while the agent does."""
    longest_silence: Duration | None = None
    """An answer of which nothing was heard for so long is given up and apologised for, 1s to 5m; a tool may take
    longer, by its own timeout. Default 30s."""
    idle_answer_time: Duration | None = None
    """So long before limits.idleTimeout the agent asks whether the caller is there, 1s to 10m. Default 15s."""
    farewell_timeout: Duration | None = None
    """What the agent's goodbye may take, 1s to 1m. Default 10s."""

    rules = (
        between("endOfSpeechSilence", "end_of_speech_silence", "100ms", "10s"),
        between("completeSilence", "complete_silence", "100ms", "10s"),
        between("incompleteSilence", "incomplete_silence", "100ms", "10s"),
        between("transcriptTimeout", "transcript_timeout", "100ms", "30s"),
        between("speechTimeout", "speech_timeout", "1s", "5m"),
        between("keypadPause", "keypad_pause", "100ms", "30s"),
        between("longestSilence", "longest_silence", "1s", "5m"),
        between("farewellTimeout", "farewell_timeout", "1s", "1m"),
        between("idleAnswerTime", "idle_answer_time", "1s", "10m"),
    )

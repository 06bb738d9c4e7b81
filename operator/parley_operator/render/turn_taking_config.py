"""The part of the gateway's configuration about who may speak when."""

from __future__ import annotations

from typing import Any

from parley_operator.api.turn_taking import BargeInSpec, TurnTakingSpec
from parley_operator.render.said import duration, said


def turn_taking_config(spec: TurnTakingSpec) -> dict[str, Any]:
    """What the spec says, in the gateway's terms."""
    barge_in = spec.barge_in or BargeInSpec()
    return said(
        voice_activity=spec.voice_activity,
        end_of_turn=spec.end_of_turn,
        end_of_speech_silence=duration(spec.end_of_speech_silence),
        complete_silence=duration(spec.complete_silence),
        incomplete_silence=duration(spec.incomplete_silence),
        transcript_timeout=duration(spec.transcript_timeout),
        speech_timeout=duration(spec.speech_timeout),
        keypad_pause=duration(spec.keypad_pause),
        preemptive=spec.preemptive,
        barge_in=barge_in.mode,
        min_speech_duration=duration(barge_in.min_speech_duration),
        backchannels=list(barge_in.backchannels) if barge_in.backchannels is not None else None,
        backchannel_pause=duration(barge_in.backchannel_pause),
        answer_window=duration(barge_in.answer_window),
        false_interruption_timeout=duration(barge_in.false_interruption_timeout),
        echo_tail=duration(barge_in.echo_tail),
        stutter_window=duration(barge_in.stutter_window),
        unheard_speech=duration(barge_in.unheard_speech),
        longest_silence=duration(spec.longest_silence),
        farewell_timeout=duration(spec.farewell_timeout),
        idle_answer_time=duration(spec.idle_answer_time),
    )

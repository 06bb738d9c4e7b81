"""`spec.turnTaking`: who may speak when."""

from __future__ import annotations

from tests.operator.fields.row import Row, below, table

ROWS = below(
    "spec.turnTaking",
    table(
        Row("voiceActivity", "Energy", {"config turn_taking.voice_activity": "Energy"}),
        Row("endOfTurn", "Silence", {"config turn_taking.end_of_turn": "Silence"}),
        Row("endOfSpeechSilence", "2s", {"config turn_taking.end_of_speech_silence": 2.0}),
        Row("completeSilence", "2s", {"config turn_taking.complete_silence": 2.0}),
        Row("incompleteSilence", "2s", {"config turn_taking.incomplete_silence": 2.0}),
        Row("transcriptTimeout", "2s", {"config turn_taking.transcript_timeout": 2.0}),
        Row("speechTimeout", "2s", {"config turn_taking.speech_timeout": 2.0}),
        Row("keypadPause", "2s", {"config turn_taking.keypad_pause": 2.0}),
        Row("preemptive", False, {"config turn_taking.preemptive": False}),
        Row("bargeIn.mode", "Disabled", {"config turn_taking.barge_in": "Disabled"}),
        Row("bargeIn.backchannels", ["aha"], {"config turn_taking.backchannels": ["aha"]}),
        Row("bargeIn.minSpeechDuration", "2s", {"config turn_taking.min_speech_duration": 2.0}),
        Row("bargeIn.backchannelPause", "2s", {"config turn_taking.backchannel_pause": 2.0}),
        Row("bargeIn.answerWindow", "2s", {"config turn_taking.answer_window": 2.0}),
        Row("bargeIn.falseInterruptionTimeout", "2s", {"config turn_taking.false_interruption_timeout": 2.0}),
        Row("bargeIn.echoTail", "2s", {"config turn_taking.echo_tail": 2.0}),
        Row("bargeIn.stutterWindow", "2s", {"config turn_taking.stutter_window": 2.0}),
        Row("bargeIn.unheardSpeech", "2s", {"config turn_taking.unheard_speech": 2.0}),
        Row("longestSilence", "12s", {"config turn_taking.longest_silence": 12.0}),
        Row("idleAnswerTime", "12s", {"config turn_taking.idle_answer_time": 12.0}),
        Row("farewellTimeout", "12s", {"config turn_taking.farewell_timeout": 12.0}),
    ),
)

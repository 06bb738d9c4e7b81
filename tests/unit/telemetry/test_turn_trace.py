"""What is drawn of a turn, from what a session reports of it (G14)."""

from __future__ import annotations

from dataclasses import dataclass, field

from parley_gateway.conversation.events import EndReason, FailureKind, Stage
from parley_gateway.conversation.history import ToolStatus
from parley_gateway.conversation.notices import ReplyStatus
from parley_gateway.ports import Unit, Usage
from parley_gateway.session.observer import Latency, Milestone
from parley_gateway.telemetry.turn_trace import Span, TurnTraces


@dataclass
class Told:
    """A session's reports at times that the test gives, and what is drawn of them."""

    now: float = 0.0
    turns: list[Span] = field(default_factory=list)
    ended: list[EndReason] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.traces = TurnTraces(clock=lambda: self.now, on_turn=self.turns.append, on_ended=self.ended.append)

    def at(self, now: float, milestone: Milestone, *, reply: int = 1, ago_s: float = 0.0) -> None:
        self.now = now
        self.traces.reached(milestone, reply=reply, ago_s=ago_s)

    def over(self, now: float, *, reply: int = 1, status: ReplyStatus = ReplyStatus.COMPLETED) -> Span:
        self.now = now
        self.traces.reply_over(reply, status)
        return self.turns[-1]

    def spoken_turn(self) -> None:
        self.at(1.2, Milestone.CALLER_SPEAKS, reply=0, ago_s=0.2)
        self.at(3.0, Milestone.TURN_ENDED)
        self.at(3.0, Milestone.MODEL_ASKED)
        self.at(3.3, Milestone.TEXT)
        self.at(3.4, Milestone.VOICE_ASKED)
        self.at(3.5, Milestone.SPEECH)
        self.at(3.5, Milestone.PLAYING)
        self.at(3.6, Milestone.TEXT_ENDED)
        self.at(4.0, Milestone.SPEECH_ENDED)


def times(span: Span) -> dict[str, tuple[float, float]]:
    return {part.name: (part.began_at, part.ended_at) for part in span.parts}


def test_a_turn_is_drawn_from_the_callers_first_sound_to_the_answers_last() -> None:
    told = Told()
    told.spoken_turn()
    turn = told.over(6.0)
    assert (turn.name, turn.began_at, turn.ended_at) == ("turn", 1.0, 6.0)
    assert times(turn) == {"stt": (1.0, 3.0), "llm": (3.0, 3.6), "tts": (3.4, 4.0), "playout": (3.5, 6.0)}
    assert [moment.at for moment in turn.parts[1].moments] == [3.3]


def test_a_greeting_has_neither_a_caller_nor_a_model() -> None:
    told = Told()
    told.at(0.1, Milestone.VOICE_ASKED)
    told.at(0.2, Milestone.PLAYING)
    assert set(times(told.over(1.0))) == {"tts", "playout"}


def test_what_did_not_come_to_its_end_ends_with_the_turn() -> None:
    told = Told()
    told.at(1.0, Milestone.TURN_ENDED)
    told.at(1.0, Milestone.MODEL_ASKED)
    told.now = 1.5
    told.traces.provider_failed(Stage.LLM, FailureKind.CUT)
    turn = told.over(2.0, status=ReplyStatus.FAILED)
    assert times(turn) == {"llm": (1.0, 2.0)}
    assert (turn.failed, turn.parts[0].failed) == (True, True)


def test_a_draft_that_was_thrown_away_is_in_nobodys_turn() -> None:
    told = Told()
    told.at(1.0, Milestone.MODEL_ASKED, reply=1)
    told.at(1.1, Milestone.TEXT, reply=1)
    told.at(5.0, Milestone.TURN_ENDED, reply=2)
    told.at(5.0, Milestone.MODEL_ASKED, reply=2)
    assert told.over(6.0, reply=2).began_at == 5.0
    assert told.over(7.0, reply=1).parts == ()


def test_the_model_is_shown_once_with_all_its_rounds_and_tools_beside_it() -> None:
    told = Told()
    told.at(1.0, Milestone.MODEL_ASKED)
    told.at(1.2, Milestone.TEXT_ENDED)
    told.now = 2.0
    told.traces.tool_over("book", ToolStatus.UNKNOWN, 0.7)
    told.at(2.0, Milestone.MODEL_ASKED)
    told.at(2.4, Milestone.TEXT_ENDED)
    turn = told.over(3.0)
    assert times(turn) == {"llm": (1.0, 2.4), "tool": (1.3, 2.0)}
    assert turn.parts[1].failed


def test_usage_and_latencies_belong_to_the_turn_in_which_they_were_told() -> None:
    told = Told()
    told.spoken_turn()
    for amount in (2.0, 3.0):
        told.traces.used(Usage(Stage.TTS, "OpenAI", "tts-1", {Unit.CHARACTERS: amount}))
    told.traces.latency(Latency.PARTIAL_ASR, 0.1)
    told.traces.latency(Latency.PARTIAL_ASR, 0.05)
    turn = told.over(6.0)
    (tts,) = [part for part in turn.parts if part.name == "tts"]
    assert tts.attributes == {
        "parley.provider": "OpenAI",
        "parley.model": "tts-1",
        "parley.usage.characters": 5.0,
    }
    assert turn.attributes["parley.latency.partial_asr"] == 0.1
    told.spoken_turn()
    assert "parley.latency.partial_asr" not in told.over(9.0).attributes


def test_a_session_ends_with_its_reason() -> None:
    told = Told()
    told.traces.session_ended(EndReason.IDLE, 12.0)
    assert told.ended == [EndReason.IDLE]

"""The part of the gateway's configuration that a session lives by; it keeps what it began with."""

from __future__ import annotations

from dataclasses import dataclass, field

from parley_contract.agent import AgentText
from parley_contract.config import GatewayConfig
from parley_contract.limits import LimitsConfig
from parley_contract.pipeline import DeadlinesConfig
from parley_contract.turn_taking import TurnTakingConfig
from parley_gateway.conversation.phrases import Phrases
from parley_gateway.conversation.policy import Policy, TurnsEndBy
from parley_gateway.conversation.timings import Timings

_TURNS_END_BY = {
    "Provider": TurnsEndBy.PROVIDER,
    "Silence": TurnsEndBy.SILENCE,
    "Semantic": TurnsEndBy.SEMANTIC,
}
_TOOL_MARGIN_S = 5.0
"""Between the deadline of a tool, of a session's call of it, and of the core that awaits the result."""


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """Bounds and timings of one session."""

    limits: LimitsConfig = field(default_factory=LimitsConfig)
    turn_taking: TurnTakingConfig = field(default_factory=TurnTakingConfig)
    deadlines: DeadlinesConfig = field(default_factory=DeadlinesConfig)
    models: int = 1
    """How many may be asked for one answer: the first, and those that take its place."""
    voices: int = 1
    tool_timeout_s: float = 0.0
    """Of the slowest tool; 0 where there is none."""

    @classmethod
    def of(cls, config: GatewayConfig) -> SessionConfig:
        """What `config` says about sessions."""
        return cls(
            limits=config.limits,
            turn_taking=config.turn_taking,
            deadlines=config.deadlines,
            models=1 + len(config.pipeline.llm_fallbacks),
            voices=1 + len(config.pipeline.tts_fallbacks),
            tool_timeout_s=max((tool.timeout for tool in config.tools), default=0.0),
        )

    @property
    def tool_s(self) -> float:
        """A call's deadline: one repetition of an idempotent one fits in."""
        return 2 * self.tool_timeout_s + _TOOL_MARGIN_S

    @property
    def timings(self) -> Timings:
        """The same in the core's own terms."""
        turn_taking = self.turn_taking
        tool_s = self.tool_s + _TOOL_MARGIN_S
        return Timings(
            session_s=self.limits.session_duration,
            idle_s=self.limits.idle_timeout,
            idle_answer_s=turn_taking.idle_answer_time,
            end_of_speech_s=turn_taking.end_of_speech_silence,
            complete_s=turn_taking.complete_silence,
            incomplete_s=turn_taking.incomplete_silence,
            transcript_s=turn_taking.transcript_timeout,
            endless_speech_s=turn_taking.speech_timeout,
            keys_s=turn_taking.keypad_pause,
            min_speech_s=turn_taking.min_speech_duration,
            false_interruption_s=turn_taking.false_interruption_timeout,
            backchannel_s=turn_taking.backchannel_pause,
            nearly_over_s=turn_taking.answer_window,
            echo_lag_s=turn_taking.echo_tail,
            stutter_s=turn_taking.stutter_window,
            unheard_start_s=turn_taking.unheard_speech,
            reply_stall_s=self._stall_s,
            tool_s=tool_s,
            silence_s=max(turn_taking.longest_silence, tool_s if self.tool_timeout_s else 0.0),
            farewell_s=turn_taking.farewell_timeout,
        )

    def policy(self, agent: AgentText) -> Policy:
        """The choices of turn-taking, for an agent that speaks a language."""
        turn_taking = self.turn_taking
        chosen = turn_taking.backchannels
        return Policy(
            turns_end_by=_TURNS_END_BY[turn_taking.end_of_turn],
            barge_in=turn_taking.barge_in == "Enabled",
            preemptive=turn_taking.preemptive,
            language=agent.language,
            backchannels=None if chosen is None else tuple(chosen),
        )

    @property
    def _stall_s(self) -> float:
        """All of them, each as slow as it may be, one after the other: more is beyond their own deadlines."""
        llm, tts = self.deadlines.of("llm"), self.deadlines.of("tts")
        pause = max(llm.between_bytes, tts.between_bytes)
        return self.models * llm.to_begin + self.voices * tts.to_begin + pause


def phrases(agent: AgentText) -> Phrases:
    """What the agent says by itself, in the core's own terms."""
    said = agent.phrases
    return Phrases(apology=said.apology, still_there=said.still_there, goodbye=said.goodbye)

"""The part of the gateway's configuration that a session lives by; it keeps what it began with."""

from __future__ import annotations

from dataclasses import dataclass, field

from parley_contract.config import GatewayConfig
from parley_contract.limits import LimitsConfig
from parley_contract.pipeline import DeadlinesConfig
from parley_contract.turn_taking import TurnTakingConfig
from parley_gateway.conversation.timings import Timings


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """Bounds and timings of one session."""

    limits: LimitsConfig = field(default_factory=LimitsConfig)
    turn_taking: TurnTakingConfig = field(default_factory=TurnTakingConfig)
    deadlines: DeadlinesConfig = field(default_factory=DeadlinesConfig)

    @classmethod
    def of(cls, config: GatewayConfig) -> SessionConfig:
        """What `config` says about sessions."""
        return cls(limits=config.limits, turn_taking=config.turn_taking, deadlines=config.deadlines)

    @property
    def timings(self) -> Timings:
        """The same in the core's own terms."""
        return Timings(
            session_s=self.limits.session_duration,
            idle_s=self.limits.idle_timeout,
            min_speech_s=self.turn_taking.min_speech_duration,
            end_of_speech_s=self.turn_taking.end_of_speech_silence,
            transcript_s=self.turn_taking.transcript_timeout,
            reply_stall_s=self._reply_stall_s,
        )

    @property
    def _reply_stall_s(self) -> float:
        """Model and voice, each as slow as it may be, one after the other: more is beyond their own deadlines."""
        stage = self.deadlines.connect + self.deadlines.first_byte
        return 2 * stage + self.deadlines.between_bytes

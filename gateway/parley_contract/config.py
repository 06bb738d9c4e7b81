"""GatewayConfig: everything that one gateway process is told, as the operator writes it and the gateway reads it.

The operator serialises with `exclude_unset`, so that a new default in a later release never changes the bytes
of an existing deployment. Secrets are never in here: the config names files that hold them. All durations are
seconds, all sizes bytes.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from parley_contract.access import AuthConfig
from parley_contract.agent import AgentConfig, ToolConfig
from parley_contract.base import ConfigModel, LogLevel, Seconds
from parley_contract.limits import LimitsConfig, RedisConfig
from parley_contract.observability import ObservabilityConfig
from parley_contract.pipeline import DeadlinesConfig, PipelineConfig
from parley_contract.protocols import NativeProtocolConfig, ProtocolConfig
from parley_contract.records import RecordingsConfig, RecordsConfig, StripeConfig
from parley_contract.turn_taking import TurnTakingConfig


class DrainConfig(ConfigModel):
    """What happens between SIGTERM and the end."""

    timeout: Seconds = 1800.0
    """How long sessions may go on after SIGTERM."""


class GatewayConfig(ConfigModel):
    """One gateway process."""

    schema_version: Literal[1] = 1
    name: str = Field(default="parley", max_length=253)
    """The VoiceDeployment's name, for logs and metrics."""
    namespace: str = Field(default="", max_length=253)
    port: int = Field(default=8080, ge=1, le=65_535)
    agent: AgentConfig
    tools: list[ToolConfig] = Field(default=[], max_length=64)
    pipeline: PipelineConfig
    protocols: list[ProtocolConfig] = Field(default=[NativeProtocolConfig()], min_length=1, max_length=8)
    auth: AuthConfig = AuthConfig()
    limits: LimitsConfig = LimitsConfig()
    turn_taking: TurnTakingConfig = TurnTakingConfig()
    deadlines: DeadlinesConfig = DeadlinesConfig()
    redis: RedisConfig | None = None
    records: RecordsConfig | None = None
    recordings: RecordingsConfig | None = None
    stripe: StripeConfig | None = None
    observability: ObservabilityConfig = ObservabilityConfig()
    drain: DrainConfig = DrainConfig()
    log_level: LogLevel = "Info"
    """Least severity that is logged, where the agent's file says nothing else."""

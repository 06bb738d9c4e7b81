"""Bounds of a session, a user, a process and a deployment, in time, number and money."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from parley_contract.base import ConfigModel, FilePath, Seconds

Money = Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=6)]
Unit = Literal[
    "audio_seconds",
    "characters",
    "input_tokens",
    "cached_input_tokens",
    "cache_write_input_tokens",
    "output_tokens",
    "audio_output_tokens",
]


class Price(ConfigModel):
    """What a provider takes for one unit of a model, instead of what the price list says."""

    provider: str
    model: str
    """With or without the date of a snapshot; one that ends in `*` is a family."""
    unit: Unit
    price: Annotated[Decimal, Field(ge=0)]
    """Of `per` units, in the deployment's currency."""
    per: int = Field(default=1, ge=1)
    since: date | None = None


class CostLimits(ConfigModel):
    """Money. A session that reaches a bound is told, and ended."""

    currency: Literal["USD"] = "USD"
    per_session: Money | None = Decimal(5)
    per_user_per_day: Money | None = None
    per_day: Money | None = None
    """Of the deployment."""
    warn_at_percent: int = Field(default=80, ge=1, le=100)
    prices: list[Price] = Field(default=[], max_length=256)


class LimitsConfig(ConfigModel):
    """Bounds of one session and of one process."""

    session_duration: Seconds = 1800.0
    idle_timeout: Seconds = 300.0
    """Without speech or text from the caller or speech of the agent."""
    sessions_per_pod: int = Field(default=100, ge=1, le=10_000)
    """That talk at a time."""
    connections_per_pod: int = Field(default=1000, ge=1, le=100_000)
    frame_bytes: int = Field(default=65_536, ge=1024, le=1_048_576)
    """Largest WebSocket message a client may send."""
    messages_per_second: int = Field(default=50, ge=1, le=10_000)
    """Control messages of one client; audio has a bound of its own."""
    sessions_per_user: int | None = Field(default=3, ge=1, le=10_000)
    """Across all pods where there is Redis, else in each pod. Users are told apart by what they authenticate with;
    holders of one static token, and anonymous clients, are not told apart and not bounded."""
    cost: CostLimits = CostLimits()


class RedisConfig(ConfigModel):
    """What all pods share."""

    url_file: FilePath
    """A file with redis:// or rediss://."""
    when_away: Literal["Allow", "Refuse"] = "Allow"
    """Whether new sessions are let in, bounded by each pod alone, while Redis cannot be reached."""

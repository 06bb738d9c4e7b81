"""Providers in a row, in virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from parley_gateway.conversation.events import Stage
from parley_gateway.providers.resilience.breaker import Breaker
from parley_gateway.providers.resilience.lineup import Lineup, Warmable
from parley_gateway.providers.resilience.member import Member
from parley_gateway.providers.resilience.observer import Unwatched

P = TypeVar("P", bound=Warmable)
PATIENCE_S = 15.0


def lineup(stage: Stage, providers: Sequence[P], *, breaker_failures: int = 100) -> Lineup[P]:
    """They are asked in this order, each once more after a failure, and never probed."""

    async def probe(_: P) -> None:
        raise AssertionError("nobody is left alone here")

    members = [
        Member(
            stage=stage,
            name=f"number {number}",
            provider=provider,
            breaker=Breaker(breaker_failures, 10.0),
            observer=Unwatched(),
        )
        for number, provider in enumerate(providers)
    ]
    return Lineup(members, probe=probe, retries=1, patience_s=PATIENCE_S, jitter=lambda: 0.5)


class Provider:
    """What all stages' have in common."""

    async def warm(self) -> None:
        """It always is."""

    async def aclose(self) -> None:
        """There is nothing to let go of."""

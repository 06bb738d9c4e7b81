"""Rows of sessions, and what they need to be kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from parley_gateway.conversation.events import Stage
from parley_gateway.ports import Unit
from parley_gateway.records.row import Said, SessionRow, UsageLine

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def row(name: str, **changes: Any) -> SessionRow:
    """A minute of talk, unless said otherwise."""
    line = UsageLine(
        stage=Stage.LLM,
        provider="Anthropic",
        model="claude-haiku-4-5",
        unit=Unit.OUTPUT_TOKENS,
        amount=Decimal(2000),
        cost=Decimal("0.01"),
        estimated=False,
    )
    content = {
        "id": name,
        "namespace": "ns",
        "deployment": "voice",
        "tenant": "acme",
        "user": "anna",
        "started_at": NOON,
        "ended_at": NOON + timedelta(minutes=1),
        "reason": "client_ended",
        "currency": "USD",
        "cost": Decimal("0.0143"),
        "costs": {Stage.STT: Decimal("0.0043"), Stage.LLM: Decimal("0.01"), Stage.TTS: Decimal(0)},
        "amounts": {Unit.OUTPUT_TOKENS: Decimal(2000), Unit.AUDIO_SECONDS: Decimal(60)},
        "usage": (line,),
        "prices_unknown": False,
        "transcript": None,
        **changes,
    }
    return SessionRow(**content)


def item(name: str, **changes: Any) -> tuple[str, bytes]:
    """As it waits in a queue."""
    return name, row(name, **changes).model_dump_json().encode()


SAID = (Said(speaker="caller", text="Hello \u2028 'there'", interrupted=False),)

"""What is kept of one session, in the form in which it waits on disk."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from parley_gateway.conversation.events import Stage
from parley_gateway.conversation.history import HistoryItem, Utterance
from parley_gateway.money.account import CURRENCY, SessionAccount
from parley_gateway.money.ledger import Line, by_stage, by_unit
from parley_gateway.ports import Unit

INTERRUPTED = "interrupted"
"""The reason of a session whose process was killed; any other is final."""


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True)


class UsageLine(_Kept):
    """What was used of one model in one unit at one price."""

    stage: Stage
    provider: str
    model: str
    unit: Unit
    amount: Decimal
    cost: Decimal | None
    estimated: bool


class Said(_Kept):
    """One thing said by one side: of the agent's, what the caller heard."""

    speaker: str
    text: str
    interrupted: bool


class SessionRow(_Kept):
    """One session."""

    id: str
    namespace: str
    deployment: str
    tenant: str
    user: str | None
    started_at: datetime
    ended_at: datetime
    reason: str
    currency: str
    cost: Decimal
    costs: dict[Stage, Decimal]
    amounts: dict[Unit, Decimal]
    usage: tuple[UsageLine, ...]
    prices_unknown: bool
    transcript: tuple[Said, ...] | None = None


def row_of(
    account: SessionAccount,
    *,
    namespace: str,
    deployment: str,
    reason: str,
    ended_at: datetime,
    with_transcript: bool,
) -> SessionRow:
    """What is known of a session now."""
    lines = account.ledger.lines
    return SessionRow(
        id=account.id,
        namespace=namespace,
        deployment=deployment,
        tenant=_storable(account.subject.tenant),
        user=_storable(account.subject.user) if account.subject.user is not None else None,
        started_at=account.started_at,
        ended_at=max(ended_at, account.started_at),
        reason=reason,
        currency=CURRENCY,
        cost=account.ledger.total,
        costs=by_stage(lines),
        amounts=by_unit(lines),
        usage=tuple(map(_usage, lines)),
        prices_unknown=account.ledger.prices_unknown,
        transcript=_transcript(account.history) if with_transcript else None,
    )


def _usage(line: Line) -> UsageLine:
    return UsageLine(
        stage=line.stage,
        provider=line.provider,
        model=line.model,
        unit=line.unit,
        amount=line.amount,
        cost=line.cost,
        estimated=line.estimated,
    )


def _transcript(history: tuple[HistoryItem, ...]) -> tuple[Said, ...]:
    """What was said, without what tools were asked and answered."""
    return tuple(
        Said(speaker=item.speaker.value, text=_storable(item.text), interrupted=item.interrupted)
        for item in history
        if isinstance(item, Utterance)
    )


def _storable(text: str) -> str:
    """PostgreSQL takes every character but this one, and no half of a pair."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")

"""Sessions' costs as Stripe's meter events, by the official SDK.

The event's identifier is the session's: Stripe takes it once within a day at least, so that a retry is not billed
twice. What Stripe takes, it checks later: whatever it could not make use of is told by a webhook.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import stripe
from stripe.params.billing import MeterEventCreateParams

from parley_contract.records import StripeConfig
from parley_gateway.records.row import SessionRow
from parley_gateway.records.sender import DestinationError, Outcome
from parley_gateway.records.stripe_account import CALL_S, StripeAccount

AT_ONCE = 8
"""Events on their way at a time; Stripe takes 1,000 in a second."""
OLDEST = timedelta(days=34)
"""Stripe takes no event from before 35 days."""
_CENTS = Decimal(100)
_DECIMALS = Decimal("1e-6")
"""Of a cent."""


class StripeMeter:
    """Implements `sender.Destination`."""

    name = "stripe"

    def __init__(self, account: StripeAccount, config: StripeConfig) -> None:
        self._account = account
        self._config = config

    async def send(self, items: Sequence[tuple[str, bytes]]) -> Outcome:
        """A few at a time. What nobody is to be billed for has arrived already."""
        client = self._account.client()
        gate = asyncio.Semaphore(AT_ONCE)
        arrived: list[str] = []
        refused: list[str] = []

        async def one(name: str, data: bytes) -> None:
            async with gate:
                (arrived if await self._send(client, data) else refused).append(name)

        sending = [asyncio.create_task(one(name, data)) for name, data in items]
        done = await asyncio.gather(*sending, return_exceptions=True)
        failures = [error for error in done if isinstance(error, BaseException)]
        if not arrived and not refused and failures:
            raise failures[0]
        return Outcome(arrived, refused)

    async def _send(self, client: stripe.StripeClient, data: bytes) -> bool:
        """Whether it was taken; False where it never will be. Raises DestinationError."""
        try:
            row = SessionRow.model_validate_json(data)
        except ValueError:
            return False
        customer = row.user if self._config.customer_claim == "user" else row.tenant
        if not customer or row.cost <= 0:
            return True
        if row.ended_at < datetime.now(UTC) - OLDEST:
            return False
        try:
            async with asyncio.timeout(CALL_S):
                await client.v1.billing.meter_events.create_async(_event(row, customer, self._config))
        except stripe.InvalidRequestError as error:
            if _is_ours(error):
                raise DestinationError(
                    f"{type(error).__name__}: meter_event_name is not that of a meter"
                ) from None
            return _has_it_already(error)
        except (stripe.StripeError, OSError, TimeoutError) as error:
            raise DestinationError(type(error).__name__) from None
        return True

    async def upkeep(self) -> None:
        """None is needed."""

    def hang_up(self) -> None:
        """Requests are cancelled at once; there is no more to be done."""

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._account.aclose()


def _event(row: SessionRow, customer: str, config: StripeConfig) -> MeterEventCreateParams:
    """Of an interrupted session what was known of it is billed; Stripe takes nothing later in its place."""
    return {
        "event_name": config.meter_event_name,
        "identifier": row.id,
        "timestamp": int(row.ended_at.timestamp()),
        "payload": {"value": meter_value(row.cost), "stripe_customer_id": customer},
    }


def meter_value(dollars: Decimal) -> str:
    """Cents, as a number that Stripe takes: up to 15 digits, without an exponent."""
    return f"{(dollars * _CENTS).quantize(_DECIMALS).normalize():f}"


def _is_ours(error: stripe.InvalidRequestError) -> bool:
    """Whether the configuration is wrong rather than the event: events wait until it is right."""
    return error.param == "event_name" or "no active meter" in str(error.user_message or "").lower()


def _has_it_already(error: stripe.InvalidRequestError) -> bool:
    """An identifier that Stripe has seen has arrived; any other bad request stays one."""
    return "identifier" in str(error.user_message or "") and "already" in str(error.user_message)

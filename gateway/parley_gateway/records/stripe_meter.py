"""Sessions' costs as Stripe's meter events, by the official SDK.

The event's identifier is the session's: Stripe takes it once within a day at least, so that a retry is not billed
twice. What Stripe takes, it checks later: whatever it could not make use of is told by a webhook.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import stripe
from stripe.params.billing import MeterEventCreateParams

from parley_contract.records import StripeConfig
from parley_gateway.files import WatchedFile
from parley_gateway.records.row import SessionRow
from parley_gateway.records.sender import DestinationError, Outcome

_logger = logging.getLogger(__name__)

CALL_S = 15.0
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

    def __init__(self, config: StripeConfig) -> None:
        """Raises OSError or ValueError where there is no key; nothing is connected yet."""
        self._config = config
        self._key_file = WatchedFile(config.api_key_file)
        self._key = ""
        self._http = stripe.HTTPXClient(timeout=CALL_S)
        self._client: stripe.StripeClient | None = None
        self._current()

    async def send(self, items: Sequence[tuple[str, bytes]]) -> Outcome:
        """A few at a time. What nobody is to be billed for has arrived already."""
        client = self._current()
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
        await self._http.close_async()  # type: ignore[no-untyped-call]

    def _current(self) -> stripe.StripeClient:
        """With the key that is in the file now. A key that cannot be read now leaves the last one in use."""
        try:
            key = self._key_file.text().strip()
        except (OSError, ValueError):
            if self._client is None:
                raise
            _logger.warning("the key of Stripe cannot be read; the last one stays in use")
            return self._client
        if key != self._key or self._client is None:
            if not key:
                raise ValueError("the file is empty")
            self._key = key
            self._client = stripe.StripeClient(
                key,
                http_client=self._http,
                max_network_retries=0,
                base_addresses={"api": self._config.base_url} if self._config.base_url else {},
            )
        return self._client


def _event(row: SessionRow, customer: str, config: StripeConfig) -> MeterEventCreateParams:
    """Of an interrupted session what was known of it is billed; Stripe takes nothing later in its place."""
    cents = (row.cost * _CENTS).quantize(_DECIMALS).normalize()
    return {
        "event_name": config.meter_event_name,
        "identifier": row.id,
        "timestamp": int(row.ended_at.timestamp()),
        "payload": {"value": f"{cents:f}", "stripe_customer_id": customer},
    }


def _is_ours(error: stripe.InvalidRequestError) -> bool:
    """Whether the configuration is wrong rather than the event: events wait until it is right."""
    return error.param == "event_name" or "no active meter" in str(error.user_message or "").lower()


def _has_it_already(error: stripe.InvalidRequestError) -> bool:
    """An identifier that Stripe has seen has arrived; any other bad request stays one."""
    return "identifier" in str(error.user_message or "") and "already" in str(error.user_message)

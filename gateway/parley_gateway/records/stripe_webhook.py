"""What Stripe tells: above all, which meter events it could not make use of, which is known only afterwards.

A message counts once its signature is right, it is young, and it was not seen before. It says that there is a
report, and Stripe is asked for what is in it. What it says is counted, logged and shown in /health; nobody's money
is changed by it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import stripe
from prometheus_client import CollectorRegistry, Counter

from parley_contract.records import StripeConfig
from parley_gateway.files import WatchedFile
from parley_gateway.records.stripe_account import StripeAccount

_logger = logging.getLogger(__name__)

TOLERANCE_S = 300
"""How old a message may be: Stripe's own advice."""
ASK_S = 5.0
"""For what is in a report: Stripe waits meanwhile."""
_CODES = 8
_REMEMBERED = 10_000
"""Messages, more than come in the tolerance."""
_ERROR_REPORTS = ("v1.billing.meter.error_report_triggered", "v1.billing.meter.no_meter_found")


class StripeWebhook:
    """One process's endpoint for them."""

    def __init__(
        self,
        config: StripeConfig,
        account: StripeAccount,
        *,
        secret_file: WatchedFile,
        registry: CollectorRegistry,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Raises OSError or ValueError for a secret that cannot be read."""
        self.path = config.webhook_path
        self._account = account
        self._secret_file = secret_file
        self._clock = clock
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._problem: tuple[str, float] | None = None
        self._count = Counter("voice_stripe_webhooks", "Messages of Stripe.", ["outcome"], registry=registry)
        secret_file.text()

    async def receive(self, body: bytes, signature: str | None) -> int:
        """The HTTP status of the answer: 400 for what is not Stripe's, 200 for all else."""
        event = self._verified(body, signature)
        if event is None:
            return self._done("rejected", 400)
        if self._is_old_news(str(event.get("id", ""))):
            return self._done("repeated", 200)
        if event.get("type") in _ERROR_REPORTS:
            await self._on_error_report(str(event.get("id", "")), str(event["type"]))
            return self._done("error_report", 200)
        return self._done("other", 200)

    def health(self) -> dict[str, Any]:
        """The last error report, for people."""
        if self._problem is None:
            return {}
        problem, at = self._problem
        return {"meterErrors": problem, "meterErrorsSecondsAgo": round(self._clock() - at, 1)}

    def _verified(self, body: bytes, signature: str | None) -> dict[str, Any] | None:
        """What it says, if it is Stripe's and young; with one of the secrets, so that they can be rotated."""
        for secret in self._secrets():
            try:
                stripe.WebhookSignature.verify_header(body, signature, secret, TOLERANCE_S)
                event = json.loads(body)
            except (stripe.SignatureVerificationError, ValueError):
                continue
            return event if isinstance(event, dict) else None
        return None

    def _is_old_news(self, name: str) -> bool:
        """Whether it was seen within the tolerance: an older one is not verified again."""
        now = self._clock()
        while self._seen and (
            next(iter(self._seen.values())) < now - TOLERANCE_S or len(self._seen) >= _REMEMBERED
        ):
            self._seen.popitem(last=False)
        if name in self._seen:
            return True
        self._seen[name] = now
        return False

    async def _on_error_report(self, name: str, kind: str) -> None:
        """Without an answer of Stripe's it is known at least that there is a report."""
        reason: dict[str, Any] = {}
        try:
            async with asyncio.timeout(ASK_S):
                event = await self._account.client().v2.core.events.retrieve_async(name)
            reason = event.to_dict().get("data", {}).get("reason", {})
        except (stripe.StripeError, OSError, TimeoutError, AttributeError) as error:
            _logger.warning("stripe's report could not be read", extra={"error": type(error).__name__})
        codes = _codes(reason)
        self._problem = (", ".join(codes) or kind, self._clock())
        count = reason.get("error_count")
        _logger.error(
            "stripe could not use meter events: see them in its dashboard",
            extra={"codes": codes, "events": count if isinstance(count, int) else None},
        )

    def _secrets(self) -> list[str]:
        """One in a line; none while they cannot be read, and Stripe sends again."""
        try:
            return [line.strip() for line in self._secret_file.text().splitlines() if line.strip()]
        except (OSError, ValueError):
            _logger.warning("the secret of stripe's webhook cannot be read")
            return []

    def _done(self, outcome: str, status: int) -> int:
        self._count.labels(outcome).inc()
        return status


def _codes(reason: dict[str, Any]) -> list[str]:
    """Kinds of errors; samples of them are left out, since they hold customers' names."""
    kinds = reason.get("error_types") or []
    return [str(kind.get("code"))[:64] for kind in kinds if isinstance(kind, dict)][:_CODES]

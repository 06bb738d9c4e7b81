"""The official client of Stripe, with the key that is in the file now."""

from __future__ import annotations

import logging

import stripe

from parley_contract.records import StripeConfig
from parley_gateway import trust
from parley_gateway.files import WatchedFile

# It would write an id of the machine into the home directory, and send it along.
stripe.enable_telemetry = False

_logger = logging.getLogger(__name__)

CALL_S = 15.0
"""For any request: nobody who talks waits for one."""


class StripeAccount:
    """Whoever is billed through it."""

    def __init__(self, config: StripeConfig) -> None:
        """Raises OSError or ValueError where there is no key; nothing is connected yet."""
        self._base_url = config.base_url
        self._key_file = WatchedFile(config.api_key_file)
        # Stripe's client trusts the certificates that it brings along, unless it is told of others.
        stripe.ca_bundle_path = trust.bundle() or stripe.ca_bundle_path
        self._http = stripe.HTTPXClient(timeout=CALL_S)
        self._key = self._read()
        self._client = self._built()

    def client(self) -> stripe.StripeClient:
        """With the key that is in the file now. A key that cannot be read now leaves the last one in use."""
        try:
            key = self._read()
        except (OSError, ValueError):
            _logger.warning("the key of stripe cannot be read; the last one stays in use")
            return self._client
        if key != self._key:
            self._key = key
            self._client = self._built()
        return self._client

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._http.close_async()  # type: ignore[no-untyped-call]

    def _read(self) -> str:
        key = self._key_file.text().strip()
        if not key:
            raise ValueError("the file is empty")
        return key

    def _built(self) -> stripe.StripeClient:
        """It does not try again by itself: the outbox does, later and later."""
        return stripe.StripeClient(
            self._key,
            http_client=self._http,
            max_network_retries=0,
            base_addresses={"api": self._base_url} if self._base_url else {},
        )

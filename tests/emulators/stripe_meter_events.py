"""Stripe's `/v1/billing/meter_events`: a form in, JSON out, each identifier taken once."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from tests.emulators.faults import FaultyBody
from tests.emulators.http import Exchange
from tests.emulators.scripted import HttpEmulator, RefusalError, Script, bearer

MAX_DIGITS = 15


class StripeMeterEventsScript(Script):
    """What it knows."""

    meters: list[str] = ["voice"]


class StripeMeterEvents(HttpEmulator[StripeMeterEventsScript]):
    """Meters that add up."""

    route = "/v1/billing/meter_events"

    def __init__(self, script: StripeMeterEventsScript) -> None:
        super().__init__(script)
        self.events: dict[str, dict[str, str]] = {}
        """By identifier."""

    def key(self, exchange: Exchange) -> str | None:
        return bearer(exchange)

    def _json(self, exchange: Exchange) -> Any:
        return dict(parse_qsl(exchange.body.decode()))

    def check(self, exchange: Exchange, body: Any) -> None:
        if body.get("event_name") not in self.script.meters:
            raise RefusalError(400, "invalid_request_error", "No active meter found for this event name")
        if not body.get("payload[stripe_customer_id]", "").startswith("cus_"):
            raise RefusalError(400, "invalid_request_error", "payload[stripe_customer_id]: no such customer")
        value = body.get("payload[value]", "")
        digits = value.replace(".", "", 1)
        if not digits.isdecimal() or len(digits.strip("0")) > MAX_DIGITS:
            raise RefusalError(400, "invalid_request_error", "payload[value]: no number that is taken")
        if body.get("identifier") in self.events:
            raise RefusalError(400, "invalid_request_error", "an event with this identifier already exists")

    async def reply(self, body: FaultyBody, request: Any, number: int) -> None:
        self.events[request["identifier"]] = request
        await body.start({"content-type": "application/json"})
        await body.write(
            b'{"object": "billing.meter_event", "identifier": "' + request["identifier"].encode() + b'"}'
        )
        await body.finish()

    def error(self, refusal: RefusalError) -> dict[str, Any]:
        return {"error": {"type": refusal.error_type, "message": refusal.message}}

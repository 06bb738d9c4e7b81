"""Stripe's meter events: a form in, JSON out, each identifier taken once; and reports of those it cannot use.

As the real one it checks the meter's name and the identifier at once, and all else later: an event of a customer
whom it does not know is taken with 200, and told of by a webhook.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from tests.emulators.faults import FaultyBody
from tests.emulators.http import Exchange
from tests.emulators.scripted import HttpEmulator, RefusalError, Script, bearer

MAX_DIGITS = 15
_EVENTS = "/v2/core/events/"


class StripeMeterEventsScript(Script):
    """What it knows."""

    meters: list[str] = ["voice"]


class StripeMeterEvents(HttpEmulator[StripeMeterEventsScript]):
    """Meters that add up."""

    route = "/v1/billing/meter_events"

    def __init__(self, script: StripeMeterEventsScript) -> None:
        super().__init__(script)
        self.events: dict[str, dict[str, str]] = {}
        """Those that are billed, by identifier."""
        self.unusable: dict[str, str] = {}
        """Those that were taken and are not billed: identifier and code."""
        self.reports: dict[str, list[str]] = {}
        """What can be asked for: codes by the event's id."""

    def serves(self, exchange: Exchange) -> bool:
        asked = exchange.method == "GET" and exchange.path.startswith(_EVENTS)
        return asked or super().serves(exchange)

    async def handle(self, exchange: Exchange) -> None:
        if exchange.method == "POST":
            await super().handle(exchange)
            return
        name = exchange.path.removeprefix(_EVENTS)
        if name in self.reports:
            await exchange.answer(200, _report(name, self.reports[name]))
        else:
            await exchange.answer(404, {"error": {"code": "not_found", "message": "no such event"}})

    def key(self, exchange: Exchange) -> str | None:
        return bearer(exchange)

    def _json(self, exchange: Exchange) -> Any:
        return dict(parse_qsl(exchange.body.decode()))

    def check(self, exchange: Exchange, body: Any) -> None:
        name, identifier = body.get("event_name"), body.get("identifier")
        if name not in self.script.meters:
            raise _invalid(f'No active meter found for event name "{name}".')
        if identifier in self.events or identifier in self.unusable:
            raise _invalid(f"An event already exists with identifier {identifier}.")

    async def reply(self, body: FaultyBody, request: Any, number: int) -> None:
        if (code := _unusable(request)) is not None:
            self.unusable[request["identifier"]] = code
        else:
            self.events[request["identifier"]] = request
        answer = {"object": "billing.meter_event", "identifier": request["identifier"]}
        await body.start({"content-type": "application/json"})
        await body.write(json.dumps(answer).encode())
        await body.finish()

    def error(self, refusal: RefusalError) -> dict[str, Any]:
        return {"error": {"type": refusal.error_type, "message": refusal.message}}


def notification(name: str, kind: str = "v1.billing.meter.error_report_triggered") -> bytes:
    """What a webhook is sent: that there is something, without what it is."""
    meter = {"id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1"}
    return json.dumps({"id": name, "object": "v2.core.event", "type": kind, "related_object": meter}).encode()


def signature(body: bytes, secret: str, *, at: float) -> str:
    """The header `Stripe-Signature`, by the SDK's own function."""
    # As long to load as all emulators together, and not there where they run in a cluster.
    import stripe

    made: str = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, timestamp=int(at))
    return made


def _unusable(request: dict[str, str]) -> str | None:
    if not request.get("payload[stripe_customer_id]", "").startswith("cus_"):
        return "meter_event_customer_not_found"
    digits = request.get("payload[value]", "").replace(".", "", 1)
    if not digits.isdecimal() or len(digits.strip("0")) > MAX_DIGITS:
        return "meter_event_invalid_value"
    return None


def _report(name: str, codes: list[str]) -> dict[str, Any]:
    samples = [{"error_message": "customer cus_secret", "request": {"identifier": "s1"}}]
    kinds = [{"code": code, "error_count": 1, "sample_errors": samples} for code in codes]
    reason = {"error_count": len(codes), "error_types": kinds}
    return {
        "id": name,
        "object": "v2.core.event",
        "type": "v1.billing.meter.error_report_triggered",
        "data": {"developer_message_summary": "There are invalid events", "reason": reason},
    }


def _invalid(message: str) -> RefusalError:
    return RefusalError(400, "invalid_request_error", message)

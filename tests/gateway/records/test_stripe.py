"""Sessions' costs at Stripe, by its official SDK: billed once, kept while it is away, and what it says later."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_contract.records import StripeConfig
from parley_gateway.configuration import ConfigurationError
from parley_gateway.gateway import Gateway
from parley_gateway.records.row import INTERRUPTED
from parley_gateway.records.sender import DestinationError
from parley_gateway.records.stripe_account import StripeAccount
from parley_gateway.records.stripe_meter import AT_ONCE, OLDEST, StripeMeter, meter_value
from tests.emulators.emulators import Emulators
from tests.emulators.faults import Fault
from tests.emulators.stripe_meter_events import MAX_DIGITS, StripeMeterEventsScript, notification, signature
from tests.gateway.records.rows import item as a_row
from tests.gateway.records.test_sessions import keep, talk
from tests.gateway.running import HOST, Served, Site, served
from tests.gateway.servers.postgres import Database

KEY = "sk_test_0123456789"
SECRET, OLD_SECRET = "whsec_new", "whsec_old"
PATH = "/v1/stripe/webhook"


def item(name: str, **changes: Any) -> tuple[str, bytes]:
    """A session that has just ended, of a customer whom Stripe knows."""
    now = datetime.now(UTC)
    return a_row(name, **{"tenant": "cus_acme", "started_at": now, "ended_at": now, **changes})


@asynccontextmanager
async def meter_of(emulators: Emulators, folder: Path, **changes: Any) -> AsyncIterator[StripeMeter]:
    key = folder / "stripe-key"
    key.write_text(f"{KEY}\n")
    settings = {"api_key_file": str(key), "meter_event_name": "voice", "base_url": emulators.url, **changes}
    config = StripeConfig.model_validate(settings)
    meter = StripeMeter(StripeAccount(config), config)
    try:
        yield meter
    finally:
        await meter.aclose()


def billed(emulators: Emulators) -> dict[str, str]:
    """Cents by session."""
    return {name: event["payload[value]"] for name, event in emulators.stripe.events.items()}


class TestMeterEvents:
    async def test_g07_a_session_is_an_event_of_its_cost_in_cents_at_its_end(
        self, emulators: Emulators, tmp_path: Path
    ) -> None:
        async with meter_of(emulators, tmp_path) as meter:
            name, data = item("s1")
            outcome = await meter.send([(name, data)])
        (event,) = emulators.stripe.events.values()
        assert outcome.arrived == ["s1"]
        assert event["identifier"] == "s1"
        assert event["payload[stripe_customer_id]"] == "cus_acme"
        assert event["payload[value]"] == "1.43"
        assert abs(int(event["timestamp"]) - time.time()) < 60

    async def test_g07_the_sdk_leaves_no_mark_on_the_machine(
        self, emulators: Emulators, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        monkeypatch.setattr("stripe._telemetry_id._loaded", False)
        async with meter_of(emulators, tmp_path) as meter:
            await meter.send([item("s1")])
        assert not (tmp_path / "config").exists()

    async def test_g07_the_customer_may_be_the_user(self, emulators: Emulators, tmp_path: Path) -> None:
        async with meter_of(emulators, tmp_path, customer_claim="user") as meter:
            await meter.send([item("s1", user="cus_anna"), item("s2", user=None)])
        assert list(billed(emulators)) == ["s1"]
        assert emulators.stripe.events["s1"]["payload[stripe_customer_id]"] == "cus_anna"

    async def test_g07_what_cost_nothing_is_nobodys_bill(self, emulators: Emulators, tmp_path: Path) -> None:
        async with meter_of(emulators, tmp_path) as meter:
            outcome = await meter.send([item("s1", cost=Decimal(0))])
        assert outcome.arrived == ["s1"]
        assert billed(emulators) == {}

    async def test_g07_a_session_that_is_told_again_is_billed_once(
        self, emulators: Emulators, tmp_path: Path
    ) -> None:
        async with meter_of(emulators, tmp_path) as meter:
            for reason in (INTERRUPTED, "client_ended"):
                assert (await meter.send([item("s1", reason=reason)])).arrived == ["s1"]
        assert billed(emulators) == {"s1": "1.43"}

    async def test_g07_many_are_told_a_few_at_a_time(self, emulators: Emulators, tmp_path: Path) -> None:
        async with meter_of(emulators, tmp_path) as meter:
            outcome = await meter.send([item(f"s{number}") for number in range(3 * AT_ONCE)])
        assert len(outcome.arrived) == len(billed(emulators)) == 3 * AT_ONCE

    async def test_g07_of_a_batch_what_arrived_is_said_and_the_rest_is_sent_again(
        self, emulators: Emulators, tmp_path: Path
    ) -> None:
        batch = [item("s1"), item("s2"), item("s3")]
        script = StripeMeterEventsScript(faults=[Fault(kind="refuse", status=500, times=1)])
        emulators.stripe.set_script(script)
        async with meter_of(emulators, tmp_path) as meter:
            first = await meter.send(batch)
            assert len(first.arrived) == 2
            await meter.send([one for one in batch if one[0] not in first.arrived])
        assert set(billed(emulators)) == {"s1", "s2", "s3"}

    @pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
    async def test_g07_while_stripe_does_not_take_it_it_is_kept(
        self, emulators: Emulators, tmp_path: Path, status: int
    ) -> None:
        emulators.stripe.set_script(StripeMeterEventsScript(faults=[Fault(kind="refuse", status=status)]))
        async with meter_of(emulators, tmp_path) as meter:
            with pytest.raises(DestinationError) as failed:
                await meter.send([item("s1")])
            assert KEY not in str(failed.value)
            await meter.send([item("s1")])
        assert billed(emulators) == {"s1": "1.43"}

    @pytest.mark.parametrize("kind", ["cut", "garbage"])
    async def test_g07_an_answer_that_is_none_is_no_answer(
        self, emulators: Emulators, tmp_path: Path, kind: Any
    ) -> None:
        """It may have been taken: told again, it is billed once."""
        emulators.stripe.set_script(StripeMeterEventsScript(faults=[Fault(kind=kind)]))
        async with meter_of(emulators, tmp_path) as meter:
            with pytest.raises(DestinationError):
                await meter.send([item("s1")])
            assert (await meter.send([item("s1")])).arrived == ["s1"]
        assert billed(emulators) == {"s1": "1.43"}

    async def test_g07_a_meter_that_is_missing_is_said_and_events_wait_for_it(
        self, emulators: Emulators, tmp_path: Path
    ) -> None:
        emulators.stripe.set_script(StripeMeterEventsScript(meters=[]))
        async with meter_of(emulators, tmp_path) as meter:
            with pytest.raises(DestinationError, match="meter_event_name"):
                await meter.send([item("s1")])
            emulators.stripe.set_script(StripeMeterEventsScript())
            await meter.send([item("s1")])
        assert list(billed(emulators)) == ["s1"]

    async def test_g07_what_stripe_will_never_take_is_put_aside(
        self, emulators: Emulators, tmp_path: Path
    ) -> None:
        old = datetime.now(UTC) - OLDEST - timedelta(minutes=1)
        async with meter_of(emulators, tmp_path) as meter:
            outcome = await meter.send([item("old", ended_at=old), ("broken", b"{}"), item("s1")])
        assert (set(outcome.refused), outcome.arrived) == ({"old", "broken"}, ["s1"])

    async def test_g07_a_rotated_key_is_used_at_once(self, emulators: Emulators, tmp_path: Path) -> None:
        emulators.stripe.set_script(StripeMeterEventsScript(keys=["sk_test_new"]))
        async with meter_of(emulators, tmp_path) as meter:
            with pytest.raises(DestinationError, match="AuthenticationError"):
                await meter.send([item("s1")])
            (tmp_path / "stripe-key").write_text("sk_test_new")
            await meter.send([item("s1")])
            (tmp_path / "stripe-key").unlink()
            await meter.send([item("s2")])
        assert set(billed(emulators)) == {"s1", "s2"}


@given(st.decimals(min_value="1e-12", max_value="999999.999999", places=12))
def test_g07_a_value_is_a_number_as_stripe_takes_it_and_as_exact(cost: Decimal) -> None:
    value = meter_value(cost)
    assert value.replace(".", "", 1).isdecimal()
    assert len(value.replace(".", "").strip("0")) <= MAX_DIGITS
    assert abs(Decimal(value) - cost * 100) <= Decimal("5e-7")


# --- a whole gateway ---


def bill(site: Site, emulators: Emulators, database: Database) -> None:
    keep(site, database)
    for name, content in (
        ("stripe-key", KEY),
        ("stripe-secret", f"{SECRET}\n{OLD_SECRET}\n"),
        ("acme", "acme-key"),
    ):
        (site.folder / name).write_text(content)
    site.settings["auth"] = {
        "api_keys": [{"name": "acme", "file": str(site.folder / "acme"), "tenant": "cus_acme"}],
    }
    site.settings["stripe"] = {
        "api_key_file": str(site.folder / "stripe-key"),
        "meter_event_name": "voice",
        "base_url": emulators.url,
        "webhook_secret_file": str(site.folder / "stripe-secret"),
    }


async def post(
    gateway: Served, body: bytes, *, secret: str = SECRET, age_s: float = 0, header: str | None = None
) -> int:
    """As Stripe does; the status of the answer."""
    signed = header if header is not None else signature(body, secret, at=time.time() - age_s)
    async with httpx.AsyncClient(trust_env=False) as client:
        url = f"http://{HOST}:{gateway.port}{PATH}"
        answer = await client.post(url, content=body, headers={"Stripe-Signature": signed} if signed else {})
    return answer.status_code


async def about_stripe(gateway: Served) -> dict[str, Any]:
    part: dict[str, Any] = (await gateway.get("/health")).json()["dependencies"]["stripe"]
    return part


class TestGateway:
    async def test_g07_a_conversation_is_billed_to_its_tenant(
        self, site: Site, emulators: Emulators, database: Database
    ) -> None:
        bill(site, emulators, database)
        async with served(site.config()) as gateway:
            await talk(gateway, token="acme-key")
            await gateway.until_metric('voice_records_written_total{destination="stripe"}', 1)
            await gateway.until_metric('voice_records_written_total{destination="database"}', 1)
        (row,) = database.rows("SELECT id, cost FROM voice_sessions")
        (event,) = emulators.stripe.events.values()
        assert event["identifier"] == row["id"]
        assert event["payload[stripe_customer_id]"] == "cus_acme"
        assert Decimal(event["payload[value]"]) == (row["cost"] * 100).quantize(Decimal("1e-6"))

    async def test_g07_stripe_away_holds_up_neither_sessions_nor_rows(
        self, site: Site, emulators: Emulators, database: Database
    ) -> None:
        bill(site, emulators, database)
        emulators.stripe.set_script(StripeMeterEventsScript(faults=[Fault(kind="refuse", status=500, times=1)]))
        async with served(site.config()) as gateway:
            await talk(gateway, token="acme-key")
            await gateway.until_metric('voice_records_written_total{destination="database"}', 1)
            await gateway.until_metric('voice_records_written_total{destination="stripe"}', 1)
        assert len(emulators.stripe.events) == 1

    async def test_g07_without_it_nothing_is_billed_and_there_is_no_webhook(self, gateway: Served) -> None:
        assert await post(gateway, notification("evt_1")) == 404

    async def test_g07_billing_needs_somewhere_to_wait(
        self, site: Site, emulators: Emulators, database: Database
    ) -> None:
        bill(site, emulators, database)
        del site.settings["records"]
        with pytest.raises(ConfigurationError, match="records"):
            Gateway(site.config())


class TestWebhook:
    async def test_g07_a_report_of_events_that_were_not_usable_is_asked_for_counted_and_shown(
        self, site: Site, emulators: Emulators, database: Database
    ) -> None:
        bill(site, emulators, database)
        emulators.stripe.reports["evt_1"] = ["meter_event_customer_not_found", "archived_meter"]
        async with served(site.config()) as gateway:
            assert await post(gateway, notification("evt_1")) == 200
            about = await about_stripe(gateway)
            assert about["meterErrors"] == "meter_event_customer_not_found, archived_meter"
            await gateway.until_metric('voice_stripe_webhooks_total{outcome="error_report"}', 1)

    async def test_g07_a_report_that_cannot_be_asked_for_is_still_said(
        self, site: Site, emulators: Emulators, database: Database
    ) -> None:
        bill(site, emulators, database)
        async with served(site.config()) as gateway:
            assert await post(gateway, notification("evt_9", "v1.billing.meter.no_meter_found")) == 200
            assert (await about_stripe(gateway))["meterErrors"] == "v1.billing.meter.no_meter_found"

    async def test_g07_only_what_stripe_has_signed_lately_counts_and_once(
        self, site: Site, emulators: Emulators, database: Database
    ) -> None:
        bill(site, emulators, database)
        body = notification("evt_1")
        async with served(site.config()) as gateway:
            assert await post(gateway, body, secret="whsec_wrong") == 400
            assert await post(gateway, body, age_s=301) == 400
            assert await post(gateway, body, header="") == 400
            assert await post(gateway, body, header="t=,v1=zz,=") == 400
            assert await post(gateway, b"\xff\xfe", header="t=1,v1=00") == 400
            assert await post(gateway, b"x" * 300_000) == 413
            assert "meterErrors" not in await about_stripe(gateway)
            assert await post(gateway, body, secret=OLD_SECRET) == 200
            assert await post(gateway, body) == 200
            await gateway.until_metric('voice_stripe_webhooks_total{outcome="rejected"}', 5)
            await gateway.until_metric('voice_stripe_webhooks_total{outcome="error_report"}', 1)
            await gateway.until_metric('voice_stripe_webhooks_total{outcome="repeated"}', 1)
            assert await post(gateway, notification("evt_2", "invoice.paid")) == 200
            await gateway.until_metric('voice_stripe_webhooks_total{outcome="other"}', 1)

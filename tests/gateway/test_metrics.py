"""What a gateway tells of itself in numbers: all of it is documented, and bounded (G14)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.gateway.calling import QUESTION, calling, raw
from tests.gateway.running import Served, Site, served

MONITORING = Path(__file__).parents[2] / "docs" / "monitoring.md"
WORD = re.compile(r"`(\w+)`")
OF_OTHERS = {
    "voice_redis_up",
    "voice_stripe_webhooks_total",
    "voice_budget_dollars",
    "voice_budget_spent_dollars",
    "voice_recordings_active",
    "voice_recordings_total",
}
"""Which only a gateway with Redis, Stripe, a daily budget or recordings has."""


def documented() -> dict[str, set[str]]:
    """The metrics in the tables of the prose, with their labels."""
    rows = re.findall(r"^\| (`voice_.*?) \| (.*?) \|", MONITORING.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: set(WORD.findall(labels)) for names, labels in rows for name in WORD.findall(names)}


async def exposed(gateway: Served) -> dict[str, set[str]]:
    """The metrics that Prometheus reads, with the labels of their series."""
    text = (await gateway.get("/metrics")).text
    families = dict(re.findall(r"^# TYPE (voice_\w+) (\w+)$", text, re.MULTILINE))
    found = {}
    for name in families:
        series = re.findall(rf"^{name}(?:_bucket|_sum|_count)?(?:{{(.*)}})? ", text, re.MULTILINE)
        found[name] = {label for labels in series for label in re.findall(r"(\w+)=", labels)} - {"le"}
    return {name: labels for name, labels in found.items() if not name.endswith("_created")}


async def test_g14_every_metric_is_documented_with_its_labels_and_no_other(gateway: Served) -> None:
    async with calling(gateway) as (_, conversation):
        await conversation.say(QUESTION)
    prose, told = documented(), await exposed(gateway)
    assert set(told) - set(prose) == set()
    assert set(prose) - set(told) <= OF_OTHERS
    assert {name: labels for name, labels in told.items() if not labels <= prose[name]} == {}


async def test_g14_every_span_is_documented(gateway: Served) -> None:
    text = (await gateway.get("/metrics")).text
    spans = set(re.findall(r'voice_latency_seconds_count{type="(\w+)"}', text))
    prose = MONITORING.read_text(encoding="utf-8")
    assert [span for span in spans if f"| `{span}` |" not in prose] == []


async def test_g14_the_parts_of_a_turn_add_up_to_what_the_caller_waits_for(gateway: Served) -> None:
    async with calling(gateway) as (_, conversation):
        await conversation.say(QUESTION)
    sums = {
        kind: await gateway.metric(f'voice_latency_seconds_sum{{type="{kind}"}}')
        for kind in ("endpointing", "first_token", "sentence", "synthesis", "playout", "response", "heard")
    }
    response, heard = sums.pop("response"), sums.pop("heard")
    assert sum(sums.values()) == pytest.approx(response)
    assert heard >= response, "what is handed to the client is heard by the caller a little later"


async def test_g14_the_summary_is_for_those_without_prometheus(gateway: Served) -> None:
    async with calling(gateway) as (_, conversation):
        await conversation.say(QUESTION)
        summary = (await gateway.get("/metrics/summary")).json()
        assert summary["sessions"]["active"] == 1
    assert summary["latencySeconds"]["response"]["count"] == 1
    assert set(summary["latencySeconds"]["response"]) == {"count", "p50", "p95", "p99"}
    assert set(summary["sla"]) >= {"first_token", "synthesis", "first_audio", "all"}
    await gateway.until_metric("voice_sessions_active", 0)
    ended = (await gateway.get("/metrics/summary")).json()
    assert ended["sessions"]["ended"] == {"client_gone": 1}
    assert ended["cost"]["perSession"]["count"] == 1
    assert float(ended["cost"]["total"]) > 0


async def test_g14_a_promise_that_is_not_kept_is_counted(site: Site) -> None:
    site.settings["observability"] = {"sla": {"first_token": 0.000_001, "first_audio": 30.0}}
    async with served(site.config()) as gateway:
        assert await gateway.metric("voice_sla_compliance") == 1
        async with calling(gateway) as (_, conversation):
            await conversation.say(QUESTION)
        await gateway.until_metric('voice_sla_turns_total{kept="false",promise="first_token"}', 1)
        await gateway.until_metric('voice_sla_turns_total{kept="true",promise="first_audio"}', 1)
        await gateway.until_metric('voice_sla_turns_total{kept="false",promise="all"}', 1)
        assert await gateway.metric("voice_sla_compliance") == 0


async def test_g14_tenants_beyond_the_bound_share_a_label(site: Site) -> None:
    names = ["ann", "bob", "cid"]
    for name in names:
        (site.folder / name).write_text(f"token of {name}")
    site.settings["auth"] = {"tokens": {"token_files": [str(site.folder / name) for name in names]}}
    site.settings["observability"] = {"max_tenants": 1}
    async with served(site.config()) as gateway:
        for name in [*names, names[0]]:
            async with raw(gateway, token=f"token of {name}", start=True) as client:
                await client.send('{"type":"session.end"}')
                await client.until_closed()
        await gateway.until_metric('voice_sessions_total{status="client_ended",tenant_id="ann"}', 2)
        await gateway.until_metric('voice_sessions_total{status="client_ended",tenant_id="other"}', 2)
        exposition = (await gateway.get("/metrics")).text
    assert set(re.findall(r'tenant_id="(\w+)"', exposition)) == {"ann", "other"}, "in no series"

"""What kubelet, Prometheus and people ask."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.emulators import Emulators
from tests.emulators.faults import Fault
from tests.gateway.calling import calling
from tests.gateway.running import Served, Site, served


async def test_g14_health_names_the_dependencies(gateway: Served) -> None:
    health = (await gateway.get("/health")).json()
    assert health["status"] == "ok"
    assert health["phase"] == "serving"
    stages = {name: health["dependencies"][name] for name in ("stt", "llm", "tts")}
    assert {name: (stage["provider"], stage["status"]) for name, stage in stages.items()} == {
        "stt": ("Deepgram", "ok"),
        "llm": ("Anthropic", "ok"),
        "tts": ("OpenAI", "ok"),
    }
    assert stages["llm"]["providers"] == [
        {"provider": "Anthropic", "breaker": "closed", "keys": 1, "keysAside": 0}
    ]
    assert health["dependencies"]["prices"]["status"] == "ok"


async def test_g14_a_provider_that_fails_is_named_and_the_process_stays_ready(
    gateway: Served, emulators: Emulators
) -> None:
    emulators.anthropic.set_script(AnthropicScript(faults=[Fault(kind="refuse", status=401, times=None)]))
    async with calling(gateway) as (_, conversation):
        turn = await conversation.type("hello?")
    assert turn.problem
    health = (await gateway.get("/health")).json()
    assert health["status"] == "degraded"
    assert health["dependencies"]["llm"]["status"] == "failing"
    assert health["dependencies"]["llm"]["problem"] == "refused"
    assert (await gateway.get("/readiness")).status_code == 200
    assert await gateway.metric('voice_provider_errors_total{kind="refused",stage="llm"}') >= 1


async def test_g14_a_provider_that_works_again_is_well_again(gateway: Served, emulators: Emulators) -> None:
    emulators.anthropic.set_script(AnthropicScript(faults=[Fault(kind="refuse", status=401)]))
    async with calling(gateway) as (_, conversation):
        await conversation.type("hello?")
        await conversation.type("hello again")
    assert (await gateway.get("/health")).json()["dependencies"]["llm"]["status"] == "ok"


async def test_liveness_and_metrics_answer(gateway: Served) -> None:
    assert (await gateway.get("/liveness")).json() == {"alive": True}
    metrics = await gateway.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    for name in ("voice_sessions_active", "voice_latency_seconds_bucket", "process_cpu_seconds_total"):
        assert name in metrics.text


async def test_g15_probes_have_further_paths_where_that_is_said(site: Site) -> None:
    site.settings["observability"] = {
        "aliases": {
            "health": ["/api/voice/health"],
            "readiness": ["/ready"],
            "liveness": ["/live"],
            "metrics": ["/m"],
        }
    }
    async with served(site.config()) as gateway:
        assert (await gateway.get("/api/voice/health")).json()["status"] == "ok"
        assert (await gateway.get("/ready")).json() == {"phase": "serving"}
        assert (await gateway.get("/live")).json() == {"alive": True}
        assert "voice_sessions_active" in (await gateway.get("/m")).text
        assert (await gateway.get("/health")).status_code == 200


async def unready(gateway: Served) -> dict[str, Any]:
    """The health of a gateway whose warming has failed, waiting for that."""
    async with asyncio.timeout(30):
        while (health := (await gateway.get("/health")).json())["status"] != "degraded":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert (await gateway.get("/liveness")).status_code == 200
    readiness = await gateway.get("/readiness")
    assert readiness.status_code == 503
    assert readiness.json()["phase"] == "warming"
    assert readiness.json()["waitingFor"]
    return dict(health["dependencies"])


async def test_a_gateway_whose_provider_is_unreachable_waits_unready_and_says_why(site: Site) -> None:
    site.emulators_url = "http://127.0.0.1:9"
    async with served(site.config(), wait=False) as gateway:
        assert "unreachable" in str(await unready(gateway))


async def test_o05_a_missing_key_is_said_and_no_crash_loop(site: Site) -> None:
    site.key.unlink()
    async with served(site.config(), wait=False) as gateway:
        assert "Secret" in str(await unready(gateway))

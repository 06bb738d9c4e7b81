"""What saves a call before another provider has to, and how a provider comes back."""

from __future__ import annotations

import asyncio

import pytest

from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.faults import Pace
from tests.emulators.http import Exchange
from tests.gateway.resilience.scene import Scene
from tests.gateway.resilience.trouble import REFUSES
from tests.gateway.running import Served

OPEN = 'voice_provider_breaker{provider="Anthropic",stage="llm"}'


@pytest.fixture(autouse=True)
def the_model(scene: Scene) -> None:
    scene.stage, scene.provider = "llm", "anthropic"


def asked(scene: Scene) -> list[str]:
    """What the first model was asked by callers, in their words."""
    said = [entry.body["messages"][-1]["content"] for entry in scene.emulators.journal.of("/v1/messages")]
    return [words for words in said if words != "Hello."]


async def test_g10_a_provider_that_keeps_failing_is_left_alone_and_probed_until_it_is_back(scene: Scene) -> None:
    at = scene.keyed | {"base_url": scene.elsewhere.openai_url}
    scene.another = {"provider": "OpenAI", "model": "gpt-4.1-mini", **at}
    scene.pipeline["resilience"] = {"breaker_failures": 2, "breaker_probe_interval": 0.2}
    async with scene.gateway() as gateway, scene.call(gateway) as caller:
        scene.begin(REFUSES)
        assert await caller.types("one") == ["You said: one"]
        assert await caller.types("two") == ["You said: two"]
        assert asked(scene) == ["one", "one"], "it failed, and failed again"
        assert await breaker(gateway) in ("open", "half_open")
        assert len(scene.elsewhere.journal.of("/v1/chat/completions")) == 2
        scene.end(REFUSES)
        await gateway.until_metric(OPEN, 0)
        assert await breaker(gateway) == "closed"
        assert await caller.types("three") == ["You said: three"]
    assert asked(scene)[2:] == ["three"]


async def breaker(gateway: Served) -> str:
    health = (await gateway.get("/health")).json()
    return str(health["dependencies"]["llm"]["providers"][0]["breaker"])


async def test_g10_a_key_that_has_expired_is_set_aside_and_another_is_used(scene: Scene) -> None:
    (scene.site.folder / "another-key").write_text("sk-another-0123456789")
    files = [str(scene.site.key), str(scene.site.folder / "another-key")]
    scene.pipeline["llm"] = {"api_key_files": files}
    scene.emulators.anthropic.set_script(AnthropicScript(keys=["sk-another-0123456789"]))
    async with scene.gateway() as gateway, scene.call(gateway) as caller:
        for text in ("one", "two", "three"):
            assert await caller.types(text) == [f"You said: {text}"]
        health = (await gateway.get("/health")).json()
    refused = [entry for entry in scene.emulators.journal.of("/v1/messages") if entry.outcome == "refused"]
    assert len(refused) == 1
    (provider,) = health["dependencies"]["llm"]["providers"]
    assert (provider["keys"], provider["keysAside"]) == (2, 1)


async def test_g10_requests_beyond_a_keys_limit_wait_their_turn(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.pipeline["llm"] = {"concurrent_requests": 1}
    scene.emulators.anthropic.set_script(AnthropicScript(pace=Pace(first_ms=100)))
    answer, at_a_time = scene.emulators.anthropic.handle, [0]

    async def handle(exchange: Exchange) -> None:
        at_a_time.append(at_a_time[-1] + 1)
        await answer(exchange)
        at_a_time.append(at_a_time[-1] - 1)

    monkeypatch.setattr(scene.emulators.anthropic, "handle", handle)
    async with (
        scene.gateway() as gateway,
        scene.call(gateway) as one,
        scene.call(gateway) as two,
        scene.call(gateway) as three,
    ):
        answers = await asyncio.gather(*(caller.types("hello") for caller in (one, two, three)))
    assert answers == [["You said: hello"]] * 3
    assert max(at_a_time) == 1


async def test_g10_what_was_spoken_once_is_not_asked_for_again_where_that_is_chosen(scene: Scene) -> None:
    scene.pipeline["speech_cache"] = {}
    scene.emulators.anthropic.set_script(AnthropicScript(replies=["We open at seven."]))
    async with scene.calling() as caller:
        before = len(scene.emulators.journal.of("/v1/audio/speech"))
        for _ in range(3):
            assert await caller.types("when do you open?") == ["We open at seven."]
    assert len(scene.emulators.journal.of("/v1/audio/speech")) - before == 1
    assert len({bytes(pcm) for pcm in caller.heard.audio.values()}) == 1

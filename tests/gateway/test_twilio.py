"""Telephone calls over Twilio Media Streams, through the real server and the real SDKs (G11)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from websockets.exceptions import InvalidStatus

from parley_gateway.audio import mulaw
from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.emulators import Emulators
from tests.emulators.recogniser import DeepgramScript
from tests.emulators.speech import silence, speech_like
from tests.emulators.twilio_phone import Call, calling
from tests.gateway.running import TOKEN, Served, Site, served

AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
PATH = "/v1/twilio"
QUESTION = mulaw.encode(speech_like(900, rate=8_000) + silence(200, rate=8_000))
A_SECOND = 8_000
LONG = "This is a very long answer that goes on and on. " * 10


@pytest.fixture
def twilio_site(site: Site) -> Site:
    """A pod that serves Twilio beside the native protocol; calls bring a token."""
    site.settings["protocols"] = [{"name": "Native"}, {"name": "Twilio", "paths": [PATH]}]
    return site


@pytest.fixture
def signed_site(twilio_site: Site, tmp_path: Path) -> Site:
    """The same, where Twilio's signature takes the place of the token."""
    file = tmp_path / "auth-token"
    file.write_text(AUTH_TOKEN)
    twilio: dict[str, Any] = {"name": "Twilio", "paths": [PATH], "auth_token_file": str(file)}
    twilio_site.settings["protocols"] = [{"name": "Native"}, twilio]
    return twilio_site


def url(gateway: Served) -> str:
    return f"ws://127.0.0.1:{gateway.port}{PATH}"


def signature(signed_url: str, form: dict[str, str] | None = None, *, token: str = AUTH_TOKEN) -> dict[str, str]:
    return {"X-Twilio-Signature": RequestValidator(token).compute_signature(signed_url, form or {})}


async def told(emulators: Emulators, turn: int) -> list[dict[str, Any]]:
    """The conversation, as the model was shown it in its n-th request."""
    await emulators.journal.until(lambda journal: len(journal.of("/v1/messages")) > turn, within_s=30)
    messages: list[dict[str, Any]] = emulators.journal.of("/v1/messages")[turn].body["messages"]
    return messages


async def ask(call: Call) -> None:
    call.speak(QUESTION)
    await call.until(lambda: len(call.playback.heard) > 0)


class TestConversation:
    async def test_g11_a_caller_is_understood_answered_and_heard(
        self, twilio_site: Site, emulators: Emulators
    ) -> None:
        emulators.deepgram.set_script(DeepgramScript(transcripts=["What time is breakfast?"]))
        emulators.anthropic.set_script(AnthropicScript(replies=["Breakfast is at seven."]))
        async with served(twilio_site.config()) as gateway, calling(url(gateway), token=TOKEN) as call:
            await ask(call)
            await gateway.until_metric('voice_replies_total{status="completed"}', 1)
            spoken = len(emulators.openai_speech.audio_of("Breakfast is at seven.")) / 2 / 24_000
        assert len(call.playback.heard) == pytest.approx(spoken * A_SECOND, rel=0.05)
        assert (await told(emulators, 0))[-1]["role"] == "user"
        assert call.clears == 0

    async def test_g11_latency_is_counted_as_for_any_other_client(self, twilio_site: Site) -> None:
        async with served(twilio_site.config()) as gateway:
            async with calling(url(gateway), token=TOKEN) as call:
                await ask(call)
                await gateway.until_metric('voice_replies_total{status="completed"}', 1)
                for kind in ("first_token", "first_audio", "synthesis", "partial_asr"):
                    assert await gateway.metric(f'voice_latency_seconds_count{{type="{kind}"}}') >= 1, kind
                await call.hang_up()
                assert (await call.until_closed())[0] == 1000
            await gateway.until_metric('voice_sessions_total{status="client_ended",tenant_id="token"}', 1)

    async def test_g11_an_interruption_clears_what_twilio_has(
        self, twilio_site: Site, emulators: Emulators
    ) -> None:
        emulators.anthropic.set_script(AnthropicScript(replies=[LONG, "Yes?"]))
        async with served(twilio_site.config()) as gateway, calling(url(gateway), token=TOKEN) as call:
            await ask(call)
            await call.until_heard(2 * A_SECOND)
            call.speak(QUESTION)
            await call.until(lambda: call.clears > 0)
            messages = await told(emulators, 1)
        kept = [message["content"] for message in messages if message["role"] == "assistant"]
        assert "This is a" in str(kept)
        assert len(str(kept)) < len(LONG) / 2, "only what was heard stays in the history"
        assert call.playback.dropped > 0

    async def test_g11_marks_tell_what_was_heard(self, twilio_site: Site, emulators: Emulators) -> None:
        emulators.anthropic.set_script(AnthropicScript(replies=["Breakfast is at seven."]))
        async with served(twilio_site.config()) as gateway, calling(url(gateway), token=TOKEN) as call:
            await ask(call)
            await gateway.until_metric('voice_replies_total{status="completed"}', 1)
            marked = [message["mark"]["name"] for message in call.messages if message["event"] == "mark"]
            await call.until(lambda: marked[-1] in call.returned)
        assert call.returned == marked[: len(call.returned)]

    async def test_g11_keys_are_a_turn(self, twilio_site: Site, emulators: Emulators) -> None:
        async with served(twilio_site.config()) as gateway, calling(url(gateway), token=TOKEN) as call:
            await call.press("42#")
            messages = await told(emulators, 0)
        assert "42" in str(messages[-1]["content"])


class TestAdmission:
    @pytest.mark.parametrize("token", [None, "wrong"], ids=["no token", "a wrong token"])
    async def test_g11_a_call_without_a_good_token_is_closed_with_4401(
        self, twilio_site: Site, token: str | None
    ) -> None:
        async with served(twilio_site.config()) as gateway, calling(url(gateway), token=token) as call:
            code, reason = await call.until_closed()
        assert (code, "token" in reason) == (4401, True)

    async def test_g11_a_signed_handshake_needs_no_token(self, signed_site: Site) -> None:
        async with served(signed_site.config()) as gateway:
            headers = signature(url(gateway).replace("ws:", "wss:"))
            async with calling(url(gateway), headers=headers) as call:
                await ask(call)

    @pytest.mark.parametrize("token", [None, "another-token"], ids=["unsigned", "signed by another account"])
    async def test_g11_another_handshake_is_refused_with_403(self, signed_site: Site, token: str | None) -> None:
        async with served(signed_site.config()) as gateway:
            headers = signature(url(gateway), token=token) if token else {}
            with pytest.raises(InvalidStatus) as refused:
                async with calling(url(gateway), headers=headers):
                    pass
            assert refused.value.response.status_code == 403
            assert await gateway.metric('voice_connections_refused_total{reason="signature"}') == 1

    async def test_g11_a_call_that_does_not_start_is_closed_with_4408(self, twilio_site: Site) -> None:
        async with served(twilio_site.config()) as gateway, calling(url(gateway), started=False) as call:
            assert (await call.until_closed())[0] == 4408


class TestWebhook:
    async def test_g11_a_call_that_comes_in_is_connected_to_the_stream(self, signed_site: Site) -> None:
        form = {"CallSid": "CA1", "From": "+15550100", "To": "+15550199", "Empty": ""}
        async with served(signed_site.config()) as gateway, httpx.AsyncClient(trust_env=False) as client:
            voice = f"http://127.0.0.1:{gateway.port}{PATH}/voice"
            answer = await client.post(voice, data=form, headers=signature(voice, form))
            (stream,) = ET.fromstring(answer.text).findall("./Connect/Stream")
            unsigned = await client.post(voice, data=form)
            forged = await client.post(voice, data={**form, "From": "+1"}, headers=signature(voice, form))
        assert answer.headers["content-type"].startswith("application/xml")
        assert stream.get("url") == f"wss://127.0.0.1:{gateway.port}{PATH}"
        assert (unsigned.status_code, forged.status_code) == (403, 403)

    async def test_g11_what_is_no_form_is_refused(self, twilio_site: Site) -> None:
        async with served(twilio_site.config()) as gateway, httpx.AsyncClient(trust_env=False) as client:
            voice = f"http://127.0.0.1:{gateway.port}{PATH}/voice"
            assert (await client.post(voice, content=b"a" * 100_000)).status_code == 413
            assert (await client.get(voice)).status_code == 405


class TestBystanders:
    async def test_g11_a_call_that_breaks_the_protocol_touches_no_other(self, twilio_site: Site) -> None:
        async with served(twilio_site.config()) as gateway, calling(url(gateway), token=TOKEN) as bystander:
            async with calling(url(gateway), token=TOKEN) as broken:
                await broken.send({"event": "start"})
                await broken.send({"event": "media", "streamSid": 5, "media": []})
                await broken._websocket.send(b"\0\1\2")
                assert (await broken.until_closed())[0] == 4400
            await ask(bystander)

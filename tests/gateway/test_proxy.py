"""O8: `spec.pod.proxy`, as the operator tells it to the gateway: through it to everybody but those it is not for.

The providers' hosts have names that no resolver knows: whoever does not ask the proxy finds nobody.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from parley_contract.observability import TracesConfig
from parley_contract.records import StripeConfig
from parley_gateway.access.jwks import BadKeySetError
from parley_gateway.access.jwks_http import JwksHttp
from parley_gateway.conversation.events import EndReason, FailureKind
from parley_gateway.ports import ProviderError
from parley_gateway.records.stripe_account import StripeAccount
from parley_gateway.records.stripe_meter import StripeMeter
from parley_gateway.telemetry.traces import Traces
from parley_gateway.tools.http_function import http_client
from parley_operator.render.environment import environment
from tests.emulators.emulators import Emulators, running
from tests.emulators.fixtures import key_file
from tests.emulators.speech import silence, speech_like
from tests.gateway.calling import QUESTION, calling
from tests.gateway.certificates import own_certificate
from tests.gateway.collector import collector
from tests.gateway.connect_proxy import ConnectProxy, connect_proxy
from tests.gateway.providers.conformance_stt import REQUEST, finals, until
from tests.gateway.providers.network import SPEECH, Network, a_request, drained, open_provider, spoken
from tests.gateway.providers.voices import cartesia, elevenlabs
from tests.gateway.providers.voices import deepgram as aura
from tests.gateway.records.test_stripe import item
from tests.gateway.running import Site, process
from tests.unit.operator.examples import resource
from tests.unit.operator.facts import parse

__all__ = ["key_file"]

HOST, OTHER = "api.provider.invalid", "other.provider.invalid"
DIRECT = "127.0.0.2"
"""An address of this machine that the proxy is not for."""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return own_certificate(tmp_path, HOST, OTHER)


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest_asyncio.fixture
async def emulators(tls: ssl.SSLContext) -> AsyncIterator[Emulators]:
    """Whom the proxy leads to."""
    async with running(tls=tls) as emulators:
        yield emulators


@pytest_asyncio.fixture
async def proxy(
    emulators: Emulators, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ConnectProxy]:
    """One that this process, and what it starts, is told of as a pod is."""
    async with connect_proxy(to=port_of(emulators.url)) as proxy:
        tell(monkeypatch, proxy, certificate)
        yield proxy


def tell(monkeypatch: pytest.MonkeyPatch, proxy: ConnectProxy, certificate: Path) -> None:
    pod = {"proxy": {"httpProxy": proxy.url, "httpsProxy": proxy.url, "noProxy": [DIRECT]}}
    for variable in environment(parse(resource(pod=pod))):
        monkeypatch.setenv(variable["name"], variable["value"])
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    for name in ("SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


@pytest.fixture
def network(key_file: Path) -> Network:
    return Network(f"https://{HOST}", key_file)


async def test_o08_a_conversation_goes_through_the_proxy_and_past_it_where_it_is_not_for(
    proxy: ConnectProxy, emulators: Emulators, tmp_path: Path
) -> None:
    """Deepgram and Claude by the proxy, OpenAI's voice without: the gateway is a process of its own."""
    direct = Emulators()
    await direct.start(DIRECT)
    site = Site(tmp_path, f"https://{HOST}")
    pipeline = site.content()["pipeline"]
    pipeline["llm"]["base_url"] = f"https://{OTHER}"
    pipeline["tts"]["base_url"] = direct.openai_url
    site.settings = {"pipeline": pipeline}
    try:
        async with process(site.write_config()) as (_, gateway), calling(gateway) as (_, conversation):
            turn = await conversation.say(QUESTION)
    finally:
        await direct.stop()
    assert turn.status == "completed"
    assert turn.transcript == emulators.deepgram.script.transcripts[0]
    assert turn.answer
    assert turn.pcm
    assert proxy.tunnels == {f"{HOST}:443", f"{OTHER}:443"}
    assert proxy.requests == set()
    assert direct.journal.of("/v1/audio/speech")


@pytest.mark.parametrize("name", ["deepgram", "deepgram_flux", "openai_transcription"])
async def test_o08_recognition_goes_through_the_proxy(proxy: ConnectProxy, network: Network, name: str) -> None:
    async with open_provider(getattr(network, name)()) as stt:
        stream = stt.open(REQUEST)
        stream.send(speech_like(1200, rate=16_000) + silence(1000, rate=16_000))
        assert finals(await until(stream, lambda seen: bool(finals(seen))))
    assert proxy.tunnels == {f"{HOST}:443"}


@pytest.mark.parametrize("name", ["anthropic", "openai_chat", "gemini"])
async def test_o08_models_are_asked_through_the_proxy(proxy: ConnectProxy, network: Network, name: str) -> None:
    async with open_provider(getattr(network, name)()) as llm:
        events, failure = await drained(llm.reply(a_request()))
    assert events
    assert failure is None
    assert proxy.tunnels == {f"{HOST}:443"}


@pytest.mark.parametrize("voice", [Network.openai_speech, aura, cartesia, elevenlabs])
async def test_o08_voices_come_through_the_proxy(
    proxy: ConnectProxy, network: Network, voice: Callable[[Network], Any]
) -> None:
    async with open_provider(voice(network)) as tts:
        pieces, failure = await drained(tts.speak(SPEECH, spoken("Hello.")))
    assert pieces
    assert failure is None
    assert proxy.tunnels == {f"{HOST}:443"}


async def test_o08_tools_keys_of_issuers_and_bills_go_through_the_proxy(
    proxy: ConnectProxy, tmp_path: Path
) -> None:
    keys, tools = JwksHttp(), http_client()
    key = tmp_path / "stripe-key"
    key.write_text("sk_test_0123456789")
    settings = {"api_key_file": str(key), "meter_event_name": "voice", "base_url": f"https://{OTHER}"}
    config = StripeConfig.model_validate(settings)
    meter = StripeMeter(StripeAccount(config), config)
    try:
        with pytest.raises(BadKeySetError, match="HTTP 404"):
            await keys.fetch(f"https://{HOST}:1/jwks")
        assert (await tools.get(f"https://{HOST}:2/book")).status_code == 404
        assert (await meter.send([item("s1")])).arrived == ["s1"]
    finally:
        await keys.aclose()
        await tools.aclose()
        await meter.aclose()
    assert proxy.tunnels == {f"{HOST}:1", f"{HOST}:2", f"{OTHER}:443"}


async def test_o08_traces_go_through_the_proxy(
    tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with collector(tls=tls) as received, connect_proxy(to=port_of(received.url)) as proxy:
        tell(monkeypatch, proxy, certificate)
        config = TracesConfig.model_validate({"endpoint": f"https://{HOST}/v1/traces"})
        traces = Traces(config, name="voice", namespace="default", version="0.1")
        traces.of("s1", tenant="acme").session_ended(EndReason.CLIENT_ENDED, 1.0)
        await traces.aclose()
    assert received.spans
    assert proxy.tunnels == {f"{HOST}:443"}


async def test_o08_what_is_not_encrypted_goes_through_the_proxy_too(
    certificate: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running() as emulators, connect_proxy(to=port_of(emulators.url)) as proxy:
        tell(monkeypatch, proxy, certificate)
        network = Network(f"http://{HOST}", key_file)
        async with open_provider(network.anthropic()) as llm, open_provider(aura(network)) as tts:
            for source in (llm.reply(a_request()), tts.speak(SPEECH, spoken("Hello."))):
                pieces, failure = await drained(source)
                assert pieces
                assert failure is None
    assert (proxy.requests, proxy.tunnels) == ({HOST}, {f"{HOST}:80"})


async def test_o08_a_proxy_that_lets_nobody_through_is_named_among_what_to_check(
    proxy: ConnectProxy, network: Network
) -> None:
    proxy.refuses = True
    failures: list[ProviderError | None] = []
    async with open_provider(network.deepgram()) as stt, open_provider(network.anthropic()) as llm:
        failures += [(await drained(stt.open(REQUEST).events()))[1], (await drained(llm.reply(a_request())))[1]]
    for failure in failures:
        assert failure is not None
        assert failure.kind is FailureKind.UNREACHABLE
        assert "the proxy" in failure.detail

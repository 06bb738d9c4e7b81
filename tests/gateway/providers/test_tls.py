"""Connections are encrypted, certificates are checked, and a warm connection is used again."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from parley_gateway.conversation.events import FailureKind
from parley_gateway.ports import ProviderError
from tests.emulators.emulators import Emulators, running
from tests.emulators.faults import Fault
from tests.emulators.speech import silence, speech_like
from tests.gateway.certificates import own_certificate
from tests.gateway.providers.conformance_stt import REQUEST, finals, until
from tests.gateway.providers.network import (
    SPEECH,
    Network,
    a_request,
    befall,
    drained,
    open_provider,
    spoken,
)
from tests.gateway.providers.voices import cartesia, deepgram, elevenlabs, worker_pool


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return own_certificate(tmp_path)


@pytest_asyncio.fixture
async def encrypted(certificate: Path) -> AsyncIterator[Emulators]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with running(tls=context) as emulators:
        yield emulators
        await emulators.journal.until(lambda _: emulators.open_connections == 0)


@pytest.fixture
def trusting(encrypted: Emulators, certificate: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    """A machine that trusts the emulators' certificate, as one does with a trust bundle."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    return Network(encrypted.url, key_file)


@pytest.mark.parametrize("name", ["anthropic", "openai_chat", "compatible_chat", "gemini"])
async def test_g05_an_answer_uses_the_connection_that_was_warmed(
    encrypted: Emulators, trusting: Network, name: str
) -> None:
    async with open_provider(getattr(trusting, name)()) as llm:
        await llm.warm()
        events, failure = await drained(llm.reply(a_request()))
    assert events
    assert failure is None
    assert [entry.connection for entry in encrypted.journal.entries] == [1, 1]
    assert encrypted.journal.entries[0].key is None


async def test_g05_speech_uses_the_connection_that_was_warmed(encrypted: Emulators, trusting: Network) -> None:
    async with open_provider(trusting.openai_speech()) as tts:
        await tts.warm()
        pieces, failure = await drained(tts.speak(SPEECH, spoken("Hello.")))
    assert pieces
    assert failure is None
    assert [entry.connection for entry in encrypted.journal.entries] == [1, 1]


@pytest.mark.parametrize("name", ["deepgram", "deepgram_flux", "openai_transcription", "compatible_transcription"])
async def test_o08_recognition_trusts_the_bundle(trusting: Network, name: str) -> None:
    async with open_provider(getattr(trusting, name)()) as stt:
        stream = stt.open(REQUEST)
        stream.send(speech_like(1200, rate=16_000) + silence(1000, rate=16_000))
        assert finals(await until(stream, lambda seen: bool(finals(seen))))


@pytest.mark.parametrize("voice", [deepgram, cartesia, elevenlabs, worker_pool])
async def test_o08_voices_trust_the_bundle(trusting: Network, voice: Callable[[Network], Any]) -> None:
    async with open_provider(voice(trusting)) as tts:
        pieces, failure = await drained(tts.speak(SPEECH, spoken("Hello.")))
    assert pieces
    assert failure is None


@pytest.mark.parametrize("voice", [deepgram, cartesia, elevenlabs])
async def test_o08_voices_refuse_whom_nobody_vouches_for(
    encrypted: Emulators, key_file: Path, voice: Callable[[Network], Any]
) -> None:
    async with open_provider(voice(Network(encrypted.url, key_file))) as tts:
        _, failure = await drained(tts.speak(SPEECH, spoken("Hello.")))
    assert failure is not None
    assert failure.kind is FailureKind.UNREACHABLE


async def test_g04_over_tls_closing_ends_the_request_at_a_stalled_peer(
    encrypted: Emulators, trusting: Network
) -> None:
    befall(encrypted, "anthropic", Fault(kind="stall", after=4))
    async with open_provider(trusting.anthropic()) as llm:
        events = llm.reply(a_request())
        await anext(events)
        await events.aclose()
        await encrypted.journal.until(lambda journal: journal.entries[0].outcome == "client_gone")


@pytest.mark.parametrize("name", ["anthropic", "openai_chat", "gemini", "openai_speech"])
async def test_g02_a_certificate_that_is_not_trusted_is_unreachable(
    encrypted: Emulators, key_file: Path, name: str
) -> None:
    async with open_provider(getattr(Network(encrypted.url, key_file), name)()) as provider:
        with pytest.raises(ProviderError) as caught:
            await provider.warm()
    assert caught.value.kind is FailureKind.UNREACHABLE


async def test_g02_deepgram_with_a_certificate_that_is_not_trusted_is_unreachable(
    encrypted: Emulators, key_file: Path
) -> None:
    async with open_provider(Network(encrypted.url, key_file).deepgram()) as stt:
        _, failure = await drained(stt.open(REQUEST).events())
    assert failure is not None
    assert failure.kind is FailureKind.UNREACHABLE

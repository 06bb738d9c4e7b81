"""Connections are encrypted, certificates are checked, and a warm connection is used again."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from parley_gateway.conversation.events import FailureKind
from parley_gateway.ports import ProviderError
from tests.emulators.emulators import Emulators, running
from tests.emulators.faults import Fault
from tests.emulators.speech import silence, speech_like
from tests.gateway.providers.conformance_stt import REQUEST, finals, until
from tests.gateway.providers.network import (
    IMPATIENT,
    SPEECH,
    Network,
    a_request,
    befall,
    drained,
    open_provider,
    spoken,
)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A file with a self-signed certificate for this machine and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "emulators")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "tls.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


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
    return Network(encrypted.url, key_file, IMPATIENT.model_copy(update={"connect": 5.0}))


@pytest.mark.parametrize("name", ["anthropic", "openai_chat", "gemini"])
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


async def test_g02_deepgram_over_tls(trusting: Network) -> None:
    async with open_provider(trusting.deepgram()) as stt:
        stream = stt.open(REQUEST)
        stream.send(speech_like(1200, rate=16_000) + silence(1000, rate=16_000))
        assert finals(await until(stream, lambda seen: bool(finals(seen))))


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

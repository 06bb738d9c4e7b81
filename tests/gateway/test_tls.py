"""The client over TLS, ended in front of the gateway as an ingress controller does it."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from parley_client import UnreachableError, UntrustedError, connect
from tests.gateway.running import HOST, TOKEN, Served
from tests.gateway.test_talk import talk

NAME = "voice.example.com"


def certificate(folder: Path, *, name: str = NAME) -> tuple[Path, Path]:
    """A certificate for a name that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    crt, pem = folder / "ca.crt", folder / "tls.key"
    crt.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return crt, pem


@asynccontextmanager
async def tls_in_front_of(port: int, crt: Path, key: Path) -> AsyncIterator[int]:
    """A port that speaks TLS and hands on to `port`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(crt, key)

    async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
        sink.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(HOST, port)
        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))

    server = await asyncio.start_server(relay, HOST, 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_client_that_trusts_the_authority_talks(gateway: Served, tmp_path: Path) -> None:
    crt, key = certificate(tmp_path)
    url = f"wss://{NAME}/v1/voice"
    async with tls_in_front_of(gateway.port, crt, key) as port:
        address = f"{HOST}:{port}"
        arguments = (url, "--connect", address, "--token", TOKEN, "--text", "hello")
        status, out, err = await talk(*arguments, "--ca-file", str(crt))
        assert (status, err) == (0, "")
        assert "You said: hello" in out
        status, out, _ = await talk(*arguments, "--insecure")
        assert (status, "You said: hello" in out) == (0, True)


async def test_a_client_that_does_not_is_told_so(gateway: Served, tmp_path: Path) -> None:
    crt, key = certificate(tmp_path)
    async with tls_in_front_of(gateway.port, crt, key) as port:
        with pytest.raises(UntrustedError, match="certificate is not trusted"):
            async with connect(f"wss://{NAME}/v1/voice", token=TOKEN, address=(HOST, port)):
                pass
        status, _, err = await talk(f"wss://{NAME}/v1/voice", "--connect", f"{HOST}:{port}", "--text", "hello")
        assert (status, "--ca-file" in err) == (3, True)


async def test_a_certificate_for_another_name_is_refused(gateway: Served, tmp_path: Path) -> None:
    crt, key = certificate(tmp_path)
    async with tls_in_front_of(gateway.port, crt, key) as port:
        context = ssl.create_default_context(cafile=crt)
        with pytest.raises(UnreachableError, match="certificate is not trusted") as refused:
            async with connect(
                "wss://other.example.com/v1/voice", token=TOKEN, address=(HOST, port), ssl_context=context
            ):
                pass
    assert type(refused.value) is UnreachableError, "no other authority would mend it"

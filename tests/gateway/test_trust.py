"""O8: with a trust bundle, all that the gateway connects to beside its providers is judged by it alone."""

from __future__ import annotations

import shutil
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest
import pytest_asyncio

from parley_contract.observability import TracesConfig
from parley_contract.records import StripeConfig
from parley_gateway import trust
from parley_gateway.access.jwks import BadKeySetError
from parley_gateway.access.jwks_http import JwksHttp
from parley_gateway.conversation.events import EndReason
from parley_gateway.files import WatchedFile
from parley_gateway.records import postgres
from parley_gateway.records.postgres import PostgresRows
from parley_gateway.records.sender import DestinationError
from parley_gateway.records.stripe_account import StripeAccount
from parley_gateway.records.stripe_meter import StripeMeter
from parley_gateway.state.redis import RedisShared
from parley_gateway.state.shared import AwayError, Seat
from parley_gateway.telemetry.traces import Traces
from parley_gateway.tools.http_function import http_client
from tests.emulators.emulators import Emulators, running
from tests.gateway.certificates import own_certificate
from tests.gateway.collector import collector
from tests.gateway.records.rows import item as a_row
from tests.gateway.records.test_stripe import item
from tests.gateway.servers.postgres import (
    PostgresServer,
    create_database,
    own_postgres,
    postgres_folder,
    postgres_server,
)
from tests.gateway.servers.redis import RedisServer

__all__ = ["own_postgres", "postgres_folder", "postgres_server"]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return own_certificate(tmp_path)


@pytest.fixture
def serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture(params=[True, False], ids=["with the bundle", "without it"])
def trusted(request: pytest.FixtureRequest, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the certificate is in the bundle of the process."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    if request.param:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return bool(request.param)


@pytest_asyncio.fixture
async def encrypted(serving: ssl.SSLContext) -> AsyncIterator[Emulators]:
    async with running(tls=serving) as emulators:
        yield emulators


def test_o08_the_system_s_authorities_do_not_count_beside_the_bundle() -> None:
    environment = {"SSL_CERT_FILE": "/etc/parley/trust/ca.crt"}
    trust.keep_to_bundle(environment)
    assert environment["SSL_CERT_DIR"] == "/etc/parley/trust"
    untouched: dict[str, str] = {}
    trust.keep_to_bundle(untouched)
    assert untouched == {}


async def test_o08_stripe(
    encrypted: Emulators, trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stripe.ca_bundle_path", None)
    key = tmp_path / "stripe-key"
    key.write_text("sk_test_0123456789")
    settings = {"api_key_file": str(key), "meter_event_name": "voice", "base_url": encrypted.url}
    config = StripeConfig.model_validate(settings)
    meter = StripeMeter(StripeAccount(config), config)
    try:
        if trusted:
            assert (await meter.send([item("s1")])).arrived == ["s1"]
        else:
            with pytest.raises(DestinationError):
                await meter.send([item("s1")])
    finally:
        await meter.aclose()


async def test_o08_tools_and_keys_of_issuers(encrypted: Emulators, trusted: bool) -> None:
    keys, tools = JwksHttp(), http_client()
    try:
        if trusted:
            with pytest.raises(BadKeySetError, match="HTTP 404"):
                await keys.fetch(f"{encrypted.url}/jwks")
            assert (await tools.get(f"{encrypted.url}/book")).status_code == 404
        else:
            for asked in (keys.fetch(f"{encrypted.url}/jwks"), tools.get(f"{encrypted.url}/book")):
                with pytest.raises(httpx2.ConnectError):
                    await asked
    finally:
        await keys.aclose()
        await tools.aclose()


async def test_o08_traces(serving: ssl.SSLContext, trusted: bool) -> None:
    async with collector(tls=serving) as received:
        config = TracesConfig.model_validate({"endpoint": received.url})
        traces = Traces(config, name="voice", namespace="default", version="0.1")
        observer = traces.of("s1", tenant="acme")
        observer.session_ended(EndReason.CLIENT_ENDED, 1.0)
        await traces.aclose()
    assert bool(received.spans) is trusted


@pytest.fixture
def redis_server(tmp_path: Path, certificate: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path, certificate=certificate)
    server.start()
    try:
        yield server
    finally:
        server.kill()


async def test_o08_redis(redis_server: RedisServer, trusted: bool) -> None:
    shared = RedisShared(WatchedFile(redis_server.url_file), deployment="voice")
    try:
        if trusted:
            assert (await shared.enter(Seat("u", "s"), cap=1, purses=[])).seated
        else:
            with pytest.raises(AwayError):
                await shared.enter(Seat("u", "s"), cap=1, purses=[])
    finally:
        await shared.aclose()


def encrypt(server: PostgresServer, certificate: Path) -> None:
    """Let it speak TLS: its own user alone may read the key."""
    for name in ("server.crt", "server.key"):
        path = server.data / name
        path.write_bytes(certificate.read_bytes())
        path.chmod(0o600)
        shutil.chown(path, server.data.owner(), server.data.group())
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET ssl = on")
        connection.execute("SELECT pg_reload_conf()")


@pytest.mark.parametrize("mode", ["verify-full", "verify-ca"])
async def test_o08_postgres(
    own_postgres: PostgresServer, certificate: Path, trusted: bool, mode: str, tmp_path: Path
) -> None:
    encrypt(own_postgres, certificate)
    database = create_database(own_postgres)
    file = tmp_path / "url"
    file.write_text(f"{database.url}?sslmode={mode}")
    rows = PostgresRows(WatchedFile(file), namespace="ns", deployment="voice", retention_days=30)
    try:
        if trusted:
            assert (await rows.send([a_row("s1")])).arrived == ["s1"]
        else:
            with pytest.raises(DestinationError):
                await rows.send([a_row("s1")])
    finally:
        await rows.aclose()


@pytest.mark.parametrize(
    ("url", "bundle", "authorities"),
    [
        ("postgresql://db/x?sslmode=verify-full", "/ca.crt", "/ca.crt"),
        ("postgresql://db/x?sslmode=verify-full", None, "system"),
        ("postgresql://db/x?sslmode=verify-full&sslrootcert=/own.crt", "/ca.crt", "/own.crt"),
        ("postgresql://db/x?sslmode=verify-ca", None, None),
        ("postgresql://db/x?sslmode=require", "/ca.crt", None),
        ("postgresql://db/x", "/ca.crt", None),
    ],
)
def test_o08_postgres_is_told_whose_certificates_count_only_where_they_do(
    url: str, bundle: str | None, authorities: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGSSLROOTCERT", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", bundle or "")
    assert psycopg.conninfo.conninfo_to_dict(postgres._checked(url)).get("sslrootcert") == authorities

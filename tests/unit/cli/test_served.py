"""O12: what `parley doctor` says of the certificate at an address, from a server with real TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from parley_cli.checks.certificate import Held
from parley_cli.checks.served import served
from parley_cli.checks.verdict import Grade, Verdict
from parley_operator.render.certificates import CERTIFICATE_LIFETIME, issue, new_authority

HOST = "voice.example.com"


class Authority:
    """One that nobody trusts by himself."""

    def __init__(self) -> None:
        self.certificate, self._key = new_authority("bakery", now=datetime.now(UTC))

    def issue(self, *hosts: str, left: timedelta = CERTIFICATE_LIFETIME) -> tuple[bytes, bytes]:
        """Certificate and key, of which so much time is left."""
        now = datetime.now(UTC) - CERTIFICATE_LIFETIME + left
        return issue(self.certificate, self._key, hosts=hosts, now=now)


@asynccontextmanager
async def serving(folder: Path, pair: tuple[bytes, bytes]) -> AsyncIterator[int]:
    """A server that ends TLS with this certificate and key; gives its port."""
    file = folder / "tls.pem"
    file.write_bytes(pair[1] + pair[0])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def look(port: int, held: Held) -> Verdict:
    [said] = await served(HOST, port, at="127.0.0.1", held=held)
    return said


async def test_o12_a_trusted_certificate_is_shown_with_its_names_and_its_end(tmp_path: Path) -> None:
    authority = Authority()
    pair = authority.issue(HOST, "calls.example.com")
    async with serving(tmp_path, pair) as port:
        said = await look(port, Held("receptionist-tls", pair[0], authority.certificate, is_self_signed=True))
    assert said.grade is Grade.OK
    assert f"for {HOST}, calls.example.com, until " in said.message


async def test_o12_one_that_ends_soon_is_a_warning(tmp_path: Path) -> None:
    authority = Authority()
    pair = authority.issue(HOST, left=timedelta(days=5, hours=1))
    async with serving(tmp_path, pair) as port:
        said = await look(port, Held("s", pair[0], authority.certificate))
    assert (said.grade, said.message) == (Grade.WARNING, "its certificate expires in 5 days")


async def test_o12_one_that_has_expired_says_when(tmp_path: Path) -> None:
    authority = Authority()
    pair = authority.issue(HOST, left=timedelta(hours=-1))
    async with serving(tmp_path, pair) as port:
        said = await look(port, Held("s", pair[0], authority.certificate))
    assert (said.grade, "has expired" in said.message) == (Grade.FAILING, True)


async def test_o12_one_for_another_host_names_both(tmp_path: Path) -> None:
    authority = Authority()
    pair = authority.issue("other.example.com")
    async with serving(tmp_path, pair) as port:
        said = await look(port, Held("s", pair[0], authority.certificate))
    assert said.grade is Grade.FAILING
    assert said.message == f"its certificate is for other.example.com, and not for {HOST}"


async def test_o12_the_controllers_default_certificate_is_told_from_the_secrets(tmp_path: Path) -> None:
    authority = Authority()
    wanted = authority.issue(HOST)
    async with serving(tmp_path, Authority().issue("TRAEFIK DEFAULT CERT")) as port:
        said = await look(port, Held("receptionist-tls", wanted[0], authority.certificate))
    assert said.grade is Grade.FAILING
    assert "another certificate than Secret receptionist-tls holds: one for TRAEFIK DEFAULT CERT" in said.message


async def test_o12_one_of_an_authority_that_nobody_told_of_is_not_trusted(tmp_path: Path) -> None:
    pair = Authority().issue(HOST)
    async with serving(tmp_path, pair) as port:
        given = await look(port, Held("s", pair[0]))
        own = await look(port, Held("s", is_self_signed=True))
    assert (given.grade, "not trusted here" in given.message) == (Grade.FAILING, True)
    assert "whole chain" in given.mend
    assert own.grade is Grade.OK, "whose authority could not be read, and which no client trusts anyhow"


@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
async def test_o12_what_is_no_tls_is_said_in_words(says: bytes) -> None:
    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says)
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        said = await look(server.sockets[0].getsockname()[1], Held())
    assert (said.grade, "does not answer" in said.message) == (Grade.FAILING, True)

"""A real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.gateway.servers.process import HOST, ServerProcess, free_port, install


class RedisServer(ServerProcess):
    """What is in it outlives a restart, as with a volume."""

    def __init__(self, folder: Path, *, certificate: Path | None = None) -> None:
        """`certificate`: a file with a certificate and its key; with it the server speaks TLS alone."""
        install({"redis-server": "redis-server"})
        self.port, self._tls = free_port(), certificate is not None
        self.url_file = folder / "redis-url"
        self.url_file.write_text(f"{self.url}\n")
        data = folder / "redis"
        data.mkdir()
        super().__init__(
            [
                "redis-server",
                *("--bind", HOST, "--dir", str(data), *_listening(self.port, certificate)),
                *("--save", "", "--appendonly", "yes", "--appendfsync", "always"),
            ],
            log=folder / "redis.log",
            answers=self._ping,
        )

    @property
    def url(self) -> str:
        return f"redis{'s' if self._tls else ''}://{HOST}:{self.port}/0"

    def client(self) -> redis.Redis:
        """To look at what is kept in it."""
        options = {"ssl_cert_reqs": "none"} if self._tls else {}
        return redis.Redis.from_url(self.url, decode_responses=True, **options)

    def _ping(self) -> bool:
        with self.client() as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False


def _listening(port: int, certificate: Path | None) -> list[str]:
    if certificate is None:
        return ["--port", str(port)]
    tls = ("--tls-port", str(port), "--tls-cert-file", str(certificate), "--tls-key-file", str(certificate))
    return ["--port", "0", *tls, "--tls-auth-clients", "no"]


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """Started, and empty."""
    server = RedisServer(tmp_path)
    server.start()
    try:
        yield server
    finally:
        server.kill()

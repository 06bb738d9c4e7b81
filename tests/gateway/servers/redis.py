"""A real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.gateway.servers.process import HOST, ServerProcess, free_port, install


class RedisServer(ServerProcess):
    """What is in it outlives a restart, as with a volume."""

    def __init__(self, folder: Path) -> None:
        install({"redis-server": "redis-server"})
        self.port = free_port()
        self.url_file = folder / "redis-url"
        self.url_file.write_text(f"{self.url}\n")
        data = folder / "redis"
        data.mkdir()
        super().__init__(
            [
                "redis-server",
                *("--bind", HOST, "--port", str(self.port), "--dir", str(data)),
                *("--save", "", "--appendonly", "yes", "--appendfsync", "always"),
            ],
            log=folder / "redis.log",
            answers=self._ping,
        )

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}/0"

    def client(self) -> redis.Redis:
        """To look at what is kept in it."""
        return redis.Redis.from_url(self.url, decode_responses=True)

    def _ping(self) -> bool:
        with self.client() as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """Started, and empty."""
    server = RedisServer(tmp_path)
    server.start()
    try:
        yield server
    finally:
        server.kill()

"""Redis for the tests of money."""

from __future__ import annotations

from tests.gateway.servers.redis import redis_server

__all__ = ["redis_server"]

"""PostgreSQL and Redis for the tests of records."""

from __future__ import annotations

from tests.gateway.servers.postgres import database, own_postgres, postgres_folder, postgres_server

__all__ = ["database", "own_postgres", "postgres_folder", "postgres_server"]

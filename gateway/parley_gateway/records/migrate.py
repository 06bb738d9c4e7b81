"""Brings the database's schema up to date: each version once, however many pods start at the same time."""

from __future__ import annotations

import re
from importlib.resources import files

from psycopg import AsyncConnection

LOCK = 0x7061726C6579  # "parley"
"""Of PostgreSQL's advisory locks: who migrates."""

_VERSIONS = """
CREATE TABLE IF NOT EXISTS parley_migrations (
    version integer PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


def versions() -> dict[int, str]:
    """Number and SQL of each version."""
    found = {}
    for file in files("parley_gateway.records.migrations").iterdir():
        if match := re.fullmatch(r"(\d{4})_\w+\.sql", file.name):
            found[int(match[1])] = file.read_text(encoding="utf-8")
    return dict(sorted(found.items()))


async def migrate(connection: AsyncConnection) -> list[int]:
    """Apply what is missing, in one transaction; returns which. A schema newer than ours is left alone.

    A role that may not change the schema can run where nothing is missing. Raises psycopg.Error.
    """
    wanted = versions()
    if await _newest(connection) >= max(wanted):
        return []
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        await connection.execute(_VERSIONS)
        newest = await _newest(connection)
        missing = [version for version in wanted if version > newest]
        for version in missing:
            await connection.execute(wanted[version].encode())
            await connection.execute("INSERT INTO parley_migrations (version) VALUES (%s)", [version])
    return missing


async def _newest(connection: AsyncConnection) -> int:
    there = await connection.execute("SELECT to_regclass('parley_migrations') IS NOT NULL")
    row = await there.fetchone()
    if row is None or not row[0]:
        return 0
    newest = await connection.execute("SELECT coalesce(max(version), 0) FROM parley_migrations")
    row = await newest.fetchone()
    return int(row[0]) if row else 0

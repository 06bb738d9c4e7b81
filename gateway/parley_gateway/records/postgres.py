"""Rows of sessions in PostgreSQL, 15 or newer: written so that writing one again does no harm.

A row of an interrupted session gives way to the final one, never the other way round.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.json import Jsonb

from parley_gateway import trust
from parley_gateway.conversation.events import Stage
from parley_gateway.files import WatchedFile
from parley_gateway.ports import Unit
from parley_gateway.records.migrate import migrate
from parley_gateway.records.row import INTERRUPTED, SessionRow
from parley_gateway.records.sender import DestinationError, Outcome

_logger = logging.getLogger(__name__)

CONNECT_S = 5
"""For each address of the server's name; libpq waits no less than 2."""
CALL_S = 15.0
"""For a batch, a migration, or a round of deletions."""
_ROUND = 1000
"""Rows deleted at a time."""

_COLUMNS = [
    *("id", "namespace", "deployment", "tenant", "user_id", "started_at", "ended_at", "reason"),
    *("currency", "cost", "prices_unknown", "estimated", "usage", "transcript"),
]
_COSTS = [f"cost_{stage.value}" for stage in Stage]
_UNITS = [unit.value for unit in Unit]
_ALL = [*_COLUMNS, *_COSTS, *_UNITS]
_UPSERT = f"""
INSERT INTO voice_sessions ({", ".join(_ALL)}) VALUES ({", ".join(f"%({name})s" for name in _ALL)})
ON CONFLICT (id) DO UPDATE SET ({", ".join(_ALL)}) = ({", ".join(f"EXCLUDED.{name}" for name in _ALL)})
WHERE voice_sessions.reason = '{INTERRUPTED}'
  AND (EXCLUDED.reason <> '{INTERRUPTED}' OR EXCLUDED.ended_at >= voice_sessions.ended_at)
"""  # noqa: S608 - names of our own, no values
_DELETE = """
DELETE FROM voice_sessions WHERE id IN (
    SELECT id FROM voice_sessions
    WHERE namespace = %(namespace)s AND deployment = %(deployment)s
      AND ended_at < now() - make_interval(days => %(days)s)
    LIMIT %(round)s
)
"""
_DELETE_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('parley retention'), hashtext(%s))"


class PostgresRows:
    """One connection, opened when it is needed and again when it broke. Implements `sender.Destination`."""

    name = "database"

    def __init__(self, url_file: WatchedFile, *, namespace: str, deployment: str, retention_days: int) -> None:
        """Raises OSError or ValueError where there is no address; nothing is connected yet."""
        self._url_file = url_file
        self._url_file.text()
        self._namespace = namespace
        self._deployment = deployment
        self._days = retention_days
        self._connection: AsyncConnection | None = None
        self._call: _Call | None = None

    async def send(self, items: Sequence[tuple[str, bytes]]) -> Outcome:
        """All in one transaction; one by one where the database does not like a value."""
        rows, refused = _parsed(items)
        try:
            async with self._connected() as connection:
                await _upsert(connection, list(rows.values()))
        except psycopg.DataError:
            refused += await self._one_by_one(rows)
        return Outcome([name for name in rows if name not in refused], refused)

    async def _one_by_one(self, rows: dict[str, dict[str, Any]]) -> list[str]:
        """Returns those that are not taken."""
        refused = []
        for name, row in rows.items():
            try:
                async with self._connected() as connection:
                    await _upsert(connection, [row])
            except psycopg.DataError:
                refused.append(name)
        return refused

    async def upkeep(self) -> None:
        """Delete what is older than it may be; one process of a deployment at a time."""
        values = {
            "namespace": self._namespace,
            "deployment": self._deployment,
            "days": self._days,
            "round": _ROUND,
        }
        deleted = _ROUND
        while deleted == _ROUND:
            async with self._connected() as connection, connection.transaction():
                mine = await connection.execute(_DELETE_LOCK, [f"{self._namespace}/{self._deployment}"])
                if not (await mine.fetchone() or [False])[0]:
                    return
                deleted = (await connection.execute(_DELETE, values)).rowcount

    def hang_up(self) -> None:
        """Break off the call that is under way, if there is one."""
        if self._call is not None:
            self._call.hang_up()

    async def aclose(self) -> None:
        """Let go at once."""
        await self._drop()

    # --- the connection ---

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        """A connection, for `CALL_S`. Raises DestinationError, and psycopg.DataError for values."""
        try:
            connection = self._connection or await self._connect()
            with self._calling(connection):
                yield connection
        except psycopg.DataError:
            raise
        except (psycopg.Error, OSError, ValueError, TimeoutError) as error:
            await self._drop()
            raise DestinationError(_about(error)) from None
        except asyncio.CancelledError:
            await self._drop()
            raise

    async def _connect(self) -> AsyncConnection:
        """To the address in the file, which may have changed, and a schema that is up to date."""
        async with asyncio.timeout(CALL_S):
            connection = await AsyncConnection.connect(
                _checked(self._url_file.text().strip()),
                autocommit=True,
                connect_timeout=CONNECT_S,
                prepare_threshold=None,
                application_name="parley-gateway",
            )
        self._connection = connection
        try:
            with self._calling(connection):
                for version in await migrate(connection):
                    _logger.info("the database's schema was brought up to date", extra={"version": version})
        except psycopg.DataError as error:
            await self._drop()
            raise DestinationError(f"the schema cannot be brought up to date: {_about(error)}") from None
        return connection

    @contextmanager
    def _calling(self, connection: AsyncConnection) -> Iterator[None]:
        """For so long, at the most."""
        self._call = call = _Call(connection)
        timer = asyncio.get_running_loop().call_later(CALL_S, call.hang_up)
        try:
            yield
        finally:
            self._call = None
            timer.cancel()

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


class _Call:
    """What is under way on a connection, until it is hung up.

    Cancelling would not do: psycopg then asks the server to cancel, and waits up to 10 s for a server that says
    nothing. A socket that is shut down is an error at once.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._descriptor = connection.fileno()

    def hang_up(self) -> None:
        """The connection is of no use after this."""
        with socket.socket(fileno=os.dup(self._descriptor)) as ours:
            ours.shutdown(socket.SHUT_RDWR)


async def _upsert(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.executemany(_UPSERT, rows)


def _parsed(items: Sequence[tuple[str, bytes]]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Rows by name, and the names of those that are none."""
    rows, refused = {}, []
    for name, data in items:
        try:
            rows[name] = _values(SessionRow.model_validate_json(data))
        except ValueError:
            refused.append(name)
    return rows, refused


def _values(row: SessionRow) -> dict[str, Any]:
    content = row.model_dump(mode="json")
    return {
        **{name: getattr(row, name) for name in _COLUMNS if name in SessionRow.model_fields},
        **{f"cost_{stage.value}": row.costs.get(stage, 0) for stage in Stage},
        **{unit.value: row.amounts.get(unit, 0) for unit in Unit},
        "user_id": row.user,
        "estimated": any(line.estimated for line in row.usage),
        "usage": Jsonb(content["usage"]),
        "transcript": Jsonb(content["transcript"]) if row.transcript is not None else None,
    }


def _about(error: Exception) -> str:
    """What kind of failure: messages are left out, since they may hold the address, and with it a password."""
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    return f"{type(error).__name__} ({state})" if state else type(error).__name__


def _checked(url: str) -> str:
    """The address, with whose certificates count where it asks that the server's be checked and does not say so.

    libpq knows neither SSL_CERT_FILE nor, unless it is told, the system's authorities; those it takes for
    verify-full alone.
    """
    said = conninfo_to_dict(url)
    mode = said.get("sslmode")
    if mode not in ("verify-ca", "verify-full") or "sslrootcert" in said or "PGSSLROOTCERT" in os.environ:
        return url
    known = trust.bundle() or ("system" if mode == "verify-full" else None)
    return make_conninfo(url, sslrootcert=known) if known else url

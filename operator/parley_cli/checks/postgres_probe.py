"""Asks a PostgreSQL whether it takes an address: a connection as the address's role, and SELECT 1."""

from __future__ import annotations

import asyncio

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict

from parley_cli.checks.stores import Answer, Told

_FROM_THE_SERVER = "FATAL:"
"""Before what the server itself said, in libpq's account of a connection that came to nothing."""


def hosts(url: str) -> list[str]:
    """Of the address; raises ValueError for what is none, or names no host."""
    try:
        said = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise ValueError("no postgresql://") from None  # libpq's own complaint would quote it
    named = [host for host in str(said.get("hostaddr") or said.get("host") or "").split(",") if host]
    if not named:
        raise ValueError("no host")
    return named


async def asked(url: str, *, within: float) -> Told:
    """One connection, which is closed again."""
    try:
        async with asyncio.timeout(within):
            connection = await AsyncConnection.connect(
                url, autocommit=True, connect_timeout=max(2, int(within)), application_name="parley-doctor"
            )
            async with connection:
                await connection.execute("SELECT 1")
    except (psycopg.errors.ConnectionTimeout, TimeoutError):
        return Told(Answer.AWAY, f"no answer within {within:g} s")
    except psycopg.Error as error:
        _, is_answer, said = str(error).partition(_FROM_THE_SERVER)
        if is_answer:
            return Told(Answer.REFUSED, said.strip().partition("\n")[0])
        return Told(
            Answer.AWAY, "its certificate is not trusted" if "certificate" in str(error) else "no connection"
        )
    except OSError:
        return Told(Answer.AWAY, "no connection")
    return Told(Answer.TAKEN)

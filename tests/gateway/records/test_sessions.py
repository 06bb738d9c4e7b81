"""From a caller to a row: with a database that is there, one that goes away, and processes that are killed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from parley_gateway.drain import Stop
from parley_gateway.files import WatchedFile
from parley_gateway.gateway import Gateway
from parley_gateway.listener import listen
from parley_gateway.records import keeper, sender
from parley_gateway.records.outbox import Outbox
from parley_gateway.records.postgres import PostgresRows
from tests.gateway.calling import calling, raw
from tests.gateway.records.rows import item
from tests.gateway.running import HOST, TOKEN, Served, Site, process, served
from tests.gateway.servers.postgres import Database, PostgresServer, create_database

ROWS = "SELECT * FROM voice_sessions ORDER BY started_at"


def keep(site: Site, database: Database, **records: Any) -> None:
    """Have a gateway keep rows in a database."""
    site.settings["records"] = {
        "url_file": str(database.write_url(site.folder)),
        "outbox": str(site.folder / "outbox"),
        **records,
    }


async def rows(database: Database, enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """What is in the table, once it is what is waited for."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(60):
        while True:
            if database.rows("SELECT to_regclass('voice_sessions') AS there")[0]["there"]:
                found = database.rows(ROWS)
                if enough(found):
                    return found
            await asyncio.sleep(0.1)


def waiting(site: Site) -> int:
    """Rows on disk."""
    return len(list((site.folder / "outbox").glob("process-*/database/*.json")))


async def failing(gateway: Served) -> dict[str, Any]:
    """What /health says of the database, once it has noticed."""
    async with asyncio.timeout(60):
        while True:
            part: dict[str, Any] = (await gateway.get("/health")).json()["dependencies"]["database"]
            if part["status"] == "failing":
                return part
            await asyncio.sleep(0.1)


async def talk(gateway: Served, text: str = "Hello?", *, token: str = TOKEN) -> None:
    async with calling(gateway, token=token) as (_, conversation):
        turn = await conversation.type(text)
        assert turn.answer


async def test_g07_a_conversation_becomes_a_row_with_what_it_cost(site: Site, database: Database) -> None:
    keep(site, database)
    async with served(site.config()) as gateway:
        await talk(gateway)
        (row,) = await rows(database, bool)
    assert (row["deployment"], row["reason"], row["user_id"]) == ("test", "client_gone", None)
    assert row["output_tokens"] > 0
    assert row["cost_llm"] > 0
    assert row["cost"] == row["cost_stt"] + row["cost_llm"] + row["cost_tts"]
    assert row["transcript"] is None
    assert waiting(site) == 0


async def test_g07_what_was_said_is_kept_by_choice_alone(site: Site, database: Database) -> None:
    keep(site, database, transcripts="Text")
    async with served(site.config()) as gateway:
        await talk(gateway, "Do you keep this?")
        (row,) = await rows(database, bool)
    assert row["transcript"][0] == {"speaker": "caller", "text": "Do you keep this?", "interrupted": False}


async def test_g07_a_gateway_that_runs_deletes_what_is_too_old_at_its_start_and_again_later(
    site: Site, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody talks meanwhile: what is to be deleted does not wait for a row that is to be written."""
    monkeypatch.setattr(sender, "UPKEEP_S", 0.2)
    keep(site, database, retention_days=30)
    now = datetime.now(UTC)
    ours = {"namespace": "", "deployment": "test"}
    old = {**ours, "started_at": now - timedelta(days=40), "ended_at": now - timedelta(days=31)}
    destination = PostgresRows(WatchedFile(database.write_url(site.folder)), **ours, retention_days=30)
    try:
        await destination.send([item("young", **ours, ended_at=now), item("old1", **old)])
        async with served(site.config()):
            await rows(database, lambda found: [row["id"] for row in found] == ["young"])
            await destination.send([item("old2", **old)])
            await rows(database, lambda found: [row["id"] for row in found] == ["young"])
    finally:
        await destination.aclose()


async def test_g07_what_a_process_leaves_is_taken_over_by_one_that_runs_beside_it(
    site: Site, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "CHECKPOINT_S", 0.1)
    monkeypatch.setattr(keeper, "ADOPT_S", 0.2)
    keep(site, database)
    async with served(site.config()):
        for count, name in enumerate(("first", "second"), start=1):
            neighbour = Outbox(site.folder / "outbox", ["database"])
            neighbour.put(*item(name))
            os.close(neighbour._lock)
            await rows(database, lambda found, count=count: len(found) == count)  # type: ignore[misc]


async def test_g07_while_the_database_is_away_sessions_go_on_and_health_says_so(
    site: Site, own_postgres: PostgresServer
) -> None:
    database = create_database(own_postgres)
    keep(site, database)
    async with served(site.config()) as gateway:
        await talk(gateway)
        await rows(database, bool)
        own_postgres.kill()
        for _ in range(3):
            await talk(gateway)
        await gateway.until_metric('voice_records_waiting{destination="database"}', 3)
        assert waiting(site) == 3
        assert (await failing(gateway))["problem"]
        assert (await gateway.get("/readiness")).status_code == 200
        own_postgres.start()
        assert len(await rows(database, lambda found: len(found) == 4)) == 4
        await gateway.until_metric('voice_records_waiting{destination="database"}', 0)


async def test_g07_a_gateway_that_ends_while_the_database_is_away_leaves_its_rows_to_the_next(
    site: Site, own_postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "_LAST_S", 0.5)
    database = create_database(own_postgres)
    keep(site, database)
    own_postgres.stop()
    async with served(site.config()) as gateway:
        await talk(gateway)
    assert waiting(site) == 1
    own_postgres.start()
    async with served(site.config()):
        assert len(await rows(database, bool)) == 1


async def test_g07_a_gateway_that_is_asked_to_go_stays_until_its_rows_have_arrived(
    site: Site, own_postgres: PostgresServer
) -> None:
    """A pod's disk goes with the pod; who is in a hurry asks twice."""
    database = create_database(own_postgres)
    keep(site, database)
    listener, ready, stop = listen(HOST, 0), asyncio.Event(), Stop()
    gateway = Served(listener.getsockname()[1])
    own_postgres.stop()
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(Gateway(site.config()).run(listener, stop=stop, ready=ready.set))
        await ready.wait()
        await talk(gateway)
        await gateway.until_metric('voice_records_waiting{destination="database"}', 1)
        stop.ask()
        await draining(gateway)
        assert not running.done()
        own_postgres.start()
    assert waiting(site) == 0
    assert len(database.rows(ROWS)) == 1


async def draining(gateway: Served) -> None:
    async with asyncio.timeout(30):
        while True:
            if (await gateway.get("/health")).json()["phase"] == "draining":
                return
            await asyncio.sleep(0.05)


async def test_g07_a_killed_gateway_loses_no_session_that_had_ended_and_little_of_those_that_had_not(
    site: Site, own_postgres: PostgresServer, tmp_path: Path
) -> None:
    """Three had ended and could not be sent, two were talking when the process was killed."""
    database = create_database(own_postgres)
    keep(site, database)
    with_one_sdk(site)
    own_postgres.stop()
    async with process(site.write_config()) as (killed, gateway), AsyncExitStack() as stack:
        await asyncio.gather(*(talk(gateway) for _ in range(3)), *(begin(gateway, stack) for _ in range(2)))
        await gateway.until_metric('voice_records_waiting{destination="database"}', 3)
        await checkpointed(site, sessions=2)
        killed.signal(signal.SIGKILL)
        assert await killed.exit_status() == -signal.SIGKILL
    own_postgres.start()
    async with served(site.config()):
        found = await rows(database, lambda found: len(found) == 5)
    assert sorted(row["reason"] for row in found) == ["client_gone"] * 3 + ["interrupted"] * 2
    assert all(row["cost_llm"] > 0 for row in found)
    assert waiting(site) == 0


def with_one_sdk(site: Site) -> None:
    """Most of a process's start is the import of its providers' SDKs."""
    pipeline = site.content()["pipeline"]
    site.settings["pipeline"] = {
        **pipeline,
        "llm": {**pipeline["tts"], "provider": "OpenAI", "model": "gpt-4o-mini"},
    }


async def begin(gateway: Served, stack: AsyncExitStack) -> None:
    """A conversation that goes on."""
    client = await stack.enter_async_context(raw(gateway, start=True))
    await client.send('{"type":"text","text":"Hello?"}')
    await client.until("reply.ended")


async def checkpointed(site: Site, *, sessions: int) -> None:
    """Until the process has written down so many running sessions, each with some cost."""
    async with asyncio.timeout(60):
        while True:
            lines = [
                line
                for path in (site.folder / "outbox").glob("process-*/live.json")
                for line in path.read_bytes().splitlines()
            ]
            if len(lines) == sessions and all(b'"cost":"0"' not in line for line in lines):
                return
            await asyncio.sleep(0.2)


async def test_g06_a_session_ends_at_its_budget_with_a_reason_and_a_code_of_its_own(
    site: Site, database: Database
) -> None:
    keep(site, database)
    site.settings["limits"] = {"cost": {"per_session": "0.0001"}}
    async with served(site.config()) as gateway, raw(gateway, start=True) as client:
        await client.send('{"type":"text","text":"Hello?"}')
        code, _ = await client.until_closed()
        (row,) = await rows(database, bool)
    assert code == 4422
    assert client.messages[-1]["reason"] == "budget"
    assert Decimal(client.messages[-1]["cost"]) == row["cost"]
    assert row["reason"] == "budget"

"""Rows in a real PostgreSQL: the schema, who reads what, what is deleted, and a server that goes away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from parley_gateway.files import WatchedFile
from parley_gateway.records import migrate, postgres
from parley_gateway.records.migrate import versions
from parley_gateway.records.postgres import PostgresRows
from parley_gateway.records.sender import DestinationError
from tests.gateway.records.rows import NOON, SAID, item
from tests.gateway.servers.postgres import Database, PostgresServer, create_database

SOME = "SELECT id, reason, cost FROM voice_sessions ORDER BY id"


@asynccontextmanager
async def rows_of(database: Database, folder: Path, **changes: Any) -> AsyncIterator[PostgresRows]:
    settings = {"namespace": "ns", "deployment": "voice", "retention_days": 30, **changes}
    destination = PostgresRows(WatchedFile(database.write_url(folder)), **settings)
    try:
        yield destination
    finally:
        await destination.aclose()


async def test_g07_a_row_holds_cost_by_stage_amounts_by_unit_and_who_it_was(
    database: Database, tmp_path: Path
) -> None:
    async with rows_of(database, tmp_path) as destination:
        outcome = await destination.send([item("s1", transcript=SAID)])
    assert outcome.arrived == ["s1"]
    (row,) = database.rows("SELECT * FROM voice_sessions")
    assert (row["namespace"], row["deployment"], row["tenant"], row["user_id"]) == ("ns", "voice", "acme", "anna")
    assert (row["started_at"], row["seconds"], row["reason"]) == (NOON, 60, "client_ended")
    assert [row[f"cost{part}"] for part in ("", "_stt", "_llm", "_tts")] == [
        Decimal(text) for text in ("0.0143", "0.0043", "0.01", "0")
    ]
    assert (row["audio_seconds"], row["output_tokens"], row["characters"]) == (60, 2000, 0)
    assert row["usage"][0]["model"] == "claude-haiku-4-5"
    assert row["transcript"] == [{"speaker": "caller", "text": SAID[0].text, "interrupted": False}]


async def test_g07_writing_a_row_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    async with rows_of(database, tmp_path) as destination:
        for _ in range(2):
            await destination.send([item("s1"), item("s2")])
    assert [row["id"] for row in database.rows(SOME)] == ["s1", "s2"]


async def test_g07_a_final_row_takes_the_place_of_an_interrupted_one_and_not_the_reverse(
    database: Database, tmp_path: Path
) -> None:
    async with rows_of(database, tmp_path) as destination:
        await destination.send([item("s1", reason="interrupted", cost=Decimal(1))])
        await destination.send([item("s1", cost=Decimal(2))])
        await destination.send([item("s1", reason="interrupted", cost=Decimal(1))])
    assert [(row["reason"], row["cost"]) for row in database.rows(SOME)] == [("client_ended", 2)]


async def test_g07_a_row_that_is_none_is_refused_and_holds_up_no_other(database: Database, tmp_path: Path) -> None:
    too_late = datetime(9999, 12, 31, tzinfo=UTC)
    async with rows_of(database, tmp_path) as destination:
        outcome = await destination.send(
            [item("s1"), ("s2", b"{}"), ("s3", b"\xff"), item("s4", ended_at=too_late)]
        )
    assert outcome.refused == ["s2", "s3"]
    assert [row["id"] for row in database.rows(SOME)] == ["s1", "s4"]


async def test_g07_a_value_that_the_database_does_not_like_is_refused_alone(
    database: Database, tmp_path: Path
) -> None:
    nul = (SAID[0].model_copy(update={"text": "\0"}),)
    async with rows_of(database, tmp_path) as destination:
        outcome = await destination.send([item("s1"), item("s2", transcript=nul), item("s3")])
    assert (outcome.arrived, outcome.refused) == (["s1", "s3"], ["s2"])


async def test_g07_pods_that_start_at_once_make_one_schema(database: Database, tmp_path: Path) -> None:
    pods = [
        PostgresRows(
            WatchedFile(database.write_url(tmp_path)), namespace="ns", deployment="voice", retention_days=1
        )
        for _ in range(8)
    ]
    try:
        await asyncio.gather(*(pod.send([item(f"s{number}")]) for number, pod in enumerate(pods)))
    finally:
        for pod in pods:
            await pod.aclose()
    applied = database.rows("SELECT version FROM parley_migrations ORDER BY version")
    assert [row["version"] for row in applied] == list(versions())
    assert len(database.rows(SOME)) == 8


async def test_g07_a_schema_of_a_newer_release_is_left_alone(database: Database, tmp_path: Path) -> None:
    async with rows_of(database, tmp_path) as destination:
        await destination.send([item("s1")])
    database.rows("INSERT INTO parley_migrations (version) VALUES (9999) RETURNING version")
    async with rows_of(database, tmp_path) as destination:
        await destination.send([item("s2")])
    assert len(database.rows(SOME)) == 2


async def test_g07_a_new_release_brings_the_schema_forward_and_keeps_the_rows(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rows_of(database, tmp_path) as destination:
        await destination.send([item("s1")])
    newest = max(versions())
    later = {**versions(), newest + 1: "ALTER TABLE voice_sessions ADD COLUMN channel text NOT NULL DEFAULT 'web'"}
    monkeypatch.setattr(migrate, "versions", lambda: later)
    for name in ("s2", "s3"):
        async with rows_of(database, tmp_path) as destination:
            await destination.send([item(name)])
    found = database.rows("SELECT id, channel FROM voice_sessions ORDER BY id")
    assert [(row["id"], row["channel"]) for row in found] == [("s1", "web"), ("s2", "web"), ("s3", "web")]
    assert database.rows("SELECT max(version) AS newest FROM parley_migrations") == [{"newest": newest + 1}]


async def test_g07_a_version_that_fails_leaves_nothing_behind_and_rows_wait(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {**versions(), 9000: "CREATE TABLE half (id int); SELECT 1 / 0"}
    monkeypatch.setattr(migrate, "versions", lambda: broken)
    async with rows_of(database, tmp_path) as destination:
        for _ in range(2):
            with pytest.raises(DestinationError, match="schema"):
                await destination.send([item("s1")])
        monkeypatch.undo()
        await destination.send([item("s1")])
    assert database.rows("SELECT to_regclass('half') AS half") == [{"half": None}]
    assert [row["id"] for row in database.rows(SOME)] == ["s1"]


async def test_g07_a_gateway_that_may_not_change_the_schema_writes_rows(
    database: Database, tmp_path: Path
) -> None:
    async with rows_of(database, tmp_path) as destination:
        await destination.send([item("s1")])
    group(database, "parley_gateway")
    writer = allow(database, "writer", "parley_gateway")
    database.admin(
        f"GRANT INSERT, UPDATE, DELETE ON voice_sessions TO {writer}",
        f"GRANT SELECT ON parley_migrations TO {writer}",
    )
    path = tmp_path / "writer-url"
    path.write_text(database.url_of(writer))
    destination = PostgresRows(WatchedFile(path), namespace="ns", deployment="voice", retention_days=3650)
    try:
        assert (await destination.send([item("s1", cost=Decimal(9)), item("s2")])).arrived == ["s1", "s2"]
        await destination.upkeep()
    finally:
        await destination.aclose()
    assert [row["id"] for row in database.rows(SOME)] == ["s1", "s2"]


# --- who reads what ---


async def write_everybodys(database: Database, folder: Path) -> None:
    async with rows_of(database, folder) as destination:
        await destination.send(
            [
                item("a1", user=f"anna_{database.name}"),
                item("a2", user=f"anna_{database.name}", cost=Decimal(1)),
                item("b1", user=f"ben_{database.name}"),
                item("n1", user=None),
            ]
        )


def allow(database: Database, role: str, *groups: str) -> str:
    """A role of this test alone, which may ask at all; roles are the whole server's."""
    name = f"{role}_{database.name}"
    database.admin(
        f"CREATE ROLE {name} LOGIN",
        f"GRANT SELECT ON voice_sessions, voice_costs_daily TO {name}",
        *(f"GRANT {group} TO {name}" for group in groups),
    )
    return name


def group(database: Database, name: str) -> None:
    database.admin(
        f"DO $$ BEGIN CREATE ROLE {name}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )


async def test_g07_a_users_role_sees_the_users_own_rows_only(database: Database, tmp_path: Path) -> None:
    await write_everybodys(database, tmp_path)
    anna, ben = allow(database, "anna"), allow(database, "ben")
    assert [row["id"] for row in database.rows(SOME, user=anna)] == ["a1", "a2"]
    assert [row["id"] for row in database.rows(SOME, user=ben)] == ["b1"]


async def test_g07_a_users_role_cannot_say_that_it_is_somebody_else(database: Database, tmp_path: Path) -> None:
    await write_everybodys(database, tmp_path)
    ben = allow(database, "ben")
    lie = f"SET parley.user_id = 'anna_{database.name}'"
    assert [row["id"] for row in database.rows(SOME, user=ben, setup=lie)] == ["b1"]


async def test_g07_a_users_role_cannot_put_functions_of_its_own_before_ours(
    database: Database, tmp_path: Path
) -> None:
    await write_everybodys(database, tmp_path)
    ben = allow(database, "ben")
    everyone = "RETURNS boolean LANGUAGE sql AS 'SELECT true'"
    database.admin(
        f"CREATE SCHEMA tricks AUTHORIZATION {ben}",
        f"CREATE FUNCTION tricks.parley_is(name) {everyone}",
        f"CREATE FUNCTION tricks.parley_is(text) {everyone}",
        f"CREATE FUNCTION tricks.nullif(text, text) {everyone}",
    )
    lie = f"SET search_path = tricks, public, pg_catalog; SET parley.user_id = 'anna_{database.name}'"
    assert [row["id"] for row in database.rows(SOME, user=ben, setup=lie)] == ["b1"]


async def test_g07_users_of_one_name_are_told_apart_by_their_tenant(database: Database, tmp_path: Path) -> None:
    async with rows_of(database, tmp_path) as destination:
        await destination.send([item("a", tenant="acme", user="anna"), item("g", tenant="globex", user="anna")])
    group(database, "parley_app")
    portal = allow(database, "portal", "parley_app")
    for_anna = "SET parley.user_id = 'anna'"
    assert [row["id"] for row in database.rows(SOME, user=portal, setup=for_anna)] == ["a", "g"]
    at_globex = f"{for_anna}; SET parley.tenant = 'globex'"
    assert [row["id"] for row in database.rows(SOME, user=portal, setup=at_globex)] == ["g"]


async def test_g07_a_users_role_can_write_nothing(database: Database, tmp_path: Path) -> None:
    await write_everybodys(database, tmp_path)
    anna = allow(database, "anna")
    database.admin(f"GRANT INSERT, UPDATE, DELETE ON voice_sessions TO {anna}")
    assert database.rows("DELETE FROM voice_sessions RETURNING id", user=anna) == []
    assert database.rows("UPDATE voice_sessions SET cost = 0 RETURNING id", user=anna) == []


async def test_g07_an_application_reads_for_the_user_that_it_names(database: Database, tmp_path: Path) -> None:
    await write_everybodys(database, tmp_path)
    group(database, "parley_app")
    portal = allow(database, "portal", "parley_app")
    for_ben = f"SET parley.user_id = 'ben_{database.name}'"
    assert [row["id"] for row in database.rows(SOME, user=portal, setup=for_ben)] == ["b1"]
    assert database.rows(SOME, user=portal) == []


async def test_g07_finance_sees_all(database: Database, tmp_path: Path) -> None:
    await write_everybodys(database, tmp_path)
    group(database, "parley_finance")
    carla = allow(database, "carla", "parley_finance")
    assert [row["id"] for row in database.rows(SOME, user=carla)] == ["a1", "a2", "b1", "n1"]


async def test_g07_the_reports_show_what_their_reader_may_see(database: Database, tmp_path: Path) -> None:
    await write_everybodys(database, tmp_path)
    ben = allow(database, "ben")
    daily = "SELECT user_id, day, sessions FROM voice_costs_daily"
    period = "SELECT user_id, sessions FROM voice_costs('2026-11-20', '2026-11-21')"
    assert [(row["user_id"], row["sessions"]) for row in database.rows(daily, user=ben)] == [(ben, 1)]
    assert [(row["user_id"], row["sessions"]) for row in database.rows(period, user=ben)] == [(ben, 1)]
    assert len(database.rows(period)) == 3


async def test_g07_a_report_is_of_its_period_alone(database: Database, tmp_path: Path) -> None:
    async with rows_of(database, tmp_path) as destination:
        day = timedelta(days=1)
        await destination.send(
            [item(f"s{n}", started_at=NOON + n * day, ended_at=NOON + n * day) for n in range(3)]
        )
    (row,) = database.rows("SELECT * FROM voice_costs('2026-11-21', '2026-11-22')")
    assert (row["sessions"], row["cost"], row["cost_stt"]) == (1, Decimal("0.0143"), Decimal("0.0043"))


# --- what is deleted ---


async def test_g07_rows_are_deleted_when_they_are_old_and_only_those_of_this_deployment(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_ROUND", 3)
    now = datetime.now(UTC)
    old = {"started_at": now - timedelta(days=40), "ended_at": now - timedelta(days=31)}
    young = {"started_at": now - timedelta(days=40), "ended_at": now - timedelta(days=29)}
    async with rows_of(database, tmp_path) as destination:
        await destination.send([item(f"old{number}", **old) for number in range(7)])
        await destination.send([item("young", **young), item("other", deployment="other", **old)])
        await destination.upkeep()
    assert [row["id"] for row in database.rows(SOME)] == ["other", "young"]


# --- a server that goes away ---


async def until(works: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await works()
            except DestinationError:
                await asyncio.sleep(0.1)
            else:
                return


async def test_g07_a_database_that_was_killed_is_found_again(own_postgres: PostgresServer, tmp_path: Path) -> None:
    database = create_database(own_postgres)
    async with rows_of(database, tmp_path) as destination:
        await destination.send([item("s1")])
        own_postgres.kill()
        with pytest.raises(DestinationError):
            await destination.send([item("s2")])
        own_postgres.start()
        await until(lambda: destination.send([item("s2")]))
    assert [row["id"] for row in database.rows(SOME)] == ["s1", "s2"]


async def test_g07_a_database_that_says_nothing_is_hung_up_on(
    own_postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "CALL_S", 0.5)
    database = create_database(own_postgres)
    async with rows_of(database, tmp_path) as destination:
        await until(lambda: destination.send([item("s1")]))
        pid = database.rows("SELECT pid FROM pg_stat_activity WHERE application_name = 'parley-gateway'")[0]["pid"]
        lock = psycopg.connect(database.url)
        lock.execute("LOCK TABLE voice_sessions")
        with pytest.raises(DestinationError):
            await destination.send([item("s2")])
        lock.close()
        monkeypatch.setattr(postgres, "CALL_S", 20.0)
        await until(lambda: destination.send([item("s2")]))
    assert pid
    assert [row["id"] for row in database.rows(SOME)] == ["s1", "s2"]


async def test_g07_no_password_gets_into_an_error_or_a_log(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "parley_gateway")
    path = tmp_path / "wrong"
    for text in (
        f"postgresql://anna:hunter2@127.0.0.1:{database.server.port}/nowhere",
        "postgresql://anna:hunter2@127.0.0.1:1/db",
        "host=x password=hunter2 nonsense=1",
        "hunter2",
    ):
        path.write_text(text)
        destination = PostgresRows(WatchedFile(path), namespace="ns", deployment="voice", retention_days=1)
        with pytest.raises(DestinationError) as failed:
            await destination.send([item("s1")])
        assert "hunter2" not in str(failed.value)
    assert "hunter2" not in caplog.text

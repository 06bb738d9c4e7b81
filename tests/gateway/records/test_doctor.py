"""O12: `parley doctor --keys` asks a real PostgreSQL whether it takes its address."""

from __future__ import annotations

import base64

import pytest

from parley_cli.checks.stores import Store, stores_tried
from parley_cli.checks.verdict import Grade, Verdict
from tests.gateway.servers.postgres import ADMIN, Database, PostgresServer, create_database

RIGHT, WRONG = "right-0123456789abcdef", "wrong-0123456789abcdef"


async def verdict(url: str) -> Verdict:
    content = base64.b64encode(url.encode()).decode()
    [said] = await stores_tried({Store("stores", "url", "PostgreSQL"): ["spec"]}, {"stores": {"url": content}})
    assert RIGHT not in f"{said}"
    assert WRONG not in f"{said}"
    return said


@pytest.fixture
def guarded(own_postgres: PostgresServer) -> Database:
    """Its owner has a password, as outside of tests."""
    database = create_database(own_postgres)
    database.admin(f"ALTER ROLE owner_{database.name} PASSWORD '{RIGHT}'")
    own_postgres.stop()
    lines = [f"host all {ADMIN} 127.0.0.1/32 trust", "host all all 127.0.0.1/32 scram-sha-256"]
    (own_postgres.data / "pg_hba.conf").write_text("\n".join([*lines, ""]))
    own_postgres.start()
    return database


def address(database: Database, *, user: str = "", password: str = RIGHT, name: str = "") -> str:
    who = f"{user or f'owner_{database.name}'}:{password}"
    return f"postgresql://{who}@127.0.0.1:{database.server.port}/{name or database.name}"


async def test_o12_a_role_that_the_database_knows(guarded: Database) -> None:
    said = await verdict(address(guarded))
    assert (said.grade, said.message) == (Grade.OK, "PostgreSQL takes it")


async def test_o12_what_the_database_says_to_another_is_told_and_where_to_mend_it(guarded: Database) -> None:
    wrong = {
        address(guarded, password=WRONG): "password authentication failed for user",
        address(guarded, user="nobody"): "password authentication failed for user",
        address(guarded, name="nowhere"): 'database "nowhere" does not exist',
    }
    for url, message in wrong.items():
        said = await verdict(url)
        assert (said.grade, f"PostgreSQL refuses it: {message}" in said.message) == (Grade.FAILING, True)
        assert "into key url of Secret stores" in said.mend


async def test_o12_a_server_that_says_nothing(guarded: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley_cli.checks.stores.DEADLINE_S", 0.2)
    guarded.server.hold()
    said = await verdict(address(guarded))
    assert (said.grade, "no answer within 0.2 s" in said.message) == (Grade.WARNING, True)

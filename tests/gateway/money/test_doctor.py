"""O12: `parley doctor --keys` asks a real Redis whether it takes its address."""

from __future__ import annotations

import base64

import pytest

from parley_cli.checks.stores import Store, stores_tried
from parley_cli.checks.verdict import Grade, Verdict
from tests.gateway.servers.redis import RedisServer

RIGHT, WRONG = "right-0123456789abcdef", "wrong-0123456789abcdef"


async def verdict(url: str) -> Verdict:
    content = base64.b64encode(url.encode()).decode()
    [said] = await stores_tried({Store("stores", "url", "Redis"): ["spec"]}, {"stores": {"url": content}})
    assert RIGHT not in f"{said}"
    assert WRONG not in f"{said}"
    return said


@pytest.fixture
def guarded(redis_server: RedisServer) -> RedisServer:
    """Nobody may come in but `voice`, and `mute`, who may not PING."""
    with redis_server.client() as client:
        client.execute_command("ACL", "SETUSER", "voice", "on", f">{RIGHT}", "~*", "+@all")
        client.execute_command("ACL", "SETUSER", "mute", "on", f">{RIGHT}", "~*", "+@all", "-ping")
        client.execute_command("ACL", "SETUSER", "default", "off")
    return redis_server


def address(server: RedisServer, *, user: str, database: int = 0) -> str:
    return f"redis://{user}@127.0.0.1:{server.port}/{database}"


@pytest.mark.parametrize(("user", "more"), [("voice", ""), ("mute", ", and lets this user not PING")])
async def test_o12_a_user_whom_redis_knows(guarded: RedisServer, user: str, more: str) -> None:
    said = await verdict(address(guarded, user=f"{user}:{RIGHT}"))
    assert (said.grade, said.message) == (Grade.OK, f"Redis takes it{more}")


@pytest.mark.parametrize("user", [f"voice:{WRONG}", f"nobody:{RIGHT}", f":{RIGHT}"])
async def test_o12_a_user_whom_it_does_not_know_is_told_where_to_put_another(
    guarded: RedisServer, user: str
) -> None:
    said = await verdict(address(guarded, user=user))
    assert (said.grade, said.message) == (
        Grade.FAILING,
        "Redis refuses it: it wants another user or password (spec)",
    )
    assert "into key url of Secret stores" in said.mend


async def test_o12_an_address_without_a_password_where_one_is_wanted(guarded: RedisServer) -> None:
    said = await verdict(f"redis://127.0.0.1:{guarded.port}")
    assert (said.grade, "another user or password" in said.message) == (Grade.FAILING, True)


async def test_o12_a_database_that_there_is_not(guarded: RedisServer) -> None:
    said = await verdict(address(guarded, user=f"voice:{RIGHT}", database=99))
    assert (said.grade, "no such database" in said.message) == (Grade.FAILING, True)


async def test_o12_a_server_that_says_nothing(guarded: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley_cli.checks.stores.DEADLINE_S", 0.2)
    guarded.hold()
    said = await verdict(address(guarded, user=f"voice:{RIGHT}"))
    assert (said.grade, "no answer within 0.2 s" in said.message) == (Grade.WARNING, True)

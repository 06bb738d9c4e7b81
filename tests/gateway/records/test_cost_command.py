"""`parley cost`, asked of rows in a real PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from click.testing import CliRunner, Result

from parley_cli.main import main
from parley_gateway.conversation.events import Stage
from tests.gateway.records.rows import NOON, item
from tests.gateway.records.test_postgres import allow, rows_of
from tests.gateway.servers.postgres import Database

NOVEMBER = ("--since", "2026-11-01", "--until", "2026-11-30")


def cost(address: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["cost", *arguments], env={"PARLEY_DATABASE_URL": address})


def told(address: str, *arguments: str) -> dict[str, Any]:
    result = cost(address, *NOVEMBER, "-o", "json", *arguments)
    assert result.exit_code == 0, result.output
    content: dict[str, Any] = json.loads(result.output)
    return content


@pytest_asyncio.fixture
async def filled(database: Database, tmp_path: Path) -> Database:
    """Anna talked twice, on two days, Ben once at another tenant's, and somebody without a name."""
    yesterday = {"started_at": NOON - timedelta(days=1), "ended_at": NOON - timedelta(days=1, minutes=-2)}
    dear = {"cost": Decimal(1), "costs": dict.fromkeys(Stage, Decimal(0)) | {Stage.LLM: Decimal(1)}}
    async with rows_of(database, tmp_path) as destination:
        await destination.send(
            [
                item("a1", user=f"anna_{database.name}"),
                item("a2", user=f"anna_{database.name}", **yesterday),
                item("b1", user="ben", tenant="globex", deployment="other", **dear),
                item("n1", user=None, prices_unknown=True),
                item("old", started_at=NOON - timedelta(days=60), ended_at=NOON - timedelta(days=60)),
            ]
        )
    return database


def test_g07_the_report_tells_each_user_of_a_period_dearest_first(filled: Database) -> None:
    content = told(filled.url)
    anna = f"anna_{filled.name}"
    assert [(line["tenant"], line["user"], line["sessions"]) for line in content["lines"]] == [
        ("globex", "ben", 1),
        ("acme", anna, 2),
        ("acme", None, 1),
    ]
    assert (content["lines"][1]["cost"], content["lines"][1]["seconds"]) == ("0.0286", "180.000000")
    assert content["lines"][1]["costs"] == {"stt": "0.0086", "llm": "0.02", "tts": "0"}
    assert (content["total"]["sessions"], content["total"]["cost"]) == (4, "1.0429")
    assert content["currency"] == "USD"


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("tenant", [{"tenant": "globex"}, {"tenant": "acme"}]),
        ("deployment", [{"namespace": "ns", "deployment": "other"}, {"namespace": "ns", "deployment": "voice"}]),
        ("day", [{"day": "2026-11-19"}, {"day": "2026-11-20"}]),
    ],
)
def test_g07_the_report_may_be_of_something_else_than_users(
    filled: Database, by: str, groups: list[dict[str, str]]
) -> None:
    lines = told(filled.url, "--by", by)["lines"]
    assert [{name: line[name] for name in groups[0]} for line in lines] == groups


@pytest.mark.parametrize(
    ("only", "sessions"),
    [
        (("--user", "ben"), 1),
        (("--tenant", "acme"), 3),
        (("--deployment", "voice", "--namespace", "ns"), 3),
        (("--namespace", "elsewhere"), 0),
    ],
)
def test_g07_the_report_may_be_of_some_alone(filled: Database, only: tuple[str, ...], sessions: int) -> None:
    assert told(filled.url, *only)["total"]["sessions"] == sessions


def test_g07_a_person_gets_a_table_that_says_what_is_not_in_it(filled: Database) -> None:
    result = cost(filled.url, *NOVEMBER, "--by", "tenant")
    assert result.output.splitlines() == [
        "2026-11-01 to 2026-11-30 (UTC), in US dollars",
        "tenant  sessions  minutes     stt     llm     tts   total",
        "globex         1      1.0  0.0000  1.0000  0.0000  1.0000",
        "acme           3      4.0  0.0129  0.0300  0.0000  0.0429",
        "all            4      5.0  0.0129  1.0300  0.0000  1.0429",
        "some usage has no known price and is not in these sums: set limits.cost.prices",
    ]


def test_g07_a_user_is_told_of_the_users_own_sessions_alone(filled: Database) -> None:
    anna = allow(filled, "anna")
    assert [line["user"] for line in told(filled.url_of(anna))["lines"]] == [anna]


async def test_g07_this_month_is_meant_unless_something_else_is_said(database: Database, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    async with rows_of(database, tmp_path) as destination:
        await destination.send([item("now", started_at=now, ended_at=now), item("old", ended_at=NOON)])
    for since in ((), ("--since", "0d")):
        content = json.loads(cost(database.url, "-o", "json", *since).output)
        assert content["total"]["sessions"] >= 1
        assert content["until"] == (datetime.now(UTC).date() + timedelta(days=1)).isoformat()


def test_g07_a_period_without_sessions_is_no_error(filled: Database) -> None:
    result = cost(filled.url, "--since", "2020-01-01", "--until", "2020-01-31")
    assert (result.exit_code, "no sessions" in result.output) == (0, True)


def test_g07_mistakes_are_said_with_what_to_do_and_without_a_password(filled: Database, tmp_path: Path) -> None:
    nobody = f"nobody_{filled.name}"
    filled.admin(f"CREATE ROLE {nobody} LOGIN")
    empty = filled.server.url()
    missing = f"postgresql://admin:hunter2@127.0.0.1:{filled.server.port}/nowhere"
    for address, arguments, status, words in (
        ("", (), 2, "--database-url-file"),
        ("hunter2", (), 2, "postgresql://user"),
        ("postgresql://anna:hunter2@127.0.0.1:1/db", (), 3, "cannot be reached"),
        (missing, (), 3, "nowhere"),
        (empty, (), 1, "spec.records"),
        (filled.url_of(nobody), (), 1, f'GRANT SELECT ON voice_sessions, voice_costs_daily TO "{nobody}"'),
        (filled.url, ("--since", "yesterday"), 2, "2026-11-01"),
        (filled.url, ("--since", "2026-02-01", "--until", "2026-01-01"), 2, "before"),
    ):
        result = cost(address, *arguments)
        said = result.output
        assert (result.exit_code, words in said) == (status, True), said
        assert "hunter2" not in said
        assert "Traceback" not in said


def test_g07_the_address_may_be_in_a_file(filled: Database, tmp_path: Path) -> None:
    path = filled.write_url(tmp_path)
    result = CliRunner().invoke(main, ["cost", *NOVEMBER, "--database-url-file", str(path), "-o", "json"])
    assert json.loads(result.output)["total"]["sessions"] == 4

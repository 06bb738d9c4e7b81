"""G14: a real Prometheus scrapes a gateway, evaluates every alert, and has what the dashboard's panels ask for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from localcluster.debian import command_path, require_commands
from localcluster.paths import cache_dir
from localcluster.ports import free_port
from localcluster.progress import Progress
from parley_operator.render.dashboard import dashboard_model
from parley_operator.render.prometheus_rule import rule_groups
from tests.gateway.calling import QUESTION, calling
from tests.gateway.running import Served
from tests.unit.operator.test_alerts import everything

SECONDS = 60.0
POLL = 0.2
TARGET = {"namespace": "default", "job": "receptionist", "pod": "receptionist-1"}
AFTER_A_CONVERSATION = {
    "Sessions now",
    "Room used",
    "Promises kept",
    "Answers that fail",
    "Sessions by pod",
    "Answers, by how they end",
    "Silence before an answer",
    "First token",
    "Synthesis",
    "Turns that kept all promises",
    "Dollars per hour, by stage",
    "Room used, by pod",
    "Event loop late, p95",
    "CPU",
    "Memory",
    "Open connections",
}
"""Panels that have something to show once somebody was answered."""


class Prometheus:
    """One that scrapes one gateway, every second."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression gives now."""
        answer = (await self._http.get("/api/v1/query", params={"query": expression})).json()
        assert answer["status"] == "success", answer
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result

    async def ready(self) -> None:
        """Wait until it answers queries: before, it refuses connections, or says 503."""
        async with asyncio.timeout(SECONDS):
            while not await self._is_ready():  # noqa: ASYNC110 - nothing tells when it is
                await asyncio.sleep(POLL)

    async def _is_ready(self) -> bool:
        try:
            return (await self._http.get("/-/ready")).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    async def until(self, expression: str) -> None:
        """Wait until an expression gives something."""
        async with asyncio.timeout(SECONDS):
            while not await self.query(expression):  # noqa: ASYNC110 - nothing tells when it is
                await asyncio.sleep(POLL)

    async def rules(self) -> list[dict[str, Any]]:
        """Every rule, once all were evaluated."""
        async with asyncio.timeout(SECONDS):
            while True:
                groups = (await self._http.get("/api/v1/rules")).json()["data"]["groups"]
                rules: list[dict[str, Any]] = [rule for group in groups for rule in group["rules"]]
                if rules and all(rule["health"] != "unknown" for rule in rules):
                    return rules
                await asyncio.sleep(POLL)


@asynccontextmanager
async def prometheus(gateway: Served, folder: Path) -> AsyncIterator[Prometheus]:
    """Started for the gateway, with its rules."""
    require_commands({"prometheus": "prometheus"}, cache=cache_dir(), progress=Progress())
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": rule_groups(everything())}))
    scrape = {
        "job_name": "receptionist",
        "static_configs": [{"targets": [f"127.0.0.1:{gateway.port}"], "labels": TARGET}],
    }
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yaml"],
        "scrape_configs": [scrape],
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        command_path("prometheus"),
        f"--config.file={folder / 'prometheus.yaml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as http:
            database = Prometheus(http)
            await database.ready()
            yield database
    finally:
        process.kill()
        await process.wait()


@pytest.mark.timeout(240)
async def test_g14_prometheus_has_what_alerts_and_panels_ask_for(gateway: Served, tmp_path: Path) -> None:
    folder = tmp_path / "prometheus"
    folder.mkdir()
    async with prometheus(gateway, folder) as database:
        await database.until('voice_replies_total{job="receptionist",status="completed"} == 0')
        async with calling(gateway) as (_, conversation):
            await conversation.say(QUESTION)
            await database.until('rate(voice_sla_turns_total{job="receptionist",promise="all"}[1m]) > 0')
        rules = await database.rules()
        assert {rule["name"]: rule["lastError"] for rule in rules if rule["health"] != "ok"} == {}
        shown = set()
        for panel in dashboard_model(everything())["panels"]:
            for target in panel.get("targets", ()):
                if await database.query(target["expr"].replace("$__rate_interval", "1m")):
                    shown.add(panel["title"])
        assert AFTER_A_CONVERSATION - shown == set()

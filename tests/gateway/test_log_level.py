"""The log level is a switch: it follows the mounted file, and nothing restarts (G14)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from parley_contract.agent import AgentConfig
from parley_gateway.log_level import LOOK_S, LogLevelSwitch
from tests.gateway.calling import calling
from tests.gateway.running import Site, process
from tests.unit.session.virtual_time import run


@pytest.fixture
def ours() -> Iterator[logging.Logger]:
    """Our logger; all are left as they were found."""
    loggers = [logging.getLogger(), logging.getLogger("parley_gateway")]
    before = [logger.level for logger in loggers]
    yield loggers[1]
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


async def followed(switch: LogLevelSwitch) -> None:
    """Let it look once."""
    following = asyncio.create_task(switch.run())
    await asyncio.sleep(LOOK_S + 1)
    following.cancel()
    await asyncio.wait({following})


def test_what_the_file_does_not_say_is_as_configured(tmp_path: Path, ours: logging.Logger) -> None:
    site = Site(tmp_path, "http://nobody")

    async def scene() -> None:
        site.write_agent(log_level="Error")
        switch = LogLevelSwitch(AgentConfig(file=site.agent), otherwise="Info")
        assert ours.level == logging.ERROR
        site.write_agent()
        await followed(switch)
        assert ours.level == logging.INFO

    run(scene())


@pytest.mark.parametrize("text", ["{", '{"log_level": "Loud"}', ""])
def test_a_file_that_cannot_be_used_changes_nothing(tmp_path: Path, ours: logging.Logger, text: str) -> None:
    site = Site(tmp_path, "http://nobody")

    async def scene() -> None:
        site.write_agent(log_level="Debug")
        switch = LogLevelSwitch(AgentConfig(file=site.agent), otherwise="Info")
        site.agent.write_text(text)
        await followed(switch)
        assert ours.level == logging.DEBUG

    run(scene())


async def test_g14_the_log_level_is_switched_while_calls_go_on(site: Site) -> None:
    """In the process that a pod runs: at Warning no session is told of, at Info they are."""
    async with process(site.write_config()) as (running, gateway), calling(gateway) as (_, conversation):
        site.write_agent(instructions="Be brief.", log_level="Warning")
        assert (await running.logged("log level changed"))["to"] == "Warning"
        async with calling(gateway) as (_, second):
            await second.type("two")
        site.write_agent(instructions="Be brief.", log_level="Info")
        await running.logged("log level changed", nth=2)
        async with calling(gateway) as (_, third):
            await third.type("three")
        await running.logged("session ended")
        assert (await conversation.type("four")).status == "completed"
    started = [entry for entry in running.logs if entry["message"] == "session started"]
    assert len(started) == 2, "the first and the third"

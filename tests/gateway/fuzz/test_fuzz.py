"""100,000 messages of each protocol that are almost right: no crash, no leak, no wrong session touched.

The whole gateway but its sockets: real protocols, admission and sessions, several clients at a time, and beside
them a bystander whose conversation has to stay whole. Virtual time, and seeded: a failure can be seen again.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.gateway.fuzz.bystander import Bystander
from tests.gateway.fuzz.clients import Client, Dialect, Native, Twilio
from tests.gateway.fuzz.house import House, kept
from tests.unit.session import virtual_time

MESSAGES = 100_000
AT_A_TIME = 8
FEW = 5
"""Objects that the bystander may have more of at one moment than at another; clients come by the hundred."""


async def storm(house: House, dialect: Dialect, generator: random.Random, *, messages: int) -> None:
    """Clients come and go until so many messages were sent; the bystander talks in between."""
    bystander = Bystander(house)
    await bystander.arrive()
    sent = clients = 0
    first: tuple[int, Counter[str]] | None = None
    while sent < messages:
        crowd = [Client(f"client-{clients + n}", dialect, house, generator) for n in range(AT_A_TIME)]
        await asyncio.gather(*(client.run() for client in crowd))
        sent += sum(client.sent for client in crowd)
        clients += len(crowd)
        await bystander.says_something()
        if first is None and sent > messages // 2:
            first = await after(house)
    assert first
    tasks, objects = await after(house)
    left = {kind: number for kind, number in (objects - first[1]).items() if number >= FEW}
    assert (tasks, left) == (first[0], {}), "what is left of clients that are gone"
    assert house.llm.strangers == []
    assert house.llm.asked > clients / 4, "most of them had a conversation"
    await bystander.leave()


async def after(house: House) -> tuple[int, Counter[str]]:
    """What is there when the bystander is alone."""
    await house.alone_with(1)
    return kept()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("dialect", [Native(), Twilio()], ids=["native", "twilio"])
def test_100_000_messages_neither_crash_nor_leak_nor_reach_another(
    dialect: Dialect, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)

    async def fuzz() -> None:
        generator = random.Random(4)
        await storm(House(tmp_path, generator), dialect, generator, messages=MESSAGES)

    virtual_time.run(fuzz())
    mistakes = [record.getMessage() for record in caplog.records if record.message not in EXPECTED]
    assert mistakes == []


def test_what_happens_happens_again(tmp_path: Path) -> None:
    """Else a failure could not be looked into; Twilio's clients meet the pauses of recognition that was lost."""

    async def fuzz() -> tuple[float, float, int]:
        generator = random.Random(4)
        house = House(tmp_path, generator)
        await storm(house, Twilio(), generator, messages=3000)
        return generator.random(), asyncio.get_running_loop().time(), house.llm.asked

    assert virtual_time.run(fuzz()) == virtual_time.run(fuzz())


EXPECTED = {"recognition was lost"}
"""What a provider that fails by chance makes the gateway say."""

"""`parley-gateway --demo`: a laptop without an account or a cluster."""

from __future__ import annotations

import asyncio
import re
import signal
import sys

from tests.gateway.running import HOST
from tests.gateway.test_talk import talk


async def test_g16_the_demo_says_how_to_talk_to_it_and_understands_a_person() -> None:
    command = [sys.executable, "-m", "parley_gateway", "--demo", "--port", "0"]
    demo = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        assert demo.stdout
        async with asyncio.timeout(90):
            while not (found := re.search(rb"parley talk (ws://\S+)", await demo.stdout.readline())):
                assert not demo.stdout.at_eof()
        url = found[1].decode()
        assert url.startswith(f"ws://{HOST}:")
        status, out, err = await talk(url, "--sample", "three-cards", "--text", "Tell me a joke")
        assert (status, err) == (0, "")
        assert "you    eight of spades four of clubs seven of hearts" in out
        assert out.count("agent  ") == 3, "the greeting and two answers"
    finally:
        demo.send_signal(signal.SIGINT)
        async with asyncio.timeout(30):
            assert await demo.wait() == 0
